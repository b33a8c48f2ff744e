/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* batch: how the engines of tables read a batch. Private to store/; the rest uses tables.h. */
#ifndef MJ_STORE_BATCH_H
#define MJ_STORE_BATCH_H

#include "common/store/tables.h"

#define MJ_BATCH_PARAMS_MAX 32

/* A statement with its parameters, packed: each is its kind in a byte; then the integer, or the length in four bytes
 * and the bytes. */
struct mj_statement {
    const struct mj_sql *sql;
    uint64_t first;                      /* of its first parameter what comes first in order */
    uint32_t place;                      /* in the order added */
    uint16_t rank;                       /* of its text among those of the batch */
    uint16_t count;                      /* of parameters */
    uint8_t params[];
};
/* Unpacks the parameters; their bytes stay in the batch. */
void mj_statement_params(const struct mj_statement *s, struct mj_value out[MJ_BATCH_PARAMS_MAX]);
/* All statements, ordered by text, then by parameters: each tree of the tables is walked once, from left to right.
 * Valid until the batch is added to or destroyed. */
struct mj_statement *const *mj_batch_ordered(struct mj_batch *b, size_t *count);

struct mj_position {
    struct mj_position *next;
    uint64_t position;
    uint8_t hash[MJ_HASH];
    char source[];
};
const struct mj_position *mj_batch_positions(const struct mj_batch *b);

#endif
