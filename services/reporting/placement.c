/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "reporting/placement.h"

#include <stdio.h>
#include <string.h>

#define EVENT(name) MISSIONJEUNES__PLACEMENTS__V1__PLACEMENT_EVENT__FACT_##name
#define CORRECTED(name) MISSIONJEUNES__PLACEMENTS__V1__CORRECTED__VALUE_##name
#define KIND(name) MISSIONJEUNES__PLACEMENTS__V1__CONTRACT_KIND__CONTRACT_KIND_##name

typedef Missionjeunes__Placements__V1__EventAccepted accepted;
typedef Missionjeunes__Placements__V1__PlacementEvent placement_event;
typedef Missionjeunes__Placements__V1__Proposed proposed;
typedef Missionjeunes__Placements__V1__Confirmed confirmed;
typedef Missionjeunes__Placements__V1__Started started;
typedef Missionjeunes__Placements__V1__HoursReported hours;
typedef Missionjeunes__Placements__V1__Corrected corrected;

void mj_rep_placement_init(struct mj_rep_placement *p, const char *stream)
{
    *p = (struct mj_rep_placement){
        .started_on = MJ_NO_DATE, .planned_on = MJ_NO_DATE, .worked_on = MJ_NO_DATE, .ended_on = MJ_NO_DATE
    };
    snprintf(p->stream, sizeof p->stream, "%s", stream);
}

/* Stored dates were checked; one that does not parse means that the log cannot be trusted. */
static int stored_date(mj_date *ret, const char *text, mj_error *err)
{
    if (mj_date_parse(ret, text, NULL, NULL) == 0) {
        return 0;
    }
    return mj_fail(err, MJ_DATA_LOSS, "ENTRY_DATE", "event", "an accepted event holds a date that cannot be read");
}

static int fold_proposed(struct mj_rep_placement *p, const proposed *fact, mj_error *err)
{
    /* What was agreed stands before what was proposed. */
    if (p->kind_confirmed != 0 || fact->planned_start[0] == '\0') {
        return 0;
    }
    return stored_date(&p->planned_on, fact->planned_start, err);
}

static int fold_confirmed(struct mj_rep_placement *p, const confirmed *fact, mj_error *err)
{
    p->kind_confirmed = (uint8_t)fact->contract_kind;
    return fact->planned_start[0] == '\0' ? 0 : stored_date(&p->planned_on, fact->planned_start, err);
}

static int fold_started(struct mj_rep_placement *p, const started *fact, mj_error *err)
{
    p->started = true;
    p->kind_started = (uint8_t)fact->contract_kind;
    return stored_date(&p->started_on, fact->on, err);
}

static int fold_hours(struct mj_rep_placement *p, const hours *fact, mj_error *err)
{
    mj_date monday;

    if (mj_week_parse(&monday, fact->week, NULL, NULL) < 0) {
        return mj_fail(err, MJ_DATA_LOSS, "ENTRY_DATE", "event", "an accepted event holds a week that cannot be read");
    }
    if (p->worked_on == MJ_NO_DATE || monday < p->worked_on) {
        p->worked_on = monday;
    }
    return 0;
}

static int fold_corrected(struct mj_rep_placement *p, const corrected *c, mj_error *err)
{
    switch (c->value_case) {
    case CORRECTED(PROPOSED):
        return fold_proposed(p, c->proposed, err);
    case CORRECTED(CONFIRMED):
        return fold_confirmed(p, c->confirmed, err);
    case CORRECTED(STARTED):
        return fold_started(p, c->started, err);
    case CORRECTED(HOURS):
        return fold_hours(p, c->hours, err);
    case CORRECTED(ENDED):
        return stored_date(&p->ended_on, c->ended->on, err);
    case CORRECTED(CANCELLED):
        p->cancelled = true;
        return 0;
    default:                             /* PL02 and PL06 move no figure */
        return 0;
    }
}

static int fold_fact(struct mj_rep_placement *p, const placement_event *e, mj_error *err)
{
    switch (e->fact_case) {
    case EVENT(PROPOSED):
        return fold_proposed(p, e->proposed, err);
    case EVENT(CONFIRMED):
        return fold_confirmed(p, e->confirmed, err);
    case EVENT(STARTED):
        return fold_started(p, e->started, err);
    case EVENT(HOURS):
        return fold_hours(p, e->hours, err);
    case EVENT(ENDED):
        return stored_date(&p->ended_on, e->ended->on, err);
    case EVENT(CANCELLED):
        p->cancelled = true;
        return 0;
    case EVENT(CORRECTED):
        return fold_corrected(p, e->corrected, err);
    default:
        return 0;
    }
}

int mj_rep_placement_accept(struct mj_rep_placement *p, const accepted *entry, const placement_event *event,
                            mj_error *err)
{
    if (p->person[0] == '\0' && event->young_person[0] != '\0') {
        if (mj_person_check(event->young_person, NULL, NULL) < 0) {
            return mj_fail(err, MJ_DATA_LOSS, "ENTRY_PERSON", "event", "an accepted event names no young person's id");
        }
        snprintf(p->person, sizeof p->person, "%s", event->young_person);
    }
    if (entry->unmatched) {
        p->unmatched = true;
    } else if (p->person[0] != '\0') {
        p->matched = true;
    }
    p->implied = p->implied || entry->implied_start;
    return fold_fact(p, event, err);
}

void mj_rep_placement_match(struct mj_rep_placement *p, const char *person)
{
    if (p->person[0] == '\0') {
        snprintf(p->person, sizeof p->person, "%s", person);
    }
    p->matched = true;
}

bool mj_rep_placement_waits(const struct mj_rep_placement *p)
{
    return p->unmatched && !p->matched;
}

static bool mission_kind(uint8_t kind)
{
    return kind == KIND(CTT) || kind == KIND(CDII_MISSION) || kind == KIND(MISSION_FORMATION);
}

bool mj_rep_placement_is_mission(const struct mj_rep_placement *p)
{
    /* An explicit start tells the kind; before it, the contract that was agreed does. */
    uint8_t kind = p->started ? p->kind_started : p->kind_confirmed;

    return (p->started || p->implied) && !p->cancelled && p->matched && mission_kind(kind);
}

/* The first day where only later facts say that there was one. */
static mj_date implied_day(const struct mj_rep_placement *p)
{
    mj_date latest = p->ended_on;
    mj_date earliest = p->ended_on;

    if (p->worked_on != MJ_NO_DATE) {
        mj_date sunday = p->worked_on + 6;
        latest = latest == MJ_NO_DATE || sunday < latest ? sunday : latest;
        earliest = earliest == MJ_NO_DATE || p->worked_on < earliest ? p->worked_on : earliest;
    }
    bool as_planned = p->planned_on != MJ_NO_DATE && (latest == MJ_NO_DATE || p->planned_on <= latest);
    return as_planned ? p->planned_on : earliest;
}

int mj_rep_placement_year(const struct mj_rep_placement *p)
{
    mj_date day = p->started ? p->started_on : implied_day(p);
    int year = 0;
    int month, of_month;

    if (day != MJ_NO_DATE) {
        mj_date_parts(day, &year, &month, &of_month);
    }
    return year;
}
