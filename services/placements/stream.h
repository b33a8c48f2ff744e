/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* stream: a sender's numbered stream: one agency's events, numbered from 1 without gap. Pure.
 *
 * What stands at or below the last number taken is a resend, compared by keyed hash of all its bytes; what follows
 * it is new; what leaves numbers out is a gap. Positions in the log are found by runs of 256 numbers. */
#ifndef PLACEMENTS_STREAM_H
#define PLACEMENTS_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/codes.h"
#include "common/base/crypto.h"
#include "common/base/error.h"

#define PL_BATCH_EVENTS 1000
#define PL_BATCH_BYTES (512u * 1024u)
#define PL_RUN 256                       /* numbers that share a run */

/* A batch's own shape. BATCH_EMPTY, BATCH_SIZE, SEQUENCE (numbers start at 1). */
int pl_batch_check(uint64_t first, size_t count, size_t bytes, mj_error *err);
/* How many of the batch's events are resends; the rest is new. FAILED_PRECONDITION GAP says which number is
 * expected. */
int pl_batch_place(uint64_t last, uint64_t first, size_t count, size_t *resends, mj_error *err);

/* ---- what became of numbers ---- */

struct pl_fate {
    uint8_t tag[MJ_TAG];                 /* of the event's bytes */
    uint8_t outcome;                     /* enum pl_outcome: ACCEPTED, DUPLICATE, UNMATCHED or REJECTED */
    uint64_t same_as;
    const char *reason, *field;          /* "" where it has none */
};

/* Fates of numbers in a row, as far as a resend's answer hangs on them: each one's tag, and in full those that were
 * not accepted. 16 bytes a number. */
struct pl_odd { uint32_t index; struct pl_fate *fate; };
struct pl_fates {
    uint32_t count, room;
    uint8_t (*tags)[MJ_TAG];
    uint32_t odd_count, odd_room;
    struct pl_odd *odd;                  /* ascending */
};
void pl_fates_add(struct pl_fates *f, const struct pl_fate *fate);       /* copied, with its texts */
const uint8_t *pl_fates_tag(const struct pl_fates *f, uint32_t index);   /* NULL: not among them */
/* NULL for what was accepted, with a warning or without, matched or not. */
const struct pl_fate *pl_fates_odd(const struct pl_fates *f, uint32_t index);
void pl_fates_clear(struct pl_fates *f); /* frees what it holds */
size_t pl_fates_bytes(const struct pl_fates *f);

/* ---- runs ---- */

/* One run. Positions as the table holds them: packed differences, one or two bytes each. Fates only of the numbers
 * folded since the run came into memory: older ones are read from the log again (fates.h). */
struct pl_run {
    uint16_t count;                      /* numbers it holds, from its first on */
    uint16_t remembered;                 /* fates are held from this index on, up to count */
    uint32_t packed_len, packed_room;
    uint8_t *packed;
    uint64_t last;                       /* position of the last number */
    struct pl_fates fates;
};
/* No number that was taken has the last run of all (pl_batch_check): it stands for all beyond. */
static inline uint32_t pl_run_of(uint64_t number)
{
    uint64_t run = (number - 1) / PL_RUN;
    return run < UINT32_MAX ? (uint32_t)run : UINT32_MAX;
}
static inline uint32_t pl_run_index(uint64_t number) { return (uint32_t)((number - 1) % PL_RUN); }

void pl_run_clear(struct pl_run *run);   /* frees what it holds; an empty run */
size_t pl_run_bytes(const struct pl_run *run);
/* The next number's position, beyond the last one's, and fate (copied). */
void pl_run_add(struct pl_run *run, uint64_t position, const struct pl_fate *fate);
/* Positions of its numbers, as many as it holds. */
void pl_run_positions(const struct pl_run *run, uint64_t positions[PL_RUN]);
const uint8_t *pl_run_tag(const struct pl_run *run, uint32_t index);     /* NULL: not remembered */
const struct pl_fate *pl_run_odd(const struct pl_run *run, uint32_t index);      /* as pl_fates_odd */
/* Into an empty run; remembers no fate. DATA_LOSS RUN_ROW where the bytes are not at most 256 packed differences. */
int pl_run_decode(struct pl_run *run, const uint8_t *packed, size_t len, mj_error *err);

/* ---- the stream ---- */

struct pl_stream {                       /* what a stream's row holds */
    uint64_t last;                       /* last number taken */
    uint64_t resends, conflicts;         /* as of the last StreamQuality entry */
    struct pl_run run;                   /* the one that holds `last`; full ones before it are rows of their own */
};
/* The run of that name, where it is the stream's last; NULL: one before it, or none. */
const struct pl_run *pl_stream_run(const struct pl_stream *s, uint32_t run);

#endif
