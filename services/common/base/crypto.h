/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* crypto: the few operations we take from libsodium, under our own names. mj_crypto_init() first.
 * Keyed hashes are SipHash-2-4 with 128 bits (Aumasson, Bernstein: a pseudo-random function, six times quicker than
 * keyed BLAKE2b on our short inputs); the chain of a log is BLAKE2b, which needs no key; sealing is
 * XChaCha20-Poly1305 (libsodium's IETF variant). */
#ifndef MJ_BASE_CRYPTO_H
#define MJ_BASE_CRYPTO_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"

#define MJ_KEY 32                       /* bytes of a secret key */
#define MJ_TAG 16                       /* bytes of a keyed hash that names or compares */
#define MJ_HASH 32                      /* bytes of a chain hash */
#define MJ_NONCE 24
#define MJ_SEAL_OVERHEAD (MJ_NONCE + 16)

int mj_crypto_init(mj_error *err);      /* refuses a libsodium that does not start */
/* Keyed hash of two parts: SipHash(SipHash(key's first half, a) xor its second half, b). What a is makes the key for b,
 * so parts cannot shift; either may be NULL with length 0. */
void mj_tag(uint8_t out[MJ_TAG], const uint8_t key[MJ_KEY], const void *a, size_t a_len, const void *b, size_t b_len);
/* The same in two steps, for many b under one a. */
struct mj_tag_key { uint8_t bytes[MJ_TAG]; };
struct mj_tag_key mj_tag_key(const uint8_t key[MJ_KEY], const void *a, size_t a_len);
void mj_tag_under(uint8_t out[MJ_TAG], const struct mj_tag_key *k, const void *b, size_t b_len);
/* SipHash-2-4 with 64 bits under a key of 16 bytes: tells damaged bytes, and bytes made up by who has no key. */
uint64_t mj_check(const uint8_t key[MJ_TAG], const void *data, size_t len);
/* The next hash of a log's chain: BLAKE2b-256(prev, first as 8 bytes big-endian, count likewise, block). */
void mj_chain(uint8_t out[MJ_HASH], const uint8_t prev[MJ_HASH], uint64_t first, uint64_t count, const void *block,
              size_t len);
/* out = nonce then ciphertext, len + MJ_SEAL_OVERHEAD bytes. nonce comes from outside. */
void mj_seal(uint8_t *out, const uint8_t key[MJ_KEY], const uint8_t nonce[MJ_NONCE], const void *data, size_t len,
             const void *aad, size_t aad_len);
/* out holds len - MJ_SEAL_OVERHEAD bytes. DATA_LOSS SEAL_BROKEN. */
int mj_unseal(uint8_t *out, const uint8_t key[MJ_KEY], const uint8_t *sealed, size_t len, const void *aad,
              size_t aad_len, mj_error *err);

#endif
