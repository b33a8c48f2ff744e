/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "reporting/quality.h"

#include <stdio.h>

static int64_t count_of(const struct mj_rep_quality *q, enum mj_rep_figure f)
{
    switch (f) {
    case MJ_REP_EVENTS:
        return (int64_t)q->events;
    case MJ_REP_DUPLICATES:
        return (int64_t)(q->known + q->resends);
    case MJ_REP_CONFLICTS:
        return (int64_t)q->conflicts;
    case MJ_REP_REJECTED:
        return (int64_t)q->rejected;
    case MJ_REP_LATE:
        return (int64_t)q->late;
    case MJ_REP_UNMATCHED:
        return (int64_t)q->unmatched;
    default:
        return 0;
    }
}

void mj_rep_quality_difference(const struct mj_rep_quality *before, const struct mj_rep_quality *after,
                               const char *region, const char *stream,
                               void (*each)(void *arg, const struct mj_rep_cell *delta), void *arg)
{
    const int scopes[] = { mj_rep_region(region), MJ_REP_FR };
    char rows[3][MJ_REP_ROW_TEXT] = { "" };

    mj_rep_row_agency(rows[1], stream);
    mj_rep_row_ett(rows[2], stream);
    for (enum mj_rep_figure f = MJ_REP_EVENTS; f <= MJ_REP_UNMATCHED; f++) {
        int64_t by = count_of(after, f) - count_of(before, f);
        for (size_t i = 0; by != 0 && i < 6; i++) {
            struct mj_rep_cell delta = { .region = scopes[i / 3], .name = mj_rep_name_of(f, 0), .value = by };
            snprintf(delta.row, sizeof delta.row, "%s", rows[i % 3]);
            each(arg, &delta);
        }
    }
}
