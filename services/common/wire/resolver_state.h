/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* What resolver.c, resolver_links.c and resolver_announce.c share; nobody else includes this. */
#ifndef MJ_WIRE_RESOLVER_STATE_H
#define MJ_WIRE_RESOLVER_STATE_H

#include "common/wire/resolver.h"

#define RESOLVER_POLL_MS 5000
#define RESOLVER_BACKOFF_MS 100          /* the first wait; doubled up to RESOLVER_POLL_MS */
#define RESOLVER_KEPT_MS 15000           /* an instance that an answering directory no longer lists */
#define RESOLVER_INSTANCES_MAX 4096
#define RESOLVER_TIMEOUT_MS 2000

/* One connection, shared by all that is served at its endpoint under its key. */
struct link {
    struct mj_peer *peer;
    char endpoint[MJ_ENDPOINT_MAX];
    uint8_t server_key[MJ_CURVE_KEY];
    struct link *next;
};

struct mj_resolver {
    struct mj_loop *loop;
    struct mj_curve keys;
    struct mj_registry_address registries[MJ_REGISTRIES_MAX];
    size_t registry_count;
    struct link *links;

    struct mj_instance *instances;       /* ascending by service, region; a partition once */
    uint64_t *seen_ms;                   /* when the directory last listed the instance of that index */
    size_t count, cap;
    uint64_t answered_ms;                /* when a directory last answered; 0 never */

    struct mj_timer *poll;
    uint64_t poll_at;                    /* when it will ask; 0 while an answer is awaited */
    uint64_t backoff_ms;
    size_t next_registry;                /* asked in turn */
    void (*changed)(void *arg);
    void *changed_arg;
    bool started, destroying;

    struct mj_timer *announcing;
    struct mj_instance *mine;
    size_t mine_count;
    bool leaving;
};

/* The connection to that endpoint, opened where there is none; NULL where it cannot be opened. */
struct mj_peer *mj_link_peer(struct mj_resolver *r, const char *endpoint, const uint8_t server_key[MJ_CURVE_KEY]);
/* Closes the connections that no instance and no registry address names any more and that have nothing to wait for. */
void mj_link_sweep(struct mj_resolver *r);
void mj_link_close_all(struct mj_resolver *r);

/* Takes a directory.v1 ResolveResponse; true where something changed. */
bool mj_instances_take(struct mj_resolver *r, const void *answer, uint64_t now_ms);
/* Index of the instance, or -1. */
long mj_instances_find(const struct mj_resolver *r, const char *service, const char *region);
void mj_instances_remove(struct mj_resolver *r, size_t i);

void mj_announce_tick(void *arg);        /* the announcing timer */
void mj_announce_soon(struct mj_resolver *r);    /* within half a second rather than 5 s */

#endif
