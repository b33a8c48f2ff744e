/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Announcing: to every registry, each from its own memory, so that one that comes back learns of us within 5 s. */
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/wire/resolver_state.h"
#include "missionjeunes/directory/v1/directory.pb-c.h"

#define ANNOUNCE_MS 5000
#define ANNOUNCE_RETRY_MS 500            /* while a registry is not connected */

void mj_announce_soon(struct mj_resolver *r)
{
    if (r->mine_count > 0 && !r->destroying && !r->leaving)
        mj_timer_start(r->announcing, ANNOUNCE_RETRY_MS, 0);
}

static void on_answer(void *arg, const struct mj_reply *reply)
{
    if (reply->outcome != MJ_CALL_OK)
        mj_announce_soon(arg);
}

static void fill(Missionjeunes__Directory__V1__Instance *to, struct mj_instance *from)
{
    static const uint8_t no_lineage[sizeof from->lineage];
    missionjeunes__directory__v1__instance__init(to);
    to->service = from->service;
    to->region = from->region;
    to->endpoint = from->endpoint;
    to->server_key = (ProtobufCBinaryData){ sizeof from->server_key, from->server_key };
    if (memcmp(from->lineage, no_lineage, sizeof no_lineage) != 0)
        to->lineage = (ProtobufCBinaryData){ sizeof from->lineage, from->lineage };
    to->epoch = from->epoch;
}

/* Sends to all; false where one could not be reached. */
static bool tell_all(struct mj_resolver *r, const Missionjeunes__Directory__V1__AnnounceRequest *m)
{
    struct mj_call call = { .method = "directory.v1.Announce", .body = &m->base, .timeout_ms = RESOLVER_TIMEOUT_MS,
                            .answer = &missionjeunes__directory__v1__announce_response__descriptor };
    bool all = true;
    for (size_t i = 0; i < r->registry_count; i++) {
        struct mj_peer *peer = mj_link_peer(r, r->registries[i].endpoint, r->registries[i].server_key);
        if (!peer || mj_peer_call(peer, &call, on_answer, r, NULL) != 0)
            all = false;
    }
    return all;
}

static bool announce_now(struct mj_resolver *r)
{
    Missionjeunes__Directory__V1__AnnounceRequest m = MISSIONJEUNES__DIRECTORY__V1__ANNOUNCE_REQUEST__INIT;
    Missionjeunes__Directory__V1__Instance *rows = mj_calloc(r->mine_count + 1, sizeof *rows);
    Missionjeunes__Directory__V1__Instance **list = mj_calloc(r->mine_count + 1, sizeof *list);
    for (size_t i = 0; i < r->mine_count; i++) {
        fill(&rows[i], &r->mine[i]);
        list[i] = &rows[i];
    }
    m.instances = list;
    m.n_instances = r->mine_count;
    m.leaving = r->leaving;
    bool all = tell_all(r, &m);
    free(list);
    free(rows);
    return all;
}

void mj_announce_tick(void *arg)
{
    struct mj_resolver *r = arg;
    mj_timer_start(r->announcing, ANNOUNCE_MS, 0);
    if (!announce_now(r))
        mj_timer_start(r->announcing, ANNOUNCE_RETRY_MS, 0);
}

void mj_resolver_announce(struct mj_resolver *r, const struct mj_instance *mine, size_t count)
{
    if (count == 0) {
        mj_resolver_leave(r);
        return;
    }
    struct mj_instance *copy = mj_memdup(mine, count * sizeof *mine);
    free(r->mine);
    r->mine = copy;
    r->mine_count = count;
    r->leaving = false;
    mj_announce_tick(r);
}

void mj_resolver_leave(struct mj_resolver *r)
{
    if (r->mine_count == 0)
        return;
    r->leaving = true;
    mj_timer_stop(r->announcing);
    announce_now(r);
    r->mine_count = 0;
}
