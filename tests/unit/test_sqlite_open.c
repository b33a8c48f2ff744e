/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "common/store/sqlite_open.h"
#include "support/scratch.h"

static int setup(void **state)
{
    static struct scratch s;
    *state = &s;
    return scratch_make(&s);
}

static int teardown(void **state)
{
    return scratch_remove(*state);
}

static struct mj_sqlite *open_file(struct scratch *s, bool writable, bool full)
{
    const struct mj_sqlite_options o = { scratch_url(s, "sqlite", "f.db"), writable, true, full, 8192, 1024 };
    struct mj_sqlite *file;
    mj_error err;
    assert_int_equal(mj_sqlite_open(&file, &o, &err), 0);
    return file;
}

static void expect(struct mj_sqlite *file, const char *pragma, const char *value)
{
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_prepare_v2(file->db, pragma, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_string_equal(sqlite3_column_text(statement, 0), value);
    sqlite3_finalize(statement);
}

static void a_writer_has_every_setting(void **state)
{
    struct mj_sqlite *file = open_file(*state, true, true);
    expect(file, "PRAGMA journal_mode", "wal");
    expect(file, "PRAGMA synchronous", "2");
    expect(file, "PRAGMA busy_timeout", "2000");
    expect(file, "PRAGMA foreign_keys", "1");
    expect(file, "PRAGMA trusted_schema", "0");
    expect(file, "PRAGMA cell_size_check", "1");
    expect(file, "PRAGMA wal_autocheckpoint", "0");
    expect(file, "PRAGMA journal_size_limit", "16777216");
    expect(file, "PRAGMA page_size", "8192");
    expect(file, "PRAGMA secure_delete", "1");
    expect(file, "PRAGMA locking_mode", "normal");
    int defensive = 0;
    sqlite3_db_config(file->db, SQLITE_DBCONFIG_DEFENSIVE, -1, &defensive);
    assert_int_equal(defensive, 1);
    mj_sqlite_close(file);
}

static void tables_may_be_synced_at_checkpoints_only(void **state)
{
    struct mj_sqlite *file = open_file(*state, true, false);
    expect(file, "PRAGMA synchronous", "1");
    mj_sqlite_close(file);
}

static void a_reader_cannot_write(void **state)
{
    struct mj_sqlite *writer = open_file(*state, true, true);
    assert_int_equal(mj_sqlite_exec(writer, "CREATE TABLE t(x)"), SQLITE_OK);
    struct mj_sqlite *reader = open_file(*state, false, true);
    expect(reader, "PRAGMA query_only", "1");
    assert_int_equal(mj_sqlite_exec(reader, "INSERT INTO t VALUES(1)") & 0xff, SQLITE_READONLY);
    mj_sqlite_close(reader);
    mj_sqlite_close(writer);
}

static void a_setting_that_does_not_hold_is_refused(void **state)
{
    (void)state;
    const struct mj_sqlite_options memory = { "sqlite::memory:", true, true, true, 4096, 1024 };
    struct mj_sqlite *file;
    mj_error err;
    assert_int_equal(mj_sqlite_open(&file, &memory, &err), -1);
    assert_string_equal(err.reason, "SETTING_REFUSED");
    assert_string_equal(err.field, "journal_mode");
}

static void a_file_that_is_no_database_is_refused(void **state)
{
    struct scratch *s = *state;
    char path[128], text[4096];
    memset(text, 'x', sizeof text);
    snprintf(path, sizeof path, "%s/f.db", s->path);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_int_equal(write(fd, text, sizeof text), sizeof text);
    close(fd);
    const struct mj_sqlite_options o = { scratch_url(s, "sqlite", "f.db"), true, true, true, 4096, 1024 };
    struct mj_sqlite *file;
    mj_error err;
    assert_int_equal(mj_sqlite_open(&file, &o, &err), -1);
    assert_int_equal(err.code, MJ_DATA_LOSS);
    assert_string_equal(err.reason, "STORE_CORRUPT");
}

static void a_refused_statement_is_undone_and_proven(void **state)
{
    struct mj_sqlite *file = open_file(*state, true, true);
    mj_error err;
    assert_int_equal(mj_sqlite_exec(file, "CREATE TABLE t(x CHECK(x > 0))"), SQLITE_OK);
    assert_int_equal(mj_sqlite_exec(file, "BEGIN IMMEDIATE; INSERT INTO t VALUES(1)"), SQLITE_OK);
    int rc = mj_sqlite_exec(file, "INSERT INTO t VALUES(0)");
    assert_int_equal(mj_sqlite_abandon(file, rc, "testing", &err), MJ_NOT_DONE);
    assert_int_not_equal(sqlite3_get_autocommit(file->db), 0);
    expect(file, "SELECT count(*) FROM t", "0");
    mj_sqlite_close(file);
}

static void an_input_output_error_is_never_proven(void **state)
{
    struct mj_sqlite *file = open_file(*state, true, true);
    mj_error err;
    static const int codes[] = { SQLITE_IOERR_FSYNC, SQLITE_IOERR_WRITE, SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_NOMEM };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        assert_int_equal(mj_sqlite_abandon(file, codes[i], "testing", &err), MJ_DONE_UNKNOWN);
        assert_int_equal(err.code, MJ_UNKNOWN);
    }
    mj_sqlite_close(file);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_writer_has_every_setting),
        CASE(tables_may_be_synced_at_checkpoints_only),
        CASE(a_reader_cannot_write),
        CASE(a_setting_that_does_not_hold_is_refused),
        CASE(a_file_that_is_no_database_is_refused),
        CASE(a_refused_statement_is_undone_and_proven),
        CASE(an_input_output_error_is_never_proven),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
