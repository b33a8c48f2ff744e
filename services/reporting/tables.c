/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "reporting/tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char mj_rep_schema_name[] = "reporting-1";
const char mj_rep_schema[] =
    "CREATE TABLE placement(region TEXT, name BLOB, person TEXT NOT NULL, stream TEXT NOT NULL,"
    " kind_confirmed INTEGER NOT NULL, kind_started INTEGER NOT NULL, flags INTEGER NOT NULL, started_on INTEGER,"
    " planned_on INTEGER, worked_on INTEGER, ended_on INTEGER, PRIMARY KEY(region, name)) WITHOUT ROWID;\n"
    "CREATE TABLE person(id TEXT PRIMARY KEY, mission_locale TEXT NOT NULL, region TEXT NOT NULL,"
    " facts BLOB NOT NULL) WITHOUT ROWID;\n"
    "CREATE TABLE stream(region TEXT, siret TEXT, events INTEGER NOT NULL, known INTEGER NOT NULL,"
    " resends INTEGER NOT NULL, conflicts INTEGER NOT NULL, rejected INTEGER NOT NULL, late INTEGER NOT NULL,"
    " unmatched INTEGER NOT NULL, PRIMARY KEY(region, siret)) WITHOUT ROWID;\n"
    "CREATE TABLE cell(region TEXT, line TEXT, name INTEGER, value INTEGER NOT NULL,"
    " PRIMARY KEY(region, line, name)) WITHOUT ROWID;\n"
    "CREATE TABLE clock(one INTEGER PRIMARY KEY, as_of_ms INTEGER NOT NULL);\n";

enum { STARTED = 1, IMPLIED = 2, CANCELLED = 4, UNMATCHED = 8, MATCHED = 16 };

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct mj_value part(const struct mj_row_key *key, size_t from, size_t len)
{
    return (struct mj_value){ MJ_V_TEXT, 0, key->bytes + from, len };
}

static size_t fixed_size(const void *value)
{
    (void)value;
    return 64;
}

/* ---- placements: key region (2 bytes), name (16) ---- */

struct mj_row_key mj_rep_placement_key(const char *region, const uint8_t name[MJ_TAG])
{
    uint8_t bytes[2 + MJ_TAG];

    memcpy(bytes, region, 2);
    memcpy(bytes + 2, name, MJ_TAG);
    return mj_row_key(bytes, sizeof bytes);
}

static const struct mj_sql placement_get = {
    "SELECT person, stream, kind_confirmed, kind_started, flags, started_on, planned_on, worked_on, ended_on"
    " FROM placement WHERE region = $1 AND name = $2" };
static const struct mj_sql placement_put = {
    "INSERT INTO placement(region, name, person, stream, kind_confirmed, kind_started, flags, started_on, planned_on,"
    " worked_on, ended_on) VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
    " ON CONFLICT(region, name) DO UPDATE SET person = excluded.person, stream = excluded.stream,"
    " kind_confirmed = excluded.kind_confirmed, kind_started = excluded.kind_started, flags = excluded.flags,"
    " started_on = excluded.started_on, planned_on = excluded.planned_on, worked_on = excluded.worked_on,"
    " ended_on = excluded.ended_on" };

static struct mj_value date_value(mj_date d)
{
    return d == MJ_NO_DATE ? (struct mj_value){ MJ_V_NULL, 0, NULL, 0 } : mj_vi(d);
}

static mj_date date_col(const struct mj_result_row *r, int i)
{
    return mj_col_null(r, i) ? MJ_NO_DATE : (mj_date)mj_col_int(r, i);
}

static int placement_row(void *arg, const struct mj_result_row *r)
{
    struct mj_rep_placement *p = mj_calloc(1, sizeof *p);
    int64_t flags = mj_col_int(r, 4);

    mj_rep_placement_init(p, mj_col_text(r, 1));
    snprintf(p->person, sizeof p->person, "%s", mj_col_text(r, 0));
    p->kind_confirmed = (uint8_t)mj_col_int(r, 2);
    p->kind_started = (uint8_t)mj_col_int(r, 3);
    p->started = (flags & STARTED) != 0;
    p->implied = (flags & IMPLIED) != 0;
    p->cancelled = (flags & CANCELLED) != 0;
    p->unmatched = (flags & UNMATCHED) != 0;
    p->matched = (flags & MATCHED) != 0;
    p->started_on = date_col(r, 5);
    p->planned_on = date_col(r, 6);
    p->worked_on = date_col(r, 7);
    p->ended_on = date_col(r, 8);
    *(void **)arg = p;
    return 0;
}

static int placement_load(const struct mj_readers *readers, const struct mj_row_key *key, void **ret, mj_error *err)
{
    const struct mj_value v[] = { part(key, 0, 2), mj_vb(key->bytes + 2, MJ_TAG) };

    return mj_tables_query(readers->tables, &placement_get, v, COUNT(v), placement_row, ret, err);
}

static void placement_save(struct mj_batch *b, const struct mj_row_key *key, const void *value)
{
    const struct mj_rep_placement *p = value;
    int64_t flags = (p->started ? STARTED : 0) | (p->implied ? IMPLIED : 0) | (p->cancelled ? CANCELLED : 0) |
                    (p->unmatched ? UNMATCHED : 0) | (p->matched ? MATCHED : 0);
    const struct mj_value v[] = { part(key, 0, 2), mj_vb(key->bytes + 2, MJ_TAG), mj_vt(p->person), mj_vt(p->stream),
                                  mj_vi(p->kind_confirmed), mj_vi(p->kind_started), mj_vi(flags),
                                  date_value(p->started_on), date_value(p->planned_on), date_value(p->worked_on),
                                  date_value(p->ended_on) };

    mj_batch_add(b, &placement_put, v, COUNT(v));
}

const struct mj_row_kind mj_rep_placement_rows = { "placement", placement_load, placement_save, fixed_size, free };

/* ---- young people: key id ---- */

struct mj_row_key mj_rep_person_key(const char *id)
{
    return mj_row_key_text(id);
}

static const struct mj_sql person_get = { "SELECT mission_locale, region, facts FROM person WHERE id = $1" };
static const struct mj_sql person_put = {
    "INSERT INTO person(id, mission_locale, region, facts) VALUES($1, $2, $3, $4) ON CONFLICT(id) DO UPDATE SET"
    " mission_locale = excluded.mission_locale, region = excluded.region, facts = excluded.facts" };

struct person_read { struct mj_rep_person *person; mj_error *err; int rc; };

static int person_row(void *arg, const struct mj_result_row *r)
{
    struct person_read *read = arg;
    size_t len;
    const void *facts = mj_col_blob(r, 2, &len);

    read->person = mj_rep_person_create();
    mj_rep_person_enrol(read->person, mj_col_text(r, 0), mj_col_text(r, 1));
    read->rc = facts == NULL ? 0 : mj_rep_person_unpack(read->person, facts, len, read->err);
    return 0;
}

static void person_free(void *value)
{
    mj_rep_person_free(value);
}

static int person_load(const struct mj_readers *readers, const struct mj_row_key *key, void **ret, mj_error *err)
{
    const struct mj_value v[] = { part(key, 0, key->len) };
    struct person_read read = { NULL, err, 0 };

    if (mj_tables_query(readers->tables, &person_get, v, COUNT(v), person_row, &read, err) < 0 || read.rc < 0) {
        if (read.person != NULL) {
            person_free(read.person);
        }
        return -1;
    }
    *ret = read.person;
    return 0;
}

static void person_save(struct mj_batch *b, const struct mj_row_key *key, const void *value)
{
    const struct mj_rep_person *p = value;
    struct mj_buf facts = MJ_BUF_INIT;

    mj_rep_person_pack(p, &facts);
    const struct mj_value v[] = { part(key, 0, key->len), mj_vt(p->mission_locale), mj_vt(p->region),
                                  mj_vb(facts.len == 0 ? "" : (const void *)facts.data, facts.len) };
    mj_batch_add(b, &person_put, v, COUNT(v));
    mj_buf_free(&facts);
}

static size_t person_size(const void *value)
{
    const struct mj_rep_person *p = value;

    return sizeof *p + p->capacity * sizeof *p->facts;
}

const struct mj_row_kind mj_rep_person_rows = { "person", person_load, person_save, person_size, person_free };

/* ---- streams: key region (2 bytes), SIRET ---- */

struct mj_row_key mj_rep_quality_key(const char *region, const char *stream)
{
    char text[2 + MJ_SIRET_LEN + 1];

    snprintf(text, sizeof text, "%.2s%s", region, stream);
    return mj_row_key_text(text);
}

static const struct mj_sql quality_get = {
    "SELECT events, known, resends, conflicts, rejected, late, unmatched FROM stream"
    " WHERE region = $1 AND siret = $2" };
static const struct mj_sql quality_put = {
    "INSERT INTO stream(region, siret, events, known, resends, conflicts, rejected, late, unmatched)"
    " VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT(region, siret) DO UPDATE SET"
    " events = excluded.events, known = excluded.known, resends = excluded.resends, conflicts = excluded.conflicts,"
    " rejected = excluded.rejected, late = excluded.late, unmatched = excluded.unmatched" };

static int quality_row(void *arg, const struct mj_result_row *r)
{
    struct mj_rep_quality *q = mj_calloc(1, sizeof *q);

    q->events = (uint64_t)mj_col_int(r, 0);
    q->known = (uint64_t)mj_col_int(r, 1);
    q->resends = (uint64_t)mj_col_int(r, 2);
    q->conflicts = (uint64_t)mj_col_int(r, 3);
    q->rejected = (uint64_t)mj_col_int(r, 4);
    q->late = (uint64_t)mj_col_int(r, 5);
    q->unmatched = (uint64_t)mj_col_int(r, 6);
    *(void **)arg = q;
    return 0;
}

static int quality_load(const struct mj_readers *readers, const struct mj_row_key *key, void **ret, mj_error *err)
{
    const struct mj_value v[] = { part(key, 0, 2), part(key, 2, (size_t)key->len - 2) };

    return mj_tables_query(readers->tables, &quality_get, v, COUNT(v), quality_row, ret, err);
}

static void quality_save(struct mj_batch *b, const struct mj_row_key *key, const void *value)
{
    const struct mj_rep_quality *q = value;
    const struct mj_value v[] = { part(key, 0, 2), part(key, 2, (size_t)key->len - 2), mj_vi((int64_t)q->events),
                                  mj_vi((int64_t)q->known), mj_vi((int64_t)q->resends), mj_vi((int64_t)q->conflicts),
                                  mj_vi((int64_t)q->rejected), mj_vi((int64_t)q->late),
                                  mj_vi((int64_t)q->unmatched) };

    mj_batch_add(b, &quality_put, v, COUNT(v));
}

const struct mj_row_kind mj_rep_quality_rows = { "stream", quality_load, quality_save, fixed_size, free };

/* ---- cells: key region (2 bytes), name (4, big-endian), row ---- */

struct mj_row_key mj_rep_cell_key(const struct mj_rep_cell *c)
{
    uint8_t bytes[6 + MJ_REP_ROW_TEXT];
    size_t row = strlen(c->row);

    memcpy(bytes, mj_rep_region_code(c->region), 2);
    for (int i = 0; i < 4; i++) {
        bytes[2 + i] = (uint8_t)(c->name >> (24 - 8 * i));
    }
    memcpy(bytes + 6, c->row, row);
    return mj_row_key(bytes, 6 + row);
}

static const struct mj_sql cell_get = { "SELECT value FROM cell WHERE region = $1 AND line = $2 AND name = $3" };
static const struct mj_sql cell_put = {
    "INSERT INTO cell(region, line, name, value) VALUES($1, $2, $3, $4)"
    " ON CONFLICT(region, line, name) DO UPDATE SET value = excluded.value" };
static const struct mj_sql cell_delete = { "DELETE FROM cell WHERE region = $1 AND line = $2 AND name = $3" };
static const struct mj_sql cell_all = { "SELECT region, line, name, value FROM cell" };

static int64_t cell_name(const struct mj_row_key *key)
{
    const uint8_t *b = key->bytes + 2;

    return (int64_t)b[0] << 24 | (int64_t)b[1] << 16 | (int64_t)b[2] << 8 | b[3];
}

static int number_row(void *arg, const struct mj_result_row *r)
{
    int64_t value = mj_col_int(r, 0);

    *(void **)arg = mj_memdup(&value, sizeof value);
    return 0;
}

static int cell_load(const struct mj_readers *readers, const struct mj_row_key *key, void **ret, mj_error *err)
{
    const struct mj_value v[] = { part(key, 0, 2), part(key, 6, (size_t)key->len - 6), mj_vi(cell_name(key)) };

    return mj_tables_query(readers->tables, &cell_get, v, COUNT(v), number_row, ret, err);
}

static void cell_save(struct mj_batch *b, const struct mj_row_key *key, const void *value)
{
    const struct mj_value v[] = { part(key, 0, 2), part(key, 6, (size_t)key->len - 6), mj_vi(cell_name(key)),
                                  mj_vi(value == NULL ? 0 : *(const int64_t *)value) };

    mj_batch_add(b, value == NULL ? &cell_delete : &cell_put, v, value == NULL ? 3 : 4);
}

const struct mj_row_kind mj_rep_cell_rows = { "cell", cell_load, cell_save, fixed_size, free };

/* ---- the clock of the latest entry ---- */

struct mj_row_key mj_rep_clock_key(void)
{
    return mj_row_key_text("as_of");
}

static const struct mj_sql clock_get = { "SELECT as_of_ms FROM clock WHERE one = 1" };
static const struct mj_sql clock_put = {
    "INSERT INTO clock(one, as_of_ms) VALUES(1, $1) ON CONFLICT(one) DO UPDATE SET as_of_ms = excluded.as_of_ms" };

static int clock_load(const struct mj_readers *readers, const struct mj_row_key *key, void **ret, mj_error *err)
{
    (void)key;
    return mj_tables_query(readers->tables, &clock_get, NULL, 0, number_row, ret, err);
}

static void clock_save(struct mj_batch *b, const struct mj_row_key *key, const void *value)
{
    const struct mj_value v = mj_vi(*(const int64_t *)value);

    (void)key;
    mj_batch_add(b, &clock_put, &v, 1);
}

const struct mj_row_kind mj_rep_clock_rows = { "clock", clock_load, clock_save, fixed_size, free };

/* ---- at start ---- */

struct load { struct mj_rep_cells *cells; mj_error *err; int rc; };

static int load_cell(void *arg, const struct mj_result_row *r)
{
    struct load *load = arg;
    struct mj_rep_cell cell = { .region = mj_rep_region(mj_col_text(r, 0)), .name = (mj_rep_name)mj_col_int(r, 2),
                                .value = mj_col_int(r, 3) };

    if (cell.region < 0) {
        load->rc = mj_fail(load->err, MJ_DATA_LOSS, "CELL_ROW", NULL,
                           "a row of figures is of no known region; fold the tables again");
        return 1;
    }
    snprintf(cell.row, sizeof cell.row, "%s", mj_col_text(r, 1));
    mj_rep_cells_add(load->cells, &cell);
    return 0;
}

static int load_clock(void *arg, const struct mj_result_row *r)
{
    mj_rep_cells_set_as_of(arg, (uint64_t)mj_col_int(r, 0));
    return 0;
}

int mj_rep_tables_load(const struct mj_readers *readers, struct mj_rep_cells *cells, mj_error *err)
{
    struct load load = { cells, err, 0 };

    if (mj_tables_query(readers->tables, &cell_all, NULL, 0, load_cell, &load, err) < 0 || load.rc < 0) {
        return -1;
    }
    return mj_tables_query(readers->tables, &clock_get, NULL, 0, load_clock, cells, err);
}

void mj_rep_tables_positions(struct mj_rows *rows, struct mj_rep_positions *ret)
{
    char name[MJ_REP_LOG_TEXT];
    uint8_t hash[MJ_HASH];

    for (int log = 0; log < MJ_REP_LOGS; log++) {
        ret->at[log] = mj_rows_tables_position(rows, mj_rep_log_text(log, name), hash);
    }
}
