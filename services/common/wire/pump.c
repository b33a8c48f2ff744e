/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "common/wire/pump.h"

#include <errno.h>

static bool pending(struct mj_source *source)
{
    struct mj_pump *p = (struct mj_pump *)source;
    size_t len = sizeof(int);
    int events = 0;

    if (p->zmq == NULL || !p->used)
        return false;
    if (zmq_getsockopt(p->zmq, ZMQ_EVENTS, &events, &len) != 0) {
        if (zmq_errno() == EINTR)
            return true;                         /* asked again in the next turn */
        mj_loop_die("ZMQ_EVENTS", zmq_strerror(zmq_errno()));
    }
    p->ready = p->used = (events & ZMQ_POLLIN) != 0;
    return p->ready;
}

/* Receives one frame and hands it on; 1: its message is complete, 0: it goes on, -1: nothing is there. */
static int take(struct mj_pump *p)
{
    zmq_msg_t frame;
    bool more;

    zmq_msg_init(&frame);
    if (zmq_msg_recv(&frame, p->zmq, ZMQ_DONTWAIT) < 0) {
        int e = zmq_errno();

        zmq_msg_close(&frame);
        if (e != EAGAIN && e != EINTR)
            mj_loop_die("zmq_msg_recv", zmq_strerror(e));
        p->used = e == EINTR;                    /* else libzmq looked at all that had come: the next wakes us */
        return -1;
    }
    more = zmq_msg_more(&frame) != 0;
    p->fn(p, &frame, more);
    zmq_msg_close(&frame);
    return !more;
}

/* Stops in the middle of a message too, where a peer sent one of very many frames: the rest follows next turn. */
static void drain(struct mj_source *source)
{
    struct mj_pump *p = (struct mj_pump *)source;
    unsigned messages = 0, frames = 0;
    int rc;

    if (!p->ready)
        return;
    p->ready = false;
    p->used = true;
    while (p->zmq != NULL && messages < MJ_PUMP_MESSAGES && frames++ < MJ_PUMP_FRAMES) {
        rc = take(p);
        if (rc < 0)
            return;
        messages += (unsigned)rc;
    }
}

static void on_wake(uv_poll_t *h, int status, int events)
{
    struct mj_pump *p = h->data;

    (void)events;
    p->ready = true;                             /* the work is done by drain */
    if (status < 0)                              /* polling has ended (V2): messages would wait unseen */
        mj_loop_die("the poll of a ZeroMQ socket", uv_strerror(status));
}

static int begin_poll(struct mj_pump *p, struct mj_loop *l, mj_error *err)
{
    size_t len = sizeof(int);
    int fd, rc, linger = 0;

    if (zmq_setsockopt(p->zmq, ZMQ_LINGER, &linger, sizeof(linger)) != 0
        || zmq_getsockopt(p->zmq, ZMQ_FD, &fd, &len) != 0)
        return mj_fail(err, MJ_INTERNAL, "SOCKET", NULL, "the socket has no descriptor: %s",
                       zmq_strerror(zmq_errno()));
    rc = uv_poll_init(&l->uv, &p->poll, fd);
    if (rc != 0)
        return mj_fail(err, MJ_INTERNAL, "SOCKET", NULL, "the socket cannot be polled: %s", uv_strerror(rc));
    rc = uv_poll_start(&p->poll, UV_READABLE, on_wake);
    if (rc != 0)
        mj_loop_die("uv_poll_start", uv_strerror(rc));
    return 0;
}

int mj_pump_open(struct mj_pump *p, struct mj_loop *l, int type, mj_error *err)
{
    p->zmq = zmq_socket(l->zmq, type);
    if (p->zmq == NULL)
        return mj_fail(err, MJ_RESOURCE_EXHAUSTED, "SOCKET", NULL, "no socket: %s; raise the limit on open files",
                       zmq_strerror(zmq_errno()));
    if (begin_poll(p, l, err) < 0) {
        zmq_close(p->zmq);
        p->zmq = NULL;
        return -1;
    }
    p->source.pending = pending;
    p->source.drain = drain;
    p->poll.data = p;
    p->used = true;
    mj_loop_add_source(l, &p->source);
    return 0;
}

static void on_closed(uv_handle_t *h)
{
    struct mj_pump *p = h->data;

    mj_loop_remove_source(&p->source);
    p->freed(p);
}

void mj_pump_close(struct mj_pump *p)
{
    if (p->zmq == NULL)
        return;
    uv_poll_stop(&p->poll);                      /* before zmq_close: its descriptor goes with it (U4) */
    uv_close((uv_handle_t *)&p->poll, on_closed);
    if (zmq_close(p->zmq) != 0)
        mj_loop_die("zmq_close", zmq_strerror(zmq_errno()));
    p->zmq = NULL;
}

void mj_pump_used(struct mj_pump *p)
{
    p->used = true;
}

int mj_pump_send(struct mj_pump *p, const void *data, size_t len, bool more)
{
    int rc;

    p->used = true;
    do
        rc = zmq_send(p->zmq, data, len, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0));
    while (rc < 0 && zmq_errno() == EINTR);
    return rc < 0 ? -1 : 0;
}
