/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* fates: what became of numbers that were folded before this process lived, or whose run left memory: read from the
 * log again, a run at a time, by the positions that its row holds. */
#ifndef PLACEMENTS_FATES_H
#define PLACEMENTS_FATES_H

#include "common/base/arena.h"
#include "placements/entry.h"
#include "placements/tables.h"

/* struct pl_fates: of the first `count` numbers of a run. A kind that is only read; the key says count, so that a value
 * that was read when the run was shorter is another row. */
extern const struct mj_row_kind pl_fates_kind;
struct mj_row_key pl_fates_key(const char *siret, uint32_t run, uint32_t count);

/* The fate that an entry tells whose value was read (entry.h). NOT_FOUND where it tells none. Texts live as long as the
 * value. */
int pl_fate_of(const struct mj_entry *e, struct pl_fate *ret, mj_error *err);

/* Reads the entry at a position of the log, with its value; each is called once with it, while it is valid. NOT_FOUND
 * where there is none. */
int pl_log_entry(struct mj_log_reader *log, uint64_t position, struct mj_arena *a, mj_entry_fn *each, void *arg,
                 mj_error *err);

#endif
