/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "registry/key.h"

int mj_key_check(const ProtobufCBinaryData *key, mj_error *err)
{
    size_t same = 0;

    if (key->len != MJ_PUBLIC_KEY)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "KEY_LENGTH", "public_key", "expected %d bytes, got %zu",
                       MJ_PUBLIC_KEY, key->len);
    while (same < key->len && key->data[same] == key->data[0])
        same++;
    if (same == key->len)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "KEY_WEAK", "public_key",
                       "expected a key as \"mj keys\" makes it, got the same byte 32 times");
    return 0;
}

int mj_key_may_add(bool exists, bool reserved, bool used, unsigned active, mj_error *err)
{
    if (reserved)
        return mj_fail(err, MJ_PERMISSION_DENIED, "PRINCIPAL_RESERVED", "principal",
                       "keys of principals of the bootstrap file are changed there");
    if (!exists)
        return mj_fail(err, MJ_NOT_FOUND, "PRINCIPAL_UNKNOWN", "principal", "declare the principal first");
    if (used)
        return mj_fail(err, MJ_ALREADY_EXISTS, "KEY_USED", "public_key",
                       "a key that was ever used is not taken again; make a new one");
    if (active >= MJ_KEYS_ACTIVE)
        return mj_fail(err, MJ_FAILED_PRECONDITION, "KEY_LIMIT", "principal",
                       "this principal has %d active keys; revoke one first", MJ_KEYS_ACTIVE);
    return 0;
}

int mj_key_may_revoke(bool exists, bool reserved, mj_error *err)
{
    if (reserved)
        return mj_fail(err, MJ_PERMISSION_DENIED, "KEY_RESERVED", "public_key",
                       "a key of the bootstrap file is taken out there");
    if (!exists)
        return mj_fail(err, MJ_NOT_FOUND, "KEY_UNKNOWN", "public_key", "no principal has had this key");
    return 0;
}
