/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* ingest_message: Ingest's request and answer, field by field (common/base/fields.h): one of each comes with every
 * batch, and most batches have few events. Pure. */
#ifndef PLACEMENTS_INGEST_MESSAGE_H
#define PLACEMENTS_INGEST_MESSAGE_H

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "placements/intake.h"

/* The request that the bytes plainly are: its own fields only, a stream of 14 digits. Its events point into the bytes.
 * NULL where they are anything else: mj_unpack then takes them, or says what is wrong. */
const IngestRequest *pl_ingest_read(const uint8_t *bytes, size_t len, struct mj_arena *arena);

/* Appends the packed IngestResponse to a batch that is on disk. */
void pl_ingest_answer(struct mj_buf *out, const struct pl_taken *t, uint32_t credit_events, uint32_t credit_bytes);

#endif
