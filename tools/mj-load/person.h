/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* person: a made-up young person, as a Mission Locale enrols one. Pure. */
#ifndef MJ_LOAD_PERSON_H
#define MJ_LOAD_PERSON_H

#include <stdbool.h>

#include "common/base/dates.h"
#include "draw.h"

enum load_programme { LOAD_PACEA = 1, LOAD_CEJ = 2 };            /* numbered as registry.v1.Programme */

struct load_person {
    enum load_programme programme;
    mj_date birth, entry_on;             /* entry: before the year that the missions fall into */
    int sex;                             /* registry.v1.Sex */
    bool rqth;
};
/* Within the age rules in force since 1 March 2022 (16 to under 26 years). today: last day of the year of missions. */
void load_person_draw(struct load_person *ret, uint64_t seed, uint32_t index, mj_date today);

/* How many missions this person has in the year: 1 + geometric. */
uint32_t load_person_missions(uint64_t seed, uint32_t index, double mean);

#endif
