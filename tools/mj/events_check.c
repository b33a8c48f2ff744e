/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* The service's own rules, run here: each event by itself, then each placement as the file tells it. */
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/hash.h"
#include "events.h"
#include "placements/placement.h"

struct told {                            /* a placement of the file */
    UT_hash_handle hh;
    struct pl_placement *placement;
    size_t len;
    uint8_t ref[PL_REF_MAX];
};

static struct told *told_of(struct told **all, const struct pl_event *ev, const char *siret)
{
    struct told *t;
    HASH_FIND(hh, *all, ev->ref, ev->ref_len, t);
    if (t)
        return t;
    t = mj_calloc(1, sizeof *t);
    t->len = ev->ref_len;
    memcpy(t->ref, ev->ref, ev->ref_len);
    t->placement = pl_placement_create(siret, PL_ROOM);
    HASH_ADD_KEYPTR(hh, *all, t->ref, t->len, t);
    return t;
}

static void forget_all(struct told **all)
{
    struct told *t, *next;
    HASH_ITER(hh, *all, t, next) {
        HASH_DEL(*all, t);
        pl_placement_free(t->placement);
        free(t);
    }
}

static void apply(struct told *t, uint64_t number, const struct pl_event *ev)
{
    struct pl_placement *before = t->placement;
    t->placement = pl_placement_apply(before, number, ev);
    if (t->placement != before)
        pl_placement_free(before);
}

/* Numbers of events are, here, their places in the file, from 1. */
static int judge(struct events *e, size_t i, struct told *t, const struct pl_event *ev, mj_error *err)
{
    struct pl_verdict v = { 0 };
    bool fresh = t->placement->count == 0;

    if (pl_placement_judge(fresh ? NULL : t->placement, ev, &v, err) < 0)
        return strcmp(err->reason, "FACT_UNKNOWN") == 0 ? 0 : -1;
    if (v.warning.name && v.warning.name[0] && !e->items[i].warning.name[0])
        e->items[i].warning = v.warning;
    if (v.judgement == PL_KNOW && v.same_as)
        e->items[i].same_line = e->items[v.same_as - 1].line;
    else if (v.judgement == PL_TAKE)
        apply(t, i + 1, ev);
    return 0;
}

void events_check(struct events *e, const char *siret, int64_t now_ms)
{
    struct mj_arena *a = mj_arena_create(0);
    struct told *all = NULL;
    struct pl_event ev;
    mj_error err;

    for (size_t i = 0; i < e->count; i++) {
        struct event_item *item = &e->items[i];
        if (item->wrong)
            continue;
        mj_arena_reset(a, mj_arena_ceiling(item->len));
        if (pl_event_check(item->bytes, item->len, siret, now_ms, a, &ev, &item->warning, &err) < 0 ||
            judge(e, i, told_of(&all, &ev, siret), &ev, &err) < 0)
            item->wrong = mj_memdup(&err, sizeof err);
    }
    forget_all(&all);
    mj_arena_destroy(a);
}
