/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* filter: a set of numbers that forgets none and grows: it never says no to one that was added, and yes to one in a
 * hundred that were not. Two to four bytes a number. Numbers need not be spread: it mixes them. One thread. */
#ifndef MJ_BASE_FILTER_H
#define MJ_BASE_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mj_filter;
struct mj_filter *mj_filter_create(void);
void mj_filter_destroy(struct mj_filter *f);     /* NULL is allowed */
void mj_filter_add(struct mj_filter *f, uint64_t number);
bool mj_filter_may_hold(const struct mj_filter *f, uint64_t number);
size_t mj_filter_bytes(const struct mj_filter *f);

#endif
