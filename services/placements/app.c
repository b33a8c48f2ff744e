/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "placements/app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW_EVENTS 4000
#define WINDOW_BYTES (2u * 1024u * 1024u)
#define TOTAL_BYTES (16u * 1024u * 1024u)
#define UNMATCHED_MAX 1000000            /* about 22 MiB: senders may make ids up */

const struct mj_config_item pl_config[] = {
    { "credit-events", MJ_CFG_UINT, "4000", PL_BATCH_EVENTS, 1000000, "events a connection may have unanswered" },
    { "credit-bytes", MJ_CFG_SIZE, "2M", PL_BATCH_BYTES, 1024u * 1024u * 1024u,
      "bytes of events a connection may have unanswered" },
    { "credit-total", MJ_CFG_SIZE, "16M", PL_BATCH_BYTES, 1024u * 1024u * 1024u,
      "bytes of events all connections together may have unanswered" },
    MJ_CONFIG_END
};

struct pl_app *pl_app_create(struct mj_loop *loop, const struct mj_env *env)
{
    struct pl_credit_limits limits = { WINDOW_EVENTS, WINDOW_BYTES, TOTAL_BYTES };
    struct pl_app *app = mj_calloc(1, sizeof *app);
    app->loop = loop;
    app->env = env;
    app->credit = pl_credit_create(&limits);
    app->arena = mj_arena_create(0);
    app->known = pl_people_create();
    app->enrolled = pl_enrolled_create();
    app->unmatched_max = UNMATCHED_MAX;
    return app;
}

static void part_free(struct pl_part *part)
{
    pl_people_destroy(part->unmatched);
    pl_match_free(part);
    pl_quality_free(part);
    free(part);
}

void pl_app_free(struct pl_app *app)
{
    struct pl_part *part, *next;
    if (app == NULL)
        return;
    HASH_ITER(hh, app->parts, part, next) {
        HASH_DEL(app->parts, part);
        part_free(part);
    }
    mj_timer_destroy(app->quality_timer);
    pl_credit_destroy(app->credit);
    mj_arena_destroy(app->arena);
    pl_people_destroy(app->known);
    pl_enrolled_destroy(app->enrolled);
    mj_buf_free(&app->payload);
    free(app);
}

struct pl_part *pl_part_find(struct pl_app *app, const char *region)
{
    struct pl_part *part = NULL;
    HASH_FIND_STR(app->parts, region, part);
    return part;
}

struct pl_part *pl_part_of(struct pl_app *app, struct mj_partition *p)
{
    struct pl_part *part = app->last_part;
    if (part != NULL && part->partition == p)
        return part;
    part = pl_part_find(app, mj_partition_region(p));
    if (part == NULL) {
        part = mj_calloc(1, sizeof *part);
        part->app = app;
        part->unmatched = pl_people_create();
        (void)snprintf(part->region, sizeof part->region, "%s", mj_partition_region(p));
        HASH_ADD_STR(app->parts, region, part);
    }
    part->partition = p;
    app->last_part = part;
    return part;
}

int pl_part_key(struct pl_part *part, mj_error *err)
{
    struct mj_keystore *keys = mj_partition_keystore(part->partition);
    struct mj_named_key first = { .name = "name/1" };
    unsigned number;
    if (mj_keystore_last(keys, &number, part->key, err) < 0)
        return -1;
    part->key_number = number;
    if (number > 0)
        return 0;
    mj_random(part->app->env, first.key, MJ_KEY);
    if (mj_keystore_put(keys, &first, 1, err) < 0)
        return -1;
    memcpy(part->key, first.key, MJ_KEY);
    part->key_number = 1;
    return 0;
}

void pl_count(struct pl_part *part, enum pl_counter c, uint64_t n)
{
    static const struct { const char *name, *help; } of[PL_COUNTERS] = {
        { "mj_acks_total", "Events acknowledged, whatever became of them" },
        { "mj_duplicates_total", "Resends and known facts" },
        { "mj_conflicts_total", "Numbers sent again with other bytes" },
        { "mj_rejected_total", "Events that took their number and count for nothing" },
        { "mj_unmatched_total", "Events taken for young people not known yet" },
        { "mj_matched_total", "Placements whose young person became known" },
    };
    char labels[32];
    if (part->app->metrics == NULL || n == 0)
        return;
    if (part->counters[c] == NULL) {
        (void)snprintf(labels, sizeof labels, "region=\"%s\"", part->region);
        part->counters[c] = mj_metric(part->app->metrics, MJ_COUNTER, of[c].name, labels, of[c].help);
    }
    mj_metric_add(part->counters[c], (double)n);
}

void pl_gauges(struct pl_app *app)
{
    char labels[32];
    for (const struct pl_part *part = app->parts; part != NULL; part = part->hh.next) {
        (void)snprintf(labels, sizeof labels, "region=\"%s\"", part->region);
        mj_metric_set(mj_metric(app->metrics, MJ_GAUGE, "mj_unmatched_people", labels,
                                "Young people that placements wait for; those beyond a million are in the tables only"),
                      (double)pl_people_count(part->unmatched));
    }
}
