/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* wants: many rows for one command. All that are missing are asked for at once; the command then waits for the last
 * of them only, since rows are fetched in the order in which they were asked for: it looks again once, not once a
 * row. */
#ifndef PLACEMENTS_WANTS_H
#define PLACEMENTS_WANTS_H

#include "common/store/rows.h"

struct pl_wants {
    bool all;                            /* nothing is missing so far; starts true */
    struct mj_rows *rows;                /* the last one that is missing */
    const struct mj_row_kind *kind;
    struct mj_row_key key;
};

/* True where the row is in memory; else it is being fetched. */
static inline bool pl_want(struct pl_wants *n, struct mj_rows *rows, const struct mj_row_kind *kind,
                           struct mj_row_key key)
{
    if (mj_rows_need(rows, kind, &key, NULL))
        return true;
    *n = (struct pl_wants){ false, rows, kind, key };
    return false;
}

/* True where all is in memory; else the waiter is called when it may be. */
static inline bool pl_wanted(const struct pl_wants *n, struct mj_row_waiter *w)
{
    return n->all || mj_rows_need(n->rows, n->kind, &n->key, w);
}

#endif
