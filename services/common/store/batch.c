/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "common/store/batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/arena.h"
#include "common/base/buf.h"

struct mj_batch {
    struct mj_arena *arena;
    struct mj_statement *first, **last;
    struct mj_position *positions;
    size_t count;
};

/* What a batch holds is our own bounded state: as in buf.h, no memory ends the process. */
static void *take(struct mj_batch *b, size_t n)
{
    void *p = mj_arena_alloc(b->arena, n);
    if (p == NULL) {
        fputs("store: no memory for a batch\n", stderr);
        abort();
    }
    return p;
}

struct mj_value mj_vt(const char *text)
{
    if (text == NULL) {
        return (struct mj_value){ MJ_V_NULL, 0, NULL, 0 };
    }
    return (struct mj_value){ MJ_V_TEXT, 0, text, strlen(text) };
}

struct mj_batch *mj_batch_create(void)
{
    struct mj_batch *b = mj_calloc(1, sizeof *b);
    b->arena = mj_arena_create(0);
    if (b->arena == NULL) {
        fputs("store: no memory for a batch\n", stderr);
        abort();
    }
    b->last = &b->first;
    return b;
}

void mj_batch_destroy(struct mj_batch *b)
{
    if (b != NULL) {
        mj_arena_destroy(b->arena);
        free(b);
    }
}

static bool has_bytes(const struct mj_value *v)
{
    return (v->kind == MJ_V_TEXT || v->kind == MJ_V_BLOB) && v->len > 0;
}

/* One allocation a statement: itself, its parameters, then all their bytes. */
void mj_batch_add(struct mj_batch *b, const struct mj_sql *sql, const struct mj_value *params, size_t count)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        bytes += has_bytes(&params[i]) ? params[i].len : 0;
    }
    size_t fixed = sizeof(struct mj_statement) + count * sizeof params[0];
    struct mj_statement *s = take(b, fixed + bytes);
    uint8_t *to = (uint8_t *)s + fixed;
    s->sql = sql;
    s->next = NULL;
    s->count = count;
    for (size_t i = 0; i < count; i++) {
        s->params[i] = params[i];
        if (has_bytes(&params[i])) {
            memcpy(to, params[i].p, params[i].len);
            s->params[i].p = to;
            to += params[i].len;
        }
    }
    *b->last = s;
    b->last = &s->next;
    b->count++;
}

void mj_batch_position(struct mj_batch *b, const char *source, uint64_t position, const uint8_t hash[MJ_HASH])
{
    struct mj_position *p = b->positions;
    while (p != NULL && strcmp(p->source, source) != 0) {
        p = p->next;
    }
    if (p == NULL) {
        size_t n = strlen(source) + 1;
        p = take(b, sizeof *p + n);
        memcpy(p->source, source, n);
        p->next = b->positions;
        b->positions = p;
    }
    p->position = position;
    memcpy(p->hash, hash, MJ_HASH);
}

size_t mj_batch_bytes(const struct mj_batch *b) { return mj_arena_used(b->arena); }
size_t mj_batch_count(const struct mj_batch *b) { return b->count; }
const struct mj_statement *mj_batch_first(const struct mj_batch *b) { return b->first; }
const struct mj_position *mj_batch_positions(const struct mj_batch *b) { return b->positions; }
