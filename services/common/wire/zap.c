/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* zap: a ROUTER at inproc://zeromq.zap.01. libzmq asks on it for every CURVE handshake, in nine frames:
 * route, empty, version, request id, domain, address, routing id, mechanism, credentials; and takes eight back:
 * route, empty, version, request id, status code, status text, user id, metadata (RFC 27). */
#include "common/wire/zap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/service/logging.h"
#include "common/wire/pump.h"
#include "common/wire/sock_options.h"

#define ADDRESS "inproc://zeromq.zap.01"
#define VERSION "1.0"
#define FRAME_MAX 255                            /* RFC 27's short strings; a longer frame is no ZAP */
#define USER_HEX (2 * MJ_CURVE_KEY)

enum { ROUTE, EMPTY, VERSION_IN, REQUEST_ID, DOMAIN, PEER, ROUTING_ID, MECHANISM, KEY, FRAMES };

struct frame {
    size_t len;
    uint8_t data[FRAME_MAX];
};

struct mj_zap {
    struct mj_pump pump;                         /* first: see pump.h */
    struct mj_loop *loop;
    mj_zap_fn *fn;
    void *arg;
    uint64_t refused;
    unsigned count;                              /* frames of the request so far */
    bool too_long;
    struct frame frames[FRAMES];
};

static bool is_text(const struct frame *f, const char *text)
{
    return f->len == strlen(text) && memcmp(f->data, text, f->len) == 0;
}

/* Enough of it holds for an answer to find its way. */
static bool can_be_answered(const struct mj_zap *z)
{
    return !z->too_long && z->count > REQUEST_ID && z->frames[EMPTY].len == 0;
}

static bool is_valid(const struct mj_zap *z)
{
    return can_be_answered(z) && z->count == FRAMES && is_text(&z->frames[VERSION_IN], VERSION)
           && is_text(&z->frames[DOMAIN], MJ_ZAP_DOMAIN) && is_text(&z->frames[MECHANISM], "CURVE")
           && z->frames[KEY].len == MJ_CURVE_KEY;
}

/* libzmq waits for this answer and there is nobody else to give it: what cannot be sent ends the process (C2). Only
 * a peer that has left meanwhile is no failure. */
static void send_frames(struct mj_zap *z, const struct frame *first[4], const char *const last[4])
{
    for (unsigned i = 0; i < 8; i++) {
        const void *data = i < 4 ? (const void *)first[i]->data : last[i - 4];
        size_t len = i < 4 ? first[i]->len : strlen(last[i - 4]);

        if (mj_pump_send(&z->pump, data, len, i < 7) == 0)
            continue;
        if (i == 0 && zmq_errno() == EHOSTUNREACH)
            return;
        mj_loop_die("the ZAP answer", zmq_strerror(zmq_errno()));
    }
}

static void answer(struct mj_zap *z, const char *code, const char *text, const char *user)
{
    static const struct frame empty, version = { sizeof(VERSION) - 1, VERSION };
    const struct frame *first[4] = { &z->frames[ROUTE], &empty, &version, &z->frames[REQUEST_ID] };
    const char *const last[4] = { code, text, user, "" };

    send_frames(z, first, last);
}

static void write_hex(char out[USER_HEX + 1], const uint8_t key[MJ_CURVE_KEY])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < MJ_CURVE_KEY; i++) {
        out[2 * i] = digits[key[i] >> 4];
        out[2 * i + 1] = digits[key[i] & 15];
    }
    out[USER_HEX] = '\0';
}

/* The address only: a key that is refused may be anybody's. */
static void log_refused(const struct mj_zap *z)
{
    const struct frame *peer = &z->frames[PEER];

    if (can_be_answered(z) && z->count > PEER && mj_log_sampled("zap_refused"))
        mj_log(MJ_WARN, "zap_refused", "peer=%.*s", (int)peer->len, (const char *)peer->data);
}

static void decide(struct mj_zap *z)
{
    char user[USER_HEX + 1];
    bool valid = is_valid(z);

    if (valid && z->fn(z->arg, z->frames[KEY].data)) {
        write_hex(user, z->frames[KEY].data);
        answer(z, "200", "OK", user);
        return;
    }
    z->refused++;
    log_refused(z);
    /* 300, temporary: the peer's ZeroMQ tries again, with its back-off. After a 400 its socket is dead for good, though
     * the key may be added, or heard of after our restart, a moment later. */
    if (valid)
        answer(z, "300", "not known here", "");
    else if (can_be_answered(z))
        answer(z, "500", "not a request of this domain", "");
    /* Else nothing: libzmq cuts a handshake that is not answered. */
}

static void on_frame(struct mj_pump *p, zmq_msg_t *frame, bool more)
{
    struct mj_zap *z = (struct mj_zap *)p;
    size_t len = zmq_msg_size(frame);

    if (len > FRAME_MAX)
        z->too_long = true;
    else if (z->count < FRAMES) {
        memcpy(z->frames[z->count].data, zmq_msg_data(frame), len);
        z->frames[z->count].len = len;
    }
    if (z->count <= FRAMES)                      /* FRAMES + 1 stands for any number above */
        z->count++;
    if (more)
        return;
    decide(z);
    z->count = 0;
    z->too_long = false;
}

static void free_zap(struct mj_pump *p)
{
    free(p);
}

static int bind_door(struct mj_zap *z, mj_error *err)
{
    int one = 1;

    if (zmq_setsockopt(z->pump.zmq, ZMQ_ROUTER_MANDATORY, &one, sizeof(one)) != 0
        || zmq_bind(z->pump.zmq, ADDRESS) != 0)
        return mj_fail(err, MJ_INTERNAL, "ZAP", NULL, "the ZAP handler does not start: %s",
                       zmq_strerror(zmq_errno()));
    return 0;
}

int mj_zap_create(struct mj_zap **ret, struct mj_loop *l, mj_zap_fn *fn, void *arg, mj_error *err)
{
    struct mj_zap *z;

    if (l->zap != NULL)
        return mj_fail(err, MJ_ALREADY_EXISTS, "ZAP", NULL, "the loop has a ZAP handler already");
    z = mj_calloc(1, sizeof(*z));
    z->loop = l;
    z->fn = fn;
    z->arg = arg;
    z->pump.fn = on_frame;
    z->pump.freed = free_zap;
    if (mj_pump_open(&z->pump, l, ZMQ_ROUTER, err) < 0) {
        free(z);
        return -1;
    }
    if (bind_door(z, err) < 0) {
        mj_pump_close(&z->pump);
        return -1;
    }
    l->zap = z;
    *ret = z;
    return 0;
}

uint64_t mj_zap_refused(const struct mj_zap *z)
{
    return z->refused;
}

void mj_zap_destroy(struct mj_zap *z)
{
    if (z == NULL)
        return;
    if (z->loop->doors > 0)
        mj_loop_die("mj_zap_destroy", "a socket that needs the handler is still open");
    z->loop->zap = NULL;
    /* zmq_close gives the address back some time later; a new handler may need it at once. */
    if (zmq_unbind(z->pump.zmq, ADDRESS) != 0)
        mj_loop_die("mj_zap_destroy", zmq_strerror(zmq_errno()));
    mj_pump_close(&z->pump);
}
