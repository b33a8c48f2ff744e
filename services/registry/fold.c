/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "registry/fold.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "registry/messages.h"
#include "registry/principal.h"
#include "registry/tables.h"

#define TYPE(t) [(t) - MJ_ENTRY_ORGANISATION_DECLARED]

static int organisation_declared(struct mj_rows *rows, uint64_t position, const void *m, mj_error *err)
{
    const pb_organisation *o = ((const pb_organisation_declared *)m)->organisation;
    struct mj_organisation_row *row;
    struct mj_row_key key;

    if (!o)
        return mj_fail(err, MJ_DATA_LOSS, "ENTRY_BROKEN", "organisation", "an OrganisationDeclared without content");
    row = mj_calloc(1, sizeof *row);
    key = mj_row_key_text(o->id);
    row->is.kind = (int)o->kind;
    row->position = position;
    snprintf(row->is.id, sizeof row->is.id, "%s", o->id);
    snprintf(row->is.name, sizeof row->is.name, "%s", o->name);
    snprintf(row->is.commune, sizeof row->is.commune, "%s", o->commune);
    snprintf(row->is.region, sizeof row->is.region, "%s", o->region);
    snprintf(row->is.parent, sizeof row->is.parent, "%s", o->parent);
    mj_rows_put(rows, &mj_organisation_kind, &key, row);
    return 0;
}

static int principal_declared(struct mj_rows *rows, uint64_t position, const void *m, mj_error *err)
{
    const pb_principal *p = ((const pb_principal_declared *)m)->principal;
    const struct mj_principal_row *before;
    struct mj_principal_row *row;
    struct mj_row_key key;
    uint64_t regions;

    if (!p)
        return mj_fail(err, MJ_DATA_LOSS, "ENTRY_BROKEN", "principal", "a PrincipalDeclared without content");
    if (mj_regions_mask(&regions, p->regions, p->n_regions, err) < 0)
        return mj_fail(err, MJ_DATA_LOSS, "ENTRY_BROKEN", "regions", "a PrincipalDeclared with an unknown region");
    key = mj_row_key_text(p->id);
    before = mj_rows_get(rows, &mj_principal_kind, &key);
    row = before ? mj_memdup(before, sizeof *before) : mj_calloc(1, sizeof *row);
    row->is.role = (enum mj_role)p->role;
    row->is.regions = regions;
    row->position = position;
    snprintf(row->is.id, sizeof row->is.id, "%s", p->id);
    snprintf(row->is.organisation, sizeof row->is.organisation, "%s", p->organisation);
    mj_rows_put(rows, &mj_principal_kind, &key, row);
    return 0;
}

static void put_key(struct mj_rows *rows, const struct mj_row_key *key, const char *principal, bool revoked,
                    uint64_t position)
{
    struct mj_key_row *row = mj_calloc(1, sizeof *row);

    snprintf(row->principal, sizeof row->principal, "%s", principal);
    row->revoked = revoked;
    row->position = position;
    mj_rows_put(rows, &mj_key_kind, key, row);
}

static int key_added(struct mj_rows *rows, uint64_t position, const void *m, mj_error *err)
{
    const pb_key_added *k = m;
    struct mj_row_key key = mj_row_key(k->public_key.data, k->public_key.len);
    struct mj_row_key owner = mj_row_key_text(k->principal);
    struct mj_principal_row *row = mj_rows_get(rows, &mj_principal_kind, &owner);

    if (!row || row->key_count >= MJ_KEYS_ACTIVE || key.len != MJ_PUBLIC_KEY)
        return mj_fail(err, MJ_DATA_LOSS, "ENTRY_BROKEN", "public_key", "a KeyAdded that no decision could make");
    memcpy(row->keys[row->key_count++], key.bytes, MJ_PUBLIC_KEY);
    mj_rows_touch(rows, &mj_principal_kind, &owner);
    put_key(rows, &key, k->principal, false, position);
    return 0;
}

static int key_revoked(struct mj_rows *rows, uint64_t position, const void *m, mj_error *err)
{
    const pb_key_revoked *k = m;
    struct mj_row_key key = mj_row_key(k->public_key.data, k->public_key.len), owner;
    const struct mj_key_row *was = mj_rows_get(rows, &mj_key_kind, &key);
    char principal[MJ_PRINCIPAL_ID];
    struct mj_principal_row *row;

    if (!was)
        return mj_fail(err, MJ_DATA_LOSS, "ENTRY_BROKEN", "public_key", "a KeyRevoked of a key that was never added");
    snprintf(principal, sizeof principal, "%s", was->principal);
    owner = mj_row_key_text(principal);
    row = mj_rows_get(rows, &mj_principal_kind, &owner);
    for (unsigned i = 0; row && i < row->key_count; i++)
        if (memcmp(row->keys[i], key.bytes, MJ_PUBLIC_KEY) == 0) {
            row->key_count--;
            memmove(row->keys[i], row->keys[i + 1], (row->key_count - i) * (size_t)MJ_PUBLIC_KEY);
            mj_rows_touch(rows, &mj_principal_kind, &owner);
        }
    put_key(rows, &key, principal, true, position);
    return 0;
}

static int rule_set(struct mj_rows *rows, uint64_t position, const void *m, mj_error *err)
{
    const pb_rule *r = ((const pb_rule_set *)m)->rule;
    const struct mj_rules_row *before;
    struct mj_rules_row *row;
    struct mj_rule_item *item;
    struct mj_row_key key;
    size_t n;

    if (!r)
        return mj_fail(err, MJ_DATA_LOSS, "ENTRY_BROKEN", "rule", "a RuleSet without content");
    key = mj_rules_key((int)r->programme);
    before = mj_rows_get(rows, &mj_rules_kind, &key);
    n = before ? before->count : 0;
    row = mj_calloc(1, sizeof *row + (n + 1) * sizeof row->items[0]);
    if (n)
        memcpy(row->items, before->items, n * sizeof row->items[0]);
    row->count = n + 1;
    item = &row->items[n];
    item->is = (struct mj_age_rule){ (int)r->programme, r->version, MJ_NO_DATE, (int)r->age_min, (int)r->age_limit,
                                     (int)r->age_limit_rqth };
    item->position = position;
    snprintf(item->source, sizeof item->source, "%s", r->source);
    if (mj_date_parse(&item->is.valid_from, r->valid_from, "valid_from", err) < 0) {
        free(row);
        return -1;
    }
    mj_rows_put(rows, &mj_rules_kind, &key, row);
    return 0;
}

static int person_enrolled(struct mj_rows *rows, uint64_t position, const void *m, mj_error *err)
{
    const pb_person_enrolled *e = m;
    struct mj_row_key key = mj_row_key_text(e->young_person);
    struct mj_enrolment_row *row;
    mj_date entry_on;

    if (mj_date_parse(&entry_on, e->entry_on, "entry_on", err) < 0)
        return -1;
    row = mj_calloc(1, sizeof *row + e->sealed.len);
    snprintf(row->id, sizeof row->id, "%s", e->young_person);
    snprintf(row->mission_locale, sizeof row->mission_locale, "%s", e->mission_locale);
    row->programme = (int)e->programme;
    row->entry_on = entry_on;
    row->rule_version = e->rule_version;
    row->known_fr_position = e->known_fr_position;
    row->position = position;
    row->sealed_len = e->sealed.len;
    if (e->sealed.len)
        memcpy(row->sealed, e->sealed.data, e->sealed.len);
    mj_rows_put(rows, &mj_enrolment_kind, &key, row);
    return 0;
}

static const struct {
    const ProtobufCMessageDescriptor *message;
    int (*fold)(struct mj_rows *rows, uint64_t position, const void *m, mj_error *err);
} entries[] = {
    TYPE(MJ_ENTRY_ORGANISATION_DECLARED) = { &missionjeunes__registry__v1__organisation_declared__descriptor,
                                             organisation_declared },
    TYPE(MJ_ENTRY_PRINCIPAL_DECLARED) = { &missionjeunes__registry__v1__principal_declared__descriptor,
                                          principal_declared },
    TYPE(MJ_ENTRY_KEY_ADDED) = { &missionjeunes__registry__v1__key_added__descriptor, key_added },
    TYPE(MJ_ENTRY_KEY_REVOKED) = { &missionjeunes__registry__v1__key_revoked__descriptor, key_revoked },
    TYPE(MJ_ENTRY_RULE_SET) = { &missionjeunes__registry__v1__rule_set__descriptor, rule_set },
    TYPE(MJ_ENTRY_PERSON_ENROLLED) = { &missionjeunes__registry__v1__person_enrolled__descriptor, person_enrolled },
};

bool mj_registry_knows(uint32_t type)
{
    return type >= MJ_ENTRY_ORGANISATION_DECLARED && type <= MJ_ENTRY_PERSON_ENROLLED;
}

int mj_registry_fold(void *app, struct mj_partition *p, const struct mj_entry *e, mj_error *err)
{
    ProtobufCMessage *m;
    uint32_t at = e->type - MJ_ENTRY_ORGANISATION_DECLARED;
    int rc;

    (void)app;
    if (!mj_registry_knows(e->type))
        return mj_fail(err, MJ_UNIMPLEMENTED, "ENTRY_TYPE_UNKNOWN", NULL, "entry type %u is not known here", e->type);
    m = protobuf_c_message_unpack(entries[at].message, NULL, e->payload_len, e->payload);
    if (!m)
        return mj_fail(err, MJ_DATA_LOSS, "ENTRY_BROKEN", NULL, "entry %llu does not decode",
                       (unsigned long long)e->position);
    rc = entries[at].fold(mj_partition_rows(p), e->position, m, err);
    protobuf_c_message_free_unpacked(m, NULL);
    return rc;
}
