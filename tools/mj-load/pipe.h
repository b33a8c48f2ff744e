/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* pipe: many commands over one connection, some of them outstanding at a time, each sent again under its own key until
 * it is answered. Ends when all are done, or at the first that is refused for good. */
#ifndef MJ_LOAD_PIPE_H
#define MJ_LOAD_PIPE_H

#include "client/mj_client.h"

struct load_pipe;
struct load_pipe_options {
    struct mj_client *client;
    unsigned count;                      /* commands 0 to count - 1 */
    unsigned window;                     /* so many outstanding */
    uint8_t key[32];                     /* idempotency keys are drawn from it, the method, the number and the body */
    /* Fills the call of command i (method, region, body, answer); false: there is nothing to do for it. The body need
     * only live until the next call of make. */
    bool (*make)(void *arg, unsigned i, struct mj_call *call);
    /* Its answer. -1: stop with this error. */
    int (*done)(void *arg, unsigned i, const void *answer, mj_error *err);
    /* A refusal that is as good as done. May be NULL. */
    bool (*forgive)(void *arg, unsigned i, const mj_error *err);
    void (*ended)(void *arg, const mj_error *err);               /* once; err NULL: all are done */
    void *arg;
};
int load_pipe_start(struct load_pipe **ret, const struct load_pipe_options *o, mj_error *err);
void load_pipe_stop(struct load_pipe *p);        /* not inside ended; it does not come any more. NULL is allowed */

#endif
