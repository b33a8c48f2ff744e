/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "common/base/dates.h"

#include <stdio.h>
#include <string.h>

#define MS_PER_HOUR INT64_C(3600000)
#define MS_PER_DAY (24 * MS_PER_HOUR)
#define FIRST_YEAR 1900
#define LAST_YEAR 2199
#define SUNDAY 3

/* Floor division, for days and instants before 1970. */
static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int month_length(int year, int month)
{
    static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    return month == 2 && is_leap(year) ? 29 : lengths[month - 1];
}

/* Days since 1970-01-01. The year is begun in March, so that the leap day is its last: a month's first day is then
 * (153 m + 2) / 5 days in, and a cycle of 400 years has 146,097 days. */
static int32_t day_number(int year, int month, int day)
{
    int64_t y = year - (month <= 2);
    int64_t cycle = floor_div(y, 400);
    int64_t in_cycle = y - cycle * 400;
    int64_t in_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return (int32_t)(cycle * 146097 + in_cycle * 365 + in_cycle / 4 - in_cycle / 100 + in_year - 719468);
}

void mj_date_parts(mj_date d, int *year, int *month, int *day)
{
    int64_t z = (int64_t)d + 719468;
    int64_t cycle = floor_div(z, 146097);
    int64_t in_cycle = z - cycle * 146097;
    int64_t y = (in_cycle - in_cycle / 1460 + in_cycle / 36524 - in_cycle / 146096) / 365;
    int64_t in_year = in_cycle - (365 * y + y / 4 - y / 100);
    int64_t m = (5 * in_year + 2) / 153;
    *day = (int)(in_year - (153 * m + 2) / 5 + 1);
    *month = (int)(m < 10 ? m + 3 : m - 9);
    *year = (int)(y + cycle * 400 + (*month <= 2));
}

mj_date mj_date_of(int year, int month, int day)
{
    if (year < FIRST_YEAR || year > LAST_YEAR || month < 1 || month > 12 || day < 1 || day > month_length(year, month))
        return MJ_NO_DATE;
    return day_number(year, month, day);
}

/* n digits at text; -1 where one is none. */
static int read_digits(const char *text, int n)
{
    int v = 0;
    for (int i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        v = 10 * v + (text[i] - '0');
    }
    return v;
}

/* A date may be a birth date: the texts do not repeat it. */
int mj_date_parse(mj_date *ret, const char *text, const char *field, mj_error *err)
{
    bool formed = strlen(text) == 10 && text[4] == '-' && text[7] == '-';
    int year = formed ? read_digits(text, 4) : -1;
    int month = formed ? read_digits(text + 5, 2) : -1;
    int day = formed ? read_digits(text + 8, 2) : -1;
    if (year < 0 || month < 0 || day < 0)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "DATE_FORMAT", field,
                       "expected a date as YYYY-MM-DD, got %zu characters that are none", strlen(text));
    mj_date d = mj_date_of(year, month, day);
    if (d == MJ_NO_DATE)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "DATE_RANGE", field,
                       "expected a day of the calendar from 1900-01-01 to 2199-12-31, got one that does not exist or "
                       "lies outside");
    *ret = d;
    return 0;
}

/* Two or four digits, written out by hand: dates are printed often, and always have this form. */
static char *put_digits(char *out, int n, int v)
{
    for (int i = n; i > 0; i--, v /= 10)
        out[i - 1] = (char)('0' + v % 10);
    return out + n;
}

char *mj_date_format(mj_date d, char out[MJ_DATE_TEXT])
{
    int year, month, day;
    mj_date_parts(d, &year, &month, &day);
    if (d == MJ_NO_DATE || year < 0 || year > 9999) {
        out[0] = '\0';
        return out;
    }
    char *p = put_digits(out, 4, year);
    *p++ = '-';
    p = put_digits(p, 2, month);
    *p++ = '-';
    *put_digits(p, 2, day) = '\0';
    return out;
}

mj_date mj_date_add_months(mj_date d, int months)
{
    if (d == MJ_NO_DATE)
        return MJ_NO_DATE;
    int year, month, day;
    mj_date_parts(d, &year, &month, &day);
    int64_t total = (int64_t)year * 12 + (month - 1) + months;
    int64_t y = floor_div(total, 12);
    if (y < FIRST_YEAR || y > LAST_YEAR)
        return MJ_NO_DATE;
    year = (int)y;
    month = (int)(total - y * 12) + 1;
    int last = month_length(year, month);
    return day_number(year, month, day < last ? day : last);
}

int mj_age_on(mj_date birth, mj_date on)
{
    if (birth == MJ_NO_DATE || on == MJ_NO_DATE)
        return -1;
    int by, bm, bd, y, m, d;
    mj_date_parts(birth, &by, &bm, &bd);
    mj_date_parts(on, &y, &m, &d);
    return y - by - (m < bm || (m == bm && d < bd));
}

/* Days from the weekday back to d: 0 to 6. */
static int days_since(int weekday, mj_date d)
{
    int64_t n = (int64_t)d - weekday;
    return (int)(n - floor_div(n, 7) * 7);
}

/* The Monday of week 1: that week holds 4 January (ISO 8601). */
static mj_date first_monday(int year)
{
    mj_date fourth = day_number(year, 1, 4);
    return fourth - days_since(SUNDAY + 1, fourth);
}

int mj_week_parse(mj_date *monday, const char *text, const char *field, mj_error *err)
{
    bool formed = strlen(text) == 8 && text[4] == '-' && text[5] == 'W';
    int year = formed ? read_digits(text, 4) : -1;
    int week = formed ? read_digits(text + 6, 2) : -1;
    if (year < 0 || week < 0)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "DATE_FORMAT", field,
                       "expected an ISO week as YYYY-Www, got %zu characters that are none", strlen(text));
    mj_date first = first_monday(year) + 7 * (week - 1);
    bool exists = week >= 1 && first < first_monday(year + 1);
    if (!exists || first < day_number(FIRST_YEAR, 1, 1) || first > day_number(LAST_YEAR, 12, 31))
        return mj_fail(err, MJ_INVALID_ARGUMENT, "DATE_RANGE", field,
                       "expected a week that the year has (52, in some years 53), from 1900 to 2199, got %s", text);
    *monday = first;
    return 0;
}

char *mj_week_format(mj_date any_day, char out[MJ_WEEK_TEXT])
{
    out[0] = '\0';
    if (any_day == MJ_NO_DATE)
        return out;
    mj_date monday = any_day - days_since(SUNDAY + 1, any_day);
    int year, month, day;
    mj_date_parts(monday + 3, &year, &month, &day);         /* a week's year is its Thursday's */
    if (year < 0 || year > 9999)
        return out;
    char *p = put_digits(out, 4, year);
    *p++ = '-';
    *p++ = 'W';
    *put_digits(p, 2, (monday - first_monday(year)) / 7 + 1) = '\0';
    return out;
}

/* The n-th Sunday of a month. */
static mj_date sunday(int year, int month, int n)
{
    mj_date first = day_number(year, month, 1);
    return first + (7 - days_since(SUNDAY, first)) % 7 + 7 * (n - 1);
}

static mj_date last_sunday(int year, int month)
{
    mj_date last = day_number(year, month, month_length(year, month));
    return last - days_since(SUNDAY, last);
}

static int year_of_ms(int64_t utc_ms)
{
    int year, month, day;
    mj_date_parts((mj_date)floor_div(utc_ms, MS_PER_DAY), &year, &month, &day);
    return year;
}

/* Hours ahead of UTC. European Union since 1996 (directive 2000/84/EC): summer time from the last Sunday of March
 * to the last of October, both at 01:00 UTC. */
static int offset_mainland(int64_t ms)
{
    int year = year_of_ms(ms);
    bool summer = ms >= last_sunday(year, 3) * MS_PER_DAY + MS_PER_HOUR &&
                  ms < last_sunday(year, 10) * MS_PER_DAY + MS_PER_HOUR;
    return summer ? 2 : 1;
}

/* Saint-Pierre-et-Miquelon follows North America since 2007: from the second Sunday of March, 02:00 standard time,
 * to the first of November, 02:00 summer time. */
static int offset_miquelon(int64_t ms)
{
    int year = year_of_ms(ms);
    bool summer = ms >= sunday(year, 3, 2) * MS_PER_DAY + 5 * MS_PER_HOUR &&
                  ms < sunday(year, 11, 1) * MS_PER_DAY + 4 * MS_PER_HOUR;
    return summer ? -2 : -3;
}

static mj_date day_at(int64_t utc_ms, int hours)
{
    return (mj_date)floor_div(utc_ms + hours * MS_PER_HOUR, MS_PER_DAY);
}

/* The day of winter time is that of summer time but for one hour a day; only then the season matters. */
static mj_date day_of_season(int64_t utc_ms, int winter, int (*offset)(int64_t ms))
{
    mj_date day = day_at(utc_ms, winter);
    return day == day_at(utc_ms, winter + 1) ? day : day_at(utc_ms, offset(utc_ms));
}

mj_date mj_local_day(int64_t utc_ms, const char *region)
{
    static const struct { char code[3]; int hours; } overseas[] = {
        { "01", -4 }, { "02", -4 }, { "03", -3 }, { "04", 4 }, { "06", 3 }, { "BL", -4 }, { "MF", -4 },
    };
    if (!region || region[0] == '\0' || region[1] == '\0' || region[2] != '\0')
        return day_of_season(utc_ms, 1, offset_mainland);
    if (region[0] == 'P' && region[1] == 'M')
        return day_of_season(utc_ms, -3, offset_miquelon);
    for (size_t i = 0; i < sizeof overseas / sizeof *overseas; i++)
        if (region[0] == overseas[i].code[0] && region[1] == overseas[i].code[1])
            return day_at(utc_ms, overseas[i].hours);
    return day_of_season(utc_ms, 1, offset_mainland);
}

char *mj_utc_format(int64_t utc_ms, char out[25])
{
    const int64_t first = -INT64_C(62167219200000), last = INT64_C(253402300799999);        /* years 0000 to 9999 */
    int64_t ms = utc_ms < first ? first : utc_ms > last ? last : utc_ms;
    int64_t day = floor_div(ms, MS_PER_DAY);
    int rest = (int)(ms - day * MS_PER_DAY);
    char *p = mj_date_format((mj_date)day, out) + 10;
    *p++ = 'T';
    p = put_digits(p, 2, rest / 3600000);
    *p++ = ':';
    p = put_digits(p, 2, rest / 60000 % 60);
    *p++ = ':';
    p = put_digits(p, 2, rest / 1000 % 60);
    *p++ = '.';
    p = put_digits(p, 3, rest % 1000);
    *p++ = 'Z';
    *p = '\0';
    return out;
}
