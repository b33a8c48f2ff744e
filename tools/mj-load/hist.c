/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "hist.h"

#define SHIFT 5                          /* LOAD_HIST_STEPS = 1 << SHIFT */
#define CELLS (LOAD_HIST_ROWS * LOAD_HIST_STEPS)

/* Values below 32 have a cell each; then each doubling has 32. */
static unsigned cell_of(uint64_t ns)
{
    if (ns < LOAD_HIST_STEPS)
        return (unsigned)ns;
    unsigned doublings = 63u - (unsigned)__builtin_clzll(ns) - SHIFT;
    uint64_t cell = ((uint64_t)(doublings + 1) << SHIFT) + (ns >> doublings) - LOAD_HIST_STEPS;
    return cell < CELLS ? (unsigned)cell : CELLS - 1;
}

/* Largest value of a cell. */
static uint64_t end_of(unsigned cell)
{
    if (cell < LOAD_HIST_STEPS)
        return cell;
    unsigned doublings = (cell >> SHIFT) - 1;
    uint64_t step = (cell & (LOAD_HIST_STEPS - 1)) + LOAD_HIST_STEPS;
    return ((step + 1) << doublings) - 1;
}

void load_hist_add(struct load_hist *h, uint64_t ns, uint64_t times)
{
    h->cells[cell_of(ns)] += times;
    h->count += times;
    if (ns > h->max)
        h->max = ns;
}

uint64_t load_hist_quantile(const struct load_hist *h, double share)
{
    uint64_t wanted = (uint64_t)(share * (double)h->count), seen = 0;

    if (wanted >= h->count)
        return h->max;
    for (unsigned i = 0; i < CELLS; i++) {
        seen += h->cells[i];
        if (seen > wanted)
            return end_of(i) < h->max ? end_of(i) : h->max;
    }
    return h->max;
}
