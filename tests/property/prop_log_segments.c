/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Whatever is appended, and whichever sectors of the last append a power cut leaves: the log that opens again is all
 * that was acknowledged, and of the rest the last commit whole or nothing. Whichever byte is changed, it is found. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/store/log.h"
#include "support/log_bytes.h"
#include "support/scratch.h"

#define ROUNDS 100
#define FLIPS 500
#define POSITIONS 20000
#define SECTOR 512

static uint64_t seed;
static struct scratch dir;
static struct mj_log *log_;
static uint8_t hashes[POSITIONS][MJ_HASH];       /* of the commit of one entry at each position */

static uint32_t below(uint32_t n)        /* splitmix64 */
{
    uint64_t z = seed += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ (z >> 31)) % n);
}

static void remember(void)
{
    assert_true(mj_log_end(log_) - 1 < POSITIONS);
    memcpy(hashes[mj_log_end(log_) - 1], mj_log_hash(log_), MJ_HASH);
}

static void open_log(void)
{
    mj_error err;
    assert_int_equal(mj_log_open(&log_, dir.url, &mj_env_real, "test", &err), 0);
    remember();                          /* OPENED */
}

static void append(void)
{
    static const uint32_t sizes[] = { 10, 300, 300, 5000, 60000, 1000000 };
    mj_error err;
    assert_int_equal(log_append(log_, below(sizes[below(6)]), (int)below(256), &err), MJ_STORED);
    remember();
}

static int compare(void *arg, const struct mj_commit *c)
{
    uint64_t *next = arg;
    assert_int_equal(c->first, *next);
    assert_memory_equal(c->hash, hashes[c->first], MJ_HASH);
    *next += c->count;
    return 0;
}

/* The whole log holds what was remembered; one past its last position. */
static uint64_t read_all(void)
{
    struct mj_log_reader *r;
    uint64_t next = 1, commits, entries;
    mj_error err;
    assert_int_equal(mj_log_reader_open(&r, dir.url, &err), 0);
    assert_int_equal(mj_log_read(r, 1, SIZE_MAX, compare, &next, &err), 0);
    mj_log_reader_close(r);
    assert_int_equal(mj_log_verify(dir.url, &commits, &entries, &err), 0);
    assert_int_equal(entries, next - 1);
    return next;
}

/* Some sectors as they were before the last append, some as after it; and the end of the file anywhere between. */
static struct bytes crashed(struct bytes before, struct bytes after)
{
    struct bytes b = { calloc(1, after.len), after.len };
    uint32_t kept = below(4);            /* of four sectors: none, or one to three */
    for (size_t at = 0; at < after.len; at += SECTOR) {
        bool is_old = at + SECTOR <= before.len && below(4) >= kept;
        size_t n = after.len - at < SECTOR ? after.len - at : SECTOR;
        memcpy(b.data + at, is_old ? before.data + at : after.data + at, n);
    }
    if (below(2) == 0 && before.len < after.len) {
        b.len = before.len + below((uint32_t)(after.len - before.len));
    }
    return b;
}

/* The first position of the newest segment. */
static uint64_t newest(void)
{
    for (uint64_t position = mj_log_end(log_); ; position--) {
        if (access(segment_path(&dir, position), F_OK) == 0) {
            return position;
        }
    }
}

/* Appends one commit that nobody is answered for, and lets the power go. */
static void crash(void)
{
    uint64_t end = mj_log_end(log_), was = newest(), now;
    struct bytes before = bytes_read(segment_path(&dir, was));
    append();
    if ((now = newest()) != was) {
        before.len = SEGMENT_HEAD;       /* which was on disk before the segment got its name */
        struct bytes head = bytes_read(segment_path(&dir, now));
        memcpy(before.data, head.data, SEGMENT_HEAD);
        free(head.data);
    }
    struct bytes after = bytes_read(segment_path(&dir, now));
    mj_log_close(log_);
    struct bytes b = crashed(before, after);
    bytes_write(segment_path(&dir, now), b);
    open_log();
    assert_in_range(mj_log_end(log_), end + 1, end + 2);
    free(before.data);
    free(after.data);
    free(b.data);
}

static void what_opens_again_is_what_was_acknowledged(void **state)
{
    (void)state;
    open_log();
    for (int round = 0; round < ROUNDS; round++) {
        for (uint32_t n = below(12); n > 0; n--) {
            append();
        }
        if (below(3) > 0) {
            crash();
        } else {
            mj_log_close(log_);
            open_log();
        }
        if (round % 10 == 0) {
            assert_int_equal(read_all(), mj_log_end(log_));
        }
    }
    assert_int_equal(read_all(), mj_log_end(log_));
    mj_log_close(log_);
}

/* Changes one byte of one record but the last, its padding apart; is it a byte of the record's head? */
static bool flip(struct bytes b, const size_t *begins, const size_t *lengths, size_t records)
{
    size_t i = below((uint32_t)records - 1), at = below((uint32_t)(RECORD_HEAD + lengths[i]));
    b.data[begins[i] + at] ^= (uint8_t)(1u << below(8));
    return at < RECORD_HEAD;
}

static void a_changed_byte_is_found_wherever_it_is(void **state)
{
    size_t begins[64], lengths[64], records = 0;
    struct segment_head head;
    struct mj_commit c;
    uint64_t at = SEGMENT_HEAD, epoch, commits, entries;
    mj_error err;
    (void)state;
    open_log();
    for (int i = 0; i < 20; i++) {
        assert_int_equal(log_append(log_, below(400), i, &err), MJ_STORED);
    }
    mj_log_close(log_);
    const char *path = segment_path(&dir, 1);
    struct bytes whole = bytes_read(path);
    struct segment_window w = { .fd = open(path, O_RDONLY) };
    assert_int_equal(segment_read_head(&head, w.fd, 1, &err), 0);
    for (; segment_commit(&w, head.key, at, records + 1, &c, &epoch, &err) == 1; records++) {
        begins[records] = at;
        lengths[records] = c.block_len;
        at += segment_record_size(c.block_len);
    }
    close(w.fd);
    segment_window_free(&w);
    assert_int_equal(records, 21);
    for (int i = 0; i < FLIPS; i++) {
        struct bytes b = { mj_memdup(whole.data, whole.len), whole.len };
        bool in_head = flip(b, begins, lengths, records);
        bytes_write(path, b);
        assert_int_equal(mj_log_verify(dir.url, &commits, &entries, &err), -1);
        assert_string_equal(err.reason, "CHAIN_BROKEN");
        if (in_head) {
            assert_int_equal(mj_log_open(&log_, dir.url, &mj_env_real, "test", &err), -1);
            assert_string_equal(err.reason, "CHAIN_BROKEN");
        }
        free(b.data);
    }
    free(whole.data);
}

static int setup(void **state)
{
    mj_error err;
    (void)state;
    return scratch_make(&dir) != 0 || mj_crypto_init(&err) != 0 || scratch_url(&dir, "file", "log") == NULL;
}

static int teardown(void **state)
{
    (void)state;
    return scratch_remove(&dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_opens_again_is_what_was_acknowledged, setup, teardown),
        cmocka_unit_test_setup_teardown(a_changed_byte_is_found_wherever_it_is, setup, teardown),
    };
    const char *given = getenv("MJ_SEED");
    seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    print_message("MJ_SEED=%llu\n", (unsigned long long)seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
