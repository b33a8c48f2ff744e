/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "common/base/ids.h"

#include <string.h>

#include "common/base/codes.h"

/* Crockford's base 32, then the five symbols that only a check character may be. */
static const char symbols[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U";

#define DIGITS 16                        /* 5 bits each: 80 bits, in two halves */
#define HALF 8
#define DIGITS_AT 4                      /* behind "R52-" */
#define CHECK_AT (DIGITS_AT + DIGITS)

struct halves { uint64_t first, second; };       /* 40 bits of the id each */

static unsigned value36(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'A') + 10;
}

/* The remainder by 37 of region (two digits of base 36) followed by the 16 digits of base 32. 37 is a prime, so any
 * one wrong character and any two swapped ones change it. Half the digits fit into 64 bits with what is before them. */
static unsigned check_value(const char *region, struct halves h)
{
    uint64_t v = value36(region[0]) * 36 + value36(region[1]);
    v = (v << 40 | h.first) % 37;
    return (unsigned)((v << 40 | h.second) % 37);
}

/* A digit's value plus 1; 0 for what is none. */
static const uint8_t digit_values[256] = {
    ['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5, ['5'] = 6, ['6'] = 7, ['7'] = 8, ['8'] = 9, ['9'] = 10,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16, ['G'] = 17, ['H'] = 18, ['J'] = 19,
    ['K'] = 20, ['M'] = 21, ['N'] = 22, ['P'] = 23, ['Q'] = 24, ['R'] = 25, ['S'] = 26, ['T'] = 27, ['V'] = 28,
    ['W'] = 29, ['X'] = 30, ['Y'] = 31, ['Z'] = 32,
};

static void put_digits(char *out, uint64_t half)
{
    for (int i = HALF; i-- > 0; half >>= 5)
        out[i] = symbols[half & 31];
}

/* False where a character is no digit. */
static bool read_digits(const char *text, uint64_t *half)
{
    uint32_t all = 0;
    *half = 0;
    for (int i = 0; i < HALF; i++) {
        uint32_t value = digit_values[(uint8_t)text[i]] - 1u;
        all |= value;
        *half = *half << 5 | value;
    }
    return all < 32;
}

static bool read_halves(const char *id, struct halves *h)
{
    bool first = read_digits(id + DIGITS_AT, &h->first);
    return read_digits(id + DIGITS_AT + HALF, &h->second) && first;
}

static uint64_t get_forty(const uint8_t *at)
{
    uint64_t v = 0;
    for (int i = 0; i < 5; i++)
        v = v << 8 | at[i];
    return v;
}

static void put_forty(uint8_t *at, uint64_t v)
{
    for (int i = 5; i-- > 0; v >>= 8)
        at[i] = (uint8_t)v;
}

void mj_person_make(char out[MJ_PERSON_TEXT], const char region[3], const uint8_t random[MJ_PERSON_RANDOM])
{
    struct halves h = { get_forty(random), get_forty(random + 5) };
    out[0] = 'R';
    memcpy(out + 1, region, 2);
    out[3] = '-';
    put_digits(out + DIGITS_AT, h.first);
    put_digits(out + DIGITS_AT + HALF, h.second);
    out[CHECK_AT] = symbols[check_value(region, h)];
    out[CHECK_AT + 1] = '\0';
}

static int no_digit(const char *id, const char *field, mj_error *err)
{
    size_t i = DIGITS_AT;
    while (digit_values[(uint8_t)id[i]] != 0)
        i++;
    return mj_fail(err, MJ_INVALID_ARGUMENT, "PERSON_FORMAT", field,
                   "expected digits and capitals without I, L, O and U, character %zu is none; copy the id as issued",
                   i + 1);
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
    struct halves h;
    if (!read_halves(id, &h))
        return no_digit(id, field, err);
    if (id[CHECK_AT] != symbols[check_value(region, h)])
        return mj_fail(err, MJ_INVALID_ARGUMENT, "PERSON_CHECKSUM", field,
                       "expected the check character that fits the others, got another; look for a mistyped one");
    return 0;
}

void mj_person_region(const char *id, char region[3])
{
    memcpy(region, id + 1, 2);
    region[2] = '\0';
}

void mj_person_random(const char *id, uint8_t random[MJ_PERSON_RANDOM])
{
    struct halves h;
    (void)read_halves(id, &h);           /* checked */
    put_forty(random, h.first);
    put_forty(random + 5, h.second);
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
