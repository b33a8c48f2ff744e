/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "tale.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"

#define DAY_MS INT64_C(86400000)
#define MEAN_MISSIONS 2.5                        /* of a young person */
#define SPREAD_DAYS 12                           /* over which the first missions begin */
#define LATE_SHARE 0.10
#define LATE_DAYS 30
#define TOLD_DAYS 600                            /* every mission is told to its end */

static const struct load_rates rates = { .out_of_order = 0.05, .corrections = 0.01, .cancellations = 0.002 };

struct thread {                                  /* one young person's missions, one after the other */
    uint32_t person, round, number, missions;
    uint32_t next;                               /* fact */
    int64_t shift_ms;                            /* from a fact's own time to the tale's */
    bool late;                                   /* told long after it happened */
    char id[MJ_PERSON_TEXT];
    struct load_mission *mission;
};

struct bench_tale {
    struct bench_tale_options o;
    mj_date today;
    uint32_t person, round;                      /* who comes next */
    int64_t *at_ms;                              /* of each thread's next fact */
    struct thread *threads;
};

/* ---- people ---- */

static void take_person(struct bench_tale *t, struct thread *h)
{
    const struct load_world *w = t->o.world;

    if (t->person >= w->people) {
        t->person = t->o.stream % w->people;
        t->round++;
    }
    h->person = t->person;
    h->round = t->round;
    h->number = 0;
    h->missions = load_person_missions(t->o.seed + h->round, h->person, MEAN_MISSIONS);
    memcpy(h->id, w->ids[h->person], sizeof h->id);
    t->person += t->o.streams;
}

/* ---- missions ---- */

/* As long as the protocol takes, so that events are no smaller than in the field. */
static void name_mission(const struct bench_tale *t, const struct thread *h)
{
    snprintf(h->mission->ref, sizeof h->mission->ref, "FICTI-%016" PRIx64 "-%08x-%08x-%08x-mission-unique",
             t->o.seed, h->person, h->round, h->number);
}

static void begin_mission(struct bench_tale *t, struct thread *h, int64_t at_ms)
{
    struct load_draw d = load_draw_of(t->o.seed + h->round, LOAD_OF_MISSION, h->person, h->number);
    h->late = load_draw_chance(&d, LATE_SHARE);
    struct load_person who;
    struct load_plan p = { .seed = t->o.seed + h->round, .person = h->person, .number = h->number,
                           .story = LOAD_WORKED, .start = h->late ? t->today - LATE_DAYS : t->today };

    load_person_draw(&who, t->o.world->figures.seed, h->person, t->o.world->figures.today);
    p.programme = who.programme;
    p.today = p.start + TOLD_DAYS;
    load_mission_draw(h->mission, &p, &rates);
    name_mission(t, h);
    h->next = 0;
    h->shift_ms = at_ms - h->mission->facts[0].send_at_ms;
}

/* After the last fact: the same person's next mission, or somebody else. */
static void go_on(struct bench_tale *t, unsigned i)
{
    struct thread *h = &t->threads[i];

    if (h->next == h->mission->count) {
        int64_t now = t->at_ms[i];
        if (++h->number == h->missions)
            take_person(t, h);
        begin_mission(t, h, now + DAY_MS);
    }
    t->at_ms[i] = h->mission->facts[h->next].send_at_ms + h->shift_ms;
}

/* ---- the tale ---- */

struct bench_tale *bench_tale_create(const struct bench_tale_options *o)
{
    struct bench_tale *t = mj_calloc(1, sizeof *t);
    struct load_draw d = load_draw_of(o->seed, LOAD_OF_STREAM, o->stream, 0);

    t->o = *o;
    t->today = mj_local_day(o->now_ms, "52");
    t->person = o->stream % o->world->people;
    t->round = 1;
    t->at_ms = mj_calloc(o->open, sizeof *t->at_ms);
    t->threads = mj_calloc(o->open, sizeof *t->threads);
    for (unsigned i = 0; i < o->open; i++) {
        struct thread *h = &t->threads[i];
        h->mission = mj_calloc(1, sizeof *h->mission);
        take_person(t, h);
        begin_mission(t, h, (int64_t)(load_draw_unit(&d) * SPREAD_DAYS * (double)DAY_MS));
        go_on(t, i);
    }
    return t;
}

void bench_tale_free(struct bench_tale *t)
{
    if (t == NULL)
        return;
    for (unsigned i = 0; i < t->o.open; i++)
        free(t->threads[i].mission);
    free(t->threads);
    free(t->at_ms);
    free(t);
}

size_t bench_tale_next(struct bench_tale *t, uint8_t out[LOAD_EVENT_ROOM])
{
    unsigned first = 0;

    for (unsigned i = 1; i < t->o.open; i++)
        if (t->at_ms[i] < t->at_ms[first])
            first = i;
    struct thread *h = &t->threads[first];
    struct load_fact *f = &h->mission->facts[h->next++];
    if (f->occurred_at_ms > t->o.now_ms)
        f->occurred_at_ms = t->o.now_ms;         /* nobody notes what lies ahead */
    if (!h->late && f->occurred_at_ms < t->o.now_ms - DAY_MS)
        f->occurred_at_ms = t->o.now_ms - DAY_MS;        /* a proposal was sent when it was made */
    size_t len = load_fact_pack(h->mission, f, h->id, out);
    go_on(t, first);
    return len;
}

unsigned bench_tale_rounds(const struct bench_tale *t)
{
    return t->round;
}
