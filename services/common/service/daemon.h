/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* daemon: what every service does alike: settings, log, loop, threads, keys, who, door, partitions, followers,
 * directory, probes, signals, drain. A service's main describes itself as a table and runs. */
#ifndef MJ_SERVICE_DAEMON_H
#define MJ_SERVICE_DAEMON_H

#include "common/auth/who.h"
#include "common/service/config.h"
#include "common/service/metrics.h"
#include "common/store/partition.h"
#include "common/store/model.h"
#include "common/wire/follow.h"
#include "common/wire/server.h"

struct mj_daemon;

struct mj_service {
    const char *name;                    /* "placements" */
    const char *summary;                 /* for --help */
    const char *listen, *http;           /* default addresses, "127.0.0.1:5510" */
    const struct mj_config_item *config; /* beyond the common ones */
    const struct mj_method *methods;     /* log.v1 is added */
    /* Makes the app before anything opens; domains may be NULL where the service has no log or follows none. */
    int (*create)(void **app, struct mj_daemon *d, mj_error *err);
    const struct mj_domain *domain;      /* template; app is filled in */
    const struct mj_model_domain *model; /* template; app is filled in. The daemon keeps who itself, from registry/FR */
    const char *follows;                 /* "registry placements": services whose every region is followed */
    bool national;                       /* its own partitions include "FR" */
    /* After all is open, before the door opens. */
    int (*started)(void *app, mj_error *err);
    /* Adds the service's own metrics before they are written. May be NULL. */
    void (*metrics)(void *app, struct mj_metrics *m);
    /* NULL when ready, else why not. May be NULL. */
    const char *(*not_ready)(void *app);
    void (*stopping)(void *app);         /* the door is closed; before partitions drain. May be NULL */
    void (*destroy)(void *app);
};

/* Runs until SIGTERM or SIGINT; the process's exit status. */
int mj_daemon_main(const struct mj_service *s, int argc, char **argv);

/* What an app may ask for. */
const struct mj_config *mj_daemon_config(const struct mj_daemon *d);
const struct mj_threads *mj_daemon_threads(const struct mj_daemon *d);
const struct mj_env *mj_daemon_env(const struct mj_daemon *d);
struct mj_who *mj_daemon_who(struct mj_daemon *d);
struct mj_model *mj_daemon_model(struct mj_daemon *d);
struct mj_metrics *mj_daemon_metrics(struct mj_daemon *d);
/* The regions this process serves, as bits of mj_config_regions; "FR" where it was named, or all were asked for. */
uint64_t mj_daemon_regions(const struct mj_daemon *d);
/* The partition of a region in this process, NULL where it is not served here. mj_daemon_partition_or_moved answers
 * for the handler: -1 with MOVED (where the directory says), REGION_UNKNOWN, or UNAVAILABLE. */
struct mj_partition *mj_daemon_partition(struct mj_daemon *d, const char *region);
int mj_daemon_partition_for(struct mj_daemon *d, const char *region, struct mj_partition **ret, mj_error *err);
size_t mj_daemon_partitions(struct mj_daemon *d, struct mj_partition *const **ret);
size_t mj_daemon_followers(struct mj_daemon *d, struct mj_follower *const **ret);

#endif
