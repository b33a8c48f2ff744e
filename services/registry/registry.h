/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* registry: the service's own state, besides rows: what its commands and handlers stand on. */
#ifndef MJ_REGISTRY_REGISTRY_H
#define MJ_REGISTRY_REGISTRY_H

#include "common/auth/who.h"
#include "common/base/crypto.h"
#include "common/seams/env.h"
#include "common/service/daemon.h"
#include "registry/instances.h"
#include "registry/seeding.h"

#define MJ_PARTITIONS_MAX 22             /* 21 regions and collectivities, and "FR" */

struct mj_registry {
    struct mj_daemon *daemon;            /* NULL in tests of commands */
    struct mj_who *who;                  /* the daemon's, fed from partition "FR" */
    const struct mj_env *env;
    bool demo_data;                      /* the data are made up: role demo may exist */
    struct mj_instances *instances;
    struct mj_seeding *seeding;          /* NULL where "FR" is not served here */
    struct { char region[3]; uint8_t key[MJ_KEY]; } tags[MJ_PARTITIONS_MAX];     /* keys of commands' hashes */
    size_t tag_count;
};

/* The partition's part of the service, app is a struct mj_registry. */
extern const struct mj_domain mj_registry_domain;
extern const struct mj_service mj_registry_service;

/* Key of the hashes by which commands of a partition are compared, made when the partition is first opened; NULL
 * where it is not open here. It lies in keys.db: command bodies hold birth dates, which a plain hash would betray. */
const uint8_t *mj_registry_tag_key(const struct mj_registry *r, const char *region);

#endif
