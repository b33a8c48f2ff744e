/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "common/wire/sock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/wire/endpoint.h"
#include "common/wire/pump.h"
#include "common/wire/sock_options.h"
#include "common/wire/sock_watch.h"

#define USER_HEX (2 * MJ_CURVE_KEY)

struct mj_sock {
    struct mj_pump pump;                         /* first: see pump.h */
    struct mj_loop *loop;
    enum mj_sock_kind kind;
    mj_message_fn *fn;
    void *arg;
    struct mj_sock_watch *watch;                 /* NULL: nobody asked */
    /* The message being received. */
    bool inside;                                 /* its first frame came already */
    bool dropped;                                /* a route that is none of ours */
    struct mj_message message;
    zmq_msg_t kept[MJ_FRAMES_MAX];
    uint8_t user[MJ_CURVE_KEY];
};

/* ---- receiving ---- */

static unsigned kept_frames(const struct mj_sock *s)
{
    return s->message.count < MJ_FRAMES_MAX ? s->message.count : MJ_FRAMES_MAX;
}

static void forget_message(struct mj_sock *s)
{
    for (unsigned i = 0; i < kept_frames(s); i++)
        zmq_msg_close(&s->kept[i]);
    memset(&s->message, 0, sizeof(s->message));
    s->inside = s->dropped = false;
}

/* Lower-case hex digits and what they stand for, plus one; 0: no such digit. */
static const uint8_t digits[256] = {
    ['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5, ['5'] = 6, ['6'] = 7, ['7'] = 8, ['8'] = 9, ['9'] = 10,
    ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16 };

/* The key that ZAP proved travels as text: ZAP's User-Id is a string. Anything else is no user (C3). */
static const uint8_t *user_of(struct mj_sock *s, zmq_msg_t *frame)
{
    const char *hex = zmq_msg_gets(frame, "User-Id");

    if (hex == NULL || strlen(hex) != USER_HEX)
        return NULL;
    for (size_t i = 0; i < MJ_CURVE_KEY; i++) {
        unsigned high = digits[(uint8_t)hex[2 * i]], low = digits[(uint8_t)hex[2 * i + 1]];

        if (high == 0 || low == 0)
            return NULL;
        s->user[i] = (uint8_t)((high - 1) << 4 | (low - 1));
    }
    return s->user;
}

/* libzmq names its peers with 5 bytes. A peer that gave itself a longer name (Z7) is not heard. */
static void take_route(struct mj_sock *s, zmq_msg_t *frame)
{
    size_t len = zmq_msg_size(frame);

    s->dropped = len > sizeof(s->message.route.id);
    if (s->dropped)
        return;
    memcpy(s->message.route.id, zmq_msg_data(frame), len);
    s->message.route.len = (uint8_t)len;
}

static void take_frame(struct mj_sock *s, zmq_msg_t *frame)
{
    unsigned n = s->message.count;

    if (n == 0)
        s->message.user = user_of(s, frame);
    if (n < MJ_FRAMES_MAX) {
        zmq_msg_init(&s->kept[n]);
        zmq_msg_move(&s->kept[n], frame);
        s->message.frames[n].data = zmq_msg_data(&s->kept[n]);
        s->message.frames[n].len = zmq_msg_size(&s->kept[n]);
    }
    if (n < UINT32_MAX)
        s->message.count = n + 1;
}

static void on_frame(struct mj_pump *p, zmq_msg_t *frame, bool more)
{
    struct mj_sock *s = (struct mj_sock *)p;

    if (!s->inside && s->kind == MJ_SOCK_ROUTER)
        take_route(s, frame);
    else
        take_frame(s, frame);
    s->inside = true;
    if (more)
        return;
    if (!s->dropped)
        s->fn(s->arg, &s->message);              /* may close s: its memory stays until the turn ends */
    forget_message(s);
}

/* ---- opening ---- */

void mj_curve_make(struct mj_curve *k)
{
    char public_text[41], secret_text[41];       /* Z85 of 32 bytes, and NUL */

    if (zmq_curve_keypair(public_text, secret_text) != 0 || zmq_z85_decode(k->public_key, public_text) == NULL
        || zmq_z85_decode(k->secret_key, secret_text) == NULL)
        mj_loop_die("mj_curve_make", zmq_strerror(zmq_errno()));
    explicit_bzero(secret_text, sizeof(secret_text));
}

static void free_sock(struct mj_pump *p)
{
    struct mj_sock *s = (struct mj_sock *)p;

    forget_message(s);                           /* closed in the middle of one */
    free(s);
}

int mj_sock_open(struct mj_sock **ret, struct mj_loop *l, enum mj_sock_kind kind, const struct mj_curve *keys,
                 mj_message_fn *fn, void *arg, mj_error *err)
{
    struct mj_sock *s;

    if (kind == MJ_SOCK_ROUTER && l->zap == NULL)
        return mj_fail(err, MJ_FAILED_PRECONDITION, "NO_ZAP", NULL, "a door needs a handler that says who may enter; "
                       "call mj_zap_create first");
    s = mj_calloc(1, sizeof(*s));
    s->loop = l;
    s->kind = kind;
    s->fn = fn;
    s->arg = arg;
    s->pump.fn = on_frame;
    s->pump.freed = free_sock;
    if (mj_pump_open(&s->pump, l, kind == MJ_SOCK_ROUTER ? ZMQ_ROUTER : ZMQ_DEALER, err) < 0) {
        free(s);
        return -1;
    }
    l->doors += kind == MJ_SOCK_ROUTER;
    if (mj_sock_options_set(s->pump.zmq, kind, keys, err) < 0) {
        mj_sock_close(s);
        return -1;
    }
    *ret = s;
    return 0;
}

int mj_sock_bind(struct mj_sock *s, const char *host, int port, char bound[MJ_ENDPOINT_MAX], mj_error *err)
{
    char endpoint[MJ_ENDPOINT_MAX];
    size_t len = MJ_ENDPOINT_MAX;
    bool ipv6;

    if (mj_endpoint_make(endpoint, host, port, &ipv6, err) < 0 || mj_sock_options_ipv6(s->pump.zmq, ipv6, err) < 0)
        return -1;
    mj_pump_used(&s->pump);
    if (zmq_bind(s->pump.zmq, endpoint) != 0) {
        if (zmq_errno() == EADDRINUSE)
            return mj_fail(err, MJ_ALREADY_EXISTS, "ADDRESS_IN_USE", NULL, "%s is in use; stop what listens there or "
                           "choose another port", endpoint);
        return mj_fail(err, MJ_FAILED_PRECONDITION, "BIND", NULL, "%s cannot be listened on: %s; choose an address of "
                       "this machine", endpoint, zmq_strerror(zmq_errno()));
    }
    if (zmq_getsockopt(s->pump.zmq, ZMQ_LAST_ENDPOINT, bound, &len) != 0)
        return mj_fail(err, MJ_INTERNAL, "BIND", NULL, "the bound address is not known: %s",
                       zmq_strerror(zmq_errno()));
    return 0;
}

int mj_sock_connect(struct mj_sock *s, const char *endpoint, const uint8_t server_key[MJ_CURVE_KEY], mj_error *err)
{
    bool ipv6;

    if (mj_endpoint_check(endpoint, &ipv6, err) < 0 || mj_sock_options_ipv6(s->pump.zmq, ipv6, err) < 0)
        return -1;
    if (zmq_setsockopt(s->pump.zmq, ZMQ_CURVE_SERVERKEY, server_key, MJ_CURVE_KEY) != 0)
        return mj_fail(err, MJ_INTERNAL, "SOCKET_OPTION", NULL, "the server's key is not taken: %s",
                       zmq_strerror(zmq_errno()));
    mj_pump_used(&s->pump);
    if (zmq_connect(s->pump.zmq, endpoint) != 0)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "BAD_ENDPOINT", "endpoint", "%s cannot be connected to: %s; correct "
                       "the address", endpoint, zmq_strerror(zmq_errno()));
    return 0;
}

int mj_sock_on_lost(struct mj_sock *s, void (*fn)(void *arg), void *arg, mj_error *err)
{
    mj_pump_used(&s->pump);
    return mj_sock_watch_open(&s->watch, s->loop, s->pump.zmq, fn, arg, err);
}

/* ---- sending ---- */

static enum mj_sent why_not(void)
{
    int e = zmq_errno();

    if (e == EAGAIN)
        return MJ_SENT_FULL;
    if (e == EHOSTUNREACH)
        return MJ_SENT_GONE;
    mj_loop_die("zmq_send", zmq_strerror(e));
}

enum mj_sent mj_sock_send(struct mj_sock *s, const struct mj_route *route, const struct mj_frame *frames,
                          unsigned count)
{
    enum mj_sent sent = MJ_SENT;

    if (count == 0 || (s->kind == MJ_SOCK_ROUTER) != (route != NULL))
        mj_loop_die("mj_sock_send", "a message has frames, and a route when it is an answer");
    if (s->pump.zmq == NULL)
        return MJ_SENT_GONE;                     /* closed by this very callback */
    if (route != NULL && mj_pump_send(&s->pump, route->id, route->len, true) < 0)
        return why_not();
    for (unsigned i = 0; i < count; i++) {
        if (mj_pump_send(&s->pump, frames[i].data, frames[i].len, i + 1 < count) == 0)
            continue;
        sent = why_not();
        if (i == 0)
            return sent;
        /* The connection went between two frames. libzmq took back the first and drops the rest, but the rest must
         * still be given to it, or it would drop the next message instead. */
    }
    return sent;
}

void mj_sock_close(struct mj_sock *s)
{
    if (s == NULL || s->pump.zmq == NULL)
        return;
    s->loop->doors -= s->kind == MJ_SOCK_ROUTER;
    mj_sock_watch_close(s->watch);
    s->watch = NULL;
    mj_pump_close(&s->pump);
}

int mj_sock_option(struct mj_sock *s, int name)
{
    mj_pump_used(&s->pump);
    return mj_sock_options_get(s->pump.zmq, name);
}
