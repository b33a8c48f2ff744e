/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Rows: fetched together, found again, kept within one bound a process. partition and model have their own tests. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

#include "common/store/rows.h"
#include "support/cache.h"
#include "support/scratch.h"

#define VALUE_BYTES 100                  /* what a value says that it costs */

static struct scratch scratch;
static struct mj_threads threads;
static struct mj_rows *one, *two;
static sem_t gate;
static bool gated;                       /* a load waits at the gate; set while nothing is fetched */
static unsigned calls;

/* ---- numbers as rows ---- */

static const char schema[] = "CREATE TABLE numbers(id INTEGER PRIMARY KEY, value INTEGER NOT NULL);\n";
static const struct mj_sql sql_put = { "INSERT INTO numbers(id, value) VALUES($1, $2)"
                                       " ON CONFLICT(id) DO UPDATE SET value = excluded.value" };
static const struct mj_sql sql_drop = { "DELETE FROM numbers WHERE id = $1" };
static const struct mj_sql sql_get = { "SELECT value FROM numbers WHERE id = $1" };

static struct mj_row_key key_of(int64_t id) { return mj_row_key(&id, sizeof id); }

static int64_t id_of(const struct mj_row_key *key)
{
    int64_t id;
    memcpy(&id, key->bytes, sizeof id);
    return id;
}

static int64_t *number(int64_t v) { return mj_memdup(&v, sizeof v); }

static int number_row(void *arg, const struct mj_result_row *r)
{
    *(void **)arg = number(mj_col_int(r, 0));
    return 0;
}

static int number_load(const struct mj_readers *r, const struct mj_row_key *key, void **ret, mj_error *err)
{
    struct mj_value v = mj_vi(id_of(key));
    if (gated)
        sem_wait(&gate);
    return mj_tables_query(r->tables, &sql_get, &v, 1, number_row, ret, err);
}

static void number_save(struct mj_batch *b, const struct mj_row_key *key, const void *value)
{
    struct mj_value v[] = { mj_vi(id_of(key)), mj_vi(value ? *(const int64_t *)value : 0) };
    mj_batch_add(b, value ? &sql_put : &sql_drop, v, value ? 2 : 1);
}

static size_t number_size(const void *value)
{
    (void)value;
    return VALUE_BYTES;
}

static const struct mj_row_kind numbers = { "number", number_load, number_save, number_size, free, NULL, false };

/* ---- what a test does ---- */

static void put(struct mj_rows *r, int64_t id, int64_t value)
{
    struct mj_row_key key = key_of(id);
    mj_rows_put(r, &numbers, &key, number(value));
}

static bool want(struct mj_rows *r, int64_t id, struct mj_row_waiter *w)
{
    struct mj_row_key key = key_of(id);
    return mj_rows_need(r, &numbers, &key, w);
}

/* INT64_MIN: no such row. */
static int64_t get(struct mj_rows *r, int64_t id)
{
    struct mj_row_key key = key_of(id);
    const int64_t *v = mj_rows_get(r, &numbers, &key);
    return v ? *v : INT64_MIN;
}

static void idle(struct mj_rows *r)
{
    while (!mj_rows_idle(r))
        mj_loop_run_for(threads.loop, 1);
    mj_loop_run_for(threads.loop, 0);    /* and what that brought about */
    mj_loop_run_for(threads.loop, 0);
}

static void flush(struct mj_rows *r)
{
    struct mj_batch *b = mj_rows_gather(r);
    assert_non_null(b);
    mj_rows_write(r, b);
    idle(r);
}

static void put_many(struct mj_rows *r, int64_t from, int64_t count)
{
    for (int64_t id = from; id < from + count; id++)
        put(r, id, 10 * id);
    flush(r);
}

/* Waiters are static: one that a failed test leaves behind is still called. */
static void called(struct mj_row_waiter *w)
{
    (void)w;
    calls++;
}

/* ---- fetching ---- */

static void what_is_wanted_in_one_turn_is_fetched_as_one_job(void **state)
{
    static struct mj_row_waiter w = { called, 0 };

    (void)state;
    put_many(one, 0, 100);
    mj_rows_reset(one);
    for (int64_t id = 0; id < 110; id++)         /* ten of them are no rows */
        assert_false(want(one, id, &w));
    idle(one);
    assert_int_equal(calls, 1);
    assert_int_equal(mj_rows_stats(one)->fetches, 110);
    assert_int_equal(mj_rows_stats(one)->fetch_jobs, 1);
    for (int64_t id = 0; id < 110; id++) {
        assert_true(want(one, id, &w));
        assert_int_equal(get(one, id), id < 100 ? 10 * id : INT64_MIN);
    }
    assert_int_equal(mj_rows_stats(one)->inline_loads, 0);
}

static void what_is_wanted_during_a_fetch_goes_as_one_more(void **state)
{
    static struct mj_row_waiter first = { called, 0 }, rest = { called, 0 };

    (void)state;
    put_many(one, 0, 50);
    mj_rows_reset(one);
    gated = true;
    want(one, 0, &first);
    mj_loop_run_for(threads.loop, 0);
    for (int64_t id = 0; id < 50; id++) {        /* over many turns; row 0 is on its way already */
        want(one, id, &rest);
        mj_loop_run_for(threads.loop, 0);
    }
    assert_int_equal(calls, 0);
    for (int i = 0; i < 50; i++)
        sem_post(&gate);
    idle(one);
    gated = false;
    assert_int_equal(calls, 2);
    assert_int_equal(mj_rows_stats(one)->fetches, 50);
    assert_int_equal(mj_rows_stats(one)->fetch_jobs, 2);
    assert_int_equal(get(one, 49), 490);
}

static void a_reset_during_a_fetch_wakes_who_waits_and_keeps_nothing_of_it(void **state)
{
    static struct mj_row_waiter w = { called, 0 }, again = { called, 0 };

    (void)state;
    put_many(one, 0, 2);
    mj_rows_reset(one);
    gated = true;
    want(one, 0, &w);
    mj_loop_run_for(threads.loop, 0);
    want(one, 1, &w);                            /* not with the thread yet */
    mj_rows_reset(one);
    assert_int_equal(calls, 1);
    want(one, 0, &again);
    for (int i = 0; i < 2; i++)
        sem_post(&gate);
    idle(one);
    gated = false;
    assert_int_equal(calls, 2);
    assert_int_equal(mj_rows_stats(one)->rows, 1);
    assert_int_equal(get(one, 0), 0);
}

/* ---- the bound ---- */

static void the_bound_is_one_for_all_rows_of_a_process(void **state)
{
    (void)state;
    put_many(one, 0, 200);
    assert_int_equal(mj_rows_stats(one)->evicted, 0);
    put_many(two, 0, 200);                       /* both fit alone, not together */
    assert_in_range(mj_cache_bytes(threads.cache), 1, 64 << 10);
    assert_true(mj_rows_stats(one)->evicted > 100);      /* the older ones go first */
    assert_int_equal(mj_rows_stats(two)->evicted, 0);
    assert_int_equal(mj_cache_bytes(threads.cache), mj_rows_stats(one)->bytes + mj_rows_stats(two)->bytes);
    for (int64_t id = 0; id < 200; id++)
        assert_int_equal(get(one, id), 10 * id);
}

static void what_was_asked_for_lately_outlives_the_rest(void **state)
{
    static struct mj_row_waiter w = { called, 0 };

    (void)state;
    put_many(one, 0, 150);
    for (int64_t id = 1000; id < 1600; id += 20) {
        put_many(one, id, 20);
        assert_true(want(one, 7, &w));
    }
    assert_true(mj_rows_stats(one)->evicted > 300);
}

static void rows_that_the_tables_do_not_hold_stay(void **state)
{
    (void)state;
    put_many(one, 5000, 200);                    /* these may go */
    for (int64_t id = 0; id < 1000; id++)
        put(one, id, id);
    mj_loop_run_for(threads.loop, 0);
    mj_loop_run_for(threads.loop, 0);
    assert_in_range(mj_rows_stats(one)->evicted, 100, 200);
    assert_true(mj_cache_bytes(threads.cache) > 64 << 10);
    flush(one);
    assert_in_range(mj_cache_bytes(threads.cache), 1, 64 << 10);
}

static void a_held_row_stays_until_it_was_released_as_often(void **state)
{
    static struct mj_row_waiter w = { called, 0 };
    struct mj_row_key key = key_of(7);

    (void)state;
    put_many(one, 0, 10);
    struct mj_row *row = mj_rows_at(one, &numbers, &key);
    mj_row_hold(row);
    mj_row_hold(row);
    mj_row_release(row);
    put_many(one, 1000, 1000);
    put_many(one, 2000, 1000);
    assert_ptr_equal(mj_rows_at(one, &numbers, &key), row);
    mj_row_release(row);
    put_many(one, 3000, 1000);
    put_many(one, 4000, 1000);
    assert_false(want(one, 7, &w));
    idle(one);
}

/* A command found row 7 of the one and waits for row 0 of the other, while both grow past the bound. */
static void what_a_waiting_command_found_is_there_when_it_is_woken(void **state)
{
    static struct mj_row_waiter w = { called, 0 };

    (void)state;
    put_many(two, 0, 1);
    mj_rows_reset(two);
    put_many(one, 0, 10);
    gated = true;
    assert_true(want(one, 7, &w));
    assert_false(want(two, 0, &w));
    for (int64_t id = 1000; id < 3000; id += 100)
        put_many(one, id, 100);
    assert_true(mj_rows_stats(one)->evicted > 1000);
    assert_true(want(one, 7, &w));
    sem_post(&gate);
    idle(two);
    gated = false;
    assert_int_equal(calls, 1);
    assert_true(want(one, 7, &w) && want(two, 0, &w));
}

/* Rows come, change, go and are fetched again in any order: what is read is what was put. */
static void nothing_is_lost_whatever_comes_and_goes(void **state)
{
    enum { IDS = 1500 };
    static int64_t is[IDS];
    uint32_t seed = 1;

    (void)state;
    for (int i = 0; i < IDS; i++)
        is[i] = INT64_MIN;
    for (int step = 0; step < 60000; step++) {
        seed = seed * 1664525u + 1013904223u;
        int64_t id = seed / 7 % IDS;
        struct mj_row_key key = key_of(id);
        if (seed % 1000 < 3 && mj_rows_stats(one)->unflushed_bytes > 0)
            flush(one);
        else if (seed % 1000 < 30)
            mj_loop_run_for(threads.loop, 0);    /* evicts, while some rows are not in the tables */
        if (seed >> 28 == 0 && is[id] != INT64_MIN)
            mj_rows_put(one, &numbers, &key, NULL), is[id] = INT64_MIN;
        else if (seed >> 31 == 0)
            put(one, id, step), is[id] = step;
        else
            assert_int_equal(get(one, id), is[id]);
    }
    assert_true(mj_rows_stats(one)->evicted > 1000 && mj_rows_stats(one)->inline_loads > 1000);
}

/* ---- fixtures ---- */

static struct mj_rows *rows_at(const char *name)
{
    struct mj_rows *r = NULL;
    mj_error err = { 0 };

    if (mj_rows_create(&r, &threads, scratch_url(&scratch, "sqlite", name), "numbers-1", schema, NULL, &err) < 0)
        fail_msg("%s", err.text);
    return r;
}

static int set_up(void **state)
{
    mj_error err = { 0 };

    (void)state;
    calls = 0;
    gated = false;
    sem_init(&gate, 0, 0);
    if (scratch_make(&scratch) < 0 || mj_crypto_init(&err) < 0 ||
        mj_loop_create(&threads.loop, &mj_env_real, &err) < 0 ||
        mj_worker_create(&threads.tables, threads.loop, "tables", MJ_WORKER_INLINE, &err) < 0 ||
        mj_worker_create(&threads.read, threads.loop, "read", MJ_WORKER_THREAD, &err) < 0 ||
        cache_up(&threads, 64u << 10) < 0)
        return -1;
    one = rows_at("one.db");
    two = rows_at("two.db");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++)               /* a test that failed may have left the thread there */
        sem_post(&gate);
    idle(one);
    idle(two);
    mj_rows_destroy(one);
    mj_rows_destroy(two);
    mj_worker_destroy(threads.tables);
    mj_worker_destroy(threads.read);
    cache_down(&threads);
    mj_loop_destroy(threads.loop);
    sem_destroy(&gate);
    return scratch_remove(&scratch);
}

#define FACT(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FACT(what_is_wanted_in_one_turn_is_fetched_as_one_job),
        FACT(what_is_wanted_during_a_fetch_goes_as_one_more),
        FACT(a_reset_during_a_fetch_wakes_who_waits_and_keeps_nothing_of_it),
        FACT(the_bound_is_one_for_all_rows_of_a_process),
        FACT(what_was_asked_for_lately_outlives_the_rest),
        FACT(rows_that_the_tables_do_not_hold_stay),
        FACT(a_held_row_stays_until_it_was_released_as_often),
        FACT(what_a_waiting_command_found_is_there_when_it_is_woken),
        FACT(nothing_is_lost_whatever_comes_and_goes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
