/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Resends and conflicts leave no entry of their own: they are counted in memory, and every 10 s each stream that
 * moved gets one StreamQuality entry with its totals. What was counted since the last one is lost with the process;
 * nothing but this figure depends on it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/service/logging.h"
#include "placements/app.h"

#define EVERY_MS 10000

struct pl_moved {
    char stream[MJ_SIRET_LEN + 1];
    uint64_t resends, conflicts;         /* since the last entry */
    bool writing;
    UT_hash_handle hh;
};

struct quality_command {
    struct mj_command command;           /* first: done casts back */
    struct pl_part *part;
    char stream[MJ_SIRET_LEN + 1];
    uint64_t resends, conflicts;
};

static struct pl_moved *moved_of(struct pl_part *part, const char *stream)
{
    struct pl_moved *m = NULL;
    HASH_FIND_STR(part->moved, stream, m);
    return m;
}

void pl_quality_moved(struct pl_part *part, const char *stream, uint64_t resends, uint64_t conflicts)
{
    if (resends == 0 && conflicts == 0)
        return;
    struct pl_moved *m = moved_of(part, stream);
    if (m == NULL) {
        m = mj_calloc(1, sizeof *m);
        (void)snprintf(m->stream, sizeof m->stream, "%s", stream);
        HASH_ADD_STR(part->moved, stream, m);
    }
    m->resends += resends;
    m->conflicts += conflicts;
}

static bool needs(struct mj_command *c, struct mj_partition *p, struct mj_row_waiter *w)
{
    struct mj_row_key key = pl_stream_key(((struct quality_command *)c)->stream);
    return mj_rows_need(mj_partition_rows(p), &pl_stream_kind, &key, w);
}

static int decide(struct mj_command *c, struct mj_partition *p, mj_error *err)
{
    struct quality_command *q = (struct quality_command *)c;
    struct mj_row_key key = pl_stream_key(q->stream);
    const struct pl_stream *s = mj_rows_get(mj_partition_rows(p), &pl_stream_kind, &key);
    struct pl_quality out = { .resends = q->resends + (s != NULL ? s->resends : 0),
                              .conflicts = q->conflicts + (s != NULL ? s->conflicts : 0) };
    struct mj_buf packed = MJ_BUF_INIT;
    (void)err;
    memcpy(out.stream, q->stream, sizeof out.stream);
    pl_quality_put(&packed, &out);
    (void)mj_partition_emit_value(p, PL_ENTRY_QUALITY, &packed, &out);
    mj_buf_free(&packed);
    return 0;
}

static void done(struct mj_command *c, struct mj_partition *p, const mj_error *err)
{
    struct quality_command *q = (struct quality_command *)c;
    struct pl_moved *m = moved_of(q->part, q->stream);
    (void)p;
    if (m != NULL) {
        m->writing = false;
        m->resends -= err == NULL ? q->resends : 0;
        m->conflicts -= err == NULL ? q->conflicts : 0;
        if (m->resends == 0 && m->conflicts == 0) {
            HASH_DEL(q->part->moved, m);
            free(m);
        }
    }
    if (err != NULL && mj_log_sampled("quality_not_written"))
        mj_log_failure(MJ_WARN, "quality_not_written", err);
    free(q);
}

void pl_quality_write(struct pl_part *part)
{
    struct pl_moved *m, *next;
    if (part->partition == NULL || !mj_partition_accepting(part->partition))
        return;
    HASH_ITER(hh, part->moved, m, next) {
        if (m->writing)
            continue;
        struct quality_command *q = mj_calloc(1, sizeof *q);
        q->command = (struct mj_command){ .needs = needs, .decide = decide, .done = done, .principal = "service",
                                          .bytes = sizeof *q };
        q->part = part;
        memcpy(q->stream, m->stream, sizeof q->stream);
        q->resends = m->resends;
        q->conflicts = m->conflicts;
        m->writing = true;
        mj_partition_submit(part->partition, &q->command);
    }
}

static void on_timer(void *arg)
{
    struct pl_app *app = arg;
    for (struct pl_part *part = app->parts; part != NULL; part = part->hh.next) {
        pl_quality_write(part);
        pl_match_again(part);
    }
}

int pl_quality_start(struct pl_app *app, mj_error *err)
{
    if (mj_timer_create(&app->quality_timer, app->loop, on_timer, app, err) < 0)
        return -1;
    mj_timer_start(app->quality_timer, EVERY_MS, EVERY_MS);
    return 0;
}

void pl_quality_free(struct pl_part *part)
{
    struct pl_moved *m, *next;
    HASH_ITER(hh, part->moved, m, next) {
        HASH_DEL(part->moved, m);
        free(m);
    }
}
