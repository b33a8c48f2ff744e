/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* How a log in flat files begins again after each kind of end, goes on from file to file, and is read meanwhile. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "common/store/log.h"
#include "support/faulty_disk.h"
#include "support/log_bytes.h"
#include "support/scratch.h"

#define LARGE 1000000                    /* payload of which 33 fill a segment */

struct fixture {
    struct scratch dir;
    const char *url;
    struct mj_log *log;
};

static void open_log(struct fixture *f)
{
    mj_error err;
    assert_int_equal(mj_log_open(&f->log, f->url, &mj_env_real, "test", &err), 0);
}

static void close_log(struct fixture *f)
{
    mj_log_close(f->log);
    f->log = NULL;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    mj_error err;
    *state = f;
    disk_reset();
    if (scratch_make(&f->dir) != 0 || mj_crypto_init(&err) != 0) {
        return -1;
    }
    f->url = scratch_url(&f->dir, "file", "log");
    open_log(f);
    return 0;
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

static void append(struct fixture *f, size_t bytes, int value)
{
    mj_error err;
    assert_int_equal(log_append(f->log, bytes, value, &err), MJ_STORED);
}

static uint64_t verified(struct fixture *f)
{
    uint64_t commits, entries;
    mj_error err;
    assert_int_equal(mj_log_verify(f->url, &commits, &entries, &err), 0);
    return commits;
}

/* Opens the log again: it must end there (one past its last position), and take commits. */
static void expect_end(struct fixture *f, uint64_t end)
{
    open_log(f);
    assert_int_equal(mj_log_end(f->log), end + 1);       /* and OPENED */
    append(f, 3, 'n');
    close_log(f);
    assert_int_equal(verified(f), end + 1);
}

/* ---- the end of a file ---- */

/* A log of positions 1 to 3, closed: where its last record begins, and the bytes of its file. */
static struct bytes three_commits(struct fixture *f, size_t *last_at)
{
    append(f, 50, 'a');
    close_log(f);
    struct bytes before = bytes_read(segment_path(&f->dir, 1));
    *last_at = before.len;
    free(before.data);
    open_log(f);                         /* OPENED is the last */
    close_log(f);
    return bytes_read(segment_path(&f->dir, 1));
}

static void a_last_record_cut_at_any_byte_is_not_there(void **state)
{
    struct fixture *f = *state;
    size_t last_at;
    struct bytes whole = three_commits(f, &last_at);
    for (size_t cut = last_at; cut <= whole.len; cut++) {
        bytes_write(segment_path(&f->dir, 1), (struct bytes){ whole.data, cut });
        open_log(f);
        uint64_t end = mj_log_end(f->log) - 1;
        close_log(f);                    /* without its padding alone the record is whole */
        assert_true(end == 3 ? cut < whole.len : end == 4 && whole.len - cut < RECORD_ALIGN);
        bytes_write(segment_path(&f->dir, 1), (struct bytes){ whole.data, cut });
        expect_end(f, end);
    }
    free(whole.data);
}

/* What stands from some byte of the last record on: zeros of the room, or what the disk held before. */
static void replace_tail(struct fixture *f, struct bytes whole, size_t from, int value)
{
    struct bytes b = { malloc(whole.len + 4096), whole.len + 4096 };
    memcpy(b.data, whole.data, from);
    memset(b.data + from, value, b.len - from);
    bytes_write(segment_path(&f->dir, 1), b);
    free(b.data);
}

static void a_last_record_that_is_garbage_from_any_byte_on_is_not_there(void **state)
{
    struct fixture *f = *state;
    size_t last_at;
    struct bytes whole = three_commits(f, &last_at);
    for (size_t from = last_at; from + RECORD_ALIGN <= whole.len; from++) {
        replace_tail(f, whole, from, 0xa5);
        expect_end(f, 3);
        replace_tail(f, whole, from, 0);
        open_log(f);
        close_log(f);
        assert_true(verified(f) >= 3);
    }
    free(whole.data);
}

static void room_behind_the_end_is_no_damage(void **state)
{
    struct fixture *f = *state;
    size_t last_at;
    struct bytes whole = three_commits(f, &last_at);
    replace_tail(f, whole, whole.len, 0);
    expect_end(f, 4);
    free(whole.data);
}

/* A rotten last record and a torn one look the same: both are cut off, and followers tell. */
static void a_flipped_byte_in_the_last_record_cuts_it_off(void **state)
{
    struct fixture *f = *state;
    size_t last_at;
    struct bytes whole = three_commits(f, &last_at);
    for (size_t at = last_at; at < last_at + RECORD_HEAD; at++) {
        whole.data[at] ^= 0x40;
        bytes_write(segment_path(&f->dir, 1), whole);
        whole.data[at] ^= 0x40;
        expect_end(f, 3);
    }
    free(whole.data);
}

/* The torn record was longer than what comes in its place. */
static void stale_bytes_never_come_back(void **state)
{
    struct fixture *f = *state;
    size_t last_at;
    struct bytes whole = three_commits(f, &last_at), after;
    replace_tail(f, whole, last_at + RECORD_HEAD, 'b');
    expect_end(f, 3);
    after = bytes_read(segment_path(&f->dir, 1));
    assert_null(memmem(after.data, after.len, "bbbb", 4));
    free(whole.data);
    free(after.data);
}

/* ---- the first segment, and the next ---- */

static void a_log_that_never_held_a_commit_is_made_anew(void **state)
{
    struct fixture *f = *state;
    uint8_t lineage[MJ_LINEAGE];
    memcpy(lineage, mj_log_lineage(f->log), MJ_LINEAGE);
    close_log(f);
    struct bytes b = bytes_read(segment_path(&f->dir, 1));
    for (size_t cut = SEGMENT_HEAD; cut < b.len - RECORD_ALIGN; cut++) {
        bytes_write(segment_path(&f->dir, 1), (struct bytes){ b.data, cut });
        open_log(f);
        assert_int_equal(mj_log_end(f->log), 2);
        assert_int_equal(mj_log_epoch(f->log), 1);
        assert_memory_not_equal(mj_log_lineage(f->log), lineage, MJ_LINEAGE);
        close_log(f);
        assert_int_equal(verified(f), 1);
    }
    free(b.data);
}

/* Fills the first segment and begins the second; the position where that begins. */
static uint64_t fill_a_segment(struct fixture *f)
{
    uint64_t first;
    do {
        first = mj_log_end(f->log);
        append(f, LARGE, 'x');
    } while (access(segment_path(&f->dir, first), F_OK) != 0);
    return first;
}

static void a_full_segment_is_sealed_and_the_next_begun(void **state)
{
    struct fixture *f = *state;
    uint64_t second = fill_a_segment(f);
    append(f, 10, 'y');
    uint64_t end = mj_log_end(f->log);
    long size = scratch_size(&f->dir, "log/00000000000000000001.log");
    assert_true(size <= 32 * 1024 * 1024 && size > 32 * 1024 * 1024 - 2 * LARGE);
    struct bytes sealed = bytes_read(segment_path(&f->dir, 1));
    assert_int_equal(sealed.data[sealed.len - RECORD_ALIGN], 'x');       /* records alone, no room behind them */
    free(sealed.data);
    assert_int_equal(verified(f), end - 1);
    close_log(f);
    expect_end(f, end);
    assert_true(second > 30);
}

static void a_commit_is_found_in_any_segment(void **state)
{
    struct fixture *f = *state;
    struct mj_log_reader *r;
    uint8_t hash[MJ_HASH];
    bool found;
    mj_error err;
    assert_int_equal(mj_log_reader_open(&r, f->url, &err), 0);   /* before there is a second one */
    uint64_t second = fill_a_segment(f), end = mj_log_end(f->log);
    for (uint64_t position = end; position-- > 1;) {
        unsigned n = 0;
        assert_int_equal(mj_log_read(r, position, SIZE_MAX, count_one, &n, &err), 0);
        assert_int_equal(n, end - position);
    }
    assert_int_equal(mj_log_hash_before(r, second, hash, &found, &err), 0);
    assert_true(found);
    mj_log_reader_close(r);
}

static void a_segment_taken_out_is_found(void **state)
{
    struct fixture *f = *state;
    uint64_t commits, entries, second = fill_a_segment(f);
    mj_error err;
    fill_a_segment(f);
    close_log(f);
    assert_int_equal(unlink(segment_path(&f->dir, second)), 0);
    assert_int_equal(mj_log_verify(f->url, &commits, &entries, &err), -1);
    assert_string_equal(err.reason, "CHAIN_BROKEN");
    assert_int_equal(unlink(segment_path(&f->dir, 1)), 0);
    assert_int_equal(mj_log_open(&f->log, f->url, &mj_env_real, "test", &err), -1);
    assert_string_equal(err.reason, "CHAIN_BROKEN");
}

/* As a crash leaves it between writing next.tmp and its name, and between its name and the first record. */
static void a_crash_while_a_segment_is_begun_loses_nothing(void **state)
{
    struct fixture *f = *state;
    char next[128];
    uint64_t second = fill_a_segment(f);
    close_log(f);
    struct bytes b = bytes_read(segment_path(&f->dir, second));
    bytes_write(segment_path(&f->dir, second), (struct bytes){ b.data, SEGMENT_HEAD });
    open_log(f);
    assert_int_equal(mj_log_end(f->log), second + 1);
    assert_int_equal(mj_log_epoch(f->log), 2);
    close_log(f);
    assert_int_equal(verified(f), second);
    assert_int_equal(unlink(segment_path(&f->dir, second)), 0);
    snprintf(next, sizeof next, "%s/log/next.tmp", f->dir.path);
    bytes_write(next, (struct bytes){ b.data, SEGMENT_HEAD / 2 });
    free(b.data);
    expect_end(f, second);
    assert_int_equal(access(next, F_OK), -1);
}

static void a_full_disk_while_a_segment_is_begun_is_not_stored(void **state)
{
    static const size_t allowed[] = { 0, 40, SEGMENT_HEAD - 1, SEGMENT_HEAD, SEGMENT_HEAD + 100000 };
    struct fixture *f = *state;
    mj_error err;
    uint64_t second = fill_a_segment(f), third = fill_a_segment(f);
    for (uint64_t i = 1; i < third - second; i++) {
        append(f, LARGE, 'x');           /* the third is full now, too */
    }
    uint64_t end = mj_log_end(f->log);
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++) {
        disk.write_errno = ENOSPC;
        disk.bytes_left = allowed[i];
        assert_int_equal(log_append(f->log, LARGE, 'x', &err), MJ_NOT_STORED);
        assert_string_equal(err.reason, "DISK_FULL");
        disk_reset();
        assert_int_equal(verified(f), end - 1);
    }
    append(f, LARGE, 'x');
    assert_int_equal(access(segment_path(&f->dir, end), F_OK), 0);
    close_log(f);
    expect_end(f, end + 1);
}

/* ---- the rest ---- */

static void the_last_record_is_written_again_at_open(void **state)
{
    struct fixture *f = *state;
    mj_error err;
    append(f, 100, 'a');
    close_log(f);
    disk.write_errno = EIO;
    assert_int_equal(mj_log_open(&f->log, f->url, &mj_env_real, "test", &err), -1);
    assert_non_null(strstr(err.text, "last commit again"));
    disk_reset();
    expect_end(f, 3);
}

static void a_clean_close_gives_room_back(void **state)
{
    struct fixture *f = *state;
    append(f, 100, 'a');
    assert_true(scratch_size(&f->dir, "log/00000000000000000001.log") >= 65536);
    close_log(f);
    assert_true(scratch_size(&f->dir, "log/00000000000000000001.log") < 1024);
}

static void bytes_written_behind_the_writers_back_fence_it(void **state)
{
    struct fixture *f = *state;
    mj_error err;
    FILE *file = fopen(segment_path(&f->dir, 1), "r+b");
    append(f, 100, 'a');
    long at = (long)SEGMENT_HEAD;
    for (int c; (c = (fseek(file, at, SEEK_SET), fgetc(file))) == 0x01;) {       /* from record to record */
        uint8_t head[RECORD_HEAD];
        assert_int_equal(fseek(file, at, SEEK_SET), 0);
        assert_int_equal(fread(head, sizeof head, 1, file), 1);
        at += (long)segment_record_size((size_t)head[4] | (size_t)head[5] << 8);
    }
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    fputc(1, file);
    fclose(file);
    assert_int_equal(log_append(f->log, 100, 'b', &err), MJ_NOT_STORED);
    assert_string_equal(err.reason, "FENCED");
}

struct reading { const char *url; atomic_bool stop; unsigned rounds; bool sound; };

/* Reads and checks the whole log, again and again, as mj log verify does. */
static void *read_on(void *arg)
{
    struct reading *r = arg;
    uint64_t commits, entries;
    mj_error err;
    while (!r->stop) {
        r->sound = r->sound && mj_log_verify(r->url, &commits, &entries, &err) == 0;
        r->rounds++;
    }
    return NULL;
}

static void a_log_is_whole_to_who_reads_it_while_it_is_written(void **state)
{
    struct fixture *f = *state;
    struct reading r = { .url = f->url, .sound = true };
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, read_on, &r), 0);
    for (size_t i = 0; i < 3000 || r.rounds < 3; i++) {
        append(f, 37 * i % 20000, 'r');
    }
    r.stop = true;
    pthread_join(thread, NULL);
    assert_true(r.sound);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_last_record_cut_at_any_byte_is_not_there),
        CASE(a_last_record_that_is_garbage_from_any_byte_on_is_not_there),
        CASE(room_behind_the_end_is_no_damage),
        CASE(a_flipped_byte_in_the_last_record_cuts_it_off),
        CASE(stale_bytes_never_come_back),
        CASE(a_log_that_never_held_a_commit_is_made_anew),
        CASE(a_full_segment_is_sealed_and_the_next_begun),
        CASE(a_commit_is_found_in_any_segment),
        CASE(a_segment_taken_out_is_found),
        CASE(a_crash_while_a_segment_is_begun_loses_nothing),
        CASE(a_full_disk_while_a_segment_is_begun_is_not_stored),
        CASE(the_last_record_is_written_again_at_open),
        CASE(a_clean_close_gives_room_back),
        CASE(bytes_written_behind_the_writers_back_fence_it),
        CASE(a_log_is_whole_to_who_reads_it_while_it_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
