/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "registry/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "registry/commands.h"
#include "registry/fold.h"
#include "registry/handlers.h"
#include "registry/tables.h"

#define TAG_KEY "command"                /* its name in keys.db */

static const struct mj_config_item config[] = {
    { "demo-data", MJ_CFG_FLAG, "false", 0, 0,
      "the data directory holds made-up data only (\"données fictives\"): role demo may be declared" },
    MJ_CONFIG_END
};

const uint8_t *mj_registry_tag_key(const struct mj_registry *r, const char *region)
{
    for (size_t i = 0; i < r->tag_count; i++)
        if (strcmp(r->tags[i].region, region) == 0)
            return r->tags[i].key;
    return NULL;
}

/* After a partition's start and after each reset of its memory; the keystore is asked at start only. */
static int ready(void *app, struct mj_partition *p, mj_error *err)
{
    struct mj_registry *r = app;
    struct mj_named_key made = { .name = TAG_KEY };
    const char *region = mj_partition_region(p);
    bool found = false;

    if (mj_registry_tag_key(r, region))
        return 0;
    if (r->tag_count == MJ_PARTITIONS_MAX)
        return mj_fail(err, MJ_INTERNAL, "PARTITIONS", NULL, "more than %d partitions in one process",
                       MJ_PARTITIONS_MAX);
    if (mj_keystore_get(mj_partition_keystore(p), TAG_KEY, made.key, &found, err) < 0)
        return -1;
    if (!found) {
        mj_random(r->env, made.key, sizeof made.key);
        if (mj_keystore_put(mj_partition_keystore(p), &made, 1, err) < 0)
            return -1;
    }
    memcpy(r->tags[r->tag_count].key, made.key, sizeof made.key);
    snprintf(r->tags[r->tag_count].region, sizeof r->tags[0].region, "%s", region);
    r->tag_count++;
    return 0;
}

const struct mj_domain mj_registry_domain = {
    .service = "registry", .schema_name = MJ_REGISTRY_SCHEMA_NAME, .schema = mj_registry_schema,
    .knows = mj_registry_knows, .fold = mj_registry_fold, .ready = ready,
};

static int create(void **app, struct mj_daemon *d, mj_error *err)
{
    struct mj_registry *r = mj_calloc(1, sizeof *r);

    (void)err;
    r->daemon = d;
    r->who = mj_daemon_who(d);
    r->env = mj_daemon_env(d);
    r->demo_data = mj_config_flag(mj_daemon_config(d), "demo-data");
    r->instances = mj_instances_create();
    *app = r;
    return 0;
}

/* Default age rules are entries like any other, appended once; where they stand already nothing happens. */
static int started(void *app, mj_error *err)
{
    struct mj_registry *r = app;
    struct mj_partition *fr = mj_daemon_partition(r->daemon, "FR");

    return fr ? mj_seeding_start(&r->seeding, mj_daemon_threads(r->daemon)->loop, fr, err) : 0;
}

static void stopping(void *app)
{
    mj_seeding_stop(((struct mj_registry *)app)->seeding);
}

static void metrics(void *app, struct mj_metrics *m)
{
    struct mj_registry *r = app;
    uint64_t now = mj_mono_ms(r->env);

    mj_metric_set(mj_metric(m, MJ_GAUGE, "mj_directory_instances", "", "Partitions announced by live instances."),
                  (double)mj_instances_live(r->instances, now));
    mj_metric_set(mj_metric(m, MJ_GAUGE, "mj_directory_conflicts", "",
                            "Partitions that two live instances claim against each other; none is served."),
                  (double)mj_instances_conflicts(r->instances, now, NULL));
}

static void destroy(void *app)
{
    struct mj_registry *r = app;

    if (!r)
        return;
    mj_instances_destroy(r->instances);
    mj_seeding_destroy(r->seeding);
    explicit_bzero(r->tags, sizeof r->tags);
    free(r);
}

const struct mj_service mj_registry_service = {
    .name = "registry", .summary = "who is who, who may what, where each service runs, young people's pathways",
    .listen = "127.0.0.1:5510", .http = "127.0.0.1:5610", .config = config, .methods = mj_registry_methods,
    .create = create, .domain = &mj_registry_domain, .national = true, .started = started, .metrics = metrics,
    .stopping = stopping, .destroy = destroy,
};
