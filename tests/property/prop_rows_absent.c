/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Whatever is put, dropped, written, evicted, taken back by a reset and opened again: a row that there is is never
 * said not to exist, and one that never was is hardly ever looked for. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/store/rows.h"
#include "support/cache.h"
#include "support/scratch.h"

#define IDS 60000u                       /* the filter grows from 16,384 numbers on: twice */
#define NEVER 1000000u                   /* ids from here on are never put */
#define STEPS 150000u
#define NONE INT64_MIN

static uint64_t seed;
static struct scratch scratch;
static struct mj_threads threads;
static struct mj_rows *rows;
static int64_t memory[IDS], batch[IDS], tables[IDS];
static uint64_t absent, looked, evicted; /* of those that are closed */

static uint32_t below(uint32_t n)        /* splitmix64 */
{
    uint64_t z = seed += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ (z >> 31)) % n);
}

/* ---- rows with names; two share a number ---- */

static const char schema[] = "CREATE TABLE numbers(id INTEGER PRIMARY KEY, value INTEGER NOT NULL);\n";
static const struct mj_sql sql_put = { "INSERT INTO numbers(id, value) VALUES($1, $2)"
                                       " ON CONFLICT(id) DO UPDATE SET value = excluded.value" };
static const struct mj_sql sql_drop = { "DELETE FROM numbers WHERE id = $1" };
static const struct mj_sql sql_get = { "SELECT value FROM numbers WHERE id = $1" };

static uint32_t id_of(const struct mj_row_key *key)
{
    uint32_t id;
    memcpy(&id, key->bytes, sizeof id);
    return id;
}

static int number_row(void *arg, const struct mj_result_row *r)
{
    int64_t v = mj_col_int(r, 0);
    *(void **)arg = mj_memdup(&v, sizeof v);
    return 0;
}

static int number_load(const struct mj_readers *r, const struct mj_row_key *key, void **ret, mj_error *err)
{
    struct mj_value v = mj_vi(id_of(key));
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
    return 100;
}

static uint64_t number_of(const struct mj_row_key *key) { return id_of(key) / 2; }
static const struct mj_row_names names = { number_of, { "SELECT id / 2 FROM numbers" } };
static const struct mj_row_kind numbers = { "number", number_load, number_save, number_size, free, &names, false };

/* ---- what may happen ---- */

static void idle(void)
{
    while (!mj_rows_idle(rows))
        mj_loop_run_for(threads.loop, mj_rows_writing(rows));
    mj_loop_run_for(threads.loop, 0);
}

static void put(uint32_t id, int64_t value)
{
    struct mj_row_key key = mj_row_key(&id, sizeof id);
    mj_rows_put(rows, &numbers, &key, value == NONE ? NULL : mj_memdup(&value, sizeof value));
    memory[id] = value;
}

static void woken(struct mj_row_waiter *w)
{
    (void)w;
}

static void expect(uint32_t id, int64_t value)
{
    struct mj_row_key key = mj_row_key(&id, sizeof id);
    static struct mj_row_waiter w = { woken, 0 };
    if (below(3) == 0 && !mj_rows_need(rows, &numbers, &key, &w))
        idle();
    const int64_t *is = mj_rows_get(rows, &numbers, &key);
    if ((is ? *is : NONE) != value)
        fail_msg("row %u is %lld, not %lld", id, is ? (long long)*is : -1, (long long)value);
}

/* Gathers; or hands on to the tables thread what was gathered, and does not wait. */
static void step_write(void)
{
    if (mj_rows_writing(rows))
        return;
    if (mj_rows_gathered(rows)) {
        mj_rows_write(rows, mj_rows_gathered(rows));
        memcpy(tables, batch, sizeof tables);
    } else if (mj_rows_gather(rows)) {
        memcpy(batch, memory, sizeof batch);
    }
}

static void forget(void)
{
    while (mj_rows_writing(rows))
        mj_loop_run_for(threads.loop, 1);
    mj_rows_reset(rows);
    memcpy(memory, tables, sizeof memory);
}

static void open_rows(void)
{
    mj_error err = { 0 };
    if (mj_rows_create(&rows, &threads, scratch_url(&scratch, "sqlite", "t.db"), "numbers-1", schema, NULL, &err) < 0 ||
        (below(2) == 0 && mj_rows_learn(rows, &numbers, &err) < 0))
        fail_msg("%s", err.text);
}

static void close_rows(void)
{
    const struct mj_rows_stats *s = mj_rows_stats(rows);
    idle();
    absent += s->absent;
    looked += s->fetches + s->inline_loads;
    evicted += s->evicted;
    mj_rows_destroy(rows);
}

static void reopen(void)
{
    close_rows();
    memcpy(memory, tables, sizeof memory);
    open_rows();
}

/* What goes on: mostly rows that are new, changed and read, all over a range that grows. */
static void step(uint32_t n)
{
    uint32_t what = below(10000), id = below(n * 2 < IDS ? n * 2 + 1 : IDS);
    if (what < 3)
        reopen();
    else if (what < 10)
        forget();
    else if (what < 60)
        step_write();
    else if (what < 500)
        put(id, NONE);
    else if (what < 5000)
        put(id, n);
    else
        expect(id, memory[id]);
    if (what % 10 == 0)
        mj_loop_run_for(threads.loop, 0);
}

static void a_row_that_there_is_is_never_said_not_to_exist(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < IDS; i++)
        memory[i] = tables[i] = NONE;
    open_rows();
    for (uint32_t n = 0; n < STEPS; n++)
        step(n);
    forget();
    for (uint32_t id = 0; id < IDS; id++)
        expect(id, memory[id]);
    close_rows();
    assert_true(absent > 1000 && looked > 1000 && evicted > 1000);
}

static void a_row_that_never_was_is_hardly_ever_looked_for(void **state)
{
    (void)state;
    open_rows();
    looked = absent = 0;
    for (uint32_t id = NEVER; id < NEVER + 10000; id++)
        expect(id, NONE);
    assert_in_range(mj_rows_stats(rows)->filter_bytes, 1, 5 * IDS);
    close_rows();
    assert_true(looked < 200 && absent + looked >= 10000);
}

/* ---- fixtures ---- */

static int set_up(void **state)
{
    mj_error err = { 0 };

    (void)state;
    return scratch_make(&scratch) < 0 || mj_crypto_init(&err) < 0 ||
                   mj_loop_create(&threads.loop, &mj_env_real, &err) < 0 ||
                   mj_worker_create(&threads.tables, threads.loop, "tables", MJ_WORKER_THREAD, &err) < 0 ||
                   mj_worker_create(&threads.read, threads.loop, "read", MJ_WORKER_INLINE, &err) < 0 ||
                   cache_up(&threads, 2u << 20) < 0
               ? -1
               : 0;
}

static int tear_down(void **state)
{
    (void)state;
    mj_worker_destroy(threads.tables);
    mj_worker_destroy(threads.read);
    cache_down(&threads);
    mj_loop_destroy(threads.loop);
    return scratch_remove(&scratch);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_that_there_is_is_never_said_not_to_exist),
        cmocka_unit_test(a_row_that_never_was_is_hardly_ever_looked_for),
    };

    seed = argc > 1 ? strtoull(argv[1], NULL, 10) : (uint64_t)time(NULL);
    print_message("seed %llu\n", (unsigned long long)seed);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
