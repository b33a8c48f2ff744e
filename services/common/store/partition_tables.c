/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* When a partition's memory goes to its tables: in steps, of what is on disk in the log only. Rows are encoded at the
 * end of a commit (so that tables stop at commit ends) and handed to the tables thread once that commit is durable. */
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/store/partition_private.h"

/* How long fewer changed rows than mj_rows_due wait to be written: to gather what changes in so long at 5,000 events/s
 * takes the loop a millisecond. With mj_rows_due it bounds what a start has to fold again: what was decided since
 * the batch before the last, a second or so. */
#define STEP_MS 500
#define AT_LEAST_MS 2000

static bool due(const struct mj_partition *p)
{
    return p->flush_now || mj_rows_due(p->rows);
}

static void start_step(struct mj_partition *p)
{
    if (p->step_started || mj_rows_stats(p->rows)->unflushed_bytes == 0)
        return;
    p->step_started = true;
    mj_timer_start(p->step, STEP_MS, 0);
}

void partition_gather_at(struct mj_partition *p, struct block *b)
{
    if (due(p) && mj_rows_gather(p->rows)) {
        b->gathered = true;
        p->flush_now = false;
    } else {
        start_step(p);
    }
}

void partition_block_durable(struct mj_partition *p, const struct block *b)
{
    struct mj_batch *batch;

    mj_rows_position(p->rows, "own", p->durable, p->head);
    if (!b->gathered)
        return;
    batch = mj_rows_gathered(p->rows);
    mj_rows_write(p->rows, batch);
}

void partition_flush_idle(struct mj_partition *p)
{
    struct mj_batch *batch;

    if (!partition_nothing_pending(p) || mj_rows_gathered(p->rows))
        return;
    batch = mj_rows_gather(p->rows);
    if (!batch)
        return;
    p->flush_now = false;
    mj_rows_write(p->rows, batch);
}

static void on_step(void *arg)
{
    struct mj_partition *p = arg;

    p->step_started = false;
    p->flush_now = true;
    partition_flush_idle(p);
    if (p->flush_now)                            /* busy: the next commit's end will do it */
        mj_defer_schedule(p->turn);
}

/* ---- waiting for the tables ---- */

static void tell_waiters(struct mj_partition *p, bool only_late)
{
    struct tables_waiter **at = &p->tables_waiters, *w;
    uint64_t now = mj_loop_now_ms(p->threads->loop), tables = mj_rows_tables_position(p->rows, "own", NULL);
    uint64_t next = UINT64_MAX;

    while ((w = *at)) {
        bool there = tables >= w->position;

        if (there ? !only_late : now >= w->deadline_ms) {
            *at = w->next;
            w->fn(w->arg, !there);
            free(w);
            continue;
        }
        if (w->deadline_ms < next)
            next = w->deadline_ms;
        at = &w->next;
    }
    if (next != UINT64_MAX)
        mj_timer_start(p->late, next > now ? next - now : 1, 0);
}

static void on_late(void *arg)
{
    tell_waiters(arg, true);
}

static void on_written(void *arg)
{
    struct mj_partition *p = arg;

    if (p->state == PARTITION_REBUILDING) {
        partition_rebuild(p);
        return;
    }
    tell_waiters(p, false);
    if (p->tables_waiters)
        p->flush_now = true;
    if (p->flush_now || p->drained)
        mj_defer_schedule(p->turn);
    if (p->flush_now)
        partition_flush_idle(p);
    start_step(p);
}

void mj_partition_at_least(struct mj_partition *p, uint64_t position, void (*fn)(void *arg, bool late), void *arg)
{
    struct tables_waiter *w;

    if (mj_rows_tables_position(p->rows, "own", NULL) >= position) {
        fn(arg, false);
        return;
    }
    w = mj_calloc(1, sizeof *w);
    *w = (struct tables_waiter){ position, fn, arg, mj_loop_now_ms(p->threads->loop) + AT_LEAST_MS, p->tables_waiters };
    p->tables_waiters = w;
    p->flush_now = true;
    partition_flush_idle(p);
    if (!w->next)                                /* else it stands at the end of an earlier wait */
        mj_timer_start(p->late, AT_LEAST_MS, 0);
}

/* ---- lifetime ---- */

int partition_tables_create(struct mj_partition *p, mj_error *err)
{
    mj_rows_on_written(p->rows, on_written, p);
    if (mj_timer_create(&p->step, p->threads->loop, on_step, p, err) < 0)
        return -1;
    return mj_timer_create(&p->late, p->threads->loop, on_late, p, err);
}

void partition_tables_destroy(struct mj_partition *p)
{
    struct tables_waiter *w;

    while ((w = p->tables_waiters)) {
        p->tables_waiters = w->next;
        w->fn(w->arg, true);
        free(w);
    }
    mj_timer_destroy(p->step);
    mj_timer_destroy(p->late);
}
