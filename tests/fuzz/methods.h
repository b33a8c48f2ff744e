/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* methods: the method tables of all services, as one list. */
#ifndef MJ_FUZZ_METHODS_H
#define MJ_FUZZ_METHODS_H

#include "common/service/daemon.h"
#include "missionjeunes/placements/v1/placements.pb-c.h"

#define METHODS_MAX 64

extern const struct mj_method daemon_log_methods[];
extern const struct mj_service mj_registry_service, mj_reporting_service;
extern const struct mj_method pl_methods[];

/* Copies them all, ended as a table is; gives how many. */
static inline size_t methods_copy(struct mj_method out[METHODS_MAX])
{
    const struct mj_method *const tables[] = { daemon_log_methods, mj_registry_service.methods, pl_methods,
                                               mj_reporting_service.methods };
    size_t n = 0;
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
        for (const struct mj_method *m = tables[t]; m->name != NULL && n + 1 < METHODS_MAX; m++)
            out[n++] = *m;
    out[n] = (struct mj_method)MJ_METHODS_END;
    return n;
}

/* A method's request; Ingest's table states none, since its handler reads the bytes itself. */
static inline const ProtobufCMessageDescriptor *methods_request(const struct mj_method *m)
{
    return m->request != NULL ? m->request : &missionjeunes__placements__v1__ingest_request__descriptor;
}

#endif
