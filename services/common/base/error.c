/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "common/base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/base/utf8.h"

/* Cuts on a character: these texts travel in protobuf strings, which must stay valid UTF-8. */
static void copy_cut(char *out, size_t size, const char *text)
{
    size_t n = mj_utf8_cut(text, strlen(text), size - 1);
    memcpy(out, text, n);
    out[n] = '\0';
}

int mj_fail(mj_error *err, mj_code code, const char *reason, const char *field, const char *fmt, ...)
{
    if (!err)
        return -1;
    char text[2 * sizeof err->text];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (n < 0)
        text[0] = '\0';
    mj_error made = { .code = code };                        /* fmt's arguments may point into *err */
    copy_cut(made.reason, sizeof made.reason, reason);
    copy_cut(made.field, sizeof made.field, field ? field : "");
    copy_cut(made.text, sizeof made.text, text);
    *err = made;
    return -1;
}

int mj_fail_in(mj_error *err, const char *prefix)
{
    if (!err)
        return -1;
    char joined[256];
    const char *dot = err->field[0] == '\0' || err->field[0] == '[' ? "" : ".";
    if (snprintf(joined, sizeof joined, "%s%s%s", prefix, dot, err->field) < 0)
        return -1;
    copy_cut(err->field, sizeof err->field, joined);
    return -1;
}

const char *mj_code_name(mj_code code)
{
    static const char *const names[] = {
        [MJ_OK] = "OK",
        [MJ_UNKNOWN] = "UNKNOWN",
        [MJ_INVALID_ARGUMENT] = "INVALID_ARGUMENT",
        [MJ_DEADLINE_EXCEEDED] = "DEADLINE_EXCEEDED",
        [MJ_NOT_FOUND] = "NOT_FOUND",
        [MJ_ALREADY_EXISTS] = "ALREADY_EXISTS",
        [MJ_PERMISSION_DENIED] = "PERMISSION_DENIED",
        [MJ_RESOURCE_EXHAUSTED] = "RESOURCE_EXHAUSTED",
        [MJ_FAILED_PRECONDITION] = "FAILED_PRECONDITION",
        [MJ_ABORTED] = "ABORTED",
        [MJ_OUT_OF_RANGE] = "OUT_OF_RANGE",
        [MJ_UNIMPLEMENTED] = "UNIMPLEMENTED",
        [MJ_INTERNAL] = "INTERNAL",
        [MJ_UNAVAILABLE] = "UNAVAILABLE",
        [MJ_DATA_LOSS] = "DATA_LOSS",
        [MJ_UNAUTHENTICATED] = "UNAUTHENTICATED",
    };
    size_t i = (size_t)code;
    return i < sizeof names / sizeof *names && names[i] ? names[i] : names[MJ_INTERNAL];
}
