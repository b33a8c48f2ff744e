/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Asking the directory: one question at a time, to one registry after another; every 5 s while all is well, sooner
 * (100 ms, doubled, with jitter) while something that is wanted is not known or no registry answers. */
#include "common/wire/resolver.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/ids.h"
#include "common/wire/endpoint.h"
#include "common/wire/resolver_state.h"
#include "missionjeunes/directory/v1/directory.pb-c.h"

/* ---- addresses ---- */

static int parse_one(struct mj_registry_address *out, char *text, mj_error *err)
{
    char *slash = strrchr(text, '/');
    size_t prefix = strlen("tcp://");
    if (strncmp(text, "tcp://", prefix) != 0 || !slash || slash < text + prefix ||
        (size_t)(slash - text) >= sizeof out->endpoint)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "BAD_REGISTRY_ADDRESS", "registry", "expected "
                       "tcp://host:port/public-key-in-hex, several separated by commas");
    *slash = '\0';
    mj_error why;
    if (mj_unhex(out->server_key, sizeof out->server_key, slash + 1, "registry", &why) != 0)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "BAD_REGISTRY_ADDRESS", "registry", "expected the server's public "
                       "key, 64 hexadecimal digits, after %.80s/", text);
    bool ipv6;
    if (mj_endpoint_check(text, &ipv6, &why) != 0)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "BAD_REGISTRY_ADDRESS", "registry", "%s", why.text);
    strcpy(out->endpoint, text);
    return 0;
}

int mj_registry_parse(struct mj_registry_address *out, size_t *count, const char *text, mj_error *err)
{
    struct mj_registry_address found[MJ_REGISTRIES_MAX];
    size_t n = 0;
    int rc = 0;
    char *copy = mj_strdup(text), *rest = NULL;
    memset(found, 0, sizeof found);
    for (char *one = strtok_r(copy, ", \t\n", &rest); one && rc == 0; one = strtok_r(NULL, ", \t\n", &rest)) {
        if (n == MJ_REGISTRIES_MAX)
            rc = mj_fail(err, MJ_INVALID_ARGUMENT, "BAD_REGISTRY_ADDRESS", "registry", "expected at most %d addresses",
                         MJ_REGISTRIES_MAX);
        else
            rc = parse_one(&found[n++], one, err);
    }
    free(copy);
    if (rc == 0 && n == 0)
        rc = mj_fail(err, MJ_INVALID_ARGUMENT, "BAD_REGISTRY_ADDRESS", "registry", "expected at least one address");
    if (rc != 0)
        return -1;
    memcpy(out, found, n * sizeof *found);
    *count = n;
    return 0;
}

/* ---- asking ---- */

static uint64_t with_jitter(struct mj_resolver *r, uint64_t ms)
{
    uint32_t random;
    mj_random(mj_loop_env(r->loop), &random, sizeof random);
    return ms / 2 + random % (ms / 2 + 1);
}

static void ask_in(struct mj_resolver *r, uint64_t ms)
{
    r->poll_at = mj_loop_now_ms(r->loop) + ms;
    mj_timer_start(r->poll, ms, 0);
}

static void ask_after_backoff(struct mj_resolver *r)
{
    ask_in(r, with_jitter(r, r->backoff_ms));
    r->backoff_ms = 2 * r->backoff_ms < RESOLVER_POLL_MS ? 2 * r->backoff_ms : RESOLVER_POLL_MS;
}

/* Somebody misses something: asks sooner than planned, but not faster than the back-off allows. */
static void hurry(struct mj_resolver *r)
{
    if (r->destroying || !r->started || r->poll_at == 0)
        return;
    uint64_t now = mj_loop_now_ms(r->loop);
    if (r->poll_at > now + r->backoff_ms)
        ask_after_backoff(r);
}

static void on_resolved(void *arg, const struct mj_reply *reply)
{
    struct mj_resolver *r = arg;
    if (r->destroying)
        return;
    if (reply->outcome != MJ_CALL_OK) {
        ask_after_backoff(r);
        return;
    }
    bool changed = mj_instances_take(r, reply->body, mj_loop_now_ms(r->loop));
    ask_in(r, with_jitter(r, RESOLVER_POLL_MS));
    if (!changed)
        return;
    r->backoff_ms = RESOLVER_BACKOFF_MS;
    mj_link_sweep(r);
    if (r->changed)
        r->changed(r->changed_arg);
}

static void ask(void *arg)
{
    struct mj_resolver *r = arg;
    Missionjeunes__Directory__V1__ResolveRequest m = MISSIONJEUNES__DIRECTORY__V1__RESOLVE_REQUEST__INIT;
    struct mj_call call = { .method = "directory.v1.Resolve", .body = &m.base, .timeout_ms = RESOLVER_TIMEOUT_MS,
                            .answer = &missionjeunes__directory__v1__resolve_response__descriptor };
    r->poll_at = 0;
    for (size_t tried = 0; tried < r->registry_count; tried++) {
        const struct mj_registry_address *a = &r->registries[r->next_registry++ % r->registry_count];
        struct mj_peer *peer = mj_link_peer(r, a->endpoint, a->server_key);
        if (peer && mj_peer_call(peer, &call, on_resolved, r, NULL) == 0)
            return;
    }
    ask_after_backoff(r);
}

void mj_resolver_start(struct mj_resolver *r, void (*changed)(void *arg), void *arg)
{
    r->changed = changed;
    r->changed_arg = arg;
    if (r->started)
        return;
    r->started = true;
    ask(r);
}

/* ---- finding and calling ---- */

struct mj_peer *mj_resolver_peer(struct mj_resolver *r, const char *service, const char *region)
{
    if (r->destroying)
        return NULL;
    long at = mj_instances_find(r, service, region);
    if (at >= 0)
        return mj_link_peer(r, r->instances[at].endpoint, r->instances[at].server_key);
    hurry(r);
    if (strcmp(service, "registry") != 0 || strcmp(region, "FR") != 0)
        return NULL;
    const struct mj_registry_address *a = &r->registries[r->next_registry % r->registry_count];
    return mj_link_peer(r, a->endpoint, a->server_key);
}

struct routed {                          /* a call on its way */
    struct mj_resolver *resolver;
    mj_reply_fn *fn;
    void *arg;
    char service[16], region[3];
    char endpoint[MJ_ENDPOINT_MAX];
};

/* Forgets where the partition was, unless the directory has named another place meanwhile. */
static void forget(const struct routed *c)
{
    long at = mj_instances_find(c->resolver, c->service, c->region);
    if (at >= 0 && strcmp(c->resolver->instances[at].endpoint, c->endpoint) == 0)
        mj_instances_remove(c->resolver, (size_t)at);
}

static void on_routed(void *arg, const struct mj_reply *reply)
{
    struct routed *c = arg;
    if (!c->resolver->destroying && reply->outcome != MJ_CALL_OK) {
        bool moved = reply->outcome == MJ_CALL_REFUSED && strcmp(reply->err->reason, "MOVED") == 0;
        if (moved)
            forget(c);
        if (moved || reply->outcome == MJ_CALL_UNKNOWN)
            hurry(c->resolver);
        if (reply->outcome == MJ_CALL_UNKNOWN && strcmp(c->service, "registry") == 0)
            mj_announce_soon(c->resolver);       /* it may have been started anew, and know nobody */
    }
    c->fn(c->arg, reply);
    free(c);
}

/* The service a method belongs to: its first word. */
static int service_of(char out[16], const char *service, const char *method, mj_error *err)
{
    size_t len = service ? strlen(service) : strcspn(method, ".");
    if (len == 0 || len >= 16)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "METHOD_NAME", "method", "expected the service's name as first word");
    memcpy(out, service ? service : method, len);
    out[len] = '\0';
    return 0;
}

int mj_resolver_call(struct mj_resolver *r, const char *service, const struct mj_call *c, mj_reply_fn *fn, void *arg,
                     mj_error *err)
{
    struct routed *routed = mj_calloc(1, sizeof *routed);
    const char *region = c->region && c->region[0] != '\0' ? c->region : "FR";
    *routed = (struct routed){ .resolver = r, .fn = fn, .arg = arg };
    snprintf(routed->region, sizeof routed->region, "%.2s", region);
    if (service_of(routed->service, service, c->method, err) != 0) {
        free(routed);
        return -1;
    }
    struct mj_peer *peer = mj_resolver_peer(r, routed->service, routed->region);
    if (!peer) {
        mj_fail(err, MJ_UNAVAILABLE, "NO_INSTANCE", "region", "no running instance of %s for %s is known yet; try "
                "again", routed->service, routed->region);
        free(routed);
        return -1;
    }
    strcpy(routed->endpoint, mj_peer_endpoint(peer));
    if (mj_peer_call(peer, c, on_routed, routed, err) == 0)
        return 0;
    hurry(r);
    free(routed);
    return -1;
}

size_t mj_resolver_list(const struct mj_resolver *r, const struct mj_instance **ret)
{
    *ret = r->instances;
    return r->count;
}

/* ---- life ---- */

int mj_resolver_create(struct mj_resolver **ret, struct mj_loop *l, const struct mj_registry_address *registries,
                       size_t count, const struct mj_curve *keys, mj_error *err)
{
    if (count == 0 || count > MJ_REGISTRIES_MAX)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "BAD_REGISTRY_ADDRESS", "registry", "expected 1 to %d addresses",
                       MJ_REGISTRIES_MAX);
    struct mj_resolver *r = mj_calloc(1, sizeof *r);
    r->loop = l;
    r->keys = *keys;
    memcpy(r->registries, registries, count * sizeof *registries);
    r->registry_count = count;
    r->backoff_ms = RESOLVER_BACKOFF_MS;
    if (mj_timer_create(&r->poll, l, ask, r, err) != 0 ||
        mj_timer_create(&r->announcing, l, mj_announce_tick, r, err) != 0) {
        mj_resolver_destroy(r);
        return -1;
    }
    for (size_t i = 0; i < count; i++)   /* connects at once, so that the first question finds a connection */
        mj_link_peer(r, registries[i].endpoint, registries[i].server_key);
    *ret = r;
    return 0;
}

void mj_resolver_destroy(struct mj_resolver *r)
{
    if (!r)
        return;
    r->destroying = true;
    mj_link_close_all(r);
    mj_timer_destroy(r->poll);
    mj_timer_destroy(r->announcing);
    free(r->instances);
    free(r->seen_ms);
    free(r->mine);
    sodium_memzero(&r->keys, sizeof r->keys);
    free(r);
}
