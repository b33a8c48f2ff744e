/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "common/base/nearest.h"

#include <string.h>

#define MAX_NAME 64

/* Levenshtein: how many letters must be changed, added or left out. */
static size_t distance(const char *a, const char *b)
{
    size_t row[MAX_NAME + 1], n = strnlen(b, MAX_NAME);
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 0; i < MAX_NAME && a[i]; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 1; j <= n; j++) {
            size_t changed = diagonal + (a[i] != b[j - 1]);
            size_t other = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = changed < other ? changed : other;
        }
    }
    return row[n];
}

struct mj_nearest mj_nearest_to(const char *typed)
{
    return (struct mj_nearest){ typed, NULL, strnlen(typed, MAX_NAME) / 3 + 2 };
}

void mj_nearest_try(struct mj_nearest *n, const char *known)
{
    size_t d = distance(n->typed, known);
    if (d < n->distance) {
        n->distance = d;
        n->name = known;
    }
}
