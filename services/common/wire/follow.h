/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* follow: both ends of log.v1.Follow. The server serves whole commits that are on disk, by a long poll; the follower
 * takes them one after another into a model. */
#ifndef MJ_WIRE_FOLLOW_H
#define MJ_WIRE_FOLLOW_H

#include "common/store/model.h"
#include "common/store/partition.h"
#include "common/wire/resolver.h"
#include "common/wire/server.h"

/* ---- serving ---- */
struct mj_follow_server;
/* partitions: those of this process; looked up by region. */
int mj_follow_server_create(struct mj_follow_server **ret, const struct mj_threads *threads, const char *service,
                            mj_error *err);
int mj_follow_server_add(struct mj_follow_server *s, struct mj_partition *p, mj_error *err);
void mj_follow_server_destroy(struct mj_follow_server *s);       /* waiting polls are answered, empty */
/* Handler of log.v1.Follow; rights: role service whose bootstrap row names this service, or role demo never. */
int mj_follow_handle(struct mj_follow_server *s, struct mj_request *rq, mj_error *err);

/* ---- following ---- */
struct mj_follower;
struct mj_follower_state { const char *service, *region; uint64_t position, end; uint64_t heard_ms /* mono, 0 never */;
                           int64_t clock_skew_ms; bool diverged; };
int mj_follower_create(struct mj_follower **ret, struct mj_loop *l, struct mj_resolver *r, struct mj_model *m,
                       const char *service, const char *region, mj_error *err);
void mj_follower_start(struct mj_follower *f);
void mj_follower_stop(struct mj_follower *f);
void mj_follower_destroy(struct mj_follower *f);
const struct mj_follower_state *mj_follower_state(const struct mj_follower *f);

#endif
