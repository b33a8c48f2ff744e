/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* What who.c, who_fold.c and who_bootstrap.c share; nobody else includes this. */
#ifndef MJ_AUTH_WHO_STATE_H
#define MJ_AUTH_WHO_STATE_H

#include "common/auth/who.h"
#include "common/base/hash.h"

#define WHO_KEY 32                       /* bytes of a CURVE public key */

struct principal_row {
    struct mj_principal principal;
    bool bootstrap;                      /* from the file: entries do not touch it */
    UT_hash_handle hh;                   /* by principal.id */
};

struct key_row {
    uint8_t key[WHO_KEY];
    char principal[MJ_PRINCIPAL_ID];     /* "" for a key that was revoked before it was added */
    bool revoked, bootstrap;
    UT_hash_handle hh;                   /* by key */
};

struct organisation_row {
    UT_hash_handle hh;                   /* by organisation.id, beside it: asked for with every message */
    struct mj_organisation organisation;
};

struct mj_who {
    uint64_t position;
    struct principal_row *principals;
    struct key_row *keys;
    struct organisation_row *by_id;
    struct organisation_row **organisations;     /* the same, ascending by id */
    size_t organisation_count, organisation_cap;
    struct mj_age_rule *rules;           /* in the order they were set */
    size_t rule_count, rule_cap;
};

struct principal_row *mj_who_principal_row(const struct mj_who *w, const char *id);
struct key_row *mj_who_key_row(const struct mj_who *w, const uint8_t key[WHO_KEY]);
/* Index of the first organisation whose id is not below the given one. */
size_t mj_who_organisation_index(const struct mj_who *w, const char *id);
/* The row of that id or key, made where there is none. */
struct principal_row *mj_who_principal_make(struct mj_who *w, const char *id);
struct key_row *mj_who_key_make(struct mj_who *w, const uint8_t key[WHO_KEY]);
/* Bit of a partition's label as in mj_principal.regions; 0 where unknown. */
uint64_t mj_who_region_bit(const char *region);

#endif
