/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* The contract of tables, run once on each engine; the last cases break the file system below SQLite. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "common/base/buf.h"
#include "common/seams/failpoint.h"
#include "common/store/tables.h"
#include "support/faulty_vfs.h"
#include "support/scratch.h"

#ifdef MJ_FAULT
static const char *failing = "";
int mj_failpoint(const char *name) { return strcmp(name, failing) == 0; }
#endif

static const char *scheme;               /* the engine under test */
static const char schema[] = "CREATE TABLE t(id INTEGER PRIMARY KEY, v, CHECK(id <> 13));"
                             "CREATE TABLE keys(a TEXT NOT NULL, b INTEGER NOT NULL)";
static const struct mj_sql put = { "INSERT INTO t(id, v) VALUES($1, $2) ON CONFLICT(id) DO UPDATE SET v = excluded.v" };
static const struct mj_sql get = { "SELECT v FROM t WHERE id = $1" };
static const struct mj_sql count = { "SELECT count(*) FROM t" };
static const uint8_t hash_a[MJ_HASH] = { 1 }, hash_b[MJ_HASH] = { 2 };

struct fixture {
    struct scratch dir;
    const char *url;
    struct mj_tables *writer, *reader;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    mj_error err;
    *state = f;
    faulty_reset();
    if (scratch_make(&f->dir) != 0) {
        return -1;
    }
    f->url = scratch_url(&f->dir, scheme, "tables.db");
    return mj_tables_open(&f->writer, f->url, "t/1", schema, true, &err) != 0 ||
           mj_tables_open(&f->reader, f->url, "t/1", schema, false, &err) != 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    faulty_reset();
    mj_tables_close(f->reader);
    mj_tables_close(f->writer);
    int rc = scratch_remove(&f->dir);
    free(f);
    return rc;
}

static void add(struct mj_batch *b, int64_t id, struct mj_value v)
{
    const struct mj_value params[] = { mj_vi(id), v };
    mj_batch_add(b, &put, params, 2);
}

static void write_row(struct fixture *f, int64_t id, struct mj_value v)
{
    struct mj_batch *b = mj_batch_create();
    mj_error err;
    add(b, id, v);
    assert_int_equal(mj_tables_write(f->writer, b, &err), MJ_WRITTEN);
    mj_batch_destroy(b);
}

static int take_int(void *arg, const struct mj_result_row *r)
{
    *(int64_t *)arg = mj_col_int(r, 0);
    return 0;
}

static int64_t rows_in(struct mj_tables *t)
{
    int64_t n = -1;
    mj_error err;
    assert_int_equal(mj_tables_query(t, &count, NULL, 0, take_int, &n, &err), 0);
    return n;
}

static int64_t int_at(struct mj_tables *t, int64_t id)
{
    int64_t v = -1;
    const struct mj_value key = mj_vi(id);
    mj_error err;
    assert_int_equal(mj_tables_query(t, &get, &key, 1, take_int, &v, &err), 0);
    return v;
}

static uint64_t generation_of(struct mj_tables *t)
{
    uint64_t generation = 0;
    mj_error err;
    assert_int_equal(mj_tables_begin(t, &generation, &err), 0);
    mj_tables_end(t);
    return generation;
}

static void a_batch_goes_in_with_its_positions_and_generation(void **state)
{
    struct fixture *f = *state;
    struct mj_batch *b = mj_batch_create();
    uint64_t position = 0;
    uint8_t hash[MJ_HASH];
    mj_error err;
    add(b, 1, mj_vi(10));
    add(b, 2, mj_vi(20));
    mj_batch_position(b, "own", 7, hash_a);
    mj_batch_position(b, "registry/52", 3, hash_b);
    assert_int_equal(mj_batch_count(b), 2);
    assert_true(mj_batch_bytes(b) > 0);
    assert_int_equal(generation_of(f->reader), 0);
    assert_int_equal(mj_tables_write(f->writer, b, &err), MJ_WRITTEN);
    mj_batch_destroy(b);
    assert_int_equal(int_at(f->reader, 1), 10);
    assert_int_equal(int_at(f->reader, 2), 20);
    assert_int_equal(mj_tables_position(f->reader, "own", &position, hash, &err), 0);
    assert_int_equal(position, 7);
    assert_memory_equal(hash, hash_a, MJ_HASH);
    assert_int_equal(mj_tables_position(f->reader, "registry/52", &position, hash, &err), 0);
    assert_int_equal(position, 3);
    assert_int_equal(generation_of(f->reader), 1);
}

static void a_batch_with_one_bad_statement_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct mj_batch *b = mj_batch_create();
    uint64_t position = 99;
    uint8_t hash[MJ_HASH];
    mj_error err;
    add(b, 1, mj_vi(10));
    add(b, 13, mj_vi(10));               /* the schema refuses 13 */
    mj_batch_position(b, "own", 7, hash_a);
    assert_int_equal(mj_tables_write(f->writer, b, &err), MJ_NOT_WRITTEN);
    assert_int_equal(err.code, MJ_INTERNAL);
    assert_string_equal(err.reason, "SQL_REFUSED");
    mj_batch_destroy(b);
    assert_int_equal(rows_in(f->reader), 0);
    assert_int_equal(mj_tables_position(f->reader, "own", &position, hash, &err), 0);
    assert_int_equal(position, 0);
    assert_int_equal(generation_of(f->reader), 0);
    write_row(f, 1, mj_vi(1));           /* and the handle goes on */
}

static int take_key(void *arg, const struct mj_result_row *r)
{
    struct mj_buf *keys = arg;
    mj_buf_printf(keys, "%s%s ", mj_col_text(r, 0), mj_col_text(r, 1));
    return 0;
}

/* The order in which rows went in shows in their rowids. */
static void a_batch_runs_in_the_order_of_its_keys_whatever_the_order_it_was_filled_in(void **state)
{
    static const struct mj_sql new_key = { "INSERT INTO keys(a, b) VALUES($1, $2)" };
    static const struct mj_sql in_order = { "SELECT a, b FROM keys ORDER BY rowid" };
    static const struct { const char *a; int64_t b; } keys[] = {
        { "x", 2 }, { "x", 1 }, { "long-and-equal-2", 0 }, { "x", -1 }, { "long-and-equal-1", 0 }, { "", 5 }, { "y", 0 }
    };
    struct fixture *f = *state;
    struct mj_batch *b = mj_batch_create();
    struct mj_buf got = MJ_BUF_INIT;
    mj_error err;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const struct mj_value v[] = { mj_vt(keys[i].a), mj_vi(keys[i].b) };
        mj_batch_add(b, &new_key, v, 2);
        add(b, 100 - (int64_t)i, mj_vi((int64_t)i));     /* another text between them */
    }
    assert_int_equal(mj_tables_write(f->writer, b, &err), MJ_WRITTEN);
    mj_batch_destroy(b);
    assert_int_equal(mj_tables_query(f->reader, &in_order, NULL, 0, take_key, &got, &err), 0);
    assert_string_equal(got.data, "5 long-and-equal-10 long-and-equal-20 x-1 x1 x2 y0 ");
    assert_int_equal(int_at(f->reader, 97), 3);
    mj_buf_free(&got);
}

static void a_batch_takes_parameters_by_their_number_and_values_as_they_stand(void **state)
{
    static const struct mj_sql turned = { "INSERT INTO keys(b, a) VALUES($2, $1)" };
    static const struct mj_sql constant = { "INSERT INTO keys(a, b) VALUES($1, 7)" };
    static const struct mj_sql in_order = { "SELECT a, b FROM keys ORDER BY a" };
    struct fixture *f = *state;
    struct mj_batch *b = mj_batch_create();
    struct mj_buf got = MJ_BUF_INIT;
    mj_error err;
    mj_batch_add(b, &turned, (struct mj_value[]){ mj_vt("x"), mj_vi(1) }, 2);
    mj_batch_add(b, &constant, (struct mj_value[]){ mj_vt("y") }, 1);
    assert_int_equal(mj_tables_write(f->writer, b, &err), MJ_WRITTEN);
    mj_batch_destroy(b);
    assert_int_equal(mj_tables_query(f->reader, &in_order, NULL, 0, take_key, &got, &err), 0);
    assert_string_equal(got.data, "x1 y7 ");
    mj_buf_free(&got);
}

static void a_batch_with_another_number_of_parameters_is_refused(void **state)
{
    struct fixture *f = *state;
    for (size_t count = 1; count <= 3; count += 2) {
        struct mj_batch *b = mj_batch_create();
        mj_error err;
        add(b, 1, mj_vi(1));
        mj_batch_add(b, &put, (struct mj_value[]){ mj_vi(2), mj_vi(3), mj_vi(4) }, count);
        assert_int_equal(mj_tables_write(f->writer, b, &err), MJ_NOT_WRITTEN);
        assert_string_equal(err.reason, "SQL_PARAMETERS");
        mj_batch_destroy(b);
        assert_int_equal(rows_in(f->reader), 0);
    }
}

/* Every order of filling gives the same tables. */
static void a_batch_gives_the_same_tables_in_any_order(void **state)
{
    enum { ROWS = 500 };
    static const int64_t steps[] = { 1, 3, 7, 249, 499 };        /* none has a factor of 500: each order is whole */
    struct fixture *f = *state;
    mj_error err;
    for (int64_t round = 0; round < 5; round++) {
        struct mj_batch *b = mj_batch_create();
        for (int64_t i = 0; i < ROWS; i++) {
            int64_t id = 1000 + i * steps[round] % ROWS;
            add(b, id, mj_vi(id * (round + 1)));
        }
        assert_int_equal(mj_tables_write(f->writer, b, &err), MJ_WRITTEN);
        mj_batch_destroy(b);
        for (int64_t id = 1000; id < 1000 + ROWS; id++) {
            assert_int_equal(int_at(f->reader, id), id * (round + 1));
        }
    }
    assert_int_equal(rows_in(f->reader), ROWS);
}

static void the_last_position_of_a_source_counts(void **state)
{
    struct fixture *f = *state;
    struct mj_batch *b = mj_batch_create();
    uint64_t position;
    uint8_t hash[MJ_HASH];
    mj_error err;
    mj_batch_position(b, "own", 7, hash_a);
    mj_batch_position(b, "own", 9, hash_b);
    assert_int_equal(mj_tables_write(f->writer, b, &err), MJ_WRITTEN);
    mj_batch_destroy(b);
    assert_int_equal(mj_tables_position(f->writer, "own", &position, hash, &err), 0);
    assert_int_equal(position, 9);
    assert_memory_equal(hash, hash_b, MJ_HASH);
}

static void an_unknown_source_stands_at_0(void **state)
{
    struct fixture *f = *state;
    static const uint8_t zero[MJ_HASH];
    uint64_t position = 5;
    uint8_t hash[MJ_HASH] = { 1 };
    mj_error err;
    assert_int_equal(mj_tables_position(f->reader, "registry/11", &position, hash, &err), 0);
    assert_int_equal(position, 0);
    assert_memory_equal(hash, zero, MJ_HASH);
}

static void a_batch_copies_its_parameters(void **state)
{
    struct fixture *f = *state;
    struct mj_batch *b = mj_batch_create();
    char text[] = "42";
    mj_error err;
    add(b, 1, mj_vt(text));
    memcpy(text, "77", 2);
    assert_int_equal(mj_tables_write(f->writer, b, &err), MJ_WRITTEN);
    mj_batch_destroy(b);
    assert_int_equal(int_at(f->writer, 1), 42);
}

/* A value as it came back. */
struct came { bool null; int64_t i; char text[16]; uint8_t blob[16]; size_t len; bool blob_null; };

static int take_value(void *arg, const struct mj_result_row *r)
{
    struct came *c = arg;
    c->null = mj_col_null(r, 0);
    c->i = mj_col_int(r, 0);
    const void *blob = mj_col_blob(r, 0, &c->len);
    c->blob_null = blob == NULL;
    if (blob != NULL) {
        memcpy(c->blob, blob, c->len);
    }
    snprintf(c->text, sizeof c->text, "%s", mj_col_text(r, 0));
    return 0;
}

static struct came round_trip(struct fixture *f, struct mj_value v)
{
    struct came c;
    const struct mj_value key = mj_vi(1);
    mj_error err;
    write_row(f, 1, v);
    assert_int_equal(mj_tables_query(f->reader, &get, &key, 1, take_value, &c, &err), 0);
    return c;
}

static void each_kind_of_value_comes_back_as_it_was(void **state)
{
    struct fixture *f = *state;
    struct came c = round_trip(f, mj_vi(INT64_MIN));
    assert_true(c.i == INT64_MIN);
    c = round_trip(f, mj_vt(NULL));
    assert_true(c.null && c.blob_null);
    assert_string_equal(c.text, "");
    c = round_trip(f, mj_vt(""));
    assert_false(c.null);
    c = round_trip(f, mj_vt("été"));
    assert_string_equal(c.text, "été");
    c = round_trip(f, mj_vb("a\0b", 3));
    assert_int_equal(c.len, 3);
    assert_memory_equal(c.blob, "a\0b", 3);
    c = round_trip(f, mj_vb(NULL, 0));
    assert_false(c.null || c.blob_null);
    assert_int_equal(c.len, 0);
}

static void parameters_are_bound_by_their_number_in_any_order(void **state)
{
    static const struct mj_sql turned = { "SELECT $2 * 100 + $1 * 10 + $2" };
    struct fixture *f = *state;
    const struct mj_value params[] = { mj_vi(1), mj_vi(2) };
    int64_t v = 0;
    mj_error err;
    assert_int_equal(mj_tables_query(f->reader, &turned, params, 2, take_int, &v, &err), 0);
    assert_int_equal(v, 212);
}

static void another_number_of_parameters_is_refused(void **state)
{
    struct fixture *f = *state;
    const struct mj_value params[] = { mj_vi(1), mj_vi(2) };
    int64_t v = 0;
    mj_error err;
    assert_int_equal(mj_tables_query(f->reader, &get, params, 2, take_int, &v, &err), -1);
    assert_string_equal(err.reason, "SQL_PARAMETERS");
    assert_int_equal(mj_tables_query(f->reader, &get, params, 0, take_int, &v, &err), -1);
}

static void more_statements_than_the_first_table_of_them_are_found_again(void **state)
{
    enum { MANY = 300 };
    static struct mj_sql many[MANY];
    static char texts[MANY][32];
    struct fixture *f = *state;
    mj_error err;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < MANY; i++) {
            int64_t v = -1;
            snprintf(texts[i], sizeof texts[i], "SELECT %d", i);
            many[i].text = texts[i];
            assert_int_equal(mj_tables_query(f->reader, &many[i], NULL, 0, take_int, &v, &err), 0);
            assert_int_equal(v, i);
        }
    }
}

static void a_reader_sees_one_state_between_begin_and_end(void **state)
{
    struct fixture *f = *state;
    uint64_t generation = 99;
    mj_error err;
    write_row(f, 1, mj_vi(1));
    assert_int_equal(mj_tables_begin(f->reader, &generation, &err), 0);
    assert_int_equal(generation, 1);
    write_row(f, 1, mj_vi(2));
    write_row(f, 2, mj_vi(2));
    assert_int_equal(int_at(f->reader, 1), 1);
    assert_int_equal(rows_in(f->reader), 1);
    mj_tables_end(f->reader);
    assert_int_equal(int_at(f->reader, 1), 2);
    assert_int_equal(generation_of(f->reader), 3);
}

static void a_reader_cannot_write(void **state)
{
    struct fixture *f = *state;
    struct mj_batch *b = mj_batch_create();
    mj_error err;
    add(b, 1, mj_vi(1));
    assert_int_not_equal(mj_tables_write(f->reader, b, &err), MJ_WRITTEN);
    mj_batch_destroy(b);
    assert_int_equal(rows_in(f->writer), 0);
}

static void tables_of_another_name_or_text_are_refused(void **state)
{
    struct fixture *f = *state;
    struct mj_tables *t = NULL;
    mj_error err;
    assert_int_equal(mj_tables_open(&t, f->url, "t/2", schema, false, &err), -1);
    assert_int_equal(err.code, MJ_FAILED_PRECONDITION);
    assert_string_equal(err.reason, "OTHER_SCHEMA");
    assert_int_equal(mj_tables_open(&t, f->url, "t/1", "CREATE TABLE u(id)", false, &err), -1);
    assert_string_equal(err.reason, "OTHER_SCHEMA");
    assert_null(t);
}

static void what_was_written_is_there_at_the_next_open(void **state)
{
    struct fixture *f = *state;
    mj_error err;
    write_row(f, 1, mj_vi(5));
    mj_tables_close(f->reader);
    mj_tables_close(f->writer);
    f->reader = NULL;
    assert_int_equal(mj_tables_open(&f->writer, f->url, "t/1", schema, true, &err), 0);
    assert_int_equal(int_at(f->writer, 1), 5);
    assert_int_equal(generation_of(f->writer), 1);
}

static void tables_set_aside_leave_room_for_new_ones(void **state)
{
    struct fixture *f = *state;
    mj_error err;
    for (int round = 0; round < 2; round++) {
        write_row(f, 1, mj_vi(5));
        mj_tables_close(f->reader);
        mj_tables_close(f->writer);
        f->reader = f->writer = NULL;
        assert_int_equal(mj_tables_set_aside(f->url, "old", &err), 0);
        assert_int_equal(scratch_size(&f->dir, "tables.db"), -1);
        assert_true(scratch_size(&f->dir, "tables.db.old") > 0);
        assert_int_equal(mj_tables_open(&f->writer, f->url, "t/1", schema, true, &err), 0);
        assert_int_equal(rows_in(f->writer), 0);
    }
}

/* ---- below SQLite ---- */

static void a_batch_costs_no_fsync(void **state)
{
    struct fixture *f = *state;
    unsigned before = faulty.wal_syncs;
    write_row(f, 1, mj_vi(1));
    assert_int_equal(faulty.wal_syncs, before);
}

static void a_checkpoint_empties_what_is_kept_aside(void **state)
{
    struct fixture *f = *state;
    uint8_t bytes[1000] = { 0 };
    mj_error err;
    for (int64_t i = 0; i < 24000; i += 100) {
        struct mj_batch *b = mj_batch_create();
        for (int64_t k = 100; k < 200; k++) {
            add(b, i + k, mj_vb(bytes, sizeof bytes));
        }
        assert_int_equal(mj_tables_write(f->writer, b, &err), MJ_WRITTEN);
        mj_batch_destroy(b);
        assert_true(scratch_size(&f->dir, "tables.db-wal") < 18 * 1024 * 1024);
    }
    assert_int_equal(mj_tables_checkpoint(f->writer, &err), 0);
    assert_true(scratch_size(&f->dir, "tables.db") > 24 * 1000 * 1000);
}

static void a_full_disk_is_not_written_and_the_batch_goes_in_later(void **state)
{
    struct fixture *f = *state;
    struct mj_batch *b = mj_batch_create();
    mj_error err;
    add(b, 1, mj_vi(1));
    mj_batch_position(b, "own", 7, hash_a);
    faulty.wal_write_result = SQLITE_FULL;
    assert_int_equal(mj_tables_write(f->writer, b, &err), MJ_NOT_WRITTEN);
    assert_int_equal(err.code, MJ_RESOURCE_EXHAUSTED);
    assert_int_equal(rows_in(f->reader), 0);
    faulty.wal_write_result = SQLITE_OK;
    assert_int_equal(mj_tables_write(f->writer, b, &err), MJ_WRITTEN);
    assert_int_equal(rows_in(f->reader), 1);
    assert_int_equal(generation_of(f->reader), 1);
    mj_batch_destroy(b);
}

static void a_failed_write_leaves_the_outcome_unknown(void **state)
{
    struct fixture *f = *state;
    struct mj_batch *b = mj_batch_create();
    mj_error err;
    add(b, 1, mj_vi(1));
    faulty.wal_write_result = SQLITE_IOERR_WRITE;
    assert_int_equal(mj_tables_write(f->writer, b, &err), MJ_WRITE_UNKNOWN);
    assert_int_equal(err.code, MJ_UNKNOWN);
    mj_batch_destroy(b);
}

#ifdef MJ_FAULT
static void the_fail_points_fail_as_a_full_disk_and_as_unknown(void **state)
{
    struct fixture *f = *state;
    struct mj_batch *b = mj_batch_create();
    mj_error err;
    add(b, 1, mj_vi(1));
    failing = "tables.before_commit";
    assert_int_equal(mj_tables_write(f->writer, b, &err), MJ_NOT_WRITTEN);
    assert_int_equal(rows_in(f->reader), 0);
    failing = "tables.after_commit";
    assert_int_equal(mj_tables_write(f->writer, b, &err), MJ_WRITE_UNKNOWN);
    failing = "";
    assert_int_equal(rows_in(f->reader), 1);
    mj_batch_destroy(b);
}
#endif

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest contract[] = {
    CASE(a_batch_goes_in_with_its_positions_and_generation),
    CASE(a_batch_with_one_bad_statement_leaves_nothing),
    CASE(a_batch_runs_in_the_order_of_its_keys_whatever_the_order_it_was_filled_in),
    CASE(a_batch_takes_parameters_by_their_number_and_values_as_they_stand),
    CASE(a_batch_with_another_number_of_parameters_is_refused),
    CASE(a_batch_gives_the_same_tables_in_any_order),
    CASE(the_last_position_of_a_source_counts),
    CASE(an_unknown_source_stands_at_0),
    CASE(a_batch_copies_its_parameters),
    CASE(each_kind_of_value_comes_back_as_it_was),
    CASE(parameters_are_bound_by_their_number_in_any_order),
    CASE(another_number_of_parameters_is_refused),
    CASE(more_statements_than_the_first_table_of_them_are_found_again),
    CASE(a_reader_sees_one_state_between_begin_and_end),
    CASE(a_reader_cannot_write),
    CASE(tables_of_another_name_or_text_are_refused),
    CASE(what_was_written_is_there_at_the_next_open),
#ifdef MJ_FAULT
    CASE(the_fail_points_fail_as_a_full_disk_and_as_unknown),
#endif
};

static const struct CMUnitTest sqlite_only[] = {
    CASE(tables_set_aside_leave_room_for_new_ones),
    CASE(a_batch_costs_no_fsync),
    CASE(a_checkpoint_empties_what_is_kept_aside),
    CASE(a_full_disk_is_not_written_and_the_batch_goes_in_later),
    CASE(a_failed_write_leaves_the_outcome_unknown),
};

int main(void)
{
    static const char *const engines[] = { "sqlite" };
    int failed = faulty_install();
    for (size_t i = 0; i < sizeof engines / sizeof engines[0]; i++) {
        scheme = engines[i];
        failed += cmocka_run_group_tests_name(scheme, contract, NULL, NULL);
    }
    scheme = "sqlite";
    return failed + cmocka_run_group_tests(sqlite_only, NULL, NULL);
}
