/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* The connections heard lately, by their route: ZeroMQ tells nobody when one goes, so they are forgotten by age. */
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/wire/server_state.h"

/* Forgets the first idle connection that was not heard since it was last passed over here. Those passed over are moved
 * behind, so that the walk stays short in the long run. */
static bool forget_one(struct mj_server *s)
{
    for (unsigned left = 2 * HASH_COUNT(s->peers); left > 0; left--) {
        struct server_peer *first = s->peers;
        HASH_DEL(s->peers, first);
        if (first->in_work == 0 && !first->heard) {
            free(first);
            return true;
        }
        first->heard = false;
        HASH_ADD(hh, s->peers, route, sizeof first->route, first);
    }
    return false;
}

struct server_peer *mj_server_peer(struct mj_server *s, const struct mj_route *route)
{
    struct mj_route name;
    struct server_peer *peer;

    memset(&name, 0, sizeof name);
    name.len = route->len;
    memcpy(name.id, route->id, route->len <= sizeof name.id ? route->len : sizeof name.id);
    HASH_FIND(hh, s->peers, &name, sizeof name, peer);
    if (peer) {
        peer->heard = true;
        return peer;
    }
    if (HASH_COUNT(s->peers) >= SERVER_PEERS_MAX && !forget_one(s))
        return NULL;
    peer = mj_calloc(1, sizeof *peer);
    peer->route = name;
    HASH_ADD(hh, s->peers, route, sizeof peer->route, peer);
    return peer;
}

void mj_server_peers_free(struct mj_server *s)
{
    struct server_peer *peer, *next;
    HASH_ITER(hh, s->peers, peer, next) {
        HASH_DEL(s->peers, peer);
        free(peer);
    }
}
