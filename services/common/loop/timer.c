/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* timer: the loop's timers and wakes, each one libuv handle whose memory goes in its close callback (V1). */
#include <stdlib.h>

#include "common/base/buf.h"
#include "common/loop/loop_uv.h"

struct mj_timer {
    uv_timer_t uv;
    mj_loop_fn *fn;
    void *arg;
};

struct mj_wake {
    uv_async_t uv;
    mj_loop_fn *fn;
    void *arg;
};

static void free_owner(uv_handle_t *h)
{
    free(h->data);
}

/* ---- timers ---- */

int mj_timer_create(struct mj_timer **ret, struct mj_loop *l, mj_loop_fn *fn, void *arg, mj_error *err)
{
    struct mj_timer *t = mj_calloc(1, sizeof(*t));
    int rc = uv_timer_init(&l->uv, &t->uv);

    if (rc != 0) {
        free(t);
        return mj_fail(err, MJ_INTERNAL, "TIMER", NULL, "no timer: %s", uv_strerror(rc));
    }
    t->fn = fn;
    t->arg = arg;
    t->uv.data = t;
    *ret = t;
    return 0;
}

static void on_timer(uv_timer_t *h)
{
    struct mj_timer *t = h->data;

    t->fn(t->arg);
}

void mj_timer_start(struct mj_timer *t, uint64_t after_ms, uint64_t repeat_ms)
{
    /* libuv counts from the time at which its turn began; after long work that lies well in the past (V5). The
     * difference is added instead of updating the loop's time: then a timer that starts itself again always lies
     * beyond this turn, and cannot keep messages waiting for ever. */
    uint64_t now = uv_hrtime() / 1000000u, turn = uv_now(t->uv.loop);
    uint64_t late = now > turn ? now - turn : 0;

    if (after_ms == 0)
        after_ms = 1;
    if (after_ms > UINT64_MAX / 2)
        after_ms = UINT64_MAX / 2;
    if (uv_timer_start(&t->uv, on_timer, after_ms + late, repeat_ms) != 0)
        mj_loop_die("mj_timer_start", "the timer was destroyed");
}

void mj_timer_stop(struct mj_timer *t)
{
    uv_timer_stop(&t->uv);
}

void mj_timer_destroy(struct mj_timer *t)
{
    if (t != NULL)
        uv_close((uv_handle_t *)&t->uv, free_owner);
}

/* ---- wakes ---- */

static void on_async(uv_async_t *h)
{
    struct mj_wake *w = h->data;

    w->fn(w->arg);
}

int mj_wake_create(struct mj_wake **ret, struct mj_loop *l, mj_loop_fn *fn, void *arg, mj_error *err)
{
    struct mj_wake *w = mj_calloc(1, sizeof(*w));
    int rc = uv_async_init(&l->uv, &w->uv, on_async);

    if (rc != 0) {
        free(w);
        return mj_fail(err, MJ_RESOURCE_EXHAUSTED, "WAKE", NULL, "no wake: %s; raise the limit on open files",
                       uv_strerror(rc));
    }
    w->fn = fn;
    w->arg = arg;
    w->uv.data = w;
    *ret = w;
    return 0;
}

void mj_wake_send(struct mj_wake *w)
{
    if (uv_async_send(&w->uv) != 0)
        mj_loop_die("mj_wake_send", "the loop cannot be woken");
}

void mj_wake_destroy(struct mj_wake *w)
{
    if (w != NULL)
        uv_close((uv_handle_t *)&w->uv, free_owner);
}
