/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <time.h>

#include "common/base/crypto.h"
#include "common/seams/env.h"

static void the_wall_clock_is_utc_milliseconds(void **state)
{
    (void)state;
    int64_t before = (int64_t)time(NULL) * 1000;
    int64_t now = mj_wall_ms(&mj_env_real);
    assert_in_range(now - before + 10, 0, 60000);          /* time() may lag a few ms */
}

static void the_monotonic_clock_never_goes_back(void **state)
{
    (void)state;
    uint64_t last = mj_mono_ns(&mj_env_real);
    for (int i = 0; i < 10000; i++) {
        uint64_t now = mj_mono_ns(&mj_env_real);
        assert_true(now >= last);
        last = now;
    }
    assert_in_range(mj_mono_ms(&mj_env_real) - last / 1000000, 0, 60000);
}

static void random_bytes_differ(void **state)
{
    (void)state;
    uint8_t a[16] = { 0 }, b[16] = { 0 }, none[16] = { 0 };
    mj_random(&mj_env_real, a, sizeof a);
    mj_random(&mj_env_real, b, sizeof b);
    assert_memory_not_equal(a, b, sizeof a);
    assert_memory_not_equal(a, none, sizeof a);
}

static int64_t fixed_wall(void *ctx)
{
    return *(int64_t *)ctx;
}

static void a_test_hands_in_its_own_clock(void **state)
{
    (void)state;
    int64_t at = 1764000000000;
    struct mj_env env = { .wall_ms = fixed_wall, .ctx = &at };
    assert_int_equal(mj_wall_ms(&env), at);
}

static int start(void **state)
{
    (void)state;
    return mj_crypto_init(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_wall_clock_is_utc_milliseconds),
        cmocka_unit_test(the_monotonic_clock_never_goes_back),
        cmocka_unit_test(random_bytes_differ),
        cmocka_unit_test(a_test_hands_in_its_own_clock),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
