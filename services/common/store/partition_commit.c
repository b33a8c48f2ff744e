/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Commits: what was decided is sealed into blocks and appended by the log thread, one after another; what gathers
 * during an append goes into the next. Also what follows when an append fails. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/seams/failpoint.h"
#include "common/service/logging.h"
#include "common/store/partition_private.h"

#define BLOCK_SLACK 65536u               /* room kept in a block for a decision's own overhead */
#define PROBE_MS 200

#define OF_JOB(job, member) ((struct mj_partition *)((char *)(job) - offsetof(struct mj_partition, member)))

static void send_next(struct mj_partition *p);

/* ---- blocks ---- */

static struct block *block_open(struct mj_partition *p)
{
    if (!p->open) {
        p->open = p->spare ? p->spare : mj_calloc(1, sizeof *p->open);
        p->spare = NULL;
        p->open->first = p->folded + 1;
    }
    return p->open;
}

static void block_free(struct block *b)
{
    if (!b)
        return;
    mj_buf_free(&b->bytes);
    if (b->keys)
        explicit_bzero(b->keys, b->key_count * sizeof *b->keys);
    free(b->keys);
    free(b);
}

/* It is on disk: the next one is filled in its memory, or most commits would get a megabyte anew, page by page. */
static void block_over(struct mj_partition *p, struct block *b)
{
    struct block empty = { .bytes = b->bytes };

    if (p->spare || b->keys) {
        block_free(b);
        return;
    }
    mj_buf_clear(&empty.bytes);
    *b = empty;
    p->spare = b;
}

static void seal(struct mj_partition *p)
{
    if (!p->open)
        return;
    p->open->next = NULL;
    *p->sealed_tail = p->open;
    p->sealed_tail = &p->open->next;
    p->open = NULL;
}

void partition_room_for(struct mj_partition *p, size_t bytes)
{
    if (p->open && p->open->count && p->open->bytes.len + bytes + BLOCK_SLACK > MJ_COMMIT_MAX)
        seal(p);
}

bool partition_nothing_pending(const struct mj_partition *p)
{
    return (!p->open || !p->open->count) && !p->sealed && !p->in_flight && p->durable == p->folded;
}

void partition_drop_blocks(struct mj_partition *p)
{
    struct block *b;

    block_free(p->open);
    p->open = NULL;
    while ((b = p->sealed)) {
        p->sealed = b->next;
        block_free(b);
    }
    p->sealed_tail = &p->sealed;
}

/* ---- emitting ---- */

void partition_stamp(struct mj_partition *p)
{
    int64_t now = mj_wall_ms(p->env);

    if (now > p->recorded_at)
        p->recorded_at = now;
}

uint64_t mj_partition_emit(struct mj_partition *p, uint32_t type, const ProtobufCMessage *payload)
{
    mj_buf_clear(&p->scratch);
    mj_buf_pack(&p->scratch, payload);
    return mj_partition_emit_value(p, type, &p->scratch, NULL);
}

uint64_t mj_partition_emit_value(struct mj_partition *p, uint32_t type, const struct mj_buf *payload, void *value)
{
    const struct mj_command *c = p->deciding;
    struct mj_entry e = { .type = type, .principal = c->principal, .value = value };
    size_t before;

    partition_room_for(p, payload->len);
    e.position = p->folded + 1;
    e.recorded_at_ms = (uint64_t)p->recorded_at;
    e.payload = payload->data;
    e.payload_len = payload->len;
    if (c->key && c->answer.len) {
        e.command_key = c->key;
        e.command_hash = c->tag;
        e.command_answer = c->answer.data;
        e.command_answer_len = c->answer.len;
    }
    before = block_open(p)->bytes.len;
    mj_block_add(&p->open->bytes, &e);
    p->open->count++;
    p->stats.entries++;
    p->stats.bytes += p->open->bytes.len - before;
    if (partition_fold(p, &e, &p->why) < 0)
        partition_lost("fold_failed", &p->why);
    return e.position;
}

void mj_partition_key(struct mj_partition *p, const char *name, const uint8_t key[MJ_KEY])
{
    struct block *b = block_open(p);
    struct mj_named_key *k;

    b->keys = realloc(b->keys, (b->key_count + 1) * sizeof *b->keys);
    if (!b->keys)
        abort();
    k = &b->keys[b->key_count++];
    memset(k, 0, sizeof *k);
    strncpy(k->name, name, sizeof k->name - 1);
    memcpy(k->key, key, MJ_KEY);
}

/* ---- the log thread ---- */

static void append_run(struct mj_job *job)
{
    struct mj_partition *p = OF_JOB(job, append_job);
    struct block *b = p->in_flight;

    memset(&p->append_error, 0, sizeof p->append_error);
    if (b->key_count && mj_keystore_put(p->keys, b->keys, b->key_count, &p->append_error) < 0) {
        p->append_result = p->append_error.code == MJ_RESOURCE_EXHAUSTED ? MJ_NOT_STORED : MJ_APPEND_UNKNOWN;
        return;
    }
    p->append_result = mj_log_append(p->log, b->first, b->count, b->bytes.data, b->bytes.len, &p->append_error);
    (void)MJ_FAILPOINT("part.after_append");
}

static void tell_listeners(struct mj_partition *p, const struct block *b)
{
    struct mj_commit_listener *l = p->listeners, *next;
    struct mj_commit c = { .first = b->first, .count = b->count, .block = b->bytes.data, .block_len = b->bytes.len };

    memcpy(c.hash, p->head, MJ_HASH);
    for (; l; l = next) {
        next = l->next;
        l->fn(l, p, &c);
    }
}

static void stored(struct mj_partition *p, struct block *b)
{
    p->durable = b->first + b->count - 1;
    memcpy(p->head, mj_log_hash(p->log), MJ_HASH);
    p->stats.commits++;
    p->stats.syncs++;
    partition_block_durable(p, b);
    /* The next append starts before the answers are made: the disk does not wait for us. */
    send_next(p);
    (void)MJ_FAILPOINT("part.before_answer");
    partition_finish_durable(p);
    tell_listeners(p, b);
    block_over(p, b);
    mj_defer_schedule(p->turn);
}

static void not_stored(struct mj_partition *p, struct block *b)
{
    mj_error err = p->append_error;

    block_free(b);
    p->stats.not_stored++;
    mj_log_failure(MJ_ERR, "append_not_stored", &err);
    if (strcmp(err.reason, "FENCED") == 0)       /* somebody else writes this log: we must not */
        partition_lost("fenced", &err);
    p->state = PARTITION_REBUILDING;
    partition_drop_blocks(p);
    if (!err.retry_after_ms)
        err.retry_after_ms = 1000;
    partition_fail_all(p, &err);
    partition_rebuild(p);
}

static void append_done(struct mj_job *job)
{
    struct mj_partition *p = OF_JOB(job, append_job);
    struct block *b = p->in_flight;

    p->in_flight = NULL;
    switch (p->append_result) {
    case MJ_STORED:
        stored(p, b);
        return;
    case MJ_NOT_STORED:
        not_stored(p, b);
        return;
    case MJ_APPEND_UNKNOWN:
        partition_lost("append_unknown", &p->append_error);
    }
}

static void send_next(struct mj_partition *p)
{
    if (p->in_flight || (p->state != PARTITION_OPEN && p->state != PARTITION_DRAINING))
        return;
    if (!p->sealed && p->open && p->open->count) {
        seal(p);
        partition_gather_at(p, p->sealed);
    }
    if (!p->sealed)
        return;
    p->in_flight = p->sealed;
    p->sealed = p->in_flight->next;
    if (!p->sealed)
        p->sealed_tail = &p->sealed;
    mj_worker_submit(p->threads->log, &p->append_job);
}

static void on_turn(void *arg)
{
    struct mj_partition *p = arg;

    send_next(p);
    partition_finish_durable(p);
    if (p->flush_now)
        partition_flush_idle(p);
    partition_check_drained(p);
}

/* ---- disk full ---- */

static void probe_run(struct mj_job *job)
{
    struct mj_partition *p = OF_JOB(job, probe_job);
    mj_error err = { 0 };

    p->probe_result = mj_log_probe(p->log, &err);
}

static void start_probe(void *arg)
{
    struct mj_partition *p = arg;

    p->probing = true;
    mj_worker_submit(p->threads->log, &p->probe_job);
}

static void probe_done(struct mj_job *job)
{
    struct mj_partition *p = OF_JOB(job, probe_job);

    p->probing = false;
    if (p->state != PARTITION_FULL)
        return;
    if (p->probe_result < 0 && !p->closing) {
        mj_timer_start(p->probe, PROBE_MS, 0);
        return;
    }
    p->state = p->closing ? PARTITION_DRAINING : PARTITION_OPEN;
    mj_log(MJ_INFO, "intake_open_again", "service=%s region=%s", p->domain.service, p->region);
    mj_defer_schedule(p->turn);
}

/* Memory holds entries that are not on disk: it is dropped and built again from the tables and the log's tail, as
 * at every start. A batch that the tables thread has is of entries on disk: it lands first. */
void partition_rebuild(struct mj_partition *p)
{
    mj_error err = { 0 };

    if (mj_rows_writing(p->rows))
        return;                                          /* partition_tables.c calls again once it is written */
    mj_rows_reset(p->rows);
    if (partition_fold_tail(p, &err) < 0 || (p->domain.ready && p->domain.ready(p->domain.app, p, &err) < 0))
        partition_lost("rebuild_failed", &err);
    p->state = PARTITION_FULL;
    start_probe(p);
}

/* ---- lifetime ---- */

int partition_commit_create(struct mj_partition *p, mj_error *err)
{
    p->sealed_tail = &p->sealed;
    p->append_job.run = append_run;
    p->append_job.done = append_done;
    p->probe_job.run = probe_run;
    p->probe_job.done = probe_done;
    if (mj_defer_create(&p->turn, p->threads->loop, on_turn, p, err) < 0)
        return -1;
    return mj_timer_create(&p->probe, p->threads->loop, start_probe, p, err);
}

void partition_commit_destroy(struct mj_partition *p)
{
    partition_drop_blocks(p);
    block_free(p->spare);
    mj_defer_destroy(p->turn);
    mj_timer_destroy(p->probe);
}
