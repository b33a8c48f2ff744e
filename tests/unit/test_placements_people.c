/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* The set of young people: exact, however it was filled and thinned out. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "common/base/ids.h"
#include "placements/people.h"

#define MANY 50000u

static void id_of(char out[MJ_PERSON_TEXT], unsigned n)
{
    static const char *const regions[] = { "52", "11", "PM", "01" };
    uint8_t random[MJ_PERSON_RANDOM] = { [0] = (uint8_t)n, [4] = (uint8_t)(n >> 8), [8] = (uint8_t)(n >> 16),
                                         [9] = (uint8_t)(n % 3) };
    mj_person_make(out, regions[n % 4], random);
}

static void an_id_gives_back_its_random_bytes(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 1000; n++) {
        uint8_t random[MJ_PERSON_RANDOM], again[MJ_PERSON_RANDOM];
        char id[MJ_PERSON_TEXT];
        for (unsigned i = 0; i < sizeof random; i++)
            random[i] = (uint8_t)(n * 37 + i * i * 11);
        mj_person_make(id, "52", random);
        mj_person_random(id, again);
        assert_memory_equal(random, again, sizeof random);
    }
}

static void whoever_was_added_is_found_with_the_position(void **state)
{
    struct pl_people *p = pl_people_create();
    char id[MJ_PERSON_TEXT];
    uint64_t position = 0;
    (void)state;
    id_of(id, 1);
    assert_false(pl_people_find(p, id, NULL));
    assert_true(pl_people_add(p, id, 77));
    assert_false(pl_people_add(p, id, 78));
    assert_true(pl_people_find(p, id, &position));
    assert_int_equal(position, 77);
    id_of(id, 2);
    assert_true(pl_people_add(p, id, PL_PEOPLE_POSITION_MAX + 1));
    assert_true(pl_people_find(p, id, &position));
    assert_int_equal(position, PL_PEOPLE_POSITION_MAX);
    assert_int_equal(pl_people_count(p), 2);
    pl_people_destroy(p);
}

/* Regions that share the random bytes are other people. */
static void the_region_belongs_to_the_id(void **state)
{
    static const uint8_t random[MJ_PERSON_RANDOM] = { 0 };
    struct pl_people *p = pl_people_create();
    char here[MJ_PERSON_TEXT], there[MJ_PERSON_TEXT];
    (void)state;
    mj_person_make(here, "52", random);
    mj_person_make(there, "53", random);
    assert_true(pl_people_add(p, here, 0));
    assert_false(pl_people_find(p, there, NULL));
    pl_people_destroy(p);
}

static void of_many_exactly_those_added_and_not_dropped_are_found(void **state)
{
    struct pl_people *p = pl_people_create();
    char id[MJ_PERSON_TEXT];
    uint64_t position;
    (void)state;
    for (unsigned n = 0; n < MANY; n += 2) {
        id_of(id, n);
        assert_true(pl_people_add(p, id, n));
    }
    for (unsigned n = 0; n < MANY; n += 6) {
        id_of(id, n);
        pl_people_drop(p, id);
        pl_people_drop(p, id);           /* who is gone is not missed */
    }
    for (unsigned n = 0; n < MANY; n++) {
        id_of(id, n);
        assert_int_equal(pl_people_find(p, id, &position), n % 2 == 0 && n % 6 != 0);
        if (n % 2 == 0 && n % 6 != 0)
            assert_int_equal(position, n);
    }
    assert_int_equal(pl_people_count(p), MANY / 2 - (MANY + 5) / 6);
    pl_people_clear(p);
    assert_int_equal(pl_people_count(p), 0);
    assert_false(pl_people_find(p, id, NULL));
    pl_people_destroy(p);
}

static void a_person_costs_24_bytes_at_most(void **state)
{
    struct pl_people *p = pl_people_create();
    char id[MJ_PERSON_TEXT];
    (void)state;
    for (unsigned n = 0; n < MANY; n++) {
        id_of(id, n);
        (void)pl_people_add(p, id, n);
    }
    assert_int_equal(pl_people_count(p), MANY);
    assert_true(pl_people_bytes(p) < MANY * 24);
    pl_people_destroy(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_gives_back_its_random_bytes),
        cmocka_unit_test(whoever_was_added_is_found_with_the_position),
        cmocka_unit_test(the_region_belongs_to_the_id),
        cmocka_unit_test(of_many_exactly_those_added_and_not_dropped_are_found),
        cmocka_unit_test(a_person_costs_24_bytes_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
