/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* The resolver's connections. */
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/service/logging.h"
#include "common/wire/resolver_state.h"

#define STUCK_MS 700u                    /* and up to as much again */

static bool leads_to(const struct link *link, const char *endpoint, const uint8_t *server_key)
{
    return strcmp(link->endpoint, endpoint) == 0 && memcmp(link->server_key, server_key, MJ_CURVE_KEY) == 0;
}

static struct mj_peer *open_peer(struct mj_resolver *r, const char *endpoint, const uint8_t *server_key)
{
    struct mj_peer *peer;
    mj_error err;
    if (mj_peer_open(&peer, r->loop, endpoint, server_key, &r->keys, &err) == 0)
        return peer;
    if (mj_log_sampled("peer_open_failed"))
        mj_log_failure(MJ_WARN, "peer_open_failed", &err);
    return NULL;
}

/* ZeroMQ waits longer after each try, up to 30 s, and does not say so: a connection that has long led nowhere is
 * replaced, so that an instance that comes back is found within a second or two. */
static void replace_if_stuck(struct mj_resolver *r, struct link *link)
{
    uint16_t jitter;
    mj_random(mj_loop_env(r->loop), &jitter, sizeof jitter);
    if (mj_peer_unsent_ms(link->peer) < STUCK_MS + jitter % STUCK_MS)
        return;
    struct mj_peer *peer = open_peer(r, link->endpoint, link->server_key);
    if (peer == NULL)
        return;
    struct mj_peer *old = link->peer;
    link->peer = peer;
    mj_peer_close(old);
}

struct mj_peer *mj_link_peer(struct mj_resolver *r, const char *endpoint, const uint8_t server_key[MJ_CURVE_KEY])
{
    if (r->destroying)
        return NULL;
    for (struct link *link = r->links; link; link = link->next)
        if (leads_to(link, endpoint, server_key)) {
            replace_if_stuck(r, link);
            return link->peer;
        }
    struct mj_peer *peer = open_peer(r, endpoint, server_key);
    if (peer == NULL)
        return NULL;
    struct link *link = mj_calloc(1, sizeof *link);
    link->peer = peer;
    strcpy(link->endpoint, endpoint);
    memcpy(link->server_key, server_key, MJ_CURVE_KEY);
    link->next = r->links;
    r->links = link;
    return peer;
}

static bool named(const struct mj_resolver *r, const struct link *link)
{
    for (size_t i = 0; i < r->registry_count; i++)
        if (leads_to(link, r->registries[i].endpoint, r->registries[i].server_key))
            return true;
    for (size_t i = 0; i < r->count; i++)
        if (leads_to(link, r->instances[i].endpoint, r->instances[i].server_key))
            return true;
    return false;
}

void mj_link_sweep(struct mj_resolver *r)
{
    struct link **at = &r->links;
    while (*at) {
        struct link *link = *at;
        if (named(r, link) || mj_peer_outstanding(link->peer) > 0) {
            at = &link->next;
            continue;
        }
        *at = link->next;
        mj_peer_close(link->peer);
        free(link);
    }
}

void mj_link_close_all(struct mj_resolver *r)
{
    while (r->links) {
        struct link *link = r->links;
        r->links = link->next;
        mj_peer_close(link->peer);
        free(link);
    }
}
