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

static const struct { const char *prefix; size_t id; } kinds[] = {
    [MJ_REP_WHOLE] = { "", 0 },
    [MJ_REP_ML] = { "ml/", MJ_SIRET_LEN },
    [MJ_REP_AGENCY] = { "agency/", MJ_SIRET_LEN },
    [MJ_REP_ETT] = { "ett/", MJ_SIREN_LEN },
};

struct mj_rep_row mj_rep_row(enum mj_rep_row_kind kind, const char *siret)
{
    struct mj_rep_row row = { .kind = (uint8_t)kind };

    memcpy(row.id, siret, strnlen(siret, kinds[kind].id));
    return row;
}

char *mj_rep_row_text(const struct mj_rep_row *row, char out[MJ_REP_ROW_TEXT])
{
    snprintf(out, MJ_REP_ROW_TEXT, "%s%s", kinds[row->kind].prefix, row->id);
    return out;
}

bool mj_rep_row_parse(struct mj_rep_row *ret, const char *text)
{
    for (enum mj_rep_row_kind kind = MJ_REP_WHOLE; kind <= MJ_REP_ETT; kind++) {
        size_t prefix = strlen(kinds[kind].prefix);
        if (strncmp(text, kinds[kind].prefix, prefix) == 0 && strlen(text) == prefix + kinds[kind].id &&
            strspn(text + prefix, "0123456789") == kinds[kind].id) {
            *ret = mj_rep_row(kind, text + prefix);
            return true;
        }
    }
    return false;
}

int mj_rep_region(const char *code)
{
    if (code[0] == '\0' || code[1] == '\0' || code[2] != '\0') {
        return -1;
    }
    for (int i = 0; i < MJ_REP_FR; i++) {
        if (memcmp(mj_regions[i].code, code, MJ_REGION_TEXT) == 0) {
            return i;
        }
    }
    return memcmp(code, "FR", MJ_REGION_TEXT) == 0 ? MJ_REP_FR : -1;
}

const char *mj_rep_region_code(int region)
{
    return region == MJ_REP_FR ? "FR" : mj_regions[region].code;
}

bool mj_rep_region_in(uint64_t regions, int region)
{
    return (regions >> (region == MJ_REP_FR ? 63 : region) & 1) != 0;
}
