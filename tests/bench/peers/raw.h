/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* raw: the limits below us, one function a limit, each gives its figures as one JSON value. */
#ifndef MJ_BENCH_RAW_H
#define MJ_BENCH_RAW_H

#include "bench.h"

struct raw_options {
    const char *dir;                     /* an empty directory of its own, on the disk that is measured */
    double seconds;                      /* a measurement; the medians of rounds are given */
    int rounds;
};

/* Logs side by side: the same commits through each engine, fsync each. Needs no events. */
json_t *raw_log(const struct raw_options *o);
/* The events in 100s over a CURVE DEALER/ROUTER pair of this process, a small answer each; the same without CURVE. */
json_t *raw_wire(const struct raw_options *o, const struct bench_events *e);
/* protobuf-c with malloc, with an arena, and the validating scan. */
json_t *raw_unpack(const struct raw_options *o, const struct bench_events *e);
/* write + fdatasync of the events' bytes, a commit of 100 KiB or of 100 events. */
json_t *raw_sync(const struct raw_options *o, const struct bench_events *e);

/* ---- engines of raw_log ---- */
struct raw_engine {
    const char *name;
    void *(*open)(const char *dir);
    /* One commit, on disk on return. */
    void (*append)(void *engine, uint64_t first, uint32_t count, const uint8_t *block, size_t len);
    void (*close)(void *engine);
};
extern const struct raw_engine raw_engine_ours, raw_engine_flat, raw_engine_flat_reserved, raw_engine_flat_zeroed;
#ifdef MJ_BENCH_LMDB
extern const struct raw_engine raw_engine_lmdb;
#endif

#endif
