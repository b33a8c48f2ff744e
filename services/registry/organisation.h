/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* organisation: what may be declared, and declared again. Pure.
 *
 * ETT and PARTNER are named by SIREN, AGENCY and MISSION_LOCALE by SIRET. The region of an agency or a Mission Locale
 * is drawn from its commune at the first declaration and never changes: its stream's or its people's log partition
 * hangs on it. */
#ifndef MJ_REGISTRY_ORGANISATION_H
#define MJ_REGISTRY_ORGANISATION_H

#include <stdbool.h>

#include "common/auth/who.h"
#include "registry/messages.h"

/* Checks a declaration and fills ret, with region from the commune and parent from the SIRET. name may be empty where
 * name_optional. INVALID_ARGUMENT, fields are the message's own: KIND_UNKNOWN, SIREN_*, SIRET_*, TEXT_*, COMMUNE_*,
 * SET_BY_REGISTRY (region or parent filled in). */
int mj_organisation_check(struct mj_organisation *ret, const pb_organisation *in, bool name_optional, mj_error *err);

/* Decides whether now may stand after before (NULL: it is new); parent is the ETT of an agency as declared, NULL where
 * it is not. Fills an empty name (the one that stands, else the parent's). *changed: an entry is needed.
 * FAILED_PRECONDITION KIND_FROZEN, REGION_FROZEN, PARENT_UNKNOWN. */
int mj_organisation_decide(struct mj_organisation *now, const struct mj_organisation *before,
                           const struct mj_organisation *parent, bool *changed, mj_error *err);

#endif
