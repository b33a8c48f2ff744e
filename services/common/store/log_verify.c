/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* log_verify: reads a whole log and recomputes its chain. It finds what was changed, taken out or put in another
 * order. Commits cut off at the end leave a shorter log that is sound in itself: only somebody who kept a later hash
 * (a follower, a signed head) can tell. */
#include <string.h>

#include "common/store/log.h"

#define STEP (8u * 1024 * 1024)          /* bytes a read */

struct audit {
    uint64_t next, end, commits, entries;
    uint8_t hash[MJ_HASH];
    struct mj_arena *arena;
    int rc;
    mj_error *err;
};

static int ignore_entry(void *arg, const struct mj_entry *e)
{
    (void)arg;
    (void)e;
    return 0;
}

static int check_commit(void *arg, const struct mj_commit *c)
{
    struct audit *a = arg;
    if (a->next >= a->end) {
        return 1;                        /* a writer's next commit: not whole yet, perhaps */
    }
    if (c->first != a->next || !mj_commit_fits(c, a->hash)) {
        a->rc = mj_fail(a->err, MJ_DATA_LOSS, "CHAIN_BROKEN", NULL,
                        "the chain breaks at position %llu: a commit was changed, taken out or moved; restore the log",
                        (unsigned long long)a->next);
        return 1;
    }
    mj_arena_reset(a->arena, 0);
    a->rc = mj_block_each(c, a->arena, ignore_entry, NULL, a->err);
    if (a->rc != 0) {
        return 1;
    }
    a->next = c->first + c->count;
    a->commits++;
    a->entries += c->count;
    memcpy(a->hash, c->hash, MJ_HASH);
    return 0;
}

static int audit_all(struct mj_log_reader *r, struct audit *a, mj_error *err)
{
    struct mj_log_head head;
    if (mj_log_reader_head(r, &head, err) != 0) {
        return -1;
    }
    a->end = head.end;
    while (a->next < a->end) {
        uint64_t before = a->next;
        if (mj_log_read(r, a->next, STEP, check_commit, a, err) != 0 || a->rc != 0) {
            return -1;
        }
        if (a->next == before) {
            return mj_fail(err, MJ_DATA_LOSS, "CHAIN_BROKEN", NULL,
                           "the commit at position %llu is missing; restore the log", (unsigned long long)before);
        }
    }
    return 0;
}

int mj_log_verify(const char *url, uint64_t *commits, uint64_t *entries, mj_error *err)
{
    struct mj_log_reader *r;
    if (mj_log_reader_open(&r, url, err) != 0) {
        return -1;
    }
    struct audit a = { .next = 1, .arena = mj_arena_create(0), .err = err };
    int rc = audit_all(r, &a, err);
    mj_arena_destroy(a.arena);
    mj_log_reader_close(r);
    if (rc == 0) {
        *commits = a.commits;
        *entries = a.entries;
    }
    return rc;
}
