/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "common/base/codes.h"
#include "common/base/ids.h"

static uint64_t seed = 20260228;
static uint32_t next(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33);
}

static void make_one(char id[MJ_PERSON_TEXT])
{
    uint8_t random[MJ_PERSON_RANDOM];
    for (size_t i = 0; i < sizeof random; i++)
        random[i] = (uint8_t)next();
    mj_person_make(id, mj_regions[next() % mj_region_count].code, random);
}

static void any_one_mistyped_character_is_seen(void **state)
{
    (void)state;
    static const char typed[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*~$=-";
    for (int i = 0; i < 300; i++) {
        char id[MJ_PERSON_TEXT];
        make_one(id);
        assert_int_equal(mj_person_check(id, "p", NULL), 0);
        for (size_t at = 0; at < MJ_PERSON_TEXT - 1; at++)
            for (const char *c = typed; *c; c++) {
                char kept = id[at];
                id[at] = *c;
                assert_int_equal(mj_person_check(id, "p", NULL), *c == kept ? 0 : -1);
                id[at] = kept;
            }
    }
}

static void two_swapped_neighbours_are_seen(void **state)
{
    (void)state;
    for (int i = 0; i < 3000; i++) {
        char id[MJ_PERSON_TEXT];
        make_one(id);
        size_t at = 4 + next() % 16;
        char kept = id[at];
        id[at] = id[at + 1];
        id[at + 1] = kept;
        assert_int_equal(mj_person_check(id, "p", NULL), id[at] == kept ? 0 : -1);
    }
}

static void different_bytes_give_different_ids(void **state)
{
    (void)state;
    uint8_t random[MJ_PERSON_RANDOM] = { 0 };
    char none[MJ_PERSON_TEXT], id[MJ_PERSON_TEXT];
    mj_person_make(none, "11", random);
    for (size_t bit = 0; bit < 8 * sizeof random; bit++) {
        random[bit / 8] = (uint8_t)(1u << bit % 8);
        mj_person_make(id, "11", random);
        assert_memory_not_equal(id, none, 20);
        random[bit / 8] = 0;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_one_mistyped_character_is_seen),
        cmocka_unit_test(two_swapped_neighbours_are_seen),
        cmocka_unit_test(different_bytes_give_different_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
