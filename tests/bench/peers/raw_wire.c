/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* raw_wire: what ZeroMQ lets through between a DEALER and a ROUTER over loopback TCP: messages of 100 events or of one,
 * each answered by a few bytes, a window of them outstanding. Two threads, each with a context of its own, as two
 * processes would have. Any client key is let in: authentication happens once a connection and is not what we time. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "raw.h"

#define WINDOW_EVENTS 6400
#define ANSWER 16
#define BUFFER (512u * 1024)

struct keys { char public_key[41], secret_key[41]; };

struct echo {
    void *context, *socket;
    char endpoint[64];
    pthread_t thread;
};

static void must(int rc, const char *doing)
{
    if (rc < 0) {
        bench_die("ZeroMQ, %s: %s", doing, zmq_strerror(zmq_errno()));
    }
}

static void set(void *socket, int name, int value)
{
    must(zmq_setsockopt(socket, name, &value, sizeof value), "an option");
}

static void *open_socket(void *context, int type)
{
    void *s = zmq_socket(context, type);
    must(s != NULL ? 0 : -1, "a socket");
    set(s, ZMQ_LINGER, 0);
    set(s, ZMQ_SNDHWM, 0);
    set(s, ZMQ_RCVHWM, 0);
    return s;
}

/* ---- the ROUTER ---- */

/* Ends at a message without a body. */
static void *run_echo(void *arg)
{
    struct echo *e = arg;
    static const uint8_t answer[ANSWER];
    for (;;) {
        zmq_msg_t route, body;
        zmq_msg_init(&route);
        zmq_msg_init(&body);
        must(zmq_msg_recv(&route, e->socket, 0), "receiving");
        must(zmq_msg_recv(&body, e->socket, 0), "receiving");
        size_t len = zmq_msg_size(&body);
        zmq_msg_close(&body);
        must(zmq_msg_send(&route, e->socket, ZMQ_SNDMORE), "answering");
        must(zmq_send(e->socket, answer, sizeof answer, 0), "answering");
        if (len == 0) {
            return NULL;
        }
    }
}

static void open_echo(struct echo *e, const struct keys *k)
{
    size_t size = sizeof e->endpoint;
    e->context = zmq_ctx_new();
    e->socket = open_socket(e->context, ZMQ_ROUTER);
    if (k != NULL) {
        set(e->socket, ZMQ_CURVE_SERVER, 1);
        must(zmq_setsockopt(e->socket, ZMQ_CURVE_SECRETKEY, k->secret_key, 41), "a key");
    }
    must(zmq_bind(e->socket, "tcp://127.0.0.1:*"), "binding");
    must(zmq_getsockopt(e->socket, ZMQ_LAST_ENDPOINT, e->endpoint, &size), "binding");
    if (pthread_create(&e->thread, NULL, run_echo, e) != 0) {
        bench_die("cannot start a thread");
    }
}

static void close_echo(struct echo *e)
{
    (void)pthread_join(e->thread, NULL);
    (void)zmq_close(e->socket);
    (void)zmq_ctx_term(e->context);
}

/* ---- the DEALER ---- */

static void *open_client(void *context, const char *endpoint, const struct keys *server)
{
    struct keys own;
    void *s = open_socket(context, ZMQ_DEALER);
    if (server != NULL) {
        must(zmq_curve_keypair(own.public_key, own.secret_key), "making keys");
        must(zmq_setsockopt(s, ZMQ_CURVE_SERVERKEY, server->public_key, 41), "a key");
        must(zmq_setsockopt(s, ZMQ_CURVE_PUBLICKEY, own.public_key, 41), "a key");
        must(zmq_setsockopt(s, ZMQ_CURVE_SECRETKEY, own.secret_key, 41), "a key");
    }
    must(zmq_connect(s, endpoint), "connecting");
    return s;
}

static void take_answer(void *socket)
{
    uint8_t answer[ANSWER];
    must(zmq_recv(socket, answer, sizeof answer, 0), "receiving an answer");
}

/* The events from first on, one behind the other; gives the bytes. */
static size_t fill(uint8_t *buffer, const struct bench_events *e, uint64_t first, unsigned count)
{
    size_t len = 0;
    for (unsigned i = 0; i < count; i++) {
        const struct bench_event *x = &e->events[(first + i) % e->count];
        if (len + x->len > BUFFER) {
            bench_die("events too large for a message");
        }
        memcpy(buffer + len, x->payload, x->len);
        len += x->len;
    }
    return len;
}

static uint64_t exchange(void *socket, const struct bench_events *e, unsigned count, double seconds)
{
    uint8_t *buffer = bench_alloc(BUFFER, 1);
    uint64_t sent = 0, answered = 0, window = WINDOW_EVENTS / count / (count == 1 ? 4 : 1);
    must(zmq_send(socket, "hello", 5, 0), "sending");    /* the handshake is not timed */
    take_answer(socket);
    uint64_t until = bench_now_ns() + (uint64_t)(seconds * 1e9);
    while (bench_now_ns() < until) {
        for (; sent - answered < window; sent++) {
            must(zmq_send(socket, buffer, fill(buffer, e, sent * count, count), 0), "sending");
        }
        take_answer(socket);
        answered++;
    }
    for (; answered < sent; answered++) {
        take_answer(socket);
    }
    free(buffer);
    return sent * count;
}

/* Events a second. */
static double measure(const struct raw_options *o, const struct bench_events *e, unsigned count, bool curve,
                      double *cpu_us)
{
    struct keys k;
    struct echo echo;
    must(zmq_curve_keypair(k.public_key, k.secret_key), "making keys");
    open_echo(&echo, curve ? &k : NULL);
    void *context = zmq_ctx_new(), *client = open_client(context, echo.endpoint, curve ? &k : NULL);
    double cpu = bench_cpu_s();
    uint64_t began = bench_now_ns();
    uint64_t events = exchange(client, e, count, o->seconds);
    double wall = (double)(bench_now_ns() - began) / 1e9;
    *cpu_us = (bench_cpu_s() - cpu) * 1e6 / (double)events;
    must(zmq_send(client, "", 0, 0), "sending");
    take_answer(client);
    close_echo(&echo);
    (void)zmq_close(client);
    (void)zmq_ctx_term(context);
    return (double)events / wall;
}

json_t *raw_wire(const struct raw_options *o, const struct bench_events *e)
{
    static const struct { unsigned events; bool curve; } ways[] = {
        { 100, true }, { 100, false }, { 1, true }, { 1, false }
    };
    json_t *rows = json_array();
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        double best = 0, cpu_us = 0;
        for (int round = 0; round < o->rounds; round++) {
            double us, r = measure(o, e, ways[i].events, ways[i].curve, &us);
            cpu_us = r > best ? us : cpu_us;
            best = r > best ? r : best;
        }
        json_t *row = json_object();
        bench_set(row, "events_a_message", json_integer(ways[i].events));
        bench_set(row, "curve", json_boolean(ways[i].curve));
        bench_set(row, "events_per_s", bench_round(best, 0));
        bench_set(row, "cpu_us_an_event", bench_round(cpu_us, 3));
        json_array_append_new(rows, row);
    }
    return rows;
}
