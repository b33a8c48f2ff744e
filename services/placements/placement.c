/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "placements/placement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- facts ---- */

/* First fact that is not before (kind, part). */
static uint32_t place_of(const struct pl_placement *p, enum pl_kind kind, uint32_t part)
{
    uint32_t i = 0;
    while (i < p->count && (p->facts[i].kind < kind || (p->facts[i].kind == kind && p->facts[i].part < part)))
        i++;
    return i;
}

static bool is_fact(const struct pl_held *h, enum pl_kind kind, uint32_t part)
{
    return h->kind == kind && h->part == part;
}

static const struct pl_held *held(const struct pl_placement *p, enum pl_kind kind, uint32_t part)
{
    uint32_t i = place_of(p, kind, part);
    return i < p->count && is_fact(&p->facts[i], kind, part) ? &p->facts[i] : NULL;
}

static uint32_t part_of(const struct pl_fact *f)
{
    return (uint32_t)f->part;
}

/* Sets of kinds: those that a placement has facts of. */
#define KIND(k) (1u << (k))
#define IMPLY_START (KIND(PL_HOURS) | KIND(PL_EXTENDED) | KIND(PL_ENDED))
#define SAY_STARTED (IMPLY_START | KIND(PL_STARTED))

static unsigned kinds_of(const struct pl_placement *p)
{
    unsigned kinds = 0;
    for (uint32_t i = 0; p != NULL && i < p->count; i++)
        kinds |= KIND(p->facts[i].kind);
    return kinds;
}

/* ---- dates that must agree ---- */

struct span {                            /* what the facts say of a mission's days; MJ_NO_DATE: nothing */
    mj_date start, end, first_week, last_week, first_renewal;
};

static void earlier(mj_date *d, mj_date other)
{
    if (*d == MJ_NO_DATE || other < *d)
        *d = other;
}

static void into_span(struct span *s, enum pl_kind kind, mj_date on)
{
    if (kind == PL_STARTED)
        s->start = on;
    else if (kind == PL_ENDED)
        s->end = on;
    else if (kind == PL_EXTENDED)
        earlier(&s->first_renewal, on);
    else if (kind == PL_HOURS) {
        earlier(&s->first_week, on);
        if (s->last_week == MJ_NO_DATE || on > s->last_week)
            s->last_week = on;
    }
}

/* The span with f in the place of the fact it names; f NULL: as it is. */
static struct span span_with(const struct pl_placement *p, const struct pl_fact *f)
{
    struct span s = { MJ_NO_DATE, MJ_NO_DATE, MJ_NO_DATE, MJ_NO_DATE, MJ_NO_DATE };
    for (uint32_t i = 0; p != NULL && i < p->count; i++)
        if (f == NULL || !is_fact(&p->facts[i], f->kind, part_of(f)))
            into_span(&s, p->facts[i].kind, p->facts[i].on);
    if (f != NULL)
        into_span(&s, f->kind, f->on);
    return s;
}

/* Field of the event at hand, which brings a fact of that kind. */
static int refuse(mj_error *err, const char *reason, const struct pl_fact *f, bool correction, const char *member,
                  const char *text)
{
    char field[64];
    (void)snprintf(field, sizeof field, "%s%s%s", correction ? "corrected." : "", pl_kind_name(f->kind), member);
    return mj_fail(err, MJ_INVALID_ARGUMENT, reason, field, "%s", text);
}

static const char *date_member(enum pl_kind kind)
{
    return kind == PL_HOURS ? ".week" : kind == PL_EXTENDED ? ".new_end" : ".on";
}

static int check_dates(const struct span *s, const struct pl_fact *f, bool correction, mj_error *err)
{
    const char *member = date_member(f->kind);
    if (s->start != MJ_NO_DATE && ((s->end != MJ_NO_DATE && s->end < s->start) ||
                                   (s->first_renewal != MJ_NO_DATE && s->first_renewal < s->start)))
        return refuse(err, "END_BEFORE_START", f, correction, member,
                      "expected an end not before the start, got an earlier one; check both days");
    if (s->start != MJ_NO_DATE && s->first_week != MJ_NO_DATE && s->first_week + 6 < s->start)
        return refuse(err, "HOURS_OUTSIDE", f, correction, member,
                      "expected reported weeks not wholly before the start, got one; check week and start");
    if (s->end != MJ_NO_DATE && s->last_week != MJ_NO_DATE && s->last_week > s->end)
        return refuse(err, "HOURS_OUTSIDE", f, correction, member,
                      "expected reported weeks not wholly after the end, got one; check week and end");
    return 0;
}

/* ---- judging ---- */

static int judge_correction(const struct pl_held *h, const struct pl_fact *f, struct pl_verdict *v, mj_error *err)
{
    if (h == NULL && f->kind != PL_CANCELLED)
        return refuse(err, "FACT_UNKNOWN", f, true, "",
                      "expected a fact already told under this placement_ref, got none; send it as a plain event");
    if (h != NULL && h->tag == f->tag) {
        v->judgement = PL_KNOW;
        v->same_as = h->number;
    }
    return 0;
}

/* A fact that is told again. */
static int judge_again(const struct pl_held *h, const struct pl_fact *f, struct pl_verdict *v, mj_error *err)
{
    bool as_now = h->tag == f->tag;
    v->judgement = PL_KNOW;
    v->same_as = as_now ? h->number : h->first_number;
    if (as_now || h->first_tag == f->tag)
        return 0;
    v->same_as = h->number;
    return refuse(err, "USE_CORRECTION", f, false, "",
                  "expected the value already told, got another; send it as corrected under a new number");
}

/* A fact that is new to a placement that has others. */
static int judge_new(const struct pl_placement *p, unsigned kinds, const struct pl_fact *f, mj_error *err)
{
    if (p->count >= PL_FACTS_MAX)
        return refuse(err, "FACTS_LIMIT", f, false, "",
                      "expected at most 512 facts of a placement, got more; use another placement_ref");
    if (kinds & KIND(PL_CANCELLED))
        return refuse(err, "ALREADY_CANCELLED", f, false, "",
                      "expected nothing but corrections after cancelled, got a new fact; use another placement_ref");
    if (kinds & KIND(PL_REFUSED))
        return refuse(err, "ALREADY_REFUSED", f, false, "",
                      "expected nothing but corrections after refused, got a new fact; use another placement_ref");
    if (f->kind == PL_CANCELLED && kinds & SAY_STARTED)
        return refuse(err, "USE_CORRECTION", f, false, "",
                      "expected a cancellation before the start, got one after it; send corrected.cancelled");
    if (f->kind == PL_REFUSED && kinds & SAY_STARTED)
        return refuse(err, "ALREADY_STARTED", f, false, "", "expected a refusal before the start, got one after it");
    if (f->kind == PL_REFUSED && kinds & KIND(PL_CONFIRMED))
        return refuse(err, "ALREADY_CONFIRMED", f, false, "",
                      "expected a refusal before the confirmation, got one after it; send cancelled");
    return 0;
}

static int judge_person(const struct pl_placement *p, const char *person, mj_error *err)
{
    if (p == NULL || person[0] == '\0' || p->young_person[0] == '\0' || strcmp(p->young_person, person) == 0)
        return 0;
    return mj_fail(err, MJ_INVALID_ARGUMENT, "PERSON_CHANGED", "young_person",
                   "expected the young person of this placement_ref, got another; check the reference");
}

static void warn_of_duration(const struct pl_placement *before, const struct pl_fact *f, bool correction,
                             struct pl_verdict *v)
{
    struct pl_summary s;
    if ((f->kind != PL_ENDED && f->kind != PL_EXTENDED) || before == NULL)
        return;
    pl_placement_sum(before, &s);
    if (s.started_on == MJ_NO_DATE || f->on < mj_date_add_months(s.started_on, PL_WARN_MONTHS))
        return;
    v->warning.name = "DURATION_OVER_18_MONTHS";
    (void)snprintf(v->warning.field, sizeof v->warning.field, "%s%s%s", correction ? "corrected." : "",
                   pl_kind_name(f->kind), date_member(f->kind));
}

int pl_placement_judge(const struct pl_placement *before, const struct pl_event *ev, struct pl_verdict *v,
                       mj_error *err)
{
    const struct pl_fact *f = &ev->fact;
    unsigned kinds = kinds_of(before);
    *v = (struct pl_verdict){ .judgement = PL_TAKE, .warning = { "", "" } };
    if (judge_person(before, ev->young_person, err) < 0)
        return -1;
    const struct pl_held *h = kinds & KIND(f->kind) ? held(before, f->kind, part_of(f)) : NULL;
    int rc = ev->correction ? judge_correction(h, f, v, err)
             : h != NULL ? judge_again(h, f, v, err)
             : before != NULL ? judge_new(before, kinds, f, err) : 0;
    if (rc < 0 || v->judgement == PL_KNOW)
        return rc;
    if (KIND(f->kind) & SAY_STARTED) {
        struct span s = span_with(before, f);
        if (check_dates(&s, f, ev->correction, err) < 0)
            return -1;
    }
    v->implied_start = KIND(f->kind) & IMPLY_START && !(kinds & SAY_STARTED);
    warn_of_duration(before, f, ev->correction, v);
    return 0;
}

/* ---- folding ---- */

static struct pl_placement *grown(const struct pl_placement *p)
{
    struct pl_placement *copy = pl_placement_create(p->stream, p->room + (p->room + 1u) / 2);
    uint16_t room = copy->room;
    memcpy(copy, p, sizeof *p + p->count * sizeof *p->facts);
    copy->room = room;
    return copy;
}

struct pl_placement *pl_placement_apply(struct pl_placement *p, uint64_t number, const struct pl_event *ev)
{
    const struct pl_fact *f = &ev->fact;
    uint32_t i = place_of(p, f->kind, part_of(f));
    if (i == p->count || !is_fact(&p->facts[i], f->kind, part_of(f))) {
        p = p->count == p->room ? grown(p) : p;
        memmove(&p->facts[i + 1], &p->facts[i], (p->count - i) * sizeof *p->facts);
        p->count++;
        p->facts[i].first_tag = f->tag;
        p->facts[i].first_number = number;
    }
    struct pl_held *h = &p->facts[i];
    h->tag = f->tag;
    h->number = number;
    h->on = f->on;
    h->until = f->until;
    h->part = part_of(f);
    h->minutes = (uint16_t)f->minutes;
    h->kind = (uint8_t)f->kind;
    h->code = f->code;
    if (p->young_person[0] == '\0')
        memcpy(p->young_person, ev->young_person, sizeof p->young_person);
    return p;
}

struct pl_placement *pl_placement_create(const char *stream, uint32_t room)
{
    room = room == 0 ? 1 : room < PL_HELD_MAX ? room : PL_HELD_MAX;
    struct pl_placement *p = mj_calloc(1, sizeof *p + room * sizeof *p->facts);
    (void)memccpy(p->stream, stream, '\0', MJ_SIRET_LEN);
    p->room = (uint16_t)room;
    return p;
}

void pl_placement_free(void *p)
{
    free(p);
}

size_t pl_placement_size(const void *arg)
{
    const struct pl_placement *p = arg;
    return sizeof *p + p->room * sizeof *p->facts;
}

/* ---- adding up ---- */

/* The start where only later facts say that there was one: the planned day, unless a fact is told of an earlier one;
 * then the earliest day that such a fact can mean. */
static mj_date implied_start_on(const struct pl_placement *p)
{
    const struct pl_held *planned = held(p, PL_CONFIRMED, 0);
    if (planned == NULL)
        planned = held(p, PL_PROPOSED, 0);
    struct span s = span_with(p, NULL);
    mj_date latest = s.end, earliest = s.end;
    if (s.first_week != MJ_NO_DATE) {
        earlier(&latest, s.first_week + 6);
        earlier(&earliest, s.first_week);
    }
    if (planned != NULL && (latest == MJ_NO_DATE || planned->on <= latest))
        return planned->on;
    return earliest;
}

static enum pl_state state_of(unsigned kinds, const struct pl_held *ended)
{
    if (kinds & KIND(PL_CANCELLED))
        return PL_S_CANCELLED;
    if (kinds & KIND(PL_REFUSED))
        return PL_S_REFUSED;
    if (ended != NULL)
        return ended->code == PL_MOTIVE_TERM ? PL_S_ENDED_AT_TERM : PL_S_ENDED_EARLY;
    if (kinds & SAY_STARTED)
        return PL_S_STARTED;
    return kinds & KIND(PL_CONFIRMED) ? PL_S_CONFIRMED : kinds & KIND(PL_PROPOSED) ? PL_S_PROPOSED : PL_S_NONE;
}

void pl_placement_sum(const struct pl_placement *p, struct pl_summary *s)
{
    const struct pl_held *started = held(p, PL_STARTED, 0), *ended = held(p, PL_ENDED, 0);
    const struct pl_held *confirmed = held(p, PL_CONFIRMED, 0);
    unsigned kinds = kinds_of(p);
    *s = (struct pl_summary){ .state = state_of(kinds, ended), .started_on = MJ_NO_DATE, .ended_on = MJ_NO_DATE };
    if (started != NULL)
        s->started_on = started->on;
    else if (kinds & SAY_STARTED) {
        s->start_implied = true;
        s->started_on = implied_start_on(p);
    }
    if (ended != NULL)
        s->ended_on = ended->on;
    if (started != NULL || confirmed != NULL)
        s->contract_kind = started != NULL ? started->code : confirmed->code;
    for (uint32_t i = 0; i < p->count; i++)
        if (p->facts[i].kind == PL_HOURS)
            s->minutes += p->facts[i].minutes;
}
