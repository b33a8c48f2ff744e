/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* partition: decide, append, fold, for one (service, region). The one idea of the platform (README, "how it works").
 *
 * A command waits until the rows it needs are in memory, then is decided and its entries are folded into memory at
 * once, in order; what gathered while the last commit was under way is sealed into the next one (1 MiB at most) and
 * appended by the log thread; a command is done when everything its decision stood on is on disk. Nothing leaves the
 * process before that. No timer waits for more commands to gather.
 *
 * Loop thread only. Results of append: STORED; NOT_STORED (disk full): memory is dropped and built again from tables
 * and log, waiting commands get RESOURCE_EXHAUSTED, intake opens when a probe write succeeds; UNKNOWN: the process
 * aborts, and the next start finds out. */
#ifndef MJ_STORE_PARTITION_H
#define MJ_STORE_PARTITION_H

#include "common/store/keystore.h"
#include "common/store/rows.h"

struct mj_partition;

/* A service's part. Pure but for the rows. */
struct mj_domain {
    const char *service;                 /* "placements" */
    const char *schema_name;             /* "placements-1": another one is folded anew */
    const char *schema;                  /* CREATE TABLE ...; the partition's own tables are added to it */
    bool (*knows)(uint32_t type);        /* an unknown type in the log: the service refuses to start */
    /* Optional: reads the payload of an entry from the log into e->value, in the arena, before it is folded. Pure.
     * -1: DATA_LOSS. An entry emitted with its value is not read. */
    int (*read)(void *app, struct mj_entry *e, struct mj_arena *a, mj_error *err);
    /* Folds one entry: its payload or value, and rows, and nothing else. -1 (DATA_LOSS) ends the process. */
    int (*fold)(void *app, struct mj_partition *p, const struct mj_entry *e, mj_error *err);
    /* Optional: after start's fold and after a reset; builds what the app keeps besides rows. */
    int (*ready)(void *app, struct mj_partition *p, mj_error *err);
    void *app;
};

struct mj_command {
    /* Asks mj_rows_need for what decide will read, with waiter; true when all of it is in memory. Called again after
     * each wait. NULL: needs nothing. */
    bool (*needs)(struct mj_command *c, struct mj_partition *p, struct mj_row_waiter *w);
    /* Decides: calls mj_partition_emit for each entry, or returns -1 having emitted nothing. */
    int (*decide)(struct mj_command *c, struct mj_partition *p, mj_error *err);
    /* err NULL: everything is on disk, position is the last one the decision stood on. Else refused, or
     * RESOURCE_EXHAUSTED, UNAVAILABLE or DEADLINE_EXCEEDED with nothing written. Called once; the command is the
     * caller's again. */
    void (*done)(struct mj_command *c, struct mj_partition *p, const mj_error *err);
    const char *principal;               /* stands in the entries; valid until done */
    char order[16]; /* commands of the same order key are decided in the order they came; "" none */
    size_t bytes;                        /* what it costs to keep waiting; counts against the partition's bound */
    /* Of the loop's clock; 0: none. A command that comes to its decision later is not decided: DEADLINE_EXCEEDED. */
    uint64_t deadline_ms;
    /* Idempotent commands: key (16 bytes) and tag of method and body. A key that is known answers with replay set
     * and does not reach decide; another body under it is ALREADY_EXISTS, reason KEY_REUSED. */
    const uint8_t *key, *tag;
    struct mj_buf answer; /* decide packs the answer of an idempotent command here before its last emit */
    bool replay;
    uint64_t position;
    /* private */
    struct mj_row_waiter waiter;
    struct mj_partition *partition;
    struct order *queue;                 /* of its order key; NULL: none */
    struct mj_command *next;
    uint64_t incarnation;
    mj_error *refusal;                   /* NULL: it was not refused */
};

struct mj_partition_options {
    const struct mj_threads *threads;
    const char *directory;               /* MJ_DATA/placements/52: LOCK, log, tables.db, keys.db */
    const char *region;
    const char *instance;
    size_t waiting_bytes;                /* bound of commands waiting: 64 MiB; beyond it RESOURCE_EXHAUSTED */
};

/* Takes the lock, opens log (OPENED, epoch + 1), keys and tables, folds the log's tail. Blocking: before the loop runs. */
int mj_partition_open(struct mj_partition **ret, const struct mj_domain *domain, const struct mj_partition_options *o,
                      mj_error *err);
/* New commands get UNAVAILABLE; calls fn once everything decided is on disk and in the tables. */
void mj_partition_drain(struct mj_partition *p, void (*fn)(void *arg), void *arg);
/* Waits for what is under way (the loop turns meanwhile): commands in work are done before it returns. */
void mj_partition_close(struct mj_partition *p);

void mj_partition_submit(struct mj_partition *p, struct mj_command *c);
/* In decide only: adds one entry at the next position and folds it at once. payload is packed here. Returns its position. */
uint64_t mj_partition_emit(struct mj_partition *p, uint32_t type, const ProtobufCMessage *payload);
/* The same for a payload that the caller packed, with the value that the domain's read would find in it; both are
 * used during the call only. */
uint64_t mj_partition_emit_value(struct mj_partition *p, uint32_t type, const struct mj_buf *payload, void *value);
/* In decide only: a key that must be on disk before the entries of this decision. */
void mj_partition_key(struct mj_partition *p, const char *name, const uint8_t key[MJ_KEY]);
struct mj_keystore *mj_partition_keystore(struct mj_partition *p);  /* blocking: at start (ready) only */

struct mj_rows *mj_partition_rows(struct mj_partition *p);
const char *mj_partition_region(const struct mj_partition *p);
uint64_t mj_partition_folded(const struct mj_partition *p);      /* last position decided, on disk or not */
uint64_t mj_partition_durable(const struct mj_partition *p);     /* last position on disk */
uint64_t mj_partition_epoch(const struct mj_partition *p);
const uint8_t *mj_partition_lineage(const struct mj_partition *p);
const uint8_t *mj_partition_head(const struct mj_partition *p);  /* hash of the last commit on disk */
bool mj_partition_accepting(const struct mj_partition *p);       /* false: starting, full, draining */
const char *mj_partition_log_url(const struct mj_partition *p);
/* Calls fn after each commit that reached the disk, until it is removed: Follow's long polls, tests. c is valid during
 * the call. */
struct mj_commit_listener {
    void (*fn)(struct mj_commit_listener *l, struct mj_partition *p, const struct mj_commit *c);
    struct mj_commit_listener *next;
};
void mj_partition_listen(struct mj_partition *p, struct mj_commit_listener *l);
void mj_partition_unlisten(struct mj_partition *p, struct mj_commit_listener *l);
/* Writes what changed to the tables now, for a query that must see its caller's own write; fn is called once the
 * tables stand at position or more, or after 2 s (late true). */
void mj_partition_at_least(struct mj_partition *p, uint64_t position, void (*fn)(void *arg, bool late), void *arg);

struct mj_partition_stats {
    uint64_t commands, refused, entries, commits, bytes, not_stored, syncs;
    size_t waiting_bytes;
};
const struct mj_partition_stats *mj_partition_stats(const struct mj_partition *p);

#endif
