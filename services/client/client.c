/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "client/client_private.h"
#include "common/base/crypto.h"

#define ASK_TIMEOUT_MS 5000
#define ASK_AGAIN_MS 20

int mj_client_open(struct mj_client **ret, const struct mj_client_options *o, mj_error *err)
{
    struct mj_client *c = mj_calloc(1, sizeof *c);
    struct mj_registry_address registries[MJ_REGISTRIES_MAX];
    size_t count = 0;

    c->env = o->env ? o->env : o->loop ? mj_loop_env(o->loop) : &mj_env_real;
    c->loop = o->loop;
    c->owns_loop = !o->loop;
    c->credit = (struct client_credit){ .events = 1000, .bytes = 512 * 1024 };   /* until the first answer says more */
    if (mj_crypto_init(err) < 0 || mj_registry_parse(registries, &count, o->registry, err) < 0 ||
        (c->owns_loop && mj_loop_create(&c->loop, c->env, err) < 0) ||
        mj_resolver_create(&c->resolver, c->loop, registries, count, o->keys, err) < 0) {
        mj_client_close(c);
        return -1;
    }
    mj_resolver_start(c->resolver, NULL, NULL);
    *ret = c;
    return 0;
}

void mj_client_close(struct mj_client *c)
{
    if (!c)
        return;
    mj_resolver_destroy(c->resolver);
    if (c->owns_loop && c->loop)
        mj_loop_destroy(c->loop);
    free(c);
}

void mj_client_run_for(struct mj_client *c, uint64_t ms)
{
    mj_loop_run_for(c->loop, ms);
}

void mj_client_wake(struct mj_client *c) { mj_loop_stop(c->loop); }
struct mj_loop *mj_client_loop(struct mj_client *c) { return c->loop; }
struct mj_resolver *mj_client_resolver(struct mj_client *c) { return c->resolver; }
void mj_client_key(struct mj_client *c, uint8_t key[MJ_COMMAND_KEY]) { mj_random(c->env, key, MJ_COMMAND_KEY); }

int mj_client_call(struct mj_client *c, const char *service, const struct mj_call *call, mj_reply_fn *fn, void *arg,
                   mj_error *err)
{
    return mj_resolver_call(c->resolver, service, call, fn, arg, err);
}

/* ---- asking and waiting ---- */

struct asked {
    struct mj_client *client;
    const struct mj_call *call;
    struct mj_arena *arena;
    const void *answer;
    mj_error err;
    int rc;
    bool over;
};

static void on_answer(void *arg, const struct mj_reply *r)
{
    struct asked *a = arg;

    a->over = true;
    if (r->outcome == MJ_CALL_OK) {
        a->answer = protobuf_c_message_unpack(a->call->answer, mj_arena_protobuf(a->arena), r->bytes->len,
                                              r->bytes->data);
        a->rc = a->answer ? 0 : mj_fail(&a->err, MJ_INTERNAL, "ANSWER_MALFORMED", NULL,
                                        "the answer to %s cannot be read", a->call->method);
    } else {
        a->rc = -1;
        a->err = *r->err;
    }
    mj_loop_stop(a->client->loop);
}

/* The instance moved, or was not there yet: nothing was done, the directory is asked again. */
static bool worth_asking_again(const struct asked *a)
{
    return a->rc < 0 && (a->err.code == MJ_UNAVAILABLE || strcmp(a->err.reason, "MOVED") == 0);
}

int mj_client_ask(struct mj_client *c, const char *service, const struct mj_call *call, struct mj_arena *arena,
                  const void **answer, mj_error *err)
{
    uint64_t deadline = mj_loop_now_ms(c->loop) + (call->timeout_ms ? call->timeout_ms : ASK_TIMEOUT_MS);
    struct asked a = { .client = c, .call = call, .arena = arena };

    for (;;) {
        a.over = false;
        if (mj_client_call(c, service, call, on_answer, &a, &a.err) < 0) {
            a.over = true;
            a.rc = -1;
        }
        while (!a.over)                          /* the call's own deadline ends it */
            mj_loop_run_for(c->loop, 1000);
        if (!worth_asking_again(&a) || mj_loop_now_ms(c->loop) >= deadline)
            break;
        mj_loop_run_for(c->loop, ASK_AGAIN_MS);
    }
    if (a.rc < 0) {
        *err = a.err;
        return -1;
    }
    *answer = a.answer;
    return 0;
}
