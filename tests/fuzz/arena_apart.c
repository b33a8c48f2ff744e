/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* common/base/arena.h with every allocation in a block of its own, of exactly the size asked for: AddressSanitizer
 * then sees a byte too far, which within the product's large blocks it cannot. Same figures, same ceiling. */
#include "common/base/arena.h"

#include <stdlib.h>
#include <string.h>

#define ALIGN 16u

struct piece { struct piece *older; void *bytes; };

struct mj_arena {
    struct piece *newest;
    size_t used, ceiling;
    ProtobufCAllocator allocator;
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
    struct mj_arena *a = calloc(1, sizeof *a);
    if (a == NULL)
        return NULL;
    a->ceiling = ceiling;
    a->allocator = (ProtobufCAllocator){ protobuf_alloc, protobuf_free, a };
    return a;
}

void mj_arena_reset(struct mj_arena *a, size_t ceiling)
{
    while (a->newest != NULL) {
        struct piece *p = a->newest;
        a->newest = p->older;
        free(p->bytes);
        free(p);
    }
    a->used = 0;
    a->ceiling = ceiling;
}

void mj_arena_destroy(struct mj_arena *a)
{
    if (a == NULL)
        return;
    mj_arena_reset(a, 0);
    free(a);
}

void mj_arena_open(struct mj_arena *a)
{
    a->ceiling = 0;
}

void *mj_arena_alloc(struct mj_arena *a, size_t n)
{
    if (n > SIZE_MAX / 2)
        return NULL;
    size_t rounded = n > 0 ? (n + ALIGN - 1) / ALIGN * ALIGN : ALIGN;
    if (a->ceiling != 0 && (rounded > a->ceiling || a->used > a->ceiling - rounded))
        return NULL;
    struct piece *p = malloc(sizeof *p);
    if (p == NULL)
        return NULL;
    p->bytes = malloc(n);                /* of no byte at all where n is 0 */
    if (p->bytes == NULL) {
        free(p);
        return NULL;
    }
    p->older = a->newest;
    a->newest = p;
    a->used += rounded;
    return p->bytes;
}

void *mj_arena_copy(struct mj_arena *a, const void *data, size_t n)
{
    void *p = mj_arena_alloc(a, n);
    if (p != NULL && n > 0)
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
