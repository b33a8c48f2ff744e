/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* pump: one ZeroMQ socket on the loop, whatever it carries; private to sock.c and zap.c.
 *
 * The poll on ZMQ_FD ends the loop's sleep; work is then done in bounded parts. Before every sleep ZMQ_EVENTS is read
 * of each socket that was used since it last said that nothing is there: so no edge can be lost (pitfalls U1-U3). One
 * that was not used needs no question, each of which costs system calls: what comes wakes its descriptor. */
#ifndef MJ_WIRE_PUMP_H
#define MJ_WIRE_PUMP_H

#include <zmq.h>

#include "common/loop/loop_uv.h"

#define MJ_PUMP_MESSAGES 64                      /* taken from one socket in one turn */
#define MJ_PUMP_FRAMES 1024                      /* likewise, for messages of many frames */

struct mj_pump;

/* One frame was received; more: its message goes on. The pump owns the frame, but the callback may move it away.
 * It may close the pump. */
typedef void mj_pump_fn(struct mj_pump *p, zmq_msg_t *frame, bool more);

/* Embed it first. Its memory is given back by freed, in a later turn than mj_pump_close. */
struct mj_pump {
    struct mj_source source;
    uv_poll_t poll;
    void *zmq;                                   /* NULL once closed */
    bool ready;                                  /* a message may be there */
    bool used;                                   /* since it said that nothing is there: its edge may be gone (U2) */
    mj_pump_fn *fn;
    void (*freed)(struct mj_pump *p);
};

/* Opens a socket of a ZMQ_ROUTER or other type with LINGER 0, and begins to listen to it. Fill fn and freed first.
 * On failure nothing is left and freed is not called. */
int mj_pump_open(struct mj_pump *p, struct mj_loop *l, int type, mj_error *err);
void mj_pump_close(struct mj_pump *p);           /* twice is once */

/* Whoever calls libzmq on p->zmq, but for its options, says so. */
void mj_pump_used(struct mj_pump *p);
/* Sends one frame without waiting: 0, or -1 with zmq_errno(). */
int mj_pump_send(struct mj_pump *p, const void *data, size_t len, bool more);

#endif
