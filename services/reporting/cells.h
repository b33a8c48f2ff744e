/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* cells: every figure in memory, at the positions of the logs it was folded from. Loop thread only; no clock, no
 * disk. Bounded by regions x (Missions Locales + agencies + ETT) x years. A cell never leaves: it goes to 0. */
#ifndef MJ_REPORTING_CELLS_H
#define MJ_REPORTING_CELLS_H

#include "reporting/figure.h"
#include "reporting/positions.h"

struct mj_rep_cells;
/* Versions count up from first_version: take one above any that another run of the program can have given. */
struct mj_rep_cells *mj_rep_cells_create(uint64_t first_version);
void mj_rep_cells_destroy(struct mj_rep_cells *c);
/* Forgets figures and positions (before they are loaded, or folded anew); versions go on. */
void mj_rep_cells_clear(struct mj_rep_cells *c);

/* Adds the change's value to its cell. Changes of one row are cheapest one after another. */
void mj_rep_cells_add(struct mj_rep_cells *c, const struct mj_rep_cell *change);
int64_t mj_rep_cells_value(const struct mj_rep_cells *c, int region, const char *row, mj_rep_name name);
/* Walks the cells of a region that are not 0; row NULL for all rows. In no order that means anything. */
typedef void mj_rep_cell_fn(void *arg, const char *row, mj_rep_name name, int64_t value);
void mj_rep_cells_each(const struct mj_rep_cells *c, int region, const char *row, mj_rep_cell_fn *each, void *arg);
bool mj_rep_cells_none(const struct mj_rep_cells *c, int region);        /* no cell was ever touched */

/* Cells touched since the last mj_rep_cells_clean of their region, those that went to 0 included. */
void mj_rep_cells_dirty(const struct mj_rep_cells *c, int region, mj_rep_cell_fn *each, void *arg);
void mj_rep_cells_clean(struct mj_rep_cells *c, int region);
bool mj_rep_cells_are_dirty(const struct mj_rep_cells *c, int region);

/* The same for the tables: cells of a region touched since the last mj_rep_cells_saved, which is of all regions. */
void mj_rep_cells_unsaved(const struct mj_rep_cells *c, int region, mj_rep_cell_fn *each, void *arg);
void mj_rep_cells_saved(struct mj_rep_cells *c);
bool mj_rep_cells_are_unsaved(const struct mj_rep_cells *c);     /* or the clock is */

/* Grows with every change of the region's figures. touch: something about them changed that is no count (stale). */
uint64_t mj_rep_cells_version(const struct mj_rep_cells *c, int region);
void mj_rep_cells_touch(struct mj_rep_cells *c, int region);

struct mj_rep_positions *mj_rep_cells_positions(struct mj_rep_cells *c);
/* recorded_at of the latest entry folded, of any log; 0 for none. */
uint64_t mj_rep_cells_as_of(const struct mj_rep_cells *c);
void mj_rep_cells_set_as_of(struct mj_rep_cells *c, uint64_t recorded_at_ms);

#endif
