/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "common/base/utf8.h"

#include <string.h>

static bool continues(uint8_t c)
{
    return (c & 0xC0) == 0x80;
}

size_t mj_utf8_char(const uint8_t *s, size_t n)
{
    if (n == 0)
        return 0;
    uint8_t c = s[0];
    if (c < 0x80)
        return 1;
    if (c < 0xC2 || c > 0xF4)                               /* a continuation, an overlong form, past U+10FFFF */
        return 0;
    if (c < 0xE0)
        return n >= 2 && continues(s[1]) ? 2 : 0;
    uint8_t least = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;      /* shorter forms exist below */
    uint8_t most = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;       /* surrogates; past U+10FFFF */
    if (n < 3 || s[1] < least || s[1] > most || !continues(s[2]))
        return 0;
    if (c < 0xF0)
        return 3;
    return n >= 4 && continues(s[3]) ? 4 : 0;
}

/* Eight bytes from 1 to 0x7F: with 1 taken from each, no highest bit is set, nor was one before. */
static bool plain_eight(const uint8_t *s)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t v;
    memcpy(&v, s, sizeof v);
    return (((v - ones) | v) & ones << 7) == 0;
}

bool mj_utf8_text(const uint8_t *s, size_t n)
{
    for (size_t i = 0; i < n;) {
        if (n - i >= 8 && plain_eight(s + i)) {             /* nearly all that we see */
            i += 8;
            continue;
        }
        if (n >= 8 && n - i < 8 && plain_eight(s + n - 8))  /* what is left, and some of what came before */
            return true;
        if (s[i] - 1u < 0x7F) {
            i++;
            continue;
        }
        size_t used = s[i] == 0 ? 0 : mj_utf8_char(s + i, n - i);
        if (used == 0)
            return false;
        i += used;
    }
    return true;
}

size_t mj_utf8_cut(const char *s, size_t n, size_t max)
{
    if (n <= max)
        return n;
    size_t at = max;
    while (at > 0 && max - at < 3 && continues((uint8_t)s[at]))
        at--;
    return continues((uint8_t)s[at]) ? max : at;            /* no UTF-8 at all: cut where asked */
}
