/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/loop/loop.h"
#include "common/loop/loop_uv.h"

#define LIMIT_MS 10000                           /* far beyond what any test here needs */

struct world {
    struct mj_loop *loop;
    struct mj_defer *defer, *other;
    struct mj_timer *timer;
    unsigned defers, others, ticks, want;
    char trace[64];
};

static int setup(void **state)
{
    static struct world w;
    mj_error err;

    memset(&w, 0, sizeof(w));
    *state = &w;
    return mj_loop_create(&w.loop, &mj_env_real, &err);
}

static int teardown(void **state)
{
    struct world *w = *state;

    mj_defer_destroy(w->defer);
    mj_defer_destroy(w->other);
    mj_timer_destroy(w->timer);
    mj_loop_destroy(w->loop);
    return 0;
}

static void note(struct world *w, const char *what)
{
    strncat(w->trace, what, sizeof(w->trace) - strlen(w->trace) - 1);
}

static void stop(void *arg)
{
    struct world *w = arg;

    mj_loop_stop(w->loop);
}

static void tick(void *arg)
{
    struct world *w = arg;

    note(w, "t");
    if (++w->ticks == w->want)
        mj_loop_stop(w->loop);
}

static void deferred(void *arg)
{
    struct world *w = arg;

    note(w, "d");
    w->defers++;
}

static void chain(void *arg)
{
    struct world *w = arg;

    if (++w->others < w->want)
        mj_defer_schedule(w->other);
    else
        mj_loop_stop(w->loop);
}

static void a_loop_that_is_never_run_is_destroyed_cleanly(void **state)
{
    (void)state;                                 /* setup and teardown are the test */
}

static void a_timer_fires_once_and_a_repeating_one_until_stopped(void **state)
{
    struct world *w = *state;

    w->want = 3;
    assert_int_equal(mj_timer_create(&w->timer, w->loop, tick, w, NULL), 0);
    mj_timer_start(w->timer, 0, 0);
    mj_loop_run_for(w->loop, 30);
    assert_int_equal(w->ticks, 1);
    mj_timer_start(w->timer, 1, 1);
    mj_loop_run_for(w->loop, LIMIT_MS);
    assert_int_equal(w->ticks, 3);
    mj_timer_stop(w->timer);
    mj_loop_run_for(w->loop, 20);
    assert_int_equal(w->ticks, 3);
}

static void restart_in_its_own_callback(void *arg)
{
    struct world *w = arg;

    tick(w);
    mj_timer_start(w->timer, 0, 0);
}

static void a_timer_that_restarts_itself_leaves_turns_to_others(void **state)
{
    struct world *w = *state;

    w->want = 1000000;
    assert_int_equal(mj_timer_create(&w->timer, w->loop, restart_in_its_own_callback, w, NULL), 0);
    mj_timer_start(w->timer, 0, 0);
    mj_loop_run_for(w->loop, 30);                /* would never return */
    assert_in_range(w->ticks, 2, 100);
}

static void schedule_twice(void *arg)
{
    struct world *w = arg;

    note(w, "t");
    mj_defer_schedule(w->defer);
    mj_defer_schedule(w->defer);
}

static void a_defer_runs_once_at_the_end_of_the_turn(void **state)
{
    struct world *w = *state;

    assert_int_equal(mj_defer_create(&w->defer, w->loop, deferred, w, NULL), 0);
    assert_int_equal(mj_timer_create(&w->timer, w->loop, schedule_twice, w, NULL), 0);
    mj_timer_start(w->timer, 1, 0);
    mj_loop_run_for(w->loop, 20);
    assert_string_equal(w->trace, "td");
}

static void a_defer_scheduled_by_a_defer_runs_without_an_event(void **state)
{
    struct world *w = *state;

    w->want = 500;
    assert_int_equal(mj_defer_create(&w->other, w->loop, chain, w, NULL), 0);
    mj_defer_schedule(w->other);
    mj_loop_run(w->loop);                        /* would sleep for ever */
    assert_int_equal(w->others, 500);
}

static void a_defer_that_schedules_itself_lets_timers_run(void **state)
{
    struct world *w = *state;

    w->want = 1u << 31;
    assert_int_equal(mj_defer_create(&w->other, w->loop, chain, w, NULL), 0);
    assert_int_equal(mj_timer_create(&w->timer, w->loop, stop, w, NULL), 0);
    mj_defer_schedule(w->other);
    mj_timer_start(w->timer, 5, 0);
    mj_loop_run(w->loop);
    assert_true(w->others > 1);
}

static void destroy_both(void *arg)
{
    struct world *w = arg;

    w->others++;
    mj_defer_destroy(w->defer);
    mj_defer_destroy(w->other);
    w->defer = w->other = NULL;
}

static void a_defer_destroyed_while_scheduled_does_not_run(void **state)
{
    struct world *w = *state;

    assert_int_equal(mj_defer_create(&w->other, w->loop, destroy_both, w, NULL), 0);
    assert_int_equal(mj_defer_create(&w->defer, w->loop, deferred, w, NULL), 0);
    mj_defer_schedule(w->other);
    mj_defer_schedule(w->defer);
    mj_loop_run_for(w->loop, 0);
    assert_int_equal(w->others, 1);
    assert_int_equal(w->defers, 0);
}

static void run_for_zero_takes_what_is_ready_and_returns(void **state)
{
    struct world *w = *state;

    assert_int_equal(mj_defer_create(&w->defer, w->loop, deferred, w, NULL), 0);
    mj_defer_schedule(w->defer);
    mj_loop_run_for(w->loop, 0);
    assert_int_equal(w->defers, 1);
    mj_loop_run_for(w->loop, 0);
    assert_int_equal(w->defers, 1);
}

static void stop_before_run_is_kept(void **state)
{
    struct world *w = *state;

    mj_loop_stop(w->loop);
    mj_loop_run(w->loop);                        /* would never return */
    mj_loop_stop(w->loop);
    mj_loop_run_for(w->loop, LIMIT_MS);
}

static void run_for_keeps_to_its_time(void **state)
{
    struct world *w = *state;
    uint64_t before = mj_loop_now_ms(w->loop), took;

    mj_loop_run_for(w->loop, 25);
    took = mj_loop_now_ms(w->loop) - before;
    assert_in_range(took, 24, 5000);
    assert_in_range(mj_loop_turns(w->loop), 1, 8);   /* it slept */
}

static void *send_wakes(void *wake)
{
    for (int i = 0; i < 1000; i++)
        mj_wake_send(wake);
    return NULL;
}

static void wakes_of_another_thread_arrive(void **state)
{
    struct world *w = *state;
    struct mj_wake *wake;
    pthread_t thread;

    w->want = 1;
    assert_int_equal(mj_wake_create(&wake, w->loop, tick, w, NULL), 0);
    assert_int_equal(pthread_create(&thread, NULL, send_wakes, wake), 0);
    mj_loop_run_for(w->loop, LIMIT_MS);
    assert_in_range(w->ticks, 1, 1000);
    assert_int_equal(pthread_join(thread, NULL), 0);
    mj_wake_destroy(wake);
}

static void a_signal_calls_its_one_handler(void **state)
{
    struct world *w = *state;
    mj_error err;

    w->want = 1;
    assert_int_equal(mj_loop_on_signal(w->loop, SIGUSR1, tick, w, &err), 0);
    assert_int_equal(mj_loop_on_signal(w->loop, SIGUSR1, tick, w, &err), -1);
    assert_int_equal(err.code, MJ_ALREADY_EXISTS);
    assert_int_equal(mj_loop_on_signal(w->loop, SIGKILL, tick, w, &err), -1);
    assert_int_equal(err.code, MJ_INVALID_ARGUMENT);
    assert_int_equal(raise(SIGUSR1), 0);
    mj_loop_run_for(w->loop, LIMIT_MS);
    assert_int_equal(w->ticks, 1);
}

static void a_broken_pipe_does_not_end_the_process(void **state)
{
    (void)state;
    assert_int_equal(raise(SIGPIPE), 0);
    assert_int_equal(raise(SIGXFSZ), 0);
}

/* Every thread of the process but this one must block SIGTERM: libzmq's among them (Z15). */
static void libzmq_threads_block_all_signals(void **state)
{
    char path[64], line[256];
    unsigned long long blocked;
    unsigned threads = 0, blocking = 0;
    uv_dirent_t entry;
    uv_fs_t scan;

    (void)state;
    assert_true(uv_fs_scandir(NULL, &scan, "/proc/self/task", 0, NULL) > 0);
    while (uv_fs_scandir_next(&scan, &entry) == 0) {
        FILE *f;

        snprintf(path, sizeof(path), "/proc/self/task/%.20s/status", entry.name);
        f = fopen(path, "r");
        assert_non_null(f);
        while (fgets(line, sizeof(line), f) != NULL)
            if (sscanf(line, "SigBlk: %llx", &blocked) == 1) {
                threads++;
                blocking += (blocked >> (SIGTERM - 1)) & 1;
            }
        fclose(f);
    }
    uv_fs_req_cleanup(&scan);
    assert_in_range(threads, 3, 1000);           /* ours, libzmq's reaper and its I/O thread */
    assert_int_equal(blocking, threads - 1);
}

static void two_loops_live_in_one_process(void **state)
{
    struct world *w = *state, v = { .want = 1 };

    w->want = 1;
    assert_int_equal(mj_loop_create(&v.loop, &mj_env_real, NULL), 0);
    assert_int_equal(mj_timer_create(&v.timer, v.loop, tick, &v, NULL), 0);
    assert_int_equal(mj_timer_create(&w->timer, w->loop, tick, w, NULL), 0);
    mj_timer_start(v.timer, 1, 0);
    mj_timer_start(w->timer, 1, 0);
    mj_loop_run(v.loop);
    assert_int_equal(w->ticks, 0);
    mj_loop_run(w->loop);
    assert_int_equal(w->ticks, 1);
    mj_timer_destroy(v.timer);
    mj_loop_destroy(v.loop);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_loop_that_is_never_run_is_destroyed_cleanly),
        TEST(a_timer_fires_once_and_a_repeating_one_until_stopped),
        TEST(a_timer_that_restarts_itself_leaves_turns_to_others),
        TEST(a_defer_runs_once_at_the_end_of_the_turn),
        TEST(a_defer_scheduled_by_a_defer_runs_without_an_event),
        TEST(a_defer_that_schedules_itself_lets_timers_run),
        TEST(a_defer_destroyed_while_scheduled_does_not_run),
        TEST(run_for_zero_takes_what_is_ready_and_returns),
        TEST(stop_before_run_is_kept),
        TEST(run_for_keeps_to_its_time),
        TEST(wakes_of_another_thread_arrive),
        TEST(a_signal_calls_its_one_handler),
        TEST(a_broken_pipe_does_not_end_the_process),
        TEST(libzmq_threads_block_all_signals),
        TEST(two_loops_live_in_one_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
