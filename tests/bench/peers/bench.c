/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define RECORD_HEAD (4 + BENCH_SIRET + 8)
#define RESEND_EVERY 50
/* A resend comes this many sends of its part behind the event at least: it is a second send, not a race. */
#define RESEND_BEHIND 10000

noreturn void bench_die(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    (void)vfprintf(stderr, fmt, args);
    va_end(args);
    (void)fputc('\n', stderr);
    exit(1);
}

void *bench_alloc(size_t count, size_t size)
{
    void *p = calloc(count > 0 ? count : 1, size);
    if (p == NULL) {
        bench_die("out of memory for %zu times %zu bytes", count, size);
    }
    return p;
}

/* ---- the events ---- */

static uint64_t little_endian(const uint8_t *p, int bytes)
{
    uint64_t v = 0;
    for (int i = bytes - 1; i >= 0; i--) {
        v = v << 8 | p[i];
    }
    return v;
}

static size_t read_whole(uint8_t **ret, const char *path)
{
    struct stat st;
    FILE *f = fopen(path, "rb");
    if (f == NULL || fstat(fileno(f), &st) != 0) {
        bench_die("cannot read %s: %s; make it with bench-ingest --write-events", path, strerror(errno));
    }
    size_t size = (size_t)st.st_size;
    uint8_t *bytes = bench_alloc(size, 1);
    if (fread(bytes, 1, size, f) != size) {
        bench_die("cannot read all of %s", path);
    }
    (void)fclose(f);
    *ret = bytes;
    return size;
}

/* Takes the record at *at, moves behind it. */
static bool next_record(const uint8_t *file, size_t size, size_t *at, struct bench_event *ret)
{
    const uint8_t *p = file + *at;
    if (size - *at < RECORD_HEAD) {
        return false;
    }
    ret->len = (uint32_t)little_endian(p, 4);
    memcpy(ret->siret, p + 4, BENCH_SIRET);
    ret->siret[BENCH_SIRET] = '\0';
    ret->sequence = little_endian(p + 4 + BENCH_SIRET, 8);
    ret->payload = p + RECORD_HEAD;
    if (ret->len > size - *at - RECORD_HEAD) {
        bench_die("the event file is cut off at byte %zu", *at);
    }
    *at += RECORD_HEAD + ret->len;
    return true;
}

/* ---- numbers for streams: a table of SIRETs, open addressing, twice as large as what it can hold ---- */

#define STREAMS_MAX (1u << 16)

struct streams { uint64_t siret[2 * STREAMS_MAX]; uint32_t number[2 * STREAMS_MAX]; uint32_t count; };

static uint32_t stream_number(struct streams *s, const char *siret)
{
    uint64_t key = strtoull(siret, NULL, 10) + 1;
    uint64_t at = key * 0x9e3779b97f4a7c15u >> 47;
    while (s->siret[at] != 0 && s->siret[at] != key) {
        at = (at + 1) % (2 * STREAMS_MAX);
    }
    if (s->siret[at] == 0) {
        if (s->count == STREAMS_MAX) {
            bench_die("the event file holds more than %u streams", STREAMS_MAX);
        }
        s->siret[at] = key;
        s->number[at] = s->count++;
    }
    return s->number[at];
}

static void add_event(struct bench_events *all, size_t *room, const struct bench_event *e)
{
    if (all->count == *room) {
        *room = *room == 0 ? 1 << 16 : *room * 2;
        all->events = realloc(all->events, *room * sizeof *e);
        if (all->events == NULL) {
            bench_die("out of memory for %zu events", *room);
        }
    }
    all->events[all->count++] = *e;
}

void bench_events_read(struct bench_events *ret, const char *path, size_t max)
{
    memset(ret, 0, sizeof *ret);
    struct streams *streams = bench_alloc(1, sizeof *streams);
    size_t size = read_whole(&ret->file, path), at = 0, room = 0;
    struct bench_event e;
    while ((max == 0 || ret->count < max) && next_record(ret->file, size, &at, &e)) {
        e.stream = stream_number(streams, e.siret);
        add_event(ret, &room, &e);
    }
    ret->streams = streams->count;
    free(streams);
    if (ret->count == 0) {
        bench_die("%s holds no events", path);
    }
}

void bench_events_free(struct bench_events *e)
{
    free(e->events);
    free(e->file);
    memset(e, 0, sizeof *e);
}

/* Indices of the events of a part, in order. */
static uint32_t *events_of(const struct bench_events *e, unsigned part, unsigned parts, size_t *count)
{
    uint32_t *own = bench_alloc(e->count, sizeof *own);
    *count = 0;
    for (size_t i = 0; i < e->count; i++) {
        if (e->events[i].stream % parts == part) {
            own[(*count)++] = (uint32_t)i;
        }
    }
    return own;
}

void bench_plan_make(struct bench_plan *ret, const struct bench_events *e, unsigned part, unsigned parts)
{
    size_t count, next = 0;
    uint32_t *own = events_of(e, part, parts, &count);
    uint64_t draw = 1 + part;
    memset(ret, 0, sizeof *ret);
    ret->order = bench_alloc(count + count / (RESEND_EVERY - 1) + 1, sizeof *ret->order);
    while (next < count) {
        bool again = ret->count % RESEND_EVERY == RESEND_EVERY - 1 && next > RESEND_BEHIND;
        draw = draw * 6364136223846793005u + 1442695040888963407u;
        ret->order[ret->count++] = again ? own[(size_t)(draw >> 33) % (next - RESEND_BEHIND)] : own[next++];
        ret->resends += again;
    }
    free(own);
}

void bench_plan_free(struct bench_plan *p)
{
    free(p->order);
    memset(p, 0, sizeof *p);
}

/* ---- time ---- */

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec t;
    if (clock_gettime(clock, &t) != 0) {
        bench_die("no clock: %s", strerror(errno));
    }
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t bench_now_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

double bench_cpu_s(void)
{
    return (double)clock_ns(CLOCK_PROCESS_CPUTIME_ID) / 1e9;
}

void bench_sleep_until(uint64_t ns)
{
    const struct timespec t = { (time_t)(ns / 1000000000u), (long)(ns % 1000000000u) };
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR) {
    }
}

/* ---- latencies ---- */

void bench_latency_add(struct bench_latencies *l, uint64_t ns)
{
    if (l->count == l->room) {
        l->room = l->room == 0 ? 4096 : l->room * 2;
        l->ns = realloc(l->ns, l->room * sizeof *l->ns);
        if (l->ns == NULL) {
            bench_die("out of memory for %zu latencies", l->room);
        }
    }
    l->ns[l->count++] = ns;
}

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

double bench_latency_ms(struct bench_latencies *l, double quantile)
{
    if (l->count == 0) {
        return 0;
    }
    qsort(l->ns, l->count, sizeof *l->ns, ascending);
    size_t at = (size_t)(quantile * (double)l->count);
    return (double)l->ns[at < l->count ? at : l->count - 1] / 1e6;
}

void bench_latencies_free(struct bench_latencies *l)
{
    free(l->ns);
    memset(l, 0, sizeof *l);
}

/* ---- the result ---- */

json_t *bench_round(double value, int decimals)
{
    double scale = pow(10, decimals);
    return decimals == 0 ? json_integer((json_int_t)llround(value)) : json_real(round(value * scale) / scale);
}

void bench_set(json_t *result, const char *key, json_t *value)
{
    if (json_object_set_new(result, key, value) != 0) {
        bench_die("cannot write the result's %s", key);
    }
}

json_t *bench_result(const char *name, const char *version, uint64_t events, double wall_s, double client_cpu_s)
{
    json_t *r = json_object();
    bench_set(r, "name", json_string(name));
    bench_set(r, "version", json_string(version));
    bench_set(r, "events", json_integer((json_int_t)events));
    bench_set(r, "wall_s", bench_round(wall_s, 3));
    bench_set(r, "events_per_s", bench_round((double)events / wall_s, 0));
    bench_set(r, "client_cpu_s", bench_round(client_cpu_s, 3));
    return r;
}

void bench_print(json_t *result)
{
    char *text = json_dumps(result, JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(12));
    if (text == NULL || puts(text) < 0 || fflush(stdout) != 0) {
        bench_die("cannot print the result");
    }
    free(text);
    json_decref(result);
}
