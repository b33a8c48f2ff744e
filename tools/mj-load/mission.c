/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "mission.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "world.h"

#define DAY_MS INT64_C(86400000)
#define HOUR_MS INT64_C(3600000)
#define DAY_MINUTES 420                  /* 7 h */
#define WEEKS_TOLD 2

static const char *const occupations[] = {       /* ROME codes of transport, industry, trade, building, hotels */
    "N1103", "N1105", "N1101", "N4105", "N4101", "H2102", "H3302", "H2909", "D1507", "D1505", "F1704", "F1701", "K2204",
    "G1602", "G1603", "G1605", "A1417", "I1203",
};
#define OCCUPATIONS (sizeof occupations / sizeof occupations[0])

/* ---- the plan in figures ---- */

static uint32_t draw_days(struct load_draw *d, enum load_programme programme)
{
    double mu = programme == LOAD_CEJ ? 1.16 : 2.35, days;

    do
        days = load_draw_lognormal(d, mu, 1.91);
    while (days >= LOAD_DAYS_MAX);
    return 1 + (uint32_t)days;
}

/* Nearly all in temporary work: that is what the published figures count as missions. */
static uint8_t draw_contract(struct load_draw *d, uint32_t days)
{
    double x = load_draw_unit(d);

    if (days >= 180 && x < 0.2)
        return x < 0.1 ? 5 : 4;          /* CDI, CDD */
    if (x < 0.93)
        return 1;                        /* CTT */
    return x < 0.985 ? 2 : x < 0.995 ? 3 : 4;    /* in a CDI interimaire, mission-formation, CDD */
}

static void draw_figures(struct load_mission *m, const struct load_plan *p, struct load_draw *d)
{
    snprintf(m->ref, sizeof m->ref, "FICTIF-%08x-%u-%u%s", (unsigned)(p->seed & 0xffffffffu), p->person, p->number,
             p->story == LOAD_NO_START ? "-N" : "");
    m->days = draw_days(d, p->programme);
    m->contract = draw_contract(d, m->days);
    load_world_host(m->host, p->seed, load_draw_below(d, LOAD_HOSTS));
    snprintf(m->rome, sizeof m->rome, "%s", occupations[load_draw_below(d, OCCUPATIONS)]);
    m->start = p->start;
    m->end = p->start + (mj_date)m->days - 1;
}

/* ---- facts, in the order in which they come about ---- */

/* On a day, at an hour; the minute tells the facts of a mission apart. NULL: it lies ahead. */
static struct load_fact *tell(struct load_mission *m, const struct load_plan *p, enum pl_kind kind, mj_date day,
                              int hour)
{
    struct load_fact *f = &m->facts[m->count];

    if (day > p->today || m->count == LOAD_FACTS_MAX)
        return NULL;
    *f = (struct load_fact){ .kind = kind, .on = day, .until = MJ_NO_DATE };
    f->occurred_at_ms = f->send_at_ms = day * DAY_MS + hour * HOUR_MS + m->count * 60000;
    m->count++;
    return f;
}

static void tell_planned(struct load_mission *m, const struct load_plan *p, enum pl_kind kind, mj_date day, mj_date end)
{
    struct load_fact *f = tell(m, p, kind, day, 10);

    f->on = m->start;                    /* always there: it lies before the start */
    f->until = end;
    f->minutes = 5 * DAY_MINUTES;
}

static void tell_hours(struct load_mission *m, const struct load_plan *p)
{
    int32_t weekday = (m->start + 3) % 7;        /* 1970-01-01 was a Thursday; Monday is 0 */
    mj_date monday = m->start - weekday;

    for (int w = 0; w < WEEKS_TOLD && monday <= m->end; w++, monday += 7) {
        mj_date from = monday > m->start ? monday : m->start, to = monday + 6 < m->end ? monday + 6 : m->end;
        int days = to - from + 1 < 5 ? to - from + 1 : 5;
        struct load_fact *f = tell(m, p, PL_HOURS, monday + 7, 7);

        if (!f)
            return;
        f->on = monday;
        f->code = m->contract == 3 && w == 1 ? 2 : 1;            /* training, work */
        f->minutes = (uint32_t)days * DAY_MINUTES;
    }
}

/* Where it was renewed, it was first planned to end at `first_end`. */
static void tell_end(struct load_mission *m, const struct load_plan *p, mj_date first_end, struct load_draw *d)
{
    struct load_fact *f;

    if (first_end != m->end && (f = tell(m, p, PL_EXTENDED, first_end, 16))) {
        f->number = 1;
        f->until = m->end;
    }
    f = tell(m, p, PL_ENDED, m->end, 18);
    if (f) {
        double x = load_draw_unit(d);
        f->code = x < 0.9 ? 1 : x < 0.94 ? 2 : x < 0.97 ? 3 : 4; /* term; early by the host, by the person; trial */
    }
}

static void tell_worked(struct load_mission *m, const struct load_plan *p, struct load_draw *d)
{
    bool open_end = m->contract == PL_CONTRACT_CDI;
    mj_date first_end = m->end;

    if (m->days >= 4 && !open_end && load_draw_chance(d, 0.15))
        first_end = m->start + (mj_date)m->days / 2;
    if (load_draw_chance(d, 0.7))
        tell_planned(m, p, PL_PROPOSED, m->start - 2 - (mj_date)load_draw_below(d, 6), first_end);
    tell_planned(m, p, PL_CONFIRMED, m->start - 1, open_end ? MJ_NO_DATE : first_end);
    tell(m, p, PL_STARTED, m->start, 8);
    tell_hours(m, p);
    tell_end(m, p, first_end, d);
}

static void tell_no_start(struct load_mission *m, const struct load_plan *p, struct load_draw *d)
{
    struct load_fact *f;

    tell_planned(m, p, PL_PROPOSED, m->start - 4, m->end);
    if (load_draw_chance(d, 0.7)) {
        f = tell(m, p, PL_REFUSED, m->start - 3, 11);
        f->code = (uint8_t)(1 + load_draw_below(d, 3));
        return;
    }
    tell_planned(m, p, PL_CONFIRMED, m->start - 3, m->contract == PL_CONTRACT_CDI ? MJ_NO_DATE : m->end);
    tell(m, p, PL_CANCELLED, m->start - 2, 12);
}

/* ---- the order of sending ---- */

static void sort_by_sending(struct load_mission *m)
{
    for (uint32_t i = 1; i < m->count; i++)
        for (uint32_t j = i; j > 0 && m->facts[j].send_at_ms < m->facts[j - 1].send_at_ms; j--) {
            struct load_fact f = m->facts[j];
            m->facts[j] = m->facts[j - 1];
            m->facts[j - 1] = f;
        }
}

/* Only what worked may come in any order: a refusal or a cancellation before the start must close its placement. */
static void disorder(struct load_mission *m, const struct load_rates *r, struct load_draw *d)
{
    for (uint32_t i = 0; i < m->count; i++) {
        if (load_draw_chance(d, r->late))
            m->facts[i].send_at_ms += (3 + load_draw_below(d, 13)) * DAY_MS;
        if (i > 0 && load_draw_chance(d, r->out_of_order)) {
            int64_t at = m->facts[i].send_at_ms;
            m->facts[i].send_at_ms = m->facts[i - 1].send_at_ms;
            m->facts[i - 1].send_at_ms = at;
        }
    }
    sort_by_sending(m);
}

/* A correction's value differs from the one that it replaces. Answers false for kinds that we do not correct. */
static bool corrected(struct load_fact *f)
{
    f->correction = true;
    f->occurred_at_ms += HOUR_MS;
    f->send_at_ms += 5 * HOUR_MS;
    if (f->kind == PL_HOURS || f->kind == PL_CONFIRMED)
        f->minutes -= 30;
    else if (f->kind == PL_ENDED)
        f->code = f->code == 1 ? 3 : 1;
    else
        return false;
    return true;
}

static void correct(struct load_mission *m, const struct load_plan *p, const struct load_rates *r, struct load_draw *d)
{
    uint32_t plain = m->count;

    for (uint32_t i = 0; i < plain; i++) {
        struct load_fact f = m->facts[i];
        if (m->count < LOAD_FACTS_MAX && load_draw_chance(d, r->corrections) && corrected(&f))
            m->facts[m->count++] = f;
    }
    sort_by_sending(m);
    if (m->count < LOAD_FACTS_MAX && load_draw_chance(d, r->cancellations)) {
        int64_t last = m->facts[m->count - 1].send_at_ms;
        struct load_fact *f = tell(m, p, PL_CANCELLED, m->start, 20);
        if (f) {
            f->correction = true;
            f->send_at_ms = last + 1;    /* nothing may follow it */
        }
    }
}

void load_mission_draw(struct load_mission *ret, const struct load_plan *p, const struct load_rates *rates)
{
    struct load_draw d = load_draw_of(p->seed, LOAD_OF_STORY, p->person, 2u * p->number + (p->story == LOAD_NO_START));

    memset(ret, 0, sizeof *ret);
    draw_figures(ret, p, &d);
    ret->nobody = load_draw_chance(&d, rates->unmatched);
    if (p->story == LOAD_NO_START) {
        tell_no_start(ret, p, &d);
        return;
    }
    tell_worked(ret, p, &d);
    disorder(ret, rates, &d);
    correct(ret, p, rates, &d);
}
