/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* positions: how far each followed log is folded: registry's and placements' of every region, and "FR". Pure. */
#ifndef MJ_REPORTING_POSITIONS_H
#define MJ_REPORTING_POSITIONS_H

#include <stdint.h>

#include "reporting/figure.h"

#define MJ_REP_LOGS (2 * MJ_REP_REGIONS)
#define MJ_REP_LOG_TEXT 24               /* "placements/52" and NUL */

struct mj_rep_positions { uint64_t at[MJ_REP_LOGS]; };   /* last position folded, 0 for none */

/* Number of a log; -1 where reporting follows none such. */
int mj_rep_log(const char *service, const char *region);
const char *mj_rep_log_service(int log);
const char *mj_rep_log_region(int log);
/* "placements/52". */
char *mj_rep_log_text(int log, char out[MJ_REP_LOG_TEXT]);

#endif
