/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/base/dates.h"

/* The C library's calendar is the judge; its time zones are given as rules, so that no tzdata is needed. */

static void every_day_agrees_with_the_c_library(void **state)
{
    (void)state;
    for (mj_date d = mj_date_of(1900, 1, 1); d <= mj_date_of(2199, 12, 31); d++) {
        time_t t = (time_t)d * 86400;
        struct tm tm;
        char date[16], week[16], out[MJ_DATE_TEXT], week_out[MJ_WEEK_TEXT];
        assert_non_null(gmtime_r(&t, &tm));
        strftime(date, sizeof date, "%Y-%m-%d", &tm);
        strftime(week, sizeof week, "%G-W%V", &tm);
        assert_string_equal(mj_date_format(d, out), date);
        assert_string_equal(mj_week_format(d, week_out), week);
        assert_int_equal(mj_date_of(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday), d);
        mj_date again;
        assert_int_equal(mj_date_parse(&again, out, "d", NULL), 0);
        assert_int_equal(again, d);
        if (tm.tm_wday == 1) {
            assert_int_equal(mj_week_parse(&again, week_out, "w", NULL), 0);
            assert_int_equal(again, d);
        }
    }
}

static void compare_zone(const char *region, const char *rule)
{
    assert_int_equal(setenv("TZ", rule, 1), 0);
    tzset();
    for (int64_t hour = (int64_t)mj_date_of(2007, 1, 1) * 24; hour < (int64_t)mj_date_of(2060, 1, 1) * 24; hour++)
        for (int64_t ms = hour * 3600000; ms < (hour + 1) * 3600000; ms += 3599999) {       /* its first and last ms */
            time_t t = (time_t)(ms / 1000);
            struct tm tm;
            assert_non_null(localtime_r(&t, &tm));
            assert_int_equal(mj_local_day(ms, region), mj_date_of(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday));
        }
}

static void local_days_agree_with_the_c_library(void **state)
{
    (void)state;
    compare_zone("52", "CET-1CEST,M3.5.0,M10.5.0/3");
    compare_zone("PM", "<-03>3<-02>,M3.2.0,M11.1.0");
    compare_zone("04", "<+04>-4");
    compare_zone("02", "AST4");
    assert_int_equal(unsetenv("TZ"), 0);
    tzset();
}

static void ages_never_fall_and_grow_by_one(void **state)
{
    (void)state;
    for (mj_date birth = mj_date_of(2003, 12, 1); birth < mj_date_of(2009, 2, 1); birth += 3) {
        int last = mj_age_on(birth, birth);
        assert_int_equal(last, 0);
        for (mj_date on = birth; on < mj_date_of(2040, 1, 1); on++) {
            int age = mj_age_on(birth, on);
            assert_in_range(age - last, 0, 1);
            last = age;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_agrees_with_the_c_library),
        cmocka_unit_test(local_days_agree_with_the_c_library),
        cmocka_unit_test(ages_never_fall_and_grow_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
