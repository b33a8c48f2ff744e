/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* words: "52,53" as a list. */
#ifndef MJ_TOOLS_WORDS_H
#define MJ_TOOLS_WORDS_H

#include <stddef.h>

#define WORDS_MAX 32
struct words { char text[256]; char *list[WORDS_MAX]; size_t count; };   /* list points into text */
void words_split(struct words *w, const char *text);             /* NULL: none; more than fit are left out */

#endif
