/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "reporting/rights.h"

#include <stdio.h>
#include <string.h>

static void own_row(struct mj_rep_view *v, enum mj_rep_row_kind kind, const char *organisation)
{
    struct mj_rep_row row = mj_rep_row(kind, organisation);

    mj_rep_row_text(&row, v->row);
}

static void agency_view(struct mj_rep_view *v, const char *organisation)
{
    if (strlen(organisation) == MJ_SIREN_LEN) {
        own_row(v, MJ_REP_ETT, organisation);
        snprintf(v->prefix, sizeof v->prefix, "agency/%s", organisation);
    } else {
        own_row(v, MJ_REP_AGENCY, organisation);
    }
}

static int role_view(struct mj_rep_view *v, const struct mj_principal *who, mj_error *err)
{
    switch (who->role) {
    case MJ_ROLE_AGENCY:
        agency_view(v, who->organisation);
        return 0;
    case MJ_ROLE_MISSION_LOCALE:
        own_row(v, MJ_REP_ML, who->organisation);
        return 0;
    case MJ_ROLE_OPERATOR:
        v->none = true;
        return 0;
    case MJ_ROLE_DEMO:
        v->all = true;
        return 0;
    default:
        return mj_fail(err, MJ_PERMISSION_DENIED, "PROTECTED_SURFACE", NULL,
                       "role %s sees figures after statistical secrecy only, which this version does not give yet",
                       mj_role_name(who->role));
    }
}

int mj_rep_view_of(struct mj_rep_view *ret, const struct mj_principal *who, const char *row, mj_error *err)
{
    struct mj_rep_view v = { .none = false };
    struct mj_rep_row parsed;
    const char *wanted = strcmp(row, MJ_REP_WHOLE_REGION) == 0 ? "" : row;

    if (role_view(&v, who, err) < 0) {
        return -1;
    }
    if (row[0] != '\0' && !v.none) {
        if (!mj_rep_row_parse(&parsed, wanted)) {
            return mj_fail(err, MJ_INVALID_ARGUMENT, "ROW_FORMAT", "row",
                           "expected ml/SIRET, agency/SIRET, ett/SIREN or region, got something else");
        }
        if (!mj_rep_view_sees(&v, wanted)) {
            return mj_fail(err, MJ_PERMISSION_DENIED, "ROW_NOT_YOURS", "row",
                           "expected a row of your own organisation, got another; leave it empty for all of yours");
        }
        v = (struct mj_rep_view){ .none = false };
        snprintf(v.row, sizeof v.row, "%s", wanted);
    }
    *ret = v;
    return 0;
}

bool mj_rep_view_sees(const struct mj_rep_view *v, const char *row)
{
    if (v->none) {
        return false;
    }
    return v->all || strcmp(v->row, row) == 0 ||
           (v->prefix[0] != '\0' && strncmp(row, v->prefix, strlen(v->prefix)) == 0);
}

bool mj_rep_view_single(const struct mj_rep_view *v, const char **row)
{
    *row = v->row;
    return !v->none && !v->all && v->prefix[0] == '\0';
}
