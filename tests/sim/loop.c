/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* loop: common/loop on the virtual clock. A turn is not a slice of one thread's time here but what happens within some
 * microseconds of it: messages that arrive together are decided before the turn's defers run, as in the real loop. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "common/base/buf.h"
#include "common/loop/worker.h"
#include "loop_sim.h"

#define TURN_MOST (40 * SIM_US)          /* from the first defer of a turn to its end */
#define LATE_MOST (2 * SIM_MS)           /* of a timer */
#define SIGNALS 4

struct mj_defer {
    struct mj_loop *loop;
    mj_loop_fn *fn;
    void *arg;
    uint64_t turn;
    bool scheduled;
    TAILQ_ENTRY(mj_defer) link;
};

struct mj_timer { struct sim_event event; mj_loop_fn *fn; void *arg; uint64_t repeat; };
struct mj_wake { struct sim_event event; mj_loop_fn *fn; void *arg; };

_Noreturn void mj_loop_die(const char *what, const char *why)
{
    sim_say("fatal: %s: %s", what, why);
    abort();
}

/* ---- the turn ---- */

static void set_turn(struct mj_loop *l)
{
    if (l->turn_end.place == 0)
        sim_event_set(&l->turn_end, sim_now() + 1 + sim_below(TURN_MOST));
}

static void end_turn(void *arg)
{
    struct mj_loop *l = arg;
    struct mj_defer *d;

    l->turn++;
    while ((d = TAILQ_FIRST(&l->due)) != NULL && d->turn != l->turn) {
        TAILQ_REMOVE(&l->due, d, link);
        d->scheduled = false;
        d->fn(d->arg);                   /* may destroy d */
    }
    if (!TAILQ_EMPTY(&l->due))
        set_turn(l);
}

/* ---- the loop ---- */

int mj_loop_create(struct mj_loop **ret, const struct mj_env *env, mj_error *err)
{
    struct mj_loop *l = mj_calloc(1, sizeof *l);

    (void)err;
    l->env = env;
    l->process = sim_current();
    l->turn_end = (struct sim_event){ .process = l->process, .fn = end_turn, .arg = l };
    TAILQ_INIT(&l->due);
    l->process->loop = l;
    *ret = l;
    return 0;
}

void mj_loop_destroy(struct mj_loop *l)
{
    if (!l)
        return;
    sim_event_clear(&l->turn_end);
    l->process->loop = NULL;
    free(l);
}

void mj_loop_run(struct mj_loop *l)
{
    sim_run_until(UINT64_MAX, &l->stopping);
    sim_leave_if_dead();
    l->stopping = false;
}

void mj_loop_run_for(struct mj_loop *l, uint64_t ms)
{
    sim_run_until(sim_now() + ms * SIM_MS + (ms == 0 ? TURN_MOST : 0), &l->stopping);
    sim_leave_if_dead();
    l->stopping = false;
}

void mj_loop_stop(struct mj_loop *l) { l->stopping = true; }
const struct mj_env *mj_loop_env(const struct mj_loop *l) { return l->env; }
uint64_t mj_loop_now_ms(struct mj_loop *l) { return mj_mono_ms(l->env); }
bool sim_loop_stopped(const struct mj_loop *l) { return l->stopping; }
void sim_loop_resume(struct mj_loop *l) { l->stopping = false; }
struct sim_process *sim_loop_process(const struct mj_loop *l) { return l->process; }

/* ---- timers ---- */

static void on_timer(void *arg)
{
    struct mj_timer *t = arg;

    if (t->repeat)
        sim_event_set(&t->event, sim_now() + t->repeat + sim_below(LATE_MOST));
    t->fn(t->arg);                       /* may destroy t */
}

int mj_timer_create(struct mj_timer **ret, struct mj_loop *l, mj_loop_fn *fn, void *arg, mj_error *err)
{
    struct mj_timer *t = mj_calloc(1, sizeof *t);

    (void)err;
    *t = (struct mj_timer){ { .process = l->process, .fn = on_timer, .arg = t }, fn, arg, 0 };
    *ret = t;
    return 0;
}

void mj_timer_start(struct mj_timer *t, uint64_t after_ms, uint64_t repeat_ms)
{
    uint64_t after = after_ms < (UINT64_C(1) << 40) ? after_ms * SIM_MS : SIM_MS << 40;

    t->repeat = repeat_ms * SIM_MS;
    sim_event_set(&t->event, sim_now() + (after ? after : SIM_MS) + sim_below(LATE_MOST));
}

void mj_timer_stop(struct mj_timer *t) { sim_event_clear(&t->event); }

void mj_timer_destroy(struct mj_timer *t)
{
    if (t)
        sim_event_clear(&t->event);
    free(t);
}

/* ---- wakes ---- */

static void on_wake(void *arg)
{
    struct mj_wake *w = arg;

    w->fn(w->arg);
}

int mj_wake_create(struct mj_wake **ret, struct mj_loop *l, mj_loop_fn *fn, void *arg, mj_error *err)
{
    struct mj_wake *w = mj_calloc(1, sizeof *w);

    (void)err;
    *w = (struct mj_wake){ { .process = l->process, .fn = on_wake, .arg = w }, fn, arg };
    *ret = w;
    return 0;
}

void mj_wake_send(struct mj_wake *w)
{
    if (w->event.place == 0)
        sim_event_set(&w->event, sim_now() + sim_below(TURN_MOST));
}

void mj_wake_destroy(struct mj_wake *w)
{
    if (w)
        sim_event_clear(&w->event);
    free(w);
}

/* ---- defers ---- */

int mj_defer_create(struct mj_defer **ret, struct mj_loop *l, mj_loop_fn *fn, void *arg, mj_error *err)
{
    struct mj_defer *d = mj_calloc(1, sizeof *d);

    (void)err;
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
    set_turn(d->loop);
}

void mj_defer_destroy(struct mj_defer *d)
{
    if (d && d->scheduled)
        TAILQ_REMOVE(&d->loop->due, d, link);
    free(d);
}

/* ---- signals ---- */

int mj_loop_on_signal(struct mj_loop *l, int signum, mj_loop_fn *fn, void *arg, mj_error *err)
{
    if (l->signal_count == SIGNALS)
        return mj_fail(err, MJ_INTERNAL, "SIGNAL", NULL, "more than %d signals", SIGNALS);
    l->signals[l->signal_count++] = (struct sim_signal){ signum, fn, arg };
    return 0;
}

void sim_loop_signal(struct mj_loop *l, int signum)
{
    for (unsigned i = 0; i < l->signal_count; i++)
        if (l->signals[i].signum == signum)
            sim_enter(l->process, l->signals[i].fn, l->signals[i].arg);
}

/* ---- probes ---- */

struct mj_http { struct sim_process *process; };

int mj_http_create(struct mj_http **ret, struct mj_loop *l, const char *host, int *port, mj_http_fn *fn, void *arg,
                   mj_error *err)
{
    (void)host, (void)port, (void)err;
    *ret = mj_calloc(1, sizeof **ret);
    (*ret)->process = l->process;
    l->process->http = fn;
    l->process->http_arg = arg;
    return 0;
}

void mj_http_destroy(struct mj_http *h)
{
    if (h)
        h->process->http = NULL;
    free(h);
}
