/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* keyfile: a CURVE key pair on disk, two lines "public HEX" and "secret HEX", mode 0600 (pitfalls C8). */
#ifndef MJ_SERVICE_KEYFILE_H
#define MJ_SERVICE_KEYFILE_H

#include "common/wire/sock.h"

/* FAILED_PRECONDITION KEY_FILE: absent, readable by others, or not in this form; the text says which. */
int mj_keyfile_read(struct mj_curve *ret, const char *path, mj_error *err);
/* Makes it; never writes over a file (ALREADY_EXISTS). */
int mj_keyfile_write(const struct mj_curve *keys, const char *path, mj_error *err);

#endif
