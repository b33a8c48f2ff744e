/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "common/wire/sock_options.h"

#include <string.h>
#include <zmq.h>

struct option {
    int name;
    const char *text;
    int64_t value;
};

/* Times are ms, sizes bytes, HWM messages for each peer. */
static const struct option router[] = {
    { ZMQ_LINGER, "LINGER", 0 },                             /* Z11 */
    { ZMQ_ROUTER_MANDATORY, "ROUTER_MANDATORY", 1 },         /* Z2, Z3 */
    /* Above the 64 of what comes in: answers held back by a long poll or by one commit leave together, and a service
     * that follows a hundred partitions over one connection must get them all. */
    { ZMQ_SNDHWM, "SNDHWM", 1000 },
    { ZMQ_RCVHWM, "RCVHWM", 64 },                            /* Z16 */
    { ZMQ_MAXMSGSIZE, "MAXMSGSIZE", 1 << 20 },               /* C5: a frame, and the handshake */
    { ZMQ_HANDSHAKE_IVL, "HANDSHAKE_IVL", 3000 },            /* C6 */
    { ZMQ_HEARTBEAT_IVL, "HEARTBEAT_IVL", 5000 },            /* Z9 */
    { ZMQ_HEARTBEAT_TIMEOUT, "HEARTBEAT_TIMEOUT", 15000 },
    { ZMQ_HEARTBEAT_TTL, "HEARTBEAT_TTL", 15000 },
    { ZMQ_TCP_KEEPALIVE, "TCP_KEEPALIVE", 1 },
    { ZMQ_CURVE_SERVER, "CURVE_SERVER", 1 },
    { MJ_ZMQ_ZAP_ENFORCE_DOMAIN, "ZAP_ENFORCE_DOMAIN", 1 },  /* C2: without it, a missing handler lets all in */
};

static const struct option dealer[] = {
    { ZMQ_LINGER, "LINGER", 0 },
    { ZMQ_IMMEDIATE, "IMMEDIATE", 1 },                       /* Z5: nothing waits for a server that is not there */
    { ZMQ_SNDHWM, "SNDHWM", 1000 },
    { ZMQ_RCVHWM, "RCVHWM", 1000 },
    { ZMQ_MAXMSGSIZE, "MAXMSGSIZE", 4 << 20 },
    { ZMQ_HANDSHAKE_IVL, "HANDSHAKE_IVL", 3000 },
    { ZMQ_HEARTBEAT_IVL, "HEARTBEAT_IVL", 1000 },
    { ZMQ_HEARTBEAT_TIMEOUT, "HEARTBEAT_TIMEOUT", 5000 },
    { ZMQ_HEARTBEAT_TTL, "HEARTBEAT_TTL", 5000 },
    { ZMQ_RECONNECT_IVL, "RECONNECT_IVL", 200 },             /* Z10 */
    { ZMQ_RECONNECT_IVL_MAX, "RECONNECT_IVL_MAX", 30000 },
    { ZMQ_CONNECT_TIMEOUT, "CONNECT_TIMEOUT", 3000 },
    { ZMQ_TCP_KEEPALIVE, "TCP_KEEPALIVE", 1 },
    { ZMQ_CURVE_SERVER, "CURVE_SERVER", 0 },
    { MJ_ZMQ_ZAP_ENFORCE_DOMAIN, "ZAP_ENFORCE_DOMAIN", 1 },
};

static int refused(const char *name, mj_error *err)
{
    return mj_fail(err, MJ_FAILED_PRECONDITION, "SOCKET_OPTION", NULL, "libzmq refuses the option %s: %s; install the "
                   "distribution's package", name, zmq_strerror(zmq_errno()));
}

static int set_bytes(void *zmq, int name, const char *text, const void *value, size_t len, mj_error *err)
{
    return zmq_setsockopt(zmq, name, value, len) == 0 ? 0 : refused(text, err);
}

static int set_number(void *zmq, const struct option *o, mj_error *err)
{
    int value = (int)o->value;

    if (o->name == ZMQ_MAXMSGSIZE)               /* the one 64-bit option */
        return set_bytes(zmq, o->name, o->text, &o->value, sizeof(o->value), err);
    return set_bytes(zmq, o->name, o->text, &value, sizeof(value), err);
}

int mj_sock_options_set(void *zmq, enum mj_sock_kind kind, const struct mj_curve *keys, mj_error *err)
{
    bool server = kind == MJ_SOCK_ROUTER;
    const struct option *options = server ? router : dealer;
    size_t count = server ? sizeof(router) / sizeof(*router) : sizeof(dealer) / sizeof(*dealer);

    for (size_t i = 0; i < count; i++)
        if (set_number(zmq, &options[i], err) < 0)
            return -1;
    if (set_bytes(zmq, ZMQ_ZAP_DOMAIN, "ZAP_DOMAIN", MJ_ZAP_DOMAIN, strlen(MJ_ZAP_DOMAIN), err) < 0)
        return -1;
    /* A client's mechanism is chosen by ZMQ_CURVE_SERVERKEY, which mj_sock_connect sets. */
    if (set_bytes(zmq, ZMQ_CURVE_PUBLICKEY, "CURVE_PUBLICKEY", keys->public_key, MJ_CURVE_KEY, err) < 0
        || set_bytes(zmq, ZMQ_CURVE_SECRETKEY, "CURVE_SECRETKEY", keys->secret_key, MJ_CURVE_KEY, err) < 0)
        return -1;
    return mj_sock_options_ipv6(zmq, false, err);
}

int mj_sock_options_ipv6(void *zmq, bool on, mj_error *err)
{
    int value = on;

    return set_bytes(zmq, ZMQ_IPV6, "IPV6", &value, sizeof(value), err);
}

int mj_sock_options_get(void *zmq, int name)
{
    int64_t large = -1;
    int small = -1;
    size_t large_len = sizeof(large), small_len = sizeof(small);

    if (name == ZMQ_MAXMSGSIZE)
        return zmq_getsockopt(zmq, name, &large, &large_len) == 0 ? (int)large : -1;
    return zmq_getsockopt(zmq, name, &small, &small_len) == 0 ? small : -1;
}
