/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* rows: the fold, in memory and in tables. Memory holds every row that is not yet in the tables, and a bounded cache
 * of those touched lately; what a decision needs beyond that is fetched first, by the read thread.
 *
 * Loop thread only. A row is a value of its kind under a key of at most 63 bytes; NULL is "no such row", and is
 * remembered like any other. Changed rows are gathered into a batch (one encoded state of all of them at once) and
 * written by the tables thread; only rows that the tables hold are evicted, the least lately touched first. The bound
 * is one for all rows of a process (mj_cache): a busy partition takes what twenty quiet ones do not need. */
#ifndef MJ_STORE_ROWS_H
#define MJ_STORE_ROWS_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/loop/worker.h"
#include "common/store/log.h"
#include "common/store/tables.h"

/* What all rows of a process hold together, and may hold.
 * cache_bytes: of rows in memory, changed ones included. Past it the least lately used go, whosever they are, but for
 *   those that a waiting command may need (up to twice as many bytes); and a quarter of it is always there for what
 *   is only read, however many rows changed.
 * unflushed_bytes: of rows that the tables do not have. A quarter of it is a step to be written, the rest is what
 *   may gather while the tables thread writes; past it no credit is given (mj_rows_full). A row counts as it costs in
 *   memory, about 100 bytes and its value. */
struct mj_rows_limits { size_t cache_bytes, unflushed_bytes; };
struct mj_cache;
int mj_cache_create(struct mj_cache **ret, struct mj_loop *loop, const struct mj_rows_limits *limits, mj_error *err);
void mj_cache_destroy(struct mj_cache *c);       /* after all its rows; NULL is allowed */
size_t mj_cache_bytes(const struct mj_cache *c); /* of rows in memory now */

/* The threads of a process and its cache, shared by all its partitions and models. */
struct mj_threads {
    struct mj_loop *loop;
    struct mj_worker *log;               /* appends and fsyncs */
    struct mj_worker *tables;            /* writes folds, checkpoints */
    struct mj_worker *read;              /* fetches, queries, Follow */
    struct mj_cache *cache;
};

#define MJ_ROW_KEY_MAX 63
struct mj_row_key { uint8_t len; uint8_t bytes[MJ_ROW_KEY_MAX]; };
static inline struct mj_row_key mj_row_key(const void *bytes, size_t len)        /* len <= 63: keys are made by us */
{
    struct mj_row_key k = { .len = (uint8_t)len };

    assert(len <= MJ_ROW_KEY_MAX);
    memcpy(k.bytes, bytes, len);
    return k;
}
static inline struct mj_row_key mj_row_key_text(const char *text)
{
    return mj_row_key(text, strlen(text));
}

/* Where a load may read: on the read thread, or on the loop thread at start. */
struct mj_readers { struct mj_tables *tables; struct mj_log_reader *log; /* NULL for a model */ };

/* Of a kind of which new rows come all the time: those that do not exist are then known not to, nearly always, without
 * a look. number: what a row is told apart by, the same in every process, as the tables have it (others may share it).
 * all: gives the numbers of the rows that the tables hold, as one column of integers. */
struct mj_row_names { uint64_t (*number)(const struct mj_row_key *key); struct mj_sql all; };

struct mj_row_kind {
    const char *name;
    /* Loads a value, *ret stays NULL where there is none. Must not touch anything but the readers. */
    int (*load)(const struct mj_readers *r, const struct mj_row_key *key, void **ret, mj_error *err);
    /* Adds the statements that write the value; NULL: that delete it. NULL for a kind that is only read. */
    void (*save)(struct mj_batch *b, const struct mj_row_key *key, const void *value);
    size_t (*size)(const void *value);   /* bytes it costs, about */
    void (*free)(void *value);
    const struct mj_row_names *names;    /* NULL: what is not in memory is always looked for */
    bool keyed;                          /* every key ends in a mj_tag: nobody outside can aim at its bytes */
};

struct mj_rows;

/* Opens the tables at url (writable handle for the tables thread, read-only ones for the read and loop threads);
 * log_url NULL for a model. A file of another schema is thrown away and made anew. */
int mj_rows_create(struct mj_rows **ret, const struct mj_threads *threads, const char *url, const char *schema_name,
                   const char *schema, const char *log_url, mj_error *err);
void mj_rows_destroy(struct mj_rows *r);         /* writes nothing more; wait for mj_rows_idle first */

/* Asks for a row. true: it is in memory (get will answer at once). false: it is being fetched: what is asked for in one
 * turn of the loop, or while the read thread still fetches, is fetched as one job. A waiter may be given
 * for any number of rows, in one go: its fn is called once, when all that were missing have come (one fetch a key is
 * outstanding, however many wait). A NULL waiter only prefetches. missing starts at 0.
 * What was asked for since a fetch that is still under way began, of any rows of the process, stays in memory: a
 * waiting command finds again what it found before. */
struct mj_row_waiter { void (*fn)(struct mj_row_waiter *w); unsigned missing; };
bool mj_rows_need(struct mj_rows *r, const struct mj_row_kind *k, const struct mj_row_key *key,
                  struct mj_row_waiter *w);
/* The value, or NULL where there is no such row. A row that is not in memory is loaded on the spot: right at start;
 * elsewhere it is counted (mj_rows_stats.inline_loads), since the caller should have asked for it first. Valid until
 * the loop's next turn. */
void *mj_rows_get(struct mj_rows *r, const struct mj_row_kind *k, const struct mj_row_key *key);
/* Sets the value (owned by rows from now on; NULL deletes) and marks it changed. */
void mj_rows_put(struct mj_rows *r, const struct mj_row_kind *k, const struct mj_row_key *key, void *value);
/* Marks a value changed in place. */
void mj_rows_touch(struct mj_rows *r, const struct mj_row_kind *k, const struct mj_row_key *key);

/* A row in memory, for those who touch it more than once: it is found once. Good until the loop's next turn. */
struct mj_row;
/* As mj_rows_need: the row, or NULL while it is being fetched. */
struct mj_row *mj_rows_want(struct mj_rows *r, const struct mj_row_kind *k, const struct mj_row_key *key,
                            struct mj_row_waiter *w);
/* As mj_rows_get: the row, loaded on the spot where it is not in memory. */
struct mj_row *mj_rows_at(struct mj_rows *r, const struct mj_row_kind *k, const struct mj_row_key *key);
void *mj_row_value(const struct mj_row *row);                    /* NULL: no such row */
void mj_row_put(struct mj_rows *r, struct mj_row *row, void *value);     /* as mj_rows_put */
void mj_row_touch(struct mj_rows *r, struct mj_row *row);        /* as mj_rows_touch */
/* Keeps it in memory, over any turns, until it was released as often; a reset and the end of rows take it all the
 * same. For what waits for other rows: bound how much that is. */
void mj_row_hold(struct mj_row *row);
void mj_row_release(struct mj_row *row);

/* Called while a batch is gathered, to add what the owner keeps besides rows (figures of its own); dirty says whether
 * it has any, so that a batch is worth making. */
struct mj_rows_extra { bool (*dirty)(void *arg); void (*save)(void *arg, struct mj_batch *b); void *arg; };
void mj_rows_on_gather(struct mj_rows *r, const struct mj_rows_extra *extra);

/* What the batch that was gathered, or the next one, stands at: goes into the batch when it is handed to write. */
void mj_rows_position(struct mj_rows *r, const char *source, uint64_t position, const uint8_t hash[MJ_HASH]);
/* Encodes all that changed since the last gather, with the positions; NULL where nothing did. A batch that was
 * gathered must be written or dropped, in order. At most one is out at a time (NULL while one is). */
struct mj_batch *mj_rows_gather(struct mj_rows *r);
struct mj_batch *mj_rows_gathered(const struct mj_rows *r);      /* the one that is out, or NULL */
void mj_rows_write(struct mj_rows *r, struct mj_batch *b); /* takes the batch; RESOURCE_EXHAUSTED is tried again */
/* Drops all rows and any batch not handed to write: memory starts again from the tables. */
void mj_rows_reset(struct mj_rows *r);
bool mj_rows_writing(const struct mj_rows *r);                   /* a batch was handed to write and is not done */
void mj_rows_on_written(struct mj_rows *r, void (*fn)(void *arg), void *arg);    /* after each batch written */
/* Position the tables hold of a source; hash (may be NULL) is that of the position last told, which at start is the
 * same. */
uint64_t mj_rows_tables_position(struct mj_rows *r, const char *source, uint8_t hash[MJ_HASH]);

/* Runs a query on the read thread and calls done on the loop; the job's run gets the readers. */
struct mj_row_query {
    int (*run)(struct mj_row_query *q, const struct mj_readers *readers, mj_error *err);
    void (*done)(struct mj_row_query *q, const mj_error *err);   /* err NULL when run gave 0 */
    mj_error err;                        /* private, as the rest */
    struct mj_job job;
    struct mj_rows *rows;
    int rc;
};
void mj_rows_query(struct mj_rows *r, struct mj_row_query *q);
/* Nothing is being fetched, queried or written, but for a batch that waits for room on the disk: may be destroyed. */
bool mj_rows_idle(const struct mj_rows *r);
/* Learns which rows of a kind with names there are; blocks, so at start. Else the first row of the kind that is asked
 * for or put does it. 0.2 us a row, and two to four bytes from then on. */
int mj_rows_learn(struct mj_rows *r, const struct mj_row_kind *k, mj_error *err);
/* The loop's own handle: at start only. */
const struct mj_readers *mj_rows_readers(struct mj_rows *r);

/* fetches counts rows, fetch_jobs the jobs of the read thread that brought them; absent, rows that were known not to
 * exist. filter_bytes is what that knowledge costs, besides bytes. */
struct mj_rows_stats { size_t rows, bytes, unflushed_bytes, filter_bytes; uint64_t hits, fetches, fetch_jobs, absent,
                       inline_loads, evicted, batches, write_retries; };
const struct mj_rows_stats *mj_rows_stats(const struct mj_rows *r);
/* So much changed since the last gather that a batch is worth making at once. */
bool mj_rows_due(const struct mj_rows *r);
/* The process's unflushed bytes are past their bound, and some are of these rows: give no credit, write. */
bool mj_rows_full(const struct mj_rows *r);

#endif
