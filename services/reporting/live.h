/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* live: every region's counters in Redis, each as its value at a position, never as a difference.
 *
 *   live:{52}:pointer          name of the hash that holds now
 *   live:{52}:<epoch>:<n>      hash: "missions:2026" or "agency/<SIRET>|missions:2026" -> count;
 *                              "epoch" -> name of the fold; "pos:placements/52" -> last position folded
 *   channel live:{52}          a message after each change
 *
 * A change is one transaction: WATCH pointer and hash, read back, compare (live_plan.h), MULTI, HSET, PUBLISH, EXEC.
 * Every region is read back at least each 500 ms, so that a flush or an older snapshot is noticed when nothing
 * happens, too. Redis lost is Redis refilled. Nothing waits for Redis. Loop thread only. */
#ifndef MJ_REPORTING_LIVE_H
#define MJ_REPORTING_LIVE_H

#include "reporting/cells.h"
#include "reporting/redis.h"

struct mj_rep_live;
struct mj_rep_live_options {
    struct mj_loop *loop;
    struct mj_rep_cells *cells;
    uint64_t regions;                    /* those that this process sends; bits as mj_config_regions */
    struct mj_redis_settings redis;      /* address "": no Redis, nothing is sent */
};
struct mj_rep_live_stats {
    uint64_t rebuilds;                   /* regions filled into a new key */
    uint64_t sends;                      /* transactions that added what changed */
    uint64_t aborted;                    /* transactions that somebody else's write cut off */
    uint64_t refused;                    /* errors that Redis answered */
    bool up;
};

int mj_rep_live_create(struct mj_rep_live **ret, const struct mj_rep_live_options *o, mj_error *err);
void mj_rep_live_destroy(struct mj_rep_live *l);         /* NULL is allowed */
/* The cells are those of this fold from now on. Nothing is sent before the first one. */
void mj_rep_live_epoch(struct mj_rep_live *l, const uint8_t epoch[16]);
/* Figures or positions moved: they go out as soon as what went before is answered and Redis has rested a little. */
void mj_rep_live_folded(struct mj_rep_live *l);
/* Has the fold followed the logs to their ends since it began? */
void mj_rep_live_caught_up(struct mj_rep_live *l, bool caught_up);
/* The region's counters in Redis, or the fold behind them, are being filled again. */
bool mj_rep_live_stale(const struct mj_rep_live *l, int region);
const struct mj_rep_live_stats *mj_rep_live_stats(const struct mj_rep_live *l);

#endif
