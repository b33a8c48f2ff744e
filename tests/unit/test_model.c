/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* What a model takes of a followed log, and what it refuses; test_follow.c has the way over sockets. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <ftw.h>
#include <string.h>

#include "common/store/model.h"
#include "support/cache.h"
#include "support/scratch.h"

static struct scratch scratch;
static struct mj_threads threads;
static struct mj_model *model;
static struct mj_buf block;              /* of the commit offered last: the model may use it until it is done */
static unsigned folds, dones;

static int fold(void *app, struct mj_model *m, const char *service, const char *region, const struct mj_entry *e,
                mj_error *err)
{
    (void)app, (void)m, (void)service, (void)region, (void)e, (void)err;
    folds++;
    return 0;
}

static void on_done(void *arg)
{
    (void)arg;
    dones++;
}

/* Offers the log's first commit, of one entry of a type. */
static int take(uint32_t type, bool broken, mj_error *err)
{
    const struct mj_entry e = { .recorded_at_ms = 1, .type = type, .principal = "service" };
    uint8_t before[MJ_HASH] = { 0 };
    struct mj_commit c = { .first = 1, .count = 1 };

    mj_buf_clear(&block);
    mj_block_add(&block, &e);
    c.block = block.data;
    c.block_len = block.len;
    mj_chain(c.hash, before, 1, 1, block.data, block.len);
    c.hash[0] ^= broken;
    return mj_model_take(model, "placements", "52", &c, on_done, NULL, err);
}

static uint64_t next(void)
{
    uint8_t hash[MJ_HASH];

    return mj_model_next(model, "placements", "52", hash);
}

static int set_up(void **state)
{
    static const struct mj_model_domain domain = { .schema_name = "test-model-1", .schema = "", .fold = fold };
    mj_error err = { 0 };

    (void)state;
    folds = dones = 0;
    if (scratch_make(&scratch) < 0)
        return -1;
    if (mj_crypto_init(&err) < 0 || mj_loop_create(&threads.loop, &mj_env_real, &err) < 0 ||
        mj_worker_create(&threads.log, threads.loop, "log", MJ_WORKER_INLINE, &err) < 0 ||
        mj_worker_create(&threads.tables, threads.loop, "tables", MJ_WORKER_INLINE, &err) < 0 ||
        mj_worker_create(&threads.read, threads.loop, "read", MJ_WORKER_INLINE, &err) < 0 || cache_up(&threads, 1u << 20) < 0)
        return -1;
    return mj_model_open(&model, &threads, scratch.path, &domain, &err);
}

static int tear_down(void **state)
{
    (void)state;
    mj_model_close(model);
    mj_worker_destroy(threads.log);
    mj_worker_destroy(threads.tables);
    mj_worker_destroy(threads.read);
    cache_down(&threads);
    mj_loop_destroy(threads.loop);
    scratch_remove(&scratch);
    mj_buf_free(&block);
    return 0;
}

static void a_commit_is_folded_once_and_moves_the_position(void **state)
{
    mj_error err = { 0 };

    (void)state;
    assert_int_equal(take(MJ_ENTRY_FIRST_OWN, false, &err), 0);
    mj_loop_run_for(threads.loop, 10);
    assert_int_equal(folds, 1);
    assert_int_equal(dones, 1);
    assert_int_equal(next(), 2);
    assert_int_equal(take(MJ_ENTRY_FIRST_OWN, false, &err), -1);
    assert_string_equal(err.reason, "NOT_NEXT");
}

static void a_commit_that_does_not_fit_the_chain_is_refused(void **state)
{
    mj_error err = { 0 };

    (void)state;
    assert_int_equal(take(MJ_ENTRY_FIRST_OWN, true, &err), -1);
    assert_string_equal(err.reason, "CHAIN_BROKEN");
    assert_int_equal(next(), 1);
}

/* Types below 16 mean the same in every log; one that a later release adds must not be passed over. */
static void an_unknown_entry_of_the_common_types_is_refused(void **state)
{
    mj_error err = { 0 };

    (void)state;
    assert_int_equal(take(MJ_ENTRY_OPENED + 1, false, &err), -1);
    assert_string_equal(err.reason, "ENTRY_TYPE_UNKNOWN");
    assert_int_equal(next(), 1);
    assert_int_equal(take(MJ_ENTRY_OPENED, false, &err), 0);
    assert_int_equal(folds, 0);
}

#define FACT(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FACT(a_commit_is_folded_once_and_moves_the_position),
        FACT(a_commit_that_does_not_fit_the_chain_is_refused),
        FACT(an_unknown_entry_of_the_common_types_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
