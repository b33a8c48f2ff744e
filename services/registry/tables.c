/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "registry/tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"

const char mj_registry_schema[] =
    "CREATE TABLE organisation(id TEXT PRIMARY KEY, kind INTEGER NOT NULL, name TEXT NOT NULL, commune TEXT NOT NULL,"
    " region TEXT NOT NULL, parent TEXT NOT NULL, position INTEGER NOT NULL) WITHOUT ROWID;\n"
    "CREATE TABLE principal(id TEXT PRIMARY KEY, organisation TEXT NOT NULL, role INTEGER NOT NULL,"
    " regions INTEGER NOT NULL, keys BLOB NOT NULL, position INTEGER NOT NULL) WITHOUT ROWID;\n"
    "CREATE TABLE principal_key(key BLOB PRIMARY KEY, principal TEXT NOT NULL, revoked INTEGER NOT NULL,"
    " position INTEGER NOT NULL) WITHOUT ROWID;\n"
    "CREATE TABLE rule(programme INTEGER NOT NULL, version INTEGER NOT NULL, valid_from INTEGER NOT NULL,"
    " age_min INTEGER NOT NULL, age_limit INTEGER NOT NULL, age_limit_rqth INTEGER NOT NULL, source TEXT NOT NULL,"
    " position INTEGER NOT NULL, PRIMARY KEY(programme, version)) WITHOUT ROWID;\n"
    "CREATE TABLE enrolment(id TEXT PRIMARY KEY, mission_locale TEXT NOT NULL, programme INTEGER NOT NULL,"
    " entry_on INTEGER NOT NULL, rule_version INTEGER NOT NULL, known_fr_position INTEGER NOT NULL,"
    " sealed BLOB NOT NULL, position INTEGER NOT NULL) WITHOUT ROWID;\n"
    "CREATE INDEX enrolment_by_mission_locale ON enrolment(mission_locale, id);\n";

#define ORGANISATION_COLUMNS "id, kind, name, commune, region, parent, position"

static const struct mj_sql sql_organisation_get = {
    "SELECT " ORGANISATION_COLUMNS " FROM organisation WHERE id = $1" };
static const struct mj_sql sql_organisation_list = {
    "SELECT " ORGANISATION_COLUMNS " FROM organisation WHERE id > $1 AND ($2 = 0 OR kind = $2)"
    " AND ($3 = '' OR region = $3) ORDER BY id LIMIT $4" };
static const struct mj_sql sql_organisation_put = {
    "INSERT INTO organisation(" ORGANISATION_COLUMNS ") VALUES($1, $2, $3, $4, $5, $6, $7) ON CONFLICT(id) DO UPDATE"
    " SET kind = excluded.kind, name = excluded.name, commune = excluded.commune, region = excluded.region,"
    " parent = excluded.parent, position = excluded.position" };
static const struct mj_sql sql_principal_get = {
    "SELECT id, organisation, role, regions, keys, position FROM principal WHERE id = $1" };
static const struct mj_sql sql_principal_put = {
    "INSERT INTO principal(id, organisation, role, regions, keys, position) VALUES($1, $2, $3, $4, $5, $6)"
    " ON CONFLICT(id) DO UPDATE SET organisation = excluded.organisation, role = excluded.role,"
    " regions = excluded.regions, keys = excluded.keys, position = excluded.position" };
static const struct mj_sql sql_key_get = { "SELECT principal, revoked, position FROM principal_key WHERE key = $1" };
static const struct mj_sql sql_key_put = {
    "INSERT INTO principal_key(key, principal, revoked, position) VALUES($1, $2, $3, $4) ON CONFLICT(key) DO UPDATE"
    " SET principal = excluded.principal, revoked = excluded.revoked, position = excluded.position" };
static const struct mj_sql sql_rules_get = {
    "SELECT programme, version, valid_from, age_min, age_limit, age_limit_rqth, source, position FROM rule"
    " WHERE programme = $1 ORDER BY version" };
static const struct mj_sql sql_rule_put = {
    "INSERT INTO rule(programme, version, valid_from, age_min, age_limit, age_limit_rqth, source, position)"
    " VALUES($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT(programme, version) DO NOTHING" };
static const struct mj_sql sql_enrolment_get = {
    "SELECT id, mission_locale, programme, entry_on, rule_version, known_fr_position, position, sealed FROM enrolment"
    " WHERE id = $1" };
static const struct mj_sql sql_enrolment_list = {
    "SELECT id, mission_locale, programme, entry_on, rule_version, known_fr_position, position FROM enrolment"
    " WHERE mission_locale = $1 AND id > $2 ORDER BY id LIMIT $3" };
static const struct mj_sql sql_enrolment_put = {
    "INSERT INTO enrolment(id, mission_locale, programme, entry_on, rule_version, known_fr_position, position, sealed)"
    " VALUES($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT(id) DO NOTHING" };

static struct mj_value key_text(const struct mj_row_key *key, char text[MJ_ROW_KEY_MAX + 1])
{
    memcpy(text, key->bytes, key->len);
    text[key->len] = '\0';
    return mj_vt(text);
}

static void copy_text(char *to, size_t size, const struct mj_result_row *r, int column)
{
    snprintf(to, size, "%s", mj_col_text(r, column));
}

/* ---- organisations ---- */

static void read_organisation(const struct mj_result_row *r, struct mj_organisation_row *o)
{
    memset(o, 0, sizeof *o);
    copy_text(o->is.id, sizeof o->is.id, r, 0);
    o->is.kind = (int)mj_col_int(r, 1);
    copy_text(o->is.name, sizeof o->is.name, r, 2);
    copy_text(o->is.commune, sizeof o->is.commune, r, 3);
    copy_text(o->is.region, sizeof o->is.region, r, 4);
    copy_text(o->is.parent, sizeof o->is.parent, r, 5);
    o->position = (uint64_t)mj_col_int(r, 6);
}

static int organisation_found(void *arg, const struct mj_result_row *r)
{
    struct mj_organisation_row *o = mj_alloc(sizeof *o);

    read_organisation(r, o);
    *(void **)arg = o;
    return 0;
}

static int organisation_load(const struct mj_readers *r, const struct mj_row_key *key, void **ret, mj_error *err)
{
    char text[MJ_ROW_KEY_MAX + 1];
    struct mj_value v = key_text(key, text);

    return mj_tables_query(r->tables, &sql_organisation_get, &v, 1, organisation_found, ret, err);
}

static void organisation_save(struct mj_batch *b, const struct mj_row_key *key, const void *value)
{
    const struct mj_organisation_row *o = value;
    struct mj_value v[] = { mj_vt(o->is.id), mj_vi(o->is.kind), mj_vt(o->is.name), mj_vt(o->is.commune),
                            mj_vt(o->is.region), mj_vt(o->is.parent), mj_vi((int64_t)o->position) };

    (void)key;
    mj_batch_add(b, &sql_organisation_put, v, 7);
}

static size_t organisation_size(const void *value)
{
    (void)value;
    return sizeof(struct mj_organisation_row);
}

const struct mj_row_kind mj_organisation_kind = { "organisation", organisation_load, organisation_save,
                                                  organisation_size, free, NULL, false };

/* ---- principals ---- */

static int principal_found(void *arg, const struct mj_result_row *r)
{
    struct mj_principal_row *p = mj_calloc(1, sizeof *p);
    size_t len = 0;
    const uint8_t *keys = mj_col_blob(r, 4, &len);

    copy_text(p->is.id, sizeof p->is.id, r, 0);
    copy_text(p->is.organisation, sizeof p->is.organisation, r, 1);
    p->is.role = (enum mj_role)mj_col_int(r, 2);
    p->is.regions = (uint64_t)mj_col_int(r, 3);
    p->key_count = (unsigned)(len / MJ_PUBLIC_KEY);
    if (p->key_count > MJ_KEYS_ACTIVE)
        p->key_count = MJ_KEYS_ACTIVE;
    if (keys)
        memcpy(p->keys, keys, p->key_count * MJ_PUBLIC_KEY);
    p->position = (uint64_t)mj_col_int(r, 5);
    *(void **)arg = p;
    return 0;
}

static int principal_load(const struct mj_readers *r, const struct mj_row_key *key, void **ret, mj_error *err)
{
    char text[MJ_ROW_KEY_MAX + 1];
    struct mj_value v = key_text(key, text);

    return mj_tables_query(r->tables, &sql_principal_get, &v, 1, principal_found, ret, err);
}

static void principal_save(struct mj_batch *b, const struct mj_row_key *key, const void *value)
{
    const struct mj_principal_row *p = value;
    struct mj_value v[] = { mj_vt(p->is.id), mj_vt(p->is.organisation), mj_vi(p->is.role),
                            mj_vi((int64_t)p->is.regions), mj_vb(p->keys, p->key_count * (size_t)MJ_PUBLIC_KEY),
                            mj_vi((int64_t)p->position) };

    (void)key;
    mj_batch_add(b, &sql_principal_put, v, 6);
}

static size_t principal_size(const void *value)
{
    (void)value;
    return sizeof(struct mj_principal_row);
}

const struct mj_row_kind mj_principal_kind = { "principal", principal_load, principal_save, principal_size, free,
                                               NULL, false };

/* ---- keys ---- */

static int key_found(void *arg, const struct mj_result_row *r)
{
    struct mj_key_row *k = mj_calloc(1, sizeof *k);

    copy_text(k->principal, sizeof k->principal, r, 0);
    k->revoked = mj_col_int(r, 1) != 0;
    k->position = (uint64_t)mj_col_int(r, 2);
    *(void **)arg = k;
    return 0;
}

static int key_load(const struct mj_readers *r, const struct mj_row_key *key, void **ret, mj_error *err)
{
    struct mj_value v = mj_vb(key->bytes, key->len);

    return mj_tables_query(r->tables, &sql_key_get, &v, 1, key_found, ret, err);
}

static void key_save(struct mj_batch *b, const struct mj_row_key *key, const void *value)
{
    const struct mj_key_row *k = value;
    struct mj_value v[] = { mj_vb(key->bytes, key->len), mj_vt(k->principal), mj_vi(k->revoked),
                            mj_vi((int64_t)k->position) };

    mj_batch_add(b, &sql_key_put, v, 4);
}

static size_t key_size(const void *value)
{
    (void)value;
    return sizeof(struct mj_key_row);
}

const struct mj_row_kind mj_key_kind = { "key", key_load, key_save, key_size, free, NULL, false };

/* ---- rules of a programme ---- */

struct mj_row_key mj_rules_key(int programme)
{
    char text[12];

    snprintf(text, sizeof text, "%d", programme);
    return mj_row_key_text(text);
}

static int rule_found(void *arg, const struct mj_result_row *r)
{
    struct mj_rules_row **rules = arg;
    size_t n = *rules ? (*rules)->count : 0;
    struct mj_rules_row *grown = mj_calloc(1, sizeof *grown + (n + 1) * sizeof grown->items[0]);
    struct mj_rule_item *item = &grown->items[n];

    if (n)
        memcpy(grown->items, (*rules)->items, n * sizeof grown->items[0]);
    free(*rules);
    *rules = grown;
    grown->count = n + 1;
    item->is.programme = (int)mj_col_int(r, 0);
    item->is.version = (uint32_t)mj_col_int(r, 1);
    item->is.valid_from = (mj_date)mj_col_int(r, 2);
    item->is.age_min = (int)mj_col_int(r, 3);
    item->is.age_limit = (int)mj_col_int(r, 4);
    item->is.age_limit_rqth = (int)mj_col_int(r, 5);
    copy_text(item->source, sizeof item->source, r, 6);
    item->position = (uint64_t)mj_col_int(r, 7);
    return 0;
}

static int rules_load(const struct mj_readers *r, const struct mj_row_key *key, void **ret, mj_error *err)
{
    char text[MJ_ROW_KEY_MAX + 1];
    struct mj_value v;

    key_text(key, text);
    v = mj_vi(atoi(text));
    return mj_tables_query(r->tables, &sql_rules_get, &v, 1, rule_found, ret, err);
}

static void rules_save(struct mj_batch *b, const struct mj_row_key *key, const void *value)
{
    const struct mj_rules_row *rules = value;

    (void)key;
    for (size_t i = 0; i < rules->count; i++) {
        const struct mj_rule_item *x = &rules->items[i];
        struct mj_value v[] = { mj_vi(x->is.programme), mj_vi(x->is.version), mj_vi(x->is.valid_from),
                                mj_vi(x->is.age_min), mj_vi(x->is.age_limit), mj_vi(x->is.age_limit_rqth),
                                mj_vt(x->source), mj_vi((int64_t)x->position) };

        mj_batch_add(b, &sql_rule_put, v, 8);
    }
}

static size_t rules_size(const void *value)
{
    const struct mj_rules_row *rules = value;

    return sizeof *rules + rules->count * sizeof rules->items[0];
}

const struct mj_row_kind mj_rules_kind = { "rules", rules_load, rules_save, rules_size, free, NULL, false };

/* ---- enrolments ---- */

static void read_enrolment(const struct mj_result_row *r, struct mj_enrolment_row *e)
{
    copy_text(e->id, sizeof e->id, r, 0);
    copy_text(e->mission_locale, sizeof e->mission_locale, r, 1);
    e->programme = (int)mj_col_int(r, 2);
    e->entry_on = (mj_date)mj_col_int(r, 3);
    e->rule_version = (uint32_t)mj_col_int(r, 4);
    e->known_fr_position = (uint64_t)mj_col_int(r, 5);
    e->position = (uint64_t)mj_col_int(r, 6);
}

static int enrolment_found(void *arg, const struct mj_result_row *r)
{
    size_t len = 0;
    const void *sealed = mj_col_blob(r, 7, &len);
    struct mj_enrolment_row *e = mj_calloc(1, sizeof *e + len);

    read_enrolment(r, e);
    e->sealed_len = len;
    if (len)
        memcpy(e->sealed, sealed, len);
    *(void **)arg = e;
    return 0;
}

static int enrolment_load(const struct mj_readers *r, const struct mj_row_key *key, void **ret, mj_error *err)
{
    char text[MJ_ROW_KEY_MAX + 1];
    struct mj_value v = key_text(key, text);

    return mj_tables_query(r->tables, &sql_enrolment_get, &v, 1, enrolment_found, ret, err);
}

static void enrolment_save(struct mj_batch *b, const struct mj_row_key *key, const void *value)
{
    const struct mj_enrolment_row *e = value;
    struct mj_value v[] = { mj_vt(e->id), mj_vt(e->mission_locale), mj_vi(e->programme), mj_vi(e->entry_on),
                            mj_vi(e->rule_version), mj_vi((int64_t)e->known_fr_position), mj_vi((int64_t)e->position),
                            mj_vb(e->sealed, e->sealed_len) };

    (void)key;
    mj_batch_add(b, &sql_enrolment_put, v, 8);
}

static size_t enrolment_size(const void *value)
{
    return sizeof(struct mj_enrolment_row) + ((const struct mj_enrolment_row *)value)->sealed_len;
}

const struct mj_row_kind mj_enrolment_kind = { "enrolment", enrolment_load, enrolment_save, enrolment_size, free,
                                               NULL, false };

/* ---- queries ---- */

struct organisations { struct mj_organisation_row *out; size_t count, max; };

static int next_organisation(void *arg, const struct mj_result_row *r)
{
    struct organisations *list = arg;

    if (list->count == list->max)
        return 1;
    read_organisation(r, &list->out[list->count++]);
    return 0;
}

int mj_query_organisation(struct mj_tables *t, const char *id, struct mj_organisation_row *ret, bool *found,
                          mj_error *err)
{
    struct organisations list = { ret, 0, 1 };
    struct mj_value v = mj_vt(id);

    if (mj_tables_query(t, &sql_organisation_get, &v, 1, next_organisation, &list, err) < 0)
        return -1;
    *found = list.count == 1;
    return 0;
}

int mj_query_organisations(struct mj_tables *t, const char *after, int kind, const char *region,
                           struct mj_organisation_row *out, size_t max, size_t *count, mj_error *err)
{
    struct organisations list = { out, 0, max };
    struct mj_value v[] = { mj_vt(after), mj_vi(kind), mj_vt(region), mj_vi((int64_t)max) };

    if (mj_tables_query(t, &sql_organisation_list, v, 4, next_organisation, &list, err) < 0)
        return -1;
    *count = list.count;
    return 0;
}

struct enrolments { struct mj_enrolment_row *out; size_t count, max; };

static int next_enrolment(void *arg, const struct mj_result_row *r)
{
    struct enrolments *list = arg;

    if (list->count == list->max)
        return 1;
    memset(&list->out[list->count], 0, sizeof list->out[0]);
    read_enrolment(r, &list->out[list->count++]);
    return 0;
}

int mj_query_enrolments(struct mj_tables *t, const char *mission_locale, const char *after,
                        struct mj_enrolment_row *out, size_t max, size_t *count, mj_error *err)
{
    struct enrolments list = { out, 0, max };
    struct mj_value v[] = { mj_vt(mission_locale), mj_vt(after), mj_vi((int64_t)max) };

    if (mj_tables_query(t, &sql_enrolment_list, v, 3, next_enrolment, &list, err) < 0)
        return -1;
    *count = list.count;
    return 0;
}
