/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

/* Compiled with its own copy of the fail points, so that they are tested in every preset. */
#ifndef MJ_FAULT
#define MJ_FAULT
#endif
#include "common/seams/failpoint.c"

#include <sys/wait.h>

/* Settings are read once a process: each case runs in a child, whose wait status comes back. */
static int in_child(const char *settings, int (*body)(void))
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (!freopen("/dev/null", "w", stderr) || setenv("MJ_FAILPOINTS", settings, 1) != 0)
            _exit(99);
        _exit(body());
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static int bits_of_six_passes(void)
{
    int bits = 0;
    for (int i = 0; i < 6; i++)
        bits |= MJ_FAILPOINT("log.append") << i;
    return bits;
}

static int exit_of(const char *settings)
{
    int status = in_child(settings, bits_of_six_passes);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void an_action_happens_at_its_pass(void **state)
{
    (void)state;
    assert_int_equal(exit_of(""), 0);
    assert_int_equal(exit_of("log.append=error"), 1);
    assert_int_equal(exit_of("log.append=error@3"), 4);
    assert_int_equal(exit_of("log.append=error@3*"), 0x3C);
    assert_int_equal(exit_of("log.append=error@2;log.append=error@5"), 0x12);
    assert_int_equal(exit_of("log.other=error@1*"), 0);
    assert_int_equal(exit_of("log.append=yield@1*;log.append=delay(0)"), 0);
}

static void kill_ends_the_process_at_once(void **state)
{
    (void)state;
    int status = in_child("log.append=kill@4", bits_of_six_passes);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
}

static int waits_20_ms(void)
{
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    int failed = MJ_FAILPOINT("log.append");
    clock_gettime(CLOCK_MONOTONIC, &b);
    return failed || (b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000 < 20;
}

static void stop_and_delay_make_the_thread_wait(void **state)
{
    (void)state;
    assert_int_equal(in_child("log.append=stop(20)", waits_20_ms), 0);
    assert_int_equal(in_child("log.append=delay(20)@1", waits_20_ms), 0);
}

static void unknown_settings_end_the_process(void **state)
{
    (void)state;
    static const char *const bad[] = { "log.append", "=kill", "x=explode", "x=stop", "x=stop()", "x=stop(5",
                                       "x=error@0",
                                       "x=error@", "x=error@2**", "x=error@2 ", "x=kill@-1",
                                       "x=delay(99999999999999999999)" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int status = in_child(bad[i], bits_of_six_passes);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGABRT);
    }
}

static atomic_int failures;
static void *pass_often(void *arg)
{
    for (int i = 0; i < 1000; i++)
        atomic_fetch_add(&failures, MJ_FAILPOINT("log.append"));
    return arg;
}

static int one_of_four_threads_fails_once(void)
{
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        if (pthread_create(&threads[i], NULL, pass_often, NULL) != 0)
            return 99;
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    return atomic_load(&failures);
}

static void passes_are_counted_over_threads(void **state)
{
    (void)state;
    int status = in_child("log.append=error@2500", one_of_four_threads_fails_once);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_action_happens_at_its_pass),
        cmocka_unit_test(kill_ends_the_process_at_once),
        cmocka_unit_test(stop_and_delay_make_the_thread_wait),
        cmocka_unit_test(unknown_settings_end_the_process),
        cmocka_unit_test(passes_are_counted_over_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
