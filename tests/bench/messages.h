/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* messages: everything that a connection will send, packed before the clock starts. 2 % of what is sent are resends:
 * a batch begins with the last events of the one before; where events go singly, every 50th is an earlier one. */
#ifndef MJ_BENCH_MESSAGES_H
#define MJ_BENCH_MESSAGES_H

#include "tale.h"
#include "common/base/buf.h"

#define BENCH_BATCH_MAX 1000

struct bench_message {
    size_t at;                                   /* of its body in bytes */
    uint32_t len, payload;                       /* of the body; of its events */
    uint32_t stream;
    uint16_t resent, fresh;                      /* events: first the resent ones */
    bool acknowledged;
    uint64_t first;                              /* number of its first event */
    uint64_t due_ns;                             /* when it was sent, or ought to have been */
};

struct bench_shard {                             /* one connection's */
    struct mj_buf bytes;
    struct bench_message *messages;
    size_t count, room;
};

struct bench_stream {
    char siret[MJ_SIRET_LEN + 1];
    uint64_t last;                               /* number given */
    struct bench_tale *tale;
    struct { uint8_t bytes[LOAD_EVENT_ROOM]; size_t len; } recent[BENCH_BATCH_MAX / 50];
};

struct bench_cast {                              /* who sends what */
    struct bench_stream *streams;
    unsigned stream_count, links;                /* stream i goes over connection i % links */
    unsigned batch;                              /* events a message; 1: single events */
    uint64_t fresh, resent, payload_bytes, body_bytes;           /* filled by packing */
};

/* Packs about `events` distinct events for all connections, shards[links] zeroed. */
void bench_pack(struct bench_cast *c, struct bench_shard *shards, uint64_t events);
void bench_shard_free(struct bench_shard *s);
/* The same distinct events in the same order, for the peers: records of [u32 LE length][14 bytes SIRET]
 * [u64 LE number][payload]. */
int bench_write_events(const struct bench_shard *shards, const struct bench_cast *c, const char *path, mj_error *err);

#endif
