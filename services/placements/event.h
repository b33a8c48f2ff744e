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
#include "common/base/ids.h"
#include "placements/messages.h"

#define PL_EVENT_MAX (16u * 1024u)       /* bytes of a packed event */
#define PL_REF_MAX 64                    /* bytes of a placement_ref */
#define PL_AHEAD_MS (24 * 3600 * 1000LL) /* how far a sender's clock may run before ours */
#define PL_WEEK_MINUTES 10080
#define PL_WARN_WEEK_MINUTES 2880        /* 48 h (Code du travail L.3121-20) */
#define PL_WARN_MONTHS 18                /* Code du travail L.1251-12 */
#define PL_WARN_RENEWALS 2               /* Code du travail L.1251-35 */

struct pl_warning { const char *name; char field[48]; };         /* name "" where there is none */

/* One fact's value in plain figures. Facts of the same kind and part are the same fact (its natural key). */
struct pl_fact {
    enum pl_kind kind;
    uint8_t code;                        /* contract kind, motive, kind of hours, who refused */
    uint32_t minutes;                    /* hours: reported; confirmed: a week */
    int64_t part;                        /* hours: 4 x Monday + kind of hours; extension: its number; else 0 */
    mj_date on;                          /* proposed, confirmed: planned start; extended: new end; hours: Monday */
    mj_date until;                       /* proposed, confirmed: planned end; MJ_NO_DATE elsewhere */
    uint64_t tag;                        /* equal for equal values, all of their fields; no secret */
};

/* One event, read. */
struct pl_event {
    const uint8_t *ref;                  /* placement_ref, within the bytes; NULL in a stored event, which has none */
    uint32_t ref_len;
    const uint8_t *rest;                 /* the bytes without placement_ref, which canonical bytes start with */
    uint32_t rest_len;
    char young_person[MJ_PERSON_TEXT];   /* "" where it names none */
    uint64_t occurred_at_ms;
    bool correction;                     /* the fact stands in a Corrected */
    struct pl_fact fact;
};

/* Checks one packed event of an agency's stream (its SIRET, already checked) and reads it. now_ms: UTC. *ret points
 * into the bytes. An event may be right and still be refused by what is known of its placement (placement.h).
 *
 * Bytes that are plainly an event are read in one pass without unpacking; others go to mj_unpack_canonical
 * (common/base/arena.h), whose word is law, for the error; the arena is its scratch. A property test holds that both
 * take the same bytes. */
int pl_event_check(const uint8_t *bytes, size_t len, const char *stream, int64_t now_ms, struct mj_arena *scratch,
                   struct pl_event *ret, struct pl_warning *w, mj_error *err);

/* Reads a stored event: bytes that pl_event_check took, with or without the reference. DATA_LOSS ENTRY_BROKEN where
 * they are not such bytes. *ret points into them. */
int pl_event_read(const uint8_t *bytes, size_t len, struct pl_event *ret, mj_error *err);

const char *pl_kind_name(enum pl_kind k);        /* "started", as in field paths */

/* Days between the civil day an event tells and `today`, the region's local day of its arrival, where more than 2; else
 * 0. What tells no day that is past (a proposal, a contract, a renewal, a correction) is measured by the day on
 * which the sender recorded it. */
uint32_t pl_event_late_days(const struct pl_event *ev, mj_date today, const char *region);

#endif
