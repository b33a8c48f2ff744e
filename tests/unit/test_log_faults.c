/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* What happens to a log when its files are tampered with, its disk fills up, or its disk fails. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "common/seams/failpoint.h"
#include "common/store/log.h"
#include "support/faulty_disk.h"
#include "support/log_bytes.h"
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
    f->url = scratch_url(&f->dir, "file", "log");
    assert_int_equal(mj_log_open(&f->log, f->url, &mj_env_real, "test", &err), 0);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    mj_error err;
    *state = f;
    disk_reset();
    return scratch_make(&f->dir) != 0 || mj_crypto_init(&err) != 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    disk_reset();
    mj_log_close(f->log);
    int rc = scratch_remove(&f->dir);
    free(f);
    return rc;
}

static enum mj_append append(struct fixture *f, size_t bytes, mj_error *err)
{
    return log_append(f->log, bytes, 0, err);
}

static void append_good(struct fixture *f, int count)
{
    mj_error err;
    for (int i = 0; i < count; i++) {
        assert_int_equal(append(f, 100, &err), MJ_STORED);
    }
}

static unsigned commits_on_disk(struct fixture *f)
{
    return log_commits(f->url);
}

/* ---- tampering, by somebody who knows the format: positions 1 to 6, each a commit ---- */

#define COMMITS 6

struct tampered {
    struct segment_head head;
    struct mj_commit c[COMMITS];
    uint64_t epoch[COMMITS];
    struct segment_window w[COMMITS];    /* where the blocks stand */
};

static struct tampered untouched(struct fixture *f)
{
    struct tampered t;
    uint64_t at = SEGMENT_HEAD;
    mj_error err;
    open_log(f);
    append_good(f, COMMITS - 1);
    mj_log_close(f->log);
    f->log = NULL;
    int fd = open(segment_path(&f->dir, 1), O_RDONLY);
    assert_int_equal(segment_read_head(&t.head, fd, 1, &err), 0);
    for (size_t i = 0; i < COMMITS; i++) {
        t.w[i] = (struct segment_window){ .fd = fd };
        assert_int_equal(segment_commit(&t.w[i], t.head.key, at, i + 1, &t.c[i], &t.epoch[i], &err), 1);
        assert_int_equal(segment_block(&t.w[i], at, &t.c[i], &err), 1);
        at += segment_record_size(t.c[i].block_len);
    }
    close(fd);
    return t;
}

/* Writes the commits given by their places, each with a check that fits. */
static void put_back(struct fixture *f, struct tampered *t, const size_t *places, size_t count)
{
    struct mj_buf b = MJ_BUF_INIT;
    static const uint8_t zeros[RECORD_ALIGN];
    segment_put_head(mj_buf_grow(&b, SEGMENT_HEAD), &t->head);
    for (size_t i = 0; i < count; i++) {
        const struct mj_commit *c = &t->c[places[i]];
        segment_put_record(mj_buf_grow(&b, RECORD_HEAD), c, t->epoch[places[i]], t->head.key);
        mj_buf_put(&b, c->block, c->block_len);
        mj_buf_put(&b, zeros, segment_record_size(c->block_len) - RECORD_HEAD - c->block_len);
    }
    bytes_write(segment_path(&f->dir, 1), (struct bytes){ b.data, b.len });
    mj_buf_free(&b);
    for (size_t i = 0; i < COMMITS; i++) {
        segment_window_free(&t->w[i]);
    }
}

static const size_t all[] = { 0, 1, 2, 3, 4, 5 };

static void flip_last_bit(struct mj_commit *c)
{
    ((uint8_t *)(uintptr_t)c->block)[c->block_len - 1] ^= 1;
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
    struct tampered t = untouched(*state);
    flip_last_bit(&t.c[3]);
    put_back(*state, &t, all, COMMITS);
    expect_broken_at(*state, "position 4");
}

static void a_changed_hash_is_found(void **state)
{
    struct tampered t = untouched(*state);
    memset(t.c[2].hash, 0, MJ_HASH);
    put_back(*state, &t, all, COMMITS);
    expect_broken_at(*state, "position 3");
}

static void a_commit_taken_out_is_found(void **state)
{
    static const size_t places[] = { 0, 1, 2, 4, 5 };
    struct tampered t = untouched(*state);
    put_back(*state, &t, places, 5);
    expect_broken_at(*state, "position 4");
}

static void the_first_commit_taken_out_is_found(void **state)
{
    struct tampered t = untouched(*state);
    put_back(*state, &t, all + 1, COMMITS - 1);
    expect_broken_at(*state, "position 1");
}

static void two_commits_changed_round_are_found(void **state)
{
    static const size_t places[] = { 0, 1, 3, 2, 4, 5 };
    struct tampered t = untouched(*state);
    t.c[2].first = 4;
    t.c[3].first = 3;
    put_back(*state, &t, places, COMMITS);
    expect_broken_at(*state, "position 3");
}

static void a_commit_renumbered_is_found(void **state)
{
    struct tampered t = untouched(*state);
    t.c[4].count = 2;
    t.c[5].first = 7;
    put_back(*state, &t, all, COMMITS);
    expect_broken_at(*state, "position 5");
}

/* The chain alone cannot tell: followers and signed heads keep the hash that then is missing. */
static void commits_cut_off_at_the_end_are_not_found_by_the_chain(void **state)
{
    struct fixture *f = *state;
    uint64_t commits, entries;
    mj_error err;
    struct tampered t = untouched(f);
    put_back(f, &t, all, 4);
    assert_int_equal(mj_log_verify(f->url, &commits, &entries, &err), 0);
    assert_int_equal(commits, 4);
}

static void a_writer_refuses_a_log_that_is_damaged_before_its_last_commit(void **state)
{
    struct fixture *f = *state;
    mj_error err;
    struct tampered t = untouched(f);
    put_back(f, &t, all, COMMITS);
    struct bytes before = bytes_read(segment_path(&f->dir, 1)), after;
    before.data[SEGMENT_HEAD] ^= 1;
    bytes_write(segment_path(&f->dir, 1), before);
    assert_int_equal(mj_log_open(&f->log, f->url, &mj_env_real, "test", &err), -1);
    assert_int_equal(err.code, MJ_DATA_LOSS);
    assert_string_equal(err.reason, "CHAIN_BROKEN");
    after = bytes_read(segment_path(&f->dir, 1));
    assert_int_equal(after.len, before.len);
    assert_memory_equal(after.data, before.data, before.len);    /* nothing was touched */
    free(before.data);
    free(after.data);
}

static void a_file_of_another_kind_is_refused(void **state)
{
    struct fixture *f = *state;
    mj_error err;
    struct tampered t = untouched(f);
    put_back(f, &t, all, COMMITS);
    struct bytes b = bytes_read(segment_path(&f->dir, 1));
    b.data[6]++;                         /* another version */
    bytes_write(segment_path(&f->dir, 1), b);
    free(b.data);
    assert_int_equal(mj_log_open(&f->log, f->url, &mj_env_real, "test", &err), -1);
    assert_string_equal(err.reason, "OTHER_FILE");
}

/* ---- a disk that fails ---- */

static void each_append_is_synced_before_it_returns(void **state)
{
    struct fixture *f = *state;
    open_log(f);
    for (int i = 0; i < 3; i++) {
        unsigned before = disk.syncs;
        append_good(f, 1);
        assert_int_equal(disk.syncs, before + 1);
    }
}

static void a_failed_sync_leaves_the_outcome_unknown(void **state)
{
    struct fixture *f = *state;
    mj_error err;
    open_log(f);
    disk.sync_errno = EIO;
    assert_int_equal(append(f, 100, &err), MJ_APPEND_UNKNOWN);
    assert_int_equal(err.code, MJ_UNKNOWN);
    assert_string_equal(err.reason, "STORE_UNKNOWN");
    assert_int_equal(mj_log_end(f->log), 2);
}

/* Not even where the disk says that it is full: what was written before the sync may be there. */
static void a_sync_that_finds_the_disk_full_leaves_the_outcome_unknown(void **state)
{
    struct fixture *f = *state;
    mj_error err;
    open_log(f);
    disk.sync_errno = ENOSPC;
    assert_int_equal(append(f, 100, &err), MJ_APPEND_UNKNOWN);
}

/* A sync that failed once says nothing the next time: the kernel takes the pages for written. */
static void after_an_unknown_outcome_nothing_is_written_any_more(void **state)
{
    struct fixture *f = *state;
    mj_error err;
    open_log(f);
    disk.sync_errno = EIO;
    assert_int_equal(append(f, 100, &err), MJ_APPEND_UNKNOWN);
    disk_reset();
    struct bytes before = bytes_read(segment_path(&f->dir, 1)), after;
    assert_int_equal(append(f, 100, &err), MJ_APPEND_UNKNOWN);
    mj_log_close(f->log);
    f->log = NULL;
    after = bytes_read(segment_path(&f->dir, 1));
    assert_int_equal(disk.syncs, 0);
    assert_int_equal(after.len, before.len);
    assert_memory_equal(after.data, before.data, before.len);
    free(before.data);
    free(after.data);
}

static void a_failed_write_leaves_the_outcome_unknown(void **state)
{
    struct fixture *f = *state;
    mj_error err;
    open_log(f);
    disk.write_errno = EIO;
    assert_int_equal(append(f, 100, &err), MJ_APPEND_UNKNOWN);
}

static void a_full_disk_that_cannot_be_cut_back_leaves_the_outcome_unknown(void **state)
{
    struct fixture *f = *state;
    mj_error err;
    open_log(f);
    disk.write_errno = ENOSPC;
    disk.truncate_errno = EIO;
    assert_int_equal(append(f, 100, &err), MJ_APPEND_UNKNOWN);
}

/* Wherever in the commit the disk turns out to be full, nothing of it is there, and the next append goes in. */
static void a_disk_full_at_any_write_is_not_stored(void **state)
{
    static const int reasons[] = { ENOSPC, EDQUOT, EFBIG };
    struct fixture *f = *state;
    mj_error err;
    unsigned stored = 2;
    open_log(f);
    append_good(f, 1);
    for (size_t bytes = 0; bytes < 400000; bytes += bytes < 200 ? 40 : 20000) {
        uint64_t end = mj_log_end(f->log);
        disk.write_errno = reasons[stored % 3];
        disk.bytes_left = bytes;
        enum mj_append outcome = append(f, 100000, &err);
        disk_reset();
        if (outcome == MJ_STORED) {
            assert_true(bytes > 100000);
            stored++;
        } else {
            assert_int_equal(outcome, MJ_NOT_STORED);
            assert_int_equal(err.code, MJ_RESOURCE_EXHAUSTED);
            assert_string_equal(err.reason, "DISK_FULL");
            assert_int_equal(mj_log_end(f->log), end);
        }
        assert_int_equal(commits_on_disk(f), stored);
        append_good(f, 1);
        stored++;
    }
    uint64_t commits, entries;
    assert_int_equal(mj_log_verify(f->url, &commits, &entries, &err), 0);
    assert_int_equal(commits, stored);
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
    scratch_fill(&f->dir);               /* with what the append gave back */
    assert_int_equal(mj_log_probe(f->log, &err), -1);
    assert_int_equal(err.code, MJ_RESOURCE_EXHAUSTED);
    assert_int_equal(commits_on_disk(f), 4);             /* reads go on */
    scratch_free(&f->dir);
    assert_int_equal(mj_log_probe(f->log, &err), 0);
    assert_int_equal(scratch_size(&f->dir, "log/probe.tmp"), -1);
    assert_int_equal(append(f, 100000, &err), MJ_STORED);
    assert_int_equal(mj_log_verify(f->url, &commits, &entries, &err), 0);
    assert_int_equal(commits, 5);
}

/* A disk is used to its end, though room is made in large steps. */
static void a_disk_nearly_full_takes_commits_as_long_as_they_fit(void **state)
{
    struct fixture *f = *state;
    mj_error err;
    unsigned stored = 0;
    if (!scratch_small_disk(&f->dir, 8192)) {
        skip();
    }
    open_log(f);
    while (append(f, 100000, &err) == MJ_STORED) {
        stored++;
    }
    assert_string_equal(err.reason, "DISK_FULL");
    assert_true(stored * 100000 > 7000 * 1024);
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

/* The step fails, the first time that an append comes to it. */
static void expect_not_stored_at(struct fixture *f, const char *name)
{
    mj_error err;
    unsigned stored = 1;
    open_log(f);
    failing = name;
    while (append(f, 1000000, &err) == MJ_STORED) {
        stored++;
    }
    assert_string_equal(err.reason, "DISK_FULL");
    assert_int_equal(commits_on_disk(f), stored);
    failing = "";
    append_good(f, 1);
    assert_int_equal(commits_on_disk(f), stored + 1);
}

static void a_fail_point_while_a_segment_is_begun_is_not_stored(void **state)
{
    expect_not_stored_at(*state, "log.roll");
}

static void a_fail_point_while_room_is_made_is_not_stored(void **state)
{
    expect_not_stored_at(*state, "log.room");
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
        CASE(a_writer_refuses_a_log_that_is_damaged_before_its_last_commit),
        CASE(a_file_of_another_kind_is_refused),
        CASE(each_append_is_synced_before_it_returns),
        CASE(a_failed_sync_leaves_the_outcome_unknown),
        CASE(a_sync_that_finds_the_disk_full_leaves_the_outcome_unknown),
        CASE(after_an_unknown_outcome_nothing_is_written_any_more),
        CASE(a_failed_write_leaves_the_outcome_unknown),
        CASE(a_full_disk_that_cannot_be_cut_back_leaves_the_outcome_unknown),
        CASE(a_disk_full_at_any_write_is_not_stored),
        CASE(a_full_disk_is_not_stored_until_there_is_room_again),
        CASE(a_disk_nearly_full_takes_commits_as_long_as_they_fit),
#ifdef MJ_FAULT
        CASE(a_fail_point_before_the_commit_is_not_stored),
        CASE(a_fail_point_while_a_segment_is_begun_is_not_stored),
        CASE(a_fail_point_while_room_is_made_is_not_stored),
        CASE(a_fail_point_after_the_commit_is_unknown_and_the_commit_is_there),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
