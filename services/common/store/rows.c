/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "common/store/rows.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/hash.h"
#include "common/service/logging.h"

#define WRITE_RETRY_MS 250               /* a full disk: try the same batch again */
#define KEEP_MS 500                      /* a row asked for so lately stays, */
#define KEEP_BYTES (64u << 20)           /* within reason */
#define SOURCES_MAX 64                   /* logs that one set of rows follows: 21 regions + FR, for two services */

struct row_id {                          /* the hash key: zeroed before it is filled, compared as bytes */
    const struct mj_row_kind *kind;
    struct mj_row_key key;
};

struct link { struct mj_row_waiter *waiter; struct link *next; };

struct row {
    struct row_id id;
    uint64_t used_ms;
    void *value;
    size_t size;
    uint64_t changed;                    /* number of its last change; 0: never changed here */
    bool here;                           /* false: being fetched, value not known */
    bool dirty;
    struct link *waiters;
    struct row *older, *newer;           /* least lately touched first */
    struct row *next_dirty;
    UT_hash_handle hh;
};

struct source {                          /* one log that is folded here */
    char name[24];
    uint64_t position;                   /* memory stands here, as last told */
    uint64_t batch;                      /* the batch out stands here */
    uint64_t written;                    /* the tables stand here */
    uint8_t hash[MJ_HASH];
    bool moved;                          /* position was told since the last write */
};

struct mj_rows {
    const struct mj_threads *threads;
    struct mj_tables *write_tables;      /* tables thread */
    struct mj_readers fetch_readers;     /* read thread */
    struct mj_readers loop_readers;      /* loop thread */
    struct mj_rows_limits limits;
    struct row *rows;                    /* hash */
    struct row *oldest, *newest;
    struct row *dirty, **dirty_tail;
    uint64_t changes;                    /* counts changes */
    uint64_t written_changes;            /* changes that the tables hold */
    uint64_t batch_changes;              /* changes that the batch out covers */
    size_t batch_bytes;                  /* row bytes that the batch out covers */
    uint64_t generation;                 /* batches written since the file was made, as this process knows */
    struct mj_batch *batch;              /* gathered or being written */
    bool writing;
    bool retrying;                       /* the batch waits for its next try: no thread has it */
    struct source sources[SOURCES_MAX];
    size_t source_count;
    uint64_t incarnation;                /* grows with each reset: fetches from before are thrown away */
    struct mj_defer *evict;
    struct mj_timer *retry;
    struct mj_job write_job;
    enum mj_write write_result;
    mj_error write_error;
    void (*on_written)(void *arg);
    void *on_written_arg;
    unsigned reading;                    /* fetches and queries under way */
    struct mj_rows_stats stats;
};

struct mj_row_key mj_row_key(const void *bytes, size_t len)
{
    struct mj_row_key k;

    memset(&k, 0, sizeof k);
    assert(len <= MJ_ROW_KEY_MAX);
    k.len = (uint8_t)len;
    memcpy(k.bytes, bytes, len);
    return k;
}

struct mj_row_key mj_row_key_text(const char *text)
{
    return mj_row_key(text, strlen(text));
}

/* A store that cannot be read or written for another reason than a full disk cannot be trusted (pitfalls S3):
 * the process ends, and the next start folds again. */
static void store_lost(const char *what, const mj_error *err)
{
    mj_log_failure(MJ_ERR, what, err);
    abort();
}

static struct row_id row_id(const struct mj_row_kind *k, const struct mj_row_key *key)
{
    struct row_id id;

    memset(&id, 0, sizeof id);
    id.kind = k;
    id.key.len = key->len;
    memcpy(id.key.bytes, key->bytes, key->len);
    return id;
}

/* The length of a key stands before its bytes, so what is behind them need not be hashed. */
static size_t id_size(const struct mj_row_key *key)
{
    return offsetof(struct row_id, key.bytes) + key->len;
}

static struct row *find(const struct mj_rows *r, const struct mj_row_kind *k, const struct mj_row_key *key)
{
    struct row_id id = row_id(k, key);
    struct row *row = NULL;

    HASH_FIND(hh, r->rows, &id, id_size(key), row);
    return row;
}

/* ---- order of use ---- */

static void unlink_row(struct mj_rows *r, struct row *row)
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

static void link_newest(struct mj_rows *r, struct row *row)
{
    row->older = r->newest;
    row->newer = NULL;
    if (r->newest)
        r->newest->newer = row;
    else
        r->oldest = row;
    r->newest = row;
}

static void used(struct mj_rows *r, struct row *row)
{
    row->used_ms = mj_loop_now_ms(r->threads->loop);
    if (r->newest == row)
        return;
    unlink_row(r, row);
    link_newest(r, row);
}

static struct row *add(struct mj_rows *r, const struct mj_row_kind *k, const struct mj_row_key *key)
{
    struct row *row = mj_calloc(1, sizeof *row);

    row->id = row_id(k, key);
    row->used_ms = mj_loop_now_ms(r->threads->loop);
    HASH_ADD(hh, r->rows, id, id_size(key), row);
    link_newest(r, row);
    r->stats.rows++;
    r->stats.bytes += sizeof *row;
    return row;
}

static void measure(struct mj_rows *r, struct row *row)
{
    size_t size = row->value ? row->id.kind->size(row->value) : 0;

    r->stats.bytes = r->stats.bytes - row->size + size;
    if (row->dirty)
        r->stats.unflushed_bytes = r->stats.unflushed_bytes - row->size + size;
    row->size = size;
}

static void set_value(struct mj_rows *r, struct row *row, void *value)
{
    if (row->value && row->value != value)
        row->id.kind->free(row->value);
    row->value = value;
    row->here = true;
    measure(r, row);
}

static void forget(struct mj_rows *r, struct row *row)
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
static bool may_go(const struct mj_rows *r, const struct row *row, uint64_t now_ms)
{
    if (now_ms - row->used_ms < KEEP_MS && r->stats.bytes < 2 * r->limits.cache_bytes + KEEP_BYTES)
        return false;
    return row->here && !row->dirty && !row->waiters && row->changed <= r->written_changes;
}

static void on_evict(void *arg)
{
    struct mj_rows *r = arg;
    uint64_t now_ms = mj_loop_now_ms(r->threads->loop);
    struct row *row = r->oldest, *next;

    for (; row && r->stats.bytes > r->limits.cache_bytes; row = next) {
        next = row->newer;
        if (may_go(r, row, now_ms)) {
            forget(r, row);
            r->stats.evicted++;
        }
    }
}

static void watch_size(struct mj_rows *r)
{
    if (r->stats.bytes > r->limits.cache_bytes)
        mj_defer_schedule(r->evict);
}

/* ---- fetching ---- */

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

static int load(const struct mj_readers *readers, const struct row_id *id, void **value, uint64_t *generation, mj_error *err)
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

    f->rc = load(&f->rows->fetch_readers, &f->id, &f->value, &f->generation, &f->err);
}

/* Whoever waits for nothing else goes on. */
static void wake(struct link *links)
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

static void wake_waiters(struct row *row)
{
    struct link *links = row->waiters;

    row->waiters = NULL;
    wake(links);
}

static void wait_for(struct row *row, struct mj_row_waiter *w)
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
    struct row *row = find(r, f->id.kind, &f->id.key);

    if (f->rc < 0)
        store_lost("row_fetch_failed", &f->err);
    if (f->incarnation == r->incarnation && row && !row->here) {
        if (f->generation < f->least_generation) {       /* a reader that lags: read again */
            if (f->value)
                f->id.kind->free(f->value);
            f->value = NULL;
            mj_worker_submit(r->threads->read, &f->job);
            return;
        }
        set_value(r, row, f->value);
        f->value = NULL;
    }
    if (f->value)
        f->id.kind->free(f->value);
    r->reading--;
    if (row && f->incarnation == r->incarnation)
        wake_waiters(row);
    watch_size(r);
    free(f);
}

static void fetch(struct mj_rows *r, struct row *row)
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

bool mj_rows_need(struct mj_rows *r, const struct mj_row_kind *k, const struct mj_row_key *key, struct mj_row_waiter *w)
{
    struct row *row = find(r, k, key);

    if (row && row->here) {
        used(r, row);
        r->stats.hits++;
        return true;
    }
    if (!row) {
        row = add(r, k, key);
        fetch(r, row);
    }
    if (w)
        wait_for(row, w);
    return false;
}

static struct row *here(struct mj_rows *r, const struct mj_row_kind *k, const struct mj_row_key *key)
{
    struct row *row = find(r, k, key);
    uint64_t generation;
    void *value = NULL;
    mj_error err = { 0 };

    if (!row)
        row = add(r, k, key);
    if (!row->here) {
        if (load(&r->loop_readers, &row->id, &value, &generation, &err) < 0)
            store_lost("row_load_failed", &err);
        r->stats.inline_loads++;
        set_value(r, row, value);
        watch_size(r);
    }
    used(r, row);
    return row;
}

void *mj_rows_get(struct mj_rows *r, const struct mj_row_kind *k, const struct mj_row_key *key)
{
    return here(r, k, key)->value;
}

/* ---- changing ---- */

static void mark_changed(struct mj_rows *r, struct row *row)
{
    assert(row->id.kind->save);
    row->changed = ++r->changes;
    if (row->dirty)
        return;
    row->dirty = true;
    row->next_dirty = NULL;
    *r->dirty_tail = row;
    r->dirty_tail = &row->next_dirty;
    r->stats.unflushed_bytes += row->size;
}

void mj_rows_put(struct mj_rows *r, const struct mj_row_kind *k, const struct mj_row_key *key, void *value)
{
    struct row *row = find(r, k, key);

    if (!row)
        row = add(r, k, key);
    set_value(r, row, value);
    used(r, row);
    mark_changed(r, row);
    watch_size(r);
}

void mj_rows_touch(struct mj_rows *r, const struct mj_row_kind *k, const struct mj_row_key *key)
{
    struct row *row = find(r, k, key);

    assert(row && row->here && row->value);
    measure(r, row);
    mark_changed(r, row);
    watch_size(r);
}

/* ---- positions ---- */

static struct source *source_of(struct mj_rows *r, const char *name)
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
        store_lost("tables_position_failed", &err);
    s->position = s->batch = s->written;
    return s;
}

void mj_rows_position(struct mj_rows *r, const char *source, uint64_t position, const uint8_t hash[MJ_HASH])
{
    struct source *s = source_of(r, source);

    s->position = position;
    s->moved = true;
    memcpy(s->hash, hash, MJ_HASH);
}

uint64_t mj_rows_tables_position(struct mj_rows *r, const char *source, uint8_t hash[MJ_HASH])
{
    const struct source *s = source_of(r, source);

    if (hash)
        memcpy(hash, s->hash, MJ_HASH);
    return s->written;
}

/* ---- writing ---- */

struct mj_batch *mj_rows_gather(struct mj_rows *r)
{
    struct row *row, *next;
    bool moved = false;

    for (size_t i = 0; i < r->source_count; i++)
        moved = moved || r->sources[i].moved;
    if (r->batch || (!r->dirty && !moved))
        return NULL;
    r->batch = mj_batch_create();
    for (row = r->dirty; row; row = next) {
        next = row->next_dirty;
        row->next_dirty = NULL;
        row->dirty = false;
        row->id.kind->save(r->batch, &row->id.key, row->value);
    }
    r->dirty = NULL;
    r->dirty_tail = &r->dirty;
    r->batch_changes = r->changes;
    r->batch_bytes = r->stats.unflushed_bytes;
    return r->batch;
}

static void write_run(struct mj_job *job)
{
    struct mj_rows *r = (struct mj_rows *)((char *)job - offsetof(struct mj_rows, write_job));

    r->write_result = mj_tables_write(r->write_tables, r->batch, &r->write_error);
}

static void on_retry(void *arg)
{
    struct mj_rows *r = arg;

    r->retrying = false;
    mj_worker_submit(r->threads->tables, &r->write_job);
}

static void write_done(struct mj_job *job)
{
    struct mj_rows *r = (struct mj_rows *)((char *)job - offsetof(struct mj_rows, write_job));

    /* A refused statement is a defect of ours that no retry mends. */
    if (r->write_result == MJ_WRITE_UNKNOWN || (r->write_result == MJ_NOT_WRITTEN && r->write_error.code == MJ_INTERNAL))
        store_lost("tables_write_failed", &r->write_error);
    if (r->write_result == MJ_NOT_WRITTEN) {             /* disk full: credit falls to 0 meanwhile (mj_rows_full) */
        r->stats.write_retries++;
        r->retrying = true;
        mj_timer_start(r->retry, WRITE_RETRY_MS, 0);
        return;
    }
    r->generation++;
    r->stats.batches++;
    r->written_changes = r->batch_changes;
    r->stats.unflushed_bytes -= r->batch_bytes;
    for (size_t i = 0; i < r->source_count; i++)
        r->sources[i].written = r->sources[i].batch;
    mj_batch_destroy(r->batch);
    r->batch = NULL;
    r->writing = false;
    watch_size(r);
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
                   const char *schema, const char *log_url, const struct mj_rows_limits *limits, mj_error *err)
{
    struct mj_rows *r = mj_calloc(1, sizeof *r);

    r->threads = threads;
    r->limits = *limits;
    r->dirty_tail = &r->dirty;
    r->write_job.run = write_run;
    r->write_job.done = write_done;
    if (open_written(r, url, schema_name, schema, err) < 0 ||
        open_readers(&r->fetch_readers, url, schema_name, schema, log_url, err) < 0 ||
        open_readers(&r->loop_readers, url, schema_name, schema, log_url, err) < 0 ||
        mj_tables_begin(r->loop_readers.tables, &r->generation, err) < 0) {
        mj_rows_destroy(r);
        return -1;
    }
    mj_tables_end(r->loop_readers.tables);
    if (mj_defer_create(&r->evict, threads->loop, on_evict, r, err) < 0 ||
        mj_timer_create(&r->retry, threads->loop, on_retry, r, err) < 0) {
        mj_rows_destroy(r);
        return -1;
    }
    *ret = r;
    return 0;
}

static void free_links(struct row *row)
{
    struct link *next;

    for (; row->waiters; row->waiters = next) {
        next = row->waiters->next;
        free(row->waiters);
    }
}

static void drop_rows(struct mj_rows *r)
{
    struct row *row, *next;

    for (row = r->oldest; row; row = next) {
        next = row->newer;
        free_links(row);
        forget(r, row);
    }
    r->dirty = NULL;
    r->dirty_tail = &r->dirty;
    r->stats.unflushed_bytes = 0;
}

void mj_rows_reset(struct mj_rows *r)
{
    struct link *links = NULL, **tail = &links;

    assert(!r->writing);
    for (struct row *row = r->oldest; row; row = row->newer) {   /* whoever waited asks again, or has failed */
        *tail = row->waiters;
        while (*tail)
            tail = &(*tail)->next;
        row->waiters = NULL;
    }
    r->incarnation++;
    mj_batch_destroy(r->batch);
    r->batch = NULL;
    drop_rows(r);
    r->changes = r->written_changes = 0;
    for (size_t i = 0; i < r->source_count; i++) {
        r->sources[i].position = r->sources[i].batch = r->sources[i].written;
        r->sources[i].moved = false;
    }
    wake(links);
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
    drop_rows(r);
    mj_batch_destroy(r->batch);
    mj_defer_destroy(r->evict);
    mj_timer_destroy(r->retry);
    close_readers(&r->fetch_readers);
    close_readers(&r->loop_readers);
    if (r->write_tables)
        mj_tables_close(r->write_tables);
    free(r);
}
