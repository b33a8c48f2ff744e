/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Bloom filters of blocks (Apache Parquet's "split block" form): a number has one bit in each of the eight words of one
 * block, so that a look costs a cache line or two. Such a filter cannot grow: when one is full, a second of twice its
 * size takes what comes, and both are looked at. At 16 bits a number one look in a thousand is wrong, in each. */
#include "common/base/filter.h"

#include <stdlib.h>

#include "common/base/buf.h"

#define WORDS 8u
#define NUMBERS_OF_BLOCK 16u             /* 256 bits */
#define FIRST_BLOCKS 1024u               /* 16,384 numbers, 32 KiB */
#define LEVELS 24u                       /* more numbers than a log has entries */

struct block { uint32_t word[WORDS]; };
struct mj_filter {
    struct block *level[LEVELS];         /* each of twice the blocks of the one before */
    unsigned levels;
    uint64_t room;                       /* numbers that the last one still takes */
    size_t bytes;
};

struct mj_filter *mj_filter_create(void)
{
    return mj_calloc(1, sizeof(struct mj_filter));
}

void mj_filter_destroy(struct mj_filter *f)
{
    if (!f)
        return;
    for (unsigned i = 0; i < f->levels; i++)
        free(f->level[i]);
    free(f);
}

/* MurmurHash3's finalizer. It needs no key: whoever aims at a block makes that one say yes too often, no more. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 33)) * 0xff51afd7ed558ccdu;
    x = (x ^ (x >> 33)) * 0xc4ceb9fe1a85ec53u;
    return x ^ (x >> 33);
}

static uint64_t blocks_of(unsigned level)
{
    return (uint64_t)FIRST_BLOCKS << level;
}

/* The upper half of the hash picks the block, the lower one the bits. */
static struct block *block_of(const struct mj_filter *f, unsigned level, uint64_t hash)
{
    return &f->level[level][(hash >> 32) * blocks_of(level) >> 32];
}

static uint32_t bit_of(uint64_t hash, unsigned word)
{
    static const uint32_t salts[WORDS] = { 0x47b6137bu, 0x44974d91u, 0x8824ad5bu, 0xa2b7289du,
                                           0x705495c7u, 0x2df1424bu, 0x9efc4947u, 0x5c6bfb31u };
    return UINT32_C(1) << ((uint32_t)hash * salts[word] >> 27);
}

void mj_filter_add(struct mj_filter *f, uint64_t number)
{
    uint64_t hash = mix(number);
    struct block *b;

    if (f->room == 0 && f->levels < LEVELS) {    /* past that, the last one only grows less sure */
        f->room = blocks_of(f->levels) * NUMBERS_OF_BLOCK;
        f->level[f->levels] = mj_calloc(blocks_of(f->levels), sizeof(struct block));
        f->bytes += blocks_of(f->levels) * sizeof(struct block);
        f->levels++;
    }
    b = block_of(f, f->levels - 1, hash);
    for (unsigned w = 0; w < WORDS; w++)
        b->word[w] |= bit_of(hash, w);
    f->room -= f->room > 0;
}

static bool holds(const struct block *b, uint64_t hash)
{
    uint32_t missing = 0;

    for (unsigned w = 0; w < WORDS; w++)
        missing |= ~b->word[w] & bit_of(hash, w);
    return missing == 0;
}

bool mj_filter_may_hold(const struct mj_filter *f, uint64_t number)
{
    uint64_t hash = mix(number);

    for (unsigned i = f->levels; i > 0; i--)
        if (holds(block_of(f, i - 1, hash), hash))
            return true;
    return false;
}

size_t mj_filter_bytes(const struct mj_filter *f)
{
    return sizeof *f + f->bytes;
}
