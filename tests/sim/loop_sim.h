/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* loop_sim: the inside of a simulated loop, shared by loop.c and bus.c. */
#ifndef MJ_SIM_LOOP_SIM_H
#define MJ_SIM_LOOP_SIM_H

#include <sys/queue.h>

#include "sim.h"

struct mj_defer;
struct mj_zap;
struct sim_signal { int signum; mj_loop_fn *fn; void *arg; };

struct mj_loop {
    const struct mj_env *env;
    struct sim_process *process;
    struct sim_event turn_end;
    TAILQ_HEAD(, mj_defer) due;
    uint64_t turn;
    bool stopping;
    struct sim_signal signals[4];
    unsigned signal_count;
    struct mj_zap *zap;                  /* the one ZAP handler, or NULL */
    unsigned doors;
};

_Noreturn void mj_loop_die(const char *what, const char *why);

#endif
