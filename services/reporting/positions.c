/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "reporting/positions.h"

#include <stdio.h>
#include <string.h>

static const char *const services[] = { "registry", "placements" };

int mj_rep_log(const char *service, const char *region)
{
    int r = mj_rep_region(region);

    for (int s = 0; s < 2 && r >= 0; s++) {
        if (strcmp(services[s], service) == 0) {
            return s * MJ_REP_REGIONS + r;
        }
    }
    return -1;
}

const char *mj_rep_log_service(int log)
{
    return services[log / MJ_REP_REGIONS];
}

const char *mj_rep_log_region(int log)
{
    return mj_rep_region_code(log % MJ_REP_REGIONS);
}

char *mj_rep_log_text(int log, char out[MJ_REP_LOG_TEXT])
{
    snprintf(out, MJ_REP_LOG_TEXT, "%s/%s", mj_rep_log_service(log), mj_rep_log_region(log));
    return out;
}
