/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "agenda.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"

#define YEAR_DAYS 365
#define SLICE_DAYS 30
#define AHEAD_DAYS 10                    /* a proposal lies at most so long before the start */
#define NO_START_SHARE 0.06              /* missions that come with one that was refused or called off */
#define MISSIONS_MEAN 2.5                /* a person and year: 73,295 of 29,293 (UNML, 2023) */
#define DAY_MS INT64_C(86400000)

struct under_way {                       /* a mission of which something is still to be told */
    struct load_mission m;
    uint32_t next;
    bool person_told;
    char person[MJ_PERSON_TEXT];
    struct load_draw extras;
};

struct load_agenda {
    const struct load_world *world;
    const struct load_demand *demand;
    double mean;
    unsigned people_first, people_count; /* of the region, as far as they have missions */
    unsigned agencies, mine;             /* of the region that take part; which of them this is */
    mj_date slice, begin;                /* first day not looked through; first day of the year */
    struct under_way **heap;             /* by the next fact's place in the order of sending */
    size_t count, room;
    struct load_event repeat;            /* to be told again next */
    bool has_repeat;
};

/* ---- how the demand falls on the world ---- */

void load_demand_share(const struct load_demand *d, const struct load_world *w, struct load_shares *ret)
{
    unsigned people = 0, agencies = 0;

    memset(ret, 0, sizeof *ret);
    for (size_t r = 0; r < mj_region_count; r++)
        if (w->parts[r].in && load_region_listed(d->regions, mj_regions[r].code)) {
            people += w->parts[r].people.count;
            agencies += w->parts[r].agencies.count;
        }
    for (size_t r = 0; r < mj_region_count && agencies; r++)
        if (w->parts[r].in && load_region_listed(d->regions, mj_regions[r].code)) {
            unsigned all = w->parts[r].agencies.count;
            unsigned some = d->agencies ? (unsigned)(((uint64_t)d->agencies * all + agencies - 1) / agencies) : all;
            ret->agencies[r] = some < all ? some : all;
        }
    double each = people ? (double)d->missions / people : 0;
    ret->mean = each > MISSIONS_MEAN ? each : MISSIONS_MEAN;
    ret->people = each / ret->mean;
}

/* ---- missions under way, by what is to be told next ---- */

static int64_t due(const struct under_way *u)
{
    return u->m.facts[u->next].send_at_ms;
}

/* Ties are told in a fixed order: the heap's shape must not show. */
static bool before(const struct under_way *a, const struct under_way *b)
{
    return due(a) != due(b) ? due(a) < due(b) : strcmp(a->m.ref, b->m.ref) < 0;
}

static void swap(struct load_agenda *a, size_t i, size_t j)
{
    struct under_way *u = a->heap[i];
    a->heap[i] = a->heap[j];
    a->heap[j] = u;
}

static void sink(struct load_agenda *a, size_t i)
{
    for (;;) {
        size_t least = i, child = 2 * i + 1;

        for (size_t c = child; c < child + 2 && c < a->count; c++)
            if (before(a->heap[c], a->heap[least]))
                least = c;
        if (least == i)
            return;
        swap(a, i, least);
        i = least;
    }
}

static void push(struct load_agenda *a, struct under_way *u)
{
    if (a->count == a->room) {
        a->room = a->room ? 2 * a->room : 64;
        struct under_way **heap = mj_calloc(a->room, sizeof(struct under_way *));
        if (a->count)
            memcpy(heap, a->heap, a->count * sizeof(struct under_way *));
        free(a->heap);
        a->heap = heap;
    }
    a->heap[a->count] = u;
    for (size_t i = a->count++; i > 0 && before(a->heap[i], a->heap[(i - 1) / 2]); i = (i - 1) / 2)
        swap(a, i, (i - 1) / 2);
}

/* ---- looking through the year ---- */

static void begin_mission(struct load_agenda *a, unsigned person, uint32_t number, mj_date start, enum load_story story)
{
    struct under_way *u = mj_calloc(1, sizeof *u);
    struct load_person who;
    struct load_plan plan = { a->demand->seed, person, number, story, LOAD_PACEA, start, a->world->figures.today };
    uint64_t bits[2];

    load_person_draw(&who, a->world->figures.seed, person, a->world->figures.today);
    plan.programme = who.programme;
    load_mission_draw(&u->m, &plan, &a->demand->rates);
    u->extras = load_draw_of(plan.seed, LOAD_OF_STREAM, person, 2u * number + (story == LOAD_NO_START));
    snprintf(u->person, sizeof u->person, "%s", a->world->ids[person]);
    if (u->m.nobody) {
        bits[0] = load_draw_bits(&u->extras);
        bits[1] = load_draw_bits(&u->extras);
        mj_person_make(u->person, mj_regions[load_world_region_of(a->world, person)].code, (const uint8_t *)bits);
    }
    push(a, u);
}

/* A person's missions lie in the year one after the other; one that falls on a Sunday starts the day after. */
static void look_at(struct load_agenda *a, unsigned person, mj_date from, mj_date to)
{
    uint32_t missions = load_person_missions(a->demand->seed, person, a->mean);

    for (uint32_t k = 0; k < missions; k++) {
        struct load_draw d = load_draw_of(a->demand->seed, LOAD_OF_MISSION, person, k);
        mj_date start = a->begin + (mj_date)((k + load_draw_unit(&d)) * YEAR_DAYS / missions);

        if ((start + 3) % 7 == 6 && start < a->world->figures.today)
            start++;
        if (load_draw_below(&d, a->agencies) != a->mine || start < from || start >= to)
            continue;
        if (load_draw_chance(&d, NO_START_SHARE))
            begin_mission(a, person, k, start, LOAD_NO_START);
        begin_mission(a, person, k, start, LOAD_WORKED);
    }
}

/* So far that nothing begun later can come before what is due next. */
static void look_ahead(struct load_agenda *a)
{
    while (a->slice <= a->world->figures.today &&
           (a->count == 0 || due(a->heap[0]) >= (a->slice - AHEAD_DAYS) * DAY_MS)) {
        for (unsigned i = 0; i < a->people_count; i++)
            if (a->world->ids[a->people_first + i][0])
                look_at(a, a->people_first + i, a->slice, a->slice + SLICE_DAYS);
        a->slice += SLICE_DAYS;
    }
}

struct load_agenda *load_agenda_create(const struct load_world *w, const struct load_demand *d,
                                       const struct load_shares *s, unsigned agency)
{
    struct load_agenda *a = mj_calloc(1, sizeof *a);
    struct load_organisation o;

    load_world_agency(w, agency, &o);
    const struct load_part *part = &w->parts[o.region];
    a->world = w;
    a->demand = d;
    a->mean = s->mean;
    a->people_first = part->people.first;
    a->people_count = (unsigned)(part->people.count * s->people + 0.999);
    a->agencies = s->agencies[o.region];
    a->mine = agency - part->agencies.first;
    a->begin = a->slice = w->figures.today - YEAR_DAYS + 1;
    return a;
}

void load_agenda_free(struct load_agenda *a)
{
    if (!a)
        return;
    while (a->count)
        free(a->heap[--a->count]);
    free(a->heap);
    free(a);
}

/* ---- telling ---- */

static void write_event(struct under_way *u, struct load_event *ret)
{
    const struct load_fact *f = &u->m.facts[u->next];
    bool person = !u->person_told || (!f->correction && (f->kind == PL_PROPOSED || f->kind == PL_CONFIRMED ||
                                                         f->kind == PL_STARTED));

    ret->len = load_fact_pack(&u->m, f, person ? u->person : "", ret->bytes);
    ret->expect = u->m.nobody ? LOAD_EXPECT_UNMATCHED : LOAD_EXPECT_ACCEPTED;
    ret->starts = f->kind == PL_STARTED;
    snprintf(ret->kind, sizeof ret->kind, "%s", pl_kind_name(f->kind));
    load_fact_key(f, ret->key);
    memcpy(ret->ref, u->m.ref, sizeof ret->ref);
    memcpy(ret->person, u->person, sizeof ret->person);
}

/* Bytes that are no event take a number of their own; the event itself follows under the next. */
static bool spoil(const struct load_agenda *a, struct under_way *u, struct load_event *ret)
{
    if (!load_draw_chance(&u->extras, a->demand->rates.malformed))
        return false;
    ret->len = load_event_spoil(ret->bytes, ret->len, load_draw_below(&u->extras, LOAD_SPOILS));
    ret->expect = LOAD_EXPECT_REJECTED;
    ret->starts = false;
    snprintf(ret->kind, sizeof ret->kind, "malformed");
    return true;
}

static void told(struct load_agenda *a, struct under_way *u, const struct load_event *e)
{
    u->person_told = true;
    if (load_draw_chance(&u->extras, a->demand->rates.repeats)) {
        a->repeat = *e;
        a->repeat.expect = LOAD_EXPECT_DUPLICATE;
        a->repeat.starts = false;
        a->has_repeat = true;
    }
    if (++u->next < u->m.count) {
        sink(a, 0);
        return;
    }
    free(u);
    a->heap[0] = a->heap[--a->count];
    sink(a, 0);
}

bool load_agenda_next(struct load_agenda *a, struct load_event *ret)
{
    if (a->has_repeat) {
        *ret = a->repeat;
        a->has_repeat = false;
        return true;
    }
    look_ahead(a);
    if (a->count == 0)
        return false;
    struct under_way *u = a->heap[0];
    write_event(u, ret);
    if (!spoil(a, u, ret))
        told(a, u, ret);
    return true;
}
