/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "common/base/dates.h"

static void a_date_reads_and_prints_the_same(void **state)
{
    (void)state;
    static const char *const texts[] = { "1900-01-01", "1970-01-01", "2024-02-29", "2026-02-28", "2199-12-31" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        mj_date d;
        char out[MJ_DATE_TEXT];
        mj_error err;
        assert_int_equal(mj_date_parse(&d, texts[i], "on", &err), 0);
        assert_string_equal(mj_date_format(d, out), texts[i]);
    }
    char out[MJ_DATE_TEXT];
    assert_string_equal(mj_date_format(MJ_NO_DATE, out), "");
    assert_int_equal(mj_date_of(1970, 1, 1), 0);
    assert_int_equal(mj_date_of(2026, 1, 1), 20454);
}

static void refuse(const char *text, const char *reason)
{
    mj_date d = 77;
    mj_error err = { 0 };
    assert_int_equal(mj_date_parse(&d, text, "started.on", &err), -1);
    assert_int_equal(d, 77);
    assert_string_equal(err.reason, reason);
    assert_string_equal(err.field, "started.on");
}

static void only_days_of_the_calendar_are_dates(void **state)
{
    (void)state;
    static const char *const forms[] = { "", "2026-2-28", "28/02/2026", "2026-02-28T", "20260228", "2026-02-2x",
                                         "-026-02-28", "2026 02 28", "+026-02-28" };
    static const char *const ranges[] = { "2026-02-29", "2100-02-29", "2026-00-10", "2026-13-01", "2026-04-31",
                                          "2026-01-00", "1899-12-31", "2200-01-01" };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        refuse(forms[i], "DATE_FORMAT");
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        refuse(ranges[i], "DATE_RANGE");
    assert_int_equal(mj_date_of(2025, 2, 29), MJ_NO_DATE);
}

static void months_are_cut_to_their_last_day(void **state)
{
    (void)state;
    assert_int_equal(mj_date_add_months(mj_date_of(2026, 8, 31), 1), mj_date_of(2026, 9, 30));
    assert_int_equal(mj_date_add_months(mj_date_of(2024, 1, 31), 1), mj_date_of(2024, 2, 29));
    assert_int_equal(mj_date_add_months(mj_date_of(2026, 3, 31), -1), mj_date_of(2026, 2, 28));
    assert_int_equal(mj_date_add_months(mj_date_of(2026, 1, 15), -13), mj_date_of(2024, 12, 15));
    assert_int_equal(mj_date_add_months(mj_date_of(2026, 12, 1), 18), mj_date_of(2028, 6, 1));
    assert_int_equal(mj_date_add_months(mj_date_of(2199, 12, 1), 1), MJ_NO_DATE);
    assert_int_equal(mj_date_add_months(MJ_NO_DATE, 1), MJ_NO_DATE);
}

static void age_is_completed_years(void **state)
{
    (void)state;
    mj_date birth = mj_date_of(2000, 5, 17);
    assert_int_equal(mj_age_on(birth, mj_date_of(2026, 5, 16)), 25);
    assert_int_equal(mj_age_on(birth, mj_date_of(2026, 5, 17)), 26);
    assert_int_equal(mj_age_on(birth, birth), 0);
    assert_true(mj_age_on(birth, birth - 1) < 0);
    assert_int_equal(mj_age_on(MJ_NO_DATE, birth), -1);
    mj_date leap = mj_date_of(2008, 2, 29);
    assert_int_equal(mj_age_on(leap, mj_date_of(2026, 2, 28)), 17);
    assert_int_equal(mj_age_on(leap, mj_date_of(2026, 3, 1)), 18);
    assert_int_equal(mj_age_on(leap, mj_date_of(2028, 2, 29)), 20);
}

static void weeks_are_those_of_iso_8601(void **state)
{
    (void)state;
    static const struct { int y, m, d; const char *week; } cases[] = {
        { 2026, 2, 9, "2026-W07" },  { 2026, 2, 15, "2026-W07" }, { 2024, 12, 30, "2025-W01" },
        { 2027, 1, 3, "2026-W53" },  { 2021, 1, 3, "2020-W53" },  { 2023, 1, 1, "2022-W52" },
        { 1970, 1, 1, "1970-W01" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[MJ_WEEK_TEXT];
        mj_date day = mj_date_of(cases[i].y, cases[i].m, cases[i].d), monday;
        mj_error err;
        assert_string_equal(mj_week_format(day, out), cases[i].week);
        assert_int_equal(mj_week_parse(&monday, out, "week", &err), 0);
        assert_in_range(day - monday, 0, 6);
    }
}

static void refuse_week(const char *text, const char *reason)
{
    mj_date d = 77;
    mj_error err = { 0 };
    assert_int_equal(mj_week_parse(&d, text, "hours.week", &err), -1);
    assert_int_equal(d, 77);
    assert_string_equal(err.reason, reason);
}

static void only_some_years_have_a_week_53(void **state)
{
    (void)state;
    mj_date d;
    assert_int_equal(mj_week_parse(&d, "2026-W53", "w", NULL), 0);
    refuse_week("2025-W53", "DATE_RANGE");
    refuse_week("2026-W54", "DATE_RANGE");
    refuse_week("2026-W00", "DATE_RANGE");
    refuse_week("1899-W10", "DATE_RANGE");
    refuse_week("2200-W02", "DATE_RANGE");
    refuse_week("2026-7", "DATE_FORMAT");
    refuse_week("2026-w07", "DATE_FORMAT");
    refuse_week("2026W007", "DATE_FORMAT");
    refuse_week("2026-W7x", "DATE_FORMAT");
}

#define HOUR INT64_C(3600000)
static int64_t at(int y, int m, int d, int hour)
{
    return ((int64_t)mj_date_of(y, m, d) * 24 + hour) * HOUR;
}

static void the_day_begins_at_local_midnight(void **state)
{
    (void)state;
    static const struct { const char *region; int m, d, hour; } midnights[] = {      /* in UTC, 2026 */
        { "52", 1, 9, 23 }, { "52", 7, 9, 22 }, { "01", 1, 10, 4 }, { "02", 7, 10, 4 }, { "03", 1, 10, 3 },
        { "04", 1, 9, 20 }, { "06", 1, 9, 21 }, { "BL", 1, 10, 4 }, { "MF", 1, 10, 4 }, { "PM", 1, 10, 3 },
        { "PM", 7, 10, 2 }, { "FR", 1, 9, 23 }, { "??", 1, 9, 23 },
    };
    for (size_t i = 0; i < sizeof midnights / sizeof *midnights; i++) {
        int64_t ms = at(2026, midnights[i].m, midnights[i].d, midnights[i].hour);
        assert_int_equal(mj_local_day(ms, midnights[i].region), mj_date_of(2026, midnights[i].m, 10));
        assert_int_equal(mj_local_day(ms - 1, midnights[i].region), mj_date_of(2026, midnights[i].m, 9));
    }
    assert_int_equal(mj_local_day(at(2026, 1, 9, 23), NULL), mj_date_of(2026, 1, 10));
}

static void instants_print_as_rfc_3339(void **state)
{
    (void)state;
    char out[25];
    assert_string_equal(mj_utc_format(0, out), "1970-01-01T00:00:00.000Z");
    assert_string_equal(mj_utc_format(at(2026, 11, 21, 20) + 26 * 60000 + 123, out), "2026-11-21T20:26:00.123Z");
    assert_string_equal(mj_utc_format(-1, out), "1969-12-31T23:59:59.999Z");
    assert_string_equal(mj_utc_format(INT64_MAX, out), "9999-12-31T23:59:59.999Z");
    assert_string_equal(mj_utc_format(INT64_MIN, out), "0000-01-01T00:00:00.000Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_date_reads_and_prints_the_same),
        cmocka_unit_test(only_days_of_the_calendar_are_dates),
        cmocka_unit_test(months_are_cut_to_their_last_day),
        cmocka_unit_test(age_is_completed_years),
        cmocka_unit_test(weeks_are_those_of_iso_8601),
        cmocka_unit_test(only_some_years_have_a_week_53),
        cmocka_unit_test(the_day_begins_at_local_midnight),
        cmocka_unit_test(instants_print_as_rfc_3339),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
