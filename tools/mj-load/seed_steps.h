/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* seed_steps: what seeding asks of registry, one kind of command after the other. */
#ifndef MJ_LOAD_SEED_STEPS_H
#define MJ_LOAD_SEED_STEPS_H

#include "missionjeunes/registry/v1/registry.pb-c.h"
#include "pipe.h"
#include "seed.h"

struct load_seeding {
    const struct load_options *options;
    struct load_world *world;
    FILE *file;                          /* of the world: who is enrolled */
    union {                              /* the command being made */
        Missionjeunes__Registry__V1__DeclareOrganisationRequest organisation;
        Missionjeunes__Registry__V1__DeclarePrincipalRequest principal;
        Missionjeunes__Registry__V1__AddKeyRequest key;
        Missionjeunes__Registry__V1__DeclareAgencyRequest agency;
        Missionjeunes__Registry__V1__EnrolRequest enrol;
    } body;
    Missionjeunes__Registry__V1__Organisation organisation;
    Missionjeunes__Registry__V1__Principal principal;
    struct load_organisation who;
    struct mj_curve keys;
    char *region, birth[MJ_DATE_TEXT], entry[MJ_DATE_TEXT];
    mj_error err;                        /* of make, which cannot fail by itself */
    bool failed;
};

/* Whoever speaks: the operator, or a Mission Locale or ETT by its number. */
struct load_speaker { struct load_seeding *seeding; unsigned number; };

/* make, done and forgive of pipe.h, with a speaker as their argument. */
struct load_step {
    const char *name;                    /* "organisations" */
    unsigned (*count)(const struct load_speaker *s);
    bool (*make)(void *arg, unsigned i, struct mj_call *call);
    int (*done)(void *arg, unsigned i, const void *answer, mj_error *err);
    bool (*forgive)(void *arg, unsigned i, const mj_error *err);
};
extern const struct load_step load_step_organisations, load_step_principals, load_step_keys;     /* the operator */
extern const struct load_step load_step_agencies;                                                /* an ETT */
extern const struct load_step load_step_people;                                                  /* a Mission Locale */

#endif
