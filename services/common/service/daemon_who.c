/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Who is who, followed from registry's log "FR" and kept on disk, so that a service starts and judges its callers while
 * registry is away. The tables hold the entries themselves; all of who is folded from them at start. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/service/daemon_private.h"

static const char schema[] =
    "CREATE TABLE entries(position INTEGER PRIMARY KEY, type INTEGER NOT NULL, payload BLOB NOT NULL);\n";
static const struct mj_sql sql_put = { "INSERT OR REPLACE INTO entries(position, type, payload) VALUES($1, $2, $3)" };
static const struct mj_sql sql_all = { "SELECT position, type, payload FROM entries ORDER BY position" };

struct kept { uint32_t type; size_t len; uint8_t payload[]; };

/* Entries are written and read all at once at start: never fetched one by one. */
static int no_load(const struct mj_readers *r, const struct mj_row_key *key, void **ret, mj_error *err)
{
    (void)r, (void)key, (void)err;
    *ret = NULL;
    return 0;
}

static void save(struct mj_batch *b, const struct mj_row_key *key, const void *value)
{
    const struct kept *k = value;
    uint64_t position;
    struct mj_value v[3];

    memcpy(&position, key->bytes, sizeof position);
    v[0] = mj_vi((int64_t)position);
    v[1] = mj_vi(k->type);
    v[2] = mj_vb(k->payload, k->len);
    mj_batch_add(b, &sql_put, v, 3);
}

static size_t size(const void *value)
{
    return sizeof(struct kept) + ((const struct kept *)value)->len;
}

static const struct mj_row_kind entry_kind = { "who_entry", no_load, save, size, free, NULL, false };

static int fold(void *app, struct mj_model *m, const char *service, const char *region, const struct mj_entry *e,
                mj_error *err)
{
    struct mj_daemon *d = app;
    struct mj_row_key key = mj_row_key(&e->position, sizeof e->position);
    struct kept *k = mj_alloc(sizeof *k + e->payload_len);

    (void)service, (void)region;
    k->type = e->type;
    k->len = e->payload_len;
    if (k->len)
        memcpy(k->payload, e->payload, k->len);
    mj_rows_put(mj_model_rows(m), &entry_kind, &key, k);
    return mj_who_fold(d->who, e->position, e->type, e->payload, e->payload_len, err);
}

struct reading { struct mj_who *who; mj_error *err; int rc; };

static int read_row(void *arg, const struct mj_result_row *row)
{
    struct reading *r = arg;
    size_t len;
    const uint8_t *payload = mj_col_blob(row, 2, &len);

    r->rc = mj_who_fold(r->who, (uint64_t)mj_col_int(row, 0), (uint32_t)mj_col_int(row, 1), payload, len, r->err);
    return r->rc;
}

/* At start, and again from nothing when registry's log was found to be another one. */
static int ready(void *app, struct mj_model *m, mj_error *err)
{
    struct mj_daemon *d = app;
    struct reading r = { d->who, err, 0 };

    mj_who_reset(d->who);
    if (mj_tables_query(mj_rows_readers(mj_model_rows(m))->tables, &sql_all, NULL, 0, read_row, &r, err) < 0)
        return -1;
    return r.rc;
}

int daemon_who_open(struct mj_daemon *d, mj_error *err)
{
    struct mj_model_domain domain = { .schema_name = "who-1", .schema = schema, .fold = fold,
                                      .ready = ready, .app = d };
    char directory[300];

    snprintf(directory, sizeof directory, "%s/who", d->data);
    return mj_model_open(&d->who_model, &d->threads, directory, &domain, err);
}
