/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "links.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <zmq.h>

#include "common/wire/sock_options.h"

#define SECOND_NS 1000000000u

struct bench_links {
    void *context;
    void *sockets[BENCH_LINKS_MAX];
    struct pollfd polls[BENCH_LINKS_MAX];
    bool look[BENCH_LINKS_MAX];                  /* something may have come: an empty look costs a system call */
    unsigned count;
    struct mj_buf header;
};

uint64_t bench_now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * SECOND_NS + (uint64_t)t.tv_nsec;
}

/* ---- opening ---- */

static int failed(const char *what, mj_error *err)
{
    return mj_fail(err, MJ_INTERNAL, "SOCKET", NULL, "%s: %s", what, zmq_strerror(zmq_errno()));
}

/* For comparison only: the same socket without encryption. */
static int go_plain(void *zmq, mj_error *err)
{
    int off = 0;

    if (zmq_setsockopt(zmq, ZMQ_CURVE_SERVER, &off, sizeof off) != 0 ||
        zmq_setsockopt(zmq, MJ_ZMQ_ZAP_ENFORCE_DOMAIN, &off, sizeof off) != 0)
        return failed("a plain socket", err);
    return 0;
}

static int open_one(struct bench_links *l, const char *endpoint, const uint8_t server_key[MJ_CURVE_KEY],
                    const struct mj_curve *keys, mj_error *err)
{
    void *s = zmq_socket(l->context, ZMQ_DEALER);
    int none = 0;
    int fd;
    size_t len = sizeof fd;

    if (s == NULL)
        return failed("zmq_socket", err);
    l->sockets[l->count] = s;
    if (mj_sock_options_set(s, MJ_SOCK_DEALER, keys, err) < 0)
        return -1;
    /* A service that is busy for seconds is measured, not left. */
    if (zmq_setsockopt(s, ZMQ_HEARTBEAT_IVL, &none, sizeof none) != 0 ||
        (server_key != NULL && zmq_setsockopt(s, ZMQ_CURVE_SERVERKEY, server_key, MJ_CURVE_KEY) != 0))
        return failed("a socket's options", err);
    if (server_key == NULL && go_plain(s, err) < 0)
        return -1;
    if (zmq_connect(s, endpoint) != 0 || zmq_getsockopt(s, ZMQ_FD, &fd, &len) != 0)
        return failed(endpoint, err);
    l->look[l->count] = true;
    l->polls[l->count++] = (struct pollfd){ .fd = fd, .events = POLLIN };
    return 0;
}

int bench_links_open(struct bench_links **ret, const char *endpoint, const uint8_t server_key[MJ_CURVE_KEY],
                     const struct mj_curve *keys, unsigned count, mj_error *err)
{
    struct bench_links *l = mj_calloc(1, sizeof *l);

    *ret = l;
    prctl(PR_SET_TIMERSLACK, 1000);              /* ns; the default of 50 us would show in the latencies */
    l->context = zmq_ctx_new();
    if (l->context == NULL || count > BENCH_LINKS_MAX)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "LINKS", NULL, "expected at most %d connections, and memory",
                       BENCH_LINKS_MAX);
    for (unsigned i = 0; i < count; i++)
        if (open_one(l, endpoint, server_key, &keys[i], err) < 0)
            return -1;
    return 0;
}

void bench_links_close(struct bench_links *l)
{
    if (l == NULL)
        return;
    for (unsigned i = 0; i < BENCH_LINKS_MAX; i++)
        if (l->sockets[i] != NULL)
            zmq_close(l->sockets[i]);
    if (l->context != NULL)
        zmq_ctx_term(l->context);
    mj_buf_free(&l->header);
    free(l);
}

unsigned bench_links_count(const struct bench_links *l)
{
    return l->count;
}

/* ---- sending ---- */

static void keep(void *data, void *hint)
{
    (void)data, (void)hint;                      /* the caller's */
}

bool bench_links_send(struct bench_links *l, unsigned link, const struct bench_question *q)
{
    struct mj_header h = { .version = MJ_PROTOCOL_VERSION, .correlation = q->correlation, .timeout_ms = q->timeout_ms };
    zmq_msg_t body;

    l->look[link] = true;                        /* sending may eat the descriptor's wake */
    memcpy(h.method, q->method, strlen(q->method) + 1);
    memcpy(h.region, q->region, strlen(q->region) + 1);
    mj_buf_clear(&l->header);
    mj_header_encode(&l->header, &h);
    if (zmq_send(l->sockets[link], l->header.data, l->header.len, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0)
        return false;
    zmq_msg_init_data(&body, (void *)(uintptr_t)q->body, q->len, keep, NULL);
    if (zmq_msg_send(&body, l->sockets[link], ZMQ_DONTWAIT) < 0) {
        zmq_msg_close(&body);
        return false;
    }
    return true;
}

/* ---- answers ---- */

/* 1: an answer was handed on, 0: none is there, -1: stop. */
static int take_one(struct bench_links *l, unsigned link, bench_answer_fn *fn, void *arg, mj_error *err)
{
    zmq_msg_t head, body;
    struct mj_header h = { 0 };
    int rc;

    zmq_msg_init(&head);
    if (zmq_msg_recv(&head, l->sockets[link], ZMQ_DONTWAIT) < 0)
        return 0;
    zmq_msg_init(&body);
    if (!zmq_msg_more(&head) || zmq_msg_recv(&body, l->sockets[link], 0) < 0 || zmq_msg_more(&body))
        return mj_fail(err, MJ_INTERNAL, "ANSWER", NULL, "expected two frames, header and body; got others");
    struct mj_frame first = { zmq_msg_data(&head), zmq_msg_size(&head) };
    struct bench_answer a = { .link = link, .body = { zmq_msg_data(&body), zmq_msg_size(&body) } };
    rc = mj_header_decode(&h, &first, err);
    a.correlation = h.correlation;
    a.code = h.code;
    if (rc == 0)
        rc = fn(arg, &a, err);
    zmq_msg_close(&head);
    zmq_msg_close(&body);
    return rc < 0 ? -1 : 1;
}

/* Takes all of a connection's, so that its descriptor wakes again. */
int bench_links_take(struct bench_links *l, bench_answer_fn *fn, void *arg, mj_error *err)
{
    int taken = 0, rc;

    for (unsigned i = 0; i < l->count; i++) {
        if (!l->look[i])
            continue;
        l->look[i] = false;
        while ((rc = take_one(l, i, fn, arg, err)) > 0)
            taken++;
        if (rc < 0)
            return -1;
    }
    return taken;
}

void bench_links_sleep(struct bench_links *l, uint64_t ns)
{
    struct timespec t = { .tv_sec = (time_t)(ns / SECOND_NS), .tv_nsec = (long)(ns % SECOND_NS) };

    for (unsigned i = 0; i < l->count; i++)
        if (l->look[i])
            return;
    if (ppoll(l->polls, l->count, &t, NULL) <= 0)
        return;
    for (unsigned i = 0; i < l->count; i++)
        l->look[i] = l->polls[i].revents != 0;
}
