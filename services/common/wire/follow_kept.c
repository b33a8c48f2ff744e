/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "common/wire/follow_kept.h"

#include <stdlib.h>
#include <string.h>

void mj_kept_begin(struct mj_kept *k, const uint8_t head[MJ_HASH])
{
    *k = (struct mj_kept){ 0 };
    memcpy(k->before, head, MJ_HASH);
}

static size_t cost(const struct mj_kept_commit *c)
{
    return sizeof *c + c->commit.block_len;
}

void mj_kept_add(struct mj_kept *k, const struct mj_commit *c)
{
    struct mj_kept_commit *kept = mj_alloc(sizeof *kept + c->block_len);
    kept->commit = *c;
    kept->commit.block = memcpy(kept + 1, c->block, c->block_len);
    kept->older = k->newest;
    kept->newer = NULL;
    *(k->newest ? &k->newest->newer : &k->oldest) = kept;
    k->newest = kept;
    k->bytes += cost(kept);
}

void mj_kept_pass(struct mj_kept *k, const struct mj_commit *c)
{
    while (k->oldest)
        mj_kept_drop(k);
    memcpy(k->before, c->hash, MJ_HASH);
}

void mj_kept_drop(struct mj_kept *k)
{
    struct mj_kept_commit *oldest = k->oldest;
    if (!oldest)
        return;
    k->oldest = oldest->newer;
    *(k->oldest ? &k->oldest->older : &k->newest) = NULL;
    k->bytes -= cost(oldest);
    memcpy(k->before, oldest->commit.hash, MJ_HASH);
    free(oldest);
}

/* From the newest back: who keeps up asks for one of the last. */
const struct mj_kept_commit *mj_kept_find(const struct mj_kept *k, uint64_t from, const uint8_t hash[MJ_HASH])
{
    const struct mj_kept_commit *c = k->newest;
    while (c && c->commit.first > from)
        c = c->older;
    if (!c || c->commit.first != from)
        return NULL;
    return memcmp(c->older ? c->older->commit.hash : k->before, hash, MJ_HASH) == 0 ? c : NULL;
}
