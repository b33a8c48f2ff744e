/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* text: names and sources that people type. Pure. */
#ifndef MJ_REGISTRY_TEXT_H
#define MJ_REGISTRY_TEXT_H

#include <stddef.h>

#include "common/base/error.h"

#define MJ_NAME_MAX 200                  /* bytes of a usual name or a rule's source */

/* 1 to MJ_NAME_MAX bytes of UTF-8 without control characters. INVALID_ARGUMENT TEXT_EMPTY, TEXT_LENGTH,
 * INVALID_UTF8, TEXT_CONTROL. */
int mj_text_check(const char *text, const char *field, mj_error *err);

#endif
