/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Texts: UTF-8 against a plain reading of RFC 3629; cuts; JSON strings that a JSON reader takes; ids, codes, dates and
 * weeks, which written again are what was read. */
#include <jansson.h>

#include "common/base/buf.h"
#include "common/base/codes.h"
#include "common/base/dates.h"
#include "common/base/ids.h"
#include "common/base/utf8.h"
#include "fuzz.h"

/* ---- UTF-8 ---- */

/* Bytes of the character at s by its value: the long way, which the product's tables cut short. */
static size_t character(const uint8_t *s, size_t n)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    size_t len = s[0] < 0x80 ? 1 : s[0] >> 5 == 6 ? 2 : s[0] >> 4 == 14 ? 3 : s[0] >> 3 == 30 ? 4 : 0;
    if (len == 0 || len > n)
        return 0;
    uint32_t v = len == 1 ? s[0] : s[0] & (0x7Fu >> len);
    for (size_t i = 1; i < len; i++) {
        if (s[i] >> 6 != 2)
            return 0;
        v = v << 6 | (s[i] & 0x3Fu);
    }
    return v < least[len] || v > 0x10FFFF || (v >= 0xD800 && v <= 0xDFFF) ? 0 : len;
}

static bool is_text(const uint8_t *s, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t len = s[i] == 0 ? 0 : character(s + i, n - i);
        if (len == 0)
            return false;
        i += len;
    }
    return true;
}

static void hold_utf8(const uint8_t *data, size_t size)
{
    bool text = is_text(data, size);
    HOLD(mj_utf8_text(data, size) == text);
    if (size > 0)
        HOLD(mj_utf8_char(data, size) == character(data, size));
    size_t cut = mj_utf8_cut((const char *)data, size, size / 2);
    HOLD(cut <= size / 2 && (!text || is_text(data, cut)));
}

static void hold_json(const char *text)
{
    struct mj_buf b = MJ_BUF_INIT;
    mj_buf_json(&b, text);
    json_t *value = json_loadb((const char *)b.data, b.len, JSON_DECODE_ANY, NULL);
    HOLD(json_is_string(value));
    HOLD(!is_text((const uint8_t *)text, strlen(text)) || strcmp(json_string_value(value), text) == 0);
    json_decref(value);
    mj_buf_free(&b);
}

/* ---- dates, codes, ids ---- */

static void hold_dates(const char *text)
{
    char day[MJ_DATE_TEXT], week[MJ_WEEK_TEXT];
    mj_date d;
    if (mj_date_parse(&d, text, NULL, NULL) == 0)
        HOLD(strcmp(mj_date_format(d, day), text) == 0);
    if (mj_week_parse(&d, text, NULL, NULL) == 0)
        HOLD(strcmp(mj_week_format(d, week), text) == 0);
}

static void hold_codes(const char *text)
{
    mj_error err;
    if (mj_siret_check(text, "f", &err) == 0)
        HOLD(strlen(text) == MJ_SIRET_LEN && strspn(text, "0123456789") == MJ_SIRET_LEN);
    if (mj_siren_check(text, "f", &err) == 0)
        HOLD(strlen(text) == MJ_SIREN_LEN && strspn(text, "0123456789") == MJ_SIREN_LEN);
    if (mj_rome_check(text, "f", &err) == 0)
        HOLD(strlen(text) == 5 && text[0] >= 'A' && text[0] <= 'N');
    if (mj_region_check(text, "f", &err) == 0)
        HOLD(strlen(text) < MJ_REGION_TEXT);
    (void)mj_region_find(text);
}

static void hold_ids(const char *text)
{
    char region[3], again[MJ_PERSON_TEXT], hex[2 * MJ_PERSON_RANDOM + 1];
    uint8_t random[MJ_PERSON_RANDOM];
    if (mj_person_check(text, "f", NULL) == 0) {
        mj_person_region(text, region);
        mj_person_random(text, random);
        mj_person_make(again, region, random);
        HOLD(strcmp(again, text) == 0);
    }
    if (mj_unhex(random, sizeof random, text, "f", NULL) == 0)
        HOLD(strcasecmp(mj_hex(hex, random, sizeof random), text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hold_utf8(data, size);
    char *text = malloc(size + 1);
    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    hold_json(text);
    hold_dates(text);
    hold_codes(text);
    hold_ids(text);
    free(text);
    return 0;
}
