/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* placement: one mission or contract, from proposal to end, as the facts told about it (PL01-PL06, PL09, PL11, PL12).
 * Pure: no clock, no disk, no other placement.
 *
 * A placement is a set of facts, each with a natural key (kind and part, event.h) and two values: the one first told
 * and the one that holds now. State, start, end and hours are functions of the values that hold, so that any order in
 * which the same facts can be told gives the same placement. The rules:
 *   - a fact that is told again: a value equal to the first or the present one is known (nothing changes); another
 *     is refused, USE_CORRECTION;
 *   - a correction replaces the present value of a fact that exists (else FACT_UNKNOWN); only `cancelled` needs none
 *     before it; a correction that says what holds is known;
 *   - refused excludes confirmed and started (ALREADY_CONFIRMED, ALREADY_STARTED, ALREADY_REFUSED); after cancelled or
 *     refused nothing but corrections is taken (ALREADY_CANCELLED, ALREADY_REFUSED);
 *   - cancelled comes before the start, afterwards it is a correction (USE_CORRECTION);
 *   - the dates that hold agree at any time: no end or renewal before the start (END_BEFORE_START), no reported week
 *     wholly before the start or after the end (HOURS_OUTSIDE); implied starts are never held against a fact;
 *   - hours, a renewal or an end imply the start until a started fact sets its date;
 *   - one young person for the placement's whole life (PERSON_CHANGED);
 *   - at most PL_FACTS_MAX facts, so that no sender can make a row grow for ever (FACTS_LIMIT); a correction that
 *     cancels is taken all the same.
 * All refusals are INVALID_ARGUMENT and name the field of the event at hand. */
#ifndef PLACEMENTS_PLACEMENT_H
#define PLACEMENTS_PLACEMENT_H

#include "common/base/buf.h"
#include "common/base/codes.h"
#include "common/base/ids.h"
#include "placements/event.h"

#define PL_FACTS_MAX 512                 /* ten years of weeks; a batch that touches 1,000 such fits the rows' cache */
#define PL_ROOM 5                        /* facts a new placement has room for; then half as many more each time */
#define PL_HELD_MAX (PL_FACTS_MAX + 1)   /* what a row can hold: those, and a cancellation by correction */

struct pl_held {                         /* a fact of a placement */
    uint64_t tag, first_tag;             /* of the value that holds, of the first one */
    uint64_t number, first_number;       /* the events that told them */
    mj_date on, until;                   /* of the value that holds, as the rest (event.h) */
    uint32_t part;                       /* the fact's part, cut to 32 bits: another within its kind is another part */
    uint16_t minutes;
    uint8_t kind, code;
};

struct pl_placement {                    /* one allocation */
    char stream[MJ_SIRET_LEN + 1];
    char young_person[MJ_PERSON_TEXT];   /* "" until an event names one */
    bool matched;                        /* registry knows the young person */
    bool named;                          /* the tables know its id by its name */
    uint64_t born;                       /* position of its first entry: its id in the tables */
    uint16_t count, room;
    struct pl_held facts[];              /* ascending by kind, then part */
};

enum pl_judgement { PL_TAKE, PL_KNOW };
struct pl_verdict {
    enum pl_judgement judgement;
    uint64_t same_as;                    /* known or USE_CORRECTION: the event that holds the fact; else 0 */
    bool implied_start;                  /* this event is the first that implies the start */
    struct pl_warning warning;           /* name "" where there is none */
};

/* What becomes of a checked event, number `number` of its stream; before NULL: no such placement yet. 0: verdict;
 * -1: refused (err; v->same_as is set with USE_CORRECTION). Changes nothing. */
int pl_placement_judge(const struct pl_placement *before, const struct pl_event *ev, struct pl_verdict *v,
                       mj_error *err);
/* Folds an event that was taken (verdict PL_TAKE). Returns what the placement has become: p itself, or, where there was
 * no room left in it, a larger copy; p is then the caller's to free. */
struct pl_placement *pl_placement_apply(struct pl_placement *p, uint64_t number, const struct pl_event *ev);

/* A placement without facts, with room for some. */
struct pl_placement *pl_placement_create(const char *stream, uint32_t room);
void pl_placement_free(void *p);                 /* NULL is allowed */
size_t pl_placement_size(const void *p);

/* What the facts add up to. */
struct pl_summary {
    enum pl_state state;
    mj_date started_on;                  /* MJ_NO_DATE: not started, or implied by nothing that has a date */
    bool start_implied;
    mj_date ended_on;                    /* MJ_NO_DATE: not ended */
    uint8_t contract_kind;               /* 0: not known yet */
    uint64_t minutes;                    /* reported, all kinds */
};
void pl_placement_sum(const struct pl_placement *p, struct pl_summary *s);

/* To and from the bytes of a table row. DATA_LOSS PLACEMENT_ROW where they are not ours. */
void pl_placement_encode(const struct pl_placement *p, struct mj_buf *out);
int pl_placement_decode(struct pl_placement **ret, const uint8_t *bytes, size_t len, mj_error *err);

#endif
