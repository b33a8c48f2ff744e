/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* instances: the directory: which process serves which partition, and where. Soft state, pure over a monotonic clock.
 *
 * An instance announces all that it serves every few seconds; what it announced is dropped after MJ_INSTANCE_KEPT_MS.
 * Of two live claims of one partition the higher epoch of the same lineage wins; at equal epochs, or with unrelated
 * lineages, neither is served: somebody must look. Services without a log (empty lineage) may have many instances. */
#ifndef MJ_REGISTRY_INSTANCES_H
#define MJ_REGISTRY_INSTANCES_H

#include <stdbool.h>
#include <stdint.h>

#include "common/wire/resolver.h"

#define MJ_INSTANCE_KEPT_MS 15000
#define MJ_INSTANCES_MAX 4096            /* rows in all */

struct mj_instances;
struct mj_instances *mj_instances_create(void);
void mj_instances_destroy(struct mj_instances *x);

/* Replaces what this principal announced for the endpoint; all rows have that endpoint (the caller checked).
 * count 0 (it leaves): forgets it; with endpoint "" all of the principal's. RESOURCE_EXHAUSTED DIRECTORY_FULL. */
int mj_instances_announce(struct mj_instances *x, const char *principal, const char *endpoint,
                          const struct mj_instance *rows, size_t count, uint64_t now_ms, mj_error *err);
/* The instances to be used now; "" matches all. At most max, in order of service, region, endpoint. Returns how
 * many. */
size_t mj_instances_resolve(struct mj_instances *x, const char *service, const char *region, uint64_t now_ms,
                            struct mj_instance *out, size_t max);
/* Live rows, and partitions left out because of a conflict; one of them is named where there is any. */
size_t mj_instances_live(struct mj_instances *x, uint64_t now_ms);
size_t mj_instances_conflicts(struct mj_instances *x, uint64_t now_ms, struct mj_instance *example);

#endif
