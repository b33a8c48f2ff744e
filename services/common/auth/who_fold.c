/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* The entries of registry's log "FR", one function each. */
#include <stdlib.h>
#include <string.h>

#include "common/auth/who_state.h"
#include "common/base/arena.h"
#include "common/base/buf.h"
#include "missionjeunes/registry/v1/entries.pb-c.h"

#define LAST_TYPE MISSIONJEUNES__REGISTRY__V1__ENTRY_TYPE__ENTRY_TYPE_PERSON_ENROLLED

typedef int fold_fn(struct mj_who *w, const ProtobufCMessage *m, mj_error *err);

/* Copies a text of an entry; one that is longer than its column was written by no release of ours. */
static int take_text(char *to, size_t size, const char *text, const char *field, mj_error *err)
{
    size_t len = strlen(text);
    if (len >= size)
        return mj_fail(err, MJ_DATA_LOSS, "ENTRY_TEXT", field, "expected at most %zu bytes, got %zu; verify registry's "
                       "log", size - 1, len);
    memcpy(to, text, len + 1);
    return 0;
}

static int take_key(const ProtobufCBinaryData *key, mj_error *err)
{
    if (key->len != WHO_KEY)
        return mj_fail(err, MJ_DATA_LOSS, "ENTRY_KEY", "public_key", "expected %d bytes, got %zu; verify registry's "
                       "log", WHO_KEY, key->len);
    return 0;
}

/* ---- organisations ---- */

static void put_organisation(struct mj_who *w, const struct mj_organisation *o)
{
    struct organisation_row *row;
    HASH_FIND_STR(w->by_id, o->id, row);
    if (row) {
        row->organisation = *o;
        return;
    }
    if (w->organisation_count == w->organisation_cap) {
        size_t cap = w->organisation_cap ? 2 * w->organisation_cap : 64;
        struct organisation_row **grown = mj_calloc(cap, sizeof *grown);
        if (w->organisation_count > 0)
            memcpy(grown, w->organisations, w->organisation_count * sizeof *grown);
        free(w->organisations);
        w->organisations = grown;
        w->organisation_cap = cap;
    }
    size_t i = mj_who_organisation_index(w, o->id);
    memmove(&w->organisations[i + 1], &w->organisations[i], (w->organisation_count - i) * sizeof *w->organisations);
    row = mj_calloc(1, sizeof *row);
    row->organisation = *o;
    HASH_ADD_STR(w->by_id, organisation.id, row);
    w->organisations[i] = row;
    w->organisation_count++;
}

static int fold_organisation(struct mj_who *w, const ProtobufCMessage *m, mj_error *err)
{
    const Missionjeunes__Registry__V1__Organisation *from =
        ((const Missionjeunes__Registry__V1__OrganisationDeclared *)m)->organisation;
    if (!from || from->id[0] == '\0')
        return mj_fail(err, MJ_DATA_LOSS, "ENTRY_TEXT", "organisation.id", "expected an id; verify registry's log");
    struct mj_organisation o = { .kind = (int)from->kind };
    if (take_text(o.id, sizeof o.id, from->id, "organisation.id", err) != 0 ||
        take_text(o.name, sizeof o.name, from->name, "organisation.name", err) != 0 ||
        take_text(o.commune, sizeof o.commune, from->commune, "organisation.commune", err) != 0 ||
        take_text(o.region, sizeof o.region, from->region, "organisation.region", err) != 0 ||
        take_text(o.parent, sizeof o.parent, from->parent, "organisation.parent", err) != 0)
        return -1;
    put_organisation(w, &o);
    return 0;
}

/* ---- principals and keys ---- */

/* None named: everywhere. Named ones that are unknown here give no right. */
static uint64_t regions_of(const Missionjeunes__Registry__V1__Principal *p)
{
    uint64_t bits = 0;
    if (p->n_regions == 0)
        return UINT64_MAX;
    for (size_t i = 0; i < p->n_regions; i++)
        bits |= mj_who_region_bit(p->regions[i]);
    return bits;
}

static int fold_principal(struct mj_who *w, const ProtobufCMessage *m, mj_error *err)
{
    const Missionjeunes__Registry__V1__Principal *from =
        ((const Missionjeunes__Registry__V1__PrincipalDeclared *)m)->principal;
    if (!from || from->id[0] == '\0')
        return mj_fail(err, MJ_DATA_LOSS, "ENTRY_TEXT", "principal.id", "expected an id; verify registry's log");
    struct mj_principal p = { .role = (enum mj_role)from->role, .regions = regions_of(from) };
    if (take_text(p.id, sizeof p.id, from->id, "principal.id", err) != 0 ||
        take_text(p.organisation, sizeof p.organisation, from->organisation, "principal.organisation", err) != 0)
        return -1;
    struct principal_row *row = mj_who_principal_make(w, p.id);
    if (!row->bootstrap)
        row->principal = p;
    return 0;
}

static int fold_key_added(struct mj_who *w, const ProtobufCMessage *m, mj_error *err)
{
    const Missionjeunes__Registry__V1__KeyAdded *from = (const Missionjeunes__Registry__V1__KeyAdded *)m;
    char id[MJ_PRINCIPAL_ID];
    if (take_key(&from->public_key, err) != 0 || take_text(id, sizeof id, from->principal, "principal", err) != 0)
        return -1;
    if (mj_who_in_bootstrap(w, id))
        return 0;
    struct key_row *row = mj_who_key_make(w, from->public_key.data);
    if (row->principal[0] == '\0')      /* a key keeps its first principal: nobody takes one over */
        strcpy(row->principal, id);
    return 0;
}

static int fold_key_revoked(struct mj_who *w, const ProtobufCMessage *m, mj_error *err)
{
    const Missionjeunes__Registry__V1__KeyRevoked *from = (const Missionjeunes__Registry__V1__KeyRevoked *)m;
    if (take_key(&from->public_key, err) != 0)
        return -1;
    struct key_row *row = mj_who_key_make(w, from->public_key.data);
    if (!row->bootstrap)
        row->revoked = true;
    return 0;
}

/* ---- rules ---- */

static int fold_rule(struct mj_who *w, const ProtobufCMessage *m, mj_error *err)
{
    const Missionjeunes__Registry__V1__ProgrammeRule *from = ((const Missionjeunes__Registry__V1__RuleSet *)m)->rule;
    if (!from || from->age_min > 150 || from->age_limit > 150 || from->age_limit_rqth > 150)
        return mj_fail(err, MJ_DATA_LOSS, "ENTRY_RULE", "rule", "expected ages up to 150; verify registry's log");
    struct mj_age_rule rule = { .programme = (int)from->programme, .version = from->version,
        .age_min = (int)from->age_min, .age_limit = (int)from->age_limit,
        .age_limit_rqth = (int)from->age_limit_rqth };
    mj_error why;
    if (mj_date_parse(&rule.valid_from, from->valid_from, "rule.valid_from", &why) != 0)
        return mj_fail(err, MJ_DATA_LOSS, why.reason, why.field, "%s", why.text);
    if (w->rule_count == w->rule_cap) {
        size_t cap = w->rule_cap ? 2 * w->rule_cap : 8;
        struct mj_age_rule *grown = mj_calloc(cap, sizeof *grown);
        if (w->rule_count > 0)
            memcpy(grown, w->rules, w->rule_count * sizeof *grown);
        free(w->rules);
        w->rules = grown;
        w->rule_cap = cap;
    }
    w->rules[w->rule_count++] = rule;
    return 0;
}

static const struct {
    uint32_t type;
    const ProtobufCMessageDescriptor *descriptor;
    fold_fn *fold;
} folds[] = {
    { MISSIONJEUNES__REGISTRY__V1__ENTRY_TYPE__ENTRY_TYPE_ORGANISATION_DECLARED,
      &missionjeunes__registry__v1__organisation_declared__descriptor, fold_organisation },
    { MISSIONJEUNES__REGISTRY__V1__ENTRY_TYPE__ENTRY_TYPE_PRINCIPAL_DECLARED,
      &missionjeunes__registry__v1__principal_declared__descriptor, fold_principal },
    { MISSIONJEUNES__REGISTRY__V1__ENTRY_TYPE__ENTRY_TYPE_KEY_ADDED,
      &missionjeunes__registry__v1__key_added__descriptor, fold_key_added },
    { MISSIONJEUNES__REGISTRY__V1__ENTRY_TYPE__ENTRY_TYPE_KEY_REVOKED,
      &missionjeunes__registry__v1__key_revoked__descriptor, fold_key_revoked },
    { MISSIONJEUNES__REGISTRY__V1__ENTRY_TYPE__ENTRY_TYPE_RULE_SET,
      &missionjeunes__registry__v1__rule_set__descriptor, fold_rule },
};

static int fold_payload(struct mj_who *w, size_t i, const uint8_t *payload, size_t len, mj_error *err)
{
    struct mj_arena *arena = mj_arena_create(mj_arena_ceiling(len));
    ProtobufCMessage *m;
    mj_error why;
    if (!arena)
        return mj_fail(err, MJ_RESOURCE_EXHAUSTED, "MEMORY", NULL, "no memory to read an entry of %zu bytes", len);
    int rc;
    if (mj_unpack(&m, folds[i].descriptor, payload, len, arena, &why) != 0)
        rc = mj_fail(err, MJ_DATA_LOSS, why.reason, why.field, "%s", why.text);
    else
        rc = folds[i].fold(w, m, err);
    mj_arena_destroy(arena);
    return rc;
}

int mj_who_fold(struct mj_who *w, uint64_t position, uint32_t type, const uint8_t *payload, size_t len, mj_error *err)
{
    if (position <= w->position)
        return 0;
    if (type > LAST_TYPE)
        return mj_fail(err, MJ_UNIMPLEMENTED, "ENTRY_TYPE_UNKNOWN", NULL,
                       "registry's log \"FR\" holds an entry of type %u "
                       "at %llu, which this program does not know; install a newer one",
                       type, (unsigned long long)position);
    for (size_t i = 0; i < sizeof folds / sizeof folds[0]; i++)
        if (folds[i].type == type && fold_payload(w, i, payload, len, err) != 0)
            return -1;
    w->position = position;
    return 0;
}
