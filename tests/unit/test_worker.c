/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "common/loop/worker.h"

#define JOBS 5000

struct task {
    struct mj_job job;
    struct world *world;
    unsigned number;
    pthread_t ran_on;
};

struct world {
    struct mj_loop *loop;
    struct mj_worker *worker;
    struct task tasks[JOBS];
    unsigned ran, done, again, want;
    bool signals_blocked;
    size_t stack;
};

static struct world w;

static void run(struct mj_job *job)
{
    struct task *t = (struct task *)job;

    t->ran_on = pthread_self();
    t->world->ran++;                             /* one worker: jobs never overlap */
}

static void done(struct mj_job *job)
{
    struct task *t = (struct task *)job;

    assert_int_equal(t->number, t->world->done);
    if (++t->world->done == t->world->want)
        mj_loop_stop(t->world->loop);
}

static void done_submits_again(struct mj_job *job)
{
    struct task *t = (struct task *)job;

    t->world->done++;
    if (t->world->again-- > 0)
        mj_worker_submit(t->world->worker, job);
    else
        mj_loop_stop(t->world->loop);
}

static void submit(unsigned count, void (*fn)(struct mj_job *))
{
    for (unsigned i = 0; i < count; i++) {
        w.tasks[i] = (struct task){ .job = { .run = run, .done = fn }, .world = &w, .number = i };
        mj_worker_submit(w.worker, &w.tasks[i].job);
    }
}

static int setup(void **state)
{
    (void)state;
    memset(&w, 0, sizeof(w));
    return mj_loop_create(&w.loop, &mj_env_real, NULL);
}

static int teardown(void **state)
{
    (void)state;
    mj_worker_destroy(w.worker);
    mj_loop_destroy(w.loop);
    return 0;
}

static void jobs_run_on_the_thread_and_end_in_order_on_the_loop(void **state)
{
    (void)state;
    w.want = JOBS;
    assert_int_equal(mj_worker_create(&w.worker, w.loop, "test", MJ_WORKER_THREAD, NULL), 0);
    submit(JOBS, done);
    mj_loop_run_for(w.loop, 20000);
    assert_int_equal(w.done, JOBS);
    assert_false(pthread_equal(w.tasks[0].ran_on, pthread_self()));
}

static void destroy_runs_and_ends_everything(void **state)
{
    (void)state;
    assert_int_equal(mj_worker_create(&w.worker, w.loop, "test", MJ_WORKER_THREAD, NULL), 0);
    submit(JOBS, done);
    mj_worker_destroy(w.worker);                 /* the loop never turned */
    w.worker = NULL;
    assert_int_equal(w.ran, JOBS);
    assert_int_equal(w.done, JOBS);
}

static void destroy_runs_what_a_done_submits(void **state)
{
    enum mj_worker_mode modes[] = { MJ_WORKER_THREAD, MJ_WORKER_INLINE };

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        w.again = 3;
        w.done = 0;
        assert_int_equal(mj_worker_create(&w.worker, w.loop, "test", modes[i], NULL), 0);
        submit(1, done_submits_again);
        mj_worker_destroy(w.worker);
        w.worker = NULL;
        assert_int_equal(w.done, 4);
        mj_loop_run_for(w.loop, 0);              /* takes the stop of the last done */
    }
}

static void a_done_may_submit_its_job_again(void **state)
{
    (void)state;
    w.again = 100;
    assert_int_equal(mj_worker_create(&w.worker, w.loop, "test", MJ_WORKER_THREAD, NULL), 0);
    submit(1, done_submits_again);
    mj_loop_run_for(w.loop, 20000);
    assert_int_equal(w.done, 101);
}

static void an_inline_worker_runs_at_once_and_ends_with_the_turn(void **state)
{
    (void)state;
    w.want = 10;
    assert_int_equal(mj_worker_create(&w.worker, w.loop, "test", MJ_WORKER_INLINE, NULL), 0);
    submit(10, done);
    assert_int_equal(w.ran, 10);
    assert_int_equal(w.done, 0);
    assert_true(pthread_equal(w.tasks[0].ran_on, pthread_self()));
    mj_loop_run_for(w.loop, 0);
    assert_int_equal(w.done, 10);
}

static void look_at_thread(struct mj_job *job)
{
    pthread_attr_t attr;
    sigset_t mask;

    (void)job;
    if (pthread_sigmask(SIG_SETMASK, NULL, &mask) == 0)
        w.signals_blocked = sigismember(&mask, SIGTERM) && sigismember(&mask, SIGINT);
    if (pthread_getattr_np(pthread_self(), &attr) == 0) {
        (void)pthread_attr_getstacksize(&attr, &w.stack);
        (void)pthread_attr_destroy(&attr);
    }
}

static void nothing(struct mj_job *job)
{
    (void)job;
}

static void the_thread_blocks_signals_and_has_a_mebibyte_of_stack(void **state)
{
    struct mj_job job = { .run = look_at_thread, .done = nothing };

    (void)state;
    assert_int_equal(mj_worker_create(&w.worker, w.loop, "a name longer than Linux takes", MJ_WORKER_THREAD, NULL), 0);
    mj_worker_submit(w.worker, &job);
    mj_worker_destroy(w.worker);
    w.worker = NULL;
    assert_true(w.signals_blocked);
    assert_in_range(w.stack, 1 << 20, 1 << 21);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(jobs_run_on_the_thread_and_end_in_order_on_the_loop),
        TEST(destroy_runs_and_ends_everything),
        TEST(destroy_runs_what_a_done_submits),
        TEST(a_done_may_submit_its_job_again),
        TEST(an_inline_worker_runs_at_once_and_ends_with_the_turn),
        TEST(the_thread_blocks_signals_and_has_a_mebibyte_of_stack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
