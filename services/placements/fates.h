/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* fates: what became of numbers that were folded before this process lived, or whose run left memory: read from the
 * log again, a run at a time, by the positions that its row holds. */
#ifndef PLACEMENTS_FATES_H
#define PLACEMENTS_FATES_H

#include "common/base/arena.h"
#include "placements/tables.h"

/* Fates of the first `count` numbers of a run. A kind that is only read; the key says count, so that a value that
 * was read when the run was shorter is another row. */
struct pl_fates { uint32_t count; struct pl_fate *fates[PL_RUN]; };
extern const struct mj_row_kind pl_fates_kind;
struct mj_row_key pl_fates_key(const char *siret, uint32_t run, uint32_t count);

/* The fate that an entry tells. DATA_LOSS where it does not unpack, NOT_FOUND where it tells none. Texts live in the
 * arena. */
int pl_fate_of(const struct mj_entry *e, struct mj_arena *a, struct pl_fate *ret, mj_error *err);

/* Unpacks one of our own entries into the arena; DATA_LOSS ENTRY_BROKEN. */
int pl_entry_unpack(ProtobufCMessage **ret, const ProtobufCMessageDescriptor *d, const uint8_t *bytes, size_t len,
                    struct mj_arena *a, mj_error *err);

/* Reads the entry at a position; each is called once with it, while it is valid. NOT_FOUND where there is none. */
int pl_entry_read(struct mj_log_reader *log, uint64_t position, struct mj_arena *a, mj_entry_fn *each, void *arg,
                  mj_error *err);

#endif
