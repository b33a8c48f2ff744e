/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* fold: registry's entries into its rows. Reads its entry and rows, and nothing else. */
#ifndef MJ_REGISTRY_FOLD_H
#define MJ_REGISTRY_FOLD_H

#include "common/store/partition.h"

bool mj_registry_knows(uint32_t type);
/* DATA_LOSS ENTRY_BROKEN where the payload does not decode. */
int mj_registry_fold(void *app, struct mj_partition *p, const struct mj_entry *e, mj_error *err);

#endif
