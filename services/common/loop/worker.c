/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* worker: two lists under one mutex, jobs to run and jobs that ran. The thread wakes the loop after each job; wakes
 * coalesce, so the loop takes the whole list (V4). */
#include "common/loop/worker.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/loop/loop_uv.h"

#define STACK_BYTES (1024u * 1024u)
#define NAME_MAX_LINUX 16                        /* of a thread, NUL included */

struct jobs {                                    /* a queue of jobs */
    struct mj_job *first, **last;
};

struct mj_worker {
    enum mj_worker_mode mode;
    struct jobs todo, ran;                       /* both under lock */
    bool running, stop;                          /* likewise */
    bool delivering;                             /* loop thread only */
    pthread_mutex_t lock;
    pthread_cond_t work;                         /* todo or stop changed */
    pthread_cond_t quiet;                        /* nothing to do and nothing running */
    pthread_t thread;
    struct mj_wake *wake;                        /* THREAD */
    struct mj_defer *defer;                      /* INLINE */
    char name[NAME_MAX_LINUX];
};

static void check(int rc, const char *what)
{
    if (rc != 0)
        mj_loop_die(what, strerror(rc));
}

static void jobs_init(struct jobs *q)
{
    q->first = NULL;
    q->last = &q->first;
}

static void jobs_put(struct jobs *q, struct mj_job *job)
{
    job->next = NULL;
    *q->last = job;
    q->last = &job->next;
}

static struct mj_job *jobs_take(struct jobs *q)
{
    struct mj_job *job = q->first;

    q->first = job->next;
    if (q->first == NULL)
        q->last = &q->first;
    return job;
}

/* ---- the worker's thread ---- */

/* The loop is woken without the lock, which it asks for at once. */
static void run_one(struct mj_worker *w)
{
    struct mj_job *job = jobs_take(&w->todo);

    w->running = true;
    check(pthread_mutex_unlock(&w->lock), "pthread_mutex_unlock");
    job->run(job);
    check(pthread_mutex_lock(&w->lock), "pthread_mutex_lock");
    w->running = false;
    jobs_put(&w->ran, job);
    if (w->todo.first == NULL)
        check(pthread_cond_signal(&w->quiet), "pthread_cond_signal");
    check(pthread_mutex_unlock(&w->lock), "pthread_mutex_unlock");
    mj_wake_send(w->wake);
    check(pthread_mutex_lock(&w->lock), "pthread_mutex_lock");
}

static void *work(void *arg)
{
    struct mj_worker *w = arg;

    check(pthread_mutex_lock(&w->lock), "pthread_mutex_lock");
    while (w->todo.first != NULL || !w->stop) {
        if (w->todo.first != NULL)
            run_one(w);
        else
            check(pthread_cond_wait(&w->work, &w->lock), "pthread_cond_wait");
    }
    check(pthread_mutex_unlock(&w->lock), "pthread_mutex_unlock");
    return NULL;
}

/* ---- the loop's thread ---- */

/* Calls done for all that ran; returns whether there were any. */
static bool deliver(struct mj_worker *w)
{
    struct mj_job *job, *next;

    check(pthread_mutex_lock(&w->lock), "pthread_mutex_lock");
    job = w->ran.first;
    jobs_init(&w->ran);
    check(pthread_mutex_unlock(&w->lock), "pthread_mutex_unlock");
    if (job == NULL)
        return false;
    w->delivering = true;
    for (; job != NULL; job = next) {
        next = job->next;
        job->done(job);                          /* may free it, or submit it again */
    }
    w->delivering = false;
    return true;
}

static void on_ran(void *arg)
{
    deliver(arg);
}

static int start_thread(struct mj_worker *w)
{
    pthread_attr_t attr;
    sigset_t all, before;
    int rc;

    check(pthread_attr_init(&attr), "pthread_attr_init");
    check(pthread_attr_setstacksize(&attr, STACK_BYTES), "pthread_attr_setstacksize");
    sigfillset(&all);
    check(pthread_sigmask(SIG_SETMASK, &all, &before), "pthread_sigmask");
    rc = pthread_create(&w->thread, &attr, work, w);
    check(pthread_sigmask(SIG_SETMASK, &before, NULL), "pthread_sigmask");
    check(pthread_attr_destroy(&attr), "pthread_attr_destroy");
    if (rc == 0)
        check(pthread_setname_np(w->thread, w->name), "pthread_setname_np");
    return rc;
}

static void free_worker(struct mj_worker *w)
{
    mj_wake_destroy(w->wake);
    mj_defer_destroy(w->defer);
    check(pthread_cond_destroy(&w->quiet), "pthread_cond_destroy");
    check(pthread_cond_destroy(&w->work), "pthread_cond_destroy");
    check(pthread_mutex_destroy(&w->lock), "pthread_mutex_destroy");
    free(w);
}

int mj_worker_create(struct mj_worker **ret, struct mj_loop *l, const char *name, enum mj_worker_mode mode,
                     mj_error *err)
{
    struct mj_worker *w = mj_calloc(1, sizeof(*w));
    int rc;

    w->mode = mode;
    snprintf(w->name, sizeof(w->name), "%s", name);
    jobs_init(&w->todo);
    jobs_init(&w->ran);
    check(pthread_mutex_init(&w->lock, NULL), "pthread_mutex_init");
    check(pthread_cond_init(&w->work, NULL), "pthread_cond_init");
    check(pthread_cond_init(&w->quiet, NULL), "pthread_cond_init");
    rc = mode == MJ_WORKER_INLINE ? mj_defer_create(&w->defer, l, on_ran, w, err)
                                  : mj_wake_create(&w->wake, l, on_ran, w, err);
    if (rc < 0) {
        free_worker(w);
        return -1;
    }
    rc = mode == MJ_WORKER_THREAD ? start_thread(w) : 0;
    if (rc != 0) {
        free_worker(w);
        return mj_fail(err, MJ_RESOURCE_EXHAUSTED, "THREAD", NULL, "thread %s did not start: %s; raise the limit on "
                       "threads", name, strerror(rc));
    }
    *ret = w;
    return 0;
}

void mj_worker_submit(struct mj_worker *w, struct mj_job *job)
{
    if (w->mode == MJ_WORKER_INLINE) {
        job->run(job);
        jobs_put(&w->ran, job);
        mj_defer_schedule(w->defer);
        return;
    }
    check(pthread_mutex_lock(&w->lock), "pthread_mutex_lock");
    jobs_put(&w->todo, job);
    check(pthread_mutex_unlock(&w->lock), "pthread_mutex_unlock");
    check(pthread_cond_signal(&w->work), "pthread_cond_signal");         /* it finds the lock free */
}

static void wait_until_quiet(struct mj_worker *w)
{
    check(pthread_mutex_lock(&w->lock), "pthread_mutex_lock");
    while (w->todo.first != NULL || w->running)
        check(pthread_cond_wait(&w->quiet, &w->lock), "pthread_cond_wait");
    check(pthread_mutex_unlock(&w->lock), "pthread_mutex_unlock");
}

void mj_worker_destroy(struct mj_worker *w)
{
    if (w == NULL)
        return;
    if (w->delivering)
        mj_loop_die("mj_worker_destroy", "called inside a done of the same worker");
    do
        wait_until_quiet(w);
    while (deliver(w));                          /* a done may have submitted more */
    if (w->mode == MJ_WORKER_THREAD) {
        check(pthread_mutex_lock(&w->lock), "pthread_mutex_lock");
        w->stop = true;
        check(pthread_cond_signal(&w->work), "pthread_cond_signal");
        check(pthread_mutex_unlock(&w->lock), "pthread_mutex_unlock");
        check(pthread_join(w->thread, NULL), "pthread_join");
    }
    free_worker(w);
}
