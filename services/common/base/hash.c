/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "common/base/hash.h"

#include <pthread.h>
#include <sodium.h>
#include <string.h>

static unsigned char process_key[crypto_shorthash_KEYBYTES];
static pthread_once_t drawn = PTHREAD_ONCE_INIT;

/* Not from env: which bucket a key falls into shows nowhere, so it need not be the same in a simulation. */
static void draw_key(void)
{
    randombytes_buf(process_key, sizeof process_key);
}

unsigned mj_hash_of(const void *bytes, size_t len)
{
    unsigned char out[crypto_shorthash_BYTES];
    unsigned ret;

    pthread_once(&drawn, draw_key);
    crypto_shorthash(out, bytes, len, process_key);
    memcpy(&ret, out, sizeof ret);
    return ret;
}
