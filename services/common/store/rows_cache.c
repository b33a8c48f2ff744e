/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* What all rows of a process hold together: their order of use, and which go when there are too many.
 *
 * A row that is used again is only marked; it takes its place at the newest end when eviction comes upon it. So to use
 * it touches the row alone, not its neighbours in the order. */
#include <assert.h>
#include <stdlib.h>

#include "common/base/buf.h"
#include "common/store/rows_private.h"

/* ---- what is held ---- */

void cache_count(struct mj_rows *r, size_t gone, size_t come)
{
    r->stats.bytes = r->stats.bytes - gone + come;
    r->cache->bytes = r->cache->bytes - gone + come;
}

void cache_count_unflushed(struct mj_rows *r, size_t gone, size_t come)
{
    r->stats.unflushed_bytes = r->stats.unflushed_bytes - gone + come;
    r->cache->unflushed_bytes = r->cache->unflushed_bytes - gone + come;
}

size_t mj_cache_bytes(const struct mj_cache *c)
{
    return c->bytes;
}

bool mj_rows_full(const struct mj_rows *r)
{
    return r->cache->unflushed_bytes > r->cache->limits.unflushed_bytes && r->stats.unflushed_bytes > 0;
}

/* One that fills a quarter of the bound by itself; or, where many share it, that has more than a little. */
bool mj_rows_due(const struct mj_rows *r)
{
    size_t step = r->cache->limits.unflushed_bytes / 4;
    size_t fresh = r->stats.unflushed_bytes - (r->batch ? r->batch_bytes : 0);

    return fresh >= step || (r->cache->unflushed_bytes >= step && fresh >= step / 16);
}

/* ---- the order of use ---- */

void cache_unlink(struct mj_cache *c, struct mj_row *row)
{
    if (row->older)
        row->older->newer = row->newer;
    else
        c->oldest = row->newer;
    if (row->newer)
        row->newer->older = row->older;
    else
        c->newest = row->older;
    c->rows--;
}

void cache_link(struct mj_cache *c, struct mj_row *row)
{
    row->older = c->newest;
    row->newer = NULL;
    if (c->newest)
        c->newest->newer = row;
    else
        c->oldest = row;
    c->newest = row;
    row->used = false;
    c->rows++;
}

/* ---- eviction ---- */

/* More than the bound, and not only because of changed rows: those are the tables thread's to make fewer. */
static bool holds_too_much(const struct mj_cache *c)
{
    return c->bytes > c->limits.cache_bytes && c->bytes > c->unflushed_bytes + c->limits.cache_bytes / 4;
}

/* A command that waits has wanted its rows in the turn in which the fetch began that it waits for, or later. They must
 * be there when it is woken, or it would fetch them in turn for ever; within reason: a disk that stands still may not
 * fill the memory. */
static bool is_waited_for(const struct mj_row *row, bool fetching, uint32_t since)
{
    const struct mj_cache *c = row->rows->cache;

    if (row->fetching || row->waiters || row->held)
        return true;
    return fetching && row->wanted && (int32_t)(row->wanted - since) >= 0 && c->bytes < 2 * c->limits.cache_bytes;
}

static bool is_in_tables(const struct mj_row *row)
{
    return row->here && !row->dirty && row->batch <= row->rows->written_batches;
}

/* Whether any fetch is under way, and when the oldest began. */
static bool oldest_fetch(const struct mj_cache *c, uint32_t *since)
{
    bool fetching = false;
    uint32_t tick;

    for (const struct mj_rows *r = c->members; r; r = r->next_member)
        if (rows_fetch_began(r, &tick) && (!fetching || (int32_t)(tick - *since) < 0)) {
            *since = tick;
            fetching = true;
        }
    return fetching;
}

static void on_evict(void *arg)
{
    struct mj_cache *c = arg;
    struct mj_row *row, *next = c->oldest;
    uint32_t since = 0;
    bool fetching = oldest_fetch(c, &since);

    for (size_t left = 2 * c->rows; left && holds_too_much(c); left--) {
        row = next;
        next = row->newer ? row->newer : c->oldest;
        if (row->used || is_waited_for(row, fetching, since) || !is_in_tables(row)) {
            cache_unlink(c, row);
            cache_link(c, row);
        } else {
            row->rows->stats.evicted++;
            rows_forget(row);
        }
    }
}

void cache_watch(struct mj_cache *c)
{
    if (holds_too_much(c))
        mj_defer_schedule(c->evict);
}

/* ---- lifetime ---- */

void cache_join(struct mj_cache *c, struct mj_rows *r)
{
    r->next_member = c->members;
    c->members = r;
}

void cache_leave(struct mj_cache *c, struct mj_rows *r)
{
    struct mj_rows **at = &c->members;

    while (*at != r)
        at = &(*at)->next_member;
    *at = r->next_member;
}

int mj_cache_create(struct mj_cache **ret, struct mj_loop *loop, const struct mj_rows_limits *limits, mj_error *err)
{
    struct mj_cache *c = mj_calloc(1, sizeof *c);

    c->limits = *limits;
    c->tick = 1;
    if (mj_defer_create(&c->evict, loop, on_evict, c, err) < 0) {
        free(c);
        return -1;
    }
    *ret = c;
    return 0;
}

void mj_cache_destroy(struct mj_cache *c)
{
    if (!c)
        return;
    assert(!c->members && !c->rows);
    mj_defer_destroy(c->evict);
    free(c);
}
