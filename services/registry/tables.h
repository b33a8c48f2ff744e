/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* tables: registry's rows, in memory and in SQL: the only SQL of the service.
 *
 * Partition "FR" holds organisations, principals, keys and rules; a region's partition holds enrolments. All
 * partitions have the same tables. Rows are written by fold.c alone. */
#ifndef MJ_REGISTRY_TABLES_H
#define MJ_REGISTRY_TABLES_H

#include "common/auth/who.h"
#include "common/store/rows.h"
#include "registry/key.h"
#include "registry/text.h"

#define MJ_REGISTRY_SCHEMA_NAME "registry-1"
extern const char mj_registry_schema[];

struct mj_organisation_row { struct mj_organisation is; uint64_t position; };
struct mj_principal_row {
    struct mj_principal is;
    uint8_t keys[MJ_KEYS_ACTIVE][MJ_PUBLIC_KEY];         /* active ones */
    unsigned key_count;
    uint64_t position;
};
struct mj_key_row { char principal[MJ_PRINCIPAL_ID]; bool revoked; uint64_t position; };
struct mj_rules_row {                    /* all rules of one programme, in the order they were set */
    size_t count;
    struct mj_rule_item { struct mj_age_rule is; char source[MJ_NAME_MAX + 1]; uint64_t position; } items[];
};
struct mj_enrolment_row {
    char id[24], mission_locale[MJ_SIRET_LEN + 1];
    int programme;
    mj_date entry_on;
    uint32_t rule_version;
    uint64_t known_fr_position, position;
    size_t sealed_len;
    uint8_t sealed[];                    /* as in the entry */
};

extern const struct mj_row_kind mj_organisation_kind;    /* key: SIREN or SIRET */
extern const struct mj_row_kind mj_principal_kind;       /* key: id */
extern const struct mj_row_kind mj_key_kind;             /* key: the 32 bytes */
extern const struct mj_row_kind mj_rules_kind;           /* key: mj_rules_key */
extern const struct mj_row_kind mj_enrolment_kind;       /* key: the young person's id */
struct mj_row_key mj_rules_key(int programme);

/* ---- queries, on the read thread ---- */
#define MJ_PAGE_MAX 1000
/* *found false where there is none. */
int mj_query_organisation(struct mj_tables *t, const char *id, struct mj_organisation_row *ret, bool *found,
                          mj_error *err);
/* In ascending order of id after the given one, at most max; kind 0 and region "" match all. */
int mj_query_organisations(struct mj_tables *t, const char *after, int kind, const char *region,
                           struct mj_organisation_row *out, size_t max, size_t *count, mj_error *err);
/* Likewise a Mission Locale's own; sealed attributes are not read. */
int mj_query_enrolments(struct mj_tables *t, const char *mission_locale, const char *after,
                        struct mj_enrolment_row *out, size_t max, size_t *count, mj_error *err);

#endif
