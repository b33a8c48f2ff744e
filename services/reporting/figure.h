/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* figure: the names of what is counted, of the rows it is counted for, and of the regions; and the cell, one count.
 * Pure. Texts are those of proto/PROTOCOL.md, list of counters. */
#ifndef MJ_REPORTING_FIGURE_H
#define MJ_REPORTING_FIGURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/codes.h"

/* Numbers stay in the tables: never reuse one. */
enum mj_rep_figure {
    MJ_REP_MISSIONS = 1,                 /* IND-01 */
    MJ_REP_YOUNG_PEOPLE = 2,             /* IND-04: distinct young people with a mission */
    MJ_REP_EVENTS = 3,                   /* IND-43, and those below: every entry that took a number */
    MJ_REP_DUPLICATES = 4,               /* known facts and resends */
    MJ_REP_CONFLICTS = 5,
    MJ_REP_REJECTED = 6,
    MJ_REP_LATE = 7,                     /* accepted more than 2 days after what they tell */
    MJ_REP_UNMATCHED = 8,                /* placements unmatched now */
};

/* Figure and year (0: all years) in one number. */
typedef uint32_t mj_rep_name;
#define MJ_REP_NAME_TEXT 24              /* "young_people:total" and NUL */
mj_rep_name mj_rep_name_of(enum mj_rep_figure f, int year);
/* "missions:2026", "young_people:total", "unmatched:now". */
char *mj_rep_name_text(mj_rep_name n, char out[MJ_REP_NAME_TEXT]);

/* Rows: the whole region, or one organisation of it. */
enum mj_rep_row_kind { MJ_REP_WHOLE, MJ_REP_ML, MJ_REP_AGENCY, MJ_REP_ETT };
struct mj_rep_row {                      /* 16 bytes, zero behind the id: compared and hashed as bytes */
    uint8_t kind;
    char id[MJ_SIRET_LEN + 1];           /* SIRET; SIREN of an ETT; "" of the whole region */
};
/* siret: 14 digits; of an ETT the first 9 count. */
struct mj_rep_row mj_rep_row(enum mj_rep_row_kind kind, const char *siret);
/* "" for the whole region, else "ml/" + SIRET, "agency/" + SIRET, "ett/" + SIREN. */
#define MJ_REP_ROW_TEXT 24
char *mj_rep_row_text(const struct mj_rep_row *row, char out[MJ_REP_ROW_TEXT]);
/* False where the text is of no row. */
bool mj_rep_row_parse(struct mj_rep_row *ret, const char *text);

/* Regions by number: those of mj_regions in their order, then "FR". */
#define MJ_REP_FR 21
#define MJ_REP_REGIONS 22
int mj_rep_region(const char *code);     /* -1 where unknown */
const char *mj_rep_region_code(int region);
/* As mj_config_regions gives them: bit i is region i, bit 63 "FR". */
bool mj_rep_region_in(uint64_t regions, int region);

struct mj_rep_cell {
    int region;
    struct mj_rep_row row;
    mj_rep_name name;
    int64_t value;
};
/* Takes a cell's change: value is what is added to it. Changes of one row come one after another. */
typedef void mj_rep_change_fn(void *arg, const struct mj_rep_cell *change);

#endif
