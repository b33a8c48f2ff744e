/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* loop_uv: what loop.c shares with http.c and with the ZeroMQ sockets (wire/pump, sock, zap). Private to these
 * files: nobody else includes uv.h or zmq.h. */
#ifndef MJ_LOOP_LOOP_UV_H
#define MJ_LOOP_LOOP_UV_H

#include <stdbool.h>
#include <sys/queue.h>
#include <uv.h>

#include "common/loop/loop.h"

/* Something that may hold work which no file descriptor announces: a ZeroMQ socket, whose descriptor is
 * edge-triggered (pitfalls U1-U3). The owner links it in and takes it out again when its handles are closed; never
 * from inside pending or drain. */
struct mj_source {
    bool (*pending)(struct mj_source *s);        /* asked before every sleep: true keeps the loop awake */
    void (*drain)(struct mj_source *s);          /* after every wake: works on a bounded part of what is there */
    LIST_ENTRY(mj_source) link;
};

struct mj_defer;
struct mj_zap;
struct mj_signal;

struct mj_loop {
    uv_loop_t uv;
    void *zmq;                                   /* the ZeroMQ context */
    const struct mj_env *env;
    uv_prepare_t prepare;                        /* end of the turn: defers, then: may we sleep? */
    uv_check_t check;                            /* after the sleep: drain */
    uv_idle_t idle;                              /* started: the next sleep lasts 0 ms */
    uv_timer_t limit;                            /* mj_loop_run_for */
    TAILQ_HEAD(, mj_defer) due;
    uint64_t turn;                               /* counts ends of turns */
    LIST_HEAD(, mj_source) sources;
    LIST_HEAD(, mj_signal) signals;
    struct mj_zap *zap;                          /* the one ZAP handler, or NULL */
    unsigned doors;                              /* open ROUTER sockets, which need it */
    bool running, turning, stopping;             /* inside run; inside uv_run; asked to stop */
};

void mj_loop_add_source(struct mj_loop *l, struct mj_source *s);
void mj_loop_remove_source(struct mj_source *s);
/* Turns ended so far: a test sees by it that a loop with nothing to do sleeps. */
uint64_t mj_loop_turns(const struct mj_loop *l);
/* Ends the process where to go on would be wrong: one line on stderr, then abort. */
_Noreturn void mj_loop_die(const char *what, const char *why);

#endif
