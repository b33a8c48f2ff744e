/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Rows that are not in memory: fetched by the read thread, once however many wait; and queries, which go the same way. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/store/rows_private.h"

struct fetch {
    struct mj_job job;
    struct mj_rows *rows;
    uint64_t incarnation;
    uint64_t least_generation;           /* the tables must stand there at least: else read again */
    uint64_t generation;
    struct row_id id;
    void *value;
    int rc;
    mj_error err;
};

static int rows_load(const struct mj_readers *readers, const struct row_id *id, void **value, uint64_t *generation,
                     mj_error *err)
{
    int rc;

    if (mj_tables_begin(readers->tables, generation, err) < 0)
        return -1;
    rc = id->kind->load(readers, &id->key, value, err);
    mj_tables_end(readers->tables);
    return rc;
}

static void fetch_run(struct mj_job *job)
{
    struct fetch *f = (struct fetch *)job;

    f->rc = rows_load(&f->rows->fetch_readers, &f->id, &f->value, &f->generation, &f->err);
}

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

static void fetch_done(struct mj_job *job)
{
    struct fetch *f = (struct fetch *)job;
    struct mj_rows *r = f->rows;
    struct mj_row *row = rows_find(r, f->id.kind, &f->id.key);

    if (f->rc < 0)
        rows_lost("row_fetch_failed", &f->err);
    if (f->incarnation == r->incarnation && row && !row->here) {
        if (f->generation < f->least_generation) {       /* a reader that lags: read again */
            if (f->value)
                f->id.kind->free(f->value);
            f->value = NULL;
            mj_worker_submit(r->threads->read, &f->job);
            return;
        }
        rows_set(r, row, f->value);
        f->value = NULL;
    }
    if (f->value)
        f->id.kind->free(f->value);
    r->reading--;
    if (row && f->incarnation == r->incarnation)
        wake_waiters(row);
    rows_watch_size(r);
    free(f);
}

static void fetch(struct mj_rows *r, struct mj_row *row)
{
    struct fetch *f = mj_calloc(1, sizeof *f);

    f->job.run = fetch_run;
    f->job.done = fetch_done;
    f->rows = r;
    f->incarnation = r->incarnation;
    f->least_generation = r->generation;
    f->id = row->id;
    r->stats.fetches++;
    r->reading++;
    mj_worker_submit(r->threads->read, &f->job);
}

struct mj_row *mj_rows_want(struct mj_rows *r, const struct mj_row_kind *k, const struct mj_row_key *key,
                            struct mj_row_waiter *w)
{
    struct mj_row *row = rows_find(r, k, key);

    if (row && row->here) {
        rows_used(r, row);
        r->stats.hits++;
        return row;
    }
    if (!row) {
        row = rows_add(r, k, key);
        fetch(r, row);
    }
    if (w)
        wait_for(row, w);
    return NULL;
}

bool mj_rows_need(struct mj_rows *r, const struct mj_row_kind *k, const struct mj_row_key *key, struct mj_row_waiter *w)
{
    return mj_rows_want(r, k, key, w) != NULL;
}

struct mj_row *mj_rows_at(struct mj_rows *r, const struct mj_row_kind *k, const struct mj_row_key *key)
{
    struct mj_row *row = rows_find(r, k, key);
    uint64_t generation;
    void *value = NULL;
    mj_error err = { 0 };

    if (!row)
        row = rows_add(r, k, key);
    if (!row->here) {
        if (rows_load(&r->loop_readers, &row->id, &value, &generation, &err) < 0)
            rows_lost("row_load_failed", &err);
        r->stats.inline_loads++;
        rows_set(r, row, value);
        rows_watch_size(r);
    }
    rows_used(r, row);
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

    q->rows->reading--;
    q->done(q, q->rc < 0 ? &q->err : NULL);
}

void mj_rows_query(struct mj_rows *r, struct mj_row_query *q)
{
    q->rows = r;
    q->job.run = query_run;
    q->job.done = query_done;
    memset(&q->err, 0, sizeof q->err);
    r->reading++;
    mj_worker_submit(r->threads->read, &q->job);
}

bool mj_rows_idle(const struct mj_rows *r)
{
    return (!r->writing || r->retrying) && r->reading == 0;
}

const struct mj_readers *mj_rows_readers(struct mj_rows *r)
{
    return &r->loop_readers;
}

const struct mj_rows_stats *mj_rows_stats(const struct mj_rows *r)
{
    return &r->stats;
}

bool mj_rows_full(const struct mj_rows *r)
{
    return r->stats.unflushed_bytes > r->limits.unflushed_bytes;
}
