/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* links: connections of a load program to one service, as cheap as they get: raw DEALER sockets with the platform's own
 * options and CURVE, bodies sent without a copy, one thread, and a sleep that knows nanoseconds. */
#ifndef MJ_BENCH_LINKS_H
#define MJ_BENCH_LINKS_H

#include <stdbool.h>

#include "common/wire/frame.h"

#define BENCH_LINKS_MAX 64

uint64_t bench_now_ns(void);                     /* monotonic */

struct bench_question {
    const char *method, *region;
    uint64_t correlation;
    uint32_t timeout_ms;
    const uint8_t *body;                         /* stays the caller's until its answer came */
    size_t len;
};
struct bench_answer {                            /* valid during the callback */
    unsigned link;
    uint64_t correlation;
    mj_code code;                                /* MJ_OK, or the body is an Error */
    struct mj_frame body;
};
/* -1: stop, err says why. */
typedef int bench_answer_fn(void *arg, const struct bench_answer *a, mj_error *err);

struct bench_links;
/* keys: one pair for each of the count connections; copied. server_key NULL: without CURVE, which no service of ours
 * takes. */
int bench_links_open(struct bench_links **ret, const char *endpoint, const uint8_t server_key[MJ_CURVE_KEY],
                     const struct mj_curve *keys, unsigned count, mj_error *err);
void bench_links_close(struct bench_links *l);   /* NULL is allowed */
unsigned bench_links_count(const struct bench_links *l);
/* False: not connected yet, or its queue is full. */
bool bench_links_send(struct bench_links *l, unsigned link, const struct bench_question *q);
/* Hands on every answer that is there: how many, or -1. */
int bench_links_take(struct bench_links *l, bench_answer_fn *fn, void *arg, mj_error *err);
/* Until something comes, or so many nanoseconds have gone. */
void bench_links_sleep(struct bench_links *l, uint64_t ns);

#endif
