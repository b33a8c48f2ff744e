/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "placements/tables.h"

#include <stdlib.h>
#include <string.h>

const char pl_schema[] =
    "CREATE TABLE streams(siret TEXT PRIMARY KEY, last INTEGER NOT NULL, resends INTEGER NOT NULL,"
    " conflicts INTEGER NOT NULL) WITHOUT ROWID;\n"
    "CREATE TABLE runs(siret TEXT NOT NULL, run INTEGER NOT NULL, positions BLOB NOT NULL,"
    " PRIMARY KEY(siret, run)) WITHOUT ROWID;\n"
    "CREATE TABLE placements(name BLOB PRIMARY KEY, siret TEXT NOT NULL, matched INTEGER NOT NULL,"
    " value BLOB NOT NULL);\n"
    "CREATE INDEX placements_by_stream ON placements(siret, name);\n"
    "CREATE TABLE unmatched(person TEXT NOT NULL, name BLOB NOT NULL, PRIMARY KEY(person, name)) WITHOUT ROWID;\n"
    "CREATE TABLE exceptions(siret TEXT NOT NULL, number INTEGER NOT NULL, outcome INTEGER NOT NULL,"
    " reason TEXT NOT NULL, field TEXT NOT NULL, same_as INTEGER NOT NULL, recorded_at INTEGER NOT NULL,"
    " late_days INTEGER NOT NULL, name BLOB NOT NULL, PRIMARY KEY(siret, number)) WITHOUT ROWID;\n";

const char pl_model_schema[] =
    "CREATE TABLE persons(id TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;\n";

/* ---- keys ---- */

static void put_be(uint8_t *at, uint64_t v, int bytes)
{
    for (int i = 0; i < bytes; i++)
        at[i] = (uint8_t)(v >> (8 * (bytes - 1 - i)));
}

static uint64_t get_be(const uint8_t *at, int bytes)
{
    uint64_t v = 0;
    for (int i = 0; i < bytes; i++)
        v = v << 8 | at[i];
    return v;
}

static struct mj_row_key numbered_key(const char *siret, uint64_t number, int bytes)
{
    uint8_t key[MJ_SIRET_LEN + 8];
    memcpy(key, siret, MJ_SIRET_LEN);
    put_be(key + MJ_SIRET_LEN, number, bytes);
    return mj_row_key(key, MJ_SIRET_LEN + (size_t)bytes);
}

struct mj_row_key pl_stream_key(const char *siret) { return mj_row_key(siret, MJ_SIRET_LEN); }
struct mj_row_key pl_run_key(const char *siret, uint32_t run) { return numbered_key(siret, run, 4); }
struct mj_row_key pl_placement_key(const uint8_t name[MJ_TAG]) { return mj_row_key(name, MJ_TAG); }
struct mj_row_key pl_exception_key(const char *siret, uint64_t number) { return numbered_key(siret, number, 8); }
struct mj_row_key pl_person_key(const char *id) { return mj_row_key_text(id); }

struct mj_row_key pl_unmatched_key(const char *person, const uint8_t name[MJ_TAG])
{
    uint8_t key[MJ_PERSON_TEXT - 1 + MJ_TAG];
    memcpy(key, person, MJ_PERSON_TEXT - 1);
    memcpy(key + MJ_PERSON_TEXT - 1, name, MJ_TAG);
    return mj_row_key(key, sizeof key);
}

static struct mj_value text_of(const uint8_t *bytes, size_t len)
{
    return (struct mj_value){ MJ_V_TEXT, 0, bytes, len };
}

static struct mj_value key_siret(const struct mj_row_key *key)
{
    return text_of(key->bytes, MJ_SIRET_LEN);
}

void *pl_link(void)
{
    return mj_calloc(1, 1);
}

static size_t small(const void *value)
{
    (void)value;
    return 64;
}

/* ---- streams ---- */

static const struct mj_sql stream_get = { "SELECT last, resends, conflicts FROM streams WHERE siret = $1" };
static const struct mj_sql stream_put = {
    "INSERT INTO streams(siret, last, resends, conflicts) VALUES($1, $2, $3, $4)"
    " ON CONFLICT(siret) DO UPDATE SET last = excluded.last, resends = excluded.resends,"
    " conflicts = excluded.conflicts" };

static int stream_row(void *arg, const struct mj_result_row *r)
{
    struct pl_stream *s = mj_calloc(1, sizeof *s);
    *s = (struct pl_stream){ (uint64_t)mj_col_int(r, 0), (uint64_t)mj_col_int(r, 1), (uint64_t)mj_col_int(r, 2) };
    *(void **)arg = s;
    return 0;
}

static int stream_load(const struct mj_readers *r, const struct mj_row_key *key, void **ret, mj_error *err)
{
    struct mj_value v = key_siret(key);
    return mj_tables_query(r->tables, &stream_get, &v, 1, stream_row, ret, err);
}

static void stream_save(struct mj_batch *b, const struct mj_row_key *key, const void *value)
{
    const struct pl_stream *s = value;
    if (s == NULL)
        return;                          /* streams are never dropped */
    struct mj_value v[] = { key_siret(key), mj_vi((int64_t)s->last), mj_vi((int64_t)s->resends),
                            mj_vi((int64_t)s->conflicts) };
    mj_batch_add(b, &stream_put, v, 4);
}

const struct mj_row_kind pl_stream_kind = { "stream", stream_load, stream_save, small, free };

/* ---- runs ---- */

static const struct mj_sql run_get = { "SELECT positions FROM runs WHERE siret = $1 AND run = $2" };
static const struct mj_sql run_put = {
    "INSERT INTO runs(siret, run, positions) VALUES($1, $2, $3)"
    " ON CONFLICT(siret, run) DO UPDATE SET positions = excluded.positions" };

struct decoded { void *value; mj_error *err; int rc; };

static int run_row(void *arg, const struct mj_result_row *r)
{
    struct decoded *d = arg;
    struct pl_run *run = NULL;
    size_t len;
    const void *bytes = mj_col_blob(r, 0, &len);
    d->rc = pl_run_decode(&run, bytes, len, d->err);
    d->value = run;
    return d->rc;
}

int pl_run_read(struct mj_tables *t, const char *siret, uint32_t run, struct pl_run **ret, mj_error *err)
{
    struct decoded d = { NULL, err, 0 };
    struct mj_value v[] = { text_of((const uint8_t *)siret, MJ_SIRET_LEN), mj_vi(run) };
    if (mj_tables_query(t, &run_get, v, 2, run_row, &d, err) < 0 || d.rc < 0)
        return -1;
    if (d.value != NULL)
        *ret = d.value;
    return 0;
}

static int run_load(const struct mj_readers *r, const struct mj_row_key *key, void **ret, mj_error *err)
{
    struct pl_run *run = NULL;
    if (pl_run_read(r->tables, (const char *)key->bytes, (uint32_t)get_be(key->bytes + MJ_SIRET_LEN, 4), &run, err) < 0)
        return -1;
    *ret = run;
    return 0;
}

static void run_save(struct mj_batch *b, const struct mj_row_key *key, const void *value)
{
    struct mj_buf packed = MJ_BUF_INIT;
    if (value == NULL)
        return;                          /* runs are never dropped */
    pl_run_encode(value, &packed);
    struct mj_value v[] = { key_siret(key), mj_vi((int64_t)get_be(key->bytes + MJ_SIRET_LEN, 4)),
                            mj_vb(packed.data, packed.len) };
    mj_batch_add(b, &run_put, v, 3);
    mj_buf_free(&packed);
}

const struct mj_row_kind pl_run_kind = { "run", run_load, run_save, pl_run_size, pl_run_free };

/* ---- placements ---- */

static const struct mj_sql placement_get = { "SELECT value FROM placements WHERE name = $1" };
static const struct mj_sql placement_put = {
    "INSERT INTO placements(name, siret, matched, value) VALUES($1, $2, $3, $4)"
    " ON CONFLICT(name) DO UPDATE SET matched = excluded.matched, value = excluded.value" };

static int placement_row(void *arg, const struct mj_result_row *r)
{
    struct decoded *d = arg;
    struct pl_placement *p = NULL;
    size_t len;
    const void *bytes = mj_col_blob(r, 0, &len);
    d->rc = pl_placement_decode(&p, bytes, len, d->err);
    d->value = p;
    return d->rc;
}

int pl_placement_read(struct mj_tables *t, const uint8_t name[MJ_TAG], struct pl_placement **ret, mj_error *err)
{
    struct decoded d = { NULL, err, 0 };
    struct mj_value v = mj_vb(name, MJ_TAG);
    if (mj_tables_query(t, &placement_get, &v, 1, placement_row, &d, err) < 0 || d.rc < 0)
        return -1;
    if (d.value != NULL)
        *ret = d.value;
    return 0;
}

static int placement_load(const struct mj_readers *r, const struct mj_row_key *key, void **ret, mj_error *err)
{
    struct pl_placement *p = NULL;
    if (pl_placement_read(r->tables, key->bytes, &p, err) < 0)
        return -1;
    *ret = p;
    return 0;
}

static void placement_save(struct mj_batch *b, const struct mj_row_key *key, const void *value)
{
    const struct pl_placement *p = value;
    struct mj_buf packed = MJ_BUF_INIT;
    if (p == NULL)
        return;                          /* placements are never dropped */
    pl_placement_encode(p, &packed);
    struct mj_value v[] = { mj_vb(key->bytes, key->len), mj_vt(p->stream), mj_vi(p->matched),
                            mj_vb(packed.data, packed.len) };
    mj_batch_add(b, &placement_put, v, 4);
    mj_buf_free(&packed);
}

const struct mj_row_kind pl_placement_kind = { "placement", placement_load, placement_save, pl_placement_size,
                                               pl_placement_free };

/* ---- exceptions and unmatched: written by the fold, read by lists only ---- */

static const struct mj_sql exception_put = {
    "INSERT INTO exceptions(siret, number, outcome, reason, field, same_as, recorded_at, late_days, name)"
    " VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT(siret, number) DO NOTHING" };
static const struct mj_sql unmatched_put = {
    "INSERT INTO unmatched(person, name) VALUES($1, $2) ON CONFLICT(person, name) DO NOTHING" };
static const struct mj_sql unmatched_drop = { "DELETE FROM unmatched WHERE person = $1 AND name = $2" };

static int nothing_load(const struct mj_readers *r, const struct mj_row_key *key, void **ret, mj_error *err)
{
    (void)r;
    (void)key;
    (void)ret;
    return mj_fail(err, MJ_INTERNAL, "ROW_WRITTEN_ONLY", NULL, "expected no read of this kind of row; report it");
}

static void exception_save(struct mj_batch *b, const struct mj_row_key *key, const void *value)
{
    const struct pl_exception *x = value;
    if (x == NULL)
        return;
    struct mj_value v[] = { key_siret(key), mj_vi((int64_t)get_be(key->bytes + MJ_SIRET_LEN, 8)), mj_vi(x->outcome),
                            mj_vt(x->reason), mj_vt(x->field), mj_vi((int64_t)x->same_as),
                            mj_vi((int64_t)x->recorded_at_ms), mj_vi(x->late_days), mj_vb(x->placement, MJ_TAG) };
    mj_batch_add(b, &exception_put, v, 9);
}

static size_t exception_size(const void *value)
{
    (void)value;
    return sizeof(struct pl_exception);
}

static void unmatched_save(struct mj_batch *b, const struct mj_row_key *key, const void *value)
{
    struct mj_value v[] = { text_of(key->bytes, MJ_PERSON_TEXT - 1),
                            mj_vb(key->bytes + MJ_PERSON_TEXT - 1, MJ_TAG) };
    mj_batch_add(b, value != NULL ? &unmatched_put : &unmatched_drop, v, 2);
}

const struct mj_row_kind pl_exception_kind = { "exception", nothing_load, exception_save, exception_size, free };
const struct mj_row_kind pl_unmatched_kind = { "unmatched", nothing_load, unmatched_save, small, free };

/* ---- the model's young people ---- */

static const struct mj_sql person_get = { "SELECT position FROM persons WHERE id = $1" };
static const struct mj_sql person_put = {
    "INSERT INTO persons(id, position) VALUES($1, $2) ON CONFLICT(id) DO NOTHING" };

static int person_row(void *arg, const struct mj_result_row *r)
{
    struct pl_person *p = mj_calloc(1, sizeof *p);
    p->position = (uint64_t)mj_col_int(r, 0);
    *(void **)arg = p;
    return 0;
}

static int person_load(const struct mj_readers *r, const struct mj_row_key *key, void **ret, mj_error *err)
{
    struct mj_value v = text_of(key->bytes, key->len);
    return mj_tables_query(r->tables, &person_get, &v, 1, person_row, ret, err);
}

static void person_save(struct mj_batch *b, const struct mj_row_key *key, const void *value)
{
    const struct pl_person *p = value;
    if (p == NULL)
        return;
    struct mj_value v[] = { text_of(key->bytes, key->len), mj_vi((int64_t)p->position) };
    mj_batch_add(b, &person_put, v, 2);
}

const struct mj_row_kind pl_person_kind = { "person", person_load, person_save, small, free };
