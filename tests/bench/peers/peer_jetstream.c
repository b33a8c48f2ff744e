/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* bench-peer-jetstream: NATS JetStream taking the same events: file storage, duplicates told by Nats-Msg-Id, its
 * default lazy sync, so that an acknowledgement there does not mean "on disk". Published asynchronously, 4,000
 * outstanding; messages are made before the clock starts. */
#include <nats/nats.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "bench.h"
#include "options.h"
#include "server.h"
#include "tree.h"

#define WINDOW 4000
#define STALL_MS 60000
#define STREAM "EVENTS"
#define SERVER "/usr/sbin/nats-server"

struct peer {
    natsConnection *connection;
    jsCtx *js;
    natsMsg **messages;
    size_t count;
    uint64_t *due_ns;                    /* of a --rate run, else NULL */
    struct bench_latencies latencies;    /* answers come in the order of the messages */
    _Atomic size_t answered, duplicates, failed;
    _Atomic uint64_t last_ns;
};

static void must(natsStatus s, const char *doing)
{
    if (s != NATS_OK) {
        const char *last = nats_GetLastError(NULL);
        bench_die("NATS, %s: %s (%s)", doing, natsStatus_GetText(s), last != NULL ? last : "");
    }
}

/* ---- what is sent ---- */

static natsMsg *make_message(const struct bench_event *e)
{
    natsMsg *m;
    char subject[32], id[64];
    snprintf(subject, sizeof subject, "events.%s", e->siret);
    snprintf(id, sizeof id, "%s/%llu", e->siret, (unsigned long long)e->sequence);
    must(natsMsg_Create(&m, subject, NULL, (const char *)e->payload, (int)e->len), "making a message");
    must(natsMsgHeader_Set(m, "Nats-Msg-Id", id), "making a message");
    return m;
}

static void make_messages(struct peer *p, const struct bench_events *e, size_t max)
{
    struct bench_plan plan;
    bench_plan_make(&plan, e, 0, 1);
    p->count = max != 0 && max < plan.count ? max : plan.count;
    p->messages = bench_alloc(p->count, sizeof *p->messages);
    for (size_t i = 0; i < p->count; i++) {
        p->messages[i] = make_message(&e->events[plan.order[i]]);
    }
    bench_plan_free(&plan);
}

/* ---- the connection ---- */

static void answered(jsCtx *js, natsMsg *m, jsPubAck *ack, jsPubAckErr *error, void *arg)
{
    struct peer *p = arg;
    uint64_t now = bench_now_ns();
    (void)js;
    (void)error;
    size_t i = atomic_load(&p->answered);
    p->failed += ack == NULL;
    p->duplicates += ack != NULL && ack->Duplicate;
    if (p->due_ns != NULL) {
        bench_latency_add(&p->latencies, now - p->due_ns[i]);
    }
    atomic_store(&p->last_ns, now);
    atomic_store(&p->answered, i + 1);
    natsMsg_Destroy(m);
}

static void connect_to(struct peer *p, const char *url, bool at_once)
{
    natsOptions *o;
    natsStatus s = NATS_NO_SERVER;
    must(natsOptions_Create(&o), "options");
    must(natsOptions_SetURL(o, url), "options");
    must(natsOptions_SetSendAsap(o, at_once), "options");
    for (int tries = 0; tries < 100 && s != NATS_OK; tries++) {
        s = natsConnection_Connect(&p->connection, o);
        if (s != NATS_OK) {
            bench_sleep_until(bench_now_ns() + 100000000);
        }
    }
    must(s, url);
    natsOptions_Destroy(o);
}

static void make_stream(struct peer *p)
{
    jsOptions o;
    jsStreamConfig c;
    const char *subjects[] = { "events.>" };
    must(jsOptions_Init(&o), "options");
    o.PublishAsync.MaxPending = WINDOW;
    o.PublishAsync.StallWait = STALL_MS;
    o.PublishAsync.AckHandler = answered;
    o.PublishAsync.AckHandlerClosure = p;
    must(natsConnection_JetStream(&p->js, p->connection, &o), "JetStream");
    must(jsStreamConfig_Init(&c), "stream");
    c.Name = STREAM;
    c.Subjects = subjects;
    c.SubjectsLen = 1;
    c.Storage = js_FileStorage;
    must(js_AddStream(NULL, p->js, &c, NULL, NULL), "making the stream");
}

static uint64_t stored(struct peer *p)
{
    jsStreamInfo *info;
    must(js_GetStreamInfo(&info, p->js, STREAM, NULL, NULL), "asking for the stream");
    uint64_t n = info->State.Msgs;
    jsStreamInfo_Destroy(info);
    return n;
}

/* The library does not tell the server's version; the program we start does ("nats-server: v2.9.10"). */
static const char *server_version(pid_t server, char *version, size_t size)
{
    snprintf(version, size, "unknown");
    FILE *f = server != 0 ? popen(SERVER " --version", "r") : NULL;
    if (f != NULL) {
        if (fscanf(f, "nats-server: v%63s", version) != 1) {
            snprintf(version, size, "unknown");
        }
        (void)pclose(f);
    }
    return version;
}

static pid_t start_server(const char *dir, char *url, size_t size)
{
    char port[16], store[512];
    bench_server_dir(dir, NULL);
    snprintf(port, sizeof port, "%d", bench_free_port());
    snprintf(store, sizeof store, "%s/store", dir);
    snprintf(url, size, "nats://127.0.0.1:%s", port);
    const char *const argv[] = { SERVER, "-a", "127.0.0.1", "-p", port, "-js", "-sd", store, NULL };
    return bench_server_start(NULL, dir, (char *const *)(uintptr_t)argv);
}

/* ---- the run ---- */

static void publish(struct peer *p, int rate)
{
    uint64_t began = bench_now_ns(), step = rate > 0 ? 1000000000u / (uint64_t)rate : 0;
    for (size_t i = 0; i < p->count; i++) {
        if (rate > 0) {
            p->due_ns[i] = began + i * step;
            bench_sleep_until(p->due_ns[i]);
        }
        must(js_PublishMsgAsync(p->js, &p->messages[i], NULL), "publishing");
    }
    jsPubOptions o;
    must(jsPubOptions_Init(&o), "options");
    o.MaxWait = STALL_MS;
    must(js_PublishAsyncComplete(p->js, &o), "waiting for the last answers");
    /* The library counts a message done before it calls us for it. */
    while (atomic_load(&p->answered) < p->count) {
        bench_sleep_until(bench_now_ns() + 100000);
    }
}

static json_t *settings(const struct bench_options *o)
{
    json_t *s = json_object();
    bench_set(s, "storage", json_string("file"));
    bench_set(s, "sync_interval", json_string("2m, the default: an acknowledged event may not be on disk"));
    bench_set(s, "dedupe_window", json_string("2m, the default"));
    bench_set(s, "window", json_integer(WINDOW));
    bench_set(s, "replicas", json_integer(1));
    bench_set(s, "offered_per_s", json_integer(o->rate));
    return s;
}

static json_t *run(struct peer *p, const struct bench_options *o, pid_t server)
{
    double cpu = bench_cpu_s(), server_cpu = bench_server_cpu(server);
    uint64_t began = bench_now_ns();
    publish(p, o->rate);
    double wall = (double)(p->last_ns - began) / 1e9;
    cpu = bench_cpu_s() - cpu;
    server_cpu = bench_server_cpu(server) - server_cpu;
    char version[64];
    if (p->failed != 0 || stored(p) != p->count - p->duplicates) {
        bench_die("NATS: %zu messages failed, %llu are stored of %zu", (size_t)p->failed,
                  (unsigned long long)stored(p), p->count);
    }
    (void)server_version(server, version, sizeof version);
    json_t *r = bench_result(o->rate > 0 ? "jetstream single events" : "jetstream", version, p->count, wall, cpu);
    bench_set(r, "client_version", json_string(nats_GetVersion()));
    bench_set(r, "server_cpu_s", bench_round(server_cpu, 2));
    bench_set(r, "recognised", json_integer((json_int_t)p->duplicates));
    if (o->rate > 0) {
        bench_set(r, "p50_ms", bench_round(bench_latency_ms(&p->latencies, 0.5), 3));
        bench_set(r, "p99_ms", bench_round(bench_latency_ms(&p->latencies, 0.99), 3));
    }
    bench_set(r, "settings", settings(o));
    return r;
}

int main(int argc, char **argv)
{
    struct bench_options o;
    struct bench_events e;
    struct peer p = { 0 };
    char url[256];
    bench_options_read(&o, argc, argv);
    size_t offered = (size_t)(o.rate * o.seconds);
    bench_events_read(&e, o.events, o.rate > 0 && (o.max == 0 || offered < o.max) ? offered : o.max);
    must(nats_Open(-1), "starting the library");
    make_messages(&p, &e, offered);
    p.due_ns = o.rate > 0 ? bench_alloc(p.count, sizeof *p.due_ns) : NULL;
    (void)prctl(PR_SET_TIMERSLACK, 1);
    snprintf(url, sizeof url, "%s", o.server != NULL ? o.server : "");
    pid_t server = o.start != NULL ? start_server(o.start, url, sizeof url) : 0;
    connect_to(&p, url, o.rate > 0);
    make_stream(&p);
    json_t *r = run(&p, &o, server);
    jsCtx_Destroy(p.js);
    natsConnection_Destroy(p.connection);
    bench_server_stop(server, SIGINT);
    if (o.start != NULL) {
        char store[512];
        snprintf(store, sizeof store, "%s/store", o.start);
        double events = (double)(p.count - p.duplicates);
        bench_set(r, "bytes_per_event", bench_round((double)bench_tree_bytes(store) / events, 1));
        bench_tree_empty(o.start);
    }
    bench_print(r);
    free(p.messages);
    free(p.due_ns);
    bench_latencies_free(&p.latencies);
    bench_events_free(&e);
    nats_Close();
    return 0;
}
