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

struct pl_stream {                       /* what a stream's row holds */
    uint64_t last;                       /* last number taken */
    uint64_t resends, conflicts;         /* as of the last StreamQuality entry */
};

/* What is remembered of an event's fate, for its resend. */
struct pl_fate {
    uint8_t tag[MJ_TAG];                 /* of its bytes */
    uint8_t outcome;                     /* enum pl_outcome: ACCEPTED, DUPLICATE, UNMATCHED or REJECTED */
    uint64_t same_as;
    const char *reason, *field;          /* "" where it has none */
};

/* One run. Positions are in the table; fates only of the numbers folded since the run came into memory: older ones
 * are read from the log again (fates.h). */
struct pl_run {
    uint32_t count;                      /* numbers it holds, from its first on */
    uint32_t remembered;                 /* fates are held from this index on, up to count */
    uint64_t positions[PL_RUN];          /* in the log; ascending */
    struct pl_fate *fates[PL_RUN];       /* NULL below `remembered` */
};
static inline uint32_t pl_run_of(uint64_t number) { return (uint32_t)((number - 1) / PL_RUN); }
static inline uint32_t pl_run_index(uint64_t number) { return (uint32_t)((number - 1) % PL_RUN); }

struct pl_run *pl_run_create(void);
void pl_run_free(void *run);
size_t pl_run_size(const void *run);
/* The next number's position and fate (copied with its texts). */
void pl_run_add(struct pl_run *run, uint64_t position, const struct pl_fate *fate);
/* A copy in one allocation, for free(). */
struct pl_fate *pl_fate_copy(const struct pl_fate *fate);
/* Packed: positions as differences, each in base 128. */
void pl_run_encode(const struct pl_run *run, struct mj_buf *out);
/* DATA_LOSS RUN_ROW. Remembers no fate. */
int pl_run_decode(struct pl_run **ret, const uint8_t *bytes, size_t len, mj_error *err);

#endif
