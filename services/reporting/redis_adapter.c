/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "reporting/redis_adapter.h"

#include <stdlib.h>

#include "common/base/buf.h"
#include "common/loop/loop_uv.h"

struct poll {
    uv_poll_t uv;                        /* first: closed as a handle, freed as this */
    redisAsyncContext *context;          /* NULL once hiredis is done with it */
    int events;                          /* what hiredis waits for */
};

/* An error is told to hiredis as readiness: it then reads errno and ends the connection by its own callbacks. */
static void on_poll(uv_poll_t *uv, int status, int events)
{
    struct poll *p = uv->data;
    int ready = status < 0 ? p->events : events;

    if (p->context != NULL && (ready & UV_READABLE) != 0) {
        redisAsyncHandleRead(p->context);
    }
    if (p->context != NULL && (ready & UV_WRITABLE) != 0) {
        redisAsyncHandleWrite(p->context);
    }
}

static void wait_for(struct poll *p, int events)
{
    p->events = events;
    if (events == 0) {
        uv_poll_stop(&p->uv);
    } else {
        uv_poll_start(&p->uv, events, on_poll);
    }
}

static void add_read(void *arg)
{
    struct poll *p = arg;

    wait_for(p, p->events | UV_READABLE);
}

static void del_read(void *arg)
{
    struct poll *p = arg;

    wait_for(p, p->events & ~UV_READABLE);
}

static void add_write(void *arg)
{
    struct poll *p = arg;

    wait_for(p, p->events | UV_WRITABLE);
}

static void del_write(void *arg)
{
    struct poll *p = arg;

    wait_for(p, p->events & ~UV_WRITABLE);
}

static void on_closed(uv_handle_t *h)
{
    free(h->data);
}

static void cleanup(void *arg)
{
    struct poll *p = arg;

    p->context = NULL;
    uv_poll_stop(&p->uv);
    uv_close((uv_handle_t *)&p->uv, on_closed);
}

int mj_redis_adapter_attach(struct mj_loop *l, redisAsyncContext *c, mj_error *err)
{
    struct poll *p = mj_calloc(1, sizeof *p);

    p->context = c;
    p->uv.data = p;
    if (uv_poll_init(&l->uv, &p->uv, c->c.fd) < 0) {
        free(p);
        return mj_fail(err, MJ_UNAVAILABLE, "REDIS_POLL", NULL, "the connection to Redis cannot be watched");
    }
    c->ev.data = p;
    c->ev.addRead = add_read;
    c->ev.delRead = del_read;
    c->ev.addWrite = add_write;
    c->ev.delWrite = del_write;
    c->ev.cleanup = cleanup;
    return 0;
}
