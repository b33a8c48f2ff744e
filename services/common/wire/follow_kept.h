/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* follow_kept: the last commits of one log in memory, shared by all that follow it, so that a follower that keeps up
 * is served without the disk. How many are kept is the owner's business. Loop thread only. */
#ifndef MJ_WIRE_FOLLOW_KEPT_H
#define MJ_WIRE_FOLLOW_KEPT_H

#include "common/store/log.h"

struct mj_kept_commit {
    struct mj_commit commit;             /* its block is kept with it */
    struct mj_kept_commit *older, *newer;
};

struct mj_kept {
    struct mj_kept_commit *oldest, *newest;
    uint8_t before[MJ_HASH];             /* hash of the commit before the oldest, or of the log's last where none is */
    size_t bytes;                        /* of memory */
};

/* head: hash of the log's last commit. */
void mj_kept_begin(struct mj_kept *k, const uint8_t head[MJ_HASH]);
/* The log's next commit: copied, or only noted. */
void mj_kept_add(struct mj_kept *k, const struct mj_commit *c);
void mj_kept_pass(struct mj_kept *k, const struct mj_commit *c);
void mj_kept_drop(struct mj_kept *k);    /* the oldest one, if any */
/* The commit that starts at that position, where the one before it has that hash; NULL where it is not kept, or the
 * hash is another: only the log itself can say which. */
const struct mj_kept_commit *mj_kept_find(const struct mj_kept *k, uint64_t from, const uint8_t hash[MJ_HASH]);

#endif
