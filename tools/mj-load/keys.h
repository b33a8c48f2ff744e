/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* keys: the key files of a world's principals, DIR/keys/PRINCIPAL.key, made where they are missing. */
#ifndef MJ_LOAD_KEYS_H
#define MJ_LOAD_KEYS_H

#include "common/wire/sock.h"

int load_key_make(struct mj_curve *ret, const char *dir, const char *principal, mj_error *err);  /* or reads it */
int load_key_read(struct mj_curve *ret, const char *dir, const char *principal, mj_error *err);

#endif
