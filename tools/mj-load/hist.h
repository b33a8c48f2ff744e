/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* hist: how long things took, log-linear: 32 steps to each doubling, so a quantile is right to 3 %. Nanoseconds. */
#ifndef MJ_LOAD_HIST_H
#define MJ_LOAD_HIST_H

#include <stdint.h>

#define LOAD_HIST_STEPS 32
#define LOAD_HIST_ROWS 44                /* 2^48 ns: three days */

struct load_hist { uint64_t count, max, cells[LOAD_HIST_ROWS * LOAD_HIST_STEPS]; };

void load_hist_add(struct load_hist *h, uint64_t ns, uint64_t times);
/* The smallest step that a share of the values does not pass, as its upper end; 0 where there are none. */
uint64_t load_hist_quantile(const struct load_hist *h, double share);

#endif
