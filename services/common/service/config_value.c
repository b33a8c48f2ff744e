/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "common/base/codes.h"
#include "common/service/config_private.h"

#define FR_BIT (UINT64_C(1) << 63)

static int fail_value(const struct config_setting *s, const char *expected, mj_error *err)
{
    return mj_fail(err, MJ_INVALID_ARGUMENT, "CONFIG_VALUE", s->item.name, "expected %s, got \"%.60s\" from %s",
                   expected, s->text, s->origin);
}

/* Decimal digits, then for sizes K, M or G (1024 each). False where it is none or does not fit. */
static bool read_number(const char *text, bool size, uint64_t *ret)
{
    static const char units[] = "KMG";
    uint64_t v = 0;
    const char *p = text;
    for (; *p >= '0' && *p <= '9'; p++)
        if (__builtin_mul_overflow(v, 10u, &v) || __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
            return false;
    const char *unit = size && *p ? strchr(units, *p) : NULL;
    for (long i = unit ? unit - units : -1; i >= 0; i--)
        if (__builtin_mul_overflow(v, 1024u, &v))
            return false;
    p += unit != NULL;
    if (p == text || *p || text[0] < '0' || text[0] > '9')
        return false;
    *ret = v;
    return true;
}

static int check_number(struct config_setting *s, mj_error *err)
{
    char expected[128];
    bool size = s->item.kind == MJ_CFG_SIZE;
    uint64_t v, max = s->item.max ? s->item.max : UINT64_MAX;
    if (read_number(s->text, size, &v) && v >= s->item.min && v <= max) {
        s->number = v;
        return 0;
    }
    snprintf(expected, sizeof expected, "%s from %llu to %llu", size ? "a size in bytes (or 8K, 32M, 1G)" : "a number",
             (unsigned long long)s->item.min, (unsigned long long)max);
    return fail_value(s, expected, err);
}

static int check_address(struct config_setting *s, mj_error *err)
{
    static const char expected[] = "host:port, such as 127.0.0.1:5511 or [::1]:5511";
    const char *colon = strrchr(s->text, ':'), *host = s->text;
    uint64_t port;
    if (!colon || !read_number(colon + 1, false, &port) || port > 65535)
        return fail_value(s, expected, err);
    size_t n = (size_t)(colon - host);
    bool bracketed = n >= 2 && host[0] == '[' && host[n - 1] == ']';
    host += bracketed;
    n -= bracketed ? 2 : 0;
    static const char letters[] = ":%"                       /* for IPv6, in brackets only */
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-._*";
    if (n == 0 || n >= sizeof s->host || strspn(host, bracketed ? letters : letters + 2) < n)
        return fail_value(s, expected, err);
    memcpy(s->host, host, n);
    s->host[n] = '\0';
    s->port = (int)port;
    return 0;
}

static uint64_t region_bits(const char *code, size_t n)
{
    if (n == 3 && memcmp(code, "all", 3) == 0)
        return (UINT64_C(1) << mj_region_count) - 1;
    if (n == 2 && memcmp(code, "FR", 2) == 0)
        return FR_BIT;
    for (size_t i = 0; i < mj_region_count; i++)
        if (n == 2 && memcmp(code, mj_regions[i].code, 2) == 0)
            return UINT64_C(1) << i;
    return 0;
}

static int check_regions(struct config_setting *s, mj_error *err)
{
    s->number = 0;
    for (const char *p = s->text + strspn(s->text, ", "); *p; p += strspn(p, ", ")) {
        size_t n = strcspn(p, ", ");
        uint64_t bits = region_bits(p, n);
        if (!bits)
            return fail_value(s, "INSEE region codes (\"52,75\"), PM, BL, MF, FR, or all", err);
        s->number |= bits;
        p += n;
    }
    return s->number ? 0 : fail_value(s, "at least one region", err);
}

static int check_flag(struct config_setting *s, mj_error *err)
{
    static const char *const words[] = { "false", "true", "no", "yes", "off", "on", "0", "1" };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(s->text, words[i]) == 0) {
            s->number = i % 2;
            return 0;
        }
    return fail_value(s, "true or false", err);
}

int config_check_value(struct config_setting *s, mj_error *err)
{
    if (!s->text)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "CONFIG_MISSING", s->item.name,
                       "expected %s (%s), got none; give --%s", s->item.name, s->item.help, s->item.name);
    if (!*s->text && s->item.def && !*s->item.def)
        return 0;                                            /* empty may be left empty */
    switch (s->item.kind) {
    case MJ_CFG_TEXT: return 0;
    case MJ_CFG_UINT:
    case MJ_CFG_SIZE: return check_number(s, err);
    case MJ_CFG_PATH: return *s->text ? 0 : fail_value(s, "a path", err);
    case MJ_CFG_ADDRESS: return check_address(s, err);
    case MJ_CFG_REGIONS: return check_regions(s, err);
    case MJ_CFG_FLAG: return check_flag(s, err);
    }
    return fail_value(s, "a kind of setting that exists", err);
}
