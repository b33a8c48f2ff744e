/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* link: a server's door and one client of it on two loops of this process, for tests of what runs over sockets. */
#ifndef MJ_TEST_SUPPORT_LINK_H
#define MJ_TEST_SUPPORT_LINK_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "common/wire/sock.h"
#include "common/wire/zap.h"

#define LINK_LIMIT_MS 20000              /* far beyond what any step needs; a test that reaches it fails */

struct link {
    struct mj_loop *loop, *far;          /* the server's; the client's */
    struct mj_zap *zap;
    struct mj_curve server_keys, client_keys;
    struct mj_sock *server, *client;
    char endpoint[MJ_ENDPOINT_MAX];
    bool admit;                          /* what the ZAP handler says */
};

static inline bool link_admit(void *arg, const uint8_t key[MJ_CURVE_KEY])
{
    struct link *k = arg;

    return k->admit && memcmp(key, k->client_keys.public_key, MJ_CURVE_KEY) == 0;
}

static inline void link_client(struct link *k, mj_message_fn *fn, void *arg)
{
    assert_int_equal(mj_sock_open(&k->client, k->far, MJ_SOCK_DEALER, &k->client_keys, fn, arg, NULL), 0);
    assert_int_equal(mj_sock_connect(k->client, k->endpoint, k->server_keys.public_key, NULL), 0);
}

/* one_loop: both ends on the same loop. */
static inline void link_up(struct link *k, bool one_loop, mj_message_fn *server, mj_message_fn *client, void *arg)
{
    memset(k, 0, sizeof(*k));
    k->admit = true;
    assert_int_equal(mj_loop_create(&k->loop, &mj_env_real, NULL), 0);
    k->far = k->loop;
    if (!one_loop)
        assert_int_equal(mj_loop_create(&k->far, &mj_env_real, NULL), 0);
    mj_curve_make(&k->server_keys);
    mj_curve_make(&k->client_keys);
    assert_int_equal(mj_zap_create(&k->zap, k->loop, link_admit, k, NULL), 0);
    assert_int_equal(mj_sock_open(&k->server, k->loop, MJ_SOCK_ROUTER, &k->server_keys, server, arg, NULL), 0);
    assert_int_equal(mj_sock_bind(k->server, "127.0.0.1", 0, k->endpoint, NULL), 0);
    link_client(k, client, arg);
}

static inline void link_down(struct link *k)
{
    mj_sock_close(k->client);
    mj_sock_close(k->server);
    mj_zap_destroy(k->zap);
    if (k->far != k->loop)
        mj_loop_destroy(k->far);
    mj_loop_destroy(k->loop);
}

/* Turns both loops until *flag says so. */
static inline void link_until(struct link *k, const unsigned *count, unsigned want)
{
    uint64_t until = mj_loop_now_ms(k->loop) + LINK_LIMIT_MS;

    while (*count < want && mj_loop_now_ms(k->loop) < until) {
        mj_loop_run_for(k->loop, 1);
        if (k->far != k->loop)
            mj_loop_run_for(k->far, 1);
    }
    assert_true(*count >= want);
}

/* Sends once the connection is up. */
static inline void link_send(struct link *k, const struct mj_frame *frames, unsigned count)
{
    uint64_t until = mj_loop_now_ms(k->loop) + LINK_LIMIT_MS;

    while (mj_sock_send(k->client, NULL, frames, count) != MJ_SENT) {
        assert_true(mj_loop_now_ms(k->loop) < until);
        mj_loop_run_for(k->loop, 1);
        if (k->far != k->loop)
            mj_loop_run_for(k->far, 1);
    }
}

#endif
