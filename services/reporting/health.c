/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "reporting/health.h"

#include <string.h>

#define SLOTS (MJ_REP_RATE_SECONDS + 1)  /* the second under way stands beside the whole ones */

void mj_rep_health_begin(struct mj_rep_health *h)
{
    h->caught_up = false;
}

void mj_rep_health_look(struct mj_rep_health *h, struct mj_follower *const *followers, size_t count)
{
    bool heard = false;
    bool behind = false;

    memset(h->lag, 0, sizeof h->lag);
    for (size_t i = 0; i < count; i++) {
        const struct mj_follower_state *s = mj_follower_state(followers[i]);
        int region = mj_rep_region(s->region);
        uint64_t lag = s->end > s->position + 1 ? s->end - 1 - s->position : 0;

        if (region >= 0 && region != MJ_REP_FR) {
            h->lag[region] += lag;
        }
        h->lag[MJ_REP_FR] += lag;
        heard = heard || s->heard_ms != 0;
        /* A region that nobody serves is not waited for, unless it was folded once. */
        behind = behind || lag > 0 || s->diverged || (s->heard_ms == 0 && s->position > 0);
    }
    h->caught_up = h->caught_up || (heard && !behind);
}

void mj_rep_health_folded(struct mj_rep_health *h, const char *region, uint32_t entries, uint64_t now_ms)
{
    uint64_t second = now_ms / 1000;
    uint64_t slot = second % SLOTS;
    int r = mj_rep_region(region);

    if (h->rate[slot].second != second) {
        memset(&h->rate[slot], 0, sizeof h->rate[slot]);
        h->rate[slot].second = second;
    }
    if (r >= 0 && r != MJ_REP_FR) {
        h->rate[slot].entries[r] += entries;
    }
    h->rate[slot].entries[MJ_REP_FR] += entries;
}

uint32_t mj_rep_health_rate(const struct mj_rep_health *h, int region, uint64_t now_ms)
{
    uint64_t second = now_ms / 1000;
    uint64_t entries = 0;

    for (size_t i = 0; i < SLOTS; i++) {
        if (h->rate[i].second < second && h->rate[i].second + MJ_REP_RATE_SECONDS >= second) {
            entries += h->rate[i].entries[region];
        }
    }
    return (uint32_t)((entries + MJ_REP_RATE_SECONDS - 1) / MJ_REP_RATE_SECONDS);
}
