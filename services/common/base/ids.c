/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "common/base/ids.h"

#include <string.h>

#include "common/base/codes.h"

/* Crockford's base 32, then the five symbols that only a check character may be. */
static const char symbols[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U";

#define DIGITS 16                        /* 5 bits each: 80 bits */
#define DIGITS_AT 4                      /* behind "R52-" */

static unsigned value36(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'A') + 10;
}

/* The remainder by 37 of region (two digits of base 36) followed by the 16 digits of base 32. 37 is a prime, so any
 * one wrong character and any two swapped ones change it. */
static unsigned check_value(const char *region, const unsigned digits[DIGITS])
{
    uint64_t v = value36(region[0]) * 36 + value36(region[1]);
    for (int i = 0; i < DIGITS; i++) {
        v = v * 32 + digits[i];
        if (i == DIGITS / 2 - 1)         /* eight digits fit into 64 bits with what was before them, sixteen do not */
            v %= 37;
    }
    return (unsigned)(v % 37);
}

/* A digit's value plus 1; 0 for what is none. */
static const uint8_t digit_values[256] = {
    ['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5, ['5'] = 6, ['6'] = 7, ['7'] = 8, ['8'] = 9, ['9'] = 10,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16, ['G'] = 17, ['H'] = 18, ['J'] = 19,
    ['K'] = 20, ['M'] = 21, ['N'] = 22, ['P'] = 23, ['Q'] = 24, ['R'] = 25, ['S'] = 26, ['T'] = 27, ['V'] = 28,
    ['W'] = 29, ['X'] = 30, ['Y'] = 31, ['Z'] = 32,
};

void mj_person_make(char out[MJ_PERSON_TEXT], const char region[3], const uint8_t random[MJ_PERSON_RANDOM])
{
    unsigned digits[DIGITS];
    unsigned bits = 0, held = 0;
    for (int i = 0, n = 0; i < DIGITS; i++) {
        if (held < 5) {
            bits = bits << 8 | random[n++];
            held += 8;
        }
        held -= 5;
        digits[i] = bits >> held & 31;
    }
    out[0] = 'R';
    memcpy(out + 1, region, 2);
    out[3] = '-';
    for (int i = 0; i < DIGITS; i++)
        out[DIGITS_AT + i] = symbols[digits[i]];
    out[DIGITS_AT + DIGITS] = symbols[check_value(region, digits)];
    out[DIGITS_AT + DIGITS + 1] = '\0';
}

/* An id names a person: the texts say where it is wrong, never what it is. */
int mj_person_check(const char *id, const char *field, mj_error *err)
{
    size_t n = strlen(id);
    if (n != MJ_PERSON_TEXT - 1)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "PERSON_FORMAT", field,
                       "expected R, a region, - and 17 characters, got %zu characters; copy the id as issued", n);
    char region[3] = { id[1], id[2], '\0' };
    if (id[0] != 'R' || id[3] != '-' || !mj_region_find(region))
        return mj_fail(err, MJ_INVALID_ARGUMENT, "PERSON_FORMAT", field,
                       "expected R, the code of a region and -, got another beginning; copy the id as issued");
    unsigned digits[DIGITS];
    for (size_t i = 0; i < DIGITS; i++) {
        unsigned value = digit_values[(uint8_t)id[DIGITS_AT + i]];
        if (value == 0)
            return mj_fail(err, MJ_INVALID_ARGUMENT, "PERSON_FORMAT", field,
                           "expected digits and capitals without I, L, O and U, character %zu is none; copy the id as "
                           "issued", DIGITS_AT + i + 1);
        digits[i] = value - 1;
    }
    if (id[DIGITS_AT + DIGITS] != symbols[check_value(region, digits)])
        return mj_fail(err, MJ_INVALID_ARGUMENT, "PERSON_CHECKSUM", field,
                       "expected the check character that fits the others, got another; look for a mistyped one");
    return 0;
}

void mj_person_region(const char *id, char region[3])
{
    memcpy(region, id + 1, 2);
    region[2] = '\0';
}

/* Crockford's alphabet leaves out I, L, O and U. */
static unsigned value32(char c)
{
    return value36(c) - (c > 'I') - (c > 'L') - (c > 'O') - (c > 'U');
}

void mj_person_random(const char *id, uint8_t random[MJ_PERSON_RANDOM])
{
    unsigned bits = 0, held = 0;
    for (int i = 0, n = 0; n < MJ_PERSON_RANDOM; i++) {
        bits = bits << 5 | value32(id[DIGITS_AT + i]);
        held += 5;
        if (held >= 8)
            random[n++] = (uint8_t)(bits >> (held -= 8));
    }
}

char *mj_hex(char *out, const uint8_t *bytes, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * n] = '\0';
    return out;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int mj_unhex(uint8_t *out, size_t n, const char *text, const char *field, mj_error *err)
{
    size_t len = strlen(text);
    if (len != 2 * n)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "BAD_HEX", field,
                       "expected %zu hexadecimal digits, got %zu characters", 2 * n, len);
    for (size_t i = 0; i < len; i++)
        if (hex_value(text[i]) < 0)
            return mj_fail(err, MJ_INVALID_ARGUMENT, "BAD_HEX", field,
                           "expected %zu hexadecimal digits, character %zu is none", 2 * n, i + 1);
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)(hex_value(text[2 * i]) << 4 | hex_value(text[2 * i + 1]));
    return 0;
}
