/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* A mission's facts as bytes, and bytes that no service takes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mission.h"

/* One event under way: whichever messages it needs, and their texts. */
struct draft {
    PlacementEvent event;
    Corrected corrected;
    union { Proposed proposed; Refused refused; Confirmed confirmed; Started started; HoursReported hours;
            Extended extended; Ended ended; Cancelled cancelled; ProtobufCMessage base; } fact;
    char on[MJ_DATE_TEXT], until[MJ_DATE_TEXT], week[MJ_WEEK_TEXT];
};

static void write_planned(struct draft *d, const struct load_mission *m, const struct load_fact *f)
{
    if (f->kind == PL_PROPOSED) {
        Proposed *v = &d->fact.proposed;
        missionjeunes__placements__v1__proposed__init(v);
        v->host_siret = (char *)m->host;
        v->rome = (char *)m->rome;
        v->planned_start = d->on;
        v->planned_end = d->until;
    } else if (f->kind == PL_CONFIRMED) {
        Confirmed *v = &d->fact.confirmed;
        missionjeunes__placements__v1__confirmed__init(v);
        v->contract_kind = m->contract;
        v->weekly_minutes = f->minutes;
        v->host_siret = (char *)m->host;
        v->rome = (char *)m->rome;
        v->planned_start = d->on;
        v->planned_end = d->until;
    } else {
        Started *v = &d->fact.started;
        missionjeunes__placements__v1__started__init(v);
        v->on = d->on;
        v->contract_kind = m->contract;
        v->host_siret = (char *)m->host;
        v->rome = (char *)m->rome;
    }
}

static void write_later(struct draft *d, const struct load_fact *f)
{
    if (f->kind == PL_HOURS) {
        missionjeunes__placements__v1__hours_reported__init(&d->fact.hours);
        d->fact.hours.week = d->week;
        d->fact.hours.kind = f->code;
        d->fact.hours.minutes = f->minutes;
    } else if (f->kind == PL_EXTENDED) {
        missionjeunes__placements__v1__extended__init(&d->fact.extended);
        d->fact.extended.number = f->number;
        d->fact.extended.new_end = d->until;
    } else if (f->kind == PL_ENDED) {
        missionjeunes__placements__v1__ended__init(&d->fact.ended);
        d->fact.ended.on = d->on;
        d->fact.ended.motive = f->code;
    } else if (f->kind == PL_REFUSED) {
        missionjeunes__placements__v1__refused__init(&d->fact.refused);
        d->fact.refused.on = d->on;
        d->fact.refused.by = f->code;
    } else {
        missionjeunes__placements__v1__cancelled__init(&d->fact.cancelled);
        d->fact.cancelled.on = d->on;
    }
}

/* All members of both oneofs are pointers to messages: setting one sets the union. */
static void wrap(struct draft *d, const struct load_fact *f)
{
    if (!f->correction) {
        d->event.fact_case = (int)f->kind + PL_CASE_OF_EVENT;
        d->event.proposed = &d->fact.proposed;
        return;
    }
    missionjeunes__placements__v1__corrected__init(&d->corrected);
    d->corrected.value_case = (int)f->kind;
    d->corrected.proposed = &d->fact.proposed;
    d->event.fact_case = (int)PL_CASE_CORRECTED;
    d->event.corrected = &d->corrected;
}

size_t load_fact_pack(const struct load_mission *m, const struct load_fact *f, const char *person,
                      uint8_t out[LOAD_EVENT_ROOM])
{
    struct draft d;

    missionjeunes__placements__v1__placement_event__init(&d.event);
    d.event.placement_ref = (ProtobufCBinaryData){ strlen(m->ref), (uint8_t *)m->ref };
    d.event.young_person = (char *)person;
    d.event.occurred_at_ms = (uint64_t)f->occurred_at_ms;
    mj_date_format(f->on, d.on);
    mj_date_format(f->until, d.until);
    mj_week_format(f->on, d.week);
    if (f->kind == PL_PROPOSED || f->kind == PL_CONFIRMED || f->kind == PL_STARTED)
        write_planned(&d, m, f);
    else
        write_later(&d, f);
    wrap(&d, f);
    if (protobuf_c_message_get_packed_size(&d.event.base) > LOAD_EVENT_ROOM)
        abort();                         /* every text in it is ours and short */
    return protobuf_c_message_pack(&d.event.base, out);
}

void load_fact_key(const struct load_fact *f, char out[40])
{
    const char *prefix = f->correction ? "corrected." : "";
    char week[MJ_WEEK_TEXT];

    if (f->kind == PL_HOURS)
        snprintf(out, 40, "%shours:%s:%u", prefix, mj_week_format(f->on, week), f->code);
    else if (f->kind == PL_EXTENDED)
        snprintf(out, 40, "%sextended:%u", prefix, f->number);
    else
        snprintf(out, 40, "%s%s", prefix, pl_kind_name(f->kind));
}

size_t load_event_spoil(uint8_t bytes[LOAD_EVENT_ROOM], size_t len, unsigned how)
{
    size_t ref = 2u + bytes[1];          /* tag, length, reference */

    switch (how) {
    case 0:                              /* cut short: MALFORMED */
        return len - 1;
    case 1:                              /* a field that no version has: UNKNOWN_FIELD */
        memcpy(bytes + len, (const uint8_t[]){ 0xf8, 0x3f, 0x01 }, 3);
        return len + 3;
    case 2:                              /* the reference a second time, at the end: NOT_CANONICAL */
        memcpy(bytes + len, bytes, ref);
        return len + ref;
    default:                             /* no reference: REF_LENGTH */
        memmove(bytes, bytes + ref, len - ref);
        return len - ref;
    }
}
