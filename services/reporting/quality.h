/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* quality: what became of one stream's events (IND-43), as totals. Pure. Counted for the region of the log the
 * stream is kept in and for the country, for the whole region, the agency and its ETT. */
#ifndef MJ_REPORTING_QUALITY_H
#define MJ_REPORTING_QUALITY_H

#include "reporting/figure.h"

struct mj_rep_quality {
    uint64_t events;                     /* entries that took a number */
    uint64_t known;                      /* new numbers for known facts */
    uint64_t resends, conflicts;         /* as placements last wrote them: set, not added */
    uint64_t rejected, late;
    uint64_t unmatched;                  /* placements that wait now */
};

/* Tells by how much every cell moves from before to after. */
void mj_rep_quality_difference(const struct mj_rep_quality *before, const struct mj_rep_quality *after, int region,
                               const char *stream, mj_rep_change_fn *change, void *arg);

#endif
