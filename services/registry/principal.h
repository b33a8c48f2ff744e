/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* principal: who may be declared, and what may change afterwards. Pure.
 *
 * An agency's system belongs to an ETT or one agency, a Mission Locale's to that Mission Locale; other roles may go
 * without an organisation. Services are never declared: they stand in the bootstrap file. */
#ifndef MJ_REGISTRY_PRINCIPAL_H
#define MJ_REGISTRY_PRINCIPAL_H

#include <stdbool.h>

#include "common/auth/who.h"
#include "registry/messages.h"

#define MJ_REGIONS_ALL UINT64_MAX
#define MJ_REGION_BIT_FR 63

/* Region codes to a mask: bit i is mj_regions[i], bit 63 "FR"; none at all means everywhere.
 * INVALID_ARGUMENT REGION_UNKNOWN, field "regions[i]". */
int mj_regions_mask(uint64_t *ret, char *const *codes, size_t count, mj_error *err);

/* Checks a declaration and fills ret. demo_data: role DEMO is allowed, since the data are made up.
 * INVALID_ARGUMENT PRINCIPAL_FORMAT, ROLE_UNKNOWN, ORGANISATION_REQUIRED, REGION_UNKNOWN; PERMISSION_DENIED
 * ROLE_SERVICE_RESERVED, ROLE_DEMO_REFUSED. */
int mj_principal_check(struct mj_principal *ret, const pb_principal *in, bool demo_data, mj_error *err);

/* Decides whether now may stand after before (NULL: new). organisation is its organisation as declared (NULL: it is
 * not); reserved: the id is taken by the bootstrap file. *changed: an entry is needed.
 * FAILED_PRECONDITION ORGANISATION_UNKNOWN, ORGANISATION_KIND, ORGANISATION_FROZEN; ALREADY_EXISTS
 * PRINCIPAL_RESERVED. */
int mj_principal_decide(const struct mj_principal *now, const struct mj_principal *before,
                        const struct mj_organisation *organisation, bool reserved, bool *changed, mj_error *err);

#endif
