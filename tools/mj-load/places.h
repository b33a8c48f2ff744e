/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* places: at which number of each stream a run began, kept in DIR/streams.tsv, so that a run that was stopped goes on
 * with the very event that comes next. A run is known by its seed and figures. */
#ifndef MJ_LOAD_PLACES_H
#define MJ_LOAD_PLACES_H

#include "agenda.h"

struct load_places;
int load_places_open(struct load_places **ret, const char *dir, const struct load_demand *d, mj_error *err);
void load_places_close(struct load_places *p);   /* NULL is allowed */
/* The number before the run's first in that stream; noted as `last` where the run is new to it. */
int load_places_find(struct load_places *p, const char *siret, uint64_t last, uint64_t *before, mj_error *err);

#endif
