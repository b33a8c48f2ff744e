/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* The inside of a daemon, shared by the files that are its parts: daemon.c (start, run, stop), daemon_who.c (the read
 * model of principals and organisations), daemon_log.c (log.v1: Follow, Describe), daemon_probes.c (/livez, /readyz,
 * /metrics) and daemon_watchdog.c (systemd's). Nobody else includes it. */
#ifndef MJ_SERVICE_DAEMON_PRIVATE_H
#define MJ_SERVICE_DAEMON_PRIVATE_H

#include "common/loop/http.h"
#include "common/service/daemon.h"
#include "common/wire/zap.h"

#define PARTITIONS_MAX 22                /* 21 regions and collectivities, and "FR" */
#define FOLLOWERS_MAX 64

struct mj_daemon {
    const struct mj_service *service;
    void *app;
    struct mj_config *config;
    struct mj_loop *loop;
    const struct mj_env *env;
    struct mj_threads threads;
    struct mj_curve keys;
    char data[256], instance[96], endpoint[MJ_ENDPOINT_MAX];
    int http_port;
    uint64_t started_ms;

    struct mj_who *who;
    struct mj_model *who_model;
    struct mj_model *model;
    struct mj_partition *partitions[PARTITIONS_MAX];
    size_t partition_count;
    struct mj_domain domain;
    struct mj_model_domain model_domain;

    struct mj_zap *zap;
    struct mj_server *server;
    struct mj_resolver *resolver;
    struct mj_follow_server *follow_server;
    struct mj_follower *who_follower;
    struct mj_follower *followers[FOLLOWERS_MAX];
    size_t follower_count;
    struct mj_http *http;
    struct mj_metrics *metrics;

    bool stopping;
    unsigned draining;                   /* parts that have not said that they are drained */
    struct mj_timer *stop_timer;
    uint64_t stop_deadline_ms;
    struct mj_watchdog *watchdog;        /* NULL where systemd asks for none */
};

/* daemon.c: a life in steps, for who turns the loop by himself (tests/sim). service and env are set; the loop runs between
 * start and close. A start that failed is closed too. */
int daemon_load_config(struct mj_daemon *d, int argc, char **argv, bool *done, mj_error *err);
int daemon_start(struct mj_daemon *d, mj_error *err);
void daemon_close(struct mj_daemon *d);

/* daemon_who.c */
int daemon_who_open(struct mj_daemon *d, mj_error *err);

/* daemon_log.c */
extern const struct mj_method daemon_log_methods[];

/* daemon_probes.c */
int daemon_probes_open(struct mj_daemon *d, mj_error *err);
/* NULL when ready, else one sentence. */
const char *daemon_not_ready(struct mj_daemon *d);

/* daemon_watchdog.c: open before the loop runs; stop while it still turns; free once the threads have ended. */
int daemon_watchdog_open(struct mj_daemon *d, mj_error *err);
void daemon_watchdog_stop(struct mj_daemon *d);
void daemon_watchdog_free(struct mj_daemon *d);

#endif
