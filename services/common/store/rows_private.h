/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* The inside of rows, shared by the files that are its parts: rows.c (lifetime, changes), rows_memory.c (the hash, the
 * order of use, eviction), rows_fetch.c (fetches, waiters, queries) and rows_write.c (positions, batches). Nobody else
 * includes it. */
#ifndef MJ_STORE_ROWS_PRIVATE_H
#define MJ_STORE_ROWS_PRIVATE_H

#include "common/base/hash.h"
#include "common/store/rows.h"

#define SOURCES_MAX 64                   /* logs that one set of rows follows: 21 regions + FR, for two services */

struct row_id {                          /* the hash key: zeroed before it is filled, compared as bytes */
    const struct mj_row_kind *kind;
    struct mj_row_key key;
};

struct link { struct mj_row_waiter *waiter; struct link *next; };

struct mj_row {
    struct row_id id;
    uint64_t used_ms;                    /* when it was last asked for */
    void *value;
    size_t size;
    uint64_t changed;                    /* number of its last change; 0: never changed here */
    bool here;                           /* false: being fetched, value not known */
    bool dirty;
    struct link *waiters;
    struct mj_row *older, *newer;           /* least lately touched first */
    struct mj_row *next_dirty;
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
    struct mj_row *rows;                    /* hash */
    struct mj_row *oldest, *newest;
    struct mj_row *dirty, **dirty_tail;
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
    struct mj_rows_extra extra;
    struct mj_rows_stats stats;
};

/* rows_memory.c */
void rows_lost(const char *what, const mj_error *err) __attribute__((noreturn));
struct row_id rows_id(const struct mj_row_kind *k, const struct mj_row_key *key);
struct mj_row *rows_find(const struct mj_rows *r, const struct mj_row_kind *k, const struct mj_row_key *key);
struct mj_row *rows_add(struct mj_rows *r, const struct mj_row_kind *k, const struct mj_row_key *key);
void rows_used(struct mj_rows *r, struct mj_row *row);
void rows_measure(struct mj_rows *r, struct mj_row *row);           /* after its value changed in place */
void rows_set(struct mj_rows *r, struct mj_row *row, void *value);
void rows_forget(struct mj_rows *r, struct mj_row *row);
void rows_watch_size(struct mj_rows *r); /* evicts at the end of the turn, where there is need */
void rows_on_evict(void *rows);

/* rows_fetch.c */
void rows_wake(struct link *links);                              /* frees them */

/* rows_write.c */
struct source *rows_source(struct mj_rows *r, const char *name);
void rows_write_run(struct mj_job *job);
void rows_write_done(struct mj_job *job);
void rows_on_retry(void *rows);

#endif
