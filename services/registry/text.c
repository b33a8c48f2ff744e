/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "registry/text.h"

#include <stdint.h>
#include <string.h>

#include "common/base/utf8.h"

/* A C0 or C1 control character, of which the latter are two bytes in UTF-8. */
static bool is_control(const uint8_t *s)
{
    return s[0] < 0x20 || s[0] == 0x7f || (s[0] == 0xc2 && s[1] < 0xa0);
}

int mj_text_check(const char *text, const char *field, mj_error *err)
{
    size_t len = strlen(text);

    if (len == 0)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "TEXT_EMPTY", field, "expected 1 to %d bytes, got none", MJ_NAME_MAX);
    if (len > MJ_NAME_MAX)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "TEXT_LENGTH", field, "expected 1 to %d bytes, got %zu; shorten it",
                       MJ_NAME_MAX, len);
    if (!mj_utf8_text((const uint8_t *)text, len))
        return mj_fail(err, MJ_INVALID_ARGUMENT, "INVALID_UTF8", field, "expected UTF-8, got other bytes");
    for (const uint8_t *s = (const uint8_t *)text; *s; s++)
        if (is_control(s))
            return mj_fail(err, MJ_INVALID_ARGUMENT, "TEXT_CONTROL", field,
                           "expected no control character, such as a line end or tab; take it out");
    return 0;
}
