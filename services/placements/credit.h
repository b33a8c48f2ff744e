/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* credit: how much each connection may have outstanding, in events and in bytes, and how much all of them together
 * (pitfalls Z16). Pure: counts only. A caller's credit is a window over all its unanswered batches; it shrinks when
 * the others together leave less, and is 0 while the service cannot take more. */
#ifndef PLACEMENTS_CREDIT_H
#define PLACEMENTS_CREDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/wire/server.h"

struct pl_credit_limits {
    uint32_t events;                     /* of one connection */
    uint32_t bytes;                      /* of one connection */
    size_t total_bytes;                  /* of all */
};

struct pl_credit;
struct pl_credit *pl_credit_create(const struct pl_credit_limits *limits);
void pl_credit_destroy(struct pl_credit *c);     /* NULL is allowed */
/* Takes a batch in. open: the service takes commands. RESOURCE_EXHAUSTED CREDIT, and nothing is counted, where the
 * peer's window or the total is passed or open is false. */
int pl_credit_take(struct pl_credit *c, struct mj_outstanding *peer, bool open, uint32_t events, uint32_t bytes,
                   mj_error *err);
/* The batch is answered. */
void pl_credit_give(struct pl_credit *c, struct mj_outstanding *peer, uint32_t events, uint32_t bytes);
/* What the peer may have outstanding from now on. */
void pl_credit_window(const struct pl_credit *c, const struct mj_outstanding *peer, bool open, uint32_t *events,
                      uint32_t *bytes);

#endif
