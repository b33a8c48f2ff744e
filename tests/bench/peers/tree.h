/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* tree: what lies under a directory. */
#ifndef MJ_BENCH_TREE_H
#define MJ_BENCH_TREE_H

#include <stdint.h>

uint64_t bench_tree_bytes(const char *dir);      /* on disk: blocks given out, not lengths; 0 where absent */
void bench_tree_empty(const char *dir);          /* removes all but dir itself */

#endif
