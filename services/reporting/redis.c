/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "reporting/redis.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/service/logging.h"
#include "reporting/redis_adapter.h"

#define CONNECT_MS 1000
#define REPLY_MS 2000
#define PAUSE_LEAST_MS 100
#define PAUSE_MOST_MS 5000

struct mj_redis {
    struct mj_loop *loop;
    struct mj_redis_events events;
    char host[108];                      /* a path where port is 0 */
    int port;
    char *user, *password;
    redisAsyncContext *context;          /* NULL between connections */
    bool up;
    unsigned due;                        /* replies */
    unsigned pause_ms;
    struct mj_timer *limit;              /* connecting, or the next reply */
    struct mj_timer *again;              /* the pause before the next connection */
    struct mj_defer *drop;
    const char *why;
};

struct pending { struct mj_redis *redis; mj_redis_fn *fn; void *arg; };

/* ---- arguments ---- */

void mj_redis_args_add(struct mj_redis_args *a, const char *text)
{
    if (a->count < MJ_REDIS_ARGS_MAX) {
        a->lengths[a->count++] = strlen(text);
        mj_buf_put(&a->bytes, text, strlen(text));
    }
}

void mj_redis_args_start(struct mj_redis_args *a, const char *command)
{
    mj_buf_clear(&a->bytes);
    a->count = 0;
    mj_redis_args_add(a, command);
}

void mj_redis_args_free(struct mj_redis_args *a)
{
    mj_buf_free(&a->bytes);
}

/* ---- the connection's life ---- */

static void connect_now(void *arg);

/* Once a connection: hiredis frees the context itself, or we have done it already. */
static void lost(struct mj_redis *r, const char *why)
{
    bool was_up = r->up;
    uint32_t jitter;

    r->context = NULL;
    r->up = false;
    r->due = 0;
    mj_timer_stop(r->limit);
    mj_random(mj_loop_env(r->loop), &jitter, sizeof jitter);
    mj_timer_start(r->again, r->pause_ms / 2 + jitter % (r->pause_ms / 2 + 1), 0);
    r->pause_ms = r->pause_ms * 2 > PAUSE_MOST_MS ? PAUSE_MOST_MS : r->pause_ms * 2;
    if (mj_log_sampled("redis_lost")) {
        mj_log(MJ_WARN, "redis_lost", "why=%s", why);
    }
    if (was_up) {
        r->events.down(r->events.arg);
    }
}

/* From the loop only, never from inside one of the context's own callbacks. */
static void free_context(struct mj_redis *r)
{
    redisAsyncContext *c = r->context;

    r->context = NULL;
    redisAsyncFree(c);
}

static void give_up(struct mj_redis *r, const char *why)
{
    if (r->context != NULL) {
        free_context(r);
        lost(r, why);
    }
}

static void on_limit(void *arg)
{
    struct mj_redis *r = arg;

    give_up(r, r->up ? "no reply within 2 s" : "no connection within 1 s");
}

static void on_drop(void *arg)
{
    struct mj_redis *r = arg;

    give_up(r, r->why);
}

void mj_redis_drop(struct mj_redis *r, const char *why)
{
    r->why = why;
    mj_defer_schedule(r->drop);
}

static void on_disconnected(const redisAsyncContext *c, int status)
{
    struct mj_redis *r = c->data;

    (void)status;
    if (r->context == c) {
        lost(r, "the connection was closed");
    }
}

static void let_in(struct mj_redis *r)
{
    r->up = true;
    r->pause_ms = PAUSE_LEAST_MS;
    r->events.up(r->events.arg);
}

static void on_auth(void *arg, const redisReply *reply)
{
    struct mj_redis *r = arg;

    if (reply == NULL) {
        return;                          /* on_disconnected says so */
    }
    if (reply->type == REDIS_REPLY_ERROR) {
        mj_redis_drop(r, "Redis refuses the user or password");
    } else {
        let_in(r);
    }
}

static int send_args(struct mj_redis *r, const struct mj_redis_args *a, mj_redis_fn *fn, void *arg);

static void authenticate(struct mj_redis *r)
{
    struct mj_redis_args a = { .bytes = MJ_BUF_INIT };

    mj_redis_args_start(&a, "AUTH");
    if (r->user[0] != '\0') {
        mj_redis_args_add(&a, r->user);
    }
    mj_redis_args_add(&a, r->password);
    if (send_args(r, &a, on_auth, r) < 0) {
        mj_redis_drop(r, "AUTH could not be sent");
    }
    mj_redis_args_free(&a);
}

static void on_connected(const redisAsyncContext *c, int status)
{
    struct mj_redis *r = c->data;

    if (r->context != c) {
        return;
    }
    if (status != REDIS_OK) {
        lost(r, "it cannot be reached");
        return;
    }
    mj_timer_stop(r->limit);
    if (r->password[0] != '\0') {
        authenticate(r);
    } else {
        let_in(r);
    }
}

static void connect_now(void *arg)
{
    struct mj_redis *r = arg;
    redisAsyncContext *c = r->port == 0 ? redisAsyncConnectUnix(r->host) : redisAsyncConnect(r->host, r->port);

    if (c == NULL || c->err != 0 || mj_redis_adapter_attach(r->loop, c, NULL) < 0) {
        if (c != NULL) {
            redisAsyncFree(c);           /* ours to free where it failed at once */
        }
        lost(r, "it cannot be reached");
        return;
    }
    r->context = c;
    c->data = r;
    mj_timer_start(r->limit, CONNECT_MS, 0);
    redisAsyncSetConnectCallback(c, on_connected);
    redisAsyncSetDisconnectCallback(c, on_disconnected);
}

/* ---- commands ---- */

static void on_reply(redisAsyncContext *c, void *reply, void *arg)
{
    struct pending p = *(struct pending *)arg;

    free(arg);
    if (p.redis->context == c && reply != NULL) {
        p.redis->due--;
        if (p.redis->due == 0) {
            mj_timer_stop(p.redis->limit);
        } else {
            mj_timer_start(p.redis->limit, REPLY_MS, 0);
        }
    }
    if (p.fn != NULL) {
        p.fn(p.arg, reply);
    }
}

static int send_args(struct mj_redis *r, const struct mj_redis_args *a, mj_redis_fn *fn, void *arg)
{
    static const char *argv[MJ_REDIS_ARGS_MAX];  /* one loop thread a process */
    const char *at = (const char *)a->bytes.data;
    struct pending *p;

    for (int i = 0; i < a->count; i++) {
        argv[i] = at;
        at += a->lengths[i];
    }
    p = mj_calloc(1, sizeof *p);
    *p = (struct pending){ r, fn, arg };
    if (redisAsyncCommandArgv(r->context, on_reply, p, a->count, argv, a->lengths) != REDIS_OK) {
        free(p);
        return -1;
    }
    if (r->due++ == 0) {
        mj_timer_start(r->limit, REPLY_MS, 0);
    }
    return 0;
}

int mj_redis_send(struct mj_redis *r, const struct mj_redis_args *a, mj_redis_fn *fn, void *arg)
{
    return r->up ? send_args(r, a, fn, arg) : -1;
}

bool mj_redis_up(const struct mj_redis *r)
{
    return r->up;
}

/* ---- making it ---- */

static int parse_address(struct mj_redis *r, const char *address, mj_error *err)
{
    const char *colon = strrchr(address, ':');
    bool local = strncmp(address, "unix:", 5) == 0;
    const char *host = local ? address + 5 : address;
    size_t length = local ? strlen(host) : colon == NULL ? 0 : (size_t)(colon - address);
    char *end = NULL;
    long port = local || colon == NULL ? 0 : strtol(colon + 1, &end, 10);

    if (length == 0 || length >= sizeof r->host ||
        (!local && (port < 1 || port > 65535 || end == colon + 1 || *end != '\0'))) {
        return mj_fail(err, MJ_INVALID_ARGUMENT, "BAD_REDIS_ADDRESS", "redis",
                       "expected unix:/path or host:port, got something else; see --help");
    }
    memcpy(r->host, host, length);
    r->port = (int)port;
    return 0;
}

int mj_redis_create(struct mj_redis **ret, struct mj_loop *l, const struct mj_redis_settings *settings,
                    const struct mj_redis_events *events, mj_error *err)
{
    struct mj_redis *r = mj_calloc(1, sizeof *r);

    r->loop = l;
    r->events = *events;
    r->pause_ms = PAUSE_LEAST_MS;
    r->user = mj_strdup(settings->user);
    r->password = mj_strdup(settings->password);
    if (parse_address(r, settings->address, err) < 0 || mj_timer_create(&r->limit, l, on_limit, r, err) < 0 ||
        mj_timer_create(&r->again, l, connect_now, r, err) < 0 || mj_defer_create(&r->drop, l, on_drop, r, err) < 0) {
        mj_redis_destroy(r);
        return -1;
    }
    mj_timer_start(r->again, 0, 0);
    *ret = r;
    return 0;
}

void mj_redis_destroy(struct mj_redis *r)
{
    if (r == NULL) {
        return;
    }
    if (r->context != NULL) {
        free_context(r);
    }
    mj_timer_destroy(r->limit);
    mj_timer_destroy(r->again);
    mj_defer_destroy(r->drop);
    free(r->user);
    free(r->password);
    free(r);
}
