/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "reporting/quality.h"

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

void mj_rep_quality_difference(const struct mj_rep_quality *before, const struct mj_rep_quality *after, int region,
                               const char *stream, mj_rep_change_fn *change, void *arg)
{
    const enum mj_rep_row_kind kinds[] = { MJ_REP_WHOLE, MJ_REP_AGENCY, MJ_REP_ETT };
    const int scopes[] = { region, MJ_REP_FR };

    for (size_t i = 0; i < 6; i++) {
        struct mj_rep_cell cell = { .region = scopes[i % 2], .row = mj_rep_row(kinds[i / 2], stream) };
        for (enum mj_rep_figure f = MJ_REP_EVENTS; f <= MJ_REP_UNMATCHED; f++) {
            cell.name = mj_rep_name_of(f, 0);
            cell.value = count_of(after, f) - count_of(before, f);
            if (cell.value != 0) {
                change(arg, &cell);
            }
        }
    }
}
