/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* bench-peer-postgres: PostgreSQL taking the same events. Four clients, each with the streams of its own, one
 * statement of 1,000 rows at a time, whose binary parameters are made before the clock starts.
 *   --plain  ingest and dedupe: the primary key, no second index
 *   --full   and a second index by placement, and counters in the same transaction */
#include <arpa/inet.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "common/base/crypto.h"
#include "options.h"
#include "server.h"
#include "tree.h"

#define CLIENTS 4
#define ROWS 1000
#define PARAMS_PLAIN 3
#define PARAMS_FULL 5
#define INT2_OID 21
#define INT8_OID 20
#define BYTEA_OID 17

static const char *const server_settings[] = {
    "listen_addresses=", "fsync=on", "synchronous_commit=on", "full_page_writes=on", "wal_compression=off",
    "shared_buffers=1GB", "max_wal_size=8GB", "checkpoint_timeout=15min", "wal_buffers=64MB", "max_connections=20",
    "max_wal_senders=0", "wal_level=minimal", "jit=off",
};
#define SERVER_SETTINGS (sizeof server_settings / sizeof server_settings[0])

static const char plain_ddl[] =
    "CREATE TABLE events(stream bigint, sequence bigint, payload bytea, PRIMARY KEY (stream, sequence))";
static const char plain_insert[] =
    "INSERT INTO events SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[]) ON CONFLICT DO NOTHING";

static const char full_ddl[] =
    "CREATE TABLE events(stream bigint, sequence bigint, payload bytea, placement bytea, kind smallint,"
    " PRIMARY KEY (stream, sequence));"
    "CREATE INDEX events_placement ON events(stream, placement);"
    "CREATE TABLE counters(stream bigint, kind smallint, n bigint NOT NULL, PRIMARY KEY (stream, kind))"
    " WITH (fillfactor=50)";
static const char full_insert[] =
    "WITH taken AS (INSERT INTO events"
    " SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bytea[], $5::smallint[])"
    " ON CONFLICT DO NOTHING RETURNING stream, kind),"
    " counted AS (INSERT INTO counters SELECT stream, kind, count(*) FROM taken GROUP BY 1, 2 ORDER BY 1, 2"
    " ON CONFLICT (stream, kind) DO UPDATE SET n = counters.n + excluded.n)"
    " SELECT count(*) FROM taken";

/* ---- parameters ---- */

struct array { char *bytes; size_t len, room; };
struct batch { struct array params[PARAMS_FULL]; int rows; };

struct client {
    pthread_t thread;
    PGconn *db;
    bool full;
    struct batch *batches;
    size_t count;
    uint64_t sent, resent, stored;
    struct bench_latencies latencies;
};

static void put(struct array *a, const void *data, size_t n)
{
    if (a->len + n > a->room) {
        a->room = (a->len + n) * 2;
        a->bytes = realloc(a->bytes, a->room);
        if (a->bytes == NULL) {
            bench_die("out of memory");
        }
    }
    memcpy(a->bytes + a->len, data, n);
    a->len += n;
}

static void put_32(struct array *a, uint32_t v)
{
    v = htonl(v);
    put(a, &v, sizeof v);
}

/* One dimension, no NULL, from 1: an array as PostgreSQL reads it in binary. */
static void start_array(struct array *a, uint32_t oid, uint32_t rows)
{
    a->len = 0;
    put_32(a, 1);
    put_32(a, 0);
    put_32(a, oid);
    put_32(a, rows);
    put_32(a, 1);
}

static void put_bytes(struct array *a, const void *data, size_t n)
{
    put_32(a, (uint32_t)n);
    put(a, data, n);
}

static void put_int8(struct array *a, uint64_t v)
{
    v = __builtin_bswap64(v);
    put_bytes(a, &v, sizeof v);
}

/* What an event is about, read from its first fields without unpacking: its reference, and the number of the field
 * that holds its fact. */
static uint16_t read_event(const struct bench_event *e, const uint8_t **ref, size_t *ref_len)
{
    const uint8_t *p = e->payload, *end = p + e->len;
    *ref = p;
    *ref_len = 0;
    while (end - p > 2 && (*p == 0x0a || *p == 0x12)) {  /* reference, young person: shorter than 128 bytes */
        if (*p == 0x0a) {
            *ref = p + 2;
            *ref_len = p[1];
        }
        p += 2 + p[1];
    }
    if (end - p > 2 && *p == 0x18) {                     /* a varint: when */
        do {
            p++;
        } while (p < end && *p >= 0x80);
        p++;
    }
    unsigned tag = end - p < 2 ? 0 : *p < 0x80 ? *p : (*p & 0x7fu) | (unsigned)p[1] << 7;
    return (uint16_t)(tag >> 3);
}

static void put_full(struct batch *b, const struct bench_event *e)
{
    static const uint8_t key[MJ_KEY] = "bench";
    uint8_t tag[MJ_TAG];
    const uint8_t *ref;
    size_t ref_len;
    uint16_t kind = htons(read_event(e, &ref, &ref_len));
    mj_tag(tag, key, e->siret, BENCH_SIRET, ref, ref_len);
    put_bytes(&b->params[3], tag, sizeof tag);
    put_bytes(&b->params[4], &kind, sizeof kind);
}

static void make_batch(struct batch *b, const struct bench_events *e, const uint32_t *order, size_t rows, bool full)
{
    static const uint32_t oids[PARAMS_FULL] = { INT8_OID, INT8_OID, BYTEA_OID, BYTEA_OID, INT2_OID };
    for (int p = 0; p < (full ? PARAMS_FULL : PARAMS_PLAIN); p++) {
        start_array(&b->params[p], oids[p], (uint32_t)rows);
    }
    for (size_t i = 0; i < rows; i++) {
        const struct bench_event *x = &e->events[order[i]];
        put_int8(&b->params[0], strtoull(x->siret, NULL, 10));
        put_int8(&b->params[1], x->sequence);
        put_bytes(&b->params[2], x->payload, x->len);
        if (full) {
            put_full(b, x);
        }
    }
    b->rows = (int)rows;
}

static void make_batches(struct client *c, const struct bench_events *e, unsigned part, bool full)
{
    struct bench_plan plan;
    bench_plan_make(&plan, e, part, CLIENTS);
    c->full = full;
    c->batches = bench_alloc(plan.count / ROWS + 1, sizeof *c->batches);
    for (size_t at = 0; at < plan.count; at += ROWS) {
        size_t rows = plan.count - at < ROWS ? plan.count - at : ROWS;
        make_batch(&c->batches[c->count++], e, plan.order + at, rows, full);
    }
    c->sent = plan.count;
    c->resent = plan.resends;
    bench_plan_free(&plan);
}

static void free_client(struct client *c)
{
    for (size_t i = 0; i < c->count; i++) {
        for (int p = 0; p < PARAMS_FULL; p++) {
            free(c->batches[i].params[p].bytes);
        }
    }
    free(c->batches);
    bench_latencies_free(&c->latencies);
    PQfinish(c->db);
}

/* ---- sending ---- */

static PGresult *must(PGconn *db, PGresult *r)
{
    ExecStatusType status = PQresultStatus(r);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        bench_die("PostgreSQL: %s", PQerrorMessage(db));
    }
    return r;
}

static void exec(PGconn *db, const char *sql)
{
    PQclear(must(db, PQexec(db, sql)));
}

static void send_batch(struct client *c, const struct batch *b, bool full)
{
    static const int formats[PARAMS_FULL] = { 1, 1, 1, 1, 1 };
    const char *values[PARAMS_FULL];
    int lengths[PARAMS_FULL], params = full ? PARAMS_FULL : PARAMS_PLAIN;
    for (int p = 0; p < params; p++) {
        values[p] = b->params[p].bytes;
        lengths[p] = (int)b->params[p].len;
    }
    PGresult *r = must(c->db, PQexecPrepared(c->db, "take", params, values, lengths, formats, 0));
    c->stored += strtoull(full ? PQgetvalue(r, 0, 0) : PQcmdTuples(r), NULL, 10);
    PQclear(r);
}

static void *run_client(void *arg)
{
    struct client *c = arg;
    for (size_t i = 0; i < c->count; i++) {
        uint64_t began = bench_now_ns();
        send_batch(c, &c->batches[i], c->full);
        bench_latency_add(&c->latencies, bench_now_ns() - began);
    }
    return NULL;
}

static PGconn *connect_to(const char *conninfo, bool wait)
{
    for (int tries = 0;; tries++) {
        PGconn *db = PQconnectdb(conninfo);
        if (PQstatus(db) == CONNECTION_OK) {
            return db;
        }
        if (!wait || tries == 300) {
            bench_die("PostgreSQL at %s: %s", conninfo, PQerrorMessage(db));
        }
        PQfinish(db);
        bench_sleep_until(bench_now_ns() + 100000000);
    }
}

/* ---- the server ---- */

#define BIN "/usr/lib/postgresql/15/bin/"

static pid_t start_server(const char *dir, char *conninfo, size_t size)
{
    char data[512];
    const char *argv[8 + 2 * SERVER_SETTINGS];
    size_t n = 0;
    bench_server_dir(dir, "postgres");
    snprintf(data, sizeof data, "%s/data", dir);
    const char *const initdb[] = { BIN "initdb", "-D", data, "-U", "bench", "-A", "trust", "--no-sync", NULL };
    bench_server_run("postgres", dir, (char *const *)(uintptr_t)initdb);
    argv[n++] = BIN "postgres";
    argv[n++] = "-D";
    argv[n++] = data;
    argv[n++] = "-k";
    argv[n++] = dir;
    for (size_t i = 0; i < SERVER_SETTINGS; i++) {
        argv[n++] = "-c";
        argv[n++] = server_settings[i];
    }
    argv[n] = NULL;
    snprintf(conninfo, size, "host=%s user=bench dbname=postgres", dir);
    return bench_server_start("postgres", dir, (char *const *)(uintptr_t)argv);
}

static uint64_t ask_number(PGconn *db, const char *sql)
{
    PGresult *r = must(db, PQexec(db, sql));
    uint64_t v = strtoull(PQgetvalue(r, 0, 0), NULL, 10);
    PQclear(r);
    return v;
}

static json_t *settings(bool full)
{
    json_t *s = json_object();
    for (size_t i = 0; i < SERVER_SETTINGS; i++) {
        const char *value = strchr(server_settings[i], '=') + 1;
        json_object_setn_new(s, server_settings[i], (size_t)(value - 1 - server_settings[i]), json_string(value));
    }
    bench_set(s, "clients", json_integer(CLIENTS));
    bench_set(s, "rows_a_statement", json_integer(ROWS));
    bench_set(s, "statement", json_string(full ? full_insert : plain_insert));
    return s;
}

/* ---- the run ---- */

struct timing { double wall_s, client_cpu_s, server_cpu_s; };

static struct timing run_all(struct client *clients, pid_t server)
{
    double cpu = bench_cpu_s(), server_cpu = bench_server_cpu(server);
    uint64_t began = bench_now_ns();
    for (int i = 0; i < CLIENTS; i++) {
        if (pthread_create(&clients[i].thread, NULL, run_client, &clients[i]) != 0) {
            bench_die("cannot start a thread");
        }
    }
    for (int i = 0; i < CLIENTS; i++) {
        (void)pthread_join(clients[i].thread, NULL);
    }
    double wall = (double)(bench_now_ns() - began) / 1e9;
    return (struct timing){ wall, bench_cpu_s() - cpu, bench_server_cpu(server) - server_cpu };
}

static struct client total_of(struct client *clients)
{
    struct client all = { 0 };
    for (int i = 0; i < CLIENTS; i++) {
        all.sent += clients[i].sent;
        all.resent += clients[i].resent;
        all.stored += clients[i].stored;
        for (size_t k = 0; k < clients[i].latencies.count; k++) {
            bench_latency_add(&all.latencies, clients[i].latencies.ns[k]);
        }
    }
    return all;
}

static void report(struct client *clients, const struct timing *t, size_t events, bool full)
{
    PGconn *db = clients[0].db;
    struct client all = total_of(clients);
    if (all.stored != events || (full && ask_number(db, "SELECT sum(n) FROM counters") != events)) {
        bench_die("PostgreSQL stored %llu events, %zu distinct ones were sent", (unsigned long long)all.stored, events);
    }
    exec(db, "CHECKPOINT");
    double bytes = (double)ask_number(db, "SELECT pg_total_relation_size('events')");
    json_t *r = bench_result(full ? "postgres full" : "postgres plain", PQparameterStatus(db, "server_version"),
                             all.sent, t->wall_s, t->client_cpu_s);
    bench_set(r, "server_cpu_s", bench_round(t->server_cpu_s, 2));
    bench_set(r, "resent", json_integer((json_int_t)all.resent));
    bench_set(r, "recognised", json_integer((json_int_t)(all.sent - all.stored)));
    bench_set(r, "statement_p50_ms", bench_round(bench_latency_ms(&all.latencies, 0.5), 3));
    bench_set(r, "statement_p99_ms", bench_round(bench_latency_ms(&all.latencies, 0.99), 3));
    bench_set(r, "bytes_per_event", bench_round(bytes / (double)events, 1));
    bench_set(r, "settings", settings(full));
    bench_latencies_free(&all.latencies);
    bench_print(r);
}

int main(int argc, char **argv)
{
    struct bench_options o;
    struct bench_events e;
    struct client clients[CLIENTS] = { 0 };
    char conninfo[600];
    bench_options_read(&o, argc, argv);
    bench_events_read(&e, o.events, o.max);
    for (unsigned i = 0; i < CLIENTS; i++) {
        make_batches(&clients[i], &e, i, o.full);
    }
    snprintf(conninfo, sizeof conninfo, "%s", o.server != NULL ? o.server : "");
    pid_t server = o.start != NULL ? start_server(o.start, conninfo, sizeof conninfo) : 0;
    for (int i = 0; i < CLIENTS; i++) {
        clients[i].db = connect_to(conninfo, server != 0);
        if (i == 0) {
            exec(clients[i].db, o.full ? full_ddl : plain_ddl);
        }
        PQclear(must(clients[i].db, PQprepare(clients[i].db, "take", o.full ? full_insert : plain_insert, 0, NULL)));
    }
    struct timing t = run_all(clients, server);
    report(clients, &t, e.count, o.full);
    for (int i = 0; i < CLIENTS; i++) {
        free_client(&clients[i]);
    }
    bench_server_stop(server, SIGINT);
    if (o.start != NULL) {
        bench_tree_empty(o.start);
    }
    bench_events_free(&e);
    return 0;
}
