/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* watch: reporting.v1.Counters and Watch: figures now, and figures as they move, by a long poll. Loop thread only.
 *
 * What is answered stands in memory, folded from entries that are on their owner's disk, and is what Redis holds or
 * newer. Polls are looked at each 100 ms, so that a storm of events costs a watcher ten answers a second. */
#ifndef MJ_REPORTING_WATCH_H
#define MJ_REPORTING_WATCH_H

#include "common/wire/server.h"
#include "reporting/answer.h"

struct mj_rep_watch;
/* regions: those that this process answers for. sources outlives the watch; its epoch may change. */
int mj_rep_watch_create(struct mj_rep_watch **ret, const struct mj_rep_sources *sources, uint64_t regions,
                        mj_error *err);
/* Requests that wait must have been answered (mj_rep_watch_stop), or be gone with their server. NULL is allowed. */
void mj_rep_watch_destroy(struct mj_rep_watch *w);
/* Handlers of the two methods. Errors: those of rights.h; INVALID_ARGUMENT REGION_UNKNOWN, LOG_UNKNOWN, TOKEN;
 * PERMISSION_DENIED REGION_NOT_YOURS; NOT_FOUND REGION_NOT_SERVED; RESOURCE_EXHAUSTED TOO_MANY_ROWS. */
int mj_rep_watch_counters(struct mj_rep_watch *w, struct mj_request *rq, mj_error *err);
int mj_rep_watch_watch(struct mj_rep_watch *w, struct mj_request *rq, mj_error *err);
/* Positions moved: calls that wait for one are looked at, at the end of the turn. */
void mj_rep_watch_folded(struct mj_rep_watch *w);
/* Answers all that wait, as things stand; nothing waits any more. */
void mj_rep_watch_stop(struct mj_rep_watch *w);

#endif
