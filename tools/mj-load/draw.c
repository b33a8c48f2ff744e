/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "draw.h"

#include <math.h>

#define COUNT_MAX 64
#define TWO_PI 6.283185307179586

static uint64_t mixed(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

uint64_t load_draw_bits(struct load_draw *d)
{
    return mixed(d->state += UINT64_C(0x9e3779b97f4a7c15));
}

struct load_draw load_draw_of(uint64_t seed, enum load_purpose purpose, uint64_t a, uint64_t b)
{
    const uint64_t parts[] = { (uint64_t)purpose, a, b };
    struct load_draw d = { seed };

    for (unsigned i = 0; i < 3; i++)
        d.state = load_draw_bits(&d) ^ parts[i];
    return d;
}

double load_draw_unit(struct load_draw *d)
{
    return (double)(load_draw_bits(d) >> 11) * 0x1.0p-53;
}

uint32_t load_draw_below(struct load_draw *d, uint32_t n)
{
    return (uint32_t)(((load_draw_bits(d) >> 32) * n) >> 32);
}

bool load_draw_chance(struct load_draw *d, double share)
{
    return load_draw_unit(d) < share;
}

double load_draw_lognormal(struct load_draw *d, double mu, double sigma)
{
    double u = 1.0 - load_draw_unit(d), v = load_draw_unit(d);   /* Box and Muller; u > 0 */

    return exp(mu + sigma * sqrt(-2.0 * log(u)) * cos(TWO_PI * v));
}

uint32_t load_draw_count(struct load_draw *d, double mean)
{
    double u = 1.0 - load_draw_unit(d);

    if (mean <= 1.0)
        return 1;
    double more = floor(log(u) / log(1.0 - 1.0 / mean));
    return more >= COUNT_MAX ? COUNT_MAX : 1 + (uint32_t)more;
}
