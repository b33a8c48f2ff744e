/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "common/store/batch.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/arena.h"
#include "common/base/buf.h"

#define TEXTS_MAX 64                     /* different statements of one batch: a few for each kind of row */

struct mj_batch {
    struct mj_arena *arena;
    struct mj_statement **all;
    size_t count, room;
    const struct mj_sql *texts[TEXTS_MAX];
    uint16_t text_count;
    struct mj_position *positions;
};

static void no_memory(void)
{
    fputs("store: no memory for a batch\n", stderr);
    abort();
}

/* What a batch holds is our own bounded state: as in buf.h, no memory ends the process. */
static void *take(struct mj_batch *b, size_t n)
{
    void *p = mj_arena_alloc(b->arena, n);
    if (p == NULL) {
        no_memory();
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
        no_memory();
    }
    return b;
}

void mj_batch_destroy(struct mj_batch *b)
{
    if (b != NULL) {
        mj_arena_destroy(b->arena);
        free(b->all);
        free(b);
    }
}

/* ---- packing ---- */

static bool has_bytes(const struct mj_value *v)
{
    return v->kind == MJ_V_TEXT || v->kind == MJ_V_BLOB;
}

static size_t packed_size(const struct mj_value *v)
{
    return 1 + (has_bytes(v) ? sizeof(uint32_t) + v->len : v->kind == MJ_V_INT ? sizeof v->i : 0);
}

static uint8_t *pack(uint8_t *to, const struct mj_value *v)
{
    *to++ = (uint8_t)v->kind;
    if (v->kind == MJ_V_INT) {
        memcpy(to, &v->i, sizeof v->i);
        return to + sizeof v->i;
    }
    if (has_bytes(v)) {
        uint32_t len = (uint32_t)v->len;
        memcpy(to, &len, sizeof len);
        if (len > 0) {
            memcpy(to + sizeof len, v->p, len);
        }
        return to + sizeof len + len;
    }
    return to;
}

static const uint8_t *unpack(const uint8_t *from, struct mj_value *v)
{
    *v = (struct mj_value){ .kind = (enum mj_value_kind)*from++ };
    if (v->kind == MJ_V_INT) {
        memcpy(&v->i, from, sizeof v->i);
        return from + sizeof v->i;
    }
    if (has_bytes(v)) {
        uint32_t len;
        memcpy(&len, from, sizeof len);
        v->len = len;
        v->p = from + sizeof len;
        return from + sizeof len + len;
    }
    return from;
}

void mj_statement_params(const struct mj_statement *s, struct mj_value out[MJ_BATCH_PARAMS_MAX])
{
    const uint8_t *at = s->params;
    for (size_t i = 0; i < s->count; i++) {
        at = unpack(at, &out[i]);
    }
}

/* ---- adding ---- */

static uint16_t rank_of(struct mj_batch *b, const struct mj_sql *sql)
{
    uint16_t i = 0;
    while (i < b->text_count && b->texts[i] != sql) {
        i++;
    }
    if (i == b->text_count) {
        assert(b->text_count < TEXTS_MAX);
        b->texts[b->text_count++] = sql;
    }
    return i;
}

/* A number that orders as the value does, as far as eight bytes tell. */
static uint64_t first_of(const struct mj_value *v)
{
    uint64_t first = 0;
    if (v->kind == MJ_V_INT) {
        return (uint64_t)v->i ^ UINT64_C(1) << 63;
    }
    for (size_t i = 0; i < sizeof first; i++) {
        first = first << 8 | (has_bytes(v) && i < v->len ? ((const uint8_t *)v->p)[i] : 0);
    }
    return first;
}

void mj_batch_add(struct mj_batch *b, const struct mj_sql *sql, const struct mj_value *params, size_t count)
{
    size_t bytes = 0;
    assert(count <= MJ_BATCH_PARAMS_MAX);
    for (size_t i = 0; i < count; i++) {
        bytes += packed_size(&params[i]);
    }
    struct mj_statement *s = take(b, sizeof *s + bytes);
    *s = (struct mj_statement){ sql, count > 0 ? first_of(&params[0]) : 0, (uint32_t)b->count, rank_of(b, sql),
                                (uint16_t)count };
    uint8_t *to = s->params;
    for (size_t i = 0; i < count; i++) {
        to = pack(to, &params[i]);
    }
    if (b->count == b->room) {
        b->room = b->room > 0 ? 2 * b->room : 64;
        b->all = mj_realloc(b->all, b->room * sizeof *b->all);
    }
    b->all[b->count++] = s;
}

/* ---- order ---- */

static int compare_values(const struct mj_value *a, const struct mj_value *b)
{
    if (a->kind != b->kind) {
        return a->kind < b->kind ? -1 : 1;
    }
    if (a->i != b->i) {
        return a->i < b->i ? -1 : 1;
    }
    size_t len = a->len < b->len ? a->len : b->len;
    int rc = len > 0 ? memcmp(a->p, b->p, len) : 0;
    return rc != 0 ? rc : (a->len > b->len) - (a->len < b->len);
}

/* Those of one text have as many parameters. */
static int compare_params(const struct mj_statement *a, const struct mj_statement *b)
{
    const uint8_t *at = a->params, *bt = b->params;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < a->count && i < b->count; i++) {
        struct mj_value va, vb;
        at = unpack(at, &va);
        bt = unpack(bt, &vb);
        rc = compare_values(&va, &vb);
    }
    return rc;
}

static int compare(const void *x, const void *y)
{
    const struct mj_statement *a = *(struct mj_statement *const *)x, *b = *(struct mj_statement *const *)y;
    if (a->rank != b->rank) {
        return a->rank < b->rank ? -1 : 1;
    }
    if (a->first != b->first) {
        return a->first < b->first ? -1 : 1;
    }
    int rc = compare_params(a, b);
    return rc != 0 ? rc : (a->place > b->place) - (a->place < b->place);
}

struct mj_statement *const *mj_batch_ordered(struct mj_batch *b, size_t *count)
{
    *count = b->count;
    if (b->count > 1) {
        qsort(b->all, b->count, sizeof *b->all, compare);
    }
    return b->all;
}

/* ---- positions ---- */

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
const struct mj_position *mj_batch_positions(const struct mj_batch *b) { return b->positions; }
