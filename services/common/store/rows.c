/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/service/logging.h"
#include "common/store/rows_private.h"

/* ---- changing ---- */

static void mark_changed(struct mj_rows *r, struct mj_row *row)
{
    assert(row->kind->save);
    row->batch = r->gathered_batches + 1;
    if (row->dirty)
        return;
    row->dirty = true;
    row->next_dirty = NULL;
    *r->dirty_tail = row;
    r->dirty_tail = &row->next_dirty;
    cache_count_unflushed(r, 0, rows_cost(row));
}

void mj_row_put(struct mj_rows *r, struct mj_row *row, void *value)
{
    if (value && !row->value)
        rows_comes_to_be(row);
    rows_set(row, value);
    mark_changed(r, row);
    cache_watch(r->cache);
}

void mj_row_touch(struct mj_rows *r, struct mj_row *row)
{
    assert(row->here && row->value);
    rows_measure(row);
    mark_changed(r, row);
    cache_watch(r->cache);
}

void mj_row_hold(struct mj_row *row)
{
    row->held++;
}

void mj_row_release(struct mj_row *row)
{
    assert(row->held);
    row->held--;
}

void *mj_row_value(const struct mj_row *row)
{
    return row->value;
}

void mj_rows_put(struct mj_rows *r, const struct mj_row_kind *k, const struct mj_row_key *key, void *value)
{
    uint32_t hash = rows_hash(k, key);
    struct mj_row *row = rows_find(r, k, key, hash);

    if (row)
        row->used = true;
    else
        row = rows_add(r, k, key, hash);
    mj_row_put(r, row, value);
}

void mj_rows_touch(struct mj_rows *r, const struct mj_row_kind *k, const struct mj_row_key *key)
{
    struct mj_row *row = rows_find(r, k, key, rows_hash(k, key));

    assert(row);
    mj_row_touch(r, row);
}

void mj_rows_on_gather(struct mj_rows *r, const struct mj_rows_extra *extra)
{
    r->extra = *extra;
}

/* ---- lifetime ---- */

static int open_written(struct mj_rows *r, const char *url, const char *name, const char *schema, mj_error *err)
{
    if (mj_tables_open(&r->write_tables, url, name, schema, true, err) == 0)
        return 0;
    if (strcmp(err->reason, "OTHER_SCHEMA") != 0 && err->code != MJ_DATA_LOSS)
        return -1;
    /* Tables are neither migrated nor mended: they are folded again beside the old file. */
    mj_log_failure(MJ_WARN, "tables_set_aside", err);
    if (mj_tables_set_aside(url, "replaced", err) < 0)
        return -1;
    return mj_tables_open(&r->write_tables, url, name, schema, true, err);
}

static int open_readers(struct mj_readers *readers, const char *url, const char *name, const char *schema,
                        const char *log_url, mj_error *err)
{
    if (mj_tables_open(&readers->tables, url, name, schema, false, err) < 0)
        return -1;
    return log_url ? mj_log_reader_open(&readers->log, log_url, err) : 0;
}

int mj_rows_create(struct mj_rows **ret, const struct mj_threads *threads, const char *url, const char *schema_name,
                   const char *schema, const char *log_url, mj_error *err)
{
    struct mj_rows *r = mj_calloc(1, sizeof *r);

    r->threads = threads;
    r->cache = threads->cache;
    cache_join(r->cache, r);
    rows_make_room(r);
    r->dirty_tail = &r->dirty;
    r->write_job.run = rows_write_run;
    r->write_job.done = rows_write_done;
    if (open_written(r, url, schema_name, schema, err) < 0 ||
        open_readers(&r->fetch_readers, url, schema_name, schema, log_url, err) < 0 ||
        open_readers(&r->loop_readers, url, schema_name, schema, log_url, err) < 0 ||
        mj_tables_begin(r->loop_readers.tables, &r->generation, err) < 0) {
        mj_rows_destroy(r);
        return -1;
    }
    mj_tables_end(r->loop_readers.tables);
    if (mj_defer_create(&r->send, threads->loop, rows_send_wanted, r, err) < 0 ||
        mj_timer_create(&r->retry, threads->loop, rows_on_retry, r, err) < 0) {
        mj_rows_destroy(r);
        return -1;
    }
    *ret = r;
    return 0;
}

static void free_links(struct link *links)
{
    struct link *next;

    for (; links; links = next) {
        next = links->next;
        free(links);
    }
}

/* Returns those who waited, the rows asked for first before the others. */
static struct link *drop_rows(struct mj_rows *r)
{
    struct link *links = NULL, **tail = &links;
    struct mj_row *row, *next;

    for (row = r->cache->oldest; row && r->stats.rows; row = next) {
        next = row->newer;
        if (row->rows != r)
            continue;
        *tail = row->waiters;
        while (*tail)
            tail = &(*tail)->next;
        row->waiters = NULL;
        rows_forget(row);
    }
    r->dirty = NULL;
    r->dirty_tail = &r->dirty;
    cache_count_unflushed(r, r->stats.unflushed_bytes, 0);
    rows_drop_wanted(r);
    return links;
}

void mj_rows_reset(struct mj_rows *r)
{
    struct link *links;

    assert(!r->writing);
    r->incarnation++;
    mj_batch_destroy(r->batch);
    r->batch = NULL;
    r->written_batches = r->gathered_batches;
    links = drop_rows(r);
    for (size_t i = 0; i < r->source_count; i++) {
        r->sources[i].position = r->sources[i].batch = r->sources[i].written;
        r->sources[i].moved = false;
    }
    rows_wake(links);                    /* whoever waited asks again, or has failed */
}

static void close_readers(struct mj_readers *readers)
{
    if (readers->log)
        mj_log_reader_close(readers->log);
    if (readers->tables)
        mj_tables_close(readers->tables);
}

void mj_rows_destroy(struct mj_rows *r)
{
    if (!r)
        return;
    free_links(drop_rows(r));
    cache_leave(r->cache, r);
    rows_absent_destroy(r);
    free(r->slots);
    mj_batch_destroy(r->batch);
    mj_defer_destroy(r->send);
    mj_timer_destroy(r->retry);
    close_readers(&r->fetch_readers);
    close_readers(&r->loop_readers);
    if (r->write_tables)
        mj_tables_close(r->write_tables);
    free(r);
}
