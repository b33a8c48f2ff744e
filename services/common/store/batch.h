/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* batch: how the engines of tables read a batch. Private to store/; the rest uses tables.h. */
#ifndef MJ_STORE_BATCH_H
#define MJ_STORE_BATCH_H

#include "common/store/tables.h"

/* In the order added; values point into the batch. */
struct mj_statement {
    const struct mj_sql *sql;
    struct mj_statement *next;
    size_t count;
    struct mj_value params[];
};
const struct mj_statement *mj_batch_first(const struct mj_batch *b);

struct mj_position {
    struct mj_position *next;
    uint64_t position;
    uint8_t hash[MJ_HASH];
    char source[];
};
const struct mj_position *mj_batch_positions(const struct mj_batch *b);

#endif
