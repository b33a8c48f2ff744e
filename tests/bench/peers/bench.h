/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* bench: what the peers' programs and bench-raw have in common: the events they send, clocks, latencies, the result.
 *
 * A program is meant to fail at once and in words: bench_die() ends it wherever something goes wrong. */
#ifndef MJ_BENCH_H
#define MJ_BENCH_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdnoreturn.h>

#define BENCH_SIRET 14

noreturn void bench_die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void *bench_alloc(size_t count, size_t size);    /* zeroed */

/* ---- the events ---- */
struct bench_event {
    uint64_t sequence;
    const uint8_t *payload;
    uint32_t len;
    uint32_t stream;                     /* number of its SIRET, from 0 in order of appearance */
    char siret[BENCH_SIRET + 1];
};

struct bench_events {
    uint8_t *file;
    struct bench_event *events;
    size_t count;
    uint32_t streams;
};

/* Reads at most max events (0: all) of a file that bench-ingest --write-events made: records of u32 little-endian
 * length, 14 bytes SIRET, u64 little-endian sequence, payload. */
void bench_events_read(struct bench_events *ret, const char *path, size_t max);
void bench_events_free(struct bench_events *e);

/* What is sent: every event once, and for each 49 of them one of the earlier ones again, so that 2 % are resends.
 * part of parts: every parts-th stream, and resends of that same part only. */
struct bench_plan {
    uint32_t *order;                     /* indices into events */
    size_t count;
    size_t resends;
};
void bench_plan_make(struct bench_plan *ret, const struct bench_events *e, unsigned part, unsigned parts);
void bench_plan_free(struct bench_plan *p);

/* ---- time ---- */
uint64_t bench_now_ns(void);
double bench_cpu_s(void);                /* of this process, all threads */
void bench_sleep_until(uint64_t ns);     /* of bench_now_ns; returns at once when past */

/* ---- latencies ---- */
struct bench_latencies { uint64_t *ns; size_t count, room; };
void bench_latency_add(struct bench_latencies *l, uint64_t ns);
/* Of what was added, in ms; sorts it. quantile 0.5 is the median. 0 where nothing was added. */
double bench_latency_ms(struct bench_latencies *l, double quantile);
void bench_latencies_free(struct bench_latencies *l);

/* ---- the result ---- */
/* name, version, events, wall_s, events_per_s, client_cpu_s. More is added with jansson. */
json_t *bench_result(const char *name, const char *version, uint64_t events, double wall_s, double client_cpu_s);
void bench_set(json_t *result, const char *key, json_t *value);  /* takes the value */
json_t *bench_round(double value, int decimals);
void bench_print(json_t *result);        /* one line on stdout; releases it */

#endif
