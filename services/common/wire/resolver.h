/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* resolver: from (service, region) to a connected peer, by asking the registries; soft state, kept while registry is
 * away. Connections are shared by endpoint. Loop thread only. */
#ifndef MJ_WIRE_RESOLVER_H
#define MJ_WIRE_RESOLVER_H

#include "common/wire/call.h"

#define MJ_REGISTRIES_MAX 8
struct mj_registry_address { char endpoint[MJ_ENDPOINT_MAX]; uint8_t server_key[MJ_CURVE_KEY]; };
/* "tcp://host:port/server-public-key-in-hex", several separated by commas or spaces. BAD_REGISTRY_ADDRESS. */
int mj_registry_parse(struct mj_registry_address *out, size_t *count, const char *text, mj_error *err);

struct mj_instance {                     /* one partition served by one instance */
    char service[16], region[3], endpoint[MJ_ENDPOINT_MAX];
    uint8_t server_key[MJ_CURVE_KEY];
    uint8_t lineage[16];
    uint64_t epoch;
};

struct mj_resolver;
int mj_resolver_create(struct mj_resolver **ret, struct mj_loop *l, const struct mj_registry_address *registries,
                       size_t count, const struct mj_curve *keys, mj_error *err);
void mj_resolver_destroy(struct mj_resolver *r);         /* outstanding calls get UNKNOWN; NULL is allowed */
/* Asks the registries for all instances every 5 s, and at once when a peer is asked for that is not known (with
 * back-off and jitter, 100 ms to 5 s). changed is called after each answer that changed something. An instance is
 * kept for 15 s after an answering directory last listed it, and while no directory answers. */
void mj_resolver_start(struct mj_resolver *r, void (*changed)(void *arg), void *arg);
/* The peer that serves it, connected or connecting, valid until the loop's next turn; NULL while unknown (asking has
 * begun). Service "registry", region "FR" is known from the addresses when the directory does not say. */
struct mj_peer *mj_resolver_peer(struct mj_resolver *r, const char *service, const char *region);
/* A call through the resolver: finds the peer, or answers UNKNOWN-free: -1 UNAVAILABLE (NO_INSTANCE). A MOVED or
 * lost answer makes it ask the directory again, and MOVED makes it forget the place at once. service is the method's
 * first word where service is NULL; the partition is the call's region, or "FR" where it has none. A connection
 * that was just opened is UNAVAILABLE (NOT_CONNECTED) for the first moments: try again with a back-off. */
int mj_resolver_call(struct mj_resolver *r, const char *service, const struct mj_call *c, mj_reply_fn *fn, void *arg,
                     mj_error *err);
/* All live instances known, ascending by service and region, valid until the loop's next turn: for "mj status" and for
 * who follows every region. */
size_t mj_resolver_list(const struct mj_resolver *r, const struct mj_instance **ret);
/* Tells every registry what this process serves, at once and every 5 s; count 0 is mj_resolver_leave. The rows are
 * copied. */
void mj_resolver_announce(struct mj_resolver *r, const struct mj_instance *mine, size_t count);
/* Tells them once that this process serves nothing any more, and stops announcing. The loop must turn for it to go. */
void mj_resolver_leave(struct mj_resolver *r);

#endif
