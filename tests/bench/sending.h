/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* sending: all packed messages go to placements, as many outstanding as the window and the credit allow or at a steady
 * rate, and every answer is checked: nothing but the resends may be an exception. What is refused for want of credit
 * is sent again, from there on. */
#ifndef MJ_BENCH_SENDING_H
#define MJ_BENCH_SENDING_H

#include "links.h"
#include "messages.h"
#include "mj-load/hist.h"

struct bench_ack { uint64_t at_ns, position; uint32_t events; };

struct bench_sending {
    struct bench_links *links;
    struct bench_cast *cast;
    struct bench_shard *shards;
    const char *region;
    unsigned window;                             /* events outstanding on a connection, at most */
    double rate;                                 /* messages a second, all connections; 0: as fast as it goes */
    /* filled */
    struct load_hist latency;                    /* of new events, from when they were sent or due */
    uint64_t begin_ns, end_ns;
    uint64_t duplicates, warned, refused;        /* refused: messages, for want of credit */
    uint64_t position;                           /* of the log, acknowledged */
    struct bench_ack *acks;                      /* of every answer with new events, in order; keep_acks: wanted */
    size_t ack_count;
    bool keep_acks;
};
int bench_send_all(struct bench_sending *s, mj_error *err);

/* Asks where every stream stands, over its own connection: last[stream]. */
int bench_resume_all(struct bench_links *l, const struct bench_cast *c, const char *region, uint64_t *last,
                     mj_error *err);

#endif
