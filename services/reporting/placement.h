/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* placement: one placement as far as figures need it, folded from its events in the order of their log. Pure.
 * What is a mission, and in which year, is decided here (IND-01) and nowhere else. */
#ifndef MJ_REPORTING_PLACEMENT_H
#define MJ_REPORTING_PLACEMENT_H

#include "reporting/entry.h"

struct mj_rep_placement {
    int64_t born;                        /* its number in the tables (tables.h) */
    char person[MJ_PERSON_TEXT];         /* from the first event that names one; "" until then */
    char stream[MJ_SIRET_LEN + 1];
    uint8_t kind_confirmed, kind_started;        /* placements.v1 ContractKind; 0 not told */
    bool started;                        /* PL04 came */
    bool implied;                        /* a later fact says that it started */
    bool cancelled;                      /* PL11, or a correction took it back */
    bool unmatched;                      /* an event came unmatched */
    bool matched;                        /* known to be enrolled; never goes back */
    mj_date started_on;                  /* PL04's; MJ_NO_DATE before */
    mj_date planned_on;                  /* PL03's first day planned, else PL01's */
    mj_date worked_on;                   /* Monday of the earliest week with hours */
    mj_date ended_on;                    /* PL09's */
};

void mj_rep_placement_init(struct mj_rep_placement *p, const char *stream);
/* Folds an accepted event. It was checked before it was accepted; an id that is none is DATA_LOSS ENTRY_PERSON. */
int mj_rep_placement_accept(struct mj_rep_placement *p, const struct mj_rep_told *told, mj_error *err);
/* Folds MATCHED. */
void mj_rep_placement_match(struct mj_rep_placement *p, const char *person);

/* It waits for its young person to be enrolled: counts as unmatched. */
bool mj_rep_placement_waits(const struct mj_rep_placement *p);
/* It is a mission that took place, of a matched young person; whether it counts for a Mission Locale is the
 * person's business. */
bool mj_rep_placement_is_mission(const struct mj_rep_placement *p);
/* Year of its first day: PL04's. Implied: the day planned, unless a fact is told of an earlier one; then the earliest
 * day that such a fact can mean (placements answers the same day as started_on). 0 where nothing tells. */
int mj_rep_placement_year(const struct mj_rep_placement *p);
/* Nothing that this entry tells can make it count otherwise, whatever is told before the entry. */
bool mj_rep_placement_settled(const struct mj_rep_placement *p, const struct mj_rep_told *told);

#endif
