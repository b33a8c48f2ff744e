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
/* Serves the logs of the partitions added, looked up by region; a region that is not among them is answered MOVED.
 * Create it and add before the loop runs; destroy it before the server whose requests it holds, and before the
 * partitions and the read worker. service is the name that rights are given for. */
int mj_follow_server_create(struct mj_follow_server **ret, const struct mj_threads *threads, const char *service,
                            mj_error *err);
int mj_follow_server_add(struct mj_follow_server *s, struct mj_partition *p, mj_error *err);
void mj_follow_server_destroy(struct mj_follow_server *s);       /* polls are answered, empty; NULL is allowed */
/* Handler of log.v1.Follow. Rights: role service whose bootstrap row names this service, in the log's region
 * (PERMISSION_DENIED, FOLLOW). DATA_LOSS DIVERGED: the follower holds another log than this one. */
int mj_follow_handle(struct mj_follow_server *s, struct mj_request *rq, mj_error *err);

/* ---- following ---- */
struct mj_follower;
struct mj_follower_state {
    const char *service, *region;
    uint64_t position;                   /* last one folded */
    uint64_t end;                        /* one past the owner's last on disk, as last heard; 0 never heard */
    uint64_t heard_ms;                   /* monotonic, when the owner last answered; 0 never */
    int64_t clock_skew_ms;               /* the owner's clock less ours, as last heard */
    bool diverged;                       /* since this process started, the log was found to be another one */
};
/* Follows one log into m, with back-off and jitter (100 ms to 5 s) while nobody serves it. A log that is another one
 * than was folded is logged, and m starts over (model.h). Several followers may share m. r, m and l must outlive it. */
int mj_follower_create(struct mj_follower **ret, struct mj_loop *l, struct mj_resolver *r, struct mj_model *m,
                       const char *service, const char *region, mj_error *err);
void mj_follower_start(struct mj_follower *f);
/* The directory has news: one that found nobody to ask tries again now. */
void mj_follower_look(struct mj_follower *f);
void mj_follower_stop(struct mj_follower *f);    /* what it holds and has not given to m is dropped */
void mj_follower_destroy(struct mj_follower *f); /* NULL is allowed */
const struct mj_follower_state *mj_follower_state(const struct mj_follower *f);

#endif
