/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "common/base/crypto.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(MJ_KEY == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key");
_Static_assert(MJ_TAG == crypto_shorthash_siphashx24_BYTES && MJ_TAG == crypto_shorthash_siphashx24_KEYBYTES &&
               MJ_KEY == 2 * crypto_shorthash_siphashx24_KEYBYTES && MJ_HASH <= crypto_generichash_BYTES_MAX, "hash");
_Static_assert(crypto_shorthash_KEYBYTES == MJ_TAG && crypto_shorthash_BYTES == sizeof(uint64_t), "check");
_Static_assert(MJ_NONCE == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce");
_Static_assert(MJ_SEAL_OVERHEAD - MJ_NONCE == crypto_aead_xchacha20poly1305_ietf_ABYTES, "overhead");

int mj_crypto_init(mj_error *err)
{
    if (sodium_init() < 0)
        return mj_fail(err, MJ_INTERNAL, "CRYPTO_UNAVAILABLE", NULL, "expected libsodium to start, it did not; check "
                       "that the system has a source of randomness");
    return 0;
}

/* libsodium's hashing fails on sizes out of range alone, which the assertions above rule out. */
static void must(int rc)
{
    if (rc != 0)
        abort();
}

static void hash_part(crypto_generichash_state *s, const void *data, size_t len)
{
    if (len)
        must(crypto_generichash_update(s, data, len));
}

static void hash_number(crypto_generichash_state *s, uint64_t v)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(v >> (56 - 8 * i));
    hash_part(s, bytes, sizeof bytes);
}

struct mj_tag_key mj_tag_key(const uint8_t key[MJ_KEY], const void *a, size_t a_len)
{
    struct mj_tag_key k;
    must(crypto_shorthash_siphashx24(k.bytes, a, a_len, key));
    for (size_t i = 0; i < MJ_TAG; i++)
        k.bytes[i] ^= key[MJ_TAG + i];
    return k;
}

void mj_tag_under(uint8_t out[MJ_TAG], const struct mj_tag_key *k, const void *b, size_t b_len)
{
    must(crypto_shorthash_siphashx24(out, b, b_len, k->bytes));
}

uint64_t mj_check(const uint8_t key[MJ_TAG], const void *data, size_t len)
{
    uint8_t out[sizeof(uint64_t)];
    uint64_t v = 0;
    must(crypto_shorthash(out, data, len, key));
    for (size_t i = sizeof out; i > 0; i--)
        v = v << 8 | out[i - 1];
    return v;
}

void mj_tag(uint8_t out[MJ_TAG], const uint8_t key[MJ_KEY], const void *a, size_t a_len, const void *b, size_t b_len)
{
    struct mj_tag_key k = mj_tag_key(key, a, a_len);
    mj_tag_under(out, &k, b, b_len);
    sodium_memzero(&k, sizeof k);
}

void mj_chain(uint8_t out[MJ_HASH], const uint8_t prev[MJ_HASH], uint64_t first, uint64_t count, const void *block,
              size_t len)
{
    crypto_generichash_state s;
    must(crypto_generichash_init(&s, NULL, 0, MJ_HASH));
    hash_part(&s, prev, MJ_HASH);
    hash_number(&s, first);
    hash_number(&s, count);
    hash_part(&s, block, len);
    must(crypto_generichash_final(&s, out, MJ_HASH));
}

void mj_seal(uint8_t *out, const uint8_t key[MJ_KEY], const uint8_t nonce[MJ_NONCE], const void *data, size_t len,
             const void *aad, size_t aad_len)
{
    memcpy(out, nonce, MJ_NONCE);
    must(crypto_aead_xchacha20poly1305_ietf_encrypt(out + MJ_NONCE, NULL, data, len, aad, aad_len, NULL, nonce, key));
}

int mj_unseal(uint8_t *out, const uint8_t key[MJ_KEY], const uint8_t *sealed, size_t len, const void *aad,
              size_t aad_len, mj_error *err)
{
    if (len >= MJ_SEAL_OVERHEAD &&
        crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, sealed + MJ_NONCE, len - MJ_NONCE, aad, aad_len,
                                                   sealed, key) == 0)
        return 0;
    return mj_fail(err, MJ_DATA_LOSS, "SEAL_BROKEN", NULL, "expected %zu bytes sealed with this key, they do not open; "
                   "check that keys and tables belong together", len);
}
