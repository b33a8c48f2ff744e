/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* bench-peer-redis: Redis Streams taking the same events, appendfsync always. A script takes up to 100 of them, each
 * SET NX under its name, then XADD; several calls are outstanding. Commands are made before the clock starts.
 * With --rate one event a call, sent by one thread and its answer read by another. */
#include <errno.h>
#include <hiredis/hiredis.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "bench.h"
#include "options.h"
#include "server.h"
#include "tree.h"

#define EVENTS_A_CALL 100
#define OUTSTANDING 16
#define ARGS (4 + 2 * EVENTS_A_CALL)

static const char script[] =
    "local again = 0 "
    "for i = 1, #ARGV, 2 do "
    "  if redis.call('SET', 'e:' .. ARGV[i], '', 'NX') then"
    "    redis.call('XADD', KEYS[1], '*', 'e', ARGV[i], 'p', ARGV[i + 1]) "
    "  else again = again + 1 end "
    "end "
    "return again";

static const char *const server_settings[] = {
    "port", "0", "save", "", "appendonly", "yes", "appendfsync", "always", "no-appendfsync-on-rewrite", "no",
    "auto-aof-rewrite-percentage", "0", "maxmemory", "0",
};
#define SERVER_SETTINGS (sizeof server_settings / sizeof server_settings[0])

struct call { char *bytes; size_t len; };

struct peer {
    redisContext *redis;
    char sha[64], version[32];
    struct call *calls;
    size_t count, events, duplicates;
    uint64_t began;
    int rate;
    struct bench_latencies latencies;
};

/* ---- what is sent ---- */

static void make_call(struct peer *p, const struct bench_events *e, const uint32_t *order, size_t n)
{
    const char *args[ARGS] = { "EVALSHA", p->sha, "1", "events" };
    size_t lengths[ARGS] = { 7, strlen(p->sha), 1, 6 };
    char names[EVENTS_A_CALL][40];
    for (size_t i = 0; i < n; i++) {
        const struct bench_event *x = &e->events[order[i]];
        int len = snprintf(names[i], sizeof names[i], "%s/%llu", x->siret, (unsigned long long)x->sequence);
        args[4 + 2 * i] = names[i];
        lengths[4 + 2 * i] = (size_t)len;
        args[5 + 2 * i] = (const char *)x->payload;
        lengths[5 + 2 * i] = x->len;
    }
    struct call *c = &p->calls[p->count++];
    int len = redisFormatCommandArgv(&c->bytes, (int)(4 + 2 * n), args, lengths);
    if (len < 0) {
        bench_die("out of memory");
    }
    c->len = (size_t)len;
}

static void make_calls(struct peer *p, const struct bench_events *e, size_t max)
{
    struct bench_plan plan;
    size_t a_call = p->rate > 0 ? 1 : EVENTS_A_CALL;
    bench_plan_make(&plan, e, 0, 1);
    p->events = max != 0 && max < plan.count ? max : plan.count;
    p->calls = bench_alloc(p->events / a_call + 1, sizeof *p->calls);
    for (size_t at = 0; at < p->events; at += a_call) {
        make_call(p, e, plan.order + at, p->events - at < a_call ? p->events - at : a_call);
    }
    bench_plan_free(&plan);
}

/* ---- the connection ---- */

static redisReply *must(struct peer *p, void *reply)
{
    redisReply *r = reply;
    if (r == NULL || r->type == REDIS_REPLY_ERROR) {
        bench_die("Redis: %s", r != NULL ? r->str : p->redis->errstr);
    }
    return r;
}

static void connect_to(struct peer *p, const char *socket)
{
    for (int tries = 0; tries < 100; tries++) {
        p->redis = redisConnectUnix(socket);
        if (p->redis != NULL && p->redis->err == 0) {
            return;
        }
        redisFree(p->redis);
        bench_sleep_until(bench_now_ns() + 100000000);
    }
    bench_die("no Redis at the socket %s", socket);
}

static void load_script(struct peer *p)
{
    redisReply *r = must(p, redisCommand(p->redis, "SCRIPT LOAD %s", script));
    snprintf(p->sha, sizeof p->sha, "%s", r->str);
    freeReplyObject(r);
    r = must(p, redisCommand(p->redis, "INFO server"));
    const char *version = strstr(r->str, "redis_version:");
    (void)sscanf(version != NULL ? version : "", "redis_version:%31s", p->version);
    freeReplyObject(r);
    r = must(p, redisCommand(p->redis, "CONFIG GET appendfsync"));
    if (r->elements != 2 || strcmp(r->element[1]->str, "always") != 0) {
        bench_die("Redis: appendfsync must be always");
    }
    freeReplyObject(r);
}

static uint64_t stored(struct peer *p)
{
    redisReply *r = must(p, redisCommand(p->redis, "XLEN events"));
    uint64_t n = (uint64_t)r->integer;
    freeReplyObject(r);
    return n;
}

static pid_t start_server(const char *dir, char *socket, size_t size)
{
    const char *argv[8 + 2 * SERVER_SETTINGS];
    char names[SERVER_SETTINGS][48];
    size_t n = 0;
    bench_server_dir(dir, NULL);
    snprintf(socket, size, "%s/redis.sock", dir);
    argv[n++] = "/usr/bin/redis-server";
    for (size_t i = 0; i < SERVER_SETTINGS; i += 2) {
        snprintf(names[i], sizeof names[i], "--%s", server_settings[i]);
        argv[n++] = names[i];
        argv[n++] = server_settings[i + 1];
    }
    argv[n++] = "--dir";
    argv[n++] = dir;
    argv[n++] = "--unixsocket";
    argv[n++] = socket;
    argv[n] = NULL;
    return bench_server_start(NULL, dir, (char *const *)(uintptr_t)argv);
}

/* ---- the run ---- */

static void read_answer(struct peer *p)
{
    void *reply;
    if (redisGetReply(p->redis, &reply) != REDIS_OK) {
        reply = NULL;
    }
    redisReply *r = must(p, reply);
    p->duplicates += (size_t)r->integer;
    freeReplyObject(r);
}

static void send_all(struct peer *p)
{
    for (size_t i = 0; i < p->count; i++) {
        if (i >= OUTSTANDING) {
            read_answer(p);
        }
        if (redisAppendFormattedCommand(p->redis, p->calls[i].bytes, p->calls[i].len) != REDIS_OK) {
            bench_die("Redis: %s", p->redis->errstr);
        }
    }
    for (size_t i = p->count < OUTSTANDING ? 0 : p->count - OUTSTANDING; i < p->count; i++) {
        read_answer(p);
    }
}

static uint64_t due_ns(const struct peer *p, size_t i)
{
    return p->began + i * (1000000000u / (uint64_t)p->rate);
}

/* hiredis' own buffer is for the reading thread: this one writes to the socket itself. */
static void *send_paced(void *arg)
{
    const struct peer *p = arg;
    for (size_t i = 0; i < p->count; i++) {
        bench_sleep_until(due_ns(p, i));
        for (size_t done = 0; done < p->calls[i].len;) {
            ssize_t n = write(p->redis->fd, p->calls[i].bytes + done, p->calls[i].len - done);
            if (n < 0 && errno != EINTR) {
                bench_die("Redis: %s", strerror(errno));
            }
            done += n > 0 ? (size_t)n : 0;
        }
    }
    return NULL;
}

static void run_paced(struct peer *p)
{
    pthread_t sender;
    if (pthread_create(&sender, NULL, send_paced, p) != 0) {
        bench_die("cannot start a thread");
    }
    for (size_t i = 0; i < p->count; i++) {
        read_answer(p);
        bench_latency_add(&p->latencies, bench_now_ns() - due_ns(p, i));
    }
    (void)pthread_join(sender, NULL);
}

static json_t *settings(const struct peer *p)
{
    json_t *s = json_object();
    for (size_t i = 0; i < SERVER_SETTINGS; i += 2) {
        bench_set(s, server_settings[i], json_string(server_settings[i + 1]));
    }
    bench_set(s, "events_a_call", json_integer(p->rate > 0 ? 1 : EVENTS_A_CALL));
    bench_set(s, "outstanding_calls", p->rate > 0 ? json_string("as many as are due") : json_integer(OUTSTANDING));
    bench_set(s, "offered_per_s", json_integer(p->rate));
    bench_set(s, "script", json_string(script));
    return s;
}

static json_t *run(struct peer *p, pid_t server)
{
    double cpu = bench_cpu_s(), server_cpu = bench_server_cpu(server);
    p->began = bench_now_ns();
    if (p->rate > 0) {
        run_paced(p);
    } else {
        send_all(p);
    }
    double wall = (double)(bench_now_ns() - p->began) / 1e9;
    cpu = bench_cpu_s() - cpu;
    server_cpu = bench_server_cpu(server) - server_cpu;
    if (stored(p) != p->events - p->duplicates) {
        bench_die("Redis: %llu events are stored of %zu", (unsigned long long)stored(p), p->events);
    }
    json_t *r = bench_result(p->rate > 0 ? "redis single events" : "redis", p->version, p->events, wall, cpu);
    bench_set(r, "server_cpu_s", bench_round(server_cpu, 2));
    bench_set(r, "recognised", json_integer((json_int_t)p->duplicates));
    if (p->rate > 0) {
        bench_set(r, "p50_ms", bench_round(bench_latency_ms(&p->latencies, 0.5), 3));
        bench_set(r, "p99_ms", bench_round(bench_latency_ms(&p->latencies, 0.99), 3));
    }
    bench_set(r, "settings", settings(p));
    return r;
}

static void free_peer(struct peer *p)
{
    for (size_t i = 0; i < p->count; i++) {
        redisFreeCommand(p->calls[i].bytes);
    }
    free(p->calls);
    redisFree(p->redis);
    bench_latencies_free(&p->latencies);
}

int main(int argc, char **argv)
{
    struct bench_options o;
    struct bench_events e;
    struct peer p = { 0 };
    char socket[512];
    bench_options_read(&o, argc, argv);
    size_t offered = (size_t)(o.rate * o.seconds);
    bench_events_read(&e, o.events, o.rate > 0 && (o.max == 0 || offered < o.max) ? offered : o.max);
    p.rate = o.rate;
    (void)prctl(PR_SET_TIMERSLACK, 1);
    snprintf(socket, sizeof socket, "%s", o.server != NULL ? o.server : "");
    pid_t server = o.start != NULL ? start_server(o.start, socket, sizeof socket) : 0;
    connect_to(&p, socket);
    load_script(&p);
    make_calls(&p, &e, offered);
    json_t *r = run(&p, server);
    bench_server_stop(server, SIGTERM);
    if (o.start != NULL) {
        double events = (double)(p.events - p.duplicates);
        bench_set(r, "bytes_per_event", bench_round((double)bench_tree_bytes(o.start) / events, 1));
        bench_tree_empty(o.start);
    }
    bench_print(r);
    free_peer(&p);
    bench_events_free(&e);
    return 0;
}
