/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* agenda: what one agency has to tell in the year, event by event, in the order in which it tells it. Pure: the same
 * world, rates and mission count give the same bytes.
 *
 * A mission belongs to the agency that a draw names among those of its region; the year is looked through a month at a
 * time, so only missions under way are in memory. */
#ifndef MJ_LOAD_AGENDA_H
#define MJ_LOAD_AGENDA_H

#include "mission.h"
#include "world.h"

/* What must become of an event. */
enum load_expect { LOAD_EXPECT_ACCEPTED = 1, LOAD_EXPECT_DUPLICATE, LOAD_EXPECT_UNMATCHED, LOAD_EXPECT_CONFLICT,
                   LOAD_EXPECT_REJECTED };       /* numbered as placements.v1.Outcome */

struct load_demand {                     /* how much is asked of a world */
    uint64_t seed;                       /* of the missions; another one gives other missions */
    unsigned missions;                   /* about so many start */
    unsigned agencies;                   /* at most so many take part; 0: all */
    char regions[80];                    /* "52,53"; "": all */
    struct load_rates rates;
};
/* How the demand falls on the world: mean missions a person, and which share of the people has any. */
struct load_shares { double mean, people; unsigned agencies[LOAD_REGIONS]; };
void load_demand_share(const struct load_demand *d, const struct load_world *w, struct load_shares *ret);

struct load_event {
    uint8_t bytes[LOAD_EVENT_ROOM];
    size_t len;
    enum load_expect expect;
    char kind[16], key[40], ref[40], person[MJ_PERSON_TEXT];
    bool starts;                         /* it tells that a mission started */
};

struct load_agenda;
struct load_agenda *load_agenda_create(const struct load_world *w, const struct load_demand *d,
                                       const struct load_shares *s, unsigned agency);
void load_agenda_free(struct load_agenda *a);    /* NULL is allowed */
bool load_agenda_next(struct load_agenda *a, struct load_event *ret);    /* false: told it all */

#endif
