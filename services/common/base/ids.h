/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* ids: the young person's id, and hexadecimal text of bytes. */
#ifndef MJ_BASE_IDS_H
#define MJ_BASE_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"

#define MJ_PERSON_TEXT 22               /* "R52-" + 17 characters + NUL */
#define MJ_PERSON_RANDOM 10             /* bytes of randomness in an id */

/* "R" region "-" 16 characters of Crockford's base 32 over the 10 bytes, then a check character: the value of the
 * region's two characters (as digits of base 36: 0-9, A-Z) and the 16 digits modulo 37, in Crockford's check
 * alphabet (0-9 A-Z without I L O U, then * ~ $ = U). */
void mj_person_make(char out[MJ_PERSON_TEXT], const char region[3], const uint8_t random[MJ_PERSON_RANDOM]);
/* Upper case only, as issued. PERSON_FORMAT or PERSON_CHECKSUM; the region must be known. */
int mj_person_check(const char *id, const char *field, mj_error *err);
/* Copies the region of a checked id. */
void mj_person_region(const char *id, char region[3]);
/* The random bytes that a checked id was made from. */
void mj_person_random(const char *id, uint8_t random[MJ_PERSON_RANDOM]);

/* Lower-case hexadecimal; out holds 2 x n + 1. */
char *mj_hex(char *out, const uint8_t *bytes, size_t n);
/* Exactly n bytes; upper and lower case. BAD_HEX. */
int mj_unhex(uint8_t *out, size_t n, const char *text, const char *field, mj_error *err);

#endif
