/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* The method table, the socket, and the checks that every message goes through, in this order: a proved key, a
 * header, a live principal, two frames, a method, its role, the region, limits, the idempotency key, the body. */
#include "common/wire/server.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/service/logging.h"
#include "common/wire/server_state.h"

#define RETRY_MS 100                     /* for a limit that moves with every answer */

/* ---- the table ---- */

static int check_method(const struct mj_method *m, mj_error *err)
{
    size_t len = strlen(m->name);
    if (len == 0 || len >= MJ_METHOD_MAX || !strchr(m->name, '.'))
        return mj_fail(err, MJ_FAILED_PRECONDITION, "METHOD_NAME", m->name, "expected a package and a method of at "
                       "most %d bytes", MJ_METHOD_MAX - 1);
    if (m->roles == 0 || (m->roles & ~MJ_ROLES_ALL) != 0)
        return mj_fail(err, MJ_FAILED_PRECONDITION, "METHOD_RIGHT", m->name, "the method states no role that may call "
                       "it; state at least one");
    if (!m->answer || !m->run)
        return mj_fail(err, MJ_FAILED_PRECONDITION, "METHOD_INCOMPLETE", m->name, "the method lacks its answer or "
                       "its handler");
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct table_row *)a)->method->name, ((const struct table_row *)b)->method->name);
}

static size_t count_methods(const struct mj_server_tables *tables)
{
    size_t n = 0;
    for (; tables->methods; tables++)
        for (const struct mj_method *m = tables->methods; m->name; m++)
            n++;
    return n;
}

static int take_tables(struct mj_server *s, const struct mj_server_tables *tables, mj_error *err)
{
    s->rows = mj_calloc(count_methods(tables) + 1, sizeof *s->rows);
    for (; tables->methods; tables++)
        for (const struct mj_method *m = tables->methods; m->name; m++) {
            if (check_method(m, err) != 0)
                return -1;
            s->rows[s->row_count++] = (struct table_row){ m, tables->app };
        }
    qsort(s->rows, s->row_count, sizeof *s->rows, by_name);
    for (size_t i = 1; i < s->row_count; i++)
        if (by_name(&s->rows[i - 1], &s->rows[i]) == 0)
            return mj_fail(err, MJ_FAILED_PRECONDITION, "METHOD_TWICE", s->rows[i].method->name, "two tables have this "
                           "method; keep one");
    return 0;
}

static const struct table_row *find_row(const struct mj_server *s, const char *name)
{
    struct mj_method wanted = { .name = name };
    struct table_row key = { &wanted, NULL };
    return bsearch(&key, s->rows, s->row_count, sizeof *s->rows, by_name);
}

const struct mj_method *mj_server_method(const struct mj_server *s, const char *name)
{
    const struct table_row *row = find_row(s, name);
    return row ? row->method : NULL;
}

size_t mj_server_methods(const struct mj_server *s)
{
    return s->row_count;
}

const struct mj_method *mj_server_method_at(const struct mj_server *s, size_t i)
{
    return i < s->row_count ? s->rows[i].method : NULL;
}

/* ---- one message ---- */

/* The principal of a proved key. */
static const struct mj_principal *find_caller(struct mj_server *s, const uint8_t *key, mj_error *err)
{
    const struct mj_principal *p = mj_who_by_key(s->who, key);
    bool revoked = false;
    if (p)
        return p;
    s->stats.unauthenticated++;
    if (mj_who_key_known(s->who, key, &revoked) && revoked)
        mj_fail(err, MJ_UNAUTHENTICATED, "KEY_REVOKED", NULL, "this key was revoked; ask the operator for another");
    else
        mj_fail(err, MJ_UNAUTHENTICATED, "KEY_UNKNOWN", NULL, "this key belongs to no principal; ask the operator to "
                "add it");
    return NULL;
}

static const struct table_row *find_method(struct mj_server *s, const struct mj_header *h, mj_error *err)
{
    const struct table_row *row = find_row(s, h->method);
    if (row)
        return row;
    s->stats.unknown_method++;
    mj_fail(err, MJ_UNIMPLEMENTED, "METHOD_UNKNOWN", "header.method", "this service has no such method; compare the "
            "name and the service's version");
    return NULL;
}

static int check_right(struct mj_server *s, const struct mj_method *m, const struct mj_principal *p,
                       const struct mj_header *h, mj_error *err)
{
    const char *reason = NULL;
    if ((m->roles & MJ_ROLE_BIT(p->role)) == 0)
        reason = "ROLE";
    else if (h->region[0] != '\0' && strcmp(h->region, "FR") != 0 && !mj_principal_in(p, h->region))
        reason = "REGION";               /* what is national is everybody's, within the method's right */
    if (!reason)
        return 0;
    s->stats.refused++;
    if (mj_log_sampled("request_refused"))
        mj_log(MJ_WARN, "request_refused", "method=%s role=%s reason=%s", m->name, mj_role_name(p->role), reason);
    if (strcmp(reason, "ROLE") == 0)
        return mj_fail(err, MJ_PERMISSION_DENIED, reason, NULL, "role %s may not call %s", mj_role_name(p->role),
                       m->name);
    return mj_fail(err, MJ_PERMISSION_DENIED, reason, "header.region", "this principal may not act in region %s",
                   h->region);
}

static int check_limits(struct mj_server *s, const struct server_peer *peer, size_t cost, mj_error *err)
{
    const char *what = NULL;
    if (!peer || s->stats.in_work >= s->limits.requests)
        what = "the service";
    else if (peer->in_work >= s->limits.requests_per_peer)
        what = "this connection";
    else if (cost > s->limits.body_bytes - s->body_bytes)
        what = "the service's memory";
    if (!what)
        return 0;
    s->stats.overflow++;
    mj_fail(err, MJ_RESOURCE_EXHAUSTED, "REQUESTS_IN_WORK", NULL, "too many requests are in work for %s; wait for "
            "answers before sending more", what);
    err->retry_after_ms = RETRY_MS;
    return -1;
}

static int check_frames(struct mj_server *s, const struct mj_message *m, mj_error *err)
{
    if (m->count == 2)
        return 0;
    s->stats.malformed++;
    return mj_fail(err, MJ_INVALID_ARGUMENT, "FRAME_COUNT", NULL, "expected two frames, header and body, got %u",
                   m->count);
}

/* Everything that is checked before the body is looked at. */
static const struct table_row *admit(struct mj_server *s, const struct mj_message *m, const struct mj_header *h,
                                     const struct mj_principal *p, struct server_peer **peer, mj_error *err)
{
    if (check_frames(s, m, err) != 0)
        return NULL;
    if (s->draining) {
        mj_fail(err, MJ_UNAVAILABLE, "STOPPING", NULL, "this instance is stopping; ask the directory for another");
        err->retry_after_ms = 1000;
        return NULL;
    }
    const struct table_row *row = find_method(s, h, err);
    if (!row || check_right(s, row->method, p, h, err) != 0)
        return NULL;
    if (row->method->command && !h->has_key) {
        mj_fail(err, MJ_INVALID_ARGUMENT, "KEY_REQUIRED", "header.idempotency_key",
                "this command needs an idempotency key "
                "of %d bytes in its header",
                MJ_COMMAND_KEY);
        return NULL;
    }
    *peer = mj_server_peer(s, &m->route);
    return check_limits(s, *peer, mj_request_cost(m->frames[1].len), err) == 0 ? row : NULL;
}

void mj_server_on_moved(struct mj_server *s, const char *(*where)(void *arg, const char *region), void *arg)
{
    s->where = where;
    s->where_arg = arg;
}

/* A handler said no; where it said that the partition is elsewhere, the answer says where. */
static void answer_error(struct mj_server *s, struct mj_request *rq, const mj_error *err)
{
    if (strcmp(err->reason, "MOVED") == 0)
        mj_reply_moved(rq, s->where ? s->where(s->where_arg, rq->header.region) : "");
    else
        mj_reply_error(rq, err);
}

static void run(struct mj_server *s, struct mj_request *rq, void *app)
{
    const ProtobufCMessageDescriptor *request = rq->method->request;
    if (request && !(rq->body = mj_request_unpack(rq, request, &s->err))) {
        mj_reply_error(rq, &s->err);
        return;
    }
    mj_request_settle(rq);
    if (rq->method->run(app, rq, &s->err) != 0)
        answer_error(s, rq, &s->err);
}

static int read_header(const struct mj_message *m, struct mj_header *h, mj_error *err)
{
    if (m->count > 0)
        return mj_header_decode(h, &m->frames[0], err);
    memset(h, 0, sizeof *h);
    return mj_fail(err, MJ_INVALID_ARGUMENT, "FRAME_COUNT", NULL, "expected two frames, header and body, got none");
}

static void on_message(void *arg, const struct mj_message *m)
{
    struct mj_server *s = arg;
    struct mj_header *h = &s->header;
    struct server_peer *peer = NULL;
    const struct table_row *row = NULL;

    s->stats.requests++;
    if (!m->user) {                      /* no ZAP ran for it: it must never be answered (pitfalls C3) */
        s->stats.unauthenticated++;
        return;
    }
    int header = read_header(m, h, &s->err);
    const struct mj_principal *p = find_caller(s, m->user, &s->err);
    if (p && header != 0)
        s->stats.malformed++;
    else if (p)
        row = admit(s, m, h, p, &peer, &s->err);
    struct mj_request *rq = row ? mj_request_begin(s, peer, row, h, p, &m->frames[1]) : NULL;
    if (rq) {
        run(s, rq, row->app);
        return;
    }
    if (row)
        mj_fail(&s->err, MJ_RESOURCE_EXHAUSTED, "MEMORY", NULL, "no memory for this request; try again later");
    mj_server_send_error(s, &m->route, h, &s->err, "");
}

/* ---- life ---- */

int mj_server_create(struct mj_server **ret, struct mj_loop *l, struct mj_who *who, const struct mj_curve *keys,
                     const struct mj_server_tables *tables, const struct mj_server_limits *limits, mj_error *err)
{
    struct mj_server *s = mj_calloc(1, sizeof *s);
    s->loop = l;
    s->who = who;
    s->keys = *keys;
    s->limits = limits ? *limits : (struct mj_server_limits){ 0, 0, 0 };
    if (s->limits.requests_per_peer == 0)
        s->limits.requests_per_peer = 256;
    if (s->limits.requests == 0)
        s->limits.requests = 65536;
    if (s->limits.body_bytes == 0)
        s->limits.body_bytes = 192u << 20;
    if (take_tables(s, tables, err) != 0) {
        mj_server_destroy(s);
        return -1;
    }
    *ret = s;
    return 0;
}

int mj_server_bind(struct mj_server *s, const char *host, int port, char bound[MJ_ENDPOINT_MAX], mj_error *err)
{
    if (s->sock)
        return mj_fail(err, MJ_FAILED_PRECONDITION, "BOUND", NULL, "the server is bound already");
    if (mj_sock_open(&s->sock, s->loop, MJ_SOCK_ROUTER, &s->keys, on_message, s, err) != 0)
        return -1;
    if (mj_sock_bind(s->sock, host, port, bound, err) == 0)
        return 0;
    mj_sock_close(s->sock);
    s->sock = NULL;
    return -1;
}

void mj_server_drain(struct mj_server *s)
{
    s->draining = true;
}

unsigned mj_server_in_work(const struct mj_server *s)
{
    return (unsigned)s->stats.in_work;
}

const struct mj_server_stats *mj_server_stats(const struct mj_server *s)
{
    return &s->stats;
}

void mj_server_destroy(struct mj_server *s)
{
    if (!s)
        return;
    if (s->sock)
        mj_sock_close(s->sock);
    mj_request_free_all(s);
    mj_server_peers_free(s);
    mj_buf_free(&s->head);
    mj_buf_free(&s->out);
    free(s->rows);
    sodium_memzero(&s->keys, sizeof s->keys);
    free(s);
}
