/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "registry/organisation.h"

#include <stdio.h>
#include <string.h>

#include "registry/text.h"

static bool has_siret(int kind)
{
    return kind == MJ_ORGANISATION_AGENCY || kind == MJ_ORGANISATION_MISSION_LOCALE;
}

static int check_id(const pb_organisation *in, mj_error *err)
{
    int kind = (int)in->kind;

    if (kind < MJ_ORGANISATION_ETT || kind > MJ_ORGANISATION_PARTNER)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "KIND_UNKNOWN", "kind",
                       "expected ETT (1), AGENCY (2), MISSION_LOCALE (3) or PARTNER (4), got %d", kind);
    if (has_siret(kind))
        return mj_siret_check(in->id, "id", err);
    return mj_siren_check(in->id, "id", err);
}

/* Region of the commune; an ETT has neither, a partner may. */
static int check_commune(struct mj_organisation *o, const char *commune, mj_error *err)
{
    const struct mj_region *region = NULL;

    if (o->kind == MJ_ORGANISATION_ETT && *commune)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "COMMUNE_UNWANTED", "commune",
                       "expected none for an ETT; declare its agencies with theirs");
    if (!*commune && !has_siret(o->kind))
        return 0;
    if (mj_region_of_commune(&region, commune, "commune", err) < 0)
        return -1;
    snprintf(o->commune, sizeof o->commune, "%s", commune);
    snprintf(o->region, sizeof o->region, "%s", region->code);
    return 0;
}

int mj_organisation_check(struct mj_organisation *ret, const pb_organisation *in, bool name_optional, mj_error *err)
{
    struct mj_organisation o = { .kind = (int)in->kind };

    if (check_id(in, err) < 0)
        return -1;
    if (*in->region || *in->parent)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "SET_BY_REGISTRY", *in->region ? "region" : "parent",
                       "expected it empty: registry draws it from commune and id");
    if (!(name_optional && !*in->name) && mj_text_check(in->name, "name", err) < 0)
        return -1;
    if (check_commune(&o, in->commune, err) < 0)
        return -1;
    snprintf(o.id, sizeof o.id, "%s", in->id);
    snprintf(o.name, sizeof o.name, "%s", in->name);
    if (o.kind == MJ_ORGANISATION_AGENCY)
        snprintf(o.parent, sizeof o.parent, "%.9s", in->id);
    *ret = o;
    return 0;
}

int mj_organisation_decide(struct mj_organisation *now, const struct mj_organisation *before,
                           const struct mj_organisation *parent, bool *changed, mj_error *err)
{
    if (before && before->kind != now->kind)
        return mj_fail(err, MJ_FAILED_PRECONDITION, "KIND_FROZEN", "kind",
                       "%s stands as kind %d, got %d; a kind never changes", now->id, before->kind, now->kind);
    if (before && has_siret(now->kind) && strcmp(before->region, now->region) != 0)
        return mj_fail(err, MJ_FAILED_PRECONDITION, "REGION_FROZEN", "commune",
                       "%s was declared in region %s, got a commune of region %s; an establishment that moved has a "
                       "new SIRET: declare that one", now->id, before->region, now->region);
    if (now->kind == MJ_ORGANISATION_AGENCY && (!parent || parent->kind != MJ_ORGANISATION_ETT))
        return mj_fail(err, MJ_FAILED_PRECONDITION, "PARENT_UNKNOWN", "id",
                       "ETT %s is not declared; an operator declares it first", now->parent);
    if (!*now->name)
        snprintf(now->name, sizeof now->name, "%s", before ? before->name : parent ? parent->name : now->id);
    *changed = !before || strcmp(before->name, now->name) != 0 || strcmp(before->commune, now->commune) != 0 ||
               strcmp(before->region, now->region) != 0;
    return 0;
}
