/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* loop: the turn. In libuv's order: timers; end of turn (defers, then each source is asked whether it still holds
 * work); sleep and descriptors; drain of the sources; closed handles. So what a drained message schedules runs
 * before the next sleep, and nothing sleeps while a ZeroMQ socket holds a message. */
#include "common/loop/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

#include "common/base/buf.h"
#include "common/loop/loop_uv.h"

#define ZMQ_LEAST ZMQ_MAKE_VERSION(4, 3, 4)

struct mj_defer {
    struct mj_loop *loop;
    mj_loop_fn *fn;
    void *arg;
    uint64_t turn;                               /* the turn in which it was scheduled */
    bool scheduled;
    TAILQ_ENTRY(mj_defer) link;
};

struct mj_signal {
    uv_signal_t uv;
    int signum;
    mj_loop_fn *fn;
    void *arg;
    LIST_ENTRY(mj_signal) link;
};

_Noreturn void mj_loop_die(const char *what, const char *why)
{
    fprintf(stderr, "fatal: %s: %s\n", what, why);
    abort();
}

static void must(int rc, const char *what)
{
    if (rc != 0)
        mj_loop_die(what, uv_strerror(rc));
}

/* ---- the turn ---- */

/* Runs what was scheduled up to now. What a defer schedules waits for the next turn: the loop then stays awake, and
 * messages and timers get theirs in between. */
static void run_defers(struct mj_loop *l)
{
    struct mj_defer *d;

    l->turn++;
    while ((d = TAILQ_FIRST(&l->due)) != NULL && d->turn != l->turn) {
        TAILQ_REMOVE(&l->due, d, link);
        d->scheduled = false;
        d->fn(d->arg);                           /* may destroy d */
    }
}

static void stay_awake(uv_idle_t *idle)
{
    (void)idle;
}

static void on_turn_end(uv_prepare_t *prepare)
{
    struct mj_loop *l = prepare->data;
    struct mj_source *s;
    bool busy;

    run_defers(l);
    busy = !TAILQ_EMPTY(&l->due);
    /* Every source is asked, even when one is busy already: asking is what re-arms a ZeroMQ descriptor (U2). */
    LIST_FOREACH(s, &l->sources, link)
        busy |= s->pending(s);
    if (busy)
        must(uv_idle_start(&l->idle, stay_awake), "uv_idle_start");
    else
        must(uv_idle_stop(&l->idle), "uv_idle_stop");
}

static void on_wake_up(uv_check_t *check)
{
    struct mj_loop *l = check->data;
    struct mj_source *s;

    /* A drained message may add sources (at the head: seen next turn); none is unlinked here (loop_uv.h). */
    LIST_FOREACH(s, &l->sources, link)
        s->drain(s);
}

void mj_loop_add_source(struct mj_loop *l, struct mj_source *s)
{
    LIST_INSERT_HEAD(&l->sources, s, link);
}

void mj_loop_remove_source(struct mj_source *s)
{
    LIST_REMOVE(s, link);
}

uint64_t mj_loop_turns(const struct mj_loop *l)
{
    return l->turn;
}

/* ---- create ---- */

static void ignore_unless_handled(int signum)
{
    struct sigaction now;

    /* An application around libmj may have its own handler: that one stays. */
    if (sigaction(signum, NULL, &now) == 0 && !(now.sa_flags & SA_SIGINFO) && now.sa_handler == SIG_DFL)
        (void)signal(signum, SIG_IGN);
}

static int check_zmq(mj_error *err)
{
    int major, minor, patch;

    zmq_version(&major, &minor, &patch);
    if (ZMQ_MAKE_VERSION(major, minor, patch) < ZMQ_LEAST)
        return mj_fail(err, MJ_FAILED_PRECONDITION, "ZMQ_VERSION", NULL,
                       "expected libzmq 4.3.4 or later, got %d.%d.%d; install the distribution's package", major, minor,
                       patch);
    if (zmq_has("curve") != 1)
        return mj_fail(err, MJ_FAILED_PRECONDITION, "ZMQ_CURVE", NULL,
                       "expected a libzmq built with CURVE, got one without; install the distribution's package");
    return 0;
}

/* libzmq starts its threads with the first socket, not with the context: one is opened and closed here, while all
 * signals are blocked, so that no signal ever lands on them (Z15). */
static void *start_zmq(void)
{
    sigset_t all, before;
    void *ctx, *first = NULL;

    sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
        return NULL;
    ctx = zmq_ctx_new();
    if (ctx != NULL)
        first = zmq_socket(ctx, ZMQ_PAIR);
    if (first != NULL)
        zmq_close(first);
    else if (ctx != NULL) {
        zmq_ctx_term(ctx);
        ctx = NULL;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return ctx;
}

static void start_handles(struct mj_loop *l)
{
    must(uv_prepare_init(&l->uv, &l->prepare), "uv_prepare_init");
    must(uv_check_init(&l->uv, &l->check), "uv_check_init");
    must(uv_idle_init(&l->uv, &l->idle), "uv_idle_init");
    must(uv_timer_init(&l->uv, &l->limit), "uv_timer_init");
    l->prepare.data = l->check.data = l;
    must(uv_prepare_start(&l->prepare, on_turn_end), "uv_prepare_start");
    must(uv_check_start(&l->check, on_wake_up), "uv_check_start");
}

int mj_loop_create(struct mj_loop **ret, const struct mj_env *env, mj_error *err)
{
    struct mj_loop *l;
    int rc;

    if (check_zmq(err) < 0)
        return -1;
    ignore_unless_handled(SIGPIPE);
    ignore_unless_handled(SIGXFSZ);
    l = mj_calloc(1, sizeof(*l));
    l->env = env;
    TAILQ_INIT(&l->due);
    LIST_INIT(&l->sources);
    LIST_INIT(&l->signals);
    rc = uv_loop_init(&l->uv);
    if (rc != 0) {
        free(l);
        return mj_fail(err, MJ_RESOURCE_EXHAUSTED, "LOOP", NULL, "the event loop did not start: %s; raise the limit "
                       "on open files", uv_strerror(rc));
    }
    l->zmq = start_zmq();
    if (l->zmq == NULL) {
        uv_loop_close(&l->uv);
        free(l);
        return mj_fail(err, MJ_RESOURCE_EXHAUSTED, "LOOP", NULL, "libzmq did not start: %s; raise the limit on open "
                       "files or threads", zmq_strerror(zmq_errno()));
    }
    start_handles(l);
    *ret = l;
    return 0;
}

/* ---- destroy ---- */

static void free_signal(uv_handle_t *h)
{
    free(h->data);
}

static void name_leak(uv_handle_t *h, void *leaked)
{
    if (uv_is_closing(h))
        return;
    fprintf(stderr, "fatal: a %s of the loop was not destroyed before it\n", uv_handle_type_name(h->type));
    *(bool *)leaked = true;
}

void mj_loop_destroy(struct mj_loop *l)
{
    struct mj_signal *s;
    bool leaked = false;

    if (l == NULL)
        return;
    if (l->running)
        mj_loop_die("mj_loop_destroy", "the loop is running");
    while ((s = LIST_FIRST(&l->signals)) != NULL) {
        LIST_REMOVE(s, link);
        uv_close((uv_handle_t *)&s->uv, free_signal);
    }
    uv_close((uv_handle_t *)&l->prepare, NULL);
    uv_close((uv_handle_t *)&l->check, NULL);
    uv_close((uv_handle_t *)&l->idle, NULL);
    uv_close((uv_handle_t *)&l->limit, NULL);
    uv_walk(&l->uv, name_leak, &leaked);
    if (leaked || !TAILQ_EMPTY(&l->due))
        mj_loop_die("mj_loop_destroy", "something that lives on the loop is still there");
    while (uv_run(&l->uv, UV_RUN_DEFAULT) != 0)
        continue;
    must(uv_loop_close(&l->uv), "uv_loop_close");
    /* Every socket is closed with LINGER 0, so this does not wait for a peer (Z11). */
    while (zmq_ctx_term(l->zmq) != 0 && zmq_errno() == EINTR)
        continue;
    free(l);
}

/* ---- run ---- */

#define RUN_FOR_MOST (1ull << 40)                /* ms: 34 years, and no overflow below */

static void begin(struct mj_loop *l)
{
    if (l->running)
        mj_loop_die("mj_loop_run", "called inside a callback of the same loop");
    l->running = true;
}

static void turn(struct mj_loop *l, uv_run_mode mode)
{
    l->turning = true;
    uv_run(&l->uv, mode);
    l->turning = false;
}

/* The last turn ends as every other: with its defers. Where one of them stops a loop that had not been stopped, the
 * stop is kept for the next run. */
static void end(struct mj_loop *l)
{
    bool stopped = l->stopping;

    run_defers(l);
    if (stopped)
        l->stopping = false;
    l->running = false;
}

void mj_loop_run(struct mj_loop *l)
{
    begin(l);
    while (!l->stopping)
        turn(l, UV_RUN_DEFAULT);
    end(l);
}

static void on_limit(uv_timer_t *t)
{
    (void)t;                                     /* it only ends the sleep */
}

void mj_loop_run_for(struct mj_loop *l, uint64_t ms)
{
    uint64_t limit = ms < RUN_FOR_MOST ? ms : RUN_FOR_MOST, until = uv_hrtime() + limit * 1000000u;

    begin(l);
    uv_update_time(&l->uv);
    /* It repeats: libuv's clock is coarse, and may wake us a little before the time. */
    if (limit > 0)
        must(uv_timer_start(&l->limit, on_limit, limit, 1), "uv_timer_start");
    do {
        if (!l->stopping)
            turn(l, limit > 0 ? UV_RUN_ONCE : UV_RUN_NOWAIT);
    } while (!l->stopping && uv_hrtime() < until);
    uv_timer_stop(&l->limit);
    end(l);
}

void mj_loop_stop(struct mj_loop *l)
{
    l->stopping = true;
    if (l->turning)
        uv_stop(&l->uv);
}

const struct mj_env *mj_loop_env(const struct mj_loop *l)
{
    return l->env;
}

uint64_t mj_loop_now_ms(struct mj_loop *l)
{
    return mj_mono_ms(l->env);
}

/* ---- defers ---- */

int mj_defer_create(struct mj_defer **ret, struct mj_loop *l, mj_loop_fn *fn, void *arg, mj_error *err)
{
    struct mj_defer *d = mj_calloc(1, sizeof(*d));

    (void)err;                                   /* cannot fail here; a simulator's may */
    d->loop = l;
    d->fn = fn;
    d->arg = arg;
    *ret = d;
    return 0;
}

void mj_defer_schedule(struct mj_defer *d)
{
    if (d->scheduled)
        return;
    d->scheduled = true;
    d->turn = d->loop->turn;
    TAILQ_INSERT_TAIL(&d->loop->due, d, link);
}

void mj_defer_destroy(struct mj_defer *d)
{
    if (d == NULL)
        return;
    if (d->scheduled)
        TAILQ_REMOVE(&d->loop->due, d, link);
    free(d);
}

/* ---- signals ---- */

static void on_signal(uv_signal_t *h, int signum)
{
    struct mj_signal *s = h->data;

    (void)signum;
    s->fn(s->arg);
}

int mj_loop_on_signal(struct mj_loop *l, int signum, mj_loop_fn *fn, void *arg, mj_error *err)
{
    struct mj_signal *s;
    int rc;

    LIST_FOREACH(s, &l->signals, link)
        if (s->signum == signum)
            return mj_fail(err, MJ_ALREADY_EXISTS, "SIGNAL", NULL, "signal %d has a handler already", signum);
    s = mj_calloc(1, sizeof(*s));
    s->signum = signum;
    s->fn = fn;
    s->arg = arg;
    must(uv_signal_init(&l->uv, &s->uv), "uv_signal_init");
    s->uv.data = s;
    rc = uv_signal_start(&s->uv, on_signal, signum);
    if (rc != 0) {
        uv_close((uv_handle_t *)&s->uv, free_signal);
        return mj_fail(err, MJ_INVALID_ARGUMENT, "SIGNAL", NULL, "signal %d cannot be handled: %s", signum,
                       uv_strerror(rc));
    }
    LIST_INSERT_HEAD(&l->signals, s, link);
    return 0;
}
