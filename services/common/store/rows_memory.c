/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Rows in memory: found by a hash, kept in the order of their use, let go when there are too many. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/service/logging.h"
#include "common/store/rows_private.h"

#define KEEP_MS 500                      /* a row asked for so lately stays, */
#define KEEP_BYTES (64u << 20)           /* within reason */

void rows_lost(const char *what, const mj_error *err)
{
    mj_log_failure(MJ_ERR, what, err);
    abort();
}

struct row_id rows_id(const struct mj_row_kind *k, const struct mj_row_key *key)
{
    struct row_id id;

    memset(&id, 0, sizeof id);
    id.kind = k;
    id.key.len = key->len;
    memcpy(id.key.bytes, key->bytes, key->len);
    return id;
}

/* The length of a key stands before its bytes, so what is behind them need not be hashed. */
static size_t rows_id_size(const struct mj_row_key *key)
{
    return offsetof(struct row_id, key.bytes) + key->len;
}

struct mj_row *rows_find(const struct mj_rows *r, const struct mj_row_kind *k, const struct mj_row_key *key)
{
    struct row_id id = rows_id(k, key);
    struct mj_row *row = NULL;

    HASH_FIND(hh, r->rows, &id, rows_id_size(key), row);
    return row;
}

/* ---- order of use ---- */

static void unlink_row(struct mj_rows *r, struct mj_row *row)
{
    if (row->older)
        row->older->newer = row->newer;
    else
        r->oldest = row->newer;
    if (row->newer)
        row->newer->older = row->older;
    else
        r->newest = row->older;
    row->older = row->newer = NULL;
}

static void link_newest(struct mj_rows *r, struct mj_row *row)
{
    row->older = r->newest;
    row->newer = NULL;
    if (r->newest)
        r->newest->newer = row;
    else
        r->oldest = row;
    r->newest = row;
}

void rows_used(struct mj_rows *r, struct mj_row *row)
{
    row->used_ms = mj_loop_now_ms(r->threads->loop);
    if (r->newest == row)
        return;
    unlink_row(r, row);
    link_newest(r, row);
}

struct mj_row *rows_add(struct mj_rows *r, const struct mj_row_kind *k, const struct mj_row_key *key)
{
    struct mj_row *row = mj_calloc(1, sizeof *row);

    row->id = rows_id(k, key);
    row->used_ms = mj_loop_now_ms(r->threads->loop);
    HASH_ADD(hh, r->rows, id, rows_id_size(key), row);
    link_newest(r, row);
    r->stats.rows++;
    r->stats.bytes += sizeof *row;
    return row;
}

void rows_measure(struct mj_rows *r, struct mj_row *row)
{
    size_t size = row->value ? row->id.kind->size(row->value) : 0;

    r->stats.bytes = r->stats.bytes - row->size + size;
    if (row->dirty)
        r->stats.unflushed_bytes = r->stats.unflushed_bytes - row->size + size;
    row->size = size;
}

void rows_set(struct mj_rows *r, struct mj_row *row, void *value)
{
    if (row->value && row->value != value)
        row->id.kind->free(row->value);
    row->value = value;
    row->here = true;
    rows_measure(r, row);
}

void rows_forget(struct mj_rows *r, struct mj_row *row)
{
    assert(!row->waiters);
    HASH_DEL(r->rows, row);
    unlink_row(r, row);
    r->stats.rows--;
    r->stats.bytes -= sizeof *row + row->size;
    if (row->value)
        row->id.kind->free(row->value);
    free(row);
}

/* Only what the tables hold is evicted, and not what was asked for a moment ago: a command that still waits for other
 * rows must find it, or it would fetch them in turn for ever. */
static bool may_go(const struct mj_rows *r, const struct mj_row *row, uint64_t now_ms)
{
    if (now_ms - row->used_ms < KEEP_MS && r->stats.bytes < 2 * r->limits.cache_bytes + KEEP_BYTES)
        return false;
    return row->here && !row->dirty && !row->waiters && row->changed <= r->written_changes;
}

void rows_on_evict(void *arg)
{
    struct mj_rows *r = arg;
    uint64_t now_ms = mj_loop_now_ms(r->threads->loop);
    struct mj_row *row = r->oldest, *next;

    for (; row && r->stats.bytes > r->limits.cache_bytes; row = next) {
        next = row->newer;
        if (may_go(r, row, now_ms)) {
            rows_forget(r, row);
            r->stats.evicted++;
        }
    }
}

void rows_watch_size(struct mj_rows *r)
{
    if (r->stats.bytes > r->limits.cache_bytes)
        mj_defer_schedule(r->evict);
}
