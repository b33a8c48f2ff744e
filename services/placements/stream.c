/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "placements/stream.h"

#include <stdlib.h>
#include <string.h>

int pl_batch_check(uint64_t first, size_t count, size_t bytes, mj_error *err)
{
    if (count == 0)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "BATCH_EMPTY", "events", "expected 1 to %d events, got none",
                       PL_BATCH_EVENTS);
    if (count > PL_BATCH_EVENTS)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "BATCH_SIZE", "events",
                       "expected at most %d events, got %zu; send fewer",
                       PL_BATCH_EVENTS, count);
    if (bytes > PL_BATCH_BYTES)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "BATCH_SIZE", "events",
                       "expected at most %u bytes of events, got %zu; send fewer", PL_BATCH_BYTES, bytes);
    if (first < 1 || first > UINT32_MAX * (uint64_t)PL_RUN - PL_BATCH_EVENTS)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "SEQUENCE", "first_sequence",
                       "expected the number of events[0], from 1 on, got %llu", (unsigned long long)first);
    return 0;
}

int pl_batch_place(uint64_t last, uint64_t first, size_t count, size_t *resends, mj_error *err)
{
    if (first > last + 1)
        return mj_fail(err, MJ_FAILED_PRECONDITION, "GAP", "first_sequence",
                       "expected %llu, got %llu; send the numbers between, or ask Resume",
                       (unsigned long long)last + 1, (unsigned long long)first);
    uint64_t known = last + 1 - first;
    *resends = known < count ? (size_t)known : count;
    return 0;
}

struct pl_run *pl_run_create(void)
{
    return mj_calloc(1, sizeof(struct pl_run));
}

void pl_run_free(void *arg)
{
    struct pl_run *run = arg;
    if (run == NULL)
        return;
    for (uint32_t i = run->remembered; i < run->count; i++)
        free(run->fates[i]);
    free(run);
}

size_t pl_run_size(const void *arg)
{
    const struct pl_run *run = arg;
    return sizeof *run + (run->count - run->remembered) * sizeof(struct pl_fate);
}

struct pl_fate *pl_fate_copy(const struct pl_fate *fate)
{
    size_t reason = strlen(fate->reason) + 1, field = strlen(fate->field) + 1;
    struct pl_fate *copy = mj_alloc(sizeof *copy + reason + field);
    char *texts = (char *)(copy + 1);
    *copy = *fate;
    copy->reason = memcpy(texts, fate->reason, reason);
    copy->field = memcpy(texts + reason, fate->field, field);
    return copy;
}

void pl_run_add(struct pl_run *run, uint64_t position, const struct pl_fate *fate)
{
    if (run->count == PL_RUN)
        return;                          /* cannot be: numbers come in order, each run is asked for by number */
    run->positions[run->count] = position;
    run->fates[run->count++] = pl_fate_copy(fate);
}

void pl_run_encode(const struct pl_run *run, struct mj_buf *out)
{
    uint64_t before = 0;
    for (uint32_t i = 0; i < run->count; i++) {
        uint8_t packed[10];
        size_t n = 0;
        uint64_t difference = run->positions[i] - before;
        for (; difference >= 0x80; difference >>= 7)
            packed[n++] = (uint8_t)(difference | 0x80);
        packed[n++] = (uint8_t)difference;
        mj_buf_put(out, packed, n);
        before = run->positions[i];
    }
}

static int broken(struct pl_run *run, mj_error *err)
{
    pl_run_free(run);
    return mj_fail(err, MJ_DATA_LOSS, "RUN_ROW", NULL,
                   "expected at most %d packed differences, got other bytes; refold the tables", PL_RUN);
}

int pl_run_decode(struct pl_run **ret, const uint8_t *bytes, size_t len, mj_error *err)
{
    struct pl_run *run = pl_run_create();
    uint64_t position = 0, difference = 0;
    unsigned shift = 0;
    for (size_t i = 0; i < len; i++) {
        if (shift > 56 || run->count == PL_RUN)
            return broken(run, err);
        difference |= (uint64_t)(bytes[i] & 0x7f) << shift;
        shift += 7;
        if (bytes[i] & 0x80)
            continue;
        position += difference;
        run->positions[run->count++] = position;
        run->remembered = run->count;    /* nothing is remembered, whatever way this ends */
        difference = 0;
        shift = 0;
    }
    if (shift != 0)
        return broken(run, err);
    *ret = run;
    return 0;
}
