/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* What server.c, server_request.c and server_peers.c share; nobody else includes this. */
#ifndef MJ_WIRE_SERVER_STATE_H
#define MJ_WIRE_SERVER_STATE_H

#include "common/base/hash.h"
#include "common/wire/server.h"

#define SERVER_PEERS_MAX 65536           /* connections remembered; beyond it an idle one goes, not heard lately */
#define SERVER_SPARE_MAX 1024            /* ended requests kept for the next ones, each with a few KiB of memory */

/* One connection that was heard. */
struct server_peer {
    struct mj_route route;               /* zeroed past len: it is hashed whole */
    struct mj_outstanding outstanding;
    unsigned in_work;
    bool heard;                          /* since it was last passed over by the one that forgets */
    UT_hash_handle hh;
};

struct mj_request {
    struct mj_server *server;
    struct server_peer *peer;
    const struct mj_method *method;
    struct mj_header header;
    struct mj_principal who;
    struct mj_arena *arena;              /* bytes and body, under the ceiling of foreign messages; then the handler's */
    struct mj_frame bytes;
    const void *body;
    size_t cost;                         /* counted in the server's body_bytes */
    uint64_t deadline_ms;                /* 0: none */
    struct mj_request *next, *prev;      /* in work; next alone: spare */
};

struct table_row { const struct mj_method *method; void *app; };

struct mj_server {
    struct mj_loop *loop;
    struct mj_who *who;
    struct mj_curve keys;
    struct mj_sock *sock;                /* NULL until bound */
    struct table_row *rows;              /* ascending by name */
    size_t row_count;
    struct mj_server_limits limits;
    struct mj_server_stats stats;
    size_t body_bytes;                   /* memory of the bodies of the requests in work */
    struct mj_header header;             /* of the message at hand */
    mj_error err;                        /* room for why it is refused: not cleared for each */
    struct mj_request *in_work, *spare;
    unsigned spare_count;
    struct server_peer *peers;
    struct mj_buf head, out;             /* of the answer being sent */
    const char *(*where)(void *arg, const char *region);
    void *where_arg;
    bool draining;
};

/* Finds or makes the peer, and notes that it was heard; NULL where all are busy. */
struct server_peer *mj_server_peer(struct mj_server *s, const struct mj_route *route);
void mj_server_peers_free(struct mj_server *s);

/* What a body of so many bytes may cost once it is unpacked, at most. */
size_t mj_request_cost(size_t len);
/* From now on it counts with the memory that it has really taken. */
void mj_request_settle(struct mj_request *rq);
/* Makes a request in work for a message that passed all checks but for its body's; NULL when memory is short. */
struct mj_request *mj_request_begin(struct mj_server *s, struct server_peer *peer, const struct table_row *row,
                                    const struct mj_header *h, const struct mj_principal *who,
                                    const struct mj_frame *body);
void mj_request_free_all(struct mj_server *s);

/* Sends an error where there is no request: the header as far as it could be read. */
void mj_server_send_error(struct mj_server *s, const struct mj_route *route, const struct mj_header *asked,
                          const mj_error *err, const char *moved_to);

#endif
