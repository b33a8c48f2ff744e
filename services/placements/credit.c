/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "placements/credit.h"

#include <stdlib.h>
#include <uthash.h>

#include "common/base/buf.h"

#define RETRY_MS 200

struct peer {                            /* a connection with something outstanding */
    uint64_t name;
    uint32_t events, bytes;
    UT_hash_handle hh;
};

struct pl_credit {
    struct pl_credit_limits limits;
    struct peer *peers;
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
    struct peer *p, *next;
    if (c == NULL)
        return;
    HASH_ITER(hh, c->peers, p, next) {
        HASH_DEL(c->peers, p);
        free(p);
    }
    free(c);
}

static struct peer *find(const struct pl_credit *c, uint64_t name)
{
    struct peer *p = NULL;
    HASH_FIND(hh, c->peers, &name, sizeof name, p);
    return p;
}

/* p: NULL where nothing is outstanding. */
static void window_of(const struct pl_credit *c, const struct peer *p, bool open, uint32_t *events, uint32_t *bytes)
{
    uint32_t own = p != NULL ? p->bytes : 0;
    size_t others = c->total_bytes - own;
    size_t left = others < c->limits.total_bytes ? c->limits.total_bytes - others : 0;
    *events = open && left > 0 ? c->limits.events : 0;
    *bytes = !open ? 0 : left < c->limits.bytes ? (uint32_t)left : c->limits.bytes;
}

void pl_credit_window(const struct pl_credit *c, uint64_t name, bool open, uint32_t *events, uint32_t *bytes)
{
    window_of(c, find(c, name), open, events, bytes);
}

int pl_credit_take(struct pl_credit *c, uint64_t name, bool open, uint32_t events, uint32_t bytes, mj_error *err)
{
    struct peer *p = find(c, name);
    uint32_t may_events, may_bytes;
    window_of(c, p, open, &may_events, &may_bytes);
    uint64_t all_events = (uint64_t)events + (p != NULL ? p->events : 0);
    uint64_t all_bytes = (uint64_t)bytes + (p != NULL ? p->bytes : 0);
    if (all_events > may_events || all_bytes > may_bytes) {
        (void)mj_fail(err, MJ_RESOURCE_EXHAUSTED, "CREDIT", "events",
                      "expected at most %u events and %u bytes outstanding, got %llu and %llu; nothing was written;"
                      " wait for answers, then send again", may_events, may_bytes, (unsigned long long)all_events,
                      (unsigned long long)all_bytes);
        if (err != NULL)
            err->retry_after_ms = RETRY_MS;
        return -1;
    }
    if (p == NULL) {
        p = mj_calloc(1, sizeof *p);
        p->name = name;
        HASH_ADD(hh, c->peers, name, sizeof p->name, p);
    }
    p->events += events;
    p->bytes += bytes;
    c->total_bytes += bytes;
    return 0;
}

void pl_credit_give(struct pl_credit *c, uint64_t name, uint32_t events, uint32_t bytes)
{
    struct peer *p = find(c, name);
    if (p == NULL)
        return;
    p->events -= events;
    p->bytes -= bytes;
    c->total_bytes -= bytes;
    if (p->events == 0) {
        HASH_DEL(c->peers, p);
        free(p);
    }
}
