/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* tale: what one agency tells, event by event, without end: missions as mj-load draws them, so many open at a time,
 * their facts in the order of time, 5 % of them out of order. A young person's missions follow each other and stay with
 * one agency. Pure: the same options give the same bytes.
 *
 * A load program tells in seconds what takes years, so the days told are put about today, one mission in ten a month
 * back: then a tenth of the events come late, as in the field, and not all of them. Every event is to be accepted. */
#ifndef MJ_BENCH_TALE_H
#define MJ_BENCH_TALE_H

#include "mj-load/mission.h"
#include "mj-load/world.h"

#define BENCH_OPEN 50                            /* 16.77 M contracts x 12 days / 365 / 10,774 agencies: 51 */

struct bench_tale_options {
    const struct load_world *world;              /* of which everybody is enrolled; outlives the tale */
    unsigned stream, streams;                    /* which, of how many: young people are dealt out in turn */
    unsigned open;                               /* placements at a time */
    uint64_t seed;
    int64_t now_ms;                              /* UTC */
};

struct bench_tale;
struct bench_tale *bench_tale_create(const struct bench_tale_options *o);
void bench_tale_free(struct bench_tale *t);      /* NULL is allowed */
/* The next event; its length. */
size_t bench_tale_next(struct bench_tale *t, uint8_t out[LOAD_EVENT_ROOM]);
/* How often the young people were gone through; above 1 somebody has more missions than is real. */
unsigned bench_tale_rounds(const struct bench_tale *t);

#endif
