/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* The read model of registry's regional logs: which young people are enrolled. A set that only grows, so the order
 * in which the logs arrive cannot matter. It is held in memory whole (people.h), so that no event waits for it; the
 * tables get those who are new, in steps. */
#include "common/store/model.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/fields.h"
#include "placements/app.h"

#define F_YOUNG_PERSON 1                 /* of registry's PersonEnrolled */

/* ---- those that the tables do not have yet ---- */

struct one { char id[MJ_PERSON_TEXT]; uint64_t position; };
struct pl_enrolled { struct one *people; size_t count, room; };

static void remember(struct pl_enrolled *q, const char *id, uint64_t position)
{
    if (q->count == q->room) {
        q->room = q->room == 0 ? 64 : q->room * 2;
        q->people = mj_realloc(q->people, q->room * sizeof *q->people);
    }
    q->people[q->count].position = position;
    memcpy(q->people[q->count++].id, id, MJ_PERSON_TEXT);
}

static void forget(struct pl_enrolled *q)
{
    free(q->people);
    *q = (struct pl_enrolled){ 0 };
}

struct pl_enrolled *pl_enrolled_create(void)
{
    return mj_calloc(1, sizeof(struct pl_enrolled));
}

void pl_enrolled_destroy(struct pl_enrolled *e)
{
    forget(e);
    free(e);
}

static bool has_more(void *enrolled)
{
    return ((const struct pl_enrolled *)enrolled)->count > 0;
}

static void save_all(void *enrolled, struct mj_batch *b)
{
    struct pl_enrolled *q = enrolled;
    for (size_t i = 0; i < q->count; i++)
        pl_person_save(b, q->people[i].id, q->people[i].position);
    forget(q);
}

/* ---- the fold ---- */

static bool person_of(const struct mj_entry *e, char id[MJ_PERSON_TEXT])
{
    struct mj_fields fields = mj_fields_of(e->payload, e->payload_len);
    struct mj_field f;
    bool found = false;
    int more;
    while ((more = mj_fields_next(&fields, &f)) > 0)
        if (f.number == F_YOUNG_PERSON)
            found = mj_field_text(&f, id, MJ_PERSON_TEXT) && mj_person_check(id, NULL, NULL) == 0;
    return more == 0 && found;
}

static int fold_enrolled(struct pl_app *app, const struct mj_entry *e, mj_error *err)
{
    char id[MJ_PERSON_TEXT];
    if (!person_of(e, id))
        return mj_fail(err, MJ_DATA_LOSS, "ENTRY_BROKEN", NULL,
                       "expected a young person's id in registry's log at %llu; run mj log verify there",
                       (unsigned long long)e->position);
    if (pl_people_add(app->known, id, e->position))
        remember(app->enrolled, id, e->position);
    pl_match_person(app, id);
    return 0;
}

static int fold(void *arg, struct mj_model *m, const char *service, const char *region, const struct mj_entry *e,
                mj_error *err)
{
    (void)m;
    if (e->type > PL_REGISTRY_LAST_TYPE)
        return mj_fail(err, MJ_UNIMPLEMENTED, "ENTRY_TYPE", NULL,
                       "%s/%s at %llu: expected an entry type up to %d, got %u; install a newer placements",
                       service, region, (unsigned long long)e->position, PL_REGISTRY_LAST_TYPE, e->type);
    return e->type == PL_REGISTRY_PERSON_ENROLLED ? fold_enrolled(arg, e, err) : 0;
}

static void add_known(void *known, const char *id, uint64_t position)
{
    (void)pl_people_add(known, id, position);
}

/* Memory as the tables have it: at start, and where the model is folded anew. */
static int ready(void *arg, struct mj_model *m, mj_error *err)
{
    struct pl_app *app = arg;
    struct mj_rows_extra extra = { has_more, save_all, app->enrolled };
    pl_people_clear(app->known);
    forget(app->enrolled);
    mj_rows_on_gather(mj_model_rows(m), &extra);
    return pl_persons_each(mj_rows_readers(mj_model_rows(m))->tables, add_known, app->known, err);
}

const struct mj_model_domain pl_model_domain = {
    .schema_name = PL_MODEL_SCHEMA_NAME,
    .schema = pl_model_schema,
    .fold = fold,
    .ready = ready,
};

/* ---- what the others ask ---- */

bool pl_person_known(const struct pl_app *app, const char *id)
{
    return pl_people_find(app->known, id, NULL);
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
