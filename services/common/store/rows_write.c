/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* From memory to the tables: positions, gathering, the tables thread. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/service/logging.h"
#include "common/store/rows_private.h"

#define WRITE_RETRY_MS 250               /* a full disk: try the same batch again */

/* ---- positions ---- */

struct source *rows_source(struct mj_rows *r, const char *name)
{
    struct source *s;
    mj_error err = { 0 };

    for (size_t i = 0; i < r->source_count; i++)
        if (strcmp(r->sources[i].name, name) == 0)
            return &r->sources[i];
    assert(r->source_count < SOURCES_MAX && strlen(name) < sizeof s->name);
    s = &r->sources[r->source_count++];
    memcpy(s->name, name, strlen(name) + 1);
    if (mj_tables_position(r->loop_readers.tables, name, &s->written, s->hash, &err) < 0)
        rows_lost("tables_position_failed", &err);
    s->position = s->batch = s->written;
    return s;
}

void mj_rows_position(struct mj_rows *r, const char *source, uint64_t position, const uint8_t hash[MJ_HASH])
{
    struct source *s = rows_source(r, source);

    s->position = position;
    s->moved = true;
    memcpy(s->hash, hash, MJ_HASH);
}

uint64_t mj_rows_tables_position(struct mj_rows *r, const char *source, uint8_t hash[MJ_HASH])
{
    const struct source *s = rows_source(r, source);

    if (hash)
        memcpy(hash, s->hash, MJ_HASH);
    return s->written;
}

/* ---- writing ---- */

struct mj_batch *mj_rows_gather(struct mj_rows *r)
{
    struct mj_row *row, *next;
    struct mj_row_key key;
    bool moved = false;

    for (size_t i = 0; i < r->source_count; i++)
        moved = moved || r->sources[i].moved;
    if (r->batch || (!r->dirty && !moved && !(r->extra.dirty && r->extra.dirty(r->extra.arg))))
        return NULL;
    r->batch = mj_batch_create();
    for (row = r->dirty; row; row = next) {
        next = row->next_dirty;
        row->next_dirty = NULL;
        row->dirty = false;
        key = rows_key(row);
        row->kind->save(r->batch, &key, row->value);
    }
    if (r->extra.save)
        r->extra.save(r->extra.arg, r->batch);
    r->dirty = NULL;
    r->dirty_tail = &r->dirty;
    r->gathered_batches++;
    r->batch_bytes = r->stats.unflushed_bytes;
    return r->batch;
}

void rows_write_run(struct mj_job *job)
{
    struct mj_rows *r = (struct mj_rows *)((char *)job - offsetof(struct mj_rows, write_job));

    r->write_result = mj_tables_write(r->write_tables, r->batch, &r->write_error);
}

void rows_on_retry(void *arg)
{
    struct mj_rows *r = arg;

    r->retrying = false;
    mj_worker_submit(r->threads->tables, &r->write_job);
}

void rows_write_done(struct mj_job *job)
{
    struct mj_rows *r = (struct mj_rows *)((char *)job - offsetof(struct mj_rows, write_job));

    /* A refused statement is a defect of ours that no retry mends. */
    if (r->write_result == MJ_WRITE_UNKNOWN ||
        (r->write_result == MJ_NOT_WRITTEN && r->write_error.code == MJ_INTERNAL))
        rows_lost("tables_write_failed", &r->write_error);
    if (r->write_result == MJ_NOT_WRITTEN) {             /* disk full: credit falls to 0 meanwhile (mj_rows_full) */
        r->stats.write_retries++;
        r->retrying = true;
        mj_timer_start(r->retry, WRITE_RETRY_MS, 0);
        return;
    }
    r->generation++;
    r->stats.batches++;
    r->written_batches = r->gathered_batches;
    cache_count_unflushed(r, r->batch_bytes, 0);
    for (size_t i = 0; i < r->source_count; i++)
        r->sources[i].written = r->sources[i].batch;
    mj_batch_destroy(r->batch);
    r->batch = NULL;
    r->writing = false;
    cache_watch(r->cache);
    if (r->on_written)
        r->on_written(r->on_written_arg);
}

void mj_rows_write(struct mj_rows *r, struct mj_batch *b)
{
    assert(b == r->batch && !r->writing);
    for (size_t i = 0; i < r->source_count; i++) {
        struct source *s = &r->sources[i];

        if (s->moved)
            mj_batch_position(b, s->name, s->position, s->hash);
        s->batch = s->position;
        s->moved = false;
    }
    r->writing = true;
    mj_worker_submit(r->threads->tables, &r->write_job);
}

struct mj_batch *mj_rows_gathered(const struct mj_rows *r)
{
    return r->batch;
}

bool mj_rows_writing(const struct mj_rows *r)
{
    return r->writing;
}

void mj_rows_on_written(struct mj_rows *r, void (*fn)(void *arg), void *arg)
{
    r->on_written = fn;
    r->on_written_arg = arg;
}
