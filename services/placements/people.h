/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* people: a set of young people's ids in memory, each with a position: exact, about 22 bytes a person. A country's
 * 600,000 take 13 MiB. Outsiders cannot aim at its order (hash.h). Ids were checked (ids.h). */
#ifndef PLACEMENTS_PEOPLE_H
#define PLACEMENTS_PEOPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PL_PEOPLE_POSITION_MAX ((UINT64_C(1) << 37) - 1)

struct pl_people;
struct pl_people *pl_people_create(void);
void pl_people_destroy(struct pl_people *p);     /* NULL is allowed */
/* False where the id is in it: it keeps the position that it came with. */
bool pl_people_add(struct pl_people *p, const char *id, uint64_t position);
bool pl_people_find(const struct pl_people *p, const char *id, uint64_t *position);      /* position may be NULL */
void pl_people_drop(struct pl_people *p, const char *id);
void pl_people_clear(struct pl_people *p);
size_t pl_people_count(const struct pl_people *p);
size_t pl_people_bytes(const struct pl_people *p);

#endif
