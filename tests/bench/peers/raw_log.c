/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* raw_log: the same commits through each engine, in turn, round after round; medians of the rounds.
 *
 * A block of N events, back to back, says what the engine can do at most; 5,000 single events a second, of which each
 * commit takes what gathered during the last one, says what an acknowledgement waits for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/crypto.h"
#include "common/store/log.h"
#include "raw.h"
#include "tree.h"

#define EVENT_BYTES 250
#define BIGGEST 1000
#define OFFERED 5000                     /* events a second of the paced run */
#define ROUNDS_MAX 15
#define RESULTS 5                        /* block sizes, and the paced run */

static const struct raw_engine *const engines[] = {
    &raw_engine_ours,
#ifdef MJ_BENCH_LMDB
    &raw_engine_lmdb,
#endif
    &raw_engine_flat, &raw_engine_flat_reserved, &raw_engine_flat_zeroed,
};
#define ENGINES (sizeof engines / sizeof engines[0])
static const uint32_t sizes[RESULTS - 1] = { 1, 10, 100, BIGGEST };

struct run {
    const struct raw_engine *type;
    void *engine;
    uint8_t *block;                      /* BIGGEST events */
    uint64_t commits, events;
    struct bench_latencies latencies;
    uint64_t began;
    double cpu;
};

struct figures { double commits_s, events_s, cpu_us, p50, p99, bytes; };

static void append(struct run *r, uint32_t count)
{
    /* No two blocks alike. */
    memcpy(r->block, &r->events, sizeof r->events);
    r->type->append(r->engine, r->events + 2, count, r->block, (size_t)count * EVENT_BYTES);
    r->commits++;
    r->events += count;
}

static void begin(struct run *r, const struct raw_engine *type, const char *dir)
{
    r->type = type;
    r->engine = type->open(dir);
    r->cpu = bench_cpu_s();
    r->began = bench_now_ns();
}

static struct figures end(struct run *r, const char *dir)
{
    double wall = (double)(bench_now_ns() - r->began) / 1e9, cpu = bench_cpu_s() - r->cpu;
    struct figures f = { (double)r->commits / wall, (double)r->events / wall, cpu * 1e6 / (double)r->events,
                         bench_latency_ms(&r->latencies, 0.5), bench_latency_ms(&r->latencies, 0.99), 0 };
    r->type->close(r->engine);
    f.bytes = (double)bench_tree_bytes(dir) / (double)r->events;
    bench_tree_empty(dir);
    bench_latencies_free(&r->latencies);
    r->commits = r->events = 0;
    return f;
}

/* Commits of count events, one after the other. */
static void back_to_back(struct run *r, uint32_t count, double seconds)
{
    uint64_t last = r->began, until = r->began + (uint64_t)(seconds * 1e9);
    while (last < until) {
        append(r, count);
        uint64_t now = bench_now_ns();
        bench_latency_add(&r->latencies, now - last);
        last = now;
    }
}

/* Events come one by one at a fixed pace; a commit takes all that are due. Latency from due to durable. */
static void paced(struct run *r, double seconds)
{
    const uint64_t step = 1000000000u / OFFERED, total = (uint64_t)(seconds * OFFERED);
    while (r->events < total) {
        uint64_t done = r->events;
        bench_sleep_until(r->began + done * step);
        uint64_t due = (bench_now_ns() - r->began) / step + 1 - done;
        due = due < BIGGEST ? due : BIGGEST;
        append(r, (uint32_t)due);
        uint64_t now = bench_now_ns();
        for (uint64_t i = 0; i < due; i++) {
            bench_latency_add(&r->latencies, now - (r->began + (done + i) * step));
        }
    }
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median of one figure over the rounds; the figures are all doubles. */
static double median(const struct figures *f, int rounds, size_t offset)
{
    double v[ROUNDS_MAX];
    for (int i = 0; i < rounds; i++) {
        memcpy(&v[i], (const char *)&f[i] + offset, sizeof v[i]);
    }
    qsort(v, (size_t)rounds, sizeof v[0], ascending);
    return v[rounds / 2];
}

#define MEDIAN(member) median(f, rounds, offsetof(struct figures, member))

static json_t *row(const char *engine, int result, const struct figures *f, int rounds)
{
    json_t *j = json_object();
    bench_set(j, "engine", json_string(engine));
    if (result < RESULTS - 1) {
        bench_set(j, "events_a_commit", json_integer(sizes[result]));
    } else {
        bench_set(j, "offered_per_s", json_integer(OFFERED));
    }
    bench_set(j, "commits_per_s", bench_round(MEDIAN(commits_s), 0));
    bench_set(j, "events_per_s", bench_round(MEDIAN(events_s), 0));
    bench_set(j, "cpu_us_an_event", bench_round(MEDIAN(cpu_us), 3));
    bench_set(j, "p50_ms", bench_round(MEDIAN(p50), 3));
    bench_set(j, "p99_ms", bench_round(MEDIAN(p99), 3));
    bench_set(j, "bytes_an_event", bench_round(MEDIAN(bytes), 1));
    return j;
}

static void one_round(const struct raw_options *o, struct figures (*all)[RESULTS][ROUNDS_MAX], int round)
{
    struct run r = { .block = bench_alloc(BIGGEST, EVENT_BYTES) };
    for (size_t i = 0; i < BIGGEST * EVENT_BYTES; i++) {
        r.block[i] = (uint8_t)(i * 2654435761u >> 13);
    }
    for (int s = 0; s < RESULTS; s++) {
        for (size_t i = 0; i < ENGINES; i++) {
            begin(&r, engines[i], o->dir);
            if (s < RESULTS - 1) {
                back_to_back(&r, sizes[s], o->seconds);
            } else {
                paced(&r, o->seconds);
            }
            all[i][s][round] = end(&r, o->dir);
        }
    }
    free(r.block);
}

json_t *raw_log(const struct raw_options *o)
{
    static struct figures all[ENGINES][RESULTS][ROUNDS_MAX];
    int rounds = o->rounds < ROUNDS_MAX ? o->rounds : ROUNDS_MAX;
    for (int round = 0; round < rounds; round++) {
        one_round(o, all, round);
    }
    json_t *rows = json_array();
    for (int s = 0; s < RESULTS; s++) {
        for (size_t i = 0; i < ENGINES; i++) {
            json_array_append_new(rows, row(engines[i]->name, s, all[i][s], rounds));
        }
    }
    return rows;
}
