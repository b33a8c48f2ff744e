/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* events: packed placement events, right in every field, for a test to send as they are or to spoil in one place. */
#ifndef MJ_TESTS_EVENTS_H
#define MJ_TESTS_EVENTS_H

#include <stdio.h>
#include <string.h>

#include "common/base/codes.h"
#include "common/base/ids.h"
#include "placements/event.h"

#define EVENTS_NOW INT64_C(1795000000000)        /* 18 November 2026 */
#define EVENT_BYTES 512

struct made { uint8_t bytes[EVENT_BYTES]; size_t len; };

/* An event under way: its message and all facts it could tell. */
struct draft {
    PlacementEvent event;
    Corrected corrected;
    Proposed proposed; Refused refused; Confirmed confirmed; Started started; HoursReported hours; Extended extended;
    Ended ended; Cancelled cancelled;
    char ref[32], person[MJ_PERSON_TEXT], host[MJ_SIRET_LEN + 1], on[16], until[16];
};

static inline void events_siret(char out[MJ_SIRET_LEN + 1], unsigned siren, unsigned serial)
{
    char s[MJ_SIREN_LEN + 1];
    mj_siren_make(s, siren);
    mj_siret_make(out, s, serial);
}

static inline void events_person(char out[MJ_PERSON_TEXT], unsigned n)
{
    uint8_t random[MJ_PERSON_RANDOM] = { (uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16) };
    mj_person_make(out, "52", random);
}

static inline void draft_init_facts(struct draft *d)
{
    missionjeunes__placements__v1__proposed__init(&d->proposed);
    missionjeunes__placements__v1__refused__init(&d->refused);
    missionjeunes__placements__v1__confirmed__init(&d->confirmed);
    missionjeunes__placements__v1__started__init(&d->started);
    missionjeunes__placements__v1__hours_reported__init(&d->hours);
    missionjeunes__placements__v1__extended__init(&d->extended);
    missionjeunes__placements__v1__ended__init(&d->ended);
    missionjeunes__placements__v1__cancelled__init(&d->cancelled);
    missionjeunes__placements__v1__corrected__init(&d->corrected);
}

/* Fills every fact with good values about the dates (until may be NULL), and sets none. */
static inline void draft_facts(struct draft *d, const char *on, const char *until)
{
    draft_init_facts(d);
    (void)snprintf(d->on, sizeof d->on, "%s", on);
    (void)snprintf(d->until, sizeof d->until, "%s", until ? until : "");
    d->proposed.host_siret = d->confirmed.host_siret = d->started.host_siret = d->host;
    d->proposed.rome = d->confirmed.rome = d->started.rome = "N1103";
    d->proposed.planned_start = d->confirmed.planned_start = d->on;
    d->proposed.planned_end = d->confirmed.planned_end = d->until;
    d->confirmed.contract_kind = d->started.contract_kind = 1;
    d->confirmed.weekly_minutes = 2100;
    d->refused.by = 1;
    d->hours.kind = 1;
    d->hours.minutes = 2100;
    d->extended.number = 1;
    d->ended.motive = 1;
    d->refused.on = d->started.on = d->hours.week = d->extended.new_end = d->ended.on = d->cancelled.on = d->on;
}

static inline void draft_make(struct draft *d, const char *ref, enum pl_kind kind, const char *on, const char *until)
{
    memset(d, 0, sizeof *d);
    missionjeunes__placements__v1__placement_event__init(&d->event);
    events_siret(d->host, 55210055, 12);
    events_person(d->person, 1);
    (void)snprintf(d->ref, sizeof d->ref, "%s", ref);
    draft_facts(d, on, until);
    d->event.placement_ref = (ProtobufCBinaryData){ strlen(d->ref), (uint8_t *)d->ref };
    d->event.occurred_at_ms = (uint64_t)EVENTS_NOW;
    if (kind == PL_PROPOSED || kind == PL_CONFIRMED || kind == PL_STARTED)
        d->event.young_person = d->person;
    void *facts[] = { NULL, &d->proposed, &d->refused, &d->confirmed, &d->started, &d->hours, &d->extended, &d->ended,
                      &d->cancelled };
    d->event.proposed = facts[kind];
    d->event.fact_case =
        kind == PL_NONE ? 0 : (Missionjeunes__Placements__V1__PlacementEvent__FactCase)(kind + PL_CASE_OF_EVENT);
}

/* Turns the draft's fact into a correction. */
static inline void draft_correct(struct draft *d)
{
    d->corrected.proposed = d->event.proposed;
    d->corrected.value_case =
        (Missionjeunes__Placements__V1__Corrected__ValueCase)((int)d->event.fact_case - PL_CASE_OF_EVENT);
    d->event.corrected = &d->corrected;
    d->event.fact_case = (Missionjeunes__Placements__V1__PlacementEvent__FactCase)PL_CASE_CORRECTED;
    d->event.young_person = (char *)protobuf_c_empty_string;
}

static inline struct made draft_pack(const struct draft *d)
{
    struct made m = { .len = protobuf_c_message_get_packed_size(&d->event.base) };
    if (m.len <= sizeof m.bytes)
        (void)protobuf_c_message_pack(&d->event.base, m.bytes);
    return m;
}

/* A draft as the service reads it; *ret points into m. False where it is not read. */
static inline bool draft_read(const struct draft *d, struct made *m, struct pl_event *ret)
{
    *m = draft_pack(d);
    return pl_event_read(m->bytes, m->len, ret, NULL) == 0;
}

/* The short way: one good event. */
static inline struct made made_event(const char *ref, enum pl_kind kind, const char *on, const char *until)
{
    struct draft d;
    draft_make(&d, ref, kind, on, until);
    return draft_pack(&d);
}

#endif
