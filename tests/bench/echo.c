/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "echo.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#include "common/base/buf.h"
#include "common/base/codes.h"
#include "common/base/crypto.h"
#include "common/wire/frame.h"
#include "common/wire/sock_options.h"
#include "placements/event.h"

#define STREAMS 64
#define FRAMES 3                                 /* route, header, body */
#define LOOK_MS 50
#define GATHER 64                                /* messages a sync */
#define MUCH 1000000u

struct bench_echo {
    void *context, *socket;
    pthread_t thread;
    atomic_bool over;
    bool failed;
    double cpu_s;
    struct { char siret[MJ_SIRET_LEN + 1]; uint64_t last; } streams[STREAMS];
    struct mj_arena *arena, *scratch;
    FILE *log;                                   /* nameless */
    struct { zmq_msg_t route; struct mj_buf header, body; } answers[GATHER];
    unsigned answer_count;
};

/* ---- a batch ---- */

static uint64_t *last_of(struct bench_echo *e, const char *siret)
{
    unsigned i = 0;

    while (i < STREAMS - 1 && e->streams[i].siret[0] != '\0' && strcmp(e->streams[i].siret, siret) != 0)
        i++;
    snprintf(e->streams[i].siret, sizeof e->streams[i].siret, "%s", siret);
    return &e->streams[i].last;
}

/* Checks an event, names it and its placement by keyed hashes, and writes it. */
static bool take_events(struct bench_echo *e, const IngestRequest *in)
{
    static const uint8_t key[MJ_KEY];
    uint8_t tags[2 * MJ_TAG];
    int64_t now_ms = (int64_t)time(NULL) * 1000;
    struct pl_warning warning;
    struct pl_event event;
    mj_error err;

    for (size_t i = 0; i < in->n_events; i++) {
        mj_arena_reset(e->scratch, mj_arena_ceiling(in->events[i].len));
        if (pl_event_check(in->events[i].data, in->events[i].len, in->stream, now_ms, e->scratch, &event, &warning,
                           &err) < 0) {
            fprintf(stderr, "bench-curve: %s %s\n", err.reason, err.text);
            return false;
        }
        const ProtobufCBinaryData *b = &in->events[i];
        mj_tag(tags, key, "payload", 7, b->data, b->len);
        mj_tag(tags + MJ_TAG, key, in->stream, MJ_SIRET_LEN, event.ref, event.ref_len);
        if (fwrite(tags, sizeof tags, 1, e->log) != 1 || fwrite(b->data, b->len, 1, e->log) != 1)
            return false;
    }
    return true;
}

static void answer(struct bench_echo *e, const IngestRequest *in, uint64_t correlation)
{
    struct mj_header h = { .version = MJ_PROTOCOL_VERSION, .correlation = correlation };
    IngestResponse out = MISSIONJEUNES__PLACEMENTS__V1__INGEST_RESPONSE__INIT;
    Credit credit = MISSIONJEUNES__PLACEMENTS__V1__CREDIT__INIT;
    EventException again[STREAMS], *list[STREAMS];
    uint64_t *last = last_of(e, in->stream);

    for (uint64_t n = in->first_sequence; n <= *last && out.n_exceptions < STREAMS; n++) {
        EventException *x = list[out.n_exceptions] = &again[out.n_exceptions];
        missionjeunes__placements__v1__exception__init(x);
        x->sequence = n;
        x->outcome = MISSIONJEUNES__PLACEMENTS__V1__OUTCOME__OUTCOME_DUPLICATE;
        x->reason = (char *)(uintptr_t)"RESEND";
        x->message = (char *)(uintptr_t)"already received";
        out.n_exceptions++;
    }
    if (*last < in->first_sequence + in->n_events - 1)
        *last = in->first_sequence + in->n_events - 1;
    credit.events = credit.bytes = MUCH;
    out.credit = &credit;
    out.exceptions = list;
    out.durable_through = out.position = *last;
    mj_buf_clear(&e->answers[e->answer_count].header);
    mj_header_encode(&e->answers[e->answer_count].header, &h);
    mj_buf_clear(&e->answers[e->answer_count].body);
    mj_buf_pack(&e->answers[e->answer_count].body, &out.base);
}

static bool take(struct bench_echo *e, zmq_msg_t frames[FRAMES])
{
    struct mj_frame head = { zmq_msg_data(&frames[1]), zmq_msg_size(&frames[1]) };
    size_t len = zmq_msg_size(&frames[2]);
    struct mj_header h = { 0 };
    mj_error err;

    mj_arena_reset(e->arena, 0);
    if (mj_header_decode(&h, &head, &err) < 0)
        return false;
    IngestRequest *in = missionjeunes__placements__v1__ingest_request__unpack(mj_arena_protobuf(e->arena), len,
                                                                              zmq_msg_data(&frames[2]));
    if (in == NULL || !take_events(e, in))
        return false;
    answer(e, in, h.correlation);
    zmq_msg_init(&e->answers[e->answer_count].route);
    return zmq_msg_move(&e->answers[e->answer_count++].route, &frames[0]) == 0;
}

/* One message that waits; *none where there is none. */
static bool take_next(struct bench_echo *e, bool *none)
{
    zmq_msg_t frames[FRAMES];
    bool good = true;

    for (unsigned i = 0; i < FRAMES; i++)
        zmq_msg_init(&frames[i]);
    *none = zmq_msg_recv(&frames[0], e->socket, ZMQ_DONTWAIT) < 0;
    for (unsigned i = 1; i < FRAMES && !*none; i++)
        good &= zmq_msg_recv(&frames[i], e->socket, 0) >= 0;
    if (good && !*none)
        good = take(e, frames);
    for (unsigned i = 0; i < FRAMES; i++)
        zmq_msg_close(&frames[i]);
    return good;
}

/* ---- the thread ---- */

static bool send_answers(struct bench_echo *e)
{
    bool good = true;

    for (unsigned i = 0; i < e->answer_count; i++)
        good &= zmq_msg_send(&e->answers[i].route, e->socket, ZMQ_SNDMORE) >= 0 &&
                zmq_send(e->socket, e->answers[i].header.data, e->answers[i].header.len, ZMQ_SNDMORE) >= 0 &&
                zmq_send(e->socket, e->answers[i].body.data, e->answers[i].body.len, 0) >= 0;
    e->answer_count = 0;
    return good;
}

static bool turn(struct bench_echo *e)
{
    zmq_pollitem_t item = { .socket = e->socket, .events = ZMQ_POLLIN };
    bool good = true, none = false;

    if (zmq_poll(&item, 1, LOOK_MS) <= 0)
        return true;
    while (good && !none && e->answer_count < GATHER)
        good = take_next(e, &none);
    return good && fflush(e->log) == 0 && fdatasync(fileno(e->log)) == 0 && send_answers(e);
}

static void *serve(void *arg)
{
    struct bench_echo *e = arg;
    struct timespec cpu;

    while (!e->over && !e->failed)
        e->failed = !turn(e);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
    e->cpu_s = (double)cpu.tv_sec + (double)cpu.tv_nsec / 1e9;
    return NULL;
}

static bool open_socket(struct bench_echo *e, const struct mj_curve *keys, char endpoint[MJ_ENDPOINT_MAX],
                        mj_error *err)
{
    struct mj_curve any = { 0 };
    int off = 0;
    size_t len = MJ_ENDPOINT_MAX;

    e->context = zmq_ctx_new();
    e->socket = e->context != NULL ? zmq_socket(e->context, ZMQ_ROUTER) : NULL;
    if (e->socket == NULL || mj_sock_options_set(e->socket, MJ_SOCK_ROUTER, keys ? keys : &any, err) < 0)
        return false;
    return (keys != NULL || zmq_setsockopt(e->socket, ZMQ_CURVE_SERVER, &off, sizeof off) == 0) &&
           zmq_setsockopt(e->socket, MJ_ZMQ_ZAP_ENFORCE_DOMAIN, &off, sizeof off) == 0 &&    /* everybody may */
           zmq_bind(e->socket, "tcp://127.0.0.1:*") == 0 &&
           zmq_getsockopt(e->socket, ZMQ_LAST_ENDPOINT, endpoint, &len) == 0;
}

int bench_echo_start(struct bench_echo **ret, const struct mj_curve *keys, char endpoint[MJ_ENDPOINT_MAX],
                     mj_error *err)
{
    struct bench_echo *e = mj_calloc(1, sizeof *e);

    e->arena = mj_arena_create(0);
    e->scratch = mj_arena_create(0);
    e->log = tmpfile();
    if (e->log == NULL || !open_socket(e, keys, endpoint, err) || pthread_create(&e->thread, NULL, serve, e) != 0)
        return mj_fail(err, MJ_INTERNAL, "ECHO", NULL, "the echo does not start: %s", zmq_strerror(zmq_errno()));
    *ret = e;
    return 0;
}

double bench_echo_stop(struct bench_echo *e)
{
    e->over = true;
    pthread_join(e->thread, NULL);
    zmq_close(e->socket);
    zmq_ctx_term(e->context);
    double cpu_s = e->failed ? -1 : e->cpu_s;
    mj_arena_destroy(e->arena);
    mj_arena_destroy(e->scratch);
    for (unsigned i = 0; i < GATHER; i++) {
        mj_buf_free(&e->answers[i].header);
        mj_buf_free(&e->answers[i].body);
    }
    fclose(e->log);
    free(e);
    return cpu_s;
}
