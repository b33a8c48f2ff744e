/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "common/auth/who.h"

#include <stdlib.h>
#include <string.h>

#include "common/auth/who_state.h"
#include "common/base/buf.h"

#define EVERYWHERE UINT64_MAX
#define FR_BIT (UINT64_C(1) << 63)

static const char *const role_names[MJ_ROLE_COUNT] = {
    "none", "agency", "mission_locale", "funder", "fastt", "committee", "operator", "service", "demo"
};

const char *mj_role_name(enum mj_role r)
{
    return (unsigned)r < MJ_ROLE_COUNT ? role_names[r] : role_names[MJ_ROLE_NONE];
}

enum mj_role mj_role_of(const char *name)
{
    for (unsigned r = MJ_ROLE_NONE + 1; r < MJ_ROLE_COUNT; r++)
        if (strcmp(name, role_names[r]) == 0)
            return (enum mj_role)r;
    return MJ_ROLE_NONE;
}

uint64_t mj_who_region_bit(const char *region)
{
    if (strcmp(region, "FR") == 0)
        return FR_BIT;
    const struct mj_region *found = mj_region_find(region);
    return found ? UINT64_C(1) << (found - mj_regions) : 0;
}

bool mj_principal_in(const struct mj_principal *p, const char *region)
{
    return p->regions == EVERYWHERE || (p->regions & mj_who_region_bit(region)) != 0;
}

struct mj_who *mj_who_create(void)
{
    return mj_calloc(1, sizeof(struct mj_who));
}

static void drop_principals(struct mj_who *w, bool bootstrap_too)
{
    struct principal_row *row, *next;
    HASH_ITER(hh, w->principals, row, next) {
        if (row->bootstrap && !bootstrap_too)
            continue;
        HASH_DEL(w->principals, row);
        free(row);
    }
}

static void drop_keys(struct mj_who *w, bool bootstrap_too)
{
    struct key_row *row, *next;
    HASH_ITER(hh, w->keys, row, next) {
        if (row->bootstrap && !bootstrap_too)
            continue;
        HASH_DEL(w->keys, row);
        free(row);
    }
}

static void drop_log(struct mj_who *w, bool bootstrap_too)
{
    drop_principals(w, bootstrap_too);
    drop_keys(w, bootstrap_too);
    HASH_CLEAR(hh, w->by_id);
    for (size_t i = 0; i < w->organisation_count; i++)
        free(w->organisations[i]);
    w->organisation_count = 0;
    w->rule_count = 0;
    w->position = 0;
}

void mj_who_reset(struct mj_who *w)
{
    drop_log(w, false);
}

void mj_who_destroy(struct mj_who *w)
{
    if (!w)
        return;
    drop_log(w, true);
    free(w->organisations);
    free(w->rules);
    free(w);
}

uint64_t mj_who_position(const struct mj_who *w)
{
    return w->position;
}

/* ---- rows ---- */

struct principal_row *mj_who_principal_row(const struct mj_who *w, const char *id)
{
    struct principal_row *row;
    HASH_FIND(hh, w->principals, id, strlen(id), row);
    return row;
}

struct key_row *mj_who_key_row(const struct mj_who *w, const uint8_t key[WHO_KEY])
{
    struct key_row *row;
    HASH_FIND(hh, w->keys, key, WHO_KEY, row);
    return row;
}

struct principal_row *mj_who_principal_make(struct mj_who *w, const char *id)
{
    struct principal_row *row = mj_who_principal_row(w, id);
    if (row)
        return row;
    row = mj_calloc(1, sizeof *row);
    strncpy(row->principal.id, id, sizeof row->principal.id - 1);
    HASH_ADD_KEYPTR(hh, w->principals, row->principal.id, strlen(row->principal.id), row);
    return row;
}

struct key_row *mj_who_key_make(struct mj_who *w, const uint8_t key[WHO_KEY])
{
    struct key_row *row = mj_who_key_row(w, key);
    if (row)
        return row;
    row = mj_calloc(1, sizeof *row);
    memcpy(row->key, key, WHO_KEY);
    HASH_ADD(hh, w->keys, key, WHO_KEY, row);
    return row;
}

size_t mj_who_organisation_index(const struct mj_who *w, const char *id)
{
    size_t low = 0, high = w->organisation_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(w->organisations[middle]->organisation.id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* ---- questions ---- */

const struct mj_principal *mj_who_by_key(const struct mj_who *w, const uint8_t key[32])
{
    const struct key_row *row = mj_who_key_row(w, key);
    return row && !row->revoked ? mj_who_by_id(w, row->principal) : NULL;
}

const struct mj_principal *mj_who_by_id(const struct mj_who *w, const char *id)
{
    const struct principal_row *row = mj_who_principal_row(w, id);
    return row ? &row->principal : NULL;
}

bool mj_who_in_bootstrap(const struct mj_who *w, const char *id)
{
    const struct principal_row *row = mj_who_principal_row(w, id);
    return row && row->bootstrap;
}

bool mj_who_key_known(const struct mj_who *w, const uint8_t key[32], bool *revoked)
{
    const struct key_row *row = mj_who_key_row(w, key);
    *revoked = row && row->revoked;
    return row != NULL;
}

const struct mj_organisation *mj_who_organisation(const struct mj_who *w, const char *id)
{
    const struct organisation_row *row;
    HASH_FIND_STR(w->by_id, id, row);
    return row ? &row->organisation : NULL;
}

size_t mj_who_list(const struct mj_who *w, const char *after, const struct mj_organisation **out, size_t n)
{
    size_t i = mj_who_organisation_index(w, after), count = 0;
    if (i < w->organisation_count && strcmp(w->organisations[i]->organisation.id, after) == 0)
        i++;
    while (count < n && i < w->organisation_count)
        out[count++] = &w->organisations[i++]->organisation;
    return count;
}

static bool goes_before(const struct mj_age_rule *a, const struct mj_age_rule *b)
{
    return a->valid_from > b->valid_from || (a->valid_from == b->valid_from && a->version > b->version);
}

const struct mj_age_rule *mj_who_rule(const struct mj_who *w, int programme, mj_date entry_on)
{
    const struct mj_age_rule *best = NULL;
    for (size_t i = 0; i < w->rule_count; i++) {
        const struct mj_age_rule *rule = &w->rules[i];
        if (rule->programme == programme && rule->valid_from <= entry_on && (!best || goes_before(rule, best)))
            best = rule;
    }
    return best;
}

uint32_t mj_who_rule_versions(const struct mj_who *w, int programme)
{
    uint32_t highest = 0;
    for (size_t i = 0; i < w->rule_count; i++)
        if (w->rules[i].programme == programme && w->rules[i].version > highest)
            highest = w->rules[i].version;
    return highest;
}

const struct mj_organisation *mj_who_own_stream(const struct mj_who *w, const struct mj_principal *p, const char *siret)
{
    if (p->role != MJ_ROLE_AGENCY || strlen(siret) != MJ_SIRET_LEN)
        return NULL;
    bool itself = strcmp(p->organisation, siret) == 0;
    bool own_ett = strlen(p->organisation) == MJ_SIREN_LEN && strncmp(p->organisation, siret, MJ_SIREN_LEN) == 0;
    if (!itself && (!own_ett || !mj_who_organisation(w, p->organisation)))
        return NULL;
    const struct mj_organisation *stream = mj_who_organisation(w, siret);
    return stream && stream->kind == MJ_ORGANISATION_AGENCY ? stream : NULL;
}
