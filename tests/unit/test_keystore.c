/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "common/base/buf.h"
#include "common/seams/failpoint.h"
#include "common/store/keystore.h"
#include "support/faulty_vfs.h"
#include "support/scratch.h"

#ifdef MJ_FAULT
static const char *failing = "";
int mj_failpoint(const char *name) { return strcmp(name, failing) == 0; }
#endif

struct fixture {
    struct scratch dir;
    const char *url;
    struct mj_keystore *keys;
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
    f->url = scratch_url(&f->dir, "sqlite", "keys.db");
    return mj_keystore_open(&f->keys, f->url, false, &err);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    faulty_reset();
    mj_keystore_close(f->keys);
    int rc = scratch_remove(&f->dir);
    free(f);
    return rc;
}

static struct mj_named_key key_of(const char *name, int byte)
{
    struct mj_named_key k;
    memset(&k, 0, sizeof k);
    snprintf(k.name, sizeof k.name, "%s", name);
    memset(k.key, byte, MJ_KEY);
    return k;
}

static void put(struct fixture *f, const char *name, int byte)
{
    struct mj_named_key k = key_of(name, byte);
    mj_error err;
    assert_int_equal(mj_keystore_put(f->keys, &k, 1, &err), 0);
}

/* The byte the key is made of; -1 where there is none. */
static int get(struct fixture *f, const char *name)
{
    uint8_t key[MJ_KEY];
    bool found;
    mj_error err;
    assert_int_equal(mj_keystore_get(f->keys, name, key, &found, &err), 0);
    return found ? key[MJ_KEY - 1] : -1;
}

static void a_key_put_is_found_at_the_next_open(void **state)
{
    struct fixture *f = *state;
    mj_error err;
    put(f, "name/1", 7);
    mj_keystore_close(f->keys);
    assert_int_equal(mj_keystore_open(&f->keys, f->url, true, &err), 0);
    assert_int_equal(get(f, "name/1"), 7);
    assert_int_equal(get(f, "name/2"), -1);
}

static void a_name_keeps_its_first_key(void **state)
{
    put(*state, "person/a", 1);
    put(*state, "person/a", 2);
    assert_int_equal(get(*state, "person/a"), 1);
}

static void a_put_is_synced_before_it_returns(void **state)
{
    struct fixture *f = *state;
    struct mj_named_key both[] = { key_of("person/a", 1), key_of("person/b", 2) };
    unsigned before = faulty.wal_syncs;
    mj_error err;
    assert_int_equal(mj_keystore_put(f->keys, both, 2, &err), 0);
    assert_int_equal(faulty.wal_syncs, before + 1);
    assert_int_equal(get(f, "person/b"), 2);
}

static void name_keys_are_ordered_by_number_among_others(void **state)
{
    struct fixture *f = *state;
    uint8_t key[MJ_KEY];
    unsigned number = 99;
    mj_error err;
    assert_int_equal(mj_keystore_last(f->keys, &number, key, &err), 0);
    assert_int_equal(number, 0);
    put(f, "person/zzzzzzzzzzzz", 1);
    put(f, "name/9", 9);
    put(f, "name/10", 10);
    put(f, "name/2", 2);
    assert_int_equal(mj_keystore_last(f->keys, &number, key, &err), 0);
    assert_int_equal(number, 10);
    assert_int_equal(key[0], 10);
}

static void a_missing_file_is_told_apart_where_it_must_exist(void **state)
{
    struct fixture *f = *state;
    struct scratch other = f->dir;
    struct mj_keystore *k = NULL;
    mj_error err;
    assert_int_equal(mj_keystore_open(&k, scratch_url(&other, "sqlite", "none.db"), true, &err), -1);
    assert_int_equal(err.code, MJ_FAILED_PRECONDITION);
    assert_string_equal(err.reason, "KEYS_MISSING");
    assert_int_equal(scratch_size(&f->dir, "none.db"), -1);
    assert_null(k);
}

static void an_empty_file_is_as_good_as_none(void **state)
{
    struct fixture *f = *state;
    struct scratch other = f->dir;
    struct mj_keystore *k = NULL;
    mj_error err;
    char path[128];
    snprintf(path, sizeof path, "%s/empty.db", f->dir.path);
    close(open(path, O_WRONLY | O_CREAT, 0600));
    assert_int_equal(mj_keystore_open(&k, scratch_url(&other, "sqlite", "empty.db"), true, &err), -1);
    assert_string_equal(err.reason, "KEYS_MISSING");
}

static bool file_holds(struct fixture *f, const char *name, int byte)
{
    char path[128];
    uint8_t key[MJ_KEY];
    struct mj_buf all = MJ_BUF_INIT;
    memset(key, byte, MJ_KEY);
    snprintf(path, sizeof path, "%s/%s", f->dir.path, name);
    FILE *file = fopen(path, "rb");
    for (int c; file != NULL && (c = fgetc(file)) != EOF;) {
        uint8_t one = (uint8_t)c;
        mj_buf_put(&all, &one, 1);
    }
    if (file != NULL) {
        fclose(file);
    }
    bool holds = all.len > 0 && memmem(all.data, all.len, key, MJ_KEY) != NULL;
    mj_buf_free(&all);
    return holds;
}

static void a_deleted_key_leaves_the_files(void **state)
{
    struct fixture *f = *state;
    mj_error err;
    put(f, "person/a", 0xa7);
    put(f, "person/b", 0xb8);
    assert_true(file_holds(f, "keys.db-wal", 0xa7));
    assert_int_equal(mj_keystore_delete(f->keys, "person/a", &err), 0);
    assert_int_equal(get(f, "person/a"), -1);
    assert_false(file_holds(f, "keys.db", 0xa7));
    assert_false(file_holds(f, "keys.db-wal", 0xa7));
    assert_true(file_holds(f, "keys.db", 0xb8));
    assert_int_equal(mj_keystore_delete(f->keys, "person/a", &err), 0);
}

static void a_full_disk_stores_none_of_the_keys(void **state)
{
    struct fixture *f = *state;
    struct mj_named_key both[] = { key_of("person/a", 1), key_of("person/b", 2) };
    mj_error err;
    faulty.wal_write_result = SQLITE_FULL;
    assert_int_equal(mj_keystore_put(f->keys, both, 2, &err), -1);
    assert_int_equal(err.code, MJ_RESOURCE_EXHAUSTED);
    faulty.wal_write_result = SQLITE_OK;
    assert_int_equal(get(f, "person/a"), -1);
    assert_int_equal(mj_keystore_put(f->keys, both, 2, &err), 0);
}

static void a_failed_sync_leaves_the_outcome_unknown(void **state)
{
    struct fixture *f = *state;
    struct mj_named_key k = key_of("person/a", 1);
    mj_error err;
    faulty.sync_result = SQLITE_IOERR_FSYNC;
    assert_int_equal(mj_keystore_put(f->keys, &k, 1, &err), -1);
    assert_int_equal(err.code, MJ_UNKNOWN);
}

#ifdef MJ_FAULT
static void the_fail_point_after_put_is_unknown_and_the_key_is_there(void **state)
{
    struct fixture *f = *state;
    struct mj_named_key k = key_of("person/a", 1);
    mj_error err;
    failing = "keys.after_put";
    assert_int_equal(mj_keystore_put(f->keys, &k, 1, &err), -1);
    assert_int_equal(err.code, MJ_UNKNOWN);
    failing = "";
    assert_int_equal(get(f, "person/a"), 1);
}
#endif

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_key_put_is_found_at_the_next_open),
        CASE(a_name_keeps_its_first_key),
        CASE(a_put_is_synced_before_it_returns),
        CASE(name_keys_are_ordered_by_number_among_others),
        CASE(a_missing_file_is_told_apart_where_it_must_exist),
        CASE(an_empty_file_is_as_good_as_none),
        CASE(a_deleted_key_leaves_the_files),
        CASE(a_full_disk_stores_none_of_the_keys),
        CASE(a_failed_sync_leaves_the_outcome_unknown),
#ifdef MJ_FAULT
        CASE(the_fail_point_after_put_is_unknown_and_the_key_is_there),
#endif
    };
    if (faulty_install() != SQLITE_OK) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
