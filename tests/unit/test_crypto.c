/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "common/base/crypto.h"
#include "common/base/ids.h"

static const uint8_t key[MJ_KEY] = { 1, 2, 3 }, other_key[MJ_KEY] = { 1, 2, 4 };
static const uint8_t whole_key[MJ_KEY] = { 1, [31] = 0x80 };
static const uint8_t nonce[MJ_NONCE] = { 9 };

static void tags_depend_on_key_and_on_where_parts_end(void **state)
{
    (void)state;
    uint8_t a[MJ_TAG], b[MJ_TAG];
    mj_tag(a, key, "73282932000074", 14, "M-1", 3);
    mj_tag(b, key, "73282932000074", 14, "M-1", 3);
    assert_memory_equal(a, b, MJ_TAG);
    mj_tag(b, other_key, "73282932000074", 14, "M-1", 3);
    assert_memory_not_equal(a, b, MJ_TAG);
    mj_tag(b, key, "73282932000074M", 15, "-1", 2);
    assert_memory_not_equal(a, b, MJ_TAG);
    mj_tag(a, key, "x", 1, NULL, 0);
    mj_tag(b, key, NULL, 0, "x", 1);
    assert_memory_not_equal(a, b, MJ_TAG);
}

/* Computed with others (OpenSSL's SIPHASH with 16 bytes, Python's hashlib): what is in logs must read the same for ever. */
static void hashes_are_those_that_are_promised(void **state)
{
    (void)state;
    uint8_t tag[MJ_TAG], hash[MJ_HASH], prev[MJ_HASH] = { 0 };
    char text[2 * MJ_HASH + 1];
    mj_tag(tag, key, "abc", 3, "def", 3);
    assert_string_equal(mj_hex(text, tag, sizeof tag), "fb06a9ed7473e825fe4a3f68a2a4c827");
    mj_tag(tag, whole_key, "abc", 3, "def", 3);
    assert_string_equal(mj_hex(text, tag, sizeof tag), "8dfe179957b9e6014422fbef650bd33c");
    mj_chain(hash, prev, 1, 2, "block", 5);
    assert_string_equal(mj_hex(text, hash, sizeof hash),
                        "a0681dbf93cfdc93dd3e9240f747ce0440a56bfedd8fb677123a71bafcf54004");
}

static void the_chain_covers_all_its_parts(void **state)
{
    (void)state;
    uint8_t prev[MJ_HASH] = { 0 }, other[MJ_HASH] = { 1 }, base[MJ_HASH], h[MJ_HASH];
    mj_chain(base, prev, 1, 2, "block", 5);
    mj_chain(h, other, 1, 2, "block", 5);
    assert_memory_not_equal(h, base, MJ_HASH);
    mj_chain(h, prev, 2, 2, "block", 5);
    assert_memory_not_equal(h, base, MJ_HASH);
    mj_chain(h, prev, 1, 3, "block", 5);
    assert_memory_not_equal(h, base, MJ_HASH);
    mj_chain(h, prev, 1, 2, "blocK", 5);
    assert_memory_not_equal(h, base, MJ_HASH);
}

static void what_is_sealed_opens_with_its_key_and_context(void **state)
{
    (void)state;
    uint8_t sealed[5 + MJ_SEAL_OVERHEAD], open[5];
    mj_error err;
    mj_seal(sealed, key, nonce, "2005!", 5, "R52", 3);
    assert_memory_equal(sealed, nonce, MJ_NONCE);
    assert_int_equal(mj_unseal(open, key, sealed, sizeof sealed, "R52", 3, &err), 0);
    assert_memory_equal(open, "2005!", 5);
    mj_seal(sealed, key, nonce, "", 0, NULL, 0);
    assert_int_equal(mj_unseal(open, key, sealed, MJ_SEAL_OVERHEAD, NULL, 0, &err), 0);
}

static void any_changed_byte_breaks_the_seal(void **state)
{
    (void)state;
    uint8_t sealed[5 + MJ_SEAL_OVERHEAD], open[5];
    mj_error err = { 0 };
    mj_seal(sealed, key, nonce, "2005!", 5, "R52", 3);
    for (size_t i = 0; i < sizeof sealed; i++) {
        sealed[i] ^= 1;
        assert_int_equal(mj_unseal(open, key, sealed, sizeof sealed, "R52", 3, &err), -1);
        sealed[i] ^= 1;
    }
    assert_int_equal(err.code, MJ_DATA_LOSS);
    assert_string_equal(err.reason, "SEAL_BROKEN");
    assert_int_equal(mj_unseal(open, other_key, sealed, sizeof sealed, "R52", 3, &err), -1);
    assert_int_equal(mj_unseal(open, key, sealed, sizeof sealed, "R53", 3, &err), -1);
    for (size_t n = 0; n < sizeof sealed; n++)
        assert_int_equal(mj_unseal(open, key, sealed, n, "R52", 3, &err), -1);
}

static int start(void **state)
{
    (void)state;
    return mj_crypto_init(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tags_depend_on_key_and_on_where_parts_end),
        cmocka_unit_test(hashes_are_those_that_are_promised),
        cmocka_unit_test(the_chain_covers_all_its_parts),
        cmocka_unit_test(what_is_sealed_opens_with_its_key_and_context),
        cmocka_unit_test(any_changed_byte_breaks_the_seal),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
