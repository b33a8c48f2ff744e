/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* The one idea: decide, append, fold. A small domain of named counters: a command adds to one of them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/store/partition.h"
#include "missionjeunes/common/v1/common.pb-c.h"
#include "support/cache.h"
#include "support/faulty_disk.h"
#include "support/faulty_vfs.h"

typedef Missionjeunes__Common__V1__PageRequest addition;         /* size: what is added; token: to which counter */
#define ADDED 16

static struct mj_threads threads;
static char directory[64];

/* ---- the domain ---- */

static const struct mj_sql sql_put = { "INSERT INTO counters(name, value) VALUES($1, $2)"
                                       " ON CONFLICT(name) DO UPDATE SET value = excluded.value" };
static const struct mj_sql sql_get = { "SELECT value FROM counters WHERE name = $1" };

static int counter_row(void *arg, const struct mj_result_row *row)
{
    int64_t *v = mj_alloc(sizeof *v);

    *v = mj_col_int(row, 0);
    *(void **)arg = v;
    return 0;
}

static int counter_load(const struct mj_readers *r, const struct mj_row_key *key, void **ret, mj_error *err)
{
    struct mj_value v = mj_vb(key->bytes, key->len);

    return mj_tables_query(r->tables, &sql_get, &v, 1, counter_row, ret, err);
}

static void counter_save(struct mj_batch *b, const struct mj_row_key *key, const void *value)
{
    struct mj_value v[] = { mj_vb(key->bytes, key->len), mj_vi(*(const int64_t *)value) };

    mj_batch_add(b, &sql_put, v, 2);
}

static size_t counter_size(const void *value)
{
    (void)value;
    return sizeof(int64_t);
}

static const struct mj_row_kind counter = { "counter", counter_load, counter_save, counter_size, free, NULL, false };

static int fold(void *app, struct mj_partition *p, const struct mj_entry *e, mj_error *err)
{
    addition *a = missionjeunes__common__v1__page_request__unpack(NULL, e->payload_len, e->payload);
    struct mj_row_key key = mj_row_key(a->token.data, a->token.len);
    int64_t *v = mj_rows_get(mj_partition_rows(p), &counter, &key);

    (void)app, (void)err;
    if (v) {
        *v += a->size;
        mj_rows_touch(mj_partition_rows(p), &counter, &key);
    } else {
        v = mj_alloc(sizeof *v);
        *v = a->size;
        mj_rows_put(mj_partition_rows(p), &counter, &key, v);
    }
    missionjeunes__common__v1__page_request__free_unpacked(a, NULL);
    return 0;
}

static bool knows(uint32_t type)
{
    return type == ADDED;
}

static const struct mj_domain domain = {
    .service = "test", .schema_name = "test-1",
    .schema = "CREATE TABLE counters(name BLOB PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;\n",
    .knows = knows, .fold = fold,
};

/* ---- commands ---- */

struct add {
    struct mj_command c;
    const char *name;
    uint32_t size;
    int times;                           /* entries */
    bool refuse;
    int done, sequence;
    uint64_t durable_at_done;
    mj_error err;
};
static int sequence, left;

static struct mj_row_key key_of(const struct add *a)
{
    return mj_row_key_text(a->name);
}

static bool add_needs(struct mj_command *c, struct mj_partition *p, struct mj_row_waiter *w)
{
    struct mj_row_key key = key_of((struct add *)c);

    return mj_rows_need(mj_partition_rows(p), &counter, &key, w);
}

static int add_decide(struct mj_command *c, struct mj_partition *p, mj_error *err)
{
    struct add *a = (struct add *)c;
    addition m = MISSIONJEUNES__COMMON__V1__PAGE_REQUEST__INIT;

    a->sequence = ++sequence;
    if (a->refuse)
        return mj_fail(err, MJ_FAILED_PRECONDITION, "REFUSED", "size", "as the test wants it");
    m.size = a->size;
    m.token = (ProtobufCBinaryData){ strlen(a->name), (uint8_t *)a->name };
    if (c->key)
        mj_buf_printf(&c->answer, "added to %s", a->name);
    for (int i = 0; i < a->times; i++)
        mj_partition_emit(p, ADDED, &m.base);
    return 0;
}

static void add_done(struct mj_command *c, struct mj_partition *p, const mj_error *err)
{
    struct add *a = (struct add *)c;

    a->done++;
    a->durable_at_done = mj_partition_durable(p);
    if (err)
        a->err = *err;
    if (--left == 0)
        mj_loop_stop(threads.loop);
}

static void prepare(struct add *a, const char *name, uint32_t size)
{
    memset(a, 0, sizeof *a);
    a->name = name;
    a->size = size;
    a->times = 1;
    a->c.needs = add_needs;
    a->c.decide = add_decide;
    a->c.done = add_done;
    a->c.principal = "tester";
    a->c.bytes = 64;
}

static void submit(struct mj_partition *p, struct add *a)
{
    left++;
    mj_partition_submit(p, &a->c);
}

static void wait_all(void)
{
    if (left)
        mj_loop_run(threads.loop);
    assert_int_equal(left, 0);
}

static struct mj_partition *start_with(size_t cache)
{
    struct mj_partition_options o = { &threads, directory, "52", "test", 1u << 20 };
    struct mj_partition *p = NULL;
    mj_error err = { 0 };

    assert_int_equal(cache_up(&threads, cache), 0);
    if (mj_partition_open(&p, &domain, &o, &err) < 0)
        fail_msg("%s %s", err.reason, err.text);
    return p;
}

static struct mj_partition *start(void)
{
    return start_with(8u << 20);
}

static int64_t value_of(struct mj_partition *p, const char *name)
{
    struct mj_row_key key = mj_row_key_text(name);
    const int64_t *v = mj_rows_get(mj_partition_rows(p), &counter, &key);

    return v ? *v : 0;
}

static void on_drained(void *arg)
{
    *(bool *)arg = true;
    mj_loop_stop(threads.loop);
}

static void stop_cleanly(struct mj_partition *p)
{
    bool drained = false;

    mj_partition_drain(p, on_drained, &drained);
    if (!drained)
        mj_loop_run(threads.loop);
    assert_true(drained);
    mj_partition_close(p);
}

/* ---- facts ---- */

static int count_entry(void *arg, const struct mj_entry *e)
{
    if (e->type == ADDED)
        ++*(uint64_t *)arg;
    return 0;
}

static int count_commit(void *arg, const struct mj_commit *c)
{
    struct mj_arena *a = mj_arena_create(0);
    mj_error err = { 0 };

    assert_int_equal(mj_block_each(c, a, count_entry, arg, &err), 0);
    mj_arena_destroy(a);
    return 0;
}

static uint64_t entries_on_disk(struct mj_partition *p)
{
    struct mj_log_reader *r;
    uint64_t n = 0;
    mj_error err = { 0 };

    assert_int_equal(mj_log_reader_open(&r, mj_partition_log_url(p), &err), 0);
    assert_int_equal(mj_log_read(r, 1, SIZE_MAX, count_commit, &n, &err), 0);
    mj_log_reader_close(r);
    return n;
}

static void a_command_is_done_once_its_entries_are_on_disk(void **state)
{
    struct mj_partition *p = start();
    struct add a;

    (void)state;
    prepare(&a, "a", 5);
    submit(p, &a);
    wait_all();
    assert_int_equal(a.done, 1);
    assert_int_equal(a.err.code, MJ_OK);
    assert_int_equal(a.durable_at_done, a.c.position);
    assert_int_equal(entries_on_disk(p), 1);
    assert_int_equal(value_of(p, "a"), 5);
    stop_cleanly(p);
}

static void a_killed_partition_folds_the_same_again(void **state)
{
    struct mj_partition *p = start();
    struct add a[50];

    (void)state;
    for (int i = 0; i < 50; i++) {
        prepare(&a[i], i % 2 ? "odd" : "even", (uint32_t)i);
        submit(p, &a[i]);
    }
    wait_all();
    mj_partition_close(p);                       /* no drain: the tables do not have it all */
    p = start();
    assert_int_equal(value_of(p, "odd"), 625);
    assert_int_equal(value_of(p, "even"), 600);
    assert_int_equal(mj_partition_epoch(p), 2);
    stop_cleanly(p);
    p = start();                                 /* now from the tables alone */
    assert_int_equal(value_of(p, "odd"), 625);
    stop_cleanly(p);
}

static void commands_of_one_order_are_decided_as_they_came(void **state)
{
    struct mj_partition *p = start();
    struct add first, second, other;

    (void)state;
    prepare(&first, "never-seen", 1);            /* must be fetched */
    strcpy(first.c.order, "s");
    prepare(&second, "unused", 1);
    second.c.needs = NULL;                       /* could be decided at once */
    strcpy(second.c.order, "s");
    prepare(&other, "other", 1);
    other.c.needs = NULL;
    submit(p, &first);
    submit(p, &second);
    submit(p, &other);
    wait_all();
    assert_true(first.sequence < second.sequence);
    assert_true(other.sequence < first.sequence);
    stop_cleanly(p);
}

static void a_refusal_changes_nothing_and_comes_back(void **state)
{
    struct mj_partition *p = start();
    struct add a;

    (void)state;
    prepare(&a, "a", 5);
    a.refuse = true;
    submit(p, &a);
    wait_all();
    assert_string_equal(a.err.reason, "REFUSED");
    assert_int_equal(entries_on_disk(p), 0);
    stop_cleanly(p);
}

static void a_command_that_nobody_waits_for_any_more_is_not_decided(void **state)
{
    struct mj_partition *p = start();
    struct add late, in_time;

    (void)state;
    prepare(&late, "a", 5);
    late.c.deadline_ms = mj_loop_now_ms(threads.loop);
    prepare(&in_time, "a", 2);
    in_time.c.deadline_ms = mj_loop_now_ms(threads.loop) + 60000;
    submit(p, &late);
    submit(p, &in_time);
    wait_all();
    assert_int_equal(late.err.code, MJ_DEADLINE_EXCEEDED);
    assert_int_equal(in_time.err.code, MJ_OK);
    assert_int_equal(value_of(p, "a"), 2);
    stop_cleanly(p);
}

static void the_same_idempotency_key_acts_once_even_after_a_restart(void **state)
{
    static const uint8_t key[16] = "0123456789abcde", tag[16] = "tag", other_tag[16] = "gat";
    struct mj_partition *p = start();
    struct add a, b, c;

    (void)state;
    prepare(&a, "a", 5);
    a.c.key = key;
    a.c.tag = tag;
    submit(p, &a);
    wait_all();
    stop_cleanly(p);
    p = start();
    prepare(&b, "a", 5);
    b.c.key = key;
    b.c.tag = tag;
    prepare(&c, "a", 7);
    c.c.key = key;
    c.c.tag = other_tag;
    submit(p, &b);
    submit(p, &c);
    wait_all();
    assert_true(b.c.replay);
    assert_string_equal((const char *)b.c.answer.data, "added to a");
    assert_string_equal(c.err.reason, "KEY_REUSED");
    assert_int_equal(value_of(p, "a"), 5);
    mj_buf_free(&a.c.answer);
    mj_buf_free(&b.c.answer);
    mj_buf_free(&c.c.answer);
    stop_cleanly(p);
}

static void rows_that_were_evicted_come_back_from_the_tables(void **state)
{
    enum { N = 400 };
    struct mj_partition *p = start_with(8192);
    struct add a[N];
    char names[N][24];

    (void)state;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < N; i++) {
            snprintf(names[i], sizeof names[i], "counter-%d", i);
            prepare(&a[i], names[i], (uint32_t)(i + round));
            submit(p, &a[i]);
        }
        wait_all();
        mj_loop_run_for(threads.loop, 700);      /* a step: the tables have them, memory may let them go */
    }
    assert_true(mj_rows_stats(mj_partition_rows(p))->evicted > 0);
    for (int i = 0; i < N; i++)
        assert_int_equal(value_of(p, names[i]), 3 * i + 3);
    stop_cleanly(p);
}

struct seen { bool called, late; };

static void on_there(void *arg, bool late)
{
    struct seen *s = arg;

    s->called = true;
    s->late = late;
    mj_loop_stop(threads.loop);
}

static void a_query_can_wait_for_its_callers_own_write(void **state)
{
    struct mj_partition *p = start();
    struct seen there = { 0 }, beyond = { 0 };
    struct add a;

    (void)state;
    prepare(&a, "a", 5);
    submit(p, &a);
    wait_all();
    mj_partition_at_least(p, a.c.position, on_there, &there);
    if (!there.called)
        mj_loop_run(threads.loop);
    assert_true(there.called && !there.late);
    assert_int_equal(mj_rows_tables_position(mj_partition_rows(p), "own", NULL), a.c.position);
    mj_partition_at_least(p, a.c.position + 1000, on_there, &beyond);
    mj_loop_run(threads.loop);
    assert_true(beyond.called && beyond.late);
    stop_cleanly(p);
}

static void a_large_command_is_split_over_commits_of_a_mebibyte(void **state)
{
    struct mj_partition *p = start();
    struct add a;

    (void)state;
    prepare(&a, "a", 1);
    a.times = 60000;
    submit(p, &a);
    wait_all();
    assert_int_equal(entries_on_disk(p), 60000);
    assert_int_equal(value_of(p, "a"), 60000);
    assert_true(mj_partition_stats(p)->commits > 1);
    stop_cleanly(p);
}

static void an_entry_of_an_unknown_type_refuses_to_start(void **state)
{
    struct mj_partition *p = start();
    struct mj_partition_options o = { &threads, directory, "52", "test", 1u << 20 };
    struct mj_domain older = domain;
    struct add a;
    mj_error err = { 0 };
    char path[128];

    (void)state;
    prepare(&a, "a", 1);
    submit(p, &a);
    wait_all();
    stop_cleanly(p);
    snprintf(path, sizeof path, "%s/tables.db", directory);
    assert_int_equal(unlink(path), 0);           /* so that the log is folded again */
    older.knows = NULL;
    bool knows_nothing(uint32_t type);
    older.knows = knows_nothing;
    assert_int_equal(mj_partition_open(&p, &older, &o, &err), -1);
    assert_string_equal(err.reason, "ENTRY_TYPE_UNKNOWN");
}

bool knows_nothing(uint32_t type);
bool knows_nothing(uint32_t type)
{
    (void)type;
    return false;
}

/* Types below 16 mean the same in every log; one that a later release adds must not be passed over. */
static void an_unknown_entry_of_the_common_types_refuses_to_start(void **state)
{
    struct mj_partition_options o = { &threads, directory, "52", "test", 1u << 20 };
    const struct mj_entry handed_over = { .type = MJ_ENTRY_OPENED + 1, .principal = "service" };
    struct mj_partition *p = start();
    struct mj_buf block = MJ_BUF_INIT;
    struct mj_log *log;
    char url[96];
    mj_error err = { 0 };

    (void)state;
    stop_cleanly(p);
    snprintf(url, sizeof url, "file:%s/log", directory);
    assert_int_equal(mj_log_open(&log, url, &mj_env_real, "test", &err), 0);
    mj_block_add(&block, &handed_over);
    assert_int_equal(mj_log_append(log, mj_log_end(log), 1, block.data, block.len, &err), MJ_STORED);
    mj_log_close(log);
    mj_buf_free(&block);
    assert_int_equal(mj_partition_open(&p, &domain, &o, &err), -1);
    assert_string_equal(err.reason, "ENTRY_TYPE_UNKNOWN");
}

static void a_log_of_an_older_build_refuses_to_start(void **state)
{
    struct mj_partition_options o = { &threads, directory, "52", "test", 1u << 20 };
    struct mj_partition *p;
    char path[96];
    mj_error err = { 0 };

    (void)state;
    snprintf(path, sizeof path, "%s/log.db", directory);
    fclose(fopen(path, "w"));
    assert_int_equal(mj_partition_open(&p, &domain, &o, &err), -1);
    assert_string_equal(err.reason, "OLD_LOG");
}

static void commands_beyond_the_bound_are_refused_and_nothing_is_written(void **state)
{
    struct mj_partition *p = start();
    struct add a, b;

    (void)state;
    prepare(&a, "a", 1);
    a.c.bytes = (1u << 20) - 10;
    prepare(&b, "b", 1);
    submit(p, &a);
    submit(p, &b);
    assert_string_equal(b.err.reason, "BUSY");
    wait_all();
    assert_int_equal(a.err.code, MJ_OK);
    assert_int_equal(entries_on_disk(p), 1);
    stop_cleanly(p);
}

static void until_accepting(struct mj_partition *p)
{
    for (int i = 0; i < 20000 && !mj_partition_accepting(p); i++)
        mj_loop_run_for(threads.loop, 1);
    assert_true(mj_partition_accepting(p));
}

/* Three commands that add to "a" while nothing can be written: all are told so, and none of them is folded. */
static void fill_the_disk(struct mj_partition *p)
{
    struct add some[3];

    faulty.wal_write_result = SQLITE_FULL;
    disk.write_errno = ENOSPC;
    for (int i = 0; i < 3; i++) {
        prepare(&some[i], "a", 10);
        strcpy(some[i].c.order, "one");
        submit(p, &some[i]);
    }
    wait_all();
    for (int i = 0; i < 3; i++) {
        assert_int_equal(some[i].done, 1);
        assert_int_equal(some[i].err.code, MJ_RESOURCE_EXHAUSTED);
    }
    faulty_reset();
    disk_reset();
    until_accepting(p);
}

static void a_full_disk_drops_what_was_not_stored_and_goes_on(void **state)
{
    struct mj_partition *p;
    struct add a;

    (void)state;
    assert_int_equal(faulty_install(), 0);
    p = start();
    for (int round = 0; round < 3; round++) {
        prepare(&a, "a", 1);
        submit(p, &a);
        wait_all();
        assert_int_equal(a.err.code, MJ_OK);
        fill_the_disk(p);
        assert_int_equal(value_of(p, "a"), round + 1);
    }
    assert_int_equal(entries_on_disk(p), 3);
    stop_cleanly(p);
    p = start();
    assert_int_equal(value_of(p, "a"), 3);
    stop_cleanly(p);
}

static void closing_waits_for_what_is_being_written(void **state)
{
    struct mj_partition *p = start();
    struct add a;

    (void)state;
    prepare(&a, "a", 1);
    submit(p, &a);
    mj_loop_run_for(threads.loop, 0);            /* the append is under way */
    mj_partition_close(p);
    assert_int_equal(a.done, 1);
    assert_int_equal(a.err.code, MJ_OK);
    left = 0;
}

static void on_at_least(void *arg, bool late)
{
    *(int *)arg = late ? 2 : 1;
}

/* Later questions do not put off the end of an earlier one's wait. */
static void a_wait_for_the_tables_ends_after_two_seconds(void **state)
{
    struct mj_partition *p = start();
    uint64_t began = mj_loop_now_ms(threads.loop);
    int first = 0, others[40] = { 0 };

    (void)state;
    mj_partition_at_least(p, mj_partition_durable(p) + 100, on_at_least, &first);
    for (int i = 0; i < 40 && first == 0; i++) {
        mj_partition_at_least(p, mj_partition_durable(p) + 100, on_at_least, &others[i]);
        for (int j = 0; j < 10; j++)
            mj_loop_run_for(threads.loop, 10);
    }
    assert_int_equal(first, 2);
    assert_in_range(mj_loop_now_ms(threads.loop) - began, 2000, 3500);
    stop_cleanly(p);
}

/* ---- fixtures ---- */

static int set_up(void **state)
{
    mj_error err = { 0 };

    (void)state;
    strcpy(directory, "/tmp/mj-partition-XXXXXX");
    sequence = left = 0;
    if (!mkdtemp(directory) || mj_crypto_init(&err) < 0 || mj_loop_create(&threads.loop, &mj_env_real, &err) < 0)
        return -1;
    if (mj_worker_create(&threads.log, threads.loop, "log", MJ_WORKER_THREAD, &err) < 0 ||
        mj_worker_create(&threads.tables, threads.loop, "tables", MJ_WORKER_THREAD, &err) < 0)
        return -1;
    return mj_worker_create(&threads.read, threads.loop, "read", MJ_WORKER_THREAD, &err);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

static int tear_down(void **state)
{
    (void)state;
    mj_worker_destroy(threads.log);
    mj_worker_destroy(threads.tables);
    mj_worker_destroy(threads.read);
    cache_down(&threads);
    mj_loop_destroy(threads.loop);
    return nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

#define FACT(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FACT(a_command_is_done_once_its_entries_are_on_disk),
        FACT(a_killed_partition_folds_the_same_again),
        FACT(commands_of_one_order_are_decided_as_they_came),
        FACT(a_refusal_changes_nothing_and_comes_back),
        FACT(a_command_that_nobody_waits_for_any_more_is_not_decided),
        FACT(the_same_idempotency_key_acts_once_even_after_a_restart),
        FACT(rows_that_were_evicted_come_back_from_the_tables),
        FACT(a_query_can_wait_for_its_callers_own_write),
        FACT(a_large_command_is_split_over_commits_of_a_mebibyte),
        FACT(an_entry_of_an_unknown_type_refuses_to_start),
        FACT(an_unknown_entry_of_the_common_types_refuses_to_start),
        FACT(a_log_of_an_older_build_refuses_to_start),
        FACT(commands_beyond_the_bound_are_refused_and_nothing_is_written),
        FACT(a_full_disk_drops_what_was_not_stored_and_goes_on),
        FACT(closing_waits_for_what_is_being_written),
        FACT(a_wait_for_the_tables_ends_after_two_seconds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
