/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "reporting/placement.h"

#include <missionjeunes/placements/v1/placements.pb-c.h>
#include <stdio.h>
#include <string.h>

#define KIND(name) MISSIONJEUNES__PLACEMENTS__V1__CONTRACT_KIND__CONTRACT_KIND_##name

void mj_rep_placement_init(struct mj_rep_placement *p, const char *stream)
{
    *p = (struct mj_rep_placement){
        .started_on = MJ_NO_DATE, .planned_on = MJ_NO_DATE, .worked_on = MJ_NO_DATE, .ended_on = MJ_NO_DATE
    };
    snprintf(p->stream, sizeof p->stream, "%s", stream);
}

static void fold_hours(struct mj_rep_placement *p, mj_date monday)
{
    if (p->worked_on == MJ_NO_DATE || monday < p->worked_on) {
        p->worked_on = monday;
    }
}

static void plan(struct mj_rep_placement *p, mj_date day)
{
    if (day != MJ_NO_DATE) {
        p->planned_on = day;
    }
}

/* A correction's value takes the place of what was told. PL02 and PL06 move no figure. */
static void fold_fact(struct mj_rep_placement *p, const struct mj_rep_told *told)
{
    switch (told->fact) {
    case MJ_REP_PROPOSED:
        if (p->kind_confirmed == 0) {    /* what was agreed stands before what was proposed */
            plan(p, told->day);
        }
        break;
    case MJ_REP_CONFIRMED:
        p->kind_confirmed = told->contract;
        plan(p, told->day);
        break;
    case MJ_REP_STARTED:
        p->started = true;
        p->kind_started = told->contract;
        p->started_on = told->day;
        break;
    case MJ_REP_HOURS:
        fold_hours(p, told->day);
        break;
    case MJ_REP_ENDED:
        p->ended_on = told->day;
        break;
    case MJ_REP_CANCELLED:
        p->cancelled = true;
        break;
    default:
        break;
    }
}

int mj_rep_placement_accept(struct mj_rep_placement *p, const struct mj_rep_told *told, mj_error *err)
{
    if (p->person[0] == '\0' && told->person[0] != '\0') {
        if (mj_person_check(told->person, NULL, NULL) < 0) {
            return mj_fail(err, MJ_DATA_LOSS, "ENTRY_PERSON", "event", "an accepted event names no young person's id");
        }
        memcpy(p->person, told->person, sizeof p->person);
    }
    if (told->unmatched) {
        p->unmatched = true;
    } else if (p->person[0] != '\0') {
        p->matched = true;
    }
    p->implied = p->implied || told->implied_start;
    fold_fact(p, told);
    return 0;
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

/* A start once told, a match and a cancellation are never taken back; they hide what other facts would say. */
bool mj_rep_placement_settled(const struct mj_rep_placement *p, const struct mj_rep_told *told)
{
    if (p->cancelled) {
        return true;
    }
    return p->matched && p->started && told->fact != MJ_REP_STARTED && told->fact != MJ_REP_CANCELLED;
}
