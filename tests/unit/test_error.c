/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "common/base/error.h"
#include "common/base/utf8.h"

static void fail_fills_the_error_and_returns_minus_one(void **state)
{
    (void)state;
    mj_error err = { .retry_after_ms = 7 };
    assert_int_equal(mj_fail(&err, MJ_NOT_FOUND, "NO_SUCH", "a.b", "expected %d, got %s", 3, "x"), -1);
    assert_int_equal(err.code, MJ_NOT_FOUND);
    assert_int_equal(err.retry_after_ms, 0);
    assert_string_equal(err.reason, "NO_SUCH");
    assert_string_equal(err.field, "a.b");
    assert_string_equal(err.text, "expected 3, got x");
}

static void a_caller_may_not_want_the_error(void **state)
{
    (void)state;
    assert_int_equal(mj_fail(NULL, MJ_INTERNAL, "X", NULL, "y"), -1);
    assert_int_equal(mj_fail_in(NULL, "events[1]"), -1);
}

static void long_text_is_cut_between_characters(void **state)
{
    (void)state;
    char text[400];
    memset(text, 'a', sizeof text);
    memcpy(text + 254, "é", 2);                             /* the 255th byte would be half of it */
    text[399] = '\0';
    mj_error err;
    mj_fail(&err, MJ_INTERNAL, "A_REASON_THAT_IS_FAR_LONGER_THAN_ANY_OF_OURS", NULL, "%s", text);
    assert_int_equal(strlen(err.text), 254);
    assert_int_equal(strlen(err.reason), sizeof err.reason - 1);
    assert_true(mj_utf8_text((const uint8_t *)err.text, strlen(err.text)));
}

static void an_error_may_be_made_from_its_own_text(void **state)
{
    (void)state;
    mj_error err;
    mj_fail(&err, MJ_INTERNAL, "INNER", "f", "inner");
    mj_fail(&err, MJ_UNAVAILABLE, "OUTER", err.field, "outer: %s (%s)", err.text, err.reason);
    assert_string_equal(err.text, "outer: inner (INNER)");
    assert_string_equal(err.field, "f");
}

static void prefix_joins_by_a_dot_where_one_is_due(void **state)
{
    (void)state;
    mj_error err;
    mj_fail(&err, MJ_INVALID_ARGUMENT, "X", "started.on", "x");
    assert_int_equal(mj_fail_in(&err, "events[3]"), -1);
    assert_string_equal(err.field, "events[3].started.on");
    mj_fail(&err, MJ_INVALID_ARGUMENT, "X", NULL, "x");
    mj_fail_in(&err, "body");
    assert_string_equal(err.field, "body");
    mj_fail(&err, MJ_INVALID_ARGUMENT, "X", "[2].a", "x");
    mj_fail_in(&err, "list");
    assert_string_equal(err.field, "list[2].a");
}

static void code_names_are_those_of_aip_193(void **state)
{
    (void)state;
    assert_string_equal(mj_code_name(MJ_OK), "OK");
    assert_string_equal(mj_code_name(MJ_UNAUTHENTICATED), "UNAUTHENTICATED");
    assert_string_equal(mj_code_name((mj_code)1), "INTERNAL");
    assert_string_equal(mj_code_name((mj_code)99), "INTERNAL");
}

static void utf8_is_strict(void **state)
{
    (void)state;
    static const struct { const char *bytes; size_t n; bool good; } cases[] = {
        { "abc", 3, true },        { "é", 2, true },              { "€", 3, true },
        { "\xF0\x9F\x98\x80", 4, true },
        { "\xF4\x8F\xBF\xBF", 4, true }, { "\xED\x9F\xBF", 3, true },
        { "a\0b", 3, false },      { "\xC0\x80", 2, false },      { "\xC1\xBF", 2, false },  { "\x80", 1, false },
        { "\xE0\x80\x80", 3, false }, { "\xED\xA0\x80", 3, false }, { "\xF0\x80\x80\x80", 4, false },
        { "\xF4\x90\x80\x80", 4, false }, { "\xF8\x88\x80\x80\x80", 5, false }, { "\xC3", 1, false },
        { "\xE2\x82", 2, false },  { "\xF0\x9F\x98", 3, false },  { "\xE2\x28\xA1", 3, false }, { "\xFF", 1, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(mj_utf8_text((const uint8_t *)cases[i].bytes, cases[i].n), cases[i].good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fail_fills_the_error_and_returns_minus_one),
        cmocka_unit_test(a_caller_may_not_want_the_error),
        cmocka_unit_test(long_text_is_cut_between_characters),
        cmocka_unit_test(an_error_may_be_made_from_its_own_text),
        cmocka_unit_test(prefix_joins_by_a_dot_where_one_is_due),
        cmocka_unit_test(code_names_are_those_of_aip_193),
        cmocka_unit_test(utf8_is_strict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
