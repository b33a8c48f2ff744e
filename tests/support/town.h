/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* town: one loop with its door guard, who with a few principals and their keys, and waiting for what must happen:
 * for tests of server, call, resolver and follow over real sockets. The guard lets in every key, so that what
 * refuses a key is the check on each message. */
#ifndef MJ_TESTS_TOWN_H
#define MJ_TESTS_TOWN_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "common/base/crypto.h"
#include "common/wire/call.h"
#include "common/wire/server.h"
#include "common/wire/zap.h"
#include "missionjeunes/registry/v1/entries.pb-c.h"

#define TOWN_LIMIT_MS 20000              /* far beyond what any step needs; a test that reaches it fails */

struct town {
    struct mj_loop *loop;
    struct mj_zap *zap;
    struct mj_who *who;
    uint64_t position;                   /* of registry's log, last entry folded */
    struct mj_curve server_keys;
    struct mj_peer *peers[8];            /* open ones: a test that fails leaves them to town_down */
};

static inline bool town_let_in(void *arg, const uint8_t key[MJ_CURVE_KEY])
{
    (void)arg, (void)key;
    return true;
}

static inline void town_up(struct town *t)
{
    memset(t, 0, sizeof *t);
    assert_int_equal(mj_crypto_init(NULL), 0);
    assert_int_equal(mj_loop_create(&t->loop, &mj_env_real, NULL), 0);
    assert_int_equal(mj_zap_create(&t->zap, t->loop, town_let_in, NULL, NULL), 0);
    t->who = mj_who_create();
    mj_curve_make(&t->server_keys);
}

static inline struct mj_peer *town_peer(struct town *t, const char *endpoint, const struct mj_curve *keys)
{
    unsigned i = 0;
    while (t->peers[i])
        assert_true(++i < 8);
    assert_int_equal(mj_peer_open(&t->peers[i], t->loop, endpoint, t->server_keys.public_key, keys, NULL), 0);
    return t->peers[i];
}

static inline void town_leave(struct town *t, struct mj_peer *peer)
{
    for (unsigned i = 0; i < 8; i++)
        if (t->peers[i] == peer)
            t->peers[i] = NULL;
    mj_peer_close(peer);
}

static inline void town_down(struct town *t)
{
    for (unsigned i = 0; i < 8; i++)
        mj_peer_close(t->peers[i]);
    mj_zap_destroy(t->zap);
    mj_loop_destroy(t->loop);
    mj_who_destroy(t->who);
}

/* Turns the loop until the number is at least n; fails the test when it does not come. */
static inline void town_until(struct town *t, const unsigned *number, unsigned n)
{
    uint64_t limit = mj_loop_now_ms(t->loop) + TOWN_LIMIT_MS;
    while (*number < n) {
        assert_true(mj_loop_now_ms(t->loop) < limit);
        mj_loop_run_for(t->loop, 1);
    }
}

static inline void town_fold(struct town *t, uint32_t type, const ProtobufCMessage *m)
{
    struct mj_buf buf = MJ_BUF_INIT;
    mj_error err;
    mj_buf_pack(&buf, m);
    assert_int_equal(mj_who_fold(t->who, ++t->position, type, buf.data, buf.len, &err), 0);
    mj_buf_free(&buf);
}

/* Declares a principal with a new key pair; region NULL: everywhere. */
static inline void town_principal(struct town *t, const char *id, enum mj_role role, const char *region,
                                  struct mj_curve *keys)
{
    Missionjeunes__Registry__V1__Principal p = MISSIONJEUNES__REGISTRY__V1__PRINCIPAL__INIT;
    Missionjeunes__Registry__V1__PrincipalDeclared declared = MISSIONJEUNES__REGISTRY__V1__PRINCIPAL_DECLARED__INIT;
    Missionjeunes__Registry__V1__KeyAdded added = MISSIONJEUNES__REGISTRY__V1__KEY_ADDED__INIT;
    char *regions[] = { (char *)region };
    p.id = (char *)id;
    p.role = (Missionjeunes__Registry__V1__Role)role;
    p.regions = regions;
    p.n_regions = region ? 1 : 0;
    declared.principal = &p;
    town_fold(t, MISSIONJEUNES__REGISTRY__V1__ENTRY_TYPE__ENTRY_TYPE_PRINCIPAL_DECLARED, &declared.base);
    mj_curve_make(keys);
    added.principal = (char *)id;
    added.public_key = (ProtobufCBinaryData){ MJ_CURVE_KEY, keys->public_key };
    town_fold(t, MISSIONJEUNES__REGISTRY__V1__ENTRY_TYPE__ENTRY_TYPE_KEY_ADDED, &added.base);
}

static inline void town_revoke(struct town *t, const struct mj_curve *keys)
{
    Missionjeunes__Registry__V1__KeyRevoked m = MISSIONJEUNES__REGISTRY__V1__KEY_REVOKED__INIT;
    m.public_key = (ProtobufCBinaryData){ MJ_CURVE_KEY, (uint8_t *)keys->public_key };
    town_fold(t, MISSIONJEUNES__REGISTRY__V1__ENTRY_TYPE__ENTRY_TYPE_KEY_REVOKED, &m.base);
}

/* What the last reply of a call said. */
struct town_reply { unsigned count; enum mj_outcome outcome; mj_error err; char moved_to[MJ_ENDPOINT_MAX];
                    char text[64]; };

/* Calls, and waits for the connection as long as it is not there. */
static inline void town_call(struct town *t, struct mj_peer *peer, const struct mj_call *c, mj_reply_fn *fn, void *arg)
{
    uint64_t limit = mj_loop_now_ms(t->loop) + TOWN_LIMIT_MS;
    mj_error err;
    while (mj_peer_call(peer, c, fn, arg, &err) != 0) {
        assert_string_equal(err.reason, "NOT_CONNECTED");
        assert_true(mj_loop_now_ms(t->loop) < limit);
        mj_loop_run_for(t->loop, 1);
    }
}

#endif
