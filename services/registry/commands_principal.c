/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* DeclarePrincipal, AddKey and RevokeKey, decided in partition "FR". */
#include <string.h>

#include "registry/commands.h"
#include "registry/principal.h"

/* ---- DeclarePrincipal ---- */

static int principal_check(struct mj_registry_command *c, mj_error *err)
{
    const pb_declare_principal *in = c->body;

    if (!in->principal)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "MISSING", "principal", "expected a principal, got none");
    if (mj_principal_check(&c->checked.principal, in->principal, c->registry->demo_data, err) < 0)
        return mj_fail_in(err, "principal");
    return 0;
}

static bool principal_needs(struct mj_registry_command *c, struct mj_rows *rows, struct mj_row_waiter *w)
{
    struct mj_row_key key = mj_row_key_text(c->checked.principal.id);
    struct mj_row_key organisation = mj_row_key_text(c->checked.principal.organisation);

    if (organisation.len && !mj_rows_need(rows, &mj_organisation_kind, &organisation, w))
        return false;
    return mj_rows_need(rows, &mj_principal_kind, &key, w);
}

static int principal_decide(struct mj_registry_command *c, struct mj_partition *p, mj_error *err)
{
    Missionjeunes__Registry__V1__DeclarePrincipalResponse answer =
        MISSIONJEUNES__REGISTRY__V1__DECLARE_PRINCIPAL_RESPONSE__INIT;
    pb_principal_declared entry = MISSIONJEUNES__REGISTRY__V1__PRINCIPAL_DECLARED__INIT;
    const struct mj_principal *now = &c->checked.principal;
    struct mj_row_key key = mj_row_key_text(now->id), organisation_key = mj_row_key_text(now->organisation);
    struct mj_rows *rows = mj_partition_rows(p);
    const struct mj_principal_row *before = mj_rows_get(rows, &mj_principal_kind, &key);
    const struct mj_organisation_row *organisation =
        organisation_key.len ? mj_rows_get(rows, &mj_organisation_kind, &organisation_key) : NULL;
    bool changed = false;

    if (mj_principal_decide(now, before ? &before->is : NULL, organisation ? &organisation->is : NULL,
                            mj_who_in_bootstrap(c->registry->who, now->id), &changed, err) < 0)
        return mj_fail_in(err, "principal");
    entry.principal = ((const pb_declare_principal *)c->body)->principal;
    answer.position = changed ? mj_partition_folded(p) + 1 : before->position;
    mj_registry_conclude(c, p, changed ? MJ_ENTRY_PRINCIPAL_DECLARED : 0, &entry.base, &answer.base);
    return 0;
}

const struct mj_verb mj_declare_principal = {
    "registry.v1.DeclarePrincipal", &missionjeunes__registry__v1__declare_principal_response__descriptor,
    principal_check, principal_needs, principal_decide,
};

/* ---- AddKey ---- */

static int add_key_check(struct mj_registry_command *c, mj_error *err)
{
    const pb_add_key *in = c->body;

    if (strlen(in->principal) >= MJ_PRINCIPAL_ID)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "PRINCIPAL_FORMAT", "principal", "expected 1 to 32 characters");
    return mj_key_check(&in->public_key, err);
}

static bool add_key_needs(struct mj_registry_command *c, struct mj_rows *rows, struct mj_row_waiter *w)
{
    const pb_add_key *in = c->body;
    struct mj_row_key owner = mj_row_key_text(in->principal), key = mj_row_key(in->public_key.data, MJ_PUBLIC_KEY);

    return mj_rows_need(rows, &mj_principal_kind, &owner, w) && mj_rows_need(rows, &mj_key_kind, &key, w);
}

static int add_key_decide(struct mj_registry_command *c, struct mj_partition *p, mj_error *err)
{
    Missionjeunes__Registry__V1__AddKeyResponse answer = MISSIONJEUNES__REGISTRY__V1__ADD_KEY_RESPONSE__INIT;
    pb_key_added entry = MISSIONJEUNES__REGISTRY__V1__KEY_ADDED__INIT;
    const pb_add_key *in = c->body;
    struct mj_row_key owner = mj_row_key_text(in->principal), key = mj_row_key(in->public_key.data, MJ_PUBLIC_KEY);
    const struct mj_principal_row *row = mj_rows_get(mj_partition_rows(p), &mj_principal_kind, &owner);
    const struct mj_key_row *was = mj_rows_get(mj_partition_rows(p), &mj_key_kind, &key);
    const struct mj_who *who = c->registry->who;
    bool revoked = false;

    if (mj_key_may_add(row != NULL, mj_who_in_bootstrap(who, in->principal),
                       was || mj_who_key_known(who, in->public_key.data, &revoked), row ? row->key_count : 0, err) < 0)
        return -1;
    entry.principal = in->principal;
    entry.public_key = in->public_key;
    answer.position = mj_partition_folded(p) + 1;
    mj_registry_conclude(c, p, MJ_ENTRY_KEY_ADDED, &entry.base, &answer.base);
    return 0;
}

const struct mj_verb mj_add_key = {
    "registry.v1.AddKey", &missionjeunes__registry__v1__add_key_response__descriptor,
    add_key_check, add_key_needs, add_key_decide,
};

/* ---- RevokeKey ---- */

static int revoke_key_check(struct mj_registry_command *c, mj_error *err)
{
    return mj_key_check(&((const pb_revoke_key *)c->body)->public_key, err);
}

static bool revoke_key_needs(struct mj_registry_command *c, struct mj_rows *rows, struct mj_row_waiter *w)
{
    struct mj_row_key key = mj_row_key(((const pb_revoke_key *)c->body)->public_key.data, MJ_PUBLIC_KEY), owner;
    const struct mj_key_row *was;

    if (!mj_rows_need(rows, &mj_key_kind, &key, w))
        return false;
    was = mj_rows_get(rows, &mj_key_kind, &key);
    if (!was)
        return true;
    owner = mj_row_key_text(was->principal);
    return mj_rows_need(rows, &mj_principal_kind, &owner, w);
}

static int revoke_key_decide(struct mj_registry_command *c, struct mj_partition *p, mj_error *err)
{
    Missionjeunes__Registry__V1__RevokeKeyResponse answer = MISSIONJEUNES__REGISTRY__V1__REVOKE_KEY_RESPONSE__INIT;
    pb_key_revoked entry = MISSIONJEUNES__REGISTRY__V1__KEY_REVOKED__INIT;
    const pb_revoke_key *in = c->body;
    struct mj_row_key key = mj_row_key(in->public_key.data, MJ_PUBLIC_KEY);
    const struct mj_key_row *was = mj_rows_get(mj_partition_rows(p), &mj_key_kind, &key);
    bool revoked = false, known = mj_who_key_known(c->registry->who, in->public_key.data, &revoked);

    if (mj_key_may_revoke(was != NULL, !was && known, err) < 0)
        return -1;
    entry.public_key = in->public_key;
    answer.position = was->revoked ? was->position : mj_partition_folded(p) + 1;
    mj_registry_conclude(c, p, was->revoked ? 0 : MJ_ENTRY_KEY_REVOKED, &entry.base, &answer.base);
    return 0;
}

const struct mj_verb mj_revoke_key = {
    "registry.v1.RevokeKey", &missionjeunes__registry__v1__revoke_key_response__descriptor,
    revoke_key_check, revoke_key_needs, revoke_key_decide,
};
