/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "placements/credit.h"

#include <stdlib.h>

#include "common/base/buf.h"

#define RETRY_MS 200

struct pl_credit {
    struct pl_credit_limits limits;
    size_t total_bytes;
};

struct pl_credit *pl_credit_create(const struct pl_credit_limits *limits)
{
    struct pl_credit *c = mj_calloc(1, sizeof *c);
    c->limits = *limits;
    return c;
}

void pl_credit_destroy(struct pl_credit *c)
{
    free(c);
}

void pl_credit_window(const struct pl_credit *c, const struct mj_outstanding *peer, bool open, uint32_t *events,
                      uint32_t *bytes)
{
    size_t others = c->total_bytes - peer->bytes;
    size_t left = others < c->limits.total_bytes ? c->limits.total_bytes - others : 0;
    *events = open && left > 0 ? c->limits.events : 0;
    *bytes = !open ? 0 : left < c->limits.bytes ? (uint32_t)left : c->limits.bytes;
}

int pl_credit_take(struct pl_credit *c, struct mj_outstanding *peer, bool open, uint32_t events, uint32_t bytes,
                   mj_error *err)
{
    uint32_t may_events, may_bytes;
    pl_credit_window(c, peer, open, &may_events, &may_bytes);
    uint64_t all_events = (uint64_t)events + peer->events, all_bytes = (uint64_t)bytes + peer->bytes;
    if (all_events > may_events || all_bytes > may_bytes) {
        (void)mj_fail(err, MJ_RESOURCE_EXHAUSTED, "CREDIT", "events",
                      "expected at most %u events and %u bytes outstanding, got %llu and %llu; nothing was written;"
                      " wait for answers, then send again", may_events, may_bytes, (unsigned long long)all_events,
                      (unsigned long long)all_bytes);
        if (err != NULL)
            err->retry_after_ms = RETRY_MS;
        return -1;
    }
    peer->events += events;
    peer->bytes += bytes;
    c->total_bytes += bytes;
    return 0;
}

void pl_credit_give(struct pl_credit *c, struct mj_outstanding *peer, uint32_t events, uint32_t bytes)
{
    peer->events -= events;
    peer->bytes -= bytes;
    c->total_bytes -= bytes;
}
