/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* A filter is never wrong in its no, seldom in its yes. The numbers stand in a row: it spreads them itself. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>

#include "common/base/filter.h"

#define MANY UINT64_C(200000)

static void an_empty_set_holds_nothing(void **state)
{
    struct mj_filter *f = mj_filter_create();
    (void)state;
    assert_false(mj_filter_may_hold(f, 0));
    assert_true(mj_filter_bytes(f) < 1024);      /* twenty quiet regions cost nothing */
    mj_filter_destroy(f);
}

static void no_number_that_was_added_is_denied(void **state)
{
    struct mj_filter *f = mj_filter_create();
    (void)state;
    for (uint64_t i = 0; i < MANY; i++) {
        mj_filter_add(f, i);
        assert_true(mj_filter_may_hold(f, i));
    }
    for (uint64_t i = 0; i < MANY; i++)
        assert_true(mj_filter_may_hold(f, i));
    assert_true(mj_filter_bytes(f) < 5 * MANY);
    mj_filter_destroy(f);
}

static void few_that_were_not_are_taken_for_known(void **state)
{
    struct mj_filter *f = mj_filter_create();
    unsigned wrong = 0;
    (void)state;
    for (uint64_t i = 0; i < MANY; i++)
        mj_filter_add(f, i);
    for (uint64_t i = MANY; i < 2 * MANY; i++)
        wrong += mj_filter_may_hold(f, i);
    assert_true(wrong < MANY / 100);
    mj_filter_destroy(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_set_holds_nothing),
        cmocka_unit_test(no_number_that_was_added_is_denied),
        cmocka_unit_test(few_that_were_not_are_taken_for_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
