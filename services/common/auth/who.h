/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* who: principals, keys, organisations and age rules, as registry's log "FR" says: a read model that every service
 * keeps, all of it in memory (bounded by what operators declare), so that ZAP and every message are answered at
 * once. Pure: entries in, lookups out; who keeps it on disk and who follows the log is model.h's and follow.h's
 * business.
 *
 * The bootstrap file (made by "mj keys") lists the principals that exist outside the log: services and the first
 * operator; for role service also the one right per log followed. A bootstrap row wins over an entry of its id. */
#ifndef MJ_AUTH_WHO_H
#define MJ_AUTH_WHO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/codes.h"
#include "common/base/dates.h"
#include "common/base/error.h"

/* Numbered as missionjeunes.registry.v1.Role. */
enum mj_role {
    MJ_ROLE_NONE, MJ_ROLE_AGENCY, MJ_ROLE_MISSION_LOCALE, MJ_ROLE_FUNDER, MJ_ROLE_FASTT, MJ_ROLE_COMMITTEE,
    MJ_ROLE_OPERATOR, MJ_ROLE_SERVICE, MJ_ROLE_DEMO, MJ_ROLE_COUNT
};
#define MJ_ROLE_BIT(r) (1u << (r))
#define MJ_ROLES_ALL (MJ_ROLE_BIT(MJ_ROLE_COUNT) - 2u)
const char *mj_role_name(enum mj_role r);                        /* "agency" */
enum mj_role mj_role_of(const char *name);                       /* MJ_ROLE_NONE where unknown */

/* Numbered as missionjeunes.registry.v1.OrganisationKind. */
enum mj_organisation_kind {
    MJ_ORGANISATION_NONE, MJ_ORGANISATION_ETT, MJ_ORGANISATION_AGENCY, MJ_ORGANISATION_MISSION_LOCALE,
    MJ_ORGANISATION_PARTNER
};

#define MJ_PRINCIPAL_ID 33
struct mj_principal {
    char id[MJ_PRINCIPAL_ID];
    char organisation[MJ_SIRET_LEN + 1]; /* SIREN or SIRET; "" for services */
    enum mj_role role;
    uint64_t regions;                    /* bit i: mj_regions[i]; bit 63: "FR"; all ones: everywhere */
    char follows[64];                    /* role service: "registry placements", the logs it may follow */
};
/* A limited principal is in no region that is unknown here; an unlimited one is in any. */
bool mj_principal_in(const struct mj_principal *p, const char *region);

struct mj_organisation {
    int kind;                            /* registry.v1 OrganisationKind */
    char id[MJ_SIRET_LEN + 1];
    char region[MJ_REGION_TEXT];         /* "" where it has none */
    char commune[6];
    char parent[MJ_SIREN_LEN + 1];
    char name[201];
};

struct mj_age_rule {
    int programme;                       /* registry.v1 Programme */
    uint32_t version;
    mj_date valid_from;
    int age_min, age_limit, age_limit_rqth;
};

struct mj_who;
struct mj_who *mj_who_create(void);
void mj_who_destroy(struct mj_who *w);

/* Forgets all that entries said and keeps the bootstrap file's rows: before the log is folded from its start again. */
void mj_who_reset(struct mj_who *w);

/* Reads a bootstrap file, before the first fold. BOOTSTRAP names the line. Format, one key a line, '#' starts a
 * comment; a principal with two keys has two lines that say the same of it:
 *   id role public-key-in-hex [follows=registry,placements] [organisation=...] [regions=52,75] */
int mj_who_bootstrap(struct mj_who *w, const char *path, mj_error *err);

/* Folds one entry of registry's log "FR" at its position; types it does not hold, positions at or below the one
 * held, and what would touch a bootstrap row are passed over (0); a payload that cannot be unpacked is DATA_LOSS, a type
 * that no release up to this one wrote is UNIMPLEMENTED: it may take rights away.
 * A revoked key stays revoked, whatever comes later. Pointers given out before are void. */
int mj_who_fold(struct mj_who *w, uint64_t position, uint32_t type, const uint8_t *payload, size_t len, mj_error *err);
uint64_t mj_who_position(const struct mj_who *w);

const struct mj_principal *mj_who_by_key(const struct mj_who *w, const uint8_t key[32]);  /* NULL: unknown or revoked */
const struct mj_principal *mj_who_by_id(const struct mj_who *w, const char *id);
/* Such a principal and its keys change only by that file: entries about them have no effect. */
bool mj_who_in_bootstrap(const struct mj_who *w, const char *id);
const struct mj_organisation *mj_who_organisation(const struct mj_who *w, const char *id);
bool mj_who_key_known(const struct mj_who *w, const uint8_t key[32], bool *revoked);
/* The row in force for an entry on that date: the latest valid_from not after it, then the highest version.
 * NULL where no row is. */
const struct mj_age_rule *mj_who_rule(const struct mj_who *w, int programme, mj_date entry_on);
uint32_t mj_who_rule_versions(const struct mj_who *w, int programme);    /* highest version set, 0 for none */
/* The agency of a stream that this agency principal may write to: the principal's organisation is the SIRET, or its
 * SIREN; both must be declared. NULL: it may not. */
const struct mj_organisation *mj_who_own_stream(const struct mj_who *w, const struct mj_principal *p,
                                                const char *siret);
/* Organisations in ascending order of id, after the given one (""), at most n. Returns how many. */
size_t mj_who_list(const struct mj_who *w, const char *after, const struct mj_organisation **out, size_t n);

#endif
