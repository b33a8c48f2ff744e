/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "pipe.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/crypto.h"

#define AGAIN_MS 50
#define GIVE_UP_MS 60000                 /* without any answer that brings it forward */

struct item { struct load_pipe *pipe; unsigned number; struct item *next; };
struct load_pipe {
    struct load_pipe_options o;
    struct mj_timer *timer;
    struct item *again;                  /* to be sent once more */
    unsigned next, done, outstanding;
    uint64_t moved_ms;
    bool over, stopped;
};

static void turn(void *arg);

/* ---- ending ---- */

static void free_if_idle(struct load_pipe *p)
{
    struct item *i;

    if (!p->stopped || p->outstanding)
        return;
    while ((i = p->again)) {
        p->again = i->next;
        free(i);
    }
    free(p);
}

static void end(struct load_pipe *p, const mj_error *err)
{
    if (p->over || p->stopped)
        return;
    p->over = true;
    mj_timer_stop(p->timer);
    p->o.ended(p->o.arg, err);
}

/* ---- one command ---- */

/* What may go by waiting: an instance that is not there yet, a key that has not got round. */
static bool passes(const mj_error *err)
{
    return err->code == MJ_UNAVAILABLE || err->code == MJ_RESOURCE_EXHAUSTED || err->code == MJ_ABORTED ||
           err->code == MJ_UNAUTHENTICATED || err->code == MJ_DEADLINE_EXCEEDED || strcmp(err->reason, "MOVED") == 0;
}

static void later(struct load_pipe *p, struct item *i)
{
    i->next = p->again;
    p->again = i;
}

static void finished(struct load_pipe *p, struct item *i)
{
    free(i);
    p->done++;
    p->moved_ms = mj_loop_now_ms(mj_client_loop(p->o.client));
}

static void on_reply(void *arg, const struct mj_reply *r)
{
    struct item *i = arg;
    struct load_pipe *p = i->pipe;
    mj_error err;

    p->outstanding--;
    if (p->over || p->stopped) {
        free(i);
        free_if_idle(p);
        return;
    }
    if (r->outcome == MJ_CALL_UNKNOWN || (r->outcome == MJ_CALL_REFUSED && passes(r->err))) {
        later(p, i);
        return;
    }
    if (r->outcome == MJ_CALL_REFUSED && !(p->o.forgive && p->o.forgive(p->o.arg, i->number, r->err))) {
        free(i);
        end(p, r->err);
        return;
    }
    int rc = r->outcome == MJ_CALL_OK ? p->o.done(p->o.arg, i->number, r->body, &err) : 0;
    finished(p, i);
    if (rc < 0)
        end(p, &err);
    else
        turn(p);
}

static void make_key(const struct load_pipe *p, const struct mj_call *call, unsigned number, uint8_t key[MJ_TAG])
{
    struct mj_buf b = MJ_BUF_INIT;

    mj_buf_printf(&b, "%u:", number);
    mj_buf_pack(&b, call->body);
    mj_tag(key, p->o.key, call->method, strlen(call->method), b.data, b.len);
    mj_buf_free(&b);
}

/* False: it could not be sent now. */
static bool send_item(struct load_pipe *p, struct item *i)
{
    struct mj_call call = { .timeout_ms = 5000 };
    uint8_t key[MJ_TAG];
    mj_error err;

    if (!p->o.make(p->o.arg, i->number, &call)) {
        finished(p, i);
        return true;
    }
    make_key(p, &call, i->number, key);
    call.key = key;
    if (mj_client_call(p->o.client, NULL, &call, on_reply, i, &err) == 0) {
        p->outstanding++;
        return true;
    }
    later(p, i);
    if (!passes(&err))
        end(p, &err);
    return false;
}

static struct item *next_item(struct load_pipe *p)
{
    struct item *i = p->again;

    if (i) {
        p->again = i->next;
        return i;
    }
    if (p->next == p->o.count)
        return NULL;
    i = mj_calloc(1, sizeof *i);
    i->pipe = p;
    i->number = p->next++;
    return i;
}

static void turn(void *arg)
{
    struct load_pipe *p = arg;
    struct item *i;
    mj_error err;

    while (!p->over && p->outstanding < p->o.window && (i = next_item(p)))
        if (!send_item(p, i))
            break;
    if (p->done == p->o.count)
        end(p, NULL);
    else if (!p->over && mj_loop_now_ms(mj_client_loop(p->o.client)) - p->moved_ms > GIVE_UP_MS) {
        mj_fail(&err, MJ_UNAVAILABLE, "NO_PROGRESS", NULL, "nothing was answered for %d s; is registry running, and is "
                "this key known to it?", GIVE_UP_MS / 1000);
        end(p, &err);
    }
}

/* ---- lifetime ---- */

int load_pipe_start(struct load_pipe **ret, const struct load_pipe_options *o, mj_error *err)
{
    struct load_pipe *p = mj_calloc(1, sizeof *p);

    p->o = *o;
    p->moved_ms = mj_loop_now_ms(mj_client_loop(o->client));
    if (mj_timer_create(&p->timer, mj_client_loop(o->client), turn, p, err) < 0) {
        free(p);
        return -1;
    }
    mj_timer_start(p->timer, 0, AGAIN_MS);
    *ret = p;
    return 0;
}

void load_pipe_stop(struct load_pipe *p)
{
    if (!p)
        return;
    p->stopped = true;
    mj_timer_destroy(p->timer);
    free_if_idle(p);
}
