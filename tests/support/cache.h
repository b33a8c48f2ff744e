/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* cache: the cache that the rows of a test share, as a process has one. */
#ifndef MJ_TESTS_CACHE_H
#define MJ_TESTS_CACHE_H

#include "common/store/rows.h"

/* In place of the one that is there: no rows may be open. 0 or -1. */
static inline int cache_up(struct mj_threads *t, size_t cache_bytes)
{
    const struct mj_rows_limits limits = { cache_bytes, 24u << 20 };
    mj_error err;
    mj_cache_destroy(t->cache);
    t->cache = NULL;
    return mj_cache_create(&t->cache, t->loop, &limits, &err);
}

static inline void cache_down(struct mj_threads *t)
{
    mj_cache_destroy(t->cache);
    t->cache = NULL;
}

#endif
