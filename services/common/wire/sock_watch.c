/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "common/wire/sock_watch.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/buf.h"

struct mj_sock_watch {
    struct mj_pump pump;                 /* first: see pump.h */
    void *watched;
    void (*fn)(void *arg);
    void *arg;
};

/* An event has two frames, its number and the address; only one kind was asked for, so neither is read. */
static void on_frame(struct mj_pump *p, zmq_msg_t *frame, bool more)
{
    struct mj_sock_watch *w = (struct mj_sock_watch *)p;
    (void)frame;
    if (!more)
        w->fn(w->arg);
}

static void free_watch(struct mj_pump *p)
{
    free(p);
}

/* Names are never used twice: libzmq lets go of one some time after its socket was closed. */
static void next_name(char *out, size_t size)
{
    static atomic_ulong last;
    snprintf(out, size, "inproc://mj-watch-%lu", atomic_fetch_add(&last, 1) + 1);
}

int mj_sock_watch_open(struct mj_sock_watch **ret, struct mj_loop *l, void *watched, void (*fn)(void *arg), void *arg,
                       mj_error *err)
{
    struct mj_sock_watch *w = mj_calloc(1, sizeof *w);
    char name[48];

    next_name(name, sizeof name);
    *w = (struct mj_sock_watch){ .pump = { .fn = on_frame, .freed = free_watch }, .watched = watched, .fn = fn,
                                 .arg = arg };
    if (mj_pump_open(&w->pump, l, ZMQ_PAIR, err) < 0) {
        free(w);
        return -1;
    }
    if (zmq_socket_monitor(watched, name, ZMQ_EVENT_DISCONNECTED) != 0 || zmq_connect(w->pump.zmq, name) != 0) {
        int rc = mj_fail(err, MJ_RESOURCE_EXHAUSTED, "SOCKET", NULL, "the connection cannot be watched: %s; raise the "
                         "limit on open files", zmq_strerror(zmq_errno()));
        mj_sock_watch_close(w);
        return rc;
    }
    *ret = w;
    return 0;
}

void mj_sock_watch_close(struct mj_sock_watch *w)
{
    if (w == NULL)
        return;
    /* First the end that libzmq writes to: without a reader it would wait in its own thread for ever. */
    (void)zmq_socket_monitor(w->watched, NULL, 0);
    mj_pump_close(&w->pump);
}
