/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* worker: common/loop/worker without a thread. A job runs some time after it was submitted, and is done some time after
 * it ran: a process that is killed between the two has written and does not know it. How long each lasts is drawn, and
 * is longer on a machine whose disk is slow. */
#include "common/loop/worker.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "loop_sim.h"

struct mj_worker {
    struct sim_process *process;
    struct sim_event next;
    struct mj_job *first, **last;
    bool ran;                            /* the first job did */
    uint64_t most;                       /* ns, of half a job */
    bool delivering;
};

static void plan(struct mj_worker *w)
{
    unsigned slow = w->process->machine->slow;
    uint64_t most = w->most * (slow ? slow : 1);

    sim_event_set(&w->next, sim_now() + most / 10 + sim_below(most));
}

static void finish(struct mj_worker *w)
{
    struct mj_job *job = w->first;

    w->first = job->next;
    if (!w->first)
        w->last = &w->first;
    w->ran = false;
    w->delivering = true;
    job->done(job);                      /* may free it, or submit it again */
    w->delivering = false;
}

static void on_next(void *arg)
{
    struct mj_worker *w = arg;

    if (!w->ran) {
        w->ran = true;
        w->first->run(w->first);
    } else {
        finish(w);
    }
    if (w->first && w->next.place == 0)
        plan(w);
}

int mj_worker_create(struct mj_worker **ret, struct mj_loop *l, const char *name, enum mj_worker_mode mode,
                     mj_error *err)
{
    struct mj_worker *w = mj_calloc(1, sizeof *w);

    (void)mode, (void)err;
    w->process = l->process;
    w->next = (struct sim_event){ .process = l->process, .fn = on_next, .arg = w };
    w->last = &w->first;
    w->most = strstr(name, "read") ? 100 * SIM_US : SIM_MS;
    *ret = w;
    return 0;
}

void mj_worker_submit(struct mj_worker *w, struct mj_job *job)
{
    bool idle = !w->first;

    job->next = NULL;
    *w->last = job;
    w->last = &job->next;
    if (idle && !w->delivering)
        plan(w);
}

void mj_worker_destroy(struct mj_worker *w)
{
    if (!w)
        return;
    if (w->delivering)
        mj_loop_die("mj_worker_destroy", "called inside a done of the same worker");
    while (w->first) {
        if (!w->ran)
            w->first->run(w->first);
        w->ran = true;
        finish(w);
    }
    sim_event_clear(&w->next);
    free(w);
}
