/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* systemd's watchdog (WatchdogSec): fed only after a round trip from the loop through the log thread and the tables
 * thread and back, so that a loop that stands still and a store that hangs in a disk call both end in a restart. */
#include <stddef.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>

#include "common/base/buf.h"
#include "common/service/daemon_private.h"

struct mj_watchdog {
    struct mj_daemon *daemon;
    struct mj_timer *timer;
    struct mj_job log_job, tables_job;
    bool under_way;
};

static void nothing(struct mj_job *job)
{
    (void)job;
}

static void on_tables(struct mj_job *job)
{
    struct mj_watchdog *w = (struct mj_watchdog *)((char *)job - offsetof(struct mj_watchdog, tables_job));

    w->under_way = false;
    sd_notify(0, "WATCHDOG=1");
}

static void on_log(struct mj_job *job)
{
    struct mj_watchdog *w = (struct mj_watchdog *)((char *)job - offsetof(struct mj_watchdog, log_job));

    mj_worker_submit(w->daemon->threads.tables, &w->tables_job);
}

static void on_tick(void *arg)
{
    struct mj_watchdog *w = arg;

    if (w->under_way)
        return;
    w->under_way = true;
    mj_worker_submit(w->daemon->threads.log, &w->log_job);
}

int daemon_watchdog_open(struct mj_daemon *d, mj_error *err)
{
    uint64_t limit_us = 0;
    struct mj_watchdog *w;

    if (sd_watchdog_enabled(0, &limit_us) <= 0)
        return 0;
    w = mj_calloc(1, sizeof *w);
    w->daemon = d;
    w->log_job = (struct mj_job){ .run = nothing, .done = on_log };
    w->tables_job = (struct mj_job){ .run = nothing, .done = on_tables };
    d->watchdog = w;
    if (mj_timer_create(&w->timer, d->loop, on_tick, w, err) < 0)
        return -1;
    mj_timer_start(w->timer, 0, limit_us / 3000);
    return 0;
}

void daemon_watchdog_stop(struct mj_daemon *d)
{
    if (d->watchdog)
        mj_timer_destroy(d->watchdog->timer);
}

void daemon_watchdog_free(struct mj_daemon *d)
{
    free(d->watchdog);
}
