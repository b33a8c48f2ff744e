/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "placements/stream.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/fields.h"
#include "placements/messages.h"

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

/* ---- fates ---- */

static struct pl_fate *copy_of(const struct pl_fate *fate)
{
    size_t reason = strlen(fate->reason) + 1, field = strlen(fate->field) + 1;
    struct pl_fate *copy = mj_alloc(sizeof *copy + reason + field);
    char *texts = (char *)(copy + 1);
    *copy = *fate;
    copy->reason = memcpy(texts, fate->reason, reason);
    copy->field = memcpy(texts + reason, fate->field, field);
    return copy;
}

/* An array with room for one more. */
static void *grown(void *array, uint32_t count, uint32_t *room, uint32_t first, size_t size)
{
    if (count < *room)
        return array;
    *room = *room == 0 ? first : *room * 2;
    return mj_realloc(array, *room * size);
}

void pl_fates_add(struct pl_fates *f, const struct pl_fate *fate)
{
    if (fate->outcome != PL_ACCEPTED && fate->outcome != PL_UNMATCHED) {
        f->odd = grown(f->odd, f->odd_count, &f->odd_room, 1, sizeof *f->odd);
        f->odd[f->odd_count++] = (struct pl_odd){ f->count, copy_of(fate) };
    }
    f->tags = grown(f->tags, f->count, &f->room, 4, sizeof *f->tags);
    memcpy(f->tags[f->count++], fate->tag, MJ_TAG);
}

const uint8_t *pl_fates_tag(const struct pl_fates *f, uint32_t index)
{
    return index < f->count ? f->tags[index] : NULL;
}

const struct pl_fate *pl_fates_odd(const struct pl_fates *f, uint32_t index)
{
    for (uint32_t i = 0; i < f->odd_count && f->odd[i].index <= index; i++)
        if (f->odd[i].index == index)
            return f->odd[i].fate;
    return NULL;
}

void pl_fates_clear(struct pl_fates *f)
{
    for (uint32_t i = 0; i < f->odd_count; i++)
        free(f->odd[i].fate);
    free(f->odd);
    free(f->tags);
    *f = (struct pl_fates){ 0 };
}

size_t pl_fates_bytes(const struct pl_fates *f)
{
    return f->room * sizeof *f->tags + f->odd_room * (sizeof *f->odd + sizeof(struct pl_fate) + 32);
}

/* ---- runs ---- */

void pl_run_clear(struct pl_run *run)
{
    pl_fates_clear(&run->fates);
    free(run->packed);
    *run = (struct pl_run){ 0 };
}

size_t pl_run_bytes(const struct pl_run *run)
{
    return run->packed_room + pl_fates_bytes(&run->fates);
}

static void reserve(struct pl_run *run, uint32_t room)
{
    run->packed = mj_realloc(run->packed, room);
    run->packed_room = room;
}

void pl_run_add(struct pl_run *run, uint64_t position, const struct pl_fate *fate)
{
    if (run->count == PL_RUN)
        return;                          /* cannot be: numbers come in order, each run is asked for by number */
    if (run->packed_room - run->packed_len < MJ_VARINT)
        reserve(run, run->packed_room == 0 ? 2 * MJ_VARINT : run->packed_room * 2);
    uint8_t *end = mj_varint_put(run->packed + run->packed_len, position - run->last);
    run->packed_len = (uint32_t)(end - run->packed);
    run->last = position;
    run->count++;
    pl_fates_add(&run->fates, fate);
}

void pl_run_positions(const struct pl_run *run, uint64_t positions[PL_RUN])
{
    const uint8_t *at = run->packed;
    uint64_t position = 0, difference;
    for (uint32_t i = 0; i < run->count; i++) {
        at = mj_varint_get(at, run->packed + run->packed_len, &difference);      /* checked when it was made */
        positions[i] = position += difference;
    }
}

const uint8_t *pl_run_tag(const struct pl_run *run, uint32_t index)
{
    return index < run->remembered ? NULL : pl_fates_tag(&run->fates, index - run->remembered);
}

const struct pl_fate *pl_run_odd(const struct pl_run *run, uint32_t index)
{
    return index < run->remembered ? NULL : pl_fates_odd(&run->fates, index - run->remembered);
}

int pl_run_decode(struct pl_run *run, const uint8_t *packed, size_t len, mj_error *err)
{
    const uint8_t *at = packed, *end = len > 0 ? packed + len : packed;
    uint64_t difference = 0, last = 0;
    uint16_t count = 0;
    for (; at != NULL && at < end && count <= PL_RUN; count++, last += difference)
        at = mj_varint_get(at, end, &difference);
    if ((at == NULL && len > 0) || count > PL_RUN)
        return mj_fail(err, MJ_DATA_LOSS, "RUN_ROW", NULL,
                       "expected at most %d packed differences, got other bytes; refold the tables", PL_RUN);
    if (len > 0) {
        reserve(run, (uint32_t)len);
        memcpy(run->packed, packed, len);
    }
    run->packed_len = (uint32_t)len;
    run->count = run->remembered = count;
    run->last = last;
    return 0;
}

/* ---- the stream ---- */

const struct pl_run *pl_stream_run(const struct pl_stream *s, uint32_t run)
{
    return s != NULL && s->last > 0 && pl_run_of(s->last) == run ? &s->run : NULL;
}
