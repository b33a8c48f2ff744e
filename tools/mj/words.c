/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "words.h"

#include <stdio.h>
#include <string.h>

void words_split(struct words *w, const char *text)
{
    char *rest = NULL;
    snprintf(w->text, sizeof w->text, "%s", text ? text : "");
    w->count = 0;
    for (char *word = strtok_r(w->text, ", ", &rest); word && w->count < WORDS_MAX; word = strtok_r(NULL, ", ", &rest))
        w->list[w->count++] = word;
}
