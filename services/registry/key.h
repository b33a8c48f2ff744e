/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* key: public keys of principals. Pure.
 *
 * A key is unique for ever: once it was given to a principal, or revoked, it can never be added again, not even to
 * the same one. At most two are active per principal, so that keys can be changed without a gap. */
#ifndef MJ_REGISTRY_KEY_H
#define MJ_REGISTRY_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include "common/auth/who.h"
#include "registry/messages.h"

#define MJ_PUBLIC_KEY 32                 /* bytes of a CURVE public key */
#define MJ_KEYS_ACTIVE 2                 /* per principal */

/* 32 bytes, not all alike. INVALID_ARGUMENT KEY_LENGTH, KEY_WEAK; field "public_key". */
int mj_key_check(const ProtobufCBinaryData *key, mj_error *err);
/* exists: the principal is declared; reserved: it stands in the bootstrap file (whose keys change there); used: the
 * key was ever known; active: keys the principal has. NOT_FOUND PRINCIPAL_UNKNOWN, PERMISSION_DENIED
 * PRINCIPAL_RESERVED, ALREADY_EXISTS KEY_USED, FAILED_PRECONDITION KEY_LIMIT. */
int mj_key_may_add(bool exists, bool reserved, bool used, unsigned active, mj_error *err);
/* NOT_FOUND KEY_UNKNOWN, PERMISSION_DENIED KEY_RESERVED (of the bootstrap file). */
int mj_key_may_revoke(bool exists, bool reserved, mj_error *err);

#endif
