/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* nearest: which known name a mistyped one was meant to be. Pure.
 *
 *     struct mj_nearest n = mj_nearest_to("regoin");
 *     mj_nearest_try(&n, "region"); mj_nearest_try(&n, "registry");
 *     n.name is "region", or NULL where all are too far to be of help. */
#ifndef MJ_BASE_NEAREST_H
#define MJ_BASE_NEAREST_H

#include <stddef.h>

struct mj_nearest {
    const char *typed;
    const char *name;                    /* the caller's pointer, as given to mj_nearest_try */
    size_t distance;                     /* letters to change, add or leave out; one that is not below is no help */
};

struct mj_nearest mj_nearest_to(const char *typed);
void mj_nearest_try(struct mj_nearest *n, const char *known);

#endif
