/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* DeclareOrganisation and DeclareAgency: both put one organisation's row, decided in partition "FR". */
#include <stdio.h>
#include <string.h>

#include "registry/commands.h"
#include "registry/organisation.h"

/* ---- what both share ---- */

static bool organisation_needs(struct mj_registry_command *c, struct mj_rows *rows, struct mj_row_waiter *w)
{
    struct mj_row_key key = mj_row_key_text(c->checked.organisation.id);
    struct mj_row_key parent = mj_row_key_text(c->checked.organisation.parent);

    if (parent.len && !mj_rows_need(rows, &mj_organisation_kind, &parent, w))
        return false;
    return mj_rows_need(rows, &mj_organisation_kind, &key, w);
}

/* Decides; *position is the new entry's, or the one that stands where nothing changed. */
static int decide_row(struct mj_registry_command *c, struct mj_partition *p, bool *changed, uint64_t *position,
                      mj_error *err)
{
    struct mj_organisation *now = &c->checked.organisation;
    struct mj_row_key key = mj_row_key_text(now->id), parent_key = mj_row_key_text(now->parent);
    struct mj_rows *rows = mj_partition_rows(p);
    const struct mj_organisation_row *parent = parent_key.len ? mj_rows_get(rows, &mj_organisation_kind, &parent_key)
                                                              : NULL;
    const struct mj_organisation_row *before = mj_rows_get(rows, &mj_organisation_kind, &key);

    if (mj_organisation_decide(now, before ? &before->is : NULL, parent ? &parent->is : NULL, changed, err) < 0)
        return -1;
    *position = *changed ? mj_partition_folded(p) + 1 : before->position;
    return 0;
}

/* Texts stay those of o. */
static pb_organisation to_wire(const struct mj_organisation *o)
{
    pb_organisation m = MISSIONJEUNES__REGISTRY__V1__ORGANISATION__INIT;

    m.kind = (Missionjeunes__Registry__V1__OrganisationKind)o->kind;
    m.id = (char *)o->id;
    m.name = (char *)o->name;
    m.commune = (char *)o->commune;
    m.region = (char *)o->region;
    m.parent = (char *)o->parent;
    return m;
}

/* ---- DeclareOrganisation ---- */

static int organisation_check(struct mj_registry_command *c, mj_error *err)
{
    const pb_declare_organisation *in = c->body;

    if (!in->organisation)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "MISSING", "organisation", "expected an organisation, got none");
    if (mj_organisation_check(&c->checked.organisation, in->organisation, false, err) < 0)
        return mj_fail_in(err, "organisation");
    return 0;
}

static int organisation_decide(struct mj_registry_command *c, struct mj_partition *p, mj_error *err)
{
    Missionjeunes__Registry__V1__DeclareOrganisationResponse answer =
        MISSIONJEUNES__REGISTRY__V1__DECLARE_ORGANISATION_RESPONSE__INIT;
    pb_organisation_declared entry = MISSIONJEUNES__REGISTRY__V1__ORGANISATION_DECLARED__INIT;
    pb_organisation organisation;
    bool changed = false;

    if (decide_row(c, p, &changed, &answer.position, err) < 0)
        return mj_fail_in(err, "organisation");
    organisation = to_wire(&c->checked.organisation);
    entry.organisation = answer.organisation = &organisation;
    mj_registry_conclude(c, p, changed ? MJ_ENTRY_ORGANISATION_DECLARED : 0, &entry.base, &answer.base);
    return 0;
}

const struct mj_verb mj_declare_organisation = {
    "registry.v1.DeclareOrganisation", &missionjeunes__registry__v1__declare_organisation_response__descriptor,
    organisation_check, organisation_needs, organisation_decide,
};

/* ---- DeclareAgency ---- */

/* An ETT's system declares the ETT's establishments; one agency's system may repeat its own. */
static int agency_owned(const struct mj_registry_command *c, const char *siret, mj_error *err)
{
    const char *own = c->caller->organisation;

    if (strcmp(own, siret) == 0 || (strlen(own) == MJ_SIREN_LEN && strncmp(own, siret, MJ_SIREN_LEN) == 0))
        return 0;
    return mj_fail(err, MJ_PERMISSION_DENIED, "NOT_YOUR_ETT", "siret",
                   "expected an establishment of the caller's ETT; its SIRET starts with the ETT's SIREN");
}

static int agency_check(struct mj_registry_command *c, mj_error *err)
{
    const pb_declare_agency *in = c->body;
    pb_organisation o = MISSIONJEUNES__REGISTRY__V1__ORGANISATION__INIT;

    if (mj_siret_check(in->siret, "siret", err) < 0 || agency_owned(c, in->siret, err) < 0)
        return -1;
    o.kind = MISSIONJEUNES__REGISTRY__V1__ORGANISATION_KIND__ORGANISATION_KIND_AGENCY;
    o.id = in->siret;
    o.name = in->name;
    o.commune = in->commune;
    if (mj_organisation_check(&c->checked.organisation, &o, true, err) < 0)
        return -1;
    if (!mj_principal_in(c->caller, c->checked.organisation.region))
        return mj_fail(err, MJ_PERMISSION_DENIED, "NOT_YOUR_REGION", "commune",
                       "the caller is not entitled in region %s", c->checked.organisation.region);
    return 0;
}

static int agency_decide(struct mj_registry_command *c, struct mj_partition *p, mj_error *err)
{
    Missionjeunes__Registry__V1__DeclareAgencyResponse answer =
        MISSIONJEUNES__REGISTRY__V1__DECLARE_AGENCY_RESPONSE__INIT;
    pb_organisation_declared entry = MISSIONJEUNES__REGISTRY__V1__ORGANISATION_DECLARED__INIT;
    pb_organisation organisation;
    bool changed = false;

    if (decide_row(c, p, &changed, &answer.position, err) < 0)
        return -1;
    organisation = to_wire(&c->checked.organisation);
    entry.organisation = &organisation;
    answer.region = organisation.region;
    mj_registry_conclude(c, p, changed ? MJ_ENTRY_ORGANISATION_DECLARED : 0, &entry.base, &answer.base);
    return 0;
}

const struct mj_verb mj_declare_agency = {
    "registry.v1.DeclareAgency", &missionjeunes__registry__v1__declare_agency_response__descriptor,
    agency_check, organisation_needs, agency_decide,
};
