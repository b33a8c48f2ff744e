/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "person.h"

#define YEAR_DAYS 365
#define CEJ_SHARE 0.4                    /* assumed: no published split of the missions by programme was found */
#define RQTH_SHARE 0.04
#define WOMEN_SHARE 0.47

void load_person_draw(struct load_person *ret, uint64_t seed, uint32_t index, mj_date today)
{
    struct load_draw d = load_draw_of(seed, LOAD_OF_PERSON, index, 0);

    ret->programme = load_draw_chance(&d, CEJ_SHARE) ? LOAD_CEJ : LOAD_PACEA;
    ret->sex = load_draw_chance(&d, WOMEN_SHARE) ? 1 : 2;
    ret->rqth = load_draw_chance(&d, RQTH_SHARE);
    ret->entry_on = today - YEAR_DAYS - 20 - (mj_date)load_draw_below(&d, 160);
    int years = 17 + (int)load_draw_below(&d, 8);                /* 17 to 24, and less than a year more */
    ret->birth = mj_date_add_months(ret->entry_on, -12 * years) - (mj_date)load_draw_below(&d, 360);
}

uint32_t load_person_missions(uint64_t seed, uint32_t index, double mean)
{
    struct load_draw d = load_draw_of(seed, LOAD_OF_COUNT, index, 0);

    return load_draw_count(&d, mean);
}
