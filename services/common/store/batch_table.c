/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "common/store/batch_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"

/* ---- the statement ---- */

/* The highest n of all $n. */
static size_t params_of(const char *text, const char *end)
{
    size_t most = 0;
    for (; text < end; text++) {
        size_t n = *text == '$' ? (size_t)strtoul(text + 1, NULL, 10) : 0;
        most = n > most ? n : most;
    }
    return most;
}

/* WHERE true: else SQLite takes the ON of what follows for a join's. */
bool mj_batch_table_text(char *ret, size_t size, const char *text, size_t *params)
{
    static const char word[] = "VALUES(";
    const char *values = strstr(text, word), *end = values != NULL ? strchr(values, ')') : NULL;
    if (strncmp(text, "INSERT ", 7) != 0 || end == NULL) {
        return false;
    }
    const char *first = values + sizeof word - 1;
    int written = snprintf(ret, size, "%.*sSELECT %.*s FROM mj_batch WHERE true%s", (int)(values - text), text,
                           (int)(end - first), first, end + 1);
    *params = params_of(first, end);
    for (char *at = ret; written < (int)size && (at = strchr(at, '$')) != NULL;) {
        *at = 'p';                       /* a column's name */
    }
    return written < (int)size;
}

/* ---- the table, as SQLite asks for it ---- */

struct table { sqlite3_vtab base; const struct mj_batch_run *run; };
struct cursor {
    sqlite3_vtab_cursor base;
    const struct mj_batch_run *run;
    size_t at;
    struct mj_value row[MJ_BATCH_PARAMS_MAX];
};

static int table_connect(sqlite3 *db, void *run, int argc, const char *const *argv, sqlite3_vtab **ret, char **err)
{
    (void)argc;
    (void)argv;
    (void)err;
    _Static_assert(MJ_BATCH_PARAMS_MAX == 32, "a column each");
    int rc = sqlite3_declare_vtab(db, "CREATE TABLE mj_batch(p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13,"
                                      " p14, p15, p16, p17, p18, p19, p20, p21, p22, p23, p24, p25, p26, p27, p28,"
                                      " p29, p30, p31, p32)");
    if (rc == SQLITE_OK) {
        *ret = mj_memdup(&(struct table){ .run = run }, sizeof(struct table));
    }
    return rc;
}

static int table_disconnect(sqlite3_vtab *table)
{
    free(table);
    return SQLITE_OK;
}

static int table_plan(sqlite3_vtab *table, sqlite3_index_info *plan)
{
    (void)table;
    plan->estimatedCost = 1000;
    return SQLITE_OK;                    /* there is one way: all rows, in their order */
}

static int cursor_open(sqlite3_vtab *table, sqlite3_vtab_cursor **ret)
{
    *ret = mj_memdup(&(struct cursor){ .run = ((struct table *)table)->run }, sizeof(struct cursor));
    return SQLITE_OK;
}

static int cursor_close(sqlite3_vtab_cursor *cursor)
{
    free(cursor);
    return SQLITE_OK;
}

static void cursor_unpack(struct cursor *c)
{
    if (c->at < c->run->count) {
        mj_statement_params(c->run->all[c->at], c->row);
    }
}

static int cursor_first(sqlite3_vtab_cursor *cursor, int plan, const char *name, int argc, sqlite3_value **argv)
{
    (void)plan;
    (void)name;
    (void)argc;
    (void)argv;
    ((struct cursor *)cursor)->at = 0;
    cursor_unpack((struct cursor *)cursor);
    return SQLITE_OK;
}

static int cursor_next(sqlite3_vtab_cursor *cursor)
{
    struct cursor *c = (struct cursor *)cursor;
    c->at++;
    cursor_unpack(c);
    return SQLITE_OK;
}

static int cursor_ended(sqlite3_vtab_cursor *cursor)
{
    const struct cursor *c = (const struct cursor *)cursor;
    return c->at >= c->run->count;
}

static int cursor_rowid(sqlite3_vtab_cursor *cursor, sqlite3_int64 *ret)
{
    *ret = (sqlite3_int64)((struct cursor *)cursor)->at;
    return SQLITE_OK;
}

/* Bytes are the batch's, which outlives the statement. Empty ones are empty, not NULL. */
static int cursor_column(sqlite3_vtab_cursor *cursor, sqlite3_context *to, int column)
{
    const struct mj_value *v = &((struct cursor *)cursor)->row[column];
    const char *bytes = v->p != NULL ? v->p : "";
    switch (v->kind) {
    case MJ_V_INT:
        sqlite3_result_int64(to, v->i);
        break;
    case MJ_V_TEXT:
        sqlite3_result_text64(to, bytes, v->len, SQLITE_STATIC, SQLITE_UTF8);
        break;
    case MJ_V_BLOB:
        sqlite3_result_blob64(to, bytes, v->len, SQLITE_STATIC);
        break;
    default:
        sqlite3_result_null(to);
    }
    return SQLITE_OK;
}

/* Without xCreate: it is there in every file under the module's name, and stands in none. */
static const sqlite3_module module = {
    .xConnect = table_connect,
    .xBestIndex = table_plan,
    .xDisconnect = table_disconnect,
    .xOpen = cursor_open,
    .xClose = cursor_close,
    .xFilter = cursor_first,
    .xNext = cursor_next,
    .xEof = cursor_ended,
    .xColumn = cursor_column,
    .xRowid = cursor_rowid,
};

int mj_batch_table(sqlite3 *db, const struct mj_batch_run *run)
{
    return sqlite3_create_module(db, "mj_batch", &module, (void *)(uintptr_t)run);
}
