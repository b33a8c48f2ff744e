/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* worker: a thread of its own for calls that block (an engine's append, commit or read), with a queue.
 *
 * Jobs run in the order in which they were submitted; done is called on the loop's thread, in that order. The
 * thread has 1 MiB of stack. An INLINE worker runs the job at submission and done at the end of the turn: for
 * simulation. */
#ifndef MJ_LOOP_WORKER_H
#define MJ_LOOP_WORKER_H

#include "common/loop/loop.h"

enum mj_worker_mode { MJ_WORKER_THREAD, MJ_WORKER_INLINE };

/* Embed it in the operation's own struct. Owned by the caller, untouched from submission to done. */
struct mj_job {
    void (*run)(struct mj_job *job);            /* on the worker's thread */
    void (*done)(struct mj_job *job);           /* on the loop's thread; may free the job */
    struct mj_job *next;                        /* private */
};

struct mj_worker;
int mj_worker_create(struct mj_worker **ret, struct mj_loop *l, const char *name, enum mj_worker_mode mode,
                     mj_error *err);
void mj_worker_submit(struct mj_worker *w, struct mj_job *job);
/* Runs what is queued to its end, calls every done, then ends the thread. */
void mj_worker_destroy(struct mj_worker *w);

#endif
