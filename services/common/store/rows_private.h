/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* The inside of rows, shared by the files that are its parts: rows.c (lifetime, changes), rows_memory.c (finding a
 * row), rows_cache.c (the bound of the process, the order of use, eviction), rows_fetch.c (fetches, waiters, queries),
 * rows_absent.c (rows that need no fetch, since there are none) and rows_write.c (positions, batches). Nobody else
 * includes it. */
#ifndef MJ_STORE_ROWS_PRIVATE_H
#define MJ_STORE_ROWS_PRIVATE_H

#include "common/base/filter.h"
#include "common/base/hash.h"
#include "common/store/rows.h"

#define SOURCES_MAX 64                   /* logs that one set of rows follows: 21 regions + FR, for two services */

struct link { struct mj_row_waiter *waiter; struct link *next; };

struct mj_row {
    struct mj_rows *rows;                /* whose it is */
    const struct mj_row_kind *kind;
    void *value;
    struct link *waiters;
    struct mj_row *older, *newer;        /* in the process's cache */
    struct mj_row *next_dirty;
    uint32_t hash;
    uint32_t size;                       /* what its value costs, bytes */
    uint32_t batch;                      /* number of the batch that has its last change; 0: never changed here */
    uint32_t wanted;                     /* the cache's tick when it was last wanted; 0: it was not */
    uint32_t held;                       /* how many hold it */
    bool here;                           /* false: value not known yet */
    bool fetching;                       /* a fetch under way will bring it */
    bool dirty;                          /* changed since the last gather */
    bool used;                           /* since it took its place in the cache's order */
    uint8_t key_len;
    uint8_t key[];                       /* key_len bytes */
};

/* Where a row is found: open addressing, in the slot that its hash names or the next free one. Most slots of other
 * rows are told apart by their hash alone, so that to find a row touches a slot and the row. */
struct slot { uint32_t hash; struct mj_row *row; };

struct mj_cache {
    struct mj_rows_limits limits;
    struct mj_defer *evict;
    struct mj_row *oldest, *newest;      /* of all rows */
    size_t rows, bytes, unflushed_bytes;
    uint32_t tick;                       /* counts the fetch jobs of the process */
    struct mj_rows *members;
};

struct source {                          /* one log that is folded here */
    char name[24];
    uint64_t position;                   /* memory stands here, as last told */
    uint64_t batch;                      /* the batch out stands here */
    uint64_t written;                    /* the tables stand here */
    uint8_t hash[MJ_HASH];
    bool moved;                          /* position was told since the last write */
};

struct absent {                          /* which rows of a kind there may be */
    const struct mj_row_kind *kind;
    struct mj_filter *filter;
    struct absent *next;
};

struct mj_rows {
    const struct mj_threads *threads;
    struct mj_tables *write_tables;      /* tables thread */
    struct mj_readers fetch_readers;     /* read thread */
    struct mj_readers loop_readers;      /* loop thread */
    struct mj_cache *cache;
    struct mj_rows *next_member;         /* of the cache */
    struct slot *slots;
    size_t slot_count;                   /* a power of two */
    struct absent *absent;
    struct mj_row *dirty, **dirty_tail;
    uint32_t gathered_batches, written_batches;  /* in this process */
    size_t batch_bytes;                  /* row bytes that the batch out covers */
    uint64_t generation;                 /* batches written since the file was made, as this process knows */
    struct mj_batch *batch;              /* gathered or being written */
    bool writing;
    bool retrying;                       /* the batch waits for its next try: no thread has it */
    struct source sources[SOURCES_MAX];
    size_t source_count;
    uint64_t incarnation;                /* grows with each reset: fetches from before are thrown away */
    struct fetch *wanted;                /* rows to fetch, not yet with the read thread; or NULL */
    struct fetch *fetching;              /* what the read thread has; or NULL */
    struct mj_defer *send;               /* end of the turn: hands it what is wanted */
    struct mj_timer *retry;
    struct mj_job write_job;
    enum mj_write write_result;
    mj_error write_error;
    void (*on_written)(void *arg);
    void *on_written_arg;
    unsigned querying;                   /* queries under way */
    struct mj_rows_extra extra;
    struct mj_rows_stats stats;
};

/* rows_memory.c */
void rows_lost(const char *what, const mj_error *err) __attribute__((noreturn));
uint32_t rows_hash(const struct mj_row_kind *k, const struct mj_row_key *key);
struct mj_row *rows_find(const struct mj_rows *r, const struct mj_row_kind *k, const struct mj_row_key *key,
                         uint32_t hash);
struct mj_row *rows_add(struct mj_rows *r, const struct mj_row_kind *k, const struct mj_row_key *key, uint32_t hash);
void rows_make_room(struct mj_rows *r);          /* in the table, for one more row */
struct mj_row_key rows_key(const struct mj_row *row);
size_t rows_cost(const struct mj_row *row);      /* bytes, itself and its value */
void rows_measure(struct mj_row *row);           /* after its value changed in place */
void rows_set(struct mj_row *row, void *value);
void rows_forget(struct mj_row *row);

/* rows_cache.c */
void cache_join(struct mj_cache *c, struct mj_rows *r);
void cache_leave(struct mj_cache *c, struct mj_rows *r);
void cache_link(struct mj_cache *c, struct mj_row *row);         /* as the newest */
void cache_unlink(struct mj_cache *c, struct mj_row *row);
void cache_count(struct mj_rows *r, size_t gone, size_t come);   /* bytes of rows */
void cache_count_unflushed(struct mj_rows *r, size_t gone, size_t come);
void cache_watch(struct mj_cache *c);            /* evicts at the end of the turn, where there is need */

/* rows_absent.c */
bool rows_is_absent(struct mj_rows *r, const struct mj_row_kind *k, const struct mj_row_key *key);       /* surely */
void rows_comes_to_be(const struct mj_row *row); /* it had no value, and gets one */
void rows_absent_destroy(struct mj_rows *r);

/* rows_fetch.c */
void rows_wake(struct link *links);                              /* frees them */
void rows_send_wanted(void *rows);
void rows_drop_wanted(struct mj_rows *r);
/* The tick at which the oldest fetch began that is not done; false: none is under way. */
bool rows_fetch_began(const struct mj_rows *r, uint32_t *tick);

/* rows_write.c */
struct source *rows_source(struct mj_rows *r, const char *name);
void rows_write_run(struct mj_job *job);
void rows_write_done(struct mj_job *job);
void rows_on_retry(void *rows);

#endif
