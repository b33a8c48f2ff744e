/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* tables: placements' rows and the only SQL of the service (queries.h has the lists). Every row is folded from the
 * log and can be thrown away. */
#ifndef PLACEMENTS_TABLES_H
#define PLACEMENTS_TABLES_H

#include "common/store/rows.h"
#include "placements/placement.h"
#include "placements/stream.h"

#define PL_SCHEMA_NAME "placements-3"
extern const char pl_schema[];
#define PL_MODEL_SCHEMA_NAME "placements-model-2"
extern const char pl_model_schema[];

/* An event that was not simply accepted, or came late: what its sender can list. */
struct pl_exception {
    uint8_t outcome;                     /* enum pl_outcome */
    uint64_t same_as;
    uint64_t recorded_at_ms;
    uint32_t late_days;
    uint64_t placement;                  /* id of the placement; 0 where it was rejected or known */
    char reason[40], field[64];
};

extern const struct mj_row_kind pl_stream_kind;      /* struct pl_stream, by SIRET */
extern const struct mj_row_kind pl_run_kind;         /* struct pl_run, by SIRET and run: the full ones */
extern const struct mj_row_kind pl_placement_kind;   /* struct pl_placement, by name */
extern const struct mj_row_kind pl_exception_kind;   /* struct pl_exception, by SIRET and number; written only */
extern const struct mj_row_kind pl_unmatched_kind;   /* pl_link(), by person and placement's name; written only */

struct mj_row_key pl_stream_key(const char *siret);
struct mj_row_key pl_run_key(const char *siret, uint32_t run);
struct mj_row_key pl_placement_key(const uint8_t name[MJ_TAG]);
struct mj_row_key pl_exception_key(const char *siret, uint64_t number);
struct mj_row_key pl_unmatched_key(const char *person, const uint8_t name[MJ_TAG]);
/* "There is such a row", for kinds whose key says all. */
void *pl_link(void);

/* A run as the tables hold it, full or not, into an empty one; it stays empty where there is none. For the read
 * thread. */
int pl_run_read(struct mj_tables *t, const char *siret, uint32_t run, struct pl_run *ret, mj_error *err);
int pl_placement_read(struct mj_tables *t, const uint8_t name[MJ_TAG], struct pl_placement **ret, mj_error *err);

/* The model's young people: told in the order of their enrolment, each once. */
void pl_person_save(struct mj_batch *b, const char *id, uint64_t position);
typedef void pl_person_fn(void *arg, const char *id, uint64_t position);
int pl_persons_each(struct mj_tables *t, pl_person_fn *each, void *arg, mj_error *err);

#endif
