/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "reporting/tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char mj_rep_schema_name[] = "reporting-3";
const char mj_rep_schema[] =
    "CREATE TABLE placement(born INTEGER PRIMARY KEY, name BLOB NOT NULL, told BLOB NOT NULL);\n"
    "CREATE TABLE placement_name(age INTEGER, hash INTEGER, born INTEGER,"
    " PRIMARY KEY(age, hash, born)) WITHOUT ROWID;\n"
    "CREATE TABLE person(born INTEGER PRIMARY KEY, id TEXT NOT NULL, told BLOB NOT NULL);\n"
    "CREATE TABLE person_name(hash INTEGER, born INTEGER, PRIMARY KEY(hash, born)) WITHOUT ROWID;\n"
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

/* ---- names: hashes are the first random bytes ---- */

static int64_t hash_of(const void *bytes)
{
    int64_t hash;

    memcpy(&hash, bytes, sizeof hash);   /* the same on all machines that can share a file: little-endian ones */
    return hash;
}

static int64_t placement_hash(const uint8_t *name)
{
    return hash_of(name);
}

static int64_t person_hash(const void *id)
{
    return hash_of((const char *)id + 4);        /* behind "R52-" */
}

static void add_name(struct mj_rep_names *n, int64_t hash, int64_t born)
{
    if (n->count == n->capacity) {
        size_t capacity = n->capacity == 0 ? 256 : n->capacity * 2;
        struct mj_rep_named *named = mj_calloc(capacity, sizeof *named);
        if (n->count > 0) {
            memcpy(named, n->named, n->count * sizeof *named);
        }
        free(n->named);
        n->named = named;
        n->capacity = capacity;
    }
    n->named[n->count++] = (struct mj_rep_named){ hash, born };
}

void mj_rep_name_placement(struct mj_rep_unsaved *u, const uint8_t name[MJ_TAG], int64_t born)
{
    add_name(&u->placements, placement_hash(name), born);
}

void mj_rep_name_person(struct mj_rep_unsaved *u, const char *id, int64_t born)
{
    add_name(&u->persons, person_hash(id), born);
}

void mj_rep_unsaved_clear(struct mj_rep_unsaved *u)
{
    free(u->placements.named);
    free(u->persons.named);
    *u = (struct mj_rep_unsaved){ .placements = { NULL, 0, 0 } };
}

static int compare_named(const void *a, const void *b)
{
    const struct mj_rep_named *x = a;
    const struct mj_rep_named *y = b;

    return (x->hash > y->hash) - (x->hash < y->hash);
}

/* In the order of the table, which is written from one end to the other. */
static void save_names(struct mj_batch *b, const struct mj_sql *sql, const struct mj_rep_names *n)
{
    if (n->count > 0) {
        qsort(n->named, n->count, sizeof *n->named, compare_named);
    }
    for (size_t i = 0; i < n->count; i++) {
        const struct mj_value v[] = { mj_vi(n->named[i].hash), mj_vi(n->named[i].born) };
        mj_batch_add(b, sql, v, COUNT(v));
    }
}

/* ---- placements: key number of the region (1 byte), name (16) ---- */

#define PLACEMENT_KEY (1 + MJ_TAG)
#define PACKED_PLACEMENT (3 + 4 * 4 + MJ_SIRET_LEN + MJ_PERSON_TEXT - 1)

struct mj_row_key mj_rep_placement_key(int region, const uint8_t name[MJ_TAG])
{
    uint8_t bytes[PLACEMENT_KEY] = { (uint8_t)region };

    memcpy(bytes + 1, name, MJ_TAG);
    return mj_row_key(bytes, sizeof bytes);
}

static const struct mj_sql placement_get = {
    "SELECT p.born, p.told FROM placement_name n CROSS JOIN placement p ON p.born = n.born"
    " WHERE n.age = $1 AND n.hash = $2 AND p.name = $3" };
static const struct mj_sql newest_age = { "SELECT max(age) FROM placement_name WHERE age < $1" };
static const struct mj_sql placement_put = {
    "INSERT INTO placement(born, name, told) VALUES($1, $2, $3) ON CONFLICT(born) DO UPDATE SET told = excluded.told" };
static const struct mj_sql placement_name_put = {
    "INSERT INTO placement_name(age, hash, born) VALUES($2 >> 20, $1, $2)" };
#define AGE 20

static uint64_t placement_number(const struct mj_row_key *key)
{
    return (uint64_t)placement_hash(key->bytes + 1);
}

static const struct mj_row_names placement_names = { placement_number, { "SELECT hash FROM placement_name" } };

static void pack_placement(uint8_t out[PACKED_PLACEMENT], const struct mj_rep_placement *p)
{
    const mj_date dates[] = { p->started_on, p->planned_on, p->worked_on, p->ended_on };

    out[0] = (uint8_t)((p->started ? STARTED : 0) | (p->implied ? IMPLIED : 0) | (p->cancelled ? CANCELLED : 0) |
                       (p->unmatched ? UNMATCHED : 0) | (p->matched ? MATCHED : 0));
    out[1] = p->kind_confirmed;
    out[2] = p->kind_started;
    memcpy(out + 3, dates, sizeof dates);
    memcpy(out + 3 + sizeof dates, p->stream, MJ_SIRET_LEN);
    memcpy(out + 3 + sizeof dates + MJ_SIRET_LEN, p->person, MJ_PERSON_TEXT - 1);
}

static void unpack_placement(struct mj_rep_placement *p, const uint8_t in[PACKED_PLACEMENT])
{
    mj_date dates[4];

    memcpy(dates, in + 3, sizeof dates);
    p->started = (in[0] & STARTED) != 0;
    p->implied = (in[0] & IMPLIED) != 0;
    p->cancelled = (in[0] & CANCELLED) != 0;
    p->unmatched = (in[0] & UNMATCHED) != 0;
    p->matched = (in[0] & MATCHED) != 0;
    p->kind_confirmed = in[1];
    p->kind_started = in[2];
    p->started_on = dates[0];
    p->planned_on = dates[1];
    p->worked_on = dates[2];
    p->ended_on = dates[3];
    memcpy(p->stream, in + 3 + sizeof dates, MJ_SIRET_LEN);
    memcpy(p->person, in + 3 + sizeof dates + MJ_SIRET_LEN, MJ_PERSON_TEXT - 1);
}

struct read { void *value; mj_error *err; int rc; };

static int placement_row(void *arg, const struct mj_result_row *r)
{
    struct read *read = arg;
    size_t len;
    const void *told = mj_col_blob(r, 1, &len);

    if (told == NULL || len != PACKED_PLACEMENT) {
        read->rc = mj_fail(read->err, MJ_DATA_LOSS, "PLACEMENT_ROW", NULL,
                           "a row of placements is of another length; fold the tables again");
        return 1;
    }
    struct mj_rep_placement *p = mj_calloc(1, sizeof *p);
    p->born = mj_col_int(r, 0);
    unpack_placement(p, told);
    read->value = p;
    return 1;
}

static int age_row(void *arg, const struct mj_result_row *r)
{
    *(int64_t *)arg = mj_col_int(r, 0);
    return 1;
}

/* From the newest age of the region's log to its first. */
static int placement_load(const struct mj_readers *readers, const struct mj_row_key *key, void **ret, mj_error *err)
{
    const uint8_t *name = key->bytes + 1;
    int64_t first = mj_rep_born(MJ_REP_REGIONS + key->bytes[0], 0) >> AGE, age = 0;
    const struct mj_value end = mj_vi(mj_rep_born(MJ_REP_REGIONS + key->bytes[0] + 1, 0) >> AGE);
    struct read read = { NULL, err, 0 };

    if (mj_tables_query(readers->tables, &newest_age, &end, 1, age_row, &age, err) < 0) {
        return -1;
    }
    for (; age >= first && read.value == NULL && read.rc == 0; age--) {
        const struct mj_value v[] = { mj_vi(age), mj_vi(placement_hash(name)), mj_vb(name, MJ_TAG) };

        if (mj_tables_query(readers->tables, &placement_get, v, COUNT(v), placement_row, &read, err) < 0) {
            return -1;
        }
    }
    *ret = read.value;
    return read.rc;
}

static void placement_save(struct mj_batch *b, const struct mj_row_key *key, const void *value)
{
    const struct mj_rep_placement *p = value;
    uint8_t told[PACKED_PLACEMENT];

    pack_placement(told, p);
    const struct mj_value v[] = { mj_vi(p->born), mj_vb(key->bytes + 1, MJ_TAG), mj_vb(told, sizeof told) };
    mj_batch_add(b, &placement_put, v, COUNT(v));
}

static size_t placement_size(const void *value)
{
    (void)value;
    return sizeof(struct mj_rep_placement);
}

const struct mj_row_kind mj_rep_placement_rows = { "placement", placement_load, placement_save, placement_size, free,
                                                   &placement_names, true };

/* ---- young people: key id ---- */

struct mj_row_key mj_rep_person_key(const char *id)
{
    return mj_row_key_text(id);
}

static const struct mj_sql person_get = {
    "SELECT p.born, p.told FROM person_name n JOIN person p ON p.born = n.born WHERE n.hash = $1 AND p.id = $2" };
static const struct mj_sql person_put = {
    "INSERT INTO person(born, id, told) VALUES($1, $2, $3) ON CONFLICT(born) DO UPDATE SET told = excluded.told" };
static const struct mj_sql person_name_put = { "INSERT INTO person_name(hash, born) VALUES($1, $2)" };

static uint64_t person_number(const struct mj_row_key *key)
{
    return (uint64_t)person_hash(key->bytes);
}

static const struct mj_row_names person_names = { person_number, { "SELECT hash FROM person_name" } };

static int person_row(void *arg, const struct mj_result_row *r)
{
    struct read *read = arg;
    struct mj_rep_person *p = mj_rep_person_create();
    size_t len;
    const void *told = mj_col_blob(r, 1, &len);

    p->born = mj_col_int(r, 0);
    read->rc = mj_rep_person_unpack(p, told, len, read->err);
    read->value = p;
    return 1;
}

static void person_free(void *value)
{
    mj_rep_person_free(value);
}

static int person_load(const struct mj_readers *readers, const struct mj_row_key *key, void **ret, mj_error *err)
{
    const struct mj_value v[] = { mj_vi(person_hash(key->bytes)), part(key, 0, key->len) };
    struct read read = { NULL, err, 0 };

    if (mj_tables_query(readers->tables, &person_get, v, COUNT(v), person_row, &read, err) < 0) {
        return -1;
    }
    if (read.rc < 0) {
        person_free(read.value);
        return -1;
    }
    *ret = read.value;
    return 0;
}

static void person_save(struct mj_batch *b, const struct mj_row_key *key, const void *value)
{
    const struct mj_rep_person *p = value;
    struct mj_buf told = MJ_BUF_INIT;

    mj_rep_person_pack(p, &told);
    const struct mj_value v[] = { mj_vi(p->born), part(key, 0, key->len), mj_vb(told.data, told.len) };
    mj_batch_add(b, &person_put, v, COUNT(v));
    mj_buf_free(&told);
}

static size_t person_size(const void *value)
{
    const struct mj_rep_person *p = value;

    return sizeof *p + p->capacity * sizeof *p->missions;
}

const struct mj_row_kind mj_rep_person_rows = { "person", person_load, person_save, person_size, person_free,
                                                &person_names, false };

/* ---- streams: key number of the region (1 byte), SIRET ---- */

struct mj_row_key mj_rep_stream_key(int region, const char *siret)
{
    char bytes[1 + MJ_SIRET_LEN] = { (char)region };

    memcpy(bytes + 1, siret, MJ_SIRET_LEN);
    return mj_row_key(bytes, sizeof bytes);
}

struct mj_rep_stream *mj_rep_stream_create(int region, const char *siret)
{
    struct mj_rep_stream *s = mj_calloc(1, sizeof *s);

    s->region = region;
    memcpy(s->siret, siret, MJ_SIRET_LEN);
    return s;
}

static const struct mj_sql stream_get = {
    "SELECT events, known, resends, conflicts, rejected, late, unmatched FROM stream"
    " WHERE region = $1 AND siret = $2" };
static const struct mj_sql stream_put = {
    "INSERT INTO stream(region, siret, events, known, resends, conflicts, rejected, late, unmatched)"
    " VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT(region, siret) DO UPDATE SET"
    " events = excluded.events, known = excluded.known, resends = excluded.resends, conflicts = excluded.conflicts,"
    " rejected = excluded.rejected, late = excluded.late, unmatched = excluded.unmatched" };

static int stream_row(void *arg, const struct mj_result_row *r)
{
    struct mj_rep_quality *q = mj_calloc(1, sizeof *q);

    q->events = (uint64_t)mj_col_int(r, 0);
    q->known = (uint64_t)mj_col_int(r, 1);
    q->resends = (uint64_t)mj_col_int(r, 2);
    q->conflicts = (uint64_t)mj_col_int(r, 3);
    q->rejected = (uint64_t)mj_col_int(r, 4);
    q->late = (uint64_t)mj_col_int(r, 5);
    q->unmatched = (uint64_t)mj_col_int(r, 6);
    *(struct mj_rep_quality **)arg = q;
    return 1;
}

static int stream_load(const struct mj_readers *readers, const struct mj_row_key *key, void **ret, mj_error *err)
{
    const struct mj_value v[] = { mj_vt(mj_rep_region_code(key->bytes[0])), part(key, 1, MJ_SIRET_LEN) };
    struct mj_rep_quality *q = NULL;

    if (mj_tables_query(readers->tables, &stream_get, v, COUNT(v), stream_row, &q, err) < 0) {
        free(q);
        return -1;
    }
    if (q != NULL) {
        struct mj_rep_stream *s = mj_rep_stream_create(key->bytes[0], (const char *)key->bytes + 1);
        s->now = s->counted = *q;
        free(q);
        *ret = s;
    }
    return 0;
}

static void stream_save(struct mj_batch *b, const struct mj_row_key *key, const void *value)
{
    const struct mj_rep_stream *s = value;
    const struct mj_rep_quality *q = &s->now;
    const struct mj_value v[] = { mj_vt(mj_rep_region_code(s->region)), part(key, 1, MJ_SIRET_LEN),
                                  mj_vi((int64_t)q->events), mj_vi((int64_t)q->known), mj_vi((int64_t)q->resends),
                                  mj_vi((int64_t)q->conflicts), mj_vi((int64_t)q->rejected), mj_vi((int64_t)q->late),
                                  mj_vi((int64_t)q->unmatched) };

    mj_batch_add(b, &stream_put, v, COUNT(v));
}

static size_t stream_size(const void *value)
{
    (void)value;
    return sizeof(struct mj_rep_stream);
}

const struct mj_row_kind mj_rep_stream_rows = { "stream", stream_load, stream_save, stream_size, free, NULL, false };

/* ---- cells and the clock of the latest entry ---- */

static const struct mj_sql cell_put = {
    "INSERT INTO cell(region, line, name, value) VALUES($1, $2, $3, $4)"
    " ON CONFLICT(region, line, name) DO UPDATE SET value = excluded.value" };
static const struct mj_sql cell_delete = { "DELETE FROM cell WHERE region = $1 AND line = $2 AND name = $3" };
static const struct mj_sql cell_all = { "SELECT region, line, name, value FROM cell" };
static const struct mj_sql clock_get = { "SELECT as_of_ms FROM clock WHERE one = 1" };
static const struct mj_sql clock_put = {
    "INSERT INTO clock(one, as_of_ms) VALUES(1, $1) ON CONFLICT(one) DO UPDATE SET as_of_ms = excluded.as_of_ms" };

struct save { struct mj_batch *batch; const char *region; };

/* Zeroes do not stand in the table: equal figures, equal tables. */
static void save_cell(void *arg, const char *row, mj_rep_name name, int64_t value)
{
    const struct save *s = arg;
    const struct mj_value v[] = { mj_vt(s->region), mj_vt(row), mj_vi(name), mj_vi(value) };

    mj_batch_add(s->batch, value == 0 ? &cell_delete : &cell_put, v, value == 0 ? 3 : 4);
}

void mj_rep_tables_save(struct mj_batch *b, struct mj_rep_unsaved *names, struct mj_rep_cells *cells)
{
    const struct mj_value as_of = mj_vi((int64_t)mj_rep_cells_as_of(cells));

    save_names(b, &placement_name_put, &names->placements);
    save_names(b, &person_name_put, &names->persons);
    mj_rep_unsaved_clear(names);
    for (int region = 0; region < MJ_REP_REGIONS; region++) {
        struct save s = { b, mj_rep_region_code(region) };
        mj_rep_cells_unsaved(cells, region, save_cell, &s);
    }
    mj_batch_add(b, &clock_put, &as_of, 1);
    mj_rep_cells_saved(cells);
}

/* ---- at start ---- */

struct load { struct mj_rep_cells *cells; mj_error *err; int rc; };

static int load_cell(void *arg, const struct mj_result_row *r)
{
    struct load *load = arg;
    struct mj_rep_cell cell = { .region = mj_rep_region(mj_col_text(r, 0)), .name = (mj_rep_name)mj_col_int(r, 2),
                                .value = mj_col_int(r, 3) };

    if (cell.region < 0 || !mj_rep_row_parse(&cell.row, mj_col_text(r, 1))) {
        load->rc = mj_fail(load->err, MJ_DATA_LOSS, "CELL_ROW", NULL,
                           "a row of figures is of no known region or row; fold the tables again");
        return 1;
    }
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

    if (mj_tables_query(readers->tables, &cell_all, NULL, 0, load_cell, &load, err) < 0 || load.rc < 0 ||
        mj_tables_query(readers->tables, &clock_get, NULL, 0, load_clock, cells, err) < 0) {
        return -1;
    }
    mj_rep_cells_saved(cells);
    return 0;
}

void mj_rep_tables_positions(struct mj_rows *rows, struct mj_rep_positions *ret)
{
    char name[MJ_REP_LOG_TEXT];
    uint8_t hash[MJ_HASH];

    for (int log = 0; log < MJ_REP_LOGS; log++) {
        ret->at[log] = mj_rows_tables_position(rows, mj_rep_log_text(log, name), hash);
    }
}
