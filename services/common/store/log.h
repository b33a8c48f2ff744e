/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* log: the log of one partition, the truth. Commits of entries, in order, on disk on return, linked by a chain of
 * hashes. This module knows entries, blocks, chain, epoch and lineage; an engine behind log_ops only keeps commits
 * as opaque blocks keyed by their first position.
 *
 * Called blocking, by the thread that owns it: appends by one thread, reads by any number of read handles. */
#ifndef MJ_STORE_LOG_H
#define MJ_STORE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/crypto.h"
#include "common/base/error.h"
#include "common/seams/env.h"

#define MJ_COMMIT_MAX (1024u * 1024u)    /* bytes of a block */
#define MJ_LINEAGE 16
#define MJ_ENTRY_OPENED 1                /* log.v1 COMMON_ENTRY_TYPE_OPENED */
#define MJ_ENTRY_FIRST_OWN 16            /* service's own types start here */

enum mj_append {                         /* design: the three results of append */
    MJ_STORED,
    MJ_NOT_STORED,                       /* the engine proves the rollback (disk full) */
    MJ_APPEND_UNKNOWN,                   /* stored or not: the process must end (L4, S3) */
};

struct mj_entry {                        /* one decoded entry; pointers live as long as what they were decoded from */
    uint64_t position;
    uint64_t recorded_at_ms;
    uint32_t type;
    const char *principal;
    const uint8_t *payload;
    size_t payload_len;
    const uint8_t *command_key;          /* 16 bytes or NULL */
    const uint8_t *command_hash;         /* 16 bytes or NULL */
    const uint8_t *command_answer;       /* NULL but in a command's last entry */
    size_t command_answer_len;
    void *value;                         /* what the payload tells, once its domain has read it; else NULL */
};

struct mj_commit {
    uint64_t first;
    uint32_t count;
    uint8_t hash[MJ_HASH];
    const uint8_t *block;                /* packed log.v1 LogBlock */
    size_t block_len;
};

/* ---- engines ---- */
struct mj_log_head { uint64_t end; uint64_t epoch; uint8_t hash[MJ_HASH]; uint8_t lineage[MJ_LINEAGE]; bool exists; };
/* Each commit read; return nonzero to stop. Data is valid during the call. */
typedef int mj_commit_fn(void *arg, const struct mj_commit *c);

struct mj_log_ops {
    const char *scheme;                  /* "file" */
    /* Opens the log at url: for writing with an env (it makes the log where absent, and mends its end), for reading
     * with NULL. One writer at a time: another is refused (FAILED_PRECONDITION LOCKED). */
    int (*open)(void **ret, const char *url, const struct mj_env *env, mj_error *err);
    int (*head)(void *engine, struct mj_log_head *ret, mj_error *err);
    /* Appends one commit, fsynced on return. epoch is the writer's: a commit that does not start at the log's end, or a
     * newer epoch there, is NOT_STORED with ABORTED, reason FENCED. set_lineage is written with the first commit, NULL
     * afterwards. */
    enum mj_append (*append)(void *engine, uint64_t epoch, const uint8_t *set_lineage, const struct mj_commit *c,
                             mj_error *err);
    /* Commits from the one that holds position on, in order: max_bytes of blocks at most, but one commit at least.
     * None where position is at or past the end. each may ask for hash_before. */
    int (*read)(void *engine, uint64_t position, size_t max_bytes, mj_commit_fn *each, void *arg, mj_error *err);
    /* Hash of the commit that ends right before position; false where no commit ends there (so at 1). */
    int (*hash_before)(void *engine, uint64_t position, uint8_t ret[MJ_HASH], bool *found, mj_error *err);
    /* Writes and takes back 64 KiB, to see whether there is room again. */
    int (*probe)(void *engine, mj_error *err);
    void (*close)(void *engine);
};
extern const struct mj_log_ops mj_log_files;
const struct mj_log_ops *mj_log_engine(const char *url, mj_error *err);  /* by scheme: "file:/path/log" */

/* ---- a log open for writing ---- */
struct mj_log;
/* Opens, verifies that the last commit's hash fits its block, appends OPENED with epoch + 1 (and a new lineage for
 * a new log). The caller holds the partition's LOCK (lock.h). */
int mj_log_open(struct mj_log **ret, const char *url, const struct mj_env *env, const char *instance, mj_error *err);
void mj_log_close(struct mj_log *l);
uint64_t mj_log_end(const struct mj_log *l);                     /* one past the last durable position */
uint64_t mj_log_epoch(const struct mj_log *l);
const uint8_t *mj_log_lineage(const struct mj_log *l);
const uint8_t *mj_log_hash(const struct mj_log *l);              /* of the last durable commit */
/* Appends one commit of count entries whose packed LogBlock is given. Updates end and hash when STORED. NOT_STORED:
 * RESOURCE_EXHAUSTED DISK_FULL, ABORTED FENCED, INTERNAL COMMIT_SIZE. */
enum mj_append mj_log_append(struct mj_log *l, uint64_t first, uint32_t count, const uint8_t *block, size_t len,
                             mj_error *err);
int mj_log_probe(struct mj_log *l, mj_error *err);

/* ---- a handle for reading, on any one thread ---- */
struct mj_log_reader;
int mj_log_reader_open(struct mj_log_reader **ret, const char *url, mj_error *err);
void mj_log_reader_close(struct mj_log_reader *r);
int mj_log_reader_head(struct mj_log_reader *r, struct mj_log_head *ret, mj_error *err);
/* As ops->read. DATA_LOSS CHAIN_BROKEN where the commit that holds position, or one after it, is missing.
 * While a writer is at work the last commit given may be one that is not on disk yet, or not even whole: who reads
 * beside a writer stops at the position that the writer knows durable (as Follow and the partition do), or at the end
 * that mj_log_reader_head tells (as the tools do), whose last commit is whole. */
int mj_log_read(struct mj_log_reader *r, uint64_t position, size_t max_bytes, mj_commit_fn *each, void *arg,
                mj_error *err);
int mj_log_hash_before(struct mj_log_reader *r, uint64_t position, uint8_t ret[MJ_HASH], bool *found, mj_error *err);

/* ---- blocks ---- */
/* Adds an entry to a block under construction (a packed LogBlock); position is not stored. */
void mj_block_add(struct mj_buf *block, const struct mj_entry *e);
/* Decodes a commit's entries in order, filling positions from first. Their bytes are the block's own, their principals
 * are in the arena: both must live as long as the entries. Return nonzero to stop. DATA_LOSS where the block does not
 * decode or the count differs; entries before the one that does not decode were given by then. */
typedef int mj_entry_fn(void *arg, const struct mj_entry *e);
int mj_block_each(const struct mj_commit *c, struct mj_arena *a, mj_entry_fn *each, void *arg, mj_error *err);
/* The chain's next hash fits? */
bool mj_commit_fits(const struct mj_commit *c, const uint8_t prev[MJ_HASH]);
/* Reads the whole log and checks every hash and count. DATA_LOSS CHAIN_BROKEN names the position. */
int mj_log_verify(const char *url, uint64_t *commits, uint64_t *entries, mj_error *err);

#endif
