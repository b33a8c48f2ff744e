/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* lock: one writer a partition: an OFD lock on the file LOCK in its directory, held for life. */
#ifndef MJ_STORE_LOCK_H
#define MJ_STORE_LOCK_H

#include "common/base/error.h"

/* Makes the directory (0700, with its parents) where absent. FAILED_PRECONDITION LOCKED says who holds it. */
int mj_lock_take(int *fd, const char *directory, mj_error *err);
void mj_lock_drop(int fd);
/* Makes the directory (0700, with its parents) where absent. */
int mj_directory_make(const char *directory, mj_error *err);

#endif
