/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* hash: uthash with a hash function that outsiders cannot aim at: SipHash under a key drawn once a process. Include
 * this in place of <uthash.h>. Nothing may depend on the order of buckets; uthash walks in order of insertion. */
#ifndef MJ_BASE_HASH_H
#define MJ_BASE_HASH_H

#include <stddef.h>

/* Any thread. The same bytes give the same number until the process ends, and no longer. */
unsigned mj_hash_of(const void *bytes, size_t len);

#ifdef UTHASH_H
#error "include common/base/hash.h in place of uthash.h"
#endif
#define HASH_FUNCTION(bytes, len, hashv) ((hashv) = mj_hash_of(bytes, len))
#include <uthash.h>

#endif
