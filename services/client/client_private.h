/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* The inside of libmj, shared by client.c and the stream's files. Nobody else includes it. */
#ifndef MJ_CLIENT_CLIENT_PRIVATE_H
#define MJ_CLIENT_CLIENT_PRIVATE_H

#include "client/mj_client.h"
#include "missionjeunes/placements/v1/placements.pb-c.h"

/* Credit is the connection's: all streams of a client share it. */
struct client_credit { uint32_t events, bytes, out_events; size_t out_bytes; };

struct mj_client {
    const struct mj_env *env;
    struct mj_loop *loop;
    bool owns_loop;
    struct mj_resolver *resolver;
    struct client_credit credit;
    struct mj_stream *hungry;            /* streams that have something to send and no credit */
};

enum stream_state {
    STREAM_STARTING,                     /* region not known: declaring the agency, or asking for it */
    STREAM_RESUMING,                     /* asking for the last number taken */
    STREAM_RUNNING,
    STREAM_PAUSED,                       /* something failed: a timer starts it again */
    STREAM_STOPPED,                      /* refused for good */
};

struct mj_stream {
    struct mj_client *client;
    struct mj_stream_options o;
    char siret[15], commune[6];
    struct mj_spool *spool;
    enum stream_state state;
    bool resumed_once;
    uint64_t next;                       /* first number not sent since the last resume */
    uint64_t synced;                     /* highest number on this machine's disk */
    uint64_t sent_through;               /* highest number ever sent: beyond it is no resend */
    uint64_t taken;                      /* highest number that the service said it has */
    uint64_t lost_from, lost_through;    /* numbers that the service has and this spool has not; 0: none */
    uint64_t run;                        /* grows with each resume: failures of older batches are old news */
    uint64_t opened_ms;                  /* monotonic */
    unsigned failures;                   /* in a row, for the back-off */
    struct stream_call *calls;           /* outstanding */
    struct mj_defer *turn;
    struct mj_timer *pause;
    bool is_hungry;
    struct mj_stream *next_hungry;
    struct mj_stream_stats stats;
};

/* One outstanding call; stream becomes NULL when the stream closes first. */
struct stream_call {
    struct mj_stream *stream;
    struct mj_client *client;
    uint64_t run, first;
    uint32_t events;
    size_t bytes;
    struct stream_call *next;
};

/* stream.c */
struct stream_call *stream_call_make(struct mj_stream *s);
void stream_call_free(struct stream_call *c);
void stream_trouble(struct mj_stream *s, const mj_error *err);   /* pause, or stop for good */
void stream_resume(struct mj_stream *s);
/* stream_start.c */
void stream_find_region(struct mj_stream *s);
/* stream_send.c */
void stream_untake(struct mj_stream *s);                         /* the spool failed: what it had not synced is gone */
void stream_pump(struct mj_stream *s);
void stream_feed(struct mj_client *c);                           /* credit came free: whoever wanted it tries again */
void stream_take_credit(struct mj_client *c, const Missionjeunes__Placements__V1__Credit *credit);

#endif
