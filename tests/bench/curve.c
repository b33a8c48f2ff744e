/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* bench-curve: what CURVE costs at 100 events a message. The product has no switch for it, so the very messages of
 * bench-ingest go to an echo in this process that does the least that an ingest service must (echo.h), with CURVE and
 * without it in turn. What placements does besides is left out, so the share that CURVE has here is larger than in the
 * service. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "common/base/crypto.h"
#include "echo.h"
#include "sending.h"

#define LINKS 4
#define WINDOW 2000
#define SEED 77
#define RUNS_MAX 25

struct figure { double events_per_s, cpu_s; };

static double cpu_now(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void pack(struct bench_cast *c, struct bench_shard *shards, const struct load_world *w, uint64_t events)
{
    struct bench_tale_options o = { .world = w, .streams = LINKS, .open = BENCH_OPEN, .seed = SEED,
                                    .now_ms = (int64_t)time(NULL) * 1000 };
    struct load_organisation agency;

    *c = (struct bench_cast){ .stream_count = LINKS, .links = LINKS, .batch = 100 };
    c->streams = mj_calloc(LINKS, sizeof *c->streams);
    for (o.stream = 0; o.stream < LINKS; o.stream++) {
        load_world_agency(w, o.stream, &agency);
        memcpy(c->streams[o.stream].siret, agency.id, sizeof agency.id);
        c->streams[o.stream].tale = bench_tale_create(&o);
    }
    bench_pack(c, shards, events);
}

static void unsend(const struct bench_cast *c, struct bench_shard *shards)
{
    for (unsigned l = 0; l < c->links; l++)
        for (size_t i = 0; i < shards[l].count; i++) {
            shards[l].messages[i].acknowledged = false;
            shards[l].messages[i].due_ns = 0;
        }
}

static int run(struct bench_cast *c, struct bench_shard *shards, bool curve, struct figure *ret, mj_error *err)
{
    struct bench_sending s = { .cast = c, .shards = shards, .region = "52", .window = WINDOW };
    struct mj_curve keys[LINKS + 1];
    struct bench_echo *echo;
    char endpoint[MJ_ENDPOINT_MAX];

    for (unsigned i = 0; i <= LINKS; i++)
        mj_curve_make(&keys[i]);
    unsend(c, shards);
    if (bench_echo_start(&echo, curve ? &keys[LINKS] : NULL, endpoint, err) < 0 ||
        bench_links_open(&s.links, endpoint, curve ? keys[LINKS].public_key : NULL, keys, LINKS, err) < 0)
        return -1;
    double before = cpu_now();
    int rc = bench_send_all(&s, err);
    ret->cpu_s = cpu_now() - before;
    ret->events_per_s = (double)c->fresh / ((double)(s.end_ns - s.begin_ns) / 1e9);
    bench_links_close(s.links);
    if (bench_echo_stop(echo) < 0 && rc == 0)
        rc = mj_fail(err, MJ_INTERNAL, "ECHO", NULL, "the echo refused what was sent");
    return rc;
}

static int by_rate(const void *a, const void *b)
{
    double x = ((const struct figure *)a)->events_per_s, y = ((const struct figure *)b)->events_per_s;

    return x < y ? -1 : x > y;
}

static void print(struct figure figures[2][RUNS_MAX], unsigned runs, uint64_t events)
{
    for (unsigned curve = 0; curve < 2; curve++)
        qsort(figures[curve], runs, sizeof figures[curve][0], by_rate);
    const struct figure *off = &figures[0][runs / 2], *on = &figures[1][runs / 2];
    printf("{\"events\":%llu,\"runs\":%u,\"events_per_s_off\":%.0f,\"events_per_s_on\":%.0f,\"ratio\":%.4f,"
           "\"cpu_s_per_million_off\":%.3f,\"cpu_s_per_million_on\":%.3f}\n", (unsigned long long)events, runs,
           off->events_per_s, on->events_per_s, on->events_per_s / off->events_per_s,
           off->cpu_s * 1e6 / (double)events, on->cpu_s * 1e6 / (double)events);
}

int main(int argc, char **argv)
{
    static struct bench_shard shards[BENCH_LINKS_MAX];
    static struct figure figures[2][RUNS_MAX];
    struct load_world *w = NULL;
    struct bench_cast c;
    mj_error err = { 0 };
    unsigned runs = argc > 3 ? (unsigned)atoi(argv[3]) : 5;
    int rc;

    if (argc < 3 || runs < 1 || runs > RUNS_MAX) {
        fprintf(stderr, "bench-curve DIR EVENTS [RUNS]: what CURVE costs; DIR as of mj-load seed\n");
        return 64;
    }
    rc = mj_crypto_init(&err) < 0 ? -1 : load_world_open(&w, argv[1], NULL, &err);
    if (rc == 0)
        pack(&c, shards, w, strtoull(argv[2], NULL, 10));
    for (unsigned i = 0; rc == 0 && i < 2 * runs; i++)
        rc = run(&c, shards, i % 2 == 1, &figures[i % 2][i / 2], &err);
    if (rc < 0)
        fprintf(stderr, "bench-curve: %s %s\n", err.reason, err.text);
    else
        print(figures, runs, c.fresh);
    return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
