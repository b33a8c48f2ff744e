/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* loop: one thread, one loop, everything that waits. Built on libuv, with ZeroMQ's sockets pumped by wire/sock.
 * No libuv or ZeroMQ type shows here, so that a simulator can link its own loop.
 *
 * All calls are made on the loop's thread but for mj_wake_send. Destroying is in two steps inside: the handles'
 * memory goes in libuv's close callback, while the loop still turns; callers may free what they own at once. */
#ifndef MJ_LOOP_LOOP_H
#define MJ_LOOP_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/seams/env.h"

struct mj_loop;

/* Blocks SIGPIPE and SIGXFSZ for the process, and makes the ZeroMQ context with all signals blocked (pitfalls
 * Z15); refuses libzmq < 4.3.4 or one without CURVE (C10). env must outlive the loop. */
int mj_loop_create(struct mj_loop **ret, const struct mj_env *env, mj_error *err);
void mj_loop_destroy(struct mj_loop *l);                 /* turns until all is closed; asserts that nothing leaked */
void mj_loop_run(struct mj_loop *l);                     /* until mj_loop_stop */
/* Turns for at most ms (0: what is ready now); returns early when mj_loop_stop was called. */
void mj_loop_run_for(struct mj_loop *l, uint64_t ms);
void mj_loop_stop(struct mj_loop *l);                    /* may be called in a callback or before run */
const struct mj_env *mj_loop_env(const struct mj_loop *l);
uint64_t mj_loop_now_ms(struct mj_loop *l);              /* monotonic */

typedef void mj_loop_fn(void *arg);

/* A timer. start replaces what was started; repeat_ms 0 means once. */
struct mj_timer;
int mj_timer_create(struct mj_timer **ret, struct mj_loop *l, mj_loop_fn *fn, void *arg, mj_error *err);
void mj_timer_start(struct mj_timer *t, uint64_t after_ms, uint64_t repeat_ms);
void mj_timer_stop(struct mj_timer *t);
void mj_timer_destroy(struct mj_timer *t);               /* NULL is allowed; fn is not called any more */

/* Runs fn on the loop's thread soon after mj_wake_send, which any thread may call; sends may coalesce into one. */
struct mj_wake;
int mj_wake_create(struct mj_wake **ret, struct mj_loop *l, mj_loop_fn *fn, void *arg, mj_error *err);
void mj_wake_send(struct mj_wake *w);
void mj_wake_destroy(struct mj_wake *w);

/* Runs fn once at the end of this turn, after all messages of the turn and before the loop sleeps. Scheduling
 * twice in a turn is once. */
struct mj_defer;
int mj_defer_create(struct mj_defer **ret, struct mj_loop *l, mj_loop_fn *fn, void *arg, mj_error *err);
void mj_defer_schedule(struct mj_defer *d);
void mj_defer_destroy(struct mj_defer *d);

/* fn on SIGINT, SIGTERM or another signal; one handler a signal. */
int mj_loop_on_signal(struct mj_loop *l, int signum, mj_loop_fn *fn, void *arg, mj_error *err);

#endif
