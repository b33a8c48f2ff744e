/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "visible.h"

#include <hiredis/hiredis.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GIVE_UP_NS UINT64_C(30000000000)
#define POLL_US 1000

struct sight { uint64_t at_ns, position; };

struct bench_visible {
    redisContext *channel, *reader;
    pthread_t thread;
    char region[3];
    struct sight *sights;
    size_t count, room;
    _Atomic uint64_t position;                   /* the last one seen */
    atomic_bool over;
};

static uint64_t read_position(struct bench_visible *v)
{
    redisReply *name = redisCommand(v->reader, "GET live:{%s}:pointer", v->region);
    redisReply *value = NULL;
    uint64_t position = 0;

    if (name != NULL && name->type == REDIS_REPLY_STRING)
        value = redisCommand(v->reader, "HGET %s pos:placements/%s", name->str, v->region);
    if (value != NULL && value->type == REDIS_REPLY_STRING)
        position = strtoull(value->str, NULL, 10);
    if (value != NULL)
        freeReplyObject(value);
    if (name != NULL)
        freeReplyObject(name);
    return position;
}

static void look(struct bench_visible *v)
{
    uint64_t position = read_position(v);

    if (position <= v->position)
        return;
    if (v->count == v->room) {
        v->room = v->room ? v->room * 2 : 4096;
        v->sights = realloc(v->sights, v->room * sizeof *v->sights);
        if (v->sights == NULL)
            abort();
    }
    v->sights[v->count++] = (struct sight){ bench_now_ns(), position };
    v->position = position;
}

/* Each message says that something changed; a time-out only looks whether all is over. */
static void *watch(void *arg)
{
    struct bench_visible *v = arg;
    void *message;

    while (!v->over) {
        if (redisGetReply(v->channel, &message) == REDIS_OK) {
            freeReplyObject(message);
        } else {
            v->channel->err = 0;                 /* a time-out; hiredis would refuse to go on */
            v->channel->errstr[0] = '\0';
        }
        look(v);
    }
    return NULL;
}

int bench_visible_start(struct bench_visible **ret, const char *socket, const char *region, mj_error *err)
{
    struct bench_visible *v = calloc(1, sizeof *v);
    struct timeval limit = { .tv_usec = 200000 };
    redisReply *r = NULL;

    if (v == NULL)
        abort();
    snprintf(v->region, sizeof v->region, "%s", region);
    v->channel = redisConnectUnix(socket);
    v->reader = redisConnectUnix(socket);
    if (v->channel != NULL && v->channel->err == 0)
        r = redisCommand(v->channel, "SUBSCRIBE live:{%s}", region);
    if (v->reader == NULL || v->reader->err != 0 || r == NULL)
        return mj_fail(err, MJ_UNAVAILABLE, "REDIS", NULL, "%s cannot be spoken to", socket);
    freeReplyObject(r);
    redisSetTimeout(v->channel, limit);
    if (pthread_create(&v->thread, NULL, watch, v) != 0)
        return mj_fail(err, MJ_INTERNAL, "THREAD", NULL, "no thread can be started");
    *ret = v;
    return 0;
}

int bench_visible_stop(struct bench_visible *v, const struct bench_sending *s, struct load_hist *ret, mj_error *err)
{
    uint64_t begin_ns = bench_now_ns();
    size_t seen = 0;
    int rc = 0;

    while (v->position < s->position && bench_now_ns() - begin_ns < GIVE_UP_NS)
        usleep(POLL_US);
    v->over = true;
    pthread_join(v->thread, NULL);
    if (v->position < s->position)
        rc = mj_fail(err, MJ_DEADLINE_EXCEEDED, "NOT_VISIBLE", NULL, "the counters stand at %llu after 30 s, %llu was "
                     "acknowledged", (unsigned long long)v->position, (unsigned long long)s->position);
    for (size_t i = 0; rc == 0 && i < s->ack_count; i++) {
        const struct bench_ack *a = &s->acks[i];
        while (seen > 0 && v->sights[seen - 1].position >= a->position)
            seen--;                              /* answers of other connections may come out of order */
        while (v->sights[seen].position < a->position)
            seen++;
        uint64_t at_ns = v->sights[seen].at_ns;
        load_hist_add(ret, at_ns > a->at_ns ? at_ns - a->at_ns : 0, a->events);
    }
    redisFree(v->channel);
    redisFree(v->reader);
    free(v->sights);
    free(v);
    return rc;
}
