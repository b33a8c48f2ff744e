/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "placements/tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rows come in their own order of time: a placement's id is the position of its first entry, so that what is new is
 * added at the end. Names are random: the dictionary that leads from name to id is as small as it can be, and is
 * written once for each placement; two names may share their first 8 bytes. Each age of it, a million positions, has
 * its own part, so that new names touch few pages however many there are: with 10 million events a dictionary of one
 * part cost the tables thread more than all else. A look begins with the newest. No index leads from a stream to its
 * placements: its runs hold their ids. */
const char pl_schema[] =
    "CREATE TABLE streams(siret TEXT PRIMARY KEY, last INTEGER NOT NULL, resends INTEGER NOT NULL,"
    " conflicts INTEGER NOT NULL, positions BLOB NOT NULL) WITHOUT ROWID;\n"
    "CREATE TABLE runs(siret TEXT NOT NULL, run INTEGER NOT NULL, positions BLOB NOT NULL,"
    " PRIMARY KEY(siret, run)) WITHOUT ROWID;\n"
    "CREATE TABLE placements(id INTEGER PRIMARY KEY, siret TEXT NOT NULL, name BLOB NOT NULL,"
    " matched INTEGER NOT NULL, value BLOB NOT NULL);\n"
    "CREATE TABLE names(age INTEGER NOT NULL, hash INTEGER NOT NULL, id INTEGER NOT NULL,"
    " PRIMARY KEY(age, hash, id)) WITHOUT ROWID;\n"
    "CREATE TABLE unmatched(person TEXT NOT NULL, name BLOB NOT NULL, PRIMARY KEY(person, name)) WITHOUT ROWID;\n"
    "CREATE TABLE exceptions(siret TEXT NOT NULL, number INTEGER NOT NULL, outcome INTEGER NOT NULL,"
    " reason TEXT NOT NULL, field TEXT NOT NULL, same_as INTEGER NOT NULL, recorded_at INTEGER NOT NULL,"
    " late_days INTEGER NOT NULL, placement INTEGER NOT NULL, PRIMARY KEY(siret, number)) WITHOUT ROWID;\n";

const char pl_model_schema[] = "CREATE TABLE persons(id TEXT NOT NULL, position INTEGER NOT NULL);\n";

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

static struct mj_value packed_of(const struct pl_run *run)
{
    return run->packed_len > 0 ? mj_vb(run->packed, run->packed_len) : mj_vb("", 0);
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

static const struct mj_sql stream_get = { "SELECT last, resends, conflicts, positions FROM streams WHERE siret = $1" };
static const struct mj_sql stream_put = {
    "INSERT INTO streams(siret, last, resends, conflicts, positions) VALUES($1, $2, $3, $4, $5)"
    " ON CONFLICT(siret) DO UPDATE SET last = excluded.last, resends = excluded.resends,"
    " conflicts = excluded.conflicts, positions = excluded.positions" };

struct decoded { void *value; mj_error *err; int rc; };

static int run_column(struct pl_run *run, const struct mj_result_row *r, int column, mj_error *err)
{
    size_t len;
    const void *packed = mj_col_blob(r, column, &len);
    return pl_run_decode(run, packed, packed != NULL ? len : 0, err);
}

static int stream_row(void *arg, const struct mj_result_row *r)
{
    struct decoded *d = arg;
    struct pl_stream *s = d->value = mj_calloc(1, sizeof *s);
    s->last = (uint64_t)mj_col_int(r, 0);
    s->resends = (uint64_t)mj_col_int(r, 1);
    s->conflicts = (uint64_t)mj_col_int(r, 2);
    d->rc = run_column(&s->run, r, 3, d->err);
    return d->rc;
}

static void stream_free(void *value)
{
    struct pl_stream *s = value;
    if (s == NULL)
        return;
    pl_run_clear(&s->run);
    free(s);
}

static int stream_load(const struct mj_readers *r, const struct mj_row_key *key, void **ret, mj_error *err)
{
    struct decoded d = { NULL, err, 0 };
    struct mj_value v = key_siret(key);
    if (mj_tables_query(r->tables, &stream_get, &v, 1, stream_row, &d, err) < 0 || d.rc < 0) {
        stream_free(d.value);
        return -1;
    }
    *ret = d.value;
    return 0;
}

static void stream_save(struct mj_batch *b, const struct mj_row_key *key, const void *value)
{
    const struct pl_stream *s = value;
    if (s == NULL)
        return;                          /* streams are never dropped */
    struct mj_value v[] = { key_siret(key), mj_vi((int64_t)s->last), mj_vi((int64_t)s->resends),
                            mj_vi((int64_t)s->conflicts), packed_of(&s->run) };
    mj_batch_add(b, &stream_put, v, 5);
}

static size_t stream_size(const void *value)
{
    const struct pl_stream *s = value;
    return sizeof *s + pl_run_bytes(&s->run);
}

const struct mj_row_kind pl_stream_kind = { "stream", stream_load, stream_save, stream_size, stream_free, NULL, false };

/* ---- runs: the full ones; the last one stands in its stream's row until it is ---- */

static const struct mj_sql run_get = {
    "SELECT positions FROM runs WHERE siret = $1 AND run = $2"
    " UNION ALL SELECT positions FROM streams WHERE siret = $1 AND last > 0 AND (last - 1) / 256 = $2 LIMIT 1" };
static const struct mj_sql run_put = { "INSERT INTO runs(siret, run, positions) VALUES($1, $2, $3)"
                                       " ON CONFLICT(siret, run) DO UPDATE SET positions = excluded.positions" };
_Static_assert(PL_RUN == 256, "run_get knows it too");

static int run_row(void *arg, const struct mj_result_row *r)
{
    struct decoded *d = arg;
    d->rc = run_column(d->value, r, 0, d->err);
    return d->rc;
}

int pl_run_read(struct mj_tables *t, const char *siret, uint32_t run, struct pl_run *ret, mj_error *err)
{
    struct decoded d = { ret, err, 0 };
    struct mj_value v[] = { text_of((const uint8_t *)siret, MJ_SIRET_LEN), mj_vi(run) };
    return mj_tables_query(t, &run_get, v, 2, run_row, &d, err) < 0 || d.rc < 0 ? -1 : 0;
}

static void run_free(void *run)
{
    if (run == NULL)
        return;
    pl_run_clear(run);
    free(run);
}

static int run_load(const struct mj_readers *r, const struct mj_row_key *key, void **ret, mj_error *err)
{
    struct pl_run *run = mj_calloc(1, sizeof *run);
    int rc = pl_run_read(r->tables, (const char *)key->bytes, (uint32_t)get_be(key->bytes + MJ_SIRET_LEN, 4), run, err);
    if (rc < 0 || run->count == 0)
        run_free(run);
    else
        *ret = run;
    return rc;
}

static void run_save(struct mj_batch *b, const struct mj_row_key *key, const void *value)
{
    if (value == NULL)
        return;                          /* runs are never dropped */
    struct mj_value v[] = { key_siret(key), mj_vi((int64_t)get_be(key->bytes + MJ_SIRET_LEN, 4)), packed_of(value) };
    mj_batch_add(b, &run_put, v, 3);
}

static size_t run_size(const void *run)
{
    return sizeof(struct pl_run) + pl_run_bytes(run);
}

const struct mj_row_kind pl_run_kind = { "run", run_load, run_save, run_size, run_free, NULL, false };

/* ---- placements ---- */

static const struct mj_sql placement_get = {
    "SELECT p.id, p.siret, p.matched, p.value FROM names n CROSS JOIN placements p ON p.id = n.id"
    " WHERE n.age = $1 AND n.hash = $2 AND p.name = $3" };
static const struct mj_sql newest_age = { "SELECT max(age) FROM names" };
static const struct mj_sql placement_put = {
    "INSERT INTO placements(id, siret, name, matched, value) VALUES($1, $2, $3, $4, $5)"
    " ON CONFLICT(id) DO UPDATE SET matched = excluded.matched, value = excluded.value" };
static const struct mj_sql name_put = {
    "INSERT INTO names(age, hash, id) VALUES($2 >> 20, $1, $2) ON CONFLICT(age, hash, id) DO NOTHING" };

static struct mj_value hash_of(const uint8_t name[MJ_TAG])
{
    return mj_vi((int64_t)get_be(name, 8));
}

static uint64_t placement_number(const struct mj_row_key *key)
{
    return get_be(key->bytes, 8);
}

static const struct mj_row_names placement_names = { placement_number, { "SELECT hash FROM names" } };

static int placement_row(void *arg, const struct mj_result_row *r)
{
    struct decoded *d = arg;
    struct pl_placement *p = NULL;
    size_t len;
    const void *bytes = mj_col_blob(r, 3, &len);
    d->rc = pl_placement_decode(&p, bytes, bytes != NULL ? len : 0, d->err);
    if (d->rc < 0)
        return -1;
    (void)snprintf(p->stream, sizeof p->stream, "%s", mj_col_text(r, 1));
    p->born = (uint64_t)mj_col_int(r, 0);
    p->matched = mj_col_int(r, 2) != 0;
    p->named = true;
    d->value = p;
    return 1;
}

static int age_row(void *arg, const struct mj_result_row *r)
{
    *(int64_t *)arg = mj_col_int(r, 0);
    return 1;
}

int pl_placement_read(struct mj_tables *t, const uint8_t name[MJ_TAG], struct pl_placement **ret, mj_error *err)
{
    struct decoded d = { NULL, err, 0 };
    int64_t age = 0;
    if (mj_tables_query(t, &newest_age, NULL, 0, age_row, &age, err) < 0)
        return -1;
    for (; age >= 0 && d.value == NULL; age--) {
        struct mj_value v[] = { mj_vi(age), hash_of(name), mj_vb(name, MJ_TAG) };
        if (mj_tables_query(t, &placement_get, v, 3, placement_row, &d, err) < 0 || d.rc < 0)
            return -1;
    }
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

/* A batch that was gathered is written, or memory is thrown away: so `named` may be set here, though the value is only
 * read otherwise. */
static void save_name(struct mj_batch *b, const uint8_t *name, const struct pl_placement *p)
{
    struct mj_value v[] = { hash_of(name), mj_vi((int64_t)p->born) };
    mj_batch_add(b, &name_put, v, 2);
    ((struct pl_placement *)(uintptr_t)p)->named = true;
}

static void placement_save(struct mj_batch *b, const struct mj_row_key *key, const void *value)
{
    const struct pl_placement *p = value;
    if (p == NULL)
        return;                          /* placements are never dropped */
    struct mj_buf row = MJ_BUF_INIT;
    pl_placement_encode(p, &row);
    struct mj_value v[] = { mj_vi((int64_t)p->born), mj_vt(p->stream), mj_vb(key->bytes, key->len), mj_vi(p->matched),
                            mj_vb(row.data, row.len) };
    mj_batch_add(b, &placement_put, v, 5);
    mj_buf_free(&row);
    if (!p->named)
        save_name(b, key->bytes, p);
}

const struct mj_row_kind pl_placement_kind = { "placement", placement_load, placement_save, pl_placement_size,
                                               pl_placement_free, &placement_names, true };

/* ---- exceptions and unmatched: written by the fold, read by lists only ---- */

static const struct mj_sql exception_put = {
    "INSERT INTO exceptions(siret, number, outcome, reason, field, same_as, recorded_at, late_days, placement)"
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
                            mj_vi((int64_t)x->recorded_at_ms), mj_vi(x->late_days), mj_vi((int64_t)x->placement) };
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

const struct mj_row_kind pl_exception_kind = { "exception", nothing_load, exception_save, exception_size, free, NULL,
                                               false };
const struct mj_row_kind pl_unmatched_kind = { "unmatched", nothing_load, unmatched_save, small, free, NULL, false };

/* ---- the model's young people ---- */

static const struct mj_sql person_put = { "INSERT INTO persons(id, position) VALUES($1, $2)" };
static const struct mj_sql persons_get = { "SELECT id, position FROM persons" };

void pl_person_save(struct mj_batch *b, const char *id, uint64_t position)
{
    struct mj_value v[] = { mj_vt(id), mj_vi((int64_t)position) };
    mj_batch_add(b, &person_put, v, 2);
}

struct persons { pl_person_fn *each; void *arg; };

static int person_row(void *arg, const struct mj_result_row *r)
{
    const struct persons *p = arg;
    const char *id = mj_col_text(r, 0);
    if (mj_person_check(id, NULL, NULL) == 0)    /* else not a row of ours */
        p->each(p->arg, id, (uint64_t)mj_col_int(r, 1));
    return 0;
}

int pl_persons_each(struct mj_tables *t, pl_person_fn *each, void *arg, mj_error *err)
{
    struct persons p = { each, arg };
    return mj_tables_query(t, &persons_get, NULL, 0, person_row, &p, err);
}
