/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* draw: chance that can be drawn again. A draw's numbers depend on its name only (seed, purpose, two indexes), never on
 * what was drawn before it, so that a world need not be kept: any part of it is drawn anew where it is wanted.
 * splitmix64 (Steele, Lea, Flood, 2014). Not for secrets. */
#ifndef MJ_LOAD_DRAW_H
#define MJ_LOAD_DRAW_H

#include <stdbool.h>
#include <stdint.h>

enum load_purpose { LOAD_OF_PERSON = 1, LOAD_OF_COUNT, LOAD_OF_MISSION, LOAD_OF_STORY, LOAD_OF_STREAM };

struct load_draw { uint64_t state; };
struct load_draw load_draw_of(uint64_t seed, enum load_purpose purpose, uint64_t a, uint64_t b);

uint64_t load_draw_bits(struct load_draw *d);
double load_draw_unit(struct load_draw *d);                      /* 0 <= x < 1 */
uint32_t load_draw_below(struct load_draw *d, uint32_t n);       /* 0 to n - 1; n > 0 */
bool load_draw_chance(struct load_draw *d, double share);
double load_draw_lognormal(struct load_draw *d, double mu, double sigma);
/* 1 + a geometric number: its mean is `mean`, at least 1. Cut at 64. */
uint32_t load_draw_count(struct load_draw *d, double mean);

#endif
