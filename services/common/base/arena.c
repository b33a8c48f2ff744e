/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "common/base/arena.h"

#include <stdlib.h>
#include <string.h>

#define ALIGN 16u
#define FIRST_BLOCK 1024u                 /* thousands of requests are in work at once, most of them small */
#define LARGEST_BLOCK (1024u * 1024)     /* unless one request is larger */

struct block {
    struct block *older;
    size_t size, used;                   /* of data */
    _Alignas(ALIGN) unsigned char data[];
};

struct mj_arena {
    struct block *newest;
    size_t used, ceiling;                /* bytes handed out, rounded up to ALIGN; 0: no ceiling */
    ProtobufCAllocator allocator;
    struct block first;                  /* one allocation with the arena: mostly all that it takes */
};

static void *protobuf_alloc(void *data, size_t n)
{
    return mj_arena_alloc(data, n);
}

static void protobuf_free(void *data, void *p)
{
    (void)data;
    (void)p;
}

struct mj_arena *mj_arena_create(size_t ceiling)
{
    struct mj_arena *a = malloc(sizeof *a + FIRST_BLOCK);
    if (!a)
        return NULL;
    a->newest = &a->first;
    a->used = 0;
    a->ceiling = ceiling;
    a->allocator = (ProtobufCAllocator){ protobuf_alloc, protobuf_free, a };
    a->first.older = NULL;
    a->first.size = FIRST_BLOCK;
    a->first.used = 0;
    return a;
}

void mj_arena_reset(struct mj_arena *a, size_t ceiling)
{
    while (a->newest != &a->first) {
        struct block *older = a->newest->older;
        free(a->newest);
        a->newest = older;
    }
    a->first.used = 0;
    a->used = 0;
    a->ceiling = ceiling;
}

void mj_arena_destroy(struct mj_arena *a)
{
    if (!a)
        return;
    mj_arena_reset(a, 0);
    free(a);
}

void mj_arena_open(struct mj_arena *a)
{
    a->ceiling = 0;
}

/* A new block with room for n, so much larger than the last that many small requests stay cheap. */
static struct block *add_block(struct mj_arena *a, size_t n)
{
    size_t size = 2 * a->newest->size;
    if (size > LARGEST_BLOCK)
        size = LARGEST_BLOCK;
    if (size < n)
        size = n;
    struct block *b = malloc(sizeof *b + size);
    if (!b)
        return NULL;
    b->older = a->newest;
    b->size = size;
    b->used = 0;
    a->newest = b;
    return b;
}

void *mj_arena_alloc(struct mj_arena *a, size_t n)
{
    if (n > SIZE_MAX / 2)
        return NULL;
    size_t rounded = n ? (n + ALIGN - 1) / ALIGN * ALIGN : ALIGN;
    if (a->ceiling && (rounded > a->ceiling || a->used > a->ceiling - rounded))
        return NULL;
    struct block *b = a->newest;
    if (b->size - b->used < rounded)
        b = add_block(a, rounded);
    if (!b)
        return NULL;
    void *p = b->data + b->used;
    b->used += rounded;
    a->used += rounded;
    return p;
}

void *mj_arena_copy(struct mj_arena *a, const void *data, size_t n)
{
    void *p = mj_arena_alloc(a, n);
    if (p && n)
        memcpy(p, data, n);
    return p;
}

char *mj_arena_strdup(struct mj_arena *a, const char *s)
{
    return mj_arena_copy(a, s, strlen(s) + 1);
}

size_t mj_arena_used(const struct mj_arena *a)
{
    return a->used;
}

ProtobufCAllocator *mj_arena_protobuf(struct mj_arena *a)
{
    return &a->allocator;
}

size_t mj_arena_ceiling(size_t wire_len)
{
    const size_t base = (size_t)64 * 1024;
    return wire_len > (SIZE_MAX - base) / 8 ? SIZE_MAX : base + 8 * wire_len;
}
