/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "placements/service.h"

int placements_create(void **ret, struct mj_daemon *d, mj_error *err)
{
    const struct mj_config *config = mj_daemon_config(d);
    struct pl_credit_limits limits = { (uint32_t)mj_config_uint(config, "credit-events"),
                                       (uint32_t)mj_config_uint(config, "credit-bytes"),
                                       (size_t)mj_config_uint(config, "credit-total") };
    struct pl_app *app = pl_app_create(mj_daemon_threads(d)->loop, mj_daemon_env(d));
    (void)err;
    pl_credit_destroy(app->credit);
    app->credit = pl_credit_create(&limits);
    app->daemon = d;
    app->metrics = mj_daemon_metrics(d);
    *ret = app;
    return 0;
}

/* Who waits is compared with who is known: an enrolment may have been followed when this process was not there. */
int placements_started(void *arg, mj_error *err)
{
    struct pl_app *app = arg;
    struct mj_partition *const *partitions;
    size_t count = mj_daemon_partitions(app->daemon, &partitions);
    app->model = mj_daemon_model(app->daemon);
    for (size_t i = 0; i < count; i++)
        pl_match_all(pl_part_of(app, partitions[i]));
    return pl_quality_start(app, err);
}

const char *placements_not_ready(void *arg)
{
    const struct pl_app *app = arg;
    for (const struct pl_part *part = app->parts; part != NULL; part = part->hh.next)
        if (!mj_partition_accepting(part->partition))
            return "a partition takes no commands: it is starting, stopping, or its disk is full";
    return NULL;
}

void placements_metrics(void *app, struct mj_metrics *m)
{
    (void)m;                             /* the one that the app counts in */
    pl_gauges(app);
}

/* Its timer asks partitions, which close before the app goes. */
void placements_stopping(void *arg)
{
    struct pl_app *app = arg;
    mj_timer_stop(app->quality_timer);
}

void placements_destroy(void *app)
{
    pl_app_free(app);
}

const struct mj_service pl_service = {
    .name = "placements",
    .summary = "agencies stream what happens to temp missions and contracts",
    .listen = "127.0.0.1:5511",
    .http = "127.0.0.1:5611",
    .config = pl_config,
    .methods = pl_methods,
    .create = placements_create,
    .domain = &pl_domain,
    .model = &pl_model_domain,
    .follows = "registry",
    .started = placements_started,
    .not_ready = placements_not_ready,
    .metrics = placements_metrics,
    .stopping = placements_stopping,
    .destroy = placements_destroy,
};
