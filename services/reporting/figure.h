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

/* Figure and year (0: all years) in one number: what cells are sorted by. */
typedef uint32_t mj_rep_name;
#define MJ_REP_NAME_TEXT 24              /* "young_people:total" and NUL */
mj_rep_name mj_rep_name_of(enum mj_rep_figure f, int year);
/* "missions:2026", "young_people:total", "unmatched:now". */
char *mj_rep_name_text(mj_rep_name n, char out[MJ_REP_NAME_TEXT]);

/* Rows: "" for the whole region, else "ml/" + SIRET, "agency/" + SIRET, "ett/" + SIREN. */
#define MJ_REP_ROW_TEXT 24
void mj_rep_row_ml(char out[MJ_REP_ROW_TEXT], const char *siret);
void mj_rep_row_agency(char out[MJ_REP_ROW_TEXT], const char *siret);
void mj_rep_row_ett(char out[MJ_REP_ROW_TEXT], const char *siret);       /* by the SIREN in the SIRET */
bool mj_rep_row_is(const char *row);

/* Regions by number: those of mj_regions in their order, then "FR". */
#define MJ_REP_FR 21
#define MJ_REP_REGIONS 22
int mj_rep_region(const char *code);     /* -1 where unknown */
const char *mj_rep_region_code(int region);
/* As mj_config_regions gives them: bit i is region i, bit 63 "FR". */
bool mj_rep_region_in(uint64_t regions, int region);

struct mj_rep_cell {                     /* no padding is compared: compare by mj_rep_cell_compare */
    int region;
    char row[MJ_REP_ROW_TEXT];
    mj_rep_name name;
    int64_t value;
};
/* By region, row, name; not by value. */
int mj_rep_cell_compare(const void *a, const void *b);

#endif
