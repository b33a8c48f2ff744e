/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "keys.h"

#include <stdio.h>
#include <unistd.h>

#include "common/service/keyfile.h"
#include "common/store/lock.h"

#define PATH_ROOM 512

int load_key_read(struct mj_curve *ret, const char *dir, const char *principal, mj_error *err)
{
    char path[PATH_ROOM];

    snprintf(path, sizeof path, "%s/keys/%s.key", dir, principal);
    return mj_keyfile_read(ret, path, err);
}

int load_key_make(struct mj_curve *ret, const char *dir, const char *principal, mj_error *err)
{
    char path[PATH_ROOM];

    snprintf(path, sizeof path, "%s/keys", dir);
    if (mj_directory_make(path, err) < 0)
        return -1;
    snprintf(path, sizeof path, "%s/keys/%s.key", dir, principal);
    if (access(path, F_OK) == 0)
        return mj_keyfile_read(ret, path, err);
    mj_curve_make(ret);
    return mj_keyfile_write(ret, path, err);
}
