/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "registry/principal.h"

#include <stdio.h>
#include <string.h>

int mj_regions_mask(uint64_t *ret, char *const *codes, size_t count, mj_error *err)
{
    uint64_t mask = 0;

    for (size_t i = 0; i < count; i++) {
        size_t at = 0;

        if (strcmp(codes[i], "FR") == 0) {
            mask |= 1ull << MJ_REGION_BIT_FR;
            continue;
        }
        while (at < mj_region_count && strcmp(mj_regions[at].code, codes[i]) != 0)
            at++;
        if (at == mj_region_count) {
            char field[32];

            snprintf(field, sizeof field, "regions[%zu]", i);
            return mj_fail(err, MJ_INVALID_ARGUMENT, "REGION_UNKNOWN", field,
                           "expected INSEE region codes such as \"52\", or \"FR\", got \"%.8s\"", codes[i]);
        }
        mask |= 1ull << at;
    }
    *ret = count ? mask : MJ_REGIONS_ALL;
    return 0;
}

static bool id_ok(const char *id)
{
    size_t len = strlen(id);

    return len >= 1 && len < MJ_PRINCIPAL_ID && strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

static bool needs_organisation(int role)
{
    return role == MJ_ROLE_AGENCY || role == MJ_ROLE_MISSION_LOCALE;
}

static int check_role(int role, bool demo_data, mj_error *err)
{
    if (role <= MJ_ROLE_NONE || role >= MJ_ROLE_COUNT)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "ROLE_UNKNOWN", "role", "expected a role 1 to %d, got %d",
                       MJ_ROLE_COUNT - 1, role);
    if (role == MJ_ROLE_SERVICE)
        return mj_fail(err, MJ_PERMISSION_DENIED, "ROLE_SERVICE_RESERVED", "role",
                       "services are made at installation, by \"mj keys\", and stand in the bootstrap file");
    if (role == MJ_ROLE_DEMO && !demo_data)
        return mj_fail(err, MJ_PERMISSION_DENIED, "ROLE_DEMO_REFUSED", "role",
                       "role demo sees all; it exists only where registry runs with demo-data, on made-up data");
    return 0;
}

int mj_principal_check(struct mj_principal *ret, const pb_principal *in, bool demo_data, mj_error *err)
{
    struct mj_principal p = { .role = (enum mj_role)in->role };

    if (!id_ok(in->id))
        return mj_fail(err, MJ_INVALID_ARGUMENT, "PRINCIPAL_FORMAT", "id",
                       "expected 1 to 32 characters of a-z, 0-9 and \"-\"; choose another id");
    if (check_role((int)in->role, demo_data, err) < 0)
        return -1;
    if (!*in->organisation && needs_organisation((int)in->role))
        return mj_fail(err, MJ_INVALID_ARGUMENT, "ORGANISATION_REQUIRED", "organisation",
                       "expected the SIREN or SIRET of a declared organisation for role %s", mj_role_name(p.role));
    if (strlen(in->organisation) >= sizeof p.organisation)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "ORGANISATION_UNKNOWN", "organisation", "expected a SIREN or SIRET");
    if (mj_regions_mask(&p.regions, in->regions, in->n_regions, err) < 0)
        return -1;
    snprintf(p.id, sizeof p.id, "%s", in->id);
    snprintf(p.organisation, sizeof p.organisation, "%s", in->organisation);
    *ret = p;
    return 0;
}

/* The kinds of organisation that a role may belong to. */
static bool kind_fits(enum mj_role role, int kind)
{
    if (role == MJ_ROLE_AGENCY)
        return kind == MJ_ORGANISATION_ETT || kind == MJ_ORGANISATION_AGENCY;
    if (role == MJ_ROLE_MISSION_LOCALE)
        return kind == MJ_ORGANISATION_MISSION_LOCALE;
    return kind != MJ_ORGANISATION_AGENCY;
}

int mj_principal_decide(const struct mj_principal *now, const struct mj_principal *before,
                        const struct mj_organisation *organisation, bool reserved, bool *changed, mj_error *err)
{
    if (reserved)
        return mj_fail(err, MJ_ALREADY_EXISTS, "PRINCIPAL_RESERVED", "id",
                       "this id stands in the bootstrap file; choose another");
    if (before && strcmp(before->organisation, now->organisation) != 0)
        return mj_fail(err, MJ_FAILED_PRECONDITION, "ORGANISATION_FROZEN", "organisation",
                       "this principal belongs to \"%s\" for good; declare another principal", before->organisation);
    if (*now->organisation && !organisation)
        return mj_fail(err, MJ_FAILED_PRECONDITION, "ORGANISATION_UNKNOWN", "organisation",
                       "\"%s\" is not declared; declare the organisation first", now->organisation);
    if (organisation && !kind_fits(now->role, organisation->kind))
        return mj_fail(err, MJ_FAILED_PRECONDITION, "ORGANISATION_KIND", "organisation",
                       "an organisation of kind %d has no principals of role %s", organisation->kind,
                       mj_role_name(now->role));
    *changed = !before || before->role != now->role || before->regions != now->regions;
    return 0;
}
