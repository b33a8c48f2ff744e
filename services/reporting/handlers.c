/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "reporting/handlers.h"

#include <missionjeunes/reporting/v1/reporting.pb-c.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "reporting/fold.h"
#include "reporting/live.h"
#include "reporting/tables.h"
#include "reporting/watch.h"

#define LOOK_MS 200                      /* how often lag is looked at */
#define MAY_ASK (MJ_ROLE_BIT(MJ_ROLE_AGENCY) | MJ_ROLE_BIT(MJ_ROLE_MISSION_LOCALE) | MJ_ROLE_BIT(MJ_ROLE_OPERATOR) | \
                 MJ_ROLE_BIT(MJ_ROLE_DEMO) | MJ_ROLE_BIT(MJ_ROLE_COMMITTEE)) /* committees are told where to look */

struct reporting {
    struct mj_daemon *daemon;
    struct mj_rep_cells *cells;
    struct mj_rep_fold *fold;
    struct mj_rep_live *live;
    struct mj_rep_health health;
    struct mj_rep_sources sources;
    struct mj_rep_watch *watch;
    struct mj_timer *look;
};

static const struct mj_config_item settings[] = {
    { "redis", MJ_CFG_TEXT, "", 0, 0, "unix:/path or host:port of Redis for the live counters; empty: none" },
    { "redis-user", MJ_CFG_TEXT, "", 0, 0, "Redis ACL user; empty: the default one" },
    { "redis-password", MJ_CFG_TEXT, "", 0, 0, "its password; give it by the environment, not as a flag" },
    MJ_CONFIG_END
};

/* ---- methods ---- */

static int counters(void *app, struct mj_request *rq, mj_error *err)
{
    struct reporting *r = app;

    return mj_rep_watch_counters(r->watch, rq, err);
}

static int watch(void *app, struct mj_request *rq, mj_error *err)
{
    struct reporting *r = app;

    return mj_rep_watch_watch(r->watch, rq, err);
}

static const struct mj_method methods[] = {
    { "reporting.v1.Counters", &missionjeunes__reporting__v1__counters_request__descriptor,
      &missionjeunes__reporting__v1__counters_response__descriptor, MAY_ASK, false, counters },
    { "reporting.v1.Watch", &missionjeunes__reporting__v1__watch_request__descriptor,
      &missionjeunes__reporting__v1__watch_response__descriptor, MAY_ASK, false, watch },
    MJ_METHODS_END
};

/* ---- what the fold tells ---- */

static void on_ready(void *arg, const uint8_t epoch[16])
{
    struct reporting *r = arg;

    memcpy(r->sources.epoch, epoch, sizeof r->sources.epoch);
    mj_rep_health_begin(&r->health);
    mj_rep_live_caught_up(r->live, false);
    mj_rep_live_epoch(r->live, epoch);
}

static void on_folded(void *arg, const char *region, uint32_t entries)
{
    struct reporting *r = arg;

    mj_rep_health_folded(&r->health, region, entries, mj_loop_now_ms(r->sources.loop));
    mj_rep_watch_folded(r->watch);
    mj_rep_live_folded(r->live);
}

static void on_look(void *arg)
{
    struct reporting *r = arg;
    struct mj_follower *const *followers;
    size_t count = mj_daemon_followers(r->daemon, &followers);

    mj_rep_health_look(&r->health, followers, count);
    mj_rep_live_caught_up(r->live, r->health.caught_up);
}

/* ---- the app's life ---- */

static void destroy(void *app)
{
    struct reporting *r = app;

    mj_timer_destroy(r->look);
    mj_rep_watch_destroy(r->watch);
    mj_rep_live_destroy(r->live);
    mj_rep_fold_destroy(r->fold);
    mj_rep_cells_destroy(r->cells);
    free(r);
}

static int open_live(struct reporting *r, uint64_t regions, mj_error *err)
{
    const struct mj_config *c = mj_daemon_config(r->daemon);
    const struct mj_rep_live_options o = {
        .loop = r->sources.loop, .cells = r->cells, .regions = regions,
        .redis = { mj_config_text(c, "redis"), mj_config_text(c, "redis-user"), mj_config_text(c, "redis-password") },
    };

    return mj_rep_live_create(&r->live, &o, err);
}

static int create(void **app, struct mj_daemon *d, mj_error *err)
{
    struct reporting *r = mj_calloc(1, sizeof *r);
    const struct mj_rep_fold_events events = { on_ready, on_folded, r };
    /* One process serves the country's figures, as one serves each region's: two would undo each other in Redis. */
    uint64_t regions = mj_daemon_regions(d);

    r->daemon = d;
    r->sources.loop = mj_daemon_threads(d)->loop;
    /* Above any version an earlier run gave: no more than 4,096 changes a region and millisecond. */
    r->cells = mj_rep_cells_create((uint64_t)mj_wall_ms(mj_daemon_env(d)) * 4096);
    r->fold = mj_rep_fold_create(r->cells, &events);
    r->sources.cells = r->cells;
    r->sources.health = &r->health;
    if (open_live(r, regions, err) < 0 || mj_rep_watch_create(&r->watch, &r->sources, regions, err) < 0 ||
        mj_timer_create(&r->look, r->sources.loop, on_look, r, err) < 0) {
        destroy(r);
        return -1;
    }
    r->sources.live = r->live;
    *app = r;
    return 0;
}

static int started(void *app, mj_error *err)
{
    struct reporting *r = app;

    (void)err;
    mj_timer_start(r->look, LOOK_MS, LOOK_MS);
    return 0;
}

static void stopping(void *app)
{
    struct reporting *r = app;

    mj_timer_stop(r->look);              /* it asks the followers, which go before the app */
    mj_rep_watch_stop(r->watch);
}

/* ---- the model: the daemon hands out one app, of which the fold is a part ---- */

static int model_read(void *app, const char *service, const char *region, const struct mj_entry *e, void *value,
                      mj_error *err)
{
    struct reporting *r = app;

    return mj_rep_domain.read(r->fold, service, region, e, value, err);
}

static bool model_needs(void *app, struct mj_model *m, const char *service, const char *region,
                        const struct mj_entry *e, struct mj_row_waiter *w)
{
    struct reporting *r = app;

    return mj_rep_domain.needs(r->fold, m, service, region, e, w);
}

static int model_fold(void *app, struct mj_model *m, const char *service, const char *region, const struct mj_entry *e,
                      mj_error *err)
{
    struct reporting *r = app;

    return mj_rep_domain.fold(r->fold, m, service, region, e, err);
}

static void model_folded(void *app, struct mj_model *m, const char *service, const char *region, uint64_t position,
                         uint64_t recorded_at_ms)
{
    struct reporting *r = app;

    mj_rep_domain.folded(r->fold, m, service, region, position, recorded_at_ms);
}

static int model_ready(void *app, struct mj_model *m, mj_error *err)
{
    struct reporting *r = app;

    return mj_rep_domain.ready(r->fold, m, err);
}

static const struct mj_model_domain model = {
    .schema_name = mj_rep_schema_name, .schema = mj_rep_schema, .read = model_read,
    .value_size = sizeof(struct mj_rep_told), .needs = model_needs, .fold = model_fold,
    .folded = model_folded, .ready = model_ready,
};

/* ---- what operators see ---- */

static void set(struct mj_metrics *m, enum mj_metric_kind kind, const char *name, double value, const char *help)
{
    mj_metric_set(mj_metric(m, kind, name, "", help), value);
}

static void metrics(void *app, struct mj_metrics *m)
{
    const struct reporting *r = app;
    const struct mj_rep_live_stats *s = mj_rep_live_stats(r->live);

    set(m, MJ_GAUGE, "mj_fold_lag_entries", (double)r->health.lag[MJ_REP_FR], "entries known to exist and not folded");
    set(m, MJ_GAUGE, "mj_fold_entries_per_second",
        mj_rep_health_rate(&r->health, MJ_REP_FR, mj_loop_now_ms(r->sources.loop)), "entries folded, over 5 s");
    set(m, MJ_GAUGE, "mj_redis_up", s->up, "1 while Redis is connected");
    set(m, MJ_COUNTER, "mj_redis_rebuilds_total", (double)s->rebuilds, "regions filled into a new key");
    set(m, MJ_COUNTER, "mj_redis_sends_total", (double)s->sends, "transactions that sent what changed");
    set(m, MJ_COUNTER, "mj_redis_aborted_total", (double)s->aborted, "transactions cut off by another writer");
    set(m, MJ_COUNTER, "mj_redis_refused_total", (double)s->refused, "errors that Redis answered");
}

static const char *not_ready(void *app)
{
    const struct reporting *r = app;

    return r->health.caught_up ? NULL : "the fold has not caught up with the logs it follows";
}

const struct mj_service mj_reporting_service = {
    .name = "reporting",
    .summary = "follows the logs of registry and placements and keeps the live counters",
    .listen = "127.0.0.1:5512",
    .http = "127.0.0.1:5612",
    .config = settings,
    .methods = methods,
    .create = create,
    .model = &model,
    .follows = "registry placements",
    .started = started,
    .metrics = metrics,
    .not_ready = not_ready,
    .stopping = stopping,
    .destroy = destroy,
};
