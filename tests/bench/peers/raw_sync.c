/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* raw_sync: the events' bytes written to the end of a flat file, fdatasync after each commit. No hash, no header. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "raw.h"
#include "tree.h"

#define COMMIT_BYTES (100u * 1024)
#define COMMIT_EVENTS 100
#define BUFFER (4u * 1024 * 1024)

struct flat { int fd; uint8_t *buffer; size_t len; off_t at; struct bench_latencies latencies; };

static void commit(struct flat *f)
{
    uint64_t began = bench_now_ns();
    if (pwrite(f->fd, f->buffer, f->len, f->at) != (ssize_t)f->len || fdatasync(f->fd) != 0) {
        bench_die("appending: %s", strerror(errno));
    }
    bench_latency_add(&f->latencies, bench_now_ns() - began);
    f->at += (off_t)f->len;
    f->len = 0;
}

/* Appends until the time is over; bytes or events close a commit, whichever is not 0. Gives the events written. */
static uint64_t append(struct flat *f, const struct bench_events *e, size_t bytes, size_t events, double seconds)
{
    uint64_t until = bench_now_ns() + (uint64_t)(seconds * 1e9), done = 0;
    for (size_t gathered = 0;; done++) {
        const struct bench_event *x = &e->events[done % e->count];
        memcpy(f->buffer + f->len, x->payload, x->len);
        f->len += x->len;
        gathered++;
        if ((bytes != 0 && f->len >= bytes) || (events != 0 && gathered >= events)) {
            commit(f);
            gathered = 0;
            if (bench_now_ns() >= until) {
                return done + 1;
            }
        }
    }
}

static json_t *measure(const struct raw_options *o, const struct bench_events *e, size_t bytes, size_t events)
{
    struct flat f = { .buffer = bench_alloc(BUFFER, 1) };
    char path[512];
    snprintf(path, sizeof path, "%s/flat", o->dir);
    f.fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (f.fd < 0) {
        bench_die("%s: %s", path, strerror(errno));
    }
    double cpu = bench_cpu_s();
    uint64_t began = bench_now_ns();
    uint64_t done = append(&f, e, bytes, events, o->seconds * o->rounds);
    double wall = (double)(bench_now_ns() - began) / 1e9;
    cpu = bench_cpu_s() - cpu;
    json_t *row = json_object();
    bench_set(row, "commit", json_string(bytes != 0 ? "100 KiB" : "100 events"));
    bench_set(row, "events_per_s", bench_round((double)done / wall, 0));
    bench_set(row, "bytes_per_s", bench_round((double)f.at / wall, 0));
    bench_set(row, "cpu_us_an_event", bench_round(cpu * 1e6 / (double)done, 3));
    bench_set(row, "p50_ms", bench_round(bench_latency_ms(&f.latencies, 0.5), 3));
    bench_set(row, "p99_ms", bench_round(bench_latency_ms(&f.latencies, 0.99), 3));
    (void)close(f.fd);
    free(f.buffer);
    bench_latencies_free(&f.latencies);
    bench_tree_empty(o->dir);
    return row;
}

json_t *raw_sync(const struct raw_options *o, const struct bench_events *e)
{
    json_t *rows = json_array();
    json_array_append_new(rows, measure(o, e, COMMIT_BYTES, 0));
    json_array_append_new(rows, measure(o, e, 0, COMMIT_EVENTS));
    return rows;
}
