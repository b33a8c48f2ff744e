/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* dates: civil dates, ISO weeks, and the local day of a region. Pure; no clock is read here.
 *
 * Civil dates and UTC instants are never mixed: an mj_date is a day in the structure's own time zone, a
 * recorded_at is UTC milliseconds. Source of the calendar: ISO 8601. */
#ifndef MJ_BASE_DATES_H
#define MJ_BASE_DATES_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"

typedef int32_t mj_date;                /* days since 1970-01-01; 1900-01-01 to 2199-12-31 */
#define MJ_NO_DATE INT32_MIN            /* "none": an empty string on the wire */
#define MJ_DATE_TEXT 11                 /* "2026-02-28" and NUL */
#define MJ_WEEK_TEXT 9                  /* "2026-W07" and NUL */

/* Parses exactly YYYY-MM-DD. INVALID_ARGUMENT, reason DATE_FORMAT or DATE_RANGE, field as given. */
int mj_date_parse(mj_date *ret, const char *text, const char *field, mj_error *err);
char *mj_date_format(mj_date d, char out[MJ_DATE_TEXT]);         /* MJ_NO_DATE gives "" */
mj_date mj_date_of(int year, int month, int day);                /* MJ_NO_DATE: no such day, outside the range */
void mj_date_parts(mj_date d, int *year, int *month, int *day);
/* Adds months, cut to the month's last day (31/08 + 1 month = 30/09); MJ_NO_DATE where the range is left. */
mj_date mj_date_add_months(mj_date d, int months);
/* Whole years from birth to on; somebody born on 29/02 is a year older on 01/03 of common years
 * (Code civil: completed years). -1 where one is MJ_NO_DATE; negative before birth. */
int mj_age_on(mj_date birth, mj_date on);

/* ISO weeks: parse exactly YYYY-Www; monday is the week's first day. DATE_FORMAT or DATE_RANGE. */
int mj_week_parse(mj_date *monday, const char *text, const char *field, mj_error *err);
char *mj_week_format(mj_date any_day, char out[MJ_WEEK_TEXT]);

/* The local civil day of an instant in a region (INSEE region code): mainland Central European time with its
 * summer time, overseas fixed offsets (reference: IANA tz names in codes.h). Unknown regions: mainland. */
mj_date mj_local_day(int64_t utc_ms, const char *region);
/* "2026-11-21T20:26:00.123Z"; out holds 25 bytes. */
char *mj_utc_format(int64_t utc_ms, char out[25]);

#endif
