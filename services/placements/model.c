/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* The read model of registry's regional logs: which young people are enrolled. A set that only grows, so the order
 * in which the logs arrive cannot matter. */
#include "common/store/model.h"

#include <string.h>

#include "missionjeunes/registry/v1/entries.pb-c.h"
#include "placements/app.h"

static int fold_enrolled(struct pl_app *app, struct mj_model *m, const struct mj_entry *e, mj_error *err)
{
    ProtobufCMessage *message;
    mj_arena_reset(app->arena, 0);
    if (pl_entry_unpack(&message, &missionjeunes__registry__v1__person_enrolled__descriptor, e->payload, e->payload_len,
                        app->arena, err) < 0)
        return -1;
    const Missionjeunes__Registry__V1__PersonEnrolled *x = (const Missionjeunes__Registry__V1__PersonEnrolled *)message;
    if (mj_person_check(x->young_person, "young_person", err) < 0)
        return mj_fail(err, MJ_DATA_LOSS, "ENTRY_BROKEN", NULL,
                       "expected a young person's id in registry's log at %llu",
                       (unsigned long long)e->position);
    char id[MJ_PERSON_TEXT];
    memcpy(id, x->young_person, sizeof id);
    struct mj_row_key key = pl_person_key(id);
    struct pl_person *person = mj_calloc(1, sizeof *person);
    person->position = e->position;
    mj_rows_put(mj_model_rows(m), &pl_person_kind, &key, person);
    pl_match_person(app, id);
    return 0;
}

static int fold(void *arg, struct mj_model *m, const char *service, const char *region, const struct mj_entry *e,
                mj_error *err)
{
    struct pl_app *app = arg;
    if (e->type > PL_REGISTRY_LAST_TYPE)
        return mj_fail(err, MJ_UNIMPLEMENTED, "ENTRY_TYPE", NULL,
                       "%s/%s at %llu: expected an entry type up to %d, got %u; install a newer placements",
                       service, region, (unsigned long long)e->position, PL_REGISTRY_LAST_TYPE, e->type);
    return e->type == PL_REGISTRY_PERSON_ENROLLED ? fold_enrolled(app, m, e, err) : 0;
}

const struct mj_model_domain pl_model_domain = {
    .schema_name = PL_MODEL_SCHEMA_NAME,
    .schema = pl_model_schema,
    .fold = fold,
};

bool pl_person_need(const struct pl_app *app, const char *id, struct mj_row_waiter *w)
{
    struct mj_row_key key = pl_person_key(id);
    return app->model == NULL || mj_rows_need(mj_model_rows(app->model), &pl_person_kind, &key, w);
}

const struct pl_person *pl_person_get(const struct pl_app *app, const char *id)
{
    struct mj_row_key key = pl_person_key(id);
    return app->model == NULL ? NULL : mj_rows_get(mj_model_rows(app->model), &pl_person_kind, &key);
}

uint64_t pl_registry_position(const struct pl_app *app, const char *id)
{
    char region[3];
    uint8_t hash[MJ_HASH];
    if (app->model == NULL)
        return 0;
    mj_person_region(id, region);
    return mj_model_next(app->model, "registry", region, hash) - 1;
}
