/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "common/wire/follow_kept.h"

/* Commits of three entries from position 10 on; number i has the hash i i i ... */
static struct mj_commit commit(unsigned i)
{
    static uint8_t blocks[16][100];
    struct mj_commit c = { .first = 10 + 3 * i, .count = 3, .block = blocks[i], .block_len = 40 + i };
    memset(c.hash, (int)i, sizeof c.hash);
    memset(blocks[i], (int)(100 + i), sizeof blocks[i]);
    return c;
}

static const struct mj_kept_commit *find(const struct mj_kept *k, uint64_t from, unsigned hash)
{
    uint8_t before[MJ_HASH];
    memset(before, (int)hash, sizeof before);
    return mj_kept_find(k, from, before);
}

static int setup(void **state)
{
    static struct mj_kept kept;
    uint8_t head[MJ_HASH];
    memset(head, 0xee, sizeof head);
    mj_kept_begin(&kept, head);
    for (unsigned i = 0; i < 5; i++) {
        struct mj_commit c = commit(i);
        mj_kept_add(&kept, &c);
        memset((uint8_t *)(uintptr_t)c.block, 0, c.block_len);           /* it is the caller's again */
    }
    *state = &kept;
    return 0;
}

static int teardown(void **state)
{
    struct mj_kept *k = *state;
    while (k->oldest)
        mj_kept_drop(k);
    return 0;
}

static void a_commit_is_found_by_its_position_and_the_hash_before_it(void **state)
{
    const struct mj_kept_commit *c = find(*state, 10, 0xee);
    for (unsigned i = 0; i < 5; i++, c = c->newer) {
        struct mj_commit expected = commit(i);
        assert_ptr_equal(c, find(*state, 10 + 3 * i, i == 0 ? 0xee : i - 1));
        assert_int_equal(c->commit.count, 3);
        assert_int_equal(c->commit.block_len, expected.block_len);
        assert_memory_equal(c->commit.block, expected.block, expected.block_len);
        assert_memory_equal(c->commit.hash, expected.hash, MJ_HASH);
    }
    assert_null(c);
}

static void another_hash_or_a_position_within_a_commit_or_outside_is_not_found(void **state)
{
    assert_null(find(*state, 10, 0));
    assert_null(find(*state, 16, 2));
    assert_null(find(*state, 11, 0xee));
    assert_null(find(*state, 7, 0xee));
    assert_null(find(*state, 25, 4));
}

static void what_was_dropped_is_not_found_and_the_rest_is(void **state)
{
    struct mj_kept *k = *state;
    size_t before = k->bytes;
    mj_kept_drop(k);
    mj_kept_drop(k);
    assert_in_range(k->bytes, before / 2, before - 80);
    assert_null(find(k, 13, 0));
    assert_non_null(find(k, 16, 1));
    for (int i = 0; i < 4; i++)
        mj_kept_drop(k);
    assert_int_equal(k->bytes, 0);
    assert_null(find(k, 22, 3));
    struct mj_commit next = commit(5);
    mj_kept_add(k, &next);
    assert_non_null(find(k, 25, 4));
}

static void after_a_commit_that_was_passed_by_only_later_ones_are_found(void **state)
{
    struct mj_kept *k = *state;
    struct mj_commit passed = commit(5), next = commit(6);
    mj_kept_pass(k, &passed);
    assert_int_equal(k->bytes, 0);
    mj_kept_add(k, &next);
    assert_null(find(k, 22, 3));
    assert_null(find(k, 25, 4));
    assert_null(find(k, 28, 4));
    assert_non_null(find(k, 28, 5));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_commit_is_found_by_its_position_and_the_hash_before_it),
        CASE(another_hash_or_a_position_within_a_commit_or_outside_is_not_found),
        CASE(what_was_dropped_is_not_found_and_the_rest_is),
        CASE(after_a_commit_that_was_passed_by_only_later_ones_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
