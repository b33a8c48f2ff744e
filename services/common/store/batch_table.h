/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* batch_table: statements of a batch that have one text, as one table that SQLite reads: one statement then writes them
 * all. To run a statement a row costs twice as much as to write the row. Private to store/. */
#ifndef MJ_STORE_BATCH_TABLE_H
#define MJ_STORE_BATCH_TABLE_H

#include <sqlite3.h>

#include "common/store/batch.h"

/* What the table holds: a row a statement, its parameters in the columns p1 to p32. Whoever runs a statement sets it
 * first; the statements outlive that. */
struct mj_batch_run { struct mj_statement *const *all; size_t count; };

/* Makes the table "mj_batch" known to a handle; reads *run whenever a statement reads it. SQLITE_OK or the code. */
int mj_batch_table(sqlite3 *db, const struct mj_batch_run *run);

/* Turns "INSERT INTO ... VALUES($1, $2) ..." into the statement that reads the table, and says how many parameters it
 * had. False: it is of another form, or longer than size. */
bool mj_batch_table_text(char *ret, size_t size, const char *text, size_t *params);

#endif
