/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* recount: missions of the region, from the entries of placements' and registry's logs so far. */
#ifndef MJ_SIM_RECOUNT_H
#define MJ_SIM_RECOUNT_H

#include <stdint.h>

#include "missionjeunes/placements/v1/entries.pb-c.h"
#include "missionjeunes/placements/v1/placements.pb-c.h"
#include "missionjeunes/registry/v1/entries.pb-c.h"

void recount_accepted(const Missionjeunes__Placements__V1__EventAccepted *m);
void recount_matched(const Missionjeunes__Placements__V1__PlacementMatched *m);
void recount_enrolled(const Missionjeunes__Registry__V1__PersonEnrolled *m);
/* The figure "missions:total" of the whole region. */
uint64_t recount_missions(void);

#endif
