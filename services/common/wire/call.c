/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Calls wait in a map by their correlation number. One timer stands at the earliest deadline; when the connection went,
 * that of all that wait is near. An answer that comes after its deadline finds nobody and is dropped. */
#include "common/wire/call.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/hash.h"
#include "missionjeunes/common/v1/common.pb-c.h"

#define CALLS_MAX 4096                   /* outstanding on one connection */
#define TIMEOUT_MS 5000
#define LOST_MS 20                       /* for answers that arrived before the connection went */

struct waiting {
    uint64_t correlation;
    uint64_t deadline;                   /* monotonic ms */
    const ProtobufCMessageDescriptor *answer;
    mj_reply_fn *fn;
    void *arg;
    bool lost;                           /* the connection that it was asked over went */
    UT_hash_handle hh;
};

struct mj_peer {
    struct mj_loop *loop;
    struct mj_sock *sock;
    struct mj_timer *timer;
    uint64_t timer_at;                   /* 0: not started */
    struct waiting *waiting;
    uint64_t last_correlation;
    uint64_t unsent_first, unsent_last;  /* monotonic ms of the first and last call in a row that could not be sent */
    struct mj_arena *scratch;            /* the answer being given */
    struct mj_buf head, body;
    char endpoint[MJ_ENDPOINT_MAX];
    unsigned in_callback;
    bool closed;
};

static void free_peer(struct mj_peer *p)
{
    mj_timer_destroy(p->timer);
    mj_arena_destroy(p->scratch);
    mj_buf_free(&p->head);
    mj_buf_free(&p->body);
    free(p);
}

/* Ends one call: it is out of the map before its callback, which may call again or close. */
static void finish(struct mj_peer *p, struct waiting *w, const struct mj_reply *r)
{
    HASH_DEL(p->waiting, w);
    p->in_callback++;
    w->fn(w->arg, r);
    p->in_callback--;
    free(w);
}

static void finish_unknown(struct mj_peer *p, struct waiting *w, const char *reason, const char *text)
{
    mj_error err;
    mj_fail(&err, MJ_UNKNOWN, reason, NULL, "%s; what was asked may have been done or not: ask, or send it again",
            text);
    finish(p, w, &(struct mj_reply){ .outcome = MJ_CALL_UNKNOWN, .err = &err, .moved_to = "" });
}

/* ---- deadlines ---- */

static void set_timer(struct mj_peer *p, uint64_t at)
{
    uint64_t now = mj_loop_now_ms(p->loop);
    if (p->timer_at != 0 && p->timer_at <= at)
        return;
    p->timer_at = at;
    mj_timer_start(p->timer, at > now ? at - now : 0, 0);
}

static struct waiting *find_expired(struct mj_peer *p, uint64_t now, uint64_t *earliest)
{
    struct waiting *w, *next;
    *earliest = UINT64_MAX;
    HASH_ITER(hh, p->waiting, w, next) {
        if (w->deadline <= now)
            return w;
        if (w->deadline < *earliest)
            *earliest = w->deadline;
    }
    return NULL;
}

static void on_timer(void *arg)
{
    struct mj_peer *p = arg;
    uint64_t now = mj_loop_now_ms(p->loop), earliest;
    struct waiting *w;

    p->timer_at = 0;
    p->in_callback++;                    /* a callback may close: what is walked here must stay */
    while (!p->closed && (w = find_expired(p, now, &earliest)) != NULL)
        finish_unknown(p, w, w->lost ? "CONNECTION_CLOSED" : "TIMEOUT",
                       w->lost ? "the connection went before the answer came" : "no answer came in time");
    p->in_callback--;
    if (p->closed) {
        if (p->in_callback == 0)
            free_peer(p);
    } else if (earliest != UINT64_MAX) {
        set_timer(p, earliest);
    }
}

/* Well before the connection is there again (RECONNECT_IVL): what waits now was asked over the old one. */
static void on_lost(void *arg)
{
    struct mj_peer *p = arg;
    uint64_t soon = mj_loop_now_ms(p->loop) + LOST_MS;
    struct waiting *w, *next;

    if (p->closed || p->waiting == NULL)
        return;
    HASH_ITER(hh, p->waiting, w, next) {
        w->lost = true;
        if (w->deadline > soon)
            w->deadline = soon;
    }
    set_timer(p, soon);
}

/* ---- answers ---- */

/* The place that a MOVED error names; "" where it names none. */
static const char *moved_to(struct mj_peer *p, const struct mj_frame *f)
{
    const Missionjeunes__Common__V1__Error *e = (const Missionjeunes__Common__V1__Error *)
        protobuf_c_message_unpack(&missionjeunes__common__v1__error__descriptor, mj_arena_protobuf(p->scratch), f->len,
                                  f->data);
    return e ? e->moved_to : "";
}

static void give_refusal(struct mj_peer *p, struct waiting *w, const struct mj_frame *body)
{
    mj_error err;
    mj_error_decode(&err, body, p->scratch);
    const char *place = strcmp(err.reason, "MOVED") == 0 ? moved_to(p, body) : "";
    enum mj_outcome outcome = err.code == MJ_UNKNOWN ? MJ_CALL_UNKNOWN : MJ_CALL_REFUSED;
    finish(p, w, &(struct mj_reply){ .outcome = outcome, .err = &err, .moved_to = place, .bytes = body });
}

/* An answer of a newer service may hold fields that are not known here: they are passed over, not refused. */
static void give_answer(struct mj_peer *p, struct waiting *w, const struct mj_frame *body)
{
    const ProtobufCMessage *m = NULL;
    if (w->answer)
        m = protobuf_c_message_unpack(w->answer, mj_arena_protobuf(p->scratch), body->len, body->data);
    if (w->answer && !m)
        finish_unknown(p, w, "ANSWER_MALFORMED", "the service's answer cannot be read");
    else
        finish(p, w, &(struct mj_reply){ .outcome = MJ_CALL_OK, .moved_to = "", .body = m, .bytes = body });
}

static void on_message(void *arg, const struct mj_message *m)
{
    struct mj_peer *p = arg;
    struct mj_header h;
    struct waiting *w;

    if (p->closed || m->count != 2)
        return;
    memset(&h, 0, sizeof h);
    if (mj_header_decode(&h, &m->frames[0], NULL) != 0)
        return;                          /* nothing of it can be trusted; the deadline ends the call */
    HASH_FIND(hh, p->waiting, &h.correlation, sizeof h.correlation, w);
    if (!w)
        return;
    mj_arena_reset(p->scratch, mj_arena_ceiling(m->frames[1].len));
    if (h.code == MJ_OK)
        give_answer(p, w, &m->frames[1]);
    else
        give_refusal(p, w, &m->frames[1]);
    if (p->closed && p->in_callback == 0)
        free_peer(p);
}

/* ---- life ---- */

int mj_peer_open(struct mj_peer **ret, struct mj_loop *l, const char *endpoint, const uint8_t server_key[MJ_CURVE_KEY],
                 const struct mj_curve *keys, mj_error *err)
{
    if (strlen(endpoint) >= MJ_ENDPOINT_MAX)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "BAD_ENDPOINT", "endpoint", "expected at most %d bytes",
                       MJ_ENDPOINT_MAX - 1);
    struct mj_peer *p = mj_calloc(1, sizeof *p);
    p->loop = l;
    strcpy(p->endpoint, endpoint);
    p->scratch = mj_arena_create(mj_arena_ceiling(0));
    int rc = p->scratch ? 0 : mj_fail(err, MJ_RESOURCE_EXHAUSTED, "MEMORY", NULL, "no memory for a connection");
    if (rc == 0)
        rc = mj_timer_create(&p->timer, l, on_timer, p, err);
    if (rc == 0)
        rc = mj_sock_open(&p->sock, l, MJ_SOCK_DEALER, keys, on_message, p, err);
    if (rc == 0)
        rc = mj_sock_on_lost(p->sock, on_lost, p, err);
    if (rc == 0)
        rc = mj_sock_connect(p->sock, endpoint, server_key, err);
    if (rc == 0) {
        *ret = p;
        return 0;
    }
    if (p->sock)
        mj_sock_close(p->sock);
    free_peer(p);
    return -1;
}

const char *mj_peer_endpoint(const struct mj_peer *p)
{
    return p->endpoint;
}

unsigned mj_peer_outstanding(const struct mj_peer *p)
{
    return HASH_COUNT(p->waiting);
}

static int encode(struct mj_peer *p, const struct mj_call *c, uint64_t correlation, uint32_t timeout_ms, mj_error *err)
{
    struct mj_header h = { .version = MJ_PROTOCOL_VERSION, .correlation = correlation, .timeout_ms = timeout_ms };
    const char *region = c->region ? c->region : "";
    if (strlen(c->method) >= sizeof h.method || strlen(region) >= sizeof h.region)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "HEADER_SIZE", "method", "the method or region is too long");
    strcpy(h.method, c->method);
    strcpy(h.region, region);
    if (c->key) {
        h.has_key = true;
        memcpy(h.key, c->key, sizeof h.key);
    }
    mj_buf_clear(&p->head);
    mj_header_encode(&p->head, &h);
    mj_buf_clear(&p->body);
    mj_buf_pack(&p->body, c->body);
    return 0;
}

uint64_t mj_peer_unsent_ms(const struct mj_peer *p)
{
    return p->unsent_last - p->unsent_first;
}

int mj_peer_call(struct mj_peer *p, const struct mj_call *c, mj_reply_fn *fn, void *arg, mj_error *err)
{
    uint32_t timeout_ms = c->timeout_ms != 0 ? c->timeout_ms : TIMEOUT_MS;
    if (p->closed || HASH_COUNT(p->waiting) >= CALLS_MAX)
        return mj_fail(err, MJ_UNAVAILABLE, p->closed ? "CLOSED" : "CALLS_OUTSTANDING", NULL, "this connection takes "
                       "no further call now; nothing was sent");
    if (encode(p, c, p->last_correlation + 1, timeout_ms, err) != 0)
        return -1;
    struct mj_frame frames[2] = { { p->head.data, p->head.len }, { p->body.data, p->body.len } };
    if (mj_sock_send(p->sock, NULL, frames, 2) != MJ_SENT) {
        p->unsent_last = mj_loop_now_ms(p->loop);
        if (p->unsent_first == 0)
            p->unsent_first = p->unsent_last;
        return mj_fail(err, MJ_UNAVAILABLE, "NOT_CONNECTED", NULL, "%s is not connected or does not read; nothing was "
                       "sent, try again", p->endpoint);
    }
    p->unsent_first = p->unsent_last = 0;
    struct waiting *w = mj_calloc(1, sizeof *w);
    w->correlation = ++p->last_correlation;
    w->deadline = mj_loop_now_ms(p->loop) + timeout_ms;
    w->answer = c->answer;
    w->fn = fn;
    w->arg = arg;
    HASH_ADD(hh, p->waiting, correlation, sizeof w->correlation, w);
    set_timer(p, w->deadline);
    return 0;
}

void mj_peer_close(struct mj_peer *p)
{
    if (!p || p->closed)
        return;
    p->closed = true;
    p->in_callback++;
    while (p->waiting)
        finish_unknown(p, p->waiting, "CONNECTION_CLOSED", "the connection was closed before the answer came");
    p->in_callback--;
    mj_sock_close(p->sock);
    p->sock = NULL;
    if (p->in_callback == 0)
        free_peer(p);
}
