/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "acks.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replay.h"

#define RECORD_MAGIC 0x434a4d01u         /* of a log's record: services/common/store/log_segment.h */
#define RECORD_HEAD 72u

static void *grow(void *all, size_t count, size_t size)
{
    if ((count & (count - 1)) == 0)
        all = realloc(all, (count > 0 ? 2 * count : 1) * size);
    if (all == NULL)
        give_up("out of", "memory");
    return all;
}

void acks_load(struct acks *a, const char *path)
{
    unsigned long long time_ns, position;
    uint64_t most = 0;
    FILE *in = fopen(path, "r");
    if (in == NULL)
        give_up("cannot read", path);
    while (fscanf(in, "%llu %llu", &time_ns, &position) == 2) {
        most = position > most ? position : most;
        a->all = grow(a->all, a->count, sizeof *a->all);
        a->all[a->count++] = (struct ack){ time_ns, most };
    }
    fclose(in);
}

uint64_t acks_by(const struct acks *a, uint64_t time_ns)
{
    size_t low = 0, high = a->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (a->all[middle].time_ns <= time_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? a->all[low - 1].position : 0;
}

/* ---- I12 ---- */

struct commit { uint64_t file, first, end, number; bool begun; uint64_t safe_ns; };      /* 0: not safe */
struct commits { struct commit *all; size_t count; };

static void note_record(struct commits *c, const struct record *r)
{
    uint64_t first;
    uint32_t magic, entries;
    const uint8_t *p = record_payload(r);
    if (r->len < RECORD_HEAD)
        return;
    memcpy(&magic, p, sizeof magic);
    memcpy(&first, p + 8, sizeof first);
    memcpy(&entries, p + 16, sizeof entries);
    if (magic != RECORD_MAGIC)
        return;
    c->all = grow(c->all, c->count, sizeof *c->all);
    c->all[c->count++] = (struct commit){ .file = r->file, .first = first, .end = first + entries };
}

static void note_sync(struct commits *c, const struct record *r)
{
    for (size_t i = 0; i < c->count; i++) {
        struct commit *x = &c->all[i];
        if (x->file != r->file || x->safe_ns != 0)
            continue;
        if (r->kind == REC_SYNC_BEGIN && !x->begun) {
            x->begun = true;
            x->number = r->at;
        } else if (r->kind == REC_SYNC_END && x->begun && x->number == r->at) {
            x->safe_ns = r->time_ns;
        }
    }
}

static const struct commit *commit_of(const struct commits *c, uint64_t position)
{
    for (size_t i = c->count; i > 0; i--)
        if (c->all[i - 1].first <= position && position < c->all[i - 1].end)
            return &c->all[i - 1];
    return NULL;
}

int check_order(const char *trace, const char *acks)
{
    struct trace t;
    struct acks a = { NULL, 0 };
    struct commits c = { NULL, 0 };
    size_t early = 0, older = 0;
    trace_load(&t, trace);
    acks_load(&a, acks);
    for (size_t i = 0; i < t.count; i++) {
        const struct record *r = t.records[i];
        if (r->kind == REC_WRITE)
            note_record(&c, r);
        else if (r->kind == REC_SYNC_BEGIN || r->kind == REC_SYNC_END)
            note_sync(&c, r);
    }
    for (size_t i = 0; i < a.count; i++) {
        const struct commit *x = commit_of(&c, a.all[i].position);
        bool before = x == NULL || a.all[i].time_ns < t.records[0]->time_ns;     /* the trace began */
        older += before;
        if (before || (x->safe_ns != 0 && x->safe_ns <= a.all[i].time_ns))
            continue;
        early++;
        printf("position %llu was acknowledged %s\n", (unsigned long long)a.all[i].position,
               x->safe_ns == 0 ? "and never synced" : "before the sync of its commit had ended");
    }
    printf("{\"acks\": %zu, \"commits\": %zu, \"before_their_sync\": %zu, \"older_than_the_trace\": %zu}\n", a.count,
           c.count, early, older);
    return early != 0 || c.count == 0;
}
