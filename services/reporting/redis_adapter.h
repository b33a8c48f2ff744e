/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* redis_adapter: hiredis' asynchronous context on our loop. In place of the adapter that hiredis ships, which hangs
 * when a connection is refused or reset.
 *
 * It is the one file of the services that sees libuv: hiredis wants to be told of its descriptor's readiness, and
 * the loop's public header has no such thing, since nothing but Redis needs it. */
#ifndef MJ_REPORTING_REDIS_ADAPTER_H
#define MJ_REPORTING_REDIS_ADAPTER_H

#include <hiredis/async.h>

#include "common/loop/loop.h"

/* Ties a fresh context to the loop, before its connect callback is set; what it makes goes when hiredis frees the
 * context. UNAVAILABLE REDIS_POLL. */
int mj_redis_adapter_attach(struct mj_loop *l, redisAsyncContext *c, mj_error *err);

#endif
