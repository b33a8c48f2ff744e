/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* sock: ZeroMQ sockets on the loop. One function opens them and sets every option (sock_options.c); nobody knows
 * ZeroMQ but sock, sock_options, sock_watch, pump and zap of this folder, and loop.c for the context.
 *
 * ZMQ_FD is edge-triggered (U1-U3): the poll on it only wakes the loop; before every sleep each socket's
 * ZMQ_EVENTS is read and, if messages wait, the loop is kept awake; after every wake at most 64 are taken, so that
 * timers and other sockets get their turn. Sending never blocks. */
#ifndef MJ_WIRE_SOCK_H
#define MJ_WIRE_SOCK_H

#include <stddef.h>
#include <stdint.h>

#include "common/loop/loop.h"

#define MJ_CURVE_KEY 32
#define MJ_FRAMES_MAX 4                  /* frames of a message that are looked at; more is counted and dropped */
#define MJ_ENDPOINT_MAX 128

struct mj_curve {                        /* a CURVE key pair */
    uint8_t public_key[MJ_CURVE_KEY];
    uint8_t secret_key[MJ_CURVE_KEY];
};
void mj_curve_make(struct mj_curve *k);  /* zmq_curve_keypair */

struct mj_frame { const uint8_t *data; size_t len; };

/* Which peer a message came from, to answer it: an opaque name of a live connection, never to be kept on disk.
 * Messages of a peer that gave itself a name longer than this (Z7: ours never do) are dropped. */
struct mj_route { uint8_t len; uint8_t id[15]; };

struct mj_message {                      /* valid during the callback */
    struct mj_route route;               /* ROUTER only */
    const uint8_t *user;                 /* the CURVE public key ZAP proved (User-Id), 32 bytes; NULL: none (C3) */
    struct mj_frame frames[MJ_FRAMES_MAX];
    unsigned count;                      /* frames after the route; may be larger than MJ_FRAMES_MAX: refuse */
};

enum mj_sock_kind {
    MJ_SOCK_ROUTER,                      /* a service's door: internet ROUTER column, CURVE server, ZAP enforced */
    MJ_SOCK_DEALER,                      /* a client's connection: internal DEALER column, CURVE client */
};

/* FULL: the peer is slow or, for a DEALER, not connected: nothing was sent, try later. GONE: ROUTER only, the peer
 * left: forget the answer. SENT is only "queued" (Z1); mj_sock_close drops what has not left yet. */
enum mj_sent { MJ_SENT, MJ_SENT_FULL, MJ_SENT_GONE };

struct mj_sock;
typedef void mj_message_fn(void *arg, const struct mj_message *m);

/* ROUTER: keys are the server's; a ZAP handler (zap.h) must be up in this loop first, else FAILED_PRECONDITION.
 * DEALER: keys are the client's. */
int mj_sock_open(struct mj_sock **ret, struct mj_loop *l, enum mj_sock_kind kind, const struct mj_curve *keys,
                 mj_message_fn *fn, void *arg, mj_error *err);
/* host is an IPv4 or IPv6 address in digits, IPv6 without brackets; port 0 takes a free one. bound gets
 * "tcp://127.0.0.1:5511". BAD_ENDPOINT, ADDRESS_IN_USE. */
int mj_sock_bind(struct mj_sock *s, const char *host, int port, char bound[MJ_ENDPOINT_MAX], mj_error *err);
/* endpoint is "tcp://host:port", checked to be nothing else (C11): host is an address in digits (IPv6 in brackets)
 * or a DNS name. Once a socket. BAD_ENDPOINT. */
int mj_sock_connect(struct mj_sock *s, const char *endpoint, const uint8_t server_key[MJ_CURVE_KEY], mj_error *err);
/* DEALER: fn is called when its connection went: what was asked over it gets no answer any more, though some may have
 * arrived and not been given yet. Once a socket. */
int mj_sock_on_lost(struct mj_sock *s, void (*fn)(void *arg), void *arg, mj_error *err);
/* All frames or none. route is for ROUTER, else NULL. */
enum mj_sent mj_sock_send(struct mj_sock *s, const struct mj_route *route, const struct mj_frame *frames,
                          unsigned count);
/* Close inside its own callback is allowed. */
void mj_sock_close(struct mj_sock *s);

/* For the test that reads every option back: name is a ZMQ_* number; returns the int value, -1 where libzmq gives
 * none back (ROUTER_MANDATORY). */
int mj_sock_option(struct mj_sock *s, int name);

#endif
