/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* tables: how reporting's rows and cells are kept on disk: the only SQL of the service. All of it can be thrown away
 * and folded again from the logs; another shape is another schema name.
 *
 * Names of placements and ids of young people are random, and a table in their order takes every row to another page.
 * So both tables stand in the order in which their subjects first came, by a number (born) that the entry gives, and a
 * small table of hashes, which are the first bytes of the names, leads there. Of placements it has a part for each age,
 * a million positions, so that new names touch few pages however many there are; a look begins with the newest. */
#ifndef MJ_REPORTING_TABLES_H
#define MJ_REPORTING_TABLES_H

#include "common/store/rows.h"
#include "reporting/cells.h"
#include "reporting/person.h"
#include "reporting/placement.h"
#include "reporting/quality.h"

extern const char mj_rep_schema_name[];
extern const char mj_rep_schema[];

struct mj_rep_stream {                   /* what became of a stream's events, and what of it the cells hold */
    struct mj_rep_quality now, counted;
    char siret[MJ_SIRET_LEN + 1];
    int region;                          /* of its log */
    bool moved;                          /* it stands in the list of what the cells are to be told */
    struct mj_rep_stream *next;
};

/* Values: struct mj_rep_placement, mj_rep_person, mj_rep_stream. */
extern const struct mj_row_kind mj_rep_placement_rows;
extern const struct mj_row_kind mj_rep_person_rows;
extern const struct mj_row_kind mj_rep_stream_rows;

struct mj_row_key mj_rep_placement_key(int region, const uint8_t name[MJ_TAG]);
struct mj_row_key mj_rep_person_key(const char *id);
struct mj_row_key mj_rep_stream_key(int region, const char *siret);
struct mj_rep_stream *mj_rep_stream_create(int region, const char *siret);

/* Number of what an entry is the first to tell of: unique, and it grows with the log. */
static inline int64_t mj_rep_born(int log, uint64_t position)
{
    return (int64_t)log << 40 | (int64_t)position;
}

/* Names that the tables do not lead from yet. */
struct mj_rep_names { struct mj_rep_named { int64_t hash, born; } *named; size_t count, capacity; };
struct mj_rep_unsaved { struct mj_rep_names placements, persons; };
void mj_rep_name_placement(struct mj_rep_unsaved *u, const uint8_t name[MJ_TAG], int64_t born);
void mj_rep_name_person(struct mj_rep_unsaved *u, const char *id, int64_t born);
void mj_rep_unsaved_clear(struct mj_rep_unsaved *u);     /* frees it; ready for use again */

/* Adds to a batch what does not stand in rows: new names, changed cells, the clock. */
void mj_rep_tables_save(struct mj_batch *b, struct mj_rep_unsaved *names, struct mj_rep_cells *cells);
/* Fills empty cells with what the tables hold: at start, and after a reset. DATA_LOSS CELL_ROW. */
int mj_rep_tables_load(const struct mj_readers *readers, struct mj_rep_cells *cells, mj_error *err);
/* The position the tables hold of each log. */
void mj_rep_tables_positions(struct mj_rows *rows, struct mj_rep_positions *ret);

#endif
