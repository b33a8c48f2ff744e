/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* tables: placements' rows and the only SQL of the service (queries.h has the lists). Every row is folded from the
 * log and can be thrown away. */
#ifndef PLACEMENTS_TABLES_H
#define PLACEMENTS_TABLES_H

#include "common/store/rows.h"
#include "placements/placement.h"
#include "placements/stream.h"

#define PL_SCHEMA_NAME "placements-1"
extern const char pl_schema[];
#define PL_MODEL_SCHEMA_NAME "placements-model-1"
extern const char pl_model_schema[];

/* An event that was not simply accepted, or came late: what its sender can list. */
struct pl_exception {
    uint8_t outcome;                     /* enum pl_outcome */
    uint64_t same_as;
    uint64_t recorded_at_ms;
    uint32_t late_days;
    uint8_t placement[MJ_TAG];           /* zeroes where it was rejected */
    char reason[40], field[64];
};

/* A young person, as registry's logs tell. */
struct pl_person { uint64_t position; }; /* of the enrolment, in the log of the region in the id */

extern const struct mj_row_kind pl_stream_kind;      /* struct pl_stream, by SIRET */
extern const struct mj_row_kind pl_run_kind;         /* struct pl_run, by SIRET and run */
extern const struct mj_row_kind pl_placement_kind;   /* struct pl_placement, by name */
extern const struct mj_row_kind pl_exception_kind;   /* struct pl_exception, by SIRET and number; written only */
extern const struct mj_row_kind pl_unmatched_kind;   /* pl_link(), by person and placement's name; written only */
extern const struct mj_row_kind pl_person_kind;      /* struct pl_person, by id; in the model */

struct mj_row_key pl_stream_key(const char *siret);
struct mj_row_key pl_run_key(const char *siret, uint32_t run);
struct mj_row_key pl_placement_key(const uint8_t name[MJ_TAG]);
struct mj_row_key pl_exception_key(const char *siret, uint64_t number);
struct mj_row_key pl_unmatched_key(const char *person, const uint8_t name[MJ_TAG]);
struct mj_row_key pl_person_key(const char *id);
/* "There is such a row", for kinds whose key says all. */
void *pl_link(void);

/* A run as the tables hold it; *ret stays NULL where there is none. For the read thread. */
int pl_run_read(struct mj_tables *t, const char *siret, uint32_t run, struct pl_run **ret, mj_error *err);
int pl_placement_read(struct mj_tables *t, const uint8_t name[MJ_TAG], struct pl_placement **ret, mj_error *err);

#endif
