/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "reporting/live_plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reporting/figure.h"

static bool beyond(const struct mj_rep_positions *a, const struct mj_rep_positions *b)
{
    for (int i = 0; i < MJ_REP_LOGS; i++) {
        if (a->at[i] > b->at[i]) {
            return true;
        }
    }
    return false;
}

enum mj_rep_verdict mj_rep_judge(const struct mj_rep_found *found, const char *epoch,
                                 const struct mj_rep_positions *ours, const struct mj_rep_positions *sent,
                                 bool caught_up)
{
    if (!found->present) {
        return MJ_REP_REFILL;
    }
    bool ahead = beyond(&found->positions, ours);
    if (strcmp(found->epoch, epoch) != 0) {
        return ahead && !caught_up ? MJ_REP_WAIT : MJ_REP_REFILL;
    }
    if (ahead) {
        return MJ_REP_WAIT;
    }
    bool as_sent = sent != NULL && memcmp(&found->positions, sent, sizeof *sent) == 0;
    return as_sent ? MJ_REP_SEND : MJ_REP_REFILL;
}

void mj_rep_pointer_key(char out[MJ_REP_LIVE_KEY], int region)
{
    snprintf(out, MJ_REP_LIVE_KEY, "live:{%s}:pointer", mj_rep_region_code(region));
}

void mj_rep_hash_key(char out[MJ_REP_LIVE_KEY], int region, const char *epoch, uint64_t number)
{
    snprintf(out, MJ_REP_LIVE_KEY, "live:{%s}:%s:%" PRIu64, mj_rep_region_code(region), epoch, number);
}

bool mj_rep_hash_key_is(const char *key, int region, uint64_t *number)
{
    char prefix[MJ_REP_LIVE_KEY];
    const char *last = strrchr(key, ':');
    char *end = NULL;

    snprintf(prefix, sizeof prefix, "live:{%s}:", mj_rep_region_code(region));
    if (strlen(key) >= MJ_REP_LIVE_KEY || strncmp(key, prefix, strlen(prefix)) != 0 || last == NULL ||
        last < key + strlen(prefix)) {
        return false;
    }
    *number = strtoull(last + 1, &end, 10);
    return end != last + 1 && *end == '\0';
}
