/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* The inside of a partition, shared by the files that are its parts: partition.c (opening, folding the tail, closing),
 * partition_commands.c (waiting, deciding), partition_commit.c (sealing, the log thread, disk full) and
 * partition_tables.c (when memory is written to the tables). Nobody else includes it. */
#ifndef MJ_STORE_PARTITION_PRIVATE_H
#define MJ_STORE_PARTITION_PRIVATE_H

#include "common/base/hash.h"
#include "common/store/partition.h"

enum partition_state {
    PARTITION_OPEN,
    PARTITION_REBUILDING,                /* append gave NOT_STORED: waiting for the tables thread, then refolding */
    PARTITION_FULL,                      /* memory is right again; waiting for a probe write to succeed */
    PARTITION_DRAINING,                  /* stopping: no new command */
};

struct block {                           /* one commit, before it is on disk */
    struct mj_buf bytes;                 /* packed LogBlock */
    uint64_t first;
    uint32_t count;
    struct mj_named_key *keys;           /* to be on disk before it */
    size_t key_count;
    bool gathered;                       /* the batch that rows gathered stands at its end */
    struct block *next;
};

struct order {                           /* commands that must be decided in the order in which they came */
    char key[16];
    struct mj_command *head, *tail;
    UT_hash_handle hh;
};

struct tables_waiter { uint64_t position; void (*fn)(void *arg, bool late); void *arg; uint64_t deadline_ms;
                       struct tables_waiter *next; };

struct mj_partition {
    struct mj_domain domain;
    const struct mj_threads *threads;
    const struct mj_env *env;
    char directory[400], region[3], log_url[440];
    int lock;
    struct mj_log *log;
    struct mj_keystore *keys;
    struct mj_rows *rows;
    enum partition_state state;
    bool closing;                        /* draining ends in partition state DRAINING whatever comes */

    uint64_t folded, durable;            /* last positions */
    uint8_t head[MJ_HASH];
    int64_t recorded_at;                 /* never goes back */

    struct block *open;                  /* being filled */
    struct block *spare;                 /* its memory is for the next one; NULL: none */
    struct block *sealed, **sealed_tail; /* waiting for the log thread, in order */
    struct block *in_flight;
    struct mj_job append_job, probe_job;
    enum mj_append append_result;
    int probe_result;
    bool probing;                        /* probe_job is under way */
    mj_error append_error;
    uint64_t incarnation;                /* grows each time memory is dropped */
    mj_error failure;                    /* why it was, for the commands that waited */

    struct mj_command *deciding;         /* emit belongs to it */
    struct mj_command *decided, **decided_tail;  /* in order of position, until on disk */
    struct order *orders;
    size_t live;                         /* commands submitted and not over */
    size_t waiting_bytes_max;

    struct mj_defer *turn;               /* end of the turn: seal and send */
    struct mj_timer *step;               /* tables are written this long after the first change */
    struct mj_timer *probe;
    bool step_started, flush_now;
    struct tables_waiter *tables_waiters;
    struct mj_timer *late;
    struct mj_commit_listener *listeners;
    void (*drained)(void *arg);
    void *drained_arg;
    mj_error why;                        /* room for why the command at hand is refused: not cleared for each */
    struct mj_buf scratch;               /* packed payload of the entry being emitted */
    struct mj_partition_stats stats;
};

/* partition.c */
void partition_lost(const char *what, const mj_error *err) __attribute__((noreturn));
int partition_fold_tail(struct mj_partition *p, mj_error *err);  /* from the tables' position to the log's end */
int partition_fold(struct mj_partition *p, const struct mj_entry *e, mj_error *err);
void partition_check_drained(struct mj_partition *p);
extern const struct mj_row_kind partition_command_kind;          /* idempotency keys */
struct known_command { uint8_t tag[MJ_TAG]; uint64_t position; size_t answer_len; uint8_t answer[]; };

/* partition_commands.c */
void partition_finish_durable(struct mj_partition *p);           /* decided commands up to durable are done */
void partition_fail_all(struct mj_partition *p, const mj_error *err);
void partition_over(struct mj_partition *p, struct mj_command *c, const mj_error *err);

/* partition_commit.c */
int partition_commit_create(struct mj_partition *p, mj_error *err);
void partition_commit_destroy(struct mj_partition *p);
void partition_stamp(struct mj_partition *p);    /* the time of the entries of the decision that begins */
void partition_room_for(struct mj_partition *p, size_t bytes);   /* seals the open block where bytes may not fit */
void partition_drop_blocks(struct mj_partition *p);
bool partition_nothing_pending(const struct mj_partition *p);    /* all that is folded is on disk */
void partition_rebuild(struct mj_partition *p);

/* partition_tables.c */
int partition_tables_create(struct mj_partition *p, mj_error *err);
void partition_tables_destroy(struct mj_partition *p);
void partition_gather_at(struct mj_partition *p, struct block *b);       /* b holds the last entry folded */
void partition_block_durable(struct mj_partition *p, const struct block *b);
void partition_flush_idle(struct mj_partition *p);               /* writes the rest where nothing is pending */

#endif
