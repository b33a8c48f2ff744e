/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* redis: one connection to Redis that comes back by itself: 1 s to connect, 2 s without any reply while some are
 * due, then a new connection after a pause that doubles from 100 ms to 5 s, with jitter: hiredis 0.14 has no
 * time-outs and does not reconnect. It logs a lost connection itself. Loop thread only. */
#ifndef MJ_REPORTING_REDIS_H
#define MJ_REPORTING_REDIS_H

#include <hiredis/hiredis.h>

#include "common/base/buf.h"
#include "common/loop/loop.h"

struct mj_redis_settings {
    const char *address;                 /* "unix:/path" or "127.0.0.1:6379"; the host is an address, not a name */
    const char *user, *password;         /* "" where none; user "" with a password is Redis' default user */
};

struct mj_redis_events {
    void (*up)(void *arg);               /* connected (and let in, where a password is set) */
    void (*down)(void *arg);             /* was up; everything under way has been called with NULL */
    void *arg;
};

struct mj_redis;
/* BAD_REDIS_ADDRESS. Connecting begins at once. Settings are copied. */
int mj_redis_create(struct mj_redis **ret, struct mj_loop *l, const struct mj_redis_settings *settings,
                    const struct mj_redis_events *events, mj_error *err);
void mj_redis_destroy(struct mj_redis *r);       /* what is under way gets NULL; down is not called. NULL is allowed */
bool mj_redis_up(const struct mj_redis *r);
/* Gives the connection up and makes another, after the pause; not at once, so that callbacks may ask for it. */
void mj_redis_drop(struct mj_redis *r, const char *why);

/* A command under construction: bytes with lengths, never a format made of data. */
#define MJ_REDIS_ARGS_MAX 2064
struct mj_redis_args { struct mj_buf bytes; size_t lengths[MJ_REDIS_ARGS_MAX]; int count; };
void mj_redis_args_start(struct mj_redis_args *a, const char *command);
void mj_redis_args_add(struct mj_redis_args *a, const char *text);
void mj_redis_args_free(struct mj_redis_args *a);

/* reply NULL: it was lost, and whether it happened nobody knows. Replies belong to hiredis. */
typedef void mj_redis_fn(void *arg, const redisReply *reply);
/* Sends it; fn NULL: the reply is passed over. -1: not up, nothing was sent, fn is not called. */
int mj_redis_send(struct mj_redis *r, const struct mj_redis_args *a, mj_redis_fn *fn, void *arg);

#endif
