/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* libmj: what an agency's system, the command line, the gateway and the tests link to speak to the platform.
 *
 * One thread: callbacks come inside mj_client_run_for. A client knows the registries' addresses and keys, and its own
 * key pair; where everything else runs it learns from the directory. Two ways in:
 *   - mj_client_call and mj_client_ask: one method, one answer, with one of three outcomes (wire/call.h);
 *   - a stream (mj_stream_*): numbered events that are spooled on this machine's disk, sent, resent and acknowledged by
 *     themselves. What a stream promises stands in proto/PROTOCOL.md, "Numbered streams". */
#ifndef MJ_CLIENT_MJ_CLIENT_H
#define MJ_CLIENT_MJ_CLIENT_H

#include "client/spool.h"
#include "common/base/buf.h"
#include "common/wire/resolver.h"

/* ---- a client ---- */

struct mj_client;
struct mj_client_options {
    const char *registry;                /* "tcp://host:port/server-key-in-hex", several separated by commas */
    const struct mj_curve *keys;         /* copied */
    const struct mj_env *env;            /* NULL: the real one, or the loop's */
    struct mj_loop *loop;                /* NULL: one of its own; else it is shared, and outlives the client */
};

int mj_client_open(struct mj_client **ret, const struct mj_client_options *o, mj_error *err);
void mj_client_close(struct mj_client *c);       /* streams first */
/* Turns the loop for at most ms; returns early after mj_client_wake. */
void mj_client_run_for(struct mj_client *c, uint64_t ms);
void mj_client_wake(struct mj_client *c);        /* inside a callback: run_for returns */
struct mj_loop *mj_client_loop(struct mj_client *c);
struct mj_resolver *mj_client_resolver(struct mj_client *c);

/* One call. service NULL: the method's first word. fn is called once; -1: it is not, nothing was sent. */
int mj_client_call(struct mj_client *c, const char *service, const struct mj_call *call, mj_reply_fn *fn, void *arg,
                   mj_error *err);
/* The same, waited for: looks for the instance and asks again while nothing was sent, until timeout_ms of the call.
 * The answer is unpacked into arena. -1: refused or unknown, err says it. */
int mj_client_ask(struct mj_client *c, const char *service, const struct mj_call *call, struct mj_arena *arena,
                  const void **answer, mj_error *err);
/* 16 random bytes for an idempotency key. */
void mj_client_key(struct mj_client *c, uint8_t key[MJ_COMMAND_KEY]);

/* For who sends a batch outside of a stream, as tools do that resend on purpose: takes credit for it where there is
 * some left or nothing is outstanding, and gives it back once it was answered. */
bool mj_client_take_credit(struct mj_client *c, uint32_t events, uint32_t bytes);
void mj_client_give_credit(struct mj_client *c, uint32_t events, uint32_t bytes);

/* ---- a stream of placement events ---- */

/* What became of one event; numbered as placements.v1.Outcome. */
enum mj_event_outcome {
    MJ_EVENT_ACCEPTED = 1,
    MJ_EVENT_DUPLICATE,
    MJ_EVENT_UNMATCHED,
    MJ_EVENT_CONFLICT,
    MJ_EVENT_REJECTED
};
const char *mj_event_outcome_name(enum mj_event_outcome o);      /* "accepted" */
/* The four levels for people: 0 accepted or duplicate, 1 with a warning or unmatched, 2 try again, 3 rejected or
 * conflict. */
int mj_event_level(enum mj_event_outcome o, const char *reason);

struct mj_event_result {                 /* valid during the callback */
    uint64_t sequence;
    enum mj_event_outcome outcome;
    const char *reason, *field, *message;/* "" where none */
    uint64_t same_as;
};

struct mj_stream;
struct mj_stream_options {
    const char *siret;                   /* of the agency: the stream's name */
    const char *commune;                 /* INSEE code: declares the agency where it is not yet; NULL: it is declared */
    const char *region; /* INSEE region where it is known already; NULL: from the spool or declaration */
    struct mj_spool *spool;              /* the stream's from now on, closed with it */
    /* One for every event that was not simply accepted, then durable with the highest number acknowledged. */
    void (*result)(void *arg, const struct mj_event_result *r);
    void (*durable)(void *arg, uint64_t through);
    /* The stream may be written to; called after each resume. last: the last number the service has. */
    void (*ready)(void *arg, uint64_t last);
    /* It stopped, and goes on by itself after a pause, but for INVALID_ARGUMENT, UNIMPLEMENTED, and, from a minute
     * after it was opened, PERMISSION_DENIED and UNAUTHENTICATED: until then the service may not know who was just
     * declared. */
    void (*trouble)(void *arg, const mj_error *err);
    void *arg;
};
int mj_stream_open(struct mj_stream **ret, struct mj_client *c, const struct mj_stream_options *o, mj_error *err);
void mj_stream_close(struct mj_stream *s);       /* what is in the spool stays there */
bool mj_stream_is_ready(const struct mj_stream *s);
/* Takes an event (a packed placements.v1.PlacementEvent) under the next number. It is on this machine's disk, and on
 * its way, once the loop has turned. UNAVAILABLE NOT_RESUMED before the first ready of an empty spool;
 * RESOURCE_EXHAUSTED SPOOL_FULL where a million events wait, DISK_FULL where this machine's disk is full. Where the
 * spool fails, here or in the loop (trouble says so), events that were taken since the loop last turned are not
 * taken: mj_stream_last goes back, and their numbers go to others. */
int mj_stream_send(struct mj_stream *s, const uint8_t *event, size_t len, uint64_t *sequence, mj_error *err);
uint64_t mj_stream_last(const struct mj_stream *s);              /* last number given */
uint64_t mj_stream_durable(const struct mj_stream *s);           /* last number whose fate is known */
const char *mj_stream_region(const struct mj_stream *s);         /* "" while unknown */

struct mj_stream_stats { uint64_t sent, resent, batches, resumes, accepted, duplicates, unmatched, conflicts, rejected,
                         warned, unknown; };
const struct mj_stream_stats *mj_stream_stats(const struct mj_stream *s);

#endif
