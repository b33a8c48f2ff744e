/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* queries: what a sender can ask of its own stream, answered from the tables at their position. Each runs on the read
 * thread; all that it returns lives in the arena. */
#ifndef PLACEMENTS_QUERIES_H
#define PLACEMENTS_QUERIES_H

#include "common/base/arena.h"
#include "placements/fates.h"

#define PL_PAGE_DEFAULT 100
#define PL_PAGE_MAX 1000

/* Rows to answer with: 0 gives the default, too many are cut. */
uint32_t pl_page_size(uint32_t asked);

/* What became of one event. NOT_FOUND EVENT beyond the last number the tables hold. */
int pl_query_event(const struct mj_readers *r, const char *siret, uint64_t number, struct mj_arena *a,
                   GetEventResponse *out, mj_error *err);

/* outcomes: bit n for outcome n. after: number after which the page starts. */
struct pl_exceptions_query { const char *siret; unsigned outcomes; bool late; uint64_t after; uint32_t size; };
int pl_query_exceptions(const struct mj_readers *r, const struct pl_exceptions_query *q, struct mj_arena *a,
                        ListExceptionsResponse *out, mj_error *err);

/* In the order in which they were first told; after: the number after which the page starts. A page ends early, and
 * says that it goes on, where many numbers in a row tell of no new placement. */
int pl_query_placements(const struct mj_readers *r, const char *siret, uint64_t after, uint32_t size,
                        struct mj_arena *a, ListPlacementsResponse *out, mj_error *err);

/* A page token is the number of the page's last row, 8 bytes. INVALID_ARGUMENT PAGE_TOKEN. */
int pl_token_number(const ProtobufCBinaryData *token, uint64_t *after, mj_error *err);

#endif
