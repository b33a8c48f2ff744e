/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* tables: how reporting's rows are kept on disk: the only SQL of the service. All of it can be thrown away and
 * folded again from the logs; another shape is another schema name. */
#ifndef MJ_REPORTING_TABLES_H
#define MJ_REPORTING_TABLES_H

#include "common/store/rows.h"
#include "reporting/cells.h"
#include "reporting/person.h"
#include "reporting/placement.h"
#include "reporting/quality.h"

extern const char mj_rep_schema_name[];
extern const char mj_rep_schema[];

/* Values: struct mj_rep_placement, mj_rep_person, mj_rep_quality; int64_t for the last two. */
extern const struct mj_row_kind mj_rep_placement_rows;
extern const struct mj_row_kind mj_rep_person_rows;
extern const struct mj_row_kind mj_rep_quality_rows;
extern const struct mj_row_kind mj_rep_cell_rows;        /* written only: cells.h holds them all */
extern const struct mj_row_kind mj_rep_clock_rows;       /* one row: recorded_at of the latest entry folded */

struct mj_row_key mj_rep_placement_key(const char *region, const uint8_t name[MJ_TAG]);
struct mj_row_key mj_rep_person_key(const char *id);
struct mj_row_key mj_rep_quality_key(const char *region, const char *stream);
struct mj_row_key mj_rep_cell_key(const struct mj_rep_cell *c);
struct mj_row_key mj_rep_clock_key(void);

/* Fills empty cells with what the tables hold: at start, and after a reset. DATA_LOSS CELL_ROW. */
int mj_rep_tables_load(const struct mj_readers *readers, struct mj_rep_cells *cells, mj_error *err);
/* The position the tables hold of each log. */
void mj_rep_tables_positions(struct mj_rows *rows, struct mj_rep_positions *ret);

#endif
