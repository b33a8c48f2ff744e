/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Commands: from submission through waiting for rows to the decision, and what ends them. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/seams/failpoint.h"
#include "common/store/partition_private.h"

static void advance(struct mj_partition *p, struct mj_command *c);

/* ---- the queue of one order key ---- */

/* True where nobody is before it. */
static bool enter_order(struct mj_partition *p, struct mj_command *c)
{
    struct order *o;
    unsigned hash;
    size_t len;

    c->next = NULL;
    c->queue = NULL;
    if (!c->order[0])
        return true;
    len = strlen(c->order);
    HASH_VALUE(c->order, len, hash);
    HASH_FIND_BYHASHVALUE(hh, p->orders, c->order, len, hash, o);
    c->queue = o;
    if (o) {
        o->tail->next = c;
        o->tail = c;
        return false;
    }
    c->queue = o = mj_calloc(1, sizeof *o);
    memcpy(o->key, c->order, len);
    o->head = o->tail = c;
    HASH_ADD_BYHASHVALUE(hh, p->orders, key[0], len, hash, o);
    return true;
}

/* Takes the first of an order out; returns the one behind it. */
static struct mj_command *leave_order(struct mj_partition *p, struct mj_command *c)
{
    struct order *o = c->queue;
    struct mj_command *next;

    if (!o)
        return NULL;
    assert(o->head == c);
    next = c->next;
    o->head = next;
    if (!next) {
        HASH_DEL(p->orders, o);
        free(o);
    }
    c->next = NULL;
    return next;
}

/* ---- ends ---- */

void partition_over(struct mj_partition *p, struct mj_command *c, const mj_error *err)
{
    mj_error *refusal = c->refusal;

    c->refusal = NULL;
    p->live--;
    p->stats.waiting_bytes -= c->bytes;
    if (err)
        p->stats.refused++;
    c->done(c, p, err);
    free(refusal);
}

void partition_finish_durable(struct mj_partition *p)
{
    struct mj_command *c;

    while ((c = p->decided) && c->position <= p->durable) {
        p->decided = c->next;
        if (!p->decided)
            p->decided_tail = &p->decided;
        c->next = NULL;
        partition_over(p, c, c->refusal);
    }
}

static void fail_decided(struct mj_partition *p, const mj_error *err)
{
    struct mj_command *c = p->decided, *next;

    p->decided = NULL;
    p->decided_tail = &p->decided;
    for (; c; c = next) {
        next = c->next;
        partition_over(p, c, err);
    }
}

/* The head may be a row's waiter: it ends when the row, or the reset, wakes it; those behind it end now. */
static void fail_order(struct mj_partition *p, struct order *o, const mj_error *err)
{
    struct mj_command *c = o->head->next, *next;

    o->head->next = NULL;
    o->tail = o->head;
    for (; c; c = next) {
        next = c->next;
        partition_over(p, c, err);
    }
}

void partition_fail_all(struct mj_partition *p, const mj_error *err)
{
    struct order *o, *tmp;

    p->incarnation++;                    /* whoever was submitted before fails when it comes to its turn */
    p->failure = *err;
    HASH_ITER(hh, p->orders, o, tmp)
        fail_order(p, o, err);
    fail_decided(p, err);
}

/* ---- idempotency ---- */

static bool key_needed(struct mj_partition *p, struct mj_command *c, struct mj_row_waiter *w)
{
    struct mj_row_key key;

    if (!c->key)
        return true;
    key = mj_row_key(c->key, 16);
    return mj_rows_need(p->rows, &partition_command_kind, &key, w);
}

/* 1: the key is known and the command is answered as before; 0: new; -1: another command under the same key. */
static int recall(struct mj_partition *p, struct mj_command *c, mj_error *err)
{
    struct mj_row_key key;
    const struct known_command *known;

    if (!c->key)
        return 0;
    key = mj_row_key(c->key, 16);
    known = mj_rows_get(p->rows, &partition_command_kind, &key);
    if (!known)
        return 0;
    if (memcmp(known->tag, c->tag, MJ_TAG) != 0)
        return mj_fail(err, MJ_ALREADY_EXISTS, "KEY_REUSED", "header.idempotency_key",
                       "this idempotency key was used for another command; draw a new one for each command");
    mj_buf_clear(&c->answer);
    mj_buf_put(&c->answer, known->answer, known->answer_len);
    c->replay = true;
    return 1;
}

/* ---- deciding ---- */

/* Nobody waits for it any more: its caller has given it up, and may have sent it again (pitfalls Z5). */
static int in_time(struct mj_partition *p, const struct mj_command *c, mj_error *err)
{
    if (c->deadline_ms == 0 || mj_loop_now_ms(p->threads->loop) < c->deadline_ms)
        return 0;
    return mj_fail(err, MJ_DEADLINE_EXCEEDED, "TOO_LATE", NULL,
                   "the caller's time ran out before this was decided; nothing was written; send it again");
}

static void decide(struct mj_partition *p, struct mj_command *c)
{
    uint64_t before = p->folded;
    int rc = recall(p, c, &p->why);

    if (rc == 0)
        rc = in_time(p, c, &p->why);
    if (rc == 0) {
        partition_room_for(p, 2 * c->bytes);
        partition_stamp(p);
        p->deciding = c;
        rc = c->decide(c, p, &p->why);
        p->deciding = NULL;
        assert(rc == 0 || p->folded == before);          /* a refusal emits nothing */
        (void)MJ_FAILPOINT("part.after_decide");
    }
    p->stats.commands++;
    if (rc < 0)
        c->refusal = mj_memdup(&p->why, sizeof p->why);
    /* Even a refusal, or an answer that adds nothing, may stand on entries that are not on disk yet: it waits. */
    c->position = p->folded;
    c->next = NULL;
    *p->decided_tail = c;
    p->decided_tail = &c->next;
    mj_defer_schedule(p->turn);
}

static void on_row(struct mj_row_waiter *w)
{
    struct mj_command *c = (struct mj_command *)((char *)w - offsetof(struct mj_command, waiter));

    advance(c->partition, c);
}

/* Brings the head of an order, or a command without one, as far as it goes; then the next of its order. */
static void advance(struct mj_partition *p, struct mj_command *c)
{
    struct mj_command *next;

    for (; c; c = next) {
        bool failed = c->incarnation != p->incarnation;

        c->waiter.fn = on_row;
        if (!failed && (!key_needed(p, c, &c->waiter) || (c->needs && !c->needs(c, p, &c->waiter))))
            return;
        next = leave_order(p, c);
        if (failed)
            partition_over(p, c, &p->failure);
        else
            decide(p, c);
    }
}

static int admit(const struct mj_partition *p, mj_error *err)
{
    if (p->state == PARTITION_DRAINING)
        return mj_fail(err, MJ_UNAVAILABLE, "STOPPING", NULL, "this instance is stopping; ask the directory again");
    if (p->state != PARTITION_OPEN) {
        mj_fail(err, MJ_RESOURCE_EXHAUSTED, "DISK_FULL", NULL,
                "the disk of this partition is full; nothing was written; try again when the operator has made room");
        err->retry_after_ms = 1000;
        return -1;
    }
    if (p->stats.waiting_bytes > p->waiting_bytes_max) {
        mj_fail(err, MJ_RESOURCE_EXHAUSTED, "BUSY", NULL,
                "%zu bytes of commands are waiting, the limit is %zu; nothing was written; try again",
                p->stats.waiting_bytes, p->waiting_bytes_max);
        err->retry_after_ms = 100;
        return -1;
    }
    return 0;
}

void mj_partition_submit(struct mj_partition *p, struct mj_command *c)
{
    c->partition = p;
    c->incarnation = p->incarnation;
    c->replay = false;
    c->refusal = NULL;
    c->position = 0;
    p->live++;
    p->stats.waiting_bytes += c->bytes;
    if (admit(p, &p->why) < 0) {
        mj_error err = p->why;           /* done may submit another */

        partition_over(p, c, &err);
    } else if (enter_order(p, c)) {
        advance(p, c);
    }
}
