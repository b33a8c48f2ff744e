/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* log_sim: the logs as they lie on the simulated disks, for the checker. */
#ifndef MJ_SIM_LOG_SIM_H
#define MJ_SIM_LOG_SIM_H

#include "common/store/log.h"
#include "sim.h"

struct sim_log {
    char path[256];                      /* /sim/placements/placements/52/log */
    struct sim_machine *machine;
    struct mj_log_head head;
    struct mj_commit *commits;           /* their blocks stay where they are */
    size_t count, room;
    struct sim_log *next;
};

struct sim_log *sim_log_find(const char *path);
struct sim_log *sim_log_next(const struct sim_log *g);   /* NULL: the first */
/* Called for every commit that reached a disk; NULL: nobody. */
extern void (*sim_log_on_commit)(const struct sim_log *g, const struct mj_commit *c);

#endif
