/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* live_plan: what to do about one region's counters in Redis, from what stands there and what we hold. Pure.
 *
 * Redis is a cache that may be flushed, evicted, replaced by an older snapshot, or written by a process that woke
 * from a long sleep. Values are sent only on top of exactly what we sent last; whatever else is found there means
 * that all values go into a new key. */
#ifndef MJ_REPORTING_LIVE_PLAN_H
#define MJ_REPORTING_LIVE_PLAN_H

#include "reporting/positions.h"

#define MJ_REP_EPOCH_TEXT 40             /* 32 hexadecimal digits, "-", version of the hash's shape, NUL */
#define MJ_REP_LIVE_KEY 80

enum mj_rep_verdict {
    MJ_REP_SEND,                         /* Redis holds what we sent last: add what changed since */
    MJ_REP_WAIT,                         /* Redis is ahead of our fold: send nothing until we have passed it */
    MJ_REP_REFILL,                       /* any doubt: all values into a new key, then the pointer */
};

struct mj_rep_found {                    /* read back from Redis */
    bool present;                        /* pointer and hash are there and readable */
    char epoch[MJ_REP_EPOCH_TEXT];
    struct mj_rep_positions positions;
};

/* sent: what we sent last over this connection, NULL where nothing. caught_up: our fold has followed the logs to
 * their ends since it began; then figures of another fold are not waited for (its log may have been longer). */
enum mj_rep_verdict mj_rep_judge(const struct mj_rep_found *found, const char *epoch,
                                 const struct mj_rep_positions *ours, const struct mj_rep_positions *sent,
                                 bool caught_up);

/* "live:{52}:pointer", and "live:{52}:<epoch>:<n>": one hash tag a region, so that they stay together in a cluster. */
void mj_rep_pointer_key(char out[MJ_REP_LIVE_KEY], int region);
void mj_rep_hash_key(char out[MJ_REP_LIVE_KEY], int region, const char *epoch, uint64_t number);
/* Is it a hash key of this region? Its number goes to *number. */
bool mj_rep_hash_key_is(const char *key, int region, uint64_t *number);

#endif
