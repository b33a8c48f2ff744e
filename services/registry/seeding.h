/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* seeding: the default age rules get into a new platform's log, whatever its disk is like at the first start. */
#ifndef MJ_REGISTRY_SEEDING_H
#define MJ_REGISTRY_SEEDING_H

#include "common/store/partition.h"

/* Appends them at once, and tries again every second for as long as that fails. Where they stand already nothing is
 * written. */
struct mj_seeding;
int mj_seeding_start(struct mj_seeding **ret, struct mj_loop *l, struct mj_partition *fr, mj_error *err);
void mj_seeding_stop(struct mj_seeding *s);      /* tries no more; before the partition drains. NULL is allowed */
void mj_seeding_destroy(struct mj_seeding *s);   /* once the partition is closed. NULL is allowed */

#endif
