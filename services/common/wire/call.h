/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* call: the other end of server: one connection to one instance, pipelined calls, each with a deadline and one of
 * three outcomes. Nothing is ever sent again by this module: the caller decides what a resend means. */
#ifndef MJ_WIRE_CALL_H
#define MJ_WIRE_CALL_H

#include "common/wire/frame.h"
#include "common/wire/sock.h"

enum mj_outcome {
    MJ_CALL_OK,                          /* answered */
    MJ_CALL_REFUSED,                     /* answered with an error: err says it */
    MJ_CALL_UNKNOWN,                     /* no answer in time, or the connection went: stored or not, nobody knows */
};

struct mj_reply {                        /* valid during the callback */
    enum mj_outcome outcome;
    const mj_error *err;                 /* REFUSED and UNKNOWN */
    const char *moved_to;                /* reason MOVED: where; "" where not known */
    const void *body;                    /* OK: unpacked by the answer's descriptor, NULL where there is none; fields of
                                          * a newer service that are not known here are passed over */
    const struct mj_frame *bytes;        /* OK: the body as received */
};
typedef void mj_reply_fn(void *arg, const struct mj_reply *r);

struct mj_call {                         /* what to call */
    const char *method;                  /* "placements.v1.Ingest" */
    const char *region;                  /* "" where none */
    const ProtobufCMessage *body;        /* packed before mj_peer_call returns */
    const ProtobufCMessageDescriptor *answer;    /* NULL: the caller reads the bytes */
    const uint8_t *key;                  /* 16 bytes, or NULL */
    uint32_t timeout_ms;                 /* 0: 5,000 */
};

struct mj_peer;
int mj_peer_open(struct mj_peer **ret, struct mj_loop *l, const char *endpoint, const uint8_t server_key[MJ_CURVE_KEY],
                 const struct mj_curve *keys, mj_error *err);
const char *mj_peer_endpoint(const struct mj_peer *p);
/* 0: fn will be called exactly once, never before this returns. -1, UNAVAILABLE: not connected or its queue is
 * full; nothing was sent and fn is not called. */
int mj_peer_call(struct mj_peer *p, const struct mj_call *c, mj_reply_fn *fn, void *arg, mj_error *err);
/* From the first to the last of the calls in a row that could not be sent, in ms; 0 where the last one could. */
uint64_t mj_peer_unsent_ms(const struct mj_peer *p);
unsigned mj_peer_outstanding(const struct mj_peer *p);
/* Outstanding calls get MJ_CALL_UNKNOWN first. Allowed inside a reply callback. NULL is allowed. */
void mj_peer_close(struct mj_peer *p);

#endif
