/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* tables_sqlite: tables in one SQLite file.
 *
 * synchronous=NORMAL: a batch is not fsynced. A power cut takes the tables back to an earlier batch, whole, with the
 * positions of that batch, and the log is folded from there; a kill of the process takes nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/seams/failpoint.h"
#include "common/store/batch_table.h"
#include "common/store/sqlite_open.h"
#include "common/store/tables_engine.h"

#define TABLES_MARK 0x4d4a5442           /* "MJTB" */
#define TABLES_VERSION 1
#define TABLES_PAGE 4096
/* A batch is ordered, so the writer comes back to few pages; what a reader misses the system's cache has. */
#define TABLES_WRITER_CACHE_KIB 2048
#define TABLES_READER_CACHE_KIB 1024
/* More than a batch makes: a page changed by several batches is moved into the file once. */
#define TABLES_WAL_BYTES (16u * 1024 * 1024)

#define TEXT_MAX 1024                    /* of a statement that is turned into one for all rows of a batch */

/* A prepared statement, and which of SQLite's numbers each $n of the text has. */
struct prepared {
    const struct mj_sql *sql;
    sqlite3_stmt *statement;
    bool many;                           /* it reads the rows of e->run */
    size_t count;
    int index[MJ_BATCH_PARAMS_MAX];
};

struct engine {
    struct mj_sqlite *file;
    struct mj_batch_run run;             /* what "mj_batch" holds now */
    struct prepared **slots;             /* open addressing by the text's address; size is a power of two */
    size_t size, used;
};

static const struct mj_sql sql_begin_write = { "BEGIN IMMEDIATE" };
static const struct mj_sql sql_begin_read = { "BEGIN" };
static const struct mj_sql sql_commit = { "COMMIT" };
static const struct mj_sql sql_generation = { "SELECT generation FROM mj_state WHERE id = 1" };
static const struct mj_sql sql_next_generation = { "UPDATE mj_state SET generation = generation + 1 WHERE id = 1" };
static const struct mj_sql sql_position = {
    "INSERT INTO mj_positions(source, position, hash) VALUES($1, $2, $3)"
    " ON CONFLICT(source) DO UPDATE SET position = excluded.position, hash = excluded.hash"
};

/* ---- statements, prepared once ---- */

static size_t slot_of(const struct engine *e, const struct mj_sql *sql)
{
    size_t i = (size_t)(((uintptr_t)sql >> 3) * 0x9e3779b97f4a7c15u >> 32) & (e->size - 1);
    while (e->slots[i] != NULL && e->slots[i]->sql != sql) {
        i = (i + 1) & (e->size - 1);
    }
    return i;
}

static void make_room(struct engine *e)
{
    if (e->used * 2 < e->size) {
        return;
    }
    struct prepared **old = e->slots;
    size_t old_size = e->size;
    e->size = old_size > 0 ? old_size * 2 : 64;
    e->slots = mj_calloc(e->size, sizeof *e->slots);
    for (size_t i = 0; i < old_size; i++) {
        if (old[i] != NULL) {
            e->slots[slot_of(e, old[i]->sql)] = old[i];
        }
    }
    free(old);
}

static int number_parameters(struct prepared *p, mj_error *err)
{
    p->count = (size_t)sqlite3_bind_parameter_count(p->statement);
    bool fits = p->count <= MJ_BATCH_PARAMS_MAX;
    for (size_t i = 0; fits && i < p->count; i++) {
        char name[24];
        snprintf(name, sizeof name, "$%zu", i + 1);
        p->index[i] = sqlite3_bind_parameter_index(p->statement, name);
        fits = p->index[i] != 0;
    }
    if (!fits) {
        return mj_fail(err, MJ_INTERNAL, "SQL_PARAMETERS", NULL,
                       "expected parameters $1 to $%zu, at most %d, in: %.120s", p->count, MJ_BATCH_PARAMS_MAX,
                       p->sql->text);
    }
    return 0;
}

/* many: it comes with a batch, and is to write all its rows at once, where it can. */
static int prepare_new(struct engine *e, struct prepared *p, bool many, mj_error *err)
{
    char text[TEXT_MAX];
    size_t params;
    p->many = many && mj_batch_table_text(text, sizeof text, p->sql->text, &params);
    if (mj_sqlite_prepare(e->file, &p->statement, p->many ? text : p->sql->text, err) != 0 ||
        number_parameters(p, err) != 0) {
        sqlite3_finalize(p->statement);
        return -1;
    }
    if (p->many) {
        p->count = params;
    }
    return 0;
}

static int prepare(struct engine *e, const struct mj_sql *sql, bool many, struct prepared **ret, mj_error *err)
{
    make_room(e);
    size_t slot = slot_of(e, sql);
    if (e->slots[slot] == NULL) {
        struct prepared *p = mj_calloc(1, sizeof *p);
        p->sql = sql;
        if (prepare_new(e, p, many, err) != 0) {
            free(p);
            return -1;
        }
        e->slots[slot] = p;
        e->used++;
    }
    *ret = e->slots[slot];
    return 0;
}

static int bind_one(sqlite3_stmt *s, int index, const struct mj_value *v)
{
    /* Bytes outlive the step: they are the batch's, or the query's caller's. Empty ones are empty, not NULL. */
    const char *bytes = v->p != NULL ? v->p : "";
    switch (v->kind) {
    case MJ_V_INT:
        return sqlite3_bind_int64(s, index, v->i);
    case MJ_V_TEXT:
        return sqlite3_bind_text64(s, index, bytes, v->len, SQLITE_STATIC, SQLITE_UTF8);
    case MJ_V_BLOB:
        return sqlite3_bind_blob64(s, index, bytes, v->len, SQLITE_STATIC);
    default:
        return sqlite3_bind_null(s, index);
    }
}

static int check_use(const struct prepared *p, size_t count, mj_error *err)
{
    if (p->count != count || sqlite3_stmt_busy(p->statement)) {
        return mj_fail(err, MJ_INTERNAL, "SQL_PARAMETERS", NULL,
                       "expected %zu parameters and no query within itself, got %zu: %.120s", p->count,
                       count, p->sql->text);
    }
    return 0;
}

/* Prepares and binds; 0, or -1 with err: a fault of the program's text, found before anything runs. */
static int ready(struct engine *e, const struct mj_sql *sql, const struct mj_value *params, size_t count,
                 sqlite3_stmt **ret, mj_error *err)
{
    struct prepared *p;
    if (prepare(e, sql, false, &p, err) != 0 || check_use(p, count, err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        int rc = bind_one(p->statement, p->index[i], &params[i]);
        if (rc != SQLITE_OK) {
            return mj_sqlite_fail(err, rc, "binding a parameter");
        }
    }
    *ret = p->statement;
    return 0;
}

/* ---- opening ---- */

static void engine_close(void *engine)
{
    struct engine *e = engine;
    if (e == NULL) {
        return;
    }
    for (size_t i = 0; i < e->size; i++) {
        free(e->slots[i]);               /* its statement is finalised with the file */
    }
    free(e->slots);
    mj_sqlite_close(e->file);
    free(e);
}

static int make_or_check(struct engine *e, const char *schema_name, const char *schema, bool writable, mj_error *err)
{
    char *state = sqlite3_mprintf("INSERT INTO mj_state VALUES(1, %Q, %Q, 0)", schema_name, schema);
    if (state == NULL) {
        return mj_sqlite_fail(err, SQLITE_NOMEM, "making tables");
    }
    const char *const ddl[] = { MJ_TABLES_STATE, MJ_TABLES_POSITIONS, state, schema };
    int rc = mj_sqlite_make_or_check(e->file, writable, TABLES_MARK, TABLES_VERSION, ddl, 4, err);
    sqlite3_free(state);
    return rc;
}

/* The text counts too: a table changed under an old name would fail at its first statement, at every start. */
static int check_schema(struct engine *e, const char *schema_name, const char *schema, mj_error *err)
{
    static const struct mj_sql same = {
        "SELECT 1 FROM mj_state WHERE id = 1 AND schema_name = $1 AND schema_text = $2"
    };
    const struct mj_value params[] = { mj_vt(schema_name), mj_vt(schema) };
    sqlite3_stmt *s;
    if (ready(e, &same, params, 2, &s, err) != 0) {
        return -1;
    }
    int rc = sqlite3_step(s);
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
    if (rc == SQLITE_DONE) {
        return mj_fail(err, MJ_FAILED_PRECONDITION, "OTHER_SCHEMA", NULL,
                       "the tables are not those of %.60s: throw the file away and fold it again", schema_name);
    }
    return rc == SQLITE_ROW ? 0 : mj_sqlite_fail(err, rc, "reading the schema of tables");
}

static int add_batch_table(struct engine *e, mj_error *err)
{
    int rc = mj_batch_table(e->file->db, &e->run);
    return rc == SQLITE_OK ? 0 : mj_sqlite_fail(err, rc, "opening tables");
}

static int engine_open(void **ret, const char *url, const char *schema_name, const char *schema, bool writable,
                       mj_error *err)
{
    const struct mj_sqlite_options o = { url, writable, true, false, TABLES_PAGE,
                                         writable ? TABLES_WRITER_CACHE_KIB : TABLES_READER_CACHE_KIB };
    struct engine *e = mj_calloc(1, sizeof *e);
    if (mj_sqlite_open(&e->file, &o, err) != 0 || add_batch_table(e, err) != 0 ||
        make_or_check(e, schema_name, schema, writable, err) != 0 || check_schema(e, schema_name, schema, err) != 0) {
        engine_close(e);
        return -1;
    }
    *ret = e;
    return 0;
}

/* ---- writing ---- */

static const char writing[] = "writing tables";

/* SQLITE_OK; or the code, with err filled where it is a fault of the program: SQLite's text names tables and columns,
 * never values. */
static int run_ready(struct engine *e, sqlite3_stmt *s, const struct mj_sql *sql, mj_error *err)
{
    int rc = mj_sqlite_run(s);
    if ((rc & 0xff) == SQLITE_CONSTRAINT || (rc & 0xff) == SQLITE_MISMATCH || (rc & 0xff) == SQLITE_ERROR) {
        mj_fail(err, MJ_INTERNAL, "SQL_REFUSED", NULL, "%.100s in: %.120s", sqlite3_errmsg(e->file->db), sql->text);
    }
    return rc;
}

static int run(struct engine *e, const struct mj_sql *sql, const struct mj_value *params, size_t count, mj_error *err)
{
    sqlite3_stmt *s;
    return ready(e, sql, params, count, &s, err) == 0 ? run_ready(e, s, sql, err) : SQLITE_ERROR;
}

/* Statements of a batch, all of one text and as many parameters. */
static int run_many(struct engine *e, const struct mj_batch_run *many, mj_error *err)
{
    struct mj_value params[MJ_BATCH_PARAMS_MAX];
    const struct mj_sql *sql = many->all[0]->sql;
    struct prepared *p;
    int rc = SQLITE_OK;
    if (prepare(e, sql, true, &p, err) != 0 || check_use(p, many->all[0]->count, err) != 0) {
        return SQLITE_ERROR;
    }
    if (p->many) {
        e->run = *many;
        return run_ready(e, p->statement, sql, err);
    }
    for (size_t i = 0; i < many->count && rc == SQLITE_OK; i++) {
        mj_statement_params(many->all[i], params);
        rc = run(e, sql, params, many->all[i]->count, err);
    }
    return rc;
}

static int run_all(struct engine *e, struct mj_batch *b, mj_error *err)
{
    size_t count;
    struct mj_statement *const *all = mj_batch_ordered(b, &count);
    int rc = run(e, &sql_begin_write, NULL, 0, err);
    for (struct mj_batch_run many; count > 0 && rc == SQLITE_OK; all += many.count, count -= many.count) {
        many = (struct mj_batch_run){ all, 1 };
        while (many.count < count && all[many.count]->sql == all[0]->sql && all[many.count]->count == all[0]->count) {
            many.count++;
        }
        rc = run_many(e, &many, err);
    }
    for (const struct mj_position *p = mj_batch_positions(b); p != NULL && rc == SQLITE_OK; p = p->next) {
        const struct mj_value params[] = { mj_vt(p->source), mj_vi((int64_t)p->position), mj_vb(p->hash, MJ_HASH) };
        rc = run(e, &sql_position, params, 3, err);
    }
    if (rc == SQLITE_OK) {
        rc = run(e, &sql_next_generation, NULL, 0, err);
    }
    if (rc == SQLITE_OK && MJ_FAILPOINT("tables.before_commit")) {
        rc = SQLITE_FULL;
    }
    return rc == SQLITE_OK ? run(e, &sql_commit, NULL, 0, err) : rc;
}

static enum mj_write engine_write(void *engine, struct mj_batch *b, mj_error *err)
{
    struct engine *e = engine;
    mj_error fault = { .code = MJ_OK };
    int rc = run_all(e, b, &fault);
    if (rc != SQLITE_OK) {
        enum mj_done done = mj_sqlite_abandon(e->file, rc, writing, err);
        if (done == MJ_NOT_DONE && fault.code != MJ_OK && err != NULL) {
            *err = fault;
        }
        return done == MJ_NOT_DONE ? MJ_NOT_WRITTEN : MJ_WRITE_UNKNOWN;
    }
    if (MJ_FAILPOINT("tables.after_commit")) {
        mj_sqlite_unknown(SQLITE_IOERR, writing, err);
        return MJ_WRITE_UNKNOWN;
    }
    return mj_sqlite_checkpoint(e->file, TABLES_WAL_BYTES, err) == 0 ? MJ_WRITTEN : MJ_WRITE_UNKNOWN;
}

static int engine_checkpoint(void *engine, mj_error *err)
{
    struct engine *e = engine;
    return mj_sqlite_checkpoint(e->file, 0, err);
}

/* ---- reading ---- */

static int64_t row_integer(void *row, int i) { return sqlite3_column_int64(row, i); }
static const char *row_text(void *row, int i) { return (const char *)sqlite3_column_text(row, i); }
static bool row_null(void *row, int i) { return sqlite3_column_type(row, i) == SQLITE_NULL; }

static const void *row_blob(void *row, int i, size_t *len)
{
    if (row_null(row, i)) {
        *len = 0;
        return NULL;
    }
    const void *bytes = sqlite3_column_blob(row, i);
    *len = (size_t)sqlite3_column_bytes(row, i);
    return bytes != NULL ? bytes : "";   /* SQLite gives NULL for an empty one */
}

static const struct mj_result_ops row_ops = { row_integer, row_text, row_blob, row_null };

static int engine_query(void *engine, const struct mj_sql *sql, const struct mj_value *params, size_t count,
                        mj_row_fn *each, void *arg, mj_error *err)
{
    sqlite3_stmt *s;
    if (ready(engine, sql, params, count, &s, err) != 0) {
        return -1;
    }
    const struct mj_result_row row = { &row_ops, s };
    int rc = sqlite3_step(s);
    while (rc == SQLITE_ROW && each(arg, &row) == 0) {
        rc = sqlite3_step(s);
    }
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : mj_sqlite_fail(err, rc, "reading tables");
}

static int take_generation(void *arg, const struct mj_result_row *r)
{
    *(uint64_t *)arg = (uint64_t)mj_col_int(r, 0);
    return 1;
}

static void engine_end(void *engine)
{
    struct engine *e = engine;
    mj_error ignored;
    if (!sqlite3_get_autocommit(e->file->db) && run(e, &sql_commit, NULL, 0, &ignored) != SQLITE_OK) {
        mj_sqlite_exec(e->file, "ROLLBACK");     /* it only read: either way its snapshot goes */
    }
}

/* The first read fixes the state that all others see until the end. */
static int engine_begin(void *engine, uint64_t *generation, mj_error *err)
{
    struct engine *e = engine;
    int rc = run(e, &sql_begin_read, NULL, 0, err);
    if (rc != SQLITE_OK) {
        return mj_sqlite_fail(err, rc, "beginning to read tables");
    }
    if (engine_query(e, &sql_generation, NULL, 0, take_generation, generation, err) != 0) {
        engine_end(e);
        return -1;
    }
    return 0;
}

const struct mj_tables_ops mj_tables_sqlite = {
    .scheme = "sqlite",
    .open = engine_open,
    .write = engine_write,
    .query = engine_query,
    .begin = engine_begin,
    .end = engine_end,
    .checkpoint = engine_checkpoint,
    .close = engine_close,
};
