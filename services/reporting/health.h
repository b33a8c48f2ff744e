/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* health: how far the fold is behind the logs it follows, and how fast it goes. Loop thread only; the clock comes
 * from outside. */
#ifndef MJ_REPORTING_HEALTH_H
#define MJ_REPORTING_HEALTH_H

#include "common/wire/follow.h"
#include "reporting/figure.h"

#define MJ_REP_RATE_SECONDS 5

struct mj_rep_health {
    uint64_t lag[MJ_REP_REGIONS];        /* entries known to exist and not folded yet; FR: of all logs */
    bool caught_up;                      /* since the fold began, every log heard of has been followed to its end */
    struct { uint64_t second; uint32_t entries[MJ_REP_REGIONS]; } rate[MJ_REP_RATE_SECONDS + 1];
};

/* The fold begins again: caught_up is false until it has been seen. */
void mj_rep_health_begin(struct mj_rep_health *h);
void mj_rep_health_look(struct mj_rep_health *h, struct mj_follower *const *followers, size_t count);
void mj_rep_health_folded(struct mj_rep_health *h, const char *region, uint32_t entries, uint64_t now_ms);
/* Entries a second over the last 5 whole seconds. */
uint32_t mj_rep_health_rate(const struct mj_rep_health *h, int region, uint64_t now_ms);

#endif
