/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "registry/seeding.h"

#include <stdlib.h>

#include "common/base/buf.h"
#include "common/service/logging.h"
#include "registry/commands.h"

#define AGAIN_MS 1000

struct mj_seeding {
    struct mj_seed seed;                 /* first: done casts back */
    struct mj_partition *fr;
    struct mj_timer *again;
    bool stopped;
};

static void on_seeded(struct mj_command *c, struct mj_partition *p, const mj_error *err)
{
    struct mj_seeding *s = (struct mj_seeding *)c;

    (void)p;
    if (!err || s->stopped)
        return;
    if (mj_log_sampled("default_rules_not_set"))
        mj_log_failure(MJ_ERR, "default_rules_not_set", err);
    mj_timer_start(s->again, AGAIN_MS, 0);
}

static void try(void *arg)
{
    struct mj_seeding *s = arg;

    mj_registry_seed(&s->seed, s->fr, on_seeded);
}

int mj_seeding_start(struct mj_seeding **ret, struct mj_loop *l, struct mj_partition *fr, mj_error *err)
{
    struct mj_seeding *s = mj_calloc(1, sizeof *s);

    s->fr = fr;
    if (mj_timer_create(&s->again, l, try, s, err) < 0) {
        free(s);
        return -1;
    }
    *ret = s;
    try(s);
    return 0;
}

void mj_seeding_stop(struct mj_seeding *s)
{
    if (!s)
        return;
    s->stopped = true;
    mj_timer_stop(s->again);
}

void mj_seeding_destroy(struct mj_seeding *s)
{
    if (!s)
        return;
    mj_timer_destroy(s->again);
    free(s);
}
