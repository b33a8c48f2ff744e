/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* codes: regions, departments, SIREN and SIRET, ROME. Codes are strings, never integers ("01", "2A").
 * All checks name the field and give INVALID_ARGUMENT. Pure. */
#ifndef MJ_BASE_CODES_H
#define MJ_BASE_CODES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/error.h"

#define MJ_SIREN_LEN 9
#define MJ_SIRET_LEN 14
#define MJ_REGION_TEXT 3 /* two characters and NUL; partitions: a region, a collectivity's label or "FR" */

/* One region (INSEE, code officiel géographique 2016) or collectivity in scope of the AKTO agreement of 2024
 * (975, 977, 978 as partitions "PM", "BL", "MF"). */
struct mj_region {
    char code[MJ_REGION_TEXT];
    const char *name;                   /* "Pays de la Loire" */
    const char *timezone;               /* IANA: "Europe/Paris", "America/Martinique" ... */
    int missions_locales_2015;          /* Sénat, report r16-575, 2015 table; 0 where it has none */
    const char *departments;            /* "44 49 53 72 85" */
};
extern const struct mj_region mj_regions[];     /* ends with an empty code; 18 regions, then 3 collectivities */
extern const size_t mj_region_count;            /* 21 */

const struct mj_region *mj_region_find(const char *code);        /* NULL where unknown; "FR" is no region */
bool mj_partition_is(const char *code);                          /* a region, or "FR" */
int mj_region_check(const char *code, const char *field, mj_error *err);      /* REGION_UNKNOWN */
/* Region of an INSEE commune code ("44109", "2A004", "97105"). COMMUNE_FORMAT, COMMUNE_UNKNOWN. */
int mj_region_of_commune(const struct mj_region **ret, const char *commune, const char *field, mj_error *err);

/* 9 digits with their Luhn key. SIREN_FORMAT, SIREN_CHECKSUM. */
int mj_siren_check(const char *siren, const char *field, mj_error *err);
/* 14 digits; Luhn over the SIREN part and over all 14; La Poste (SIREN 356000000): Luhn or digit sum a multiple
 * of 5. SIRET_FORMAT, SIRET_CHECKSUM. */
int mj_siret_check(const char *siret, const char *field, mj_error *err);
/* Completes a valid SIREN and a 4-digit serial to a valid SIRET (for made-up data and tests). */
void mj_siret_make(char out[MJ_SIRET_LEN + 1], const char siren[MJ_SIREN_LEN + 1], unsigned serial);
void mj_siren_make(char out[MJ_SIREN_LEN + 1], unsigned serial); /* an 8-digit serial with its key */

/* A letter A to N and 4 digits (France Travail, ROME v3 and v4), and one of its 110 professional domains
 * (letter + first two digits). ROME_FORMAT, ROME_UNKNOWN. */
int mj_rome_check(const char *rome, const char *field, mj_error *err);

#endif
