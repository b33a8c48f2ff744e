/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* intake: the commands of a numbered stream: a batch of events, and the question where a stream stands. */
#ifndef PLACEMENTS_INTAKE_H
#define PLACEMENTS_INTAKE_H

#include "placements/app.h"

/* What became of a batch. Valid during the callback. */
struct pl_taken {
    const mj_error *err;                 /* NULL: the batch is on disk; else nothing of it was written */
    uint64_t through;                    /* every number up to this one is on disk */
    uint64_t position;                   /* of the log, that this stands on */
    EventException *const *exceptions;   /* ascending; what is not listed was accepted */
    size_t exception_count;
};
typedef void pl_taken_fn(void *arg, const struct pl_taken *t);

/* Events of a stream whose sender may write to it; bytes stay the caller's, valid until fn. The batch's own shape was
 * checked (pl_batch_check). fn is called exactly once, perhaps before this returns. */
struct pl_batch {
    const char *stream;                  /* a SIRET, checked */
    const char *principal;               /* valid until fn */
    uint64_t first;
    const ProtobufCBinaryData *events;
    size_t count;
    int64_t now_ms;
    uint64_t deadline_ms;                /* of the command; 0: none */
};
void pl_intake(struct pl_part *part, const struct pl_batch *batch, pl_taken_fn *fn, void *arg);

/* Last number of a stream that is on disk: taken->through. */
void pl_resume(struct pl_part *part, const char *stream, const char *principal, pl_taken_fn *fn, void *arg);

#endif
