/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* answer: one region's figures as a message, as far as the caller sees them. */
#ifndef MJ_REPORTING_ANSWER_H
#define MJ_REPORTING_ANSWER_H

#include <missionjeunes/reporting/v1/reporting.pb-c.h>

#include "common/base/arena.h"
#include "reporting/cells.h"
#include "reporting/health.h"
#include "reporting/live.h"
#include "reporting/rights.h"

#define MJ_REP_DEFINITION 1              /* version of the indicators' definitions: those of figure.h */
#define MJ_REP_COUNTERS_MAX 60000        /* in one answer: what fits into a message of 4 MiB */

struct mj_rep_sources {                  /* where figures and what is said about them come from */
    struct mj_loop *loop;
    struct mj_rep_cells *cells;
    const struct mj_rep_live *live;
    const struct mj_rep_health *health;
    uint8_t epoch[16];
};

/* The message lives in the arena, and as long as the cells are not cleared. Counters in order of row and name.
 * budget is how many counters may still be given: RESOURCE_EXHAUSTED TOO_MANY_ROWS. */
int mj_rep_answer(Missionjeunes__Reporting__V1__RegionCounters **ret, const struct mj_rep_sources *s, int region,
                  const struct mj_rep_view *view, struct mj_arena *a, size_t *budget, mj_error *err);

#endif
