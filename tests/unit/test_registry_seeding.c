/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* A new registry's default rules, on a disk that is full when it starts. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "registry/registry.h"
#include "registry/tables.h"
#include "support/cache.h"
#include "support/faulty_disk.h"
#include "support/faulty_vfs.h"
#include "support/scratch.h"

#define LIMIT_MS 20000

static struct scratch scratch;
static struct mj_threads threads;
static struct mj_registry app;
static struct mj_partition *fr;
static mj_error err;

static int setup(void **state)
{
    struct mj_partition_options o = { &threads, scratch.path, "FR", "test", 1u << 20 };
    struct mj_domain domain = mj_registry_domain;

    (void)state;
    assert_int_equal(scratch_make(&scratch), 0);
    assert_int_equal(mj_crypto_init(&err), 0);
    assert_int_equal(faulty_install(), 0);
    assert_int_equal(mj_loop_create(&threads.loop, &mj_env_real, &err), 0);
    assert_int_equal(mj_worker_create(&threads.log, threads.loop, "log", MJ_WORKER_THREAD, &err), 0);
    assert_int_equal(mj_worker_create(&threads.tables, threads.loop, "tables", MJ_WORKER_THREAD, &err), 0);
    assert_int_equal(mj_worker_create(&threads.read, threads.loop, "read", MJ_WORKER_THREAD, &err), 0);
    assert_int_equal(cache_up(&threads, 8u << 20), 0);
    app = (struct mj_registry){ .env = &mj_env_real };
    domain.app = &app;
    assert_int_equal(mj_partition_open(&fr, &domain, &o, &err), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    mj_partition_close(fr);
    mj_worker_destroy(threads.read);
    mj_worker_destroy(threads.tables);
    mj_worker_destroy(threads.log);
    cache_down(&threads);
    mj_loop_destroy(threads.loop);
    return scratch_remove(&scratch);
}

static bool are_set(void)
{
    struct mj_row_key key = mj_rules_key(MJ_CEJ);

    return mj_rows_get(mj_partition_rows(fr), &mj_rules_kind, &key) != NULL;
}

static void the_default_rules_are_set_once_there_is_room(void **state)
{
    struct mj_seeding *s;

    (void)state;
    faulty.wal_write_result = SQLITE_FULL;
    disk.write_errno = ENOSPC;
    assert_int_equal(mj_seeding_start(&s, threads.loop, fr, &err), 0);
    for (int i = 0; i < LIMIT_MS && mj_partition_stats(fr)->refused == 0; i++)
        mj_loop_run_for(threads.loop, 1);
    faulty_reset();
    disk_reset();
    for (int i = 0; i < LIMIT_MS && !mj_partition_accepting(fr); i++)
        mj_loop_run_for(threads.loop, 1);
    for (int i = 0; i < LIMIT_MS && !are_set(); i++)
        mj_loop_run_for(threads.loop, 1);
    assert_true(are_set());
    mj_seeding_stop(s);
    mj_partition_close(fr);
    mj_seeding_destroy(s);
    fr = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_default_rules_are_set_once_there_is_room, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
