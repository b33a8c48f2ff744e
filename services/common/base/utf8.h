/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* utf8: strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing past U+10FFFF. Pure. */
#ifndef MJ_BASE_UTF8_H
#define MJ_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the well-formed character at s (1 to 4) of which n are readable; 0 where there is none. */
size_t mj_utf8_char(const uint8_t *s, size_t n);
/* All n bytes are well-formed characters, none of them NUL. */
bool mj_utf8_text(const uint8_t *s, size_t n);
/* The longest length <= max at which s, n bytes long, may be cut without cutting a character. */
size_t mj_utf8_cut(const char *s, size_t n, size_t max);

#endif
