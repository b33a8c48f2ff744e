/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* rights: which figures a caller sees (PROTOCOL.md, access matrix). Pure.
 *   agency            its own rows, raw: of its SIRET; where its organisation is an ETT, of that and all its agencies
 *   mission_locale    its own row, raw
 *   operator          technical numbers, no counter
 *   demo              everything (made-up data)
 *   all others        nothing here: their figures come after statistical secrecy, on another surface */
#ifndef MJ_REPORTING_RIGHTS_H
#define MJ_REPORTING_RIGHTS_H

#include "common/auth/who.h"
#include "reporting/figure.h"

#define MJ_REP_WHOLE_REGION "region"     /* in a request: the row "" alone */

struct mj_rep_view {
    bool none;                           /* technical numbers only */
    bool all;
    char row[MJ_REP_ROW_TEXT];           /* its own row */
    char prefix[MJ_REP_ROW_TEXT];        /* and all rows that begin so; "" where there are none */
};

/* The caller's view, narrowed to the row asked for ("": all it may see). PERMISSION_DENIED PROTECTED_SURFACE or
 * ROW_NOT_YOURS, INVALID_ARGUMENT ROW_FORMAT. */
int mj_rep_view_of(struct mj_rep_view *ret, const struct mj_principal *who, const char *row, mj_error *err);
bool mj_rep_view_sees(const struct mj_rep_view *v, const char *row);
/* One row is all it can see: *row is it. */
bool mj_rep_view_single(const struct mj_rep_view *v, const char **row);

#endif
