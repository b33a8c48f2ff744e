/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* names: which placements there may be. Most events of a busy hour open a placement or go on with one in memory; this
 * set keeps the first from asking the tables for what they cannot have. It never says no to a name that was added, and
 * yes to few that were not; two bytes a name. Names are keyed hashes, so that no sender can aim at its order. */
#ifndef PLACEMENTS_NAMES_H
#define PLACEMENTS_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/crypto.h"

struct pl_names;
struct pl_names *pl_names_create(void);
void pl_names_destroy(struct pl_names *n);       /* NULL is allowed */
/* A name is known by its first 8 bytes, as in the tables' dictionary. */
uint64_t pl_name_hash(const uint8_t name[MJ_TAG]);
void pl_names_add(struct pl_names *n, uint64_t hash);
bool pl_names_may_hold(const struct pl_names *n, uint64_t hash);
size_t pl_names_bytes(const struct pl_names *n);

#endif
