/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* server: requests in, answers out, through one method table.
 *
 * The dispatcher decodes, finds the caller by its proved key on every message, checks the right that the table
 * states, unpacks the body into the request's own arena, runs the handler, and turns -1 into an error answer: no
 * handler builds one. A method without a right does not start the service. Everything a peer controls has a limit:
 * requests in work per peer and in all, memory of bodies in work (pitfalls Z16); at the limit the answer is
 * RESOURCE_EXHAUSTED and a counter moves. */
#ifndef MJ_WIRE_SERVER_H
#define MJ_WIRE_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/auth/who.h"
#include "common/wire/frame.h"
#include "common/wire/sock.h"

struct mj_request;                       /* one call in work */

struct mj_method {
    const char *name;                    /* "placements.v1.Ingest": package without "missionjeunes." and rpc */
    const ProtobufCMessageDescriptor *request;   /* NULL: run reads the bytes itself, or calls mj_request_unpack */
    const ProtobufCMessageDescriptor *answer;
    unsigned roles;                      /* bits MJ_ROLE_BIT(role), never 0; MJ_ROLES_ALL */
    bool command;                        /* needs an idempotency key in the header (KEY_REQUIRED) */
    /* 0: answered, or held to be answered later; -1: the dispatcher answers the error. */
    int (*run)(void *app, struct mj_request *rq, mj_error *err);
};
#define MJ_METHODS_END { NULL, NULL, NULL, 0, false, NULL }

/* What a handler may ask of a request. */
const void *mj_request_body(const struct mj_request *rq);            /* unpacked, size- and role-checked */
/* The body in the request's arena, for a method that states no message: NULL where the bytes are none, which the
 * dispatcher then answers. */
const void *mj_request_unpack(struct mj_request *rq, const ProtobufCMessageDescriptor *d, mj_error *err);
const struct mj_frame *mj_request_bytes(const struct mj_request *rq);/* the body as received; valid until answered */
const struct mj_principal *mj_request_who(const struct mj_request *rq);   /* copied: valid until answered */
const struct mj_header *mj_request_header(const struct mj_request *rq);
/* Emptied once it is answered. Has a ceiling, 64 KiB and more, until the body was unpacked. */
struct mj_arena *mj_request_arena(struct mj_request *rq);
/* What the handlers count of the caller's connection: nothing at first, and kept while any request of it is in work. */
struct mj_outstanding { uint32_t events, bytes; };
struct mj_outstanding *mj_request_outstanding(struct mj_request *rq);
/* When the caller stops waiting, on the loop's clock, counted from the arrival here; 0: it did not say. */
uint64_t mj_request_deadline_ms(const struct mj_request *rq);
/* It has stopped: work that has not begun is not worth beginning (mj_reply_late). */
bool mj_request_expired(const struct mj_request *rq);

/* Answers and ends the request; never blocks. Where the peer is gone or does not read, the answer is dropped and
 * counted (stats.gone): the caller asks again. Handlers that answer later simply keep rq; every request must be
 * answered once. */
void mj_reply(struct mj_request *rq, const ProtobufCMessage *answer);
/* As mj_reply, where the handler writes the answer's fields itself: into what begin gives, empty, before it asks or
 * answers anything else. */
struct mj_buf *mj_reply_begin(struct mj_request *rq);
void mj_reply_end(struct mj_request *rq);
void mj_reply_error(struct mj_request *rq, const mj_error *err);
/* As mj_reply_error, for a request that expired before its work began: DEADLINE_EXCEEDED TOO_LATE. */
void mj_reply_late(struct mj_request *rq);
/* As mj_reply_error with reason MOVED and where to go. */
void mj_reply_moved(struct mj_request *rq, const char *endpoint);

struct mj_server;
struct mj_server_limits {
    unsigned requests_per_peer;          /* 256 */
    unsigned requests;                   /* 65,536 */
    size_t body_bytes; /* of all bodies in work, unpacked: 192 MiB, 128 full batches and one to unpack */
};
struct mj_server_stats { uint64_t requests, errors, unauthenticated, unknown_method, refused, malformed, overflow,
                         gone, in_work; };

/* tables: one or more method tables, ended by one whose methods are NULL; app is given to their handlers. Checks
 * the tables (FAILED_PRECONDITION: METHOD_RIGHT where a method states no role, METHOD_TWICE, METHOD_NAME,
 * METHOD_INCOMPLETE; field is the method). limits: NULL or 0 give the figures above. mj_server_bind opens the
 * socket; the loop's ZAP handler must be up by then. who must outlive the server. */
struct mj_server_tables { const struct mj_method *methods; void *app; };
int mj_server_create(struct mj_server **ret, struct mj_loop *l, struct mj_who *who, const struct mj_curve *keys,
                     const struct mj_server_tables *tables, const struct mj_server_limits *limits, mj_error *err);
int mj_server_bind(struct mj_server *s, const char *host, int port, char bound[MJ_ENDPOINT_MAX], mj_error *err);
/* Who serves a region that is not served here, for answers MOVED: an endpoint, or "" where nobody is known. */
void mj_server_on_moved(struct mj_server *s, const char *(*where)(void *arg, const char *region), void *arg);
/* From now on every request gets UNAVAILABLE (STOPPING); those in work may still be answered. */
void mj_server_drain(struct mj_server *s);
unsigned mj_server_in_work(const struct mj_server *s);
const struct mj_server_stats *mj_server_stats(const struct mj_server *s);
/* Requests in work are freed without an answer: nobody may touch one afterwards. NULL is allowed. */
void mj_server_destroy(struct mj_server *s);
/* One method by its name, NULL where there is none; all of them in order of name, for the test of the access matrix. */
const struct mj_method *mj_server_method(const struct mj_server *s, const char *name);
size_t mj_server_methods(const struct mj_server *s);
const struct mj_method *mj_server_method_at(const struct mj_server *s, size_t i);

#endif
