/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* A request from its dispatch to its answer. An answer that a slow or gone peer cannot take is dropped and counted:
 * the caller does not know then, asks again, and every command can be sent again (pitfalls Z2, Z3, L3). */
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/wire/server_state.h"

/* ---- what a handler may ask ---- */

const void *mj_request_body(const struct mj_request *rq)
{
    return rq->body;
}

const struct mj_frame *mj_request_bytes(const struct mj_request *rq)
{
    return &rq->bytes;
}

const struct mj_principal *mj_request_who(const struct mj_request *rq)
{
    return &rq->who;
}

const struct mj_header *mj_request_header(const struct mj_request *rq)
{
    return &rq->header;
}

struct mj_outstanding *mj_request_outstanding(struct mj_request *rq)
{
    return &rq->peer->outstanding;
}

uint64_t mj_request_deadline_ms(const struct mj_request *rq)
{
    return rq->deadline_ms;
}

bool mj_request_expired(const struct mj_request *rq)
{
    return rq->deadline_ms != 0 && mj_loop_now_ms(rq->server->loop) >= rq->deadline_ms;
}

struct mj_arena *mj_request_arena(struct mj_request *rq)
{
    return rq->arena;
}

/* ---- begin and end ---- */

size_t mj_request_cost(size_t len)
{
    return mj_arena_ceiling(len) + len + 64;     /* what unpacking may cost, and the copy of the bytes */
}

void mj_request_settle(struct mj_request *rq)
{
    size_t used = mj_arena_used(rq->arena);

    rq->server->body_bytes -= rq->cost - used;
    rq->cost = used;
}

const void *mj_request_unpack(struct mj_request *rq, const ProtobufCMessageDescriptor *d, mj_error *err)
{
    ProtobufCMessage *body;

    if (mj_unpack(&body, d, rq->bytes.data, rq->bytes.len, rq->arena, err) != 0) {
        rq->server->stats.malformed++;
        return NULL;
    }
    mj_arena_open(rq->arena);
    return body;
}

/* A spare request with its arena emptied, or a new one. */
static struct mj_request *take_request(struct mj_server *s, size_t ceiling)
{
    struct mj_request *rq = s->spare;
    if (rq) {
        s->spare = rq->next;
        s->spare_count--;
        mj_arena_reset(rq->arena, ceiling);
        return rq;
    }
    rq = mj_calloc(1, sizeof *rq);
    rq->server = s;
    rq->arena = mj_arena_create(ceiling);
    if (rq->arena)
        return rq;
    free(rq);
    return NULL;
}

static void free_request(struct mj_request *rq)
{
    mj_arena_destroy(rq->arena);
    free(rq);
}

static void give_request(struct mj_server *s, struct mj_request *rq)
{
    if (s->spare_count >= SERVER_SPARE_MAX) {
        free_request(rq);
        return;
    }
    mj_arena_reset(rq->arena, 0);        /* lets go of all but its first block */
    rq->next = s->spare;
    s->spare = rq;
    s->spare_count++;
}

static void link_request(struct mj_server *s, struct mj_request *rq)
{
    rq->prev = NULL;
    rq->next = s->in_work;
    if (rq->next)
        rq->next->prev = rq;
    s->in_work = rq;
    s->stats.in_work++;
    s->body_bytes += rq->cost;
    rq->peer->in_work++;
}

static void unlink_request(struct mj_server *s, struct mj_request *rq)
{
    if (rq->prev)
        rq->prev->next = rq->next;
    else
        s->in_work = rq->next;
    if (rq->next)
        rq->next->prev = rq->prev;
    s->stats.in_work--;
    s->body_bytes -= rq->cost;
    rq->peer->in_work--;
}

struct mj_request *mj_request_begin(struct mj_server *s, struct server_peer *peer, const struct table_row *row,
                                    const struct mj_header *h, const struct mj_principal *who,
                                    const struct mj_frame *body)
{
    struct mj_request *rq = take_request(s, mj_request_cost(body->len));
    if (!rq)
        return NULL;
    void *bytes = mj_arena_copy(rq->arena, body->data, body->len);
    if (!bytes && body->len > 0) {
        give_request(s, rq);
        return NULL;
    }
    rq->peer = peer;
    rq->method = row->method;
    rq->header = *h;
    rq->who = *who;
    rq->bytes = (struct mj_frame){ bytes, body->len };
    rq->body = NULL;
    rq->cost = mj_request_cost(body->len);
    rq->deadline_ms = h->timeout_ms != 0 ? mj_loop_now_ms(s->loop) + h->timeout_ms : 0;
    link_request(s, rq);
    return rq;
}

static void end_request(struct mj_request *rq)
{
    struct mj_server *s = rq->server;
    unlink_request(s, rq);
    give_request(s, rq);
}

void mj_request_free_all(struct mj_server *s)
{
    while (s->in_work) {
        struct mj_request *rq = s->in_work;
        unlink_request(s, rq);
        free_request(rq);
    }
    while (s->spare) {
        struct mj_request *rq = s->spare;
        s->spare = rq->next;
        free_request(rq);
    }
    s->spare_count = 0;
}

/* ---- answers ---- */

/* Sends s->out as the body of an answer to what was asked. */
static void send_out(struct mj_server *s, const struct mj_route *route, const struct mj_header *asked, mj_code code)
{
    struct mj_header h = { .version = MJ_PROTOCOL_VERSION, .correlation = asked->correlation, .code = code };
    strcpy(h.method, asked->method);
    mj_buf_clear(&s->head);
    mj_header_encode(&s->head, &h);
    struct mj_frame frames[2] = { { s->head.data, s->head.len }, { s->out.data, s->out.len } };
    if (mj_sock_send(s->sock, route, frames, 2) != MJ_SENT)
        s->stats.gone++;
}

void mj_server_send_error(struct mj_server *s, const struct mj_route *route, const struct mj_header *asked,
                          const mj_error *err, const char *moved_to)
{
    s->stats.errors++;
    mj_buf_clear(&s->out);
    mj_error_encode(&s->out, err, moved_to);
    send_out(s, route, asked, err->code);
}

struct mj_buf *mj_reply_begin(struct mj_request *rq)
{
    mj_buf_clear(&rq->server->out);
    return &rq->server->out;
}

void mj_reply_end(struct mj_request *rq)
{
    send_out(rq->server, &rq->peer->route, &rq->header, MJ_OK);
    end_request(rq);
}

void mj_reply(struct mj_request *rq, const ProtobufCMessage *answer)
{
    mj_buf_pack(mj_reply_begin(rq), answer);
    mj_reply_end(rq);
}

void mj_reply_error(struct mj_request *rq, const mj_error *err)
{
    mj_server_send_error(rq->server, &rq->peer->route, &rq->header, err, "");
    end_request(rq);
}

void mj_reply_late(struct mj_request *rq)
{
    mj_error err;
    mj_fail(&err, MJ_DEADLINE_EXCEEDED, "TOO_LATE", NULL,
            "the caller's time ran out before this was begun; nothing was "
            "done; ask again");
    mj_reply_error(rq, &err);
}

void mj_reply_moved(struct mj_request *rq, const char *endpoint)
{
    mj_error err;
    mj_fail(&err, MJ_UNAVAILABLE, "MOVED", "header.region", "this instance does not serve the partition; send it to %s",
            endpoint[0] != '\0' ? endpoint : "the one that the directory names");
    mj_server_send_error(rq->server, &rq->peer->route, &rq->header, &err, endpoint);
    end_request(rq);
}
