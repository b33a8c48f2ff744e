/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* recount: missions counted again from the logs' entries: whole placements are taken together and judged when asked,
 * where reporting folds entry by entry (proto/PROTOCOL.md, list of counters). */
#include "recount.h"

#include <stdio.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/hash.h"
#include "common/base/ids.h"

#define NAME 16

/* Facts by the order of PlacementEvent's and Corrected's fields, from 1. */
enum { PROPOSED = 1, REFUSED, CONFIRMED, STARTED, HOURS, EXTENDED, ENDED, CANCELLED };
enum { FIRST_FACT = 9, CORRECTED_FIELD = 18, MISSION_CONTRACTS = 3 };   /* CTT, CDII, mission-formation */

struct placement {
    uint8_t name[NAME];
    char person[MJ_PERSON_TEXT];
    bool matched;
    unsigned facts;                      /* bits by fact */
    int started, confirmed;              /* kinds of contract; 0: not told */
    UT_hash_handle hh;
};
struct person { char id[MJ_PERSON_TEXT]; UT_hash_handle hh; };

static struct placement *placements;
static struct person *persons;

static struct placement *placement_of(const ProtobufCBinaryData *name)
{
    struct placement *p;

    HASH_FIND(hh, placements, name->data, NAME, p);
    if (!p) {
        p = mj_calloc(1, sizeof *p);
        memcpy(p->name, name->data, NAME);
        HASH_ADD(hh, placements, name, NAME, p);
    }
    return p;
}

static void name_person(struct placement *p, const char *id)
{
    if (!p->person[0])
        snprintf(p->person, sizeof p->person, "%s", id);
}

void recount_accepted(const Missionjeunes__Placements__V1__EventAccepted *m)
{
    Missionjeunes__Placements__V1__PlacementEvent *e =
        missionjeunes__placements__v1__placement_event__unpack(NULL, m->event.len, m->event.data);
    struct placement *p = placement_of(&m->placement);
    int fact = (int)e->fact_case - FIRST_FACT;

    name_person(p, e->young_person);
    p->matched |= !m->unmatched;
    if ((int)e->fact_case == CORRECTED_FIELD) {
        fact = (int)e->corrected->value_case;
        if (fact == STARTED)
            p->started = (int)e->corrected->started->contract_kind;
        if (fact == CONFIRMED)
            p->confirmed = (int)e->corrected->confirmed->contract_kind;
    } else if (fact == STARTED) {
        p->started = (int)e->started->contract_kind;
    } else if (fact == CONFIRMED) {
        p->confirmed = (int)e->confirmed->contract_kind;
    }
    p->facts |= 1u << fact;
    missionjeunes__placements__v1__placement_event__free_unpacked(e, NULL);
}

void recount_matched(const Missionjeunes__Placements__V1__PlacementMatched *m)
{
    struct placement *p = placement_of(&m->placement);

    p->matched = true;
    name_person(p, m->young_person);
}

void recount_enrolled(const Missionjeunes__Registry__V1__PersonEnrolled *m)
{
    struct person *p = mj_calloc(1, sizeof *p);

    snprintf(p->id, sizeof p->id, "%s", m->young_person);
    HASH_ADD(hh, persons, id, strlen(p->id), p);
}

static bool is_mission(const struct placement *p)
{
    unsigned took_place = 1u << STARTED | 1u << HOURS | 1u << EXTENDED | 1u << ENDED;
    int contract = p->facts & 1u << STARTED ? p->started : p->confirmed;
    struct person *who;

    HASH_FIND(hh, persons, p->person, strlen(p->person), who);
    return who && p->facts & took_place && !(p->facts & 1u << CANCELLED) && p->matched && contract >= 1 &&
           contract <= MISSION_CONTRACTS;
}

uint64_t recount_missions(void)
{
    uint64_t n = 0;

    for (const struct placement *p = placements; p; p = p->hh.next)
        n += is_mission(p);
    return n;
}
