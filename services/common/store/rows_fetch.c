/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Rows that are not in memory: fetched by the read thread, once however many wait, and all that is wanted at a time as
 * one job, within one read transaction; and queries, which go the same way. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/store/rows_private.h"

#define FETCH_ROOM 16                    /* rows of a job at first */

/* The job has the key for itself: a reset may free the row while the thread reads. */
struct wanted { struct mj_row *row; const struct mj_row_kind *kind; struct mj_row_key key; void *value; };

struct fetch {
    struct mj_job job;
    struct mj_rows *rows;
    uint32_t began;                      /* the cache's tick at its first want */
    uint64_t incarnation;
    uint64_t least_generation;           /* the tables must stand there at least: else read again */
    uint64_t generation;
    struct wanted *items;
    size_t count, room;
    int rc;
    mj_error err;
};

/* ---- on the read thread ---- */

static void free_values(struct fetch *f)
{
    for (size_t i = 0; i < f->count; i++) {
        if (f->items[i].value)
            f->items[i].kind->free(f->items[i].value);
        f->items[i].value = NULL;
    }
}

static void fetch_free(struct fetch *f)
{
    if (!f)
        return;
    free_values(f);
    free(f->items);
    free(f);
}

static void fetch_run(struct mj_job *job)
{
    struct fetch *f = (struct fetch *)job;
    const struct mj_readers *readers = &f->rows->fetch_readers;

    f->rc = mj_tables_begin(readers->tables, &f->generation, &f->err);
    if (f->rc < 0)
        return;
    for (size_t i = 0; f->rc == 0 && i < f->count; i++)
        f->rc = f->items[i].kind->load(readers, &f->items[i].key, &f->items[i].value, &f->err);
    mj_tables_end(readers->tables);
}

/* ---- those who wait ---- */

/* Whoever waits for nothing else goes on. */
void rows_wake(struct link *links)
{
    struct link *next;

    for (; links; links = next) {
        struct mj_row_waiter *w = links->waiter;

        next = links->next;
        free(links);
        if (--w->missing == 0)
            w->fn(w);
    }
}

static void wake_waiters(struct mj_row *row)
{
    struct link *links = row->waiters;

    row->waiters = NULL;
    rows_wake(links);
}

static void wait_for(struct mj_row *row, struct mj_row_waiter *w)
{
    struct link *l = mj_alloc(sizeof *l);

    *l = (struct link){ w, row->waiters };
    row->waiters = l;
    w->missing++;
}

/* ---- jobs ---- */

static void submit(struct mj_rows *r, struct fetch *f)
{
    f->least_generation = r->generation;
    r->fetching = f;
    r->stats.fetch_jobs++;
    r->cache->tick++;
    mj_worker_submit(r->threads->read, &f->job);
}

void rows_send_wanted(void *arg)
{
    struct mj_rows *r = arg;
    struct fetch *f = r->wanted;

    if (!f || r->fetching)
        return;
    r->wanted = NULL;
    submit(r, f);
}

void rows_drop_wanted(struct mj_rows *r)
{
    fetch_free(r->wanted);
    r->wanted = NULL;
}

bool rows_fetch_began(const struct mj_rows *r, uint32_t *tick)
{
    const struct fetch *oldest = r->fetching ? r->fetching : r->wanted;

    if (oldest)
        *tick = oldest->began;
    return oldest != NULL;
}

/* A row may be here all the same: loaded on the loop thread meanwhile, and perhaps changed. */
static void take_values(struct fetch *f)
{
    for (size_t i = 0; i < f->count; i++) {
        struct wanted *w = &f->items[i];

        w->row->fetching = false;
        if (w->row->here)
            continue;
        rows_set(w->row, w->value);
        w->value = NULL;
    }
}

static void fetch_done(struct mj_job *job)
{
    struct fetch *f = (struct fetch *)job;
    struct mj_rows *r = f->rows;
    bool current = f->incarnation == r->incarnation;

    if (f->rc < 0)
        rows_lost("row_fetch_failed", &f->err);
    r->fetching = NULL;
    if (current && f->generation < f->least_generation) {        /* a reader that lags: read again */
        free_values(f);
        submit(r, f);
        return;
    }
    if (current)
        take_values(f);
    rows_send_wanted(r);                 /* the thread reads on while those who waited go on */
    for (size_t i = 0; i < f->count && f->incarnation == r->incarnation; i++)
        wake_waiters(f->items[i].row);
    cache_watch(r->cache);
    fetch_free(f);
}

static struct fetch *fetch_make(struct mj_rows *r)
{
    struct fetch *f = mj_calloc(1, sizeof *f);

    f->job.run = fetch_run;
    f->job.done = fetch_done;
    f->rows = r;
    f->began = r->cache->tick;
    f->incarnation = r->incarnation;
    return f;
}

static void fetch(struct mj_rows *r, struct mj_row *row)
{
    struct fetch *f = r->wanted ? r->wanted : (r->wanted = fetch_make(r));

    if (f->count == f->room) {
        f->room = f->room ? 2 * f->room : FETCH_ROOM;
        f->items = mj_realloc(f->items, f->room * sizeof *f->items);
    }
    f->items[f->count++] = (struct wanted){ row, row->kind, rows_key(row), NULL };
    row->fetching = true;
    r->stats.fetches++;
    mj_defer_schedule(r->send);
}

/* ---- asking ---- */

/* A row that memory did not have; known at once where there is surely none. */
static struct mj_row *add(struct mj_rows *r, const struct mj_row_kind *k, const struct mj_row_key *key, uint32_t hash)
{
    struct mj_row *row = rows_add(r, k, key, hash);

    if (rows_is_absent(r, k, key)) {
        rows_set(row, NULL);
        cache_watch(r->cache);
    }
    return row;
}

struct mj_row *mj_rows_want(struct mj_rows *r, const struct mj_row_kind *k, const struct mj_row_key *key,
                            struct mj_row_waiter *w)
{
    uint32_t hash = rows_hash(k, key);
    struct mj_row *row = rows_find(r, k, key, hash);

    if (!row) {
        row = add(r, k, key, hash);
        if (!row->here)
            fetch(r, row);
    }
    row->wanted = r->cache->tick;
    if (row->here) {
        row->used = true;
        r->stats.hits++;
        return row;
    }
    if (w)
        wait_for(row, w);
    return NULL;
}

bool mj_rows_need(struct mj_rows *r, const struct mj_row_kind *k, const struct mj_row_key *key, struct mj_row_waiter *w)
{
    return mj_rows_want(r, k, key, w) != NULL;
}

static void load_here(struct mj_rows *r, struct mj_row *row)
{
    struct mj_row_key key = rows_key(row);
    uint64_t generation;
    void *value = NULL;
    mj_error err = { 0 };

    if (mj_tables_begin(r->loop_readers.tables, &generation, &err) < 0 ||
        row->kind->load(&r->loop_readers, &key, &value, &err) < 0)
        rows_lost("row_load_failed", &err);
    mj_tables_end(r->loop_readers.tables);
    r->stats.inline_loads++;
    rows_set(row, value);
    cache_watch(r->cache);
}

struct mj_row *mj_rows_at(struct mj_rows *r, const struct mj_row_kind *k, const struct mj_row_key *key)
{
    uint32_t hash = rows_hash(k, key);
    struct mj_row *row = rows_find(r, k, key, hash);

    if (!row)
        row = add(r, k, key, hash);
    if (row->here)
        row->used = true;
    else
        load_here(r, row);
    return row;
}

void *mj_rows_get(struct mj_rows *r, const struct mj_row_kind *k, const struct mj_row_key *key)
{
    return mj_rows_at(r, k, key)->value;
}

/* ---- queries ---- */

static void query_run(struct mj_job *job)
{
    struct mj_row_query *q = (struct mj_row_query *)((char *)job - offsetof(struct mj_row_query, job));

    q->rc = q->run(q, &q->rows->fetch_readers, &q->err);
}

static void query_done(struct mj_job *job)
{
    struct mj_row_query *q = (struct mj_row_query *)((char *)job - offsetof(struct mj_row_query, job));

    q->rows->querying--;
    q->done(q, q->rc < 0 ? &q->err : NULL);
}

void mj_rows_query(struct mj_rows *r, struct mj_row_query *q)
{
    q->rows = r;
    q->job.run = query_run;
    q->job.done = query_done;
    memset(&q->err, 0, sizeof q->err);
    r->querying++;
    mj_worker_submit(r->threads->read, &q->job);
}

bool mj_rows_idle(const struct mj_rows *r)
{
    return (!r->writing || r->retrying) && !r->fetching && !r->wanted && r->querying == 0;
}

const struct mj_readers *mj_rows_readers(struct mj_rows *r)
{
    return &r->loop_readers;
}

const struct mj_rows_stats *mj_rows_stats(const struct mj_rows *r)
{
    return &r->stats;
}
