/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* The set of names that there may be: never wrong in its no, seldom in its yes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>

#include "placements/names.h"

#define MANY UINT64_C(200000)

static uint64_t hash_of(uint64_t n)      /* splitmix64: as good as a keyed hash here */
{
    uint64_t z = n * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void an_empty_set_holds_nothing(void **state)
{
    struct pl_names *n = pl_names_create();
    (void)state;
    assert_false(pl_names_may_hold(n, 0));
    assert_true(pl_names_bytes(n) < 1024);       /* twenty quiet regions cost nothing */
    pl_names_destroy(n);
}

static void no_name_that_was_added_is_denied(void **state)
{
    struct pl_names *n = pl_names_create();
    (void)state;
    for (uint64_t i = 0; i < MANY; i++) {
        pl_names_add(n, hash_of(i));
        assert_true(pl_names_may_hold(n, hash_of(i)));
    }
    for (uint64_t i = 0; i < MANY; i++)
        assert_true(pl_names_may_hold(n, hash_of(i)));
    assert_true(pl_names_bytes(n) < 5 * MANY);
    pl_names_destroy(n);
}

static void few_that_were_not_are_taken_for_known(void **state)
{
    struct pl_names *n = pl_names_create();
    unsigned wrong = 0;
    (void)state;
    for (uint64_t i = 0; i < MANY; i++)
        pl_names_add(n, hash_of(i));
    for (uint64_t i = MANY; i < 2 * MANY; i++)
        wrong += pl_names_may_hold(n, hash_of(i));
    assert_true(wrong < MANY / 100);
    pl_names_destroy(n);
}

static void a_hash_is_the_first_eight_bytes(void **state)
{
    const uint8_t name[MJ_TAG] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
    (void)state;
    assert_int_equal(pl_name_hash(name), UINT64_C(0x0102030405060708));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_set_holds_nothing),
        cmocka_unit_test(no_name_that_was_added_is_denied),
        cmocka_unit_test(few_that_were_not_are_taken_for_known),
        cmocka_unit_test(a_hash_is_the_first_eight_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
