/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Bloom filters of blocks (Apache Parquet's "split block" form): a name has one bit in each of the eight words of one
 * block, so that a look costs one cache line. A filter cannot grow: when one is full, a second of twice its size takes
 * what comes, and both are looked at. At 16 bits a name one look in a thousand is wrong. */
#include "placements/names.h"

#include <stdlib.h>

#include "common/base/buf.h"

#define WORDS 8u
#define NAMES_OF_BLOCK 16u               /* 256 bits */
#define FIRST_BLOCKS 1024u               /* 16,384 names, 32 KiB */
#define LEVELS 24u                       /* more names than a log has entries */

struct block { uint32_t word[WORDS]; };
struct pl_names {
    struct block *level[LEVELS];         /* each of twice the blocks of the one before */
    unsigned levels;
    uint64_t room;                       /* names that the last one still takes */
};

struct pl_names *pl_names_create(void)
{
    return mj_calloc(1, sizeof(struct pl_names));
}

void pl_names_destroy(struct pl_names *n)
{
    if (n == NULL)
        return;
    for (unsigned i = 0; i < n->levels; i++)
        free(n->level[i]);
    free(n);
}

uint64_t pl_name_hash(const uint8_t name[MJ_TAG])
{
    uint64_t hash = 0;
    for (int i = 0; i < 8; i++)
        hash = hash << 8 | name[i];
    return hash;
}

static uint64_t blocks_of(unsigned level)
{
    return (uint64_t)FIRST_BLOCKS << level;
}

/* The upper half of the hash picks the block, the lower one the bits. */
static struct block *block_of(const struct pl_names *n, unsigned level, uint64_t hash)
{
    return &n->level[level][(hash >> 32) * blocks_of(level) >> 32];
}

static uint32_t bit_of(uint64_t hash, unsigned word)
{
    static const uint32_t salts[WORDS] = { 0x47b6137bu, 0x44974d91u, 0x8824ad5bu, 0xa2b7289du,
                                           0x705495c7u, 0x2df1424bu, 0x9efc4947u, 0x5c6bfb31u };
    return UINT32_C(1) << ((uint32_t)hash * salts[word] >> 27);
}

void pl_names_add(struct pl_names *n, uint64_t hash)
{
    if (n->room == 0 && n->levels < LEVELS) {    /* past that, the last one only grows less sure */
        n->room = blocks_of(n->levels) * NAMES_OF_BLOCK;
        n->level[n->levels] = mj_calloc(blocks_of(n->levels), sizeof(struct block));
        n->levels++;
    }
    struct block *b = block_of(n, n->levels - 1, hash);
    for (unsigned w = 0; w < WORDS; w++)
        b->word[w] |= bit_of(hash, w);
    n->room -= n->room > 0;
}

static bool holds(const struct block *b, uint64_t hash)
{
    uint32_t missing = 0;
    for (unsigned w = 0; w < WORDS; w++)
        missing |= ~b->word[w] & bit_of(hash, w);
    return missing == 0;
}

bool pl_names_may_hold(const struct pl_names *n, uint64_t hash)
{
    for (unsigned i = n->levels; i > 0; i--)
        if (holds(block_of(n, i - 1, hash), hash))
            return true;
    return false;
}

size_t pl_names_bytes(const struct pl_names *n)
{
    size_t bytes = sizeof *n;
    for (unsigned i = 0; i < n->levels; i++)
        bytes += blocks_of(i) * sizeof(struct block);
    return bytes;
}
