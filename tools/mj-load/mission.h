/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* mission: one made-up mission from proposal to end, as the facts that its agency tells. Pure: the same plan gives the
 * same facts.
 *
 * Durations are calibrated to what UNML published for 2023 ("Mission Jeunes : retour sur les 10 ans du partenariat",
 * 25/04/2024): under a month 71 % of the missions in PACEA and 88 % in CEJ; lognormal, truncated at 548 days. Shares
 * of the kinds of contract, of refusals and of renewals are assumed. */
#ifndef MJ_LOAD_MISSION_H
#define MJ_LOAD_MISSION_H

#include "common/base/codes.h"
#include "person.h"
#include "placements/event.h"

#define LOAD_DAYS_MAX 548
#define LOAD_FACTS_MAX 16
#define LOAD_EVENT_ROOM 512              /* bytes that any packed event of ours fits into */

/* How often what is not plain happens; shares of facts, but for cancellations and unmatched: of missions. */
struct load_rates {
    double late;                         /* told 3 to 15 days after it could have been */
    double out_of_order;                 /* told before the fact that came before it */
    double corrections;                  /* followed by a correction */
    double cancellations;                /* called off after the start */
    double unmatched;                    /* of a young person whom nobody enrolled */
    double repeats;                      /* told again under a new number */
    double malformed;                    /* preceded by bytes that are no event */
    double resends, conflicts, gaps;     /* sent beside the stream: agency.h */
};

enum load_story { LOAD_WORKED, LOAD_NO_START };  /* the second: refused, or called off before the start */

struct load_plan {                       /* what decides a mission */
    uint64_t seed;
    uint32_t person, number;             /* who, and that person's how-many-eth, from 0 */
    enum load_story story;
    enum load_programme programme;
    mj_date start, today;                /* what lies after today is not told yet */
};

struct load_fact {
    enum pl_kind kind;
    bool correction;
    uint8_t code;                        /* who refused, kind of hours, motive */
    uint8_t number;                      /* of a renewal */
    mj_date on, until;                   /* day told; planned end, new end: until */
    uint32_t minutes;
    int64_t occurred_at_ms, send_at_ms;  /* when the agency noted it; its place in the order of sending */
};

struct load_mission {
    char ref[PL_REF_MAX + 1];            /* placement_ref */
    char host[MJ_SIRET_LEN + 1], rome[6];
    uint8_t contract;                    /* placements.v1.ContractKind */
    bool nobody;                         /* of a young person whom nobody enrolled */
    mj_date start, end;                  /* worked; end: beyond today where it still runs */
    uint32_t days;                       /* drawn, 1 to LOAD_DAYS_MAX */
    uint32_t count;
    struct load_fact facts[LOAD_FACTS_MAX];      /* in the order of sending */
};
void load_mission_draw(struct load_mission *ret, const struct load_plan *p, const struct load_rates *rates);

/* Packs a fact; person "": left out. Answers its length. */
size_t load_fact_pack(const struct load_mission *m, const struct load_fact *f, const char *person,
                      uint8_t out[LOAD_EVENT_ROOM]);
/* The fact's natural key, as text: "started", "hours:2026-W07:1", "corrected.ended". */
void load_fact_key(const struct load_fact *f, char out[40]);
/* Makes bytes that no service takes out of an event's; how: 0 to LOAD_SPOILS - 1. Answers their length. */
#define LOAD_SPOILS 4
size_t load_event_spoil(uint8_t bytes[LOAD_EVENT_ROOM], size_t len, unsigned how);

#endif
