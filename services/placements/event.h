/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* event: what one placement event must look like, whatever came before it. Pure: bytes and a clock reading in, an
 * event or a typed error out. `mj check` uses the same functions without a service, so nothing here may know more
 * than common/base and the messages.
 *
 * Reasons, all INVALID_ARGUMENT, with the field's path inside the event ("corrected.ended.on"):
 *   EVENT_SIZE, MALFORMED, UNKNOWN_FIELD, UNKNOWN_ENUM, INVALID_UTF8, NOT_CANONICAL  the bytes
 *   REF_LENGTH, FACT_REQUIRED, PERSON_REQUIRED, PERSON_FORMAT, PERSON_CHECKSUM, REGION_UNKNOWN,
 *   OCCURRED_AT_REQUIRED, CLOCK_AHEAD                                                  the envelope
 *   DATE_FORMAT, DATE_RANGE, END_BEFORE_START, END_REQUIRED, CDI_HAS_NO_END            dates
 *   SIRET_FORMAT, SIRET_CHECKSUM, ROME_FORMAT, ROME_UNKNOWN                            codes
 *   MINUTES_RANGE, NUMBER_RANGE                                                        figures
 * Warnings: HOST_IS_AGENCY, HOURS_OVER_48, RENEWALS_OVER_2, DURATION_OVER_18_MONTHS. */
#ifndef PLACEMENTS_EVENT_H
#define PLACEMENTS_EVENT_H

#include <stdbool.h>

#include "common/base/arena.h"
#include "common/base/crypto.h"
#include "common/base/dates.h"
#include "common/base/error.h"
#include "placements/messages.h"

#define PL_EVENT_MAX (16u * 1024u)       /* bytes of a packed event */
#define PL_REF_MAX 64                    /* bytes of a placement_ref */
#define PL_AHEAD_MS (24 * 3600 * 1000LL) /* how far a sender's clock may run before ours */
#define PL_WEEK_MINUTES 10080
#define PL_WARN_WEEK_MINUTES 2880        /* 48 h (Code du travail L.3121-20) */
#define PL_WARN_MONTHS 18                /* Code du travail L.1251-12 */
#define PL_WARN_RENEWALS 2               /* Code du travail L.1251-35 */

struct pl_warning { const char *name; char field[48]; };         /* name "" where there is none */

/* Checks one packed event of an agency's stream (its SIRET, already checked). now_ms: UTC. On 0 *ret lives in the
 * arena and points into it only. An event may be right and still be refused by what is known of its placement
 * (placement.h). */
int pl_event_check(const uint8_t *bytes, size_t len, const char *stream, int64_t now_ms, struct mj_arena *a,
                   PlacementEvent **ret, struct pl_warning *w, mj_error *err);

/* One fact's value in plain figures. Facts of the same kind and part are the same fact (its natural key). */
struct pl_fact {
    enum pl_kind kind;
    int64_t part;                        /* hours: 4 x Monday + kind of hours; extension: its number; else 0 */
    mj_date on;                          /* proposed, confirmed: planned start; extended: new end; hours: Monday */
    mj_date until;                       /* proposed, confirmed: planned end; MJ_NO_DATE elsewhere */
    uint8_t code;                        /* contract kind, motive, kind of hours, who refused */
    uint32_t minutes;                    /* hours: reported; confirmed: a week */
    uint8_t tag[MJ_TAG];                 /* equal for equal values, all of their fields */
};
/* What a checked event tells. *correction where it stands in a Corrected. */
void pl_event_fact(const PlacementEvent *ev, struct pl_fact *ret, bool *correction);
const char *pl_kind_name(enum pl_kind k);        /* "started", as in field paths */

/* The event without its placement_ref: canonical bytes start with it, so this is the rest of them. */
const uint8_t *pl_event_cut(const uint8_t *bytes, size_t len, const PlacementEvent *ev, size_t *cut_len);

/* Days between the civil day an event tells and the local day of its arrival in the region, where more than 2; else
 * 0. What tells no day that is past (a proposal, a contract, a renewal, a correction) is measured by the day on
 * which the sender recorded it. */
uint32_t pl_event_late_days(const PlacementEvent *ev, int64_t now_ms, const char *region);

#endif
