/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "reporting/answer.h"

#include <stdlib.h>
#include <string.h>

typedef Missionjeunes__Reporting__V1__RegionCounters region_counters;
typedef Missionjeunes__Reporting__V1__Counter counter;
typedef Missionjeunes__Reporting__V1__LogPosition log_position;

static void *must(void *memory)
{
    if (memory == NULL) {
        abort();                         /* an arena without a ceiling: memory is short */
    }
    return memory;
}

struct gather {
    const struct mj_rep_view *view;
    struct mj_arena *arena;
    counter **out;                       /* NULL: only counting */
    size_t count;
};

static void gather_cell(void *arg, const char *row, mj_rep_name name, int64_t value)
{
    struct gather *g = arg;

    if (!mj_rep_view_sees(g->view, row)) {
        return;
    }
    if (g->out != NULL) {
        counter *c = must(mj_arena_alloc(g->arena, sizeof *c));
        missionjeunes__reporting__v1__counter__init(c);
        c->name = mj_rep_name_text(name, must(mj_arena_alloc(g->arena, MJ_REP_NAME_TEXT)));
        c->row = (char *)row;
        c->value = value;
        g->out[g->count] = c;
    }
    g->count++;
}

static int compare_counters(const void *a, const void *b)
{
    const counter *x = *(counter *const *)a;
    const counter *y = *(counter *const *)b;
    int order = strcmp(x->row, y->row);

    return order != 0 ? order : strcmp(x->name, y->name);
}

static int add_counters(region_counters *m, const struct mj_rep_sources *s, int region, const struct mj_rep_view *view,
                        struct mj_arena *a, size_t *budget, mj_error *err)
{
    struct gather g = { .view = view, .arena = a };
    const char *row;

    if (view->none) {
        return 0;
    }
    if (!mj_rep_view_single(view, &row)) {
        row = NULL;
    }
    mj_rep_cells_each(s->cells, region, row, gather_cell, &g);
    if (g.count > *budget) {
        return mj_fail(err, MJ_RESOURCE_EXHAUSTED, "TOO_MANY_ROWS", "row",
                       "expected at most %d counters in an answer, got more; ask for fewer regions or for one row",
                       MJ_REP_COUNTERS_MAX);
    }
    *budget -= g.count;
    if (g.count > 0) {
        m->counters = g.out = must(mj_arena_alloc(a, g.count * sizeof *g.out));
        g.count = 0;
        mj_rep_cells_each(s->cells, region, row, gather_cell, &g);
        m->n_counters = g.count;
        qsort(m->counters, m->n_counters, sizeof *m->counters, compare_counters);
    }
    return 0;
}

static void add_positions(region_counters *m, const struct mj_rep_sources *s, struct mj_arena *a)
{
    const struct mj_rep_positions *p = mj_rep_cells_positions(s->cells);

    m->positions = must(mj_arena_alloc(a, MJ_REP_LOGS * sizeof *m->positions));
    for (int log = 0; log < MJ_REP_LOGS; log++) {
        if (p->at[log] == 0) {
            continue;
        }
        log_position *l = must(mj_arena_alloc(a, sizeof *l));
        missionjeunes__reporting__v1__log_position__init(l);
        l->service = (char *)mj_rep_log_service(log);
        l->region = (char *)mj_rep_log_region(log);
        l->position = p->at[log];
        m->positions[m->n_positions++] = l;
    }
}

int mj_rep_answer(region_counters **ret, const struct mj_rep_sources *s, int region, const struct mj_rep_view *view,
                  struct mj_arena *a, size_t *budget, mj_error *err)
{
    region_counters *m = must(mj_arena_alloc(a, sizeof *m));

    missionjeunes__reporting__v1__region_counters__init(m);
    if (add_counters(m, s, region, view, a, budget, err) < 0) {
        return -1;
    }
    add_positions(m, s, a);
    m->region = (char *)mj_rep_region_code(region);
    m->stale = mj_rep_live_stale(s->live, region);
    m->as_of_ms = mj_rep_cells_as_of(s->cells);
    m->definition_version = MJ_REP_DEFINITION;
    m->events_per_second = mj_rep_health_rate(s->health, region, mj_loop_now_ms(s->loop));
    m->lag_entries = s->health->lag[region];
    m->version = mj_rep_cells_version(s->cells, region);
    m->epoch = (ProtobufCBinaryData){ sizeof s->epoch, (uint8_t *)s->epoch };
    *ret = m;
    return 0;
}
