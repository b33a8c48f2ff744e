/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* The contract of a log, run once on each engine. What an engine's files suffer from outside:
 * test_log_faults.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>

#include "common/store/log.h"
#include "missionjeunes/log/v1/log.pb-c.h"
#include "support/scratch.h"

static const char *scheme;               /* the engine under test */

struct fixture {
    struct scratch dir;
    const char *url;
    struct mj_log *log;
    struct mj_log_reader *reader;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    mj_error err;
    *state = f;
    if (scratch_make(&f->dir) != 0 || mj_crypto_init(&err) != 0) {
        return -1;
    }
    f->url = scratch_url(&f->dir, scheme, "log");
    return mj_log_open(&f->log, f->url, &mj_env_real, "test", &err) != 0 ||
           mj_log_reader_open(&f->reader, f->url, &err) != 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    mj_log_reader_close(f->reader);
    mj_log_close(f->log);
    int rc = scratch_remove(&f->dir);
    free(f);
    return rc;
}

static void block_of(struct mj_buf *block, uint32_t count, const char *payload)
{
    mj_buf_clear(block);
    for (uint32_t i = 0; i < count; i++) {
        const struct mj_entry e = { .recorded_at_ms = 1000 + i, .type = MJ_ENTRY_FIRST_OWN + i, .principal = "p-1",
                                    .payload = (const uint8_t *)payload, .payload_len = strlen(payload) };
        mj_block_add(block, &e);
    }
}

static void append(struct fixture *f, uint32_t count, const char *payload)
{
    struct mj_buf block = MJ_BUF_INIT;
    mj_error err;
    block_of(&block, count, payload);
    assert_int_equal(mj_log_append(f->log, mj_log_end(f->log), count, block.data, block.len, &err), MJ_STORED);
    mj_buf_free(&block);
}

static void reopen(struct fixture *f, const struct mj_env *env)
{
    mj_error err;
    mj_log_close(f->log);
    assert_int_equal(mj_log_open(&f->log, f->url, env, "test", &err), 0);
}

/* What a read gave: first positions and counts. */
struct seen { size_t n; uint64_t first[64]; uint32_t count[64]; uint8_t hash[64][MJ_HASH]; };

static int see(void *arg, const struct mj_commit *c)
{
    struct seen *s = arg;
    s->first[s->n] = c->first;
    s->count[s->n] = c->count;
    memcpy(s->hash[s->n], c->hash, MJ_HASH);
    return ++s->n == 64;
}

static struct seen read_from(struct fixture *f, uint64_t position, size_t max_bytes)
{
    struct seen s = { .n = 0 };
    mj_error err;
    assert_int_equal(mj_log_read(f->reader, position, max_bytes, see, &s, &err), 0);
    return s;
}

/* The entries of a log, decoded. */
struct decoded { struct mj_arena *arena; size_t n; struct mj_entry entries[64]; };

static int keep_entry(void *arg, const struct mj_entry *e)
{
    struct decoded *d = arg;
    d->entries[d->n++] = *e;
    return 0;
}

static int decode(void *arg, const struct mj_commit *c)
{
    struct decoded *d = arg;
    struct mj_commit kept = *c;
    mj_error err;
    kept.block = mj_arena_copy(d->arena, c->block, c->block_len);        /* the entries point into it */
    assert_int_equal(mj_block_each(&kept, d->arena, keep_entry, d, &err), 0);
    return 0;
}

static struct decoded entries_from(struct fixture *f, uint64_t position)
{
    struct decoded d = { .arena = mj_arena_create(0) };
    mj_error err;
    assert_int_equal(mj_log_read(f->reader, position, SIZE_MAX, decode, &d, &err), 0);
    return d;
}

static Missionjeunes__Log__V1__Opened *opened_of(struct decoded *d, size_t i)
{
    assert_int_equal(d->entries[i].type, MJ_ENTRY_OPENED);
    Missionjeunes__Log__V1__Opened *o = missionjeunes__log__v1__opened__unpack(
        mj_arena_protobuf(d->arena), d->entries[i].payload_len, d->entries[i].payload);
    assert_non_null(o);
    return o;
}

static void a_new_log_starts_at_1_with_opened(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(mj_log_end(f->log), 2);
    assert_int_equal(mj_log_epoch(f->log), 1);
    struct decoded d = entries_from(f, 1);
    assert_int_equal(d.n, 1);
    assert_int_equal(d.entries[0].position, 1);
    Missionjeunes__Log__V1__Opened *o = opened_of(&d, 0);
    assert_int_equal(o->epoch, 1);
    assert_memory_equal(o->lineage.data, mj_log_lineage(f->log), MJ_LINEAGE);
    assert_string_equal(o->instance, "test");
    mj_arena_destroy(d.arena);
}

static void what_is_appended_is_read_back_in_order(void **state)
{
    struct fixture *f = *state;
    append(f, 3, "abc");
    append(f, 1, "");
    struct decoded d = entries_from(f, 2);
    assert_int_equal(d.n, 4);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(d.entries[i].position, 2 + i);
        assert_int_equal(d.entries[i].recorded_at_ms, 1000 + i);
        assert_int_equal(d.entries[i].type, MJ_ENTRY_FIRST_OWN + i);
        assert_string_equal(d.entries[i].principal, "p-1");
        assert_int_equal(d.entries[i].payload_len, 3);
        assert_memory_equal(d.entries[i].payload, "abc", 3);
        assert_null(d.entries[i].command_key);
        assert_null(d.entries[i].command_answer);
    }
    assert_int_equal(d.entries[3].position, 5);
    assert_int_equal(d.entries[3].payload_len, 0);
    mj_arena_destroy(d.arena);
}

static void a_commands_key_hash_and_answer_are_read_back(void **state)
{
    struct fixture *f = *state;
    struct mj_buf block = MJ_BUF_INIT;
    mj_error err;
    uint8_t key[16] = { 1, 2, 3 }, hash[16] = { 4, 5, 6 }, answer[3] = { 0, 7, 0 };
    const struct mj_entry e = { .type = 17, .principal = "p", .command_key = key, .command_hash = hash,
                                .command_answer = answer, .command_answer_len = 3 };
    mj_block_add(&block, &e);
    assert_int_equal(mj_log_append(f->log, 2, 1, block.data, block.len, &err), MJ_STORED);
    mj_buf_free(&block);
    struct decoded d = entries_from(f, 2);
    assert_memory_equal(d.entries[0].command_key, key, 16);
    assert_memory_equal(d.entries[0].command_hash, hash, 16);
    assert_int_equal(d.entries[0].command_answer_len, 3);
    assert_memory_equal(d.entries[0].command_answer, answer, 3);
    mj_arena_destroy(d.arena);
}

static void each_open_takes_the_next_epoch_and_keeps_the_lineage(void **state)
{
    struct fixture *f = *state;
    uint8_t lineage[MJ_LINEAGE];
    memcpy(lineage, mj_log_lineage(f->log), MJ_LINEAGE);
    for (uint64_t epoch = 2; epoch < 5; epoch++) {
        reopen(f, &mj_env_real);
        assert_int_equal(mj_log_epoch(f->log), epoch);
        assert_int_equal(mj_log_end(f->log), epoch + 1);
        assert_memory_equal(mj_log_lineage(f->log), lineage, MJ_LINEAGE);
    }
    struct decoded d = entries_from(f, 1);
    for (size_t i = 0; i < 4; i++) {
        Missionjeunes__Log__V1__Opened *o = opened_of(&d, i);
        assert_int_equal(o->epoch, i + 1);
        assert_memory_equal(o->lineage.data, lineage, MJ_LINEAGE);
    }
    mj_arena_destroy(d.arena);
}

static int64_t wall_at_zero(void *ctx)
{
    (void)ctx;
    return 0;
}

static void the_time_of_opened_does_not_go_back_with_the_clock(void **state)
{
    struct fixture *f = *state;
    struct mj_env early = mj_env_real;
    early.wall_ms = wall_at_zero;
    reopen(f, &early);
    struct decoded d = entries_from(f, 1);
    assert_int_equal(d.n, 2);
    assert_true(d.entries[0].recorded_at_ms > 0);
    assert_int_equal(d.entries[1].recorded_at_ms, d.entries[0].recorded_at_ms);
    mj_arena_destroy(d.arena);
}

/* Appends behind the log's back, as another process would, and sees it refused. */
static void expect_fenced(struct fixture *f, uint64_t expected, uint64_t epoch, const uint8_t *set_lineage)
{
    const struct mj_log_ops *ops = mj_log_engine(f->url, NULL);
    struct mj_log_head before, after;
    struct mj_commit c = { .first = expected, .count = 1, .block = (const uint8_t *)"x", .block_len = 1 };
    void *engine;
    mj_error err;
    mj_log_close(f->log);
    f->log = NULL;
    assert_int_equal(ops->open(&engine, f->url, &mj_env_real, &err), 0);
    assert_int_equal(ops->head(engine, &before, &err), 0);
    assert_int_equal(ops->append(engine, epoch, set_lineage, &c, &err), MJ_NOT_STORED);
    assert_int_equal(err.code, MJ_ABORTED);
    assert_string_equal(err.reason, "FENCED");
    assert_int_equal(ops->head(engine, &after, &err), 0);
    assert_int_equal(after.end, before.end);
    assert_int_equal(after.epoch, before.epoch);
    assert_memory_equal(after.hash, before.hash, MJ_HASH);
    ops->close(engine);
    assert_int_equal(read_from(f, 1, SIZE_MAX).n, before.end - 1);
}

static void another_expected_position_is_fenced_and_writes_nothing(void **state)
{
    struct fixture *f = *state;
    append(f, 1, "a");
    expect_fenced(f, 2, 1, NULL);
    expect_fenced(f, 4, 1, NULL);
}

static void an_older_epoch_is_fenced_and_writes_nothing(void **state)
{
    struct fixture *f = *state;
    reopen(f, &mj_env_real);
    expect_fenced(f, 3, 1, NULL);
}

static void a_second_founder_is_fenced_and_writes_nothing(void **state)
{
    static const uint8_t lineage[MJ_LINEAGE] = { 9 };
    expect_fenced(*state, 2, 2, lineage);
}

static void a_second_writer_is_refused(void **state)
{
    struct fixture *f = *state;
    struct mj_log *second = NULL;
    mj_error err;
    assert_int_equal(mj_log_open(&second, f->url, &mj_env_real, "second", &err), -1);
    assert_string_equal(err.reason, "LOCKED");
    assert_null(second);
    append(f, 1, "still ours");
}

/* Whatever became of its lock. */
static void a_writer_overtaken_by_another_is_fenced(void **state)
{
    struct fixture *f = *state;
    struct mj_log *thief;
    struct mj_buf block = MJ_BUF_INIT;
    mj_error err;
    char lock[96];
    snprintf(lock, sizeof lock, "%s/log/LOCK", f->dir.path);
    assert_int_equal(unlink(lock), 0);
    assert_int_equal(mj_log_open(&thief, f->url, &mj_env_real, "thief", &err), 0);
    block_of(&block, 1, "late");
    assert_int_equal(mj_log_append(f->log, mj_log_end(f->log), 1, block.data, block.len, &err), MJ_NOT_STORED);
    assert_string_equal(err.reason, "FENCED");
    assert_int_equal(mj_log_end(f->log), 2);
    mj_buf_free(&block);
    mj_log_close(thief);
}

static void a_position_inside_a_commit_gives_the_commit_that_holds_it(void **state)
{
    struct fixture *f = *state;
    append(f, 4, "a");                   /* 2 to 5 */
    append(f, 2, "b");                   /* 6 and 7 */
    for (uint64_t position = 2; position < 6; position++) {
        struct seen s = read_from(f, position, SIZE_MAX);
        assert_int_equal(s.n, 2);
        assert_int_equal(s.first[0], 2);
        assert_int_equal(s.count[0], 4);
    }
    assert_int_equal(read_from(f, 7, SIZE_MAX).first[0], 6);
    assert_int_equal(read_from(f, 8, SIZE_MAX).n, 0);
    assert_int_equal(read_from(f, 999, SIZE_MAX).n, 0);
}

static void a_read_keeps_to_its_bytes_but_gives_one_commit(void **state)
{
    struct fixture *f = *state;
    struct mj_buf block = MJ_BUF_INIT;
    block_of(&block, 1, "abcdefgh");
    for (int i = 0; i < 5; i++) {
        append(f, 1, "abcdefgh");
    }
    assert_int_equal(read_from(f, 2, 0).n, 1);
    assert_int_equal(read_from(f, 2, block.len).n, 1);
    assert_int_equal(read_from(f, 2, 2 * block.len).n, 2);
    assert_int_equal(read_from(f, 2, 3 * block.len - 1).n, 2);
    mj_buf_free(&block);
}

static void a_hash_is_known_at_commit_ends_only(void **state)
{
    struct fixture *f = *state;
    uint8_t hash[MJ_HASH];
    bool found;
    mj_error err;
    append(f, 3, "a");                   /* 2 to 4 */
    struct seen s = read_from(f, 1, SIZE_MAX);
    for (uint64_t position = 1; position < 8; position++) {
        assert_int_equal(mj_log_hash_before(f->reader, position, hash, &found, &err), 0);
        assert_int_equal(found, position == 2 || position == 5);
        if (found) {
            assert_memory_equal(hash, s.hash[position == 2 ? 0 : 1], MJ_HASH);
        }
    }
    assert_memory_equal(mj_log_hash(f->log), s.hash[1], MJ_HASH);
}

static int check_chain(void *arg, const struct mj_commit *c)
{
    uint8_t *prev = arg;
    assert_true(mj_commit_fits(c, prev));
    memcpy(prev, c->hash, MJ_HASH);
    return 0;
}

static void each_hash_stands_on_the_one_before(void **state)
{
    struct fixture *f = *state;
    uint8_t prev[MJ_HASH] = { 0 };
    uint64_t commits, entries;
    mj_error err;
    append(f, 3, "a");
    reopen(f, &mj_env_real);
    append(f, 2, "b");
    assert_int_equal(mj_log_read(f->reader, 1, SIZE_MAX, check_chain, prev, &err), 0);
    assert_memory_equal(prev, mj_log_hash(f->log), MJ_HASH);
    assert_int_equal(mj_log_verify(f->url, &commits, &entries, &err), 0);
    assert_int_equal(commits, 4);
    assert_int_equal(entries, 7);
}

static void a_commit_beyond_1_mib_or_without_entries_is_refused(void **state)
{
    struct fixture *f = *state;
    uint8_t *big = calloc(1, MJ_COMMIT_MAX + 1);
    mj_error err;
    assert_int_equal(mj_log_append(f->log, 2, 1, big, MJ_COMMIT_MAX + 1, &err), MJ_NOT_STORED);
    assert_string_equal(err.reason, "COMMIT_SIZE");
    assert_int_equal(mj_log_append(f->log, 2, 0, big, 10, &err), MJ_NOT_STORED);
    assert_int_equal(mj_log_append(f->log, 2, 1, big, MJ_COMMIT_MAX, &err), MJ_STORED);
    free(big);
}

static void a_reader_of_a_log_that_is_not_there_says_so(void **state)
{
    struct fixture *f = *state;
    struct scratch other = f->dir;
    struct mj_log_reader *reader = NULL;
    mj_error err;
    assert_int_equal(mj_log_reader_open(&reader, scratch_url(&other, scheme, "none"), &err), -1);
    assert_int_equal(err.code, MJ_NOT_FOUND);
    assert_null(reader);
}

static void another_scheme_is_refused(void **state)
{
    (void)state;
    mj_error err;
    assert_null(mj_log_engine("paper:/tmp/log", &err));
    assert_string_equal(err.reason, "URL_SCHEME");
}

static void what_was_stored_outlives_a_kill(void **state)
{
    struct fixture *f = *state;
    int told[2], status;
    uint64_t end = 0;
    assert_int_equal(pipe(told), 0);
    mj_log_close(f->log);                /* no handle crosses the fork */
    mj_log_reader_close(f->reader);
    f->log = NULL;
    f->reader = NULL;
    pid_t child = fork();
    if (child == 0) {
        mj_error err;
        if (mj_log_open(&f->log, f->url, &mj_env_real, "child", &err) != 0) {
            _exit(1);
        }
        append(f, 5, "kept");
        end = mj_log_end(f->log);
        if (write(told[1], &end, sizeof end) == sizeof end) {
            kill(getpid(), SIGKILL);
        }
        _exit(1);
    }
    close(told[1]);
    assert_int_equal(read(told[0], &end, sizeof end), sizeof end);
    close(told[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    mj_error err;
    assert_int_equal(mj_log_open(&f->log, f->url, &mj_env_real, "next", &err), 0);
    assert_int_equal(mj_log_end(f->log), end + 1);       /* and its own OPENED */
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const char *const engines[] = { "file" };
    const struct CMUnitTest tests[] = {
        CASE(a_new_log_starts_at_1_with_opened),
        CASE(what_is_appended_is_read_back_in_order),
        CASE(a_commands_key_hash_and_answer_are_read_back),
        CASE(each_open_takes_the_next_epoch_and_keeps_the_lineage),
        CASE(the_time_of_opened_does_not_go_back_with_the_clock),
        CASE(another_expected_position_is_fenced_and_writes_nothing),
        CASE(an_older_epoch_is_fenced_and_writes_nothing),
        CASE(a_second_founder_is_fenced_and_writes_nothing),
        CASE(a_second_writer_is_refused),
        CASE(a_writer_overtaken_by_another_is_fenced),
        CASE(a_position_inside_a_commit_gives_the_commit_that_holds_it),
        CASE(a_read_keeps_to_its_bytes_but_gives_one_commit),
        CASE(a_hash_is_known_at_commit_ends_only),
        CASE(each_hash_stands_on_the_one_before),
        CASE(a_commit_beyond_1_mib_or_without_entries_is_refused),
        CASE(a_reader_of_a_log_that_is_not_there_says_so),
        CASE(another_scheme_is_refused),
        CASE(what_was_stored_outlives_a_kill),
    };
    int failed = 0;
    for (size_t i = 0; i < sizeof engines / sizeof engines[0]; i++) {
        scheme = engines[i];
        failed += cmocka_run_group_tests_name(scheme, tests, NULL, NULL);
    }
    return failed;
}
