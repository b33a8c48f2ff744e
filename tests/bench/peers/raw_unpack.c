/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* raw_unpack: what reading an event costs. protobuf-c with malloc, with our arena, and the scan that allocates nothing
 * and keeps the bytes as they came. One thread, all events over and over. */
#include <stdlib.h>

#include "common/base/arena.h"
#include "common/base/scan.h"
#include "missionjeunes/placements/v1/placements.pb-c.h"
#include "raw.h"

#define DESCRIPTOR (&missionjeunes__placements__v1__placement_event__descriptor)

static struct mj_arena *arena;

static void with_malloc(const struct bench_event *e)
{
    ProtobufCMessage *m = protobuf_c_message_unpack(DESCRIPTOR, NULL, e->len, e->payload);
    if (m == NULL) {
        bench_die("event %s/%llu does not unpack", e->siret, (unsigned long long)e->sequence);
    }
    protobuf_c_message_free_unpacked(m, NULL);
}

static void with_arena(const struct bench_event *e)
{
    mj_arena_reset(arena, 0);
    if (protobuf_c_message_unpack(DESCRIPTOR, mj_arena_protobuf(arena), e->len, e->payload) == NULL) {
        bench_die("event %s/%llu does not unpack", e->siret, (unsigned long long)e->sequence);
    }
}

static void scanned(const struct bench_event *e)
{
    mj_error err;
    if (mj_scan(DESCRIPTOR, e->payload, e->len, &err) != 0) {
        bench_die("event %s/%llu: %s", e->siret, (unsigned long long)e->sequence, err.text);
    }
}

struct way { const char *name; void (*read)(const struct bench_event *e); };

/* Events a CPU second: nothing else is in it, and other work on the machine does not move it. */
static double rate(const struct way *w, const struct bench_events *e, double seconds)
{
    double began = bench_cpu_s(), cpu;
    uint64_t done = 0;
    do {
        for (size_t i = 0; i < e->count; i++) {
            w->read(&e->events[i]);
        }
        done += e->count;
        cpu = bench_cpu_s() - began;
    } while (cpu < seconds);
    return (double)done / cpu;
}

json_t *raw_unpack(const struct raw_options *o, const struct bench_events *e)
{
    static const struct way ways[] = {
        { "protobuf-c, malloc", with_malloc }, { "protobuf-c, arena", with_arena }, { "validating scan", scanned }
    };
    json_t *rows = json_array();
    arena = mj_arena_create(0);
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        double best = 0;
        for (int round = 0; round < o->rounds; round++) {
            double r = rate(&ways[i], e, o->seconds / 4);
            best = r > best ? r : best;
        }
        json_t *row = json_object();
        bench_set(row, "way", json_string(ways[i].name));
        bench_set(row, "events_per_cpu_s", bench_round(best, 0));
        bench_set(row, "cpu_us_an_event", bench_round(1e6 / best, 3));
        json_array_append_new(rows, row);
    }
    mj_arena_destroy(arena);
    return rows;
}
