/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "reporting/figure.h"

#include <stdio.h>
#include <string.h>

static const char *const figures[] = {
    [MJ_REP_MISSIONS] = "missions",     [MJ_REP_YOUNG_PEOPLE] = "young_people", [MJ_REP_EVENTS] = "events",
    [MJ_REP_DUPLICATES] = "duplicates", [MJ_REP_CONFLICTS] = "conflicts",       [MJ_REP_REJECTED] = "rejected",
    [MJ_REP_LATE] = "late",             [MJ_REP_UNMATCHED] = "unmatched",
};

mj_rep_name mj_rep_name_of(enum mj_rep_figure f, int year)
{
    return (mj_rep_name)f << 16 | (mj_rep_name)(year & 0xffff);
}

char *mj_rep_name_text(mj_rep_name n, char out[MJ_REP_NAME_TEXT])
{
    unsigned figure = n >> 16;
    unsigned year = n & 0xffff;
    const char *text = figure >= MJ_REP_MISSIONS && figure <= MJ_REP_UNMATCHED ? figures[figure] : "unknown";

    if (year != 0) {
        snprintf(out, MJ_REP_NAME_TEXT, "%s:%u", text, year);
    } else {
        snprintf(out, MJ_REP_NAME_TEXT, "%s:%s", text, figure == MJ_REP_UNMATCHED ? "now" : "total");
    }
    return out;
}

static void row(char out[MJ_REP_ROW_TEXT], const char *kind, const char *id, int length)
{
    snprintf(out, MJ_REP_ROW_TEXT, "%s/%.*s", kind, length, id);
}

void mj_rep_row_ml(char out[MJ_REP_ROW_TEXT], const char *siret)
{
    row(out, "ml", siret, MJ_SIRET_LEN);
}

void mj_rep_row_agency(char out[MJ_REP_ROW_TEXT], const char *siret)
{
    row(out, "agency", siret, MJ_SIRET_LEN);
}

void mj_rep_row_ett(char out[MJ_REP_ROW_TEXT], const char *siret)
{
    row(out, "ett", siret, MJ_SIREN_LEN);
}

static bool digits(const char *text, size_t n)
{
    return strlen(text) == n && strspn(text, "0123456789") == n;
}

bool mj_rep_row_is(const char *text)
{
    if (strncmp(text, "ml/", 3) == 0) {
        return digits(text + 3, MJ_SIRET_LEN);
    }
    if (strncmp(text, "agency/", 7) == 0) {
        return digits(text + 7, MJ_SIRET_LEN);
    }
    return strncmp(text, "ett/", 4) == 0 && digits(text + 4, MJ_SIREN_LEN);
}

int mj_rep_region(const char *code)
{
    if (strcmp(code, "FR") == 0) {
        return MJ_REP_FR;
    }
    for (int i = 0; i < MJ_REP_FR && mj_regions[i].code[0] != '\0'; i++) {
        if (strcmp(mj_regions[i].code, code) == 0) {
            return i;
        }
    }
    return -1;
}

const char *mj_rep_region_code(int region)
{
    return region == MJ_REP_FR ? "FR" : mj_regions[region].code;
}

bool mj_rep_region_in(uint64_t regions, int region)
{
    return (regions >> (region == MJ_REP_FR ? 63 : region) & 1) != 0;
}

int mj_rep_cell_compare(const void *a, const void *b)
{
    const struct mj_rep_cell *x = a;
    const struct mj_rep_cell *y = b;
    int order = (x->region > y->region) - (x->region < y->region);

    if (order == 0) {
        order = strcmp(x->row, y->row);
    }
    return order != 0 ? order : (x->name > y->name) - (x->name < y->name);
}
