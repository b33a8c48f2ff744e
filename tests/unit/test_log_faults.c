/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* What happens to a log in SQLite when its file is tampered with, its disk fills up, or its disk fails. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "common/seams/failpoint.h"
#include "common/store/log.h"
#include "support/faulty_vfs.h"
#include "support/scratch.h"

#ifdef MJ_FAULT
/* In place of the one that reads MJ_FAILPOINTS once: the step named here fails. */
static const char *failing = "";
int mj_failpoint(const char *name) { return strcmp(name, failing) == 0; }
#endif

struct fixture {
    struct scratch dir;
    const char *url;
    struct mj_log *log;
};

static void open_log(struct fixture *f)
{
    mj_error err;
    f->url = scratch_url(&f->dir, "sqlite", "log.db");
    assert_int_equal(mj_log_open(&f->log, f->url, &mj_env_real, "test", &err), 0);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    mj_error err;
    *state = f;
    faulty_reset();
    return scratch_make(&f->dir) != 0 || mj_crypto_init(&err) != 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    faulty_reset();
    mj_log_close(f->log);
    int rc = scratch_remove(&f->dir);
    free(f);
    return rc;
}

static enum mj_append append(struct fixture *f, size_t bytes, mj_error *err)
{
    struct mj_buf block = MJ_BUF_INIT;
    uint8_t *payload = calloc(1, bytes);
    const struct mj_entry e = { .type = 16, .principal = "p", .payload = payload, .payload_len = bytes };
    mj_block_add(&block, &e);
    enum mj_append stored = mj_log_append(f->log, mj_log_end(f->log), 1, block.data, block.len, err);
    mj_buf_free(&block);
    free(payload);
    return stored;
}

static void append_good(struct fixture *f, int count)
{
    mj_error err;
    for (int i = 0; i < count; i++) {
        assert_int_equal(append(f, 100, &err), MJ_STORED);
    }
}

static int count_commit(void *arg, const struct mj_commit *c)
{
    (void)c;
    (*(unsigned *)arg)++;
    return 0;
}

static unsigned commits_on_disk(struct fixture *f)
{
    struct mj_log_reader *r;
    unsigned n = 0;
    mj_error err;
    assert_int_equal(mj_log_reader_open(&r, f->url, &err), 0);
    assert_int_equal(mj_log_read(r, 1, SIZE_MAX, count_commit, &n, &err), 0);
    mj_log_reader_close(r);
    return n;
}

/* ---- tampering: positions 1 to 6, each a commit ---- */

static void tamper(struct fixture *f, const char *sql)
{
    sqlite3 *db;
    open_log(f);
    append_good(f, 5);
    mj_log_close(f->log);
    f->log = NULL;
    assert_int_equal(sqlite3_open(strchr(f->url, ':') + 1, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_true(sqlite3_total_changes(db) > 0 || strstr(sql, "SELECT") != NULL);
    sqlite3_close(db);
}

static void expect_broken_at(struct fixture *f, const char *position)
{
    uint64_t commits, entries;
    mj_error err;
    assert_int_equal(mj_log_verify(f->url, &commits, &entries, &err), -1);
    assert_int_equal(err.code, MJ_DATA_LOSS);
    assert_string_equal(err.reason, "CHAIN_BROKEN");
    assert_non_null(strstr(err.text, position));
}

static void a_flipped_bit_is_found(void **state)
{
    tamper(*state, "UPDATE commits SET block = CAST(substr(block, 1, length(block) - 1) || x'01' AS BLOB)"
                   " WHERE first = 4");
    expect_broken_at(*state, "position 4");
}

static void a_changed_hash_is_found(void **state)
{
    tamper(*state, "UPDATE commits SET hash = zeroblob(32) WHERE first = 3");
    expect_broken_at(*state, "position 3");
}

static void a_commit_taken_out_is_found(void **state)
{
    tamper(*state, "DELETE FROM commits WHERE first = 4");
    expect_broken_at(*state, "position 4");
}

static void the_first_commit_taken_out_is_found(void **state)
{
    tamper(*state, "DELETE FROM commits WHERE first = 1");
    expect_broken_at(*state, "position 1");
}

static void two_commits_changed_round_are_found(void **state)
{
    tamper(*state, "UPDATE commits SET first = -1 WHERE first = 3; UPDATE commits SET first = 3 WHERE first = 4;"
                   "UPDATE commits SET first = 4 WHERE first = -1");
    expect_broken_at(*state, "position 3");
}

static void a_commit_renumbered_is_found(void **state)
{
    tamper(*state, "UPDATE commits SET count = 2 WHERE first = 6");
    expect_broken_at(*state, "position 6");
}

/* The chain alone cannot tell: followers and signed heads keep the hash that then is missing. */
static void commits_cut_off_at_the_end_are_not_found_by_the_chain(void **state)
{
    struct fixture *f = *state;
    uint64_t commits, entries;
    mj_error err;
    tamper(f, "DELETE FROM commits WHERE first >= 5");
    assert_int_equal(mj_log_verify(f->url, &commits, &entries, &err), 0);
    assert_int_equal(commits, 4);
}

static void a_writer_refuses_a_log_whose_last_commit_was_changed(void **state)
{
    struct fixture *f = *state;
    mj_error err;
    tamper(f, "UPDATE commits SET block = CAST(substr(block, 1, length(block) - 1) || x'01' AS BLOB) WHERE first = 6");
    assert_int_equal(mj_log_open(&f->log, f->url, &mj_env_real, "test", &err), -1);
    assert_int_equal(err.code, MJ_DATA_LOSS);
}

static void a_file_of_another_kind_is_refused(void **state)
{
    struct fixture *f = *state;
    mj_error err;
    tamper(f, "PRAGMA application_id = 7; SELECT 1");
    assert_int_equal(mj_log_open(&f->log, f->url, &mj_env_real, "test", &err), -1);
    assert_string_equal(err.reason, "OTHER_FILE");
}

/* ---- a disk that fails ---- */

static void each_append_is_synced_before_it_returns(void **state)
{
    struct fixture *f = *state;
    open_log(f);
    for (int i = 0; i < 3; i++) {
        unsigned before = faulty.wal_syncs;
        append_good(f, 1);
        assert_int_equal(faulty.wal_syncs, before + 1);
    }
}

static void a_failed_sync_leaves_the_outcome_unknown(void **state)
{
    struct fixture *f = *state;
    mj_error err;
    open_log(f);
    faulty.sync_result = SQLITE_IOERR_FSYNC;
    assert_int_equal(append(f, 100, &err), MJ_APPEND_UNKNOWN);
    assert_int_equal(err.code, MJ_UNKNOWN);
    assert_string_equal(err.reason, "STORE_UNKNOWN");
    assert_int_equal(mj_log_end(f->log), 2);
}

static void a_failed_write_leaves_the_outcome_unknown(void **state)
{
    struct fixture *f = *state;
    mj_error err;
    open_log(f);
    faulty.wal_write_result = SQLITE_IOERR_WRITE;
    assert_int_equal(append(f, 100, &err), MJ_APPEND_UNKNOWN);
}

/* Wherever in the commit the disk turns out to be full, nothing of it is there, and the next append goes in. */
static void a_disk_full_at_any_write_is_not_stored(void **state)
{
    struct fixture *f = *state;
    mj_error err;
    open_log(f);
    append_good(f, 1);
    for (int writes = 0; writes < 12; writes++) {
        unsigned before = commits_on_disk(f);
        uint64_t end = mj_log_end(f->log);
        faulty.wal_write_result = SQLITE_FULL;
        faulty.writes_left = writes;
        assert_int_equal(append(f, 100000, &err), MJ_NOT_STORED);
        assert_int_equal(err.code, MJ_RESOURCE_EXHAUSTED);
        assert_string_equal(err.reason, "DISK_FULL");
        faulty.wal_write_result = SQLITE_OK;
        assert_int_equal(commits_on_disk(f), before);
        assert_int_equal(mj_log_end(f->log), end);
        append_good(f, 1);
    }
    uint64_t commits, entries;
    assert_int_equal(mj_log_verify(f->url, &commits, &entries, &err), 0);
    assert_int_equal(commits, 14);
}

static void a_full_disk_is_not_stored_until_there_is_room_again(void **state)
{
    struct fixture *f = *state;
    uint64_t commits, entries;
    mj_error err;
    if (!scratch_small_disk(&f->dir, 1024)) {
        skip();
    }
    open_log(f);
    append_good(f, 3);
    scratch_fill(&f->dir);
    assert_int_equal(append(f, 100000, &err), MJ_NOT_STORED);
    assert_string_equal(err.reason, "DISK_FULL");
    assert_int_equal(mj_log_probe(f->log, &err), -1);
    assert_int_equal(err.code, MJ_RESOURCE_EXHAUSTED);
    assert_int_equal(commits_on_disk(f), 4);             /* reads go on */
    scratch_free(&f->dir);
    assert_int_equal(mj_log_probe(f->log, &err), 0);
    assert_int_equal(scratch_size(&f->dir, "log.db.probe"), -1);
    assert_int_equal(append(f, 100000, &err), MJ_STORED);
    assert_int_equal(mj_log_verify(f->url, &commits, &entries, &err), 0);
    assert_int_equal(commits, 5);
}

static void the_write_ahead_log_stays_bounded(void **state)
{
    struct fixture *f = *state;
    mj_error err;
    open_log(f);
    for (int i = 0; i < 60; i++) {
        assert_int_equal(append(f, 500000, &err), MJ_STORED);
        assert_true(scratch_size(&f->dir, "log.db-wal") < 6 * 1024 * 1024);
    }
}

#ifdef MJ_FAULT
static void a_fail_point_before_the_commit_is_not_stored(void **state)
{
    static const char *const names[] = { "log.before_begin", "log.after_insert", "log.before_commit" };
    struct fixture *f = *state;
    mj_error err;
    open_log(f);
    for (size_t i = 0; i < 3; i++) {
        failing = names[i];
        assert_int_equal(append(f, 100, &err), MJ_NOT_STORED);
        assert_string_equal(err.reason, "DISK_FULL");
        failing = "";
        assert_int_equal(commits_on_disk(f), i + 1);
        append_good(f, 1);
    }
}

static void a_fail_point_after_the_commit_is_unknown_and_the_commit_is_there(void **state)
{
    struct fixture *f = *state;
    mj_error err;
    open_log(f);
    failing = "log.after_commit";
    assert_int_equal(append(f, 100, &err), MJ_APPEND_UNKNOWN);
    failing = "";
    assert_int_equal(commits_on_disk(f), 2);
}
#endif

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_flipped_bit_is_found),
        CASE(a_changed_hash_is_found),
        CASE(a_commit_taken_out_is_found),
        CASE(the_first_commit_taken_out_is_found),
        CASE(two_commits_changed_round_are_found),
        CASE(a_commit_renumbered_is_found),
        CASE(commits_cut_off_at_the_end_are_not_found_by_the_chain),
        CASE(a_writer_refuses_a_log_whose_last_commit_was_changed),
        CASE(a_file_of_another_kind_is_refused),
        CASE(each_append_is_synced_before_it_returns),
        CASE(a_failed_sync_leaves_the_outcome_unknown),
        CASE(a_failed_write_leaves_the_outcome_unknown),
        CASE(a_disk_full_at_any_write_is_not_stored),
        CASE(a_full_disk_is_not_stored_until_there_is_room_again),
        CASE(the_write_ahead_log_stays_bounded),
#ifdef MJ_FAULT
        CASE(a_fail_point_before_the_commit_is_not_stored),
        CASE(a_fail_point_after_the_commit_is_unknown_and_the_commit_is_there),
#endif
    };
    if (faulty_install() != SQLITE_OK) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
