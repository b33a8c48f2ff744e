/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* log: epoch, lineage and chain on top of an engine; see log_block.c for entries, log_verify.c for the audit. */
#include "common/store/log.h"

#include <stdlib.h>
#include <string.h>

#include "missionjeunes/log/v1/log.pb-c.h"

struct mj_log {
    const struct mj_log_ops *ops;
    void *engine;
    struct mj_log_head head;
};

struct mj_log_reader {
    const struct mj_log_ops *ops;
    void *engine;
};

const struct mj_log_ops *mj_log_engine(const char *url, mj_error *err)
{
    static const struct mj_log_ops *const engines[] = { &mj_log_files };
    for (size_t i = 0; i < sizeof engines / sizeof engines[0]; i++) {
        size_t n = strlen(engines[i]->scheme);
        if (strncmp(url, engines[i]->scheme, n) == 0 && url[n] == ':') {
            return engines[i];
        }
    }
    mj_fail(err, MJ_INVALID_ARGUMENT, "URL_SCHEME", "url", "expected a log at file:/path/log, got another scheme");
    return NULL;
}

/* ---- opening ---- */

struct last_commit {
    const struct mj_log_ops *ops;
    void *engine;
    uint64_t end;
    uint64_t recorded_at_ms;             /* of its last entry */
    bool seen;
    int rc;
    mj_error *err;
};

static int take_time(void *arg, const struct mj_entry *e)
{
    struct last_commit *last = arg;
    last->recorded_at_ms = e->recorded_at_ms;
    return 0;
}

static int check_last(void *arg, const struct mj_commit *c)
{
    struct last_commit *last = arg;
    uint8_t prev[MJ_HASH] = { 0 };
    bool found = c->first == 1;
    last->seen = true;
    last->rc = found ? 0 : last->ops->hash_before(last->engine, c->first, prev, &found, last->err);
    if (last->rc == 0 && (!found || c->first + c->count != last->end || !mj_commit_fits(c, prev))) {
        last->rc = mj_fail(last->err, MJ_DATA_LOSS, "CHAIN_BROKEN", NULL,
                           "the last commit, at position %llu, does not fit the chain; restore the log",
                           (unsigned long long)c->first);
    }
    if (last->rc == 0) {
        struct mj_arena *a = mj_arena_create(0);
        last->rc = mj_block_each(c, a, take_time, last, last->err);
        mj_arena_destroy(a);
    }
    return 1;
}

/* Checks the end of the log, where a torn disk would show, and finds the time that entries may not go behind. */
static int check_end(struct mj_log *l, uint64_t *recorded_at_ms, mj_error *err)
{
    struct last_commit last = { .ops = l->ops, .engine = l->engine, .end = l->head.end, .err = err };
    *recorded_at_ms = 0;
    if (!l->head.exists) {
        return 0;
    }
    if (l->head.end == 1) {
        return mj_fail(err, MJ_DATA_LOSS, "CHAIN_BROKEN", NULL,
                       "the log had a writer and holds no commit; restore the log");
    }
    if (l->ops->read(l->engine, l->head.end - 1, 0, check_last, &last, err) != 0) {
        return -1;
    }
    if (!last.seen) {
        return mj_fail(err, MJ_DATA_LOSS, "CHAIN_BROKEN", NULL, "the last commit cannot be read; restore the log");
    }
    *recorded_at_ms = last.recorded_at_ms;
    return last.rc;
}

static void pack_opened(struct mj_buf *block, const struct mj_log *l, uint64_t now_ms, const char *instance)
{
    Missionjeunes__Log__V1__Opened opened;
    struct mj_buf payload = MJ_BUF_INIT;
    missionjeunes__log__v1__opened__init(&opened);
    opened.epoch = l->head.epoch;
    opened.lineage = (ProtobufCBinaryData){ .len = MJ_LINEAGE, .data = (uint8_t *)(uintptr_t)l->head.lineage };
    opened.instance = (char *)(uintptr_t)instance;
    mj_buf_pack(&payload, &opened.base);
    const struct mj_entry e = { .recorded_at_ms = now_ms, .type = MJ_ENTRY_OPENED, .principal = "service",
                                .payload = payload.data, .payload_len = payload.len };
    mj_block_add(block, &e);
    mj_buf_free(&payload);
}

static enum mj_append append(struct mj_log *l, const uint8_t *set_lineage, uint64_t first, uint32_t count,
                             const uint8_t *block, size_t len, mj_error *err)
{
    struct mj_commit c = { .first = first, .count = count, .block = block, .block_len = len };
    mj_chain(c.hash, l->head.hash, first, count, block, len);
    enum mj_append stored = l->ops->append(l->engine, l->head.epoch, set_lineage, &c, err);
    if (stored == MJ_STORED) {
        l->head.end = first + count;
        memcpy(l->head.hash, c.hash, MJ_HASH);
    }
    return stored;
}

static int claim(struct mj_log *l, const struct mj_env *env, const char *instance, mj_error *err)
{
    uint64_t last_ms;
    if (check_end(l, &last_ms, err) != 0) {
        return -1;
    }
    bool is_new = !l->head.exists;
    if (is_new) {
        mj_random(env, l->head.lineage, MJ_LINEAGE);
        l->head.exists = true;
    }
    l->head.epoch++;
    int64_t wall = mj_wall_ms(env);
    uint64_t now = wall > 0 ? (uint64_t)wall : 0;
    struct mj_buf block = MJ_BUF_INIT;
    pack_opened(&block, l, now > last_ms ? now : last_ms, instance);
    enum mj_append stored = append(l, is_new ? l->head.lineage : NULL, l->head.end, 1, block.data, block.len, err);
    mj_buf_free(&block);
    return stored == MJ_STORED ? 0 : -1;
}

int mj_log_open(struct mj_log **ret, const char *url, const struct mj_env *env, const char *instance, mj_error *err)
{
    const struct mj_log_ops *ops = mj_log_engine(url, err);
    if (ops == NULL) {
        return -1;
    }
    struct mj_log *l = mj_calloc(1, sizeof *l);
    l->ops = ops;
    if (ops->open(&l->engine, url, env, err) != 0) {
        free(l);
        return -1;
    }
    if (ops->head(l->engine, &l->head, err) != 0 || claim(l, env, instance, err) != 0) {
        mj_log_close(l);
        return -1;
    }
    *ret = l;
    return 0;
}

void mj_log_close(struct mj_log *l)
{
    if (l != NULL) {
        l->ops->close(l->engine);
        free(l);
    }
}

/* ---- writing ---- */

uint64_t mj_log_end(const struct mj_log *l) { return l->head.end; }
uint64_t mj_log_epoch(const struct mj_log *l) { return l->head.epoch; }
const uint8_t *mj_log_lineage(const struct mj_log *l) { return l->head.lineage; }
const uint8_t *mj_log_hash(const struct mj_log *l) { return l->head.hash; }

enum mj_append mj_log_append(struct mj_log *l, uint64_t first, uint32_t count, const uint8_t *block, size_t len,
                             mj_error *err)
{
    if (count == 0 || len == 0 || len > MJ_COMMIT_MAX) {
        mj_fail(err, MJ_INTERNAL, "COMMIT_SIZE", NULL,
                "expected 1 to %u bytes with at least 1 entry, got %zu bytes, %u", MJ_COMMIT_MAX, len, count);
        return MJ_NOT_STORED;
    }
    return append(l, NULL, first, count, block, len, err);
}

int mj_log_probe(struct mj_log *l, mj_error *err)
{
    return l->ops->probe(l->engine, err);
}

/* ---- reading ---- */

int mj_log_reader_open(struct mj_log_reader **ret, const char *url, mj_error *err)
{
    const struct mj_log_ops *ops = mj_log_engine(url, err);
    void *engine;
    if (ops == NULL || ops->open(&engine, url, NULL, err) != 0) {
        return -1;
    }
    struct mj_log_reader *r = mj_calloc(1, sizeof *r);
    *r = (struct mj_log_reader){ ops, engine };
    *ret = r;
    return 0;
}

void mj_log_reader_close(struct mj_log_reader *r)
{
    if (r != NULL) {
        r->ops->close(r->engine);
        free(r);
    }
}

int mj_log_reader_head(struct mj_log_reader *r, struct mj_log_head *ret, mj_error *err)
{
    return r->ops->head(r->engine, ret, err);
}

/* Nobody is given commits with a hole between them, or between them and the position asked for. */
struct contiguous {
    uint64_t next;
    bool first_seen;
    mj_commit_fn *each;
    void *arg;
    int rc;
    mj_error *err;
};

static int give_contiguous(void *arg, const struct mj_commit *c)
{
    struct contiguous *g = arg;
    bool fits = g->first_seen ? c->first == g->next : c->first <= g->next;
    if (!fits) {
        g->rc = mj_fail(g->err, MJ_DATA_LOSS, "CHAIN_BROKEN", NULL,
                        "the commit that holds position %llu is missing; restore the log", (unsigned long long)g->next);
        return 1;
    }
    g->first_seen = true;
    g->next = c->first + c->count;
    return g->each(g->arg, c);
}

int mj_log_read(struct mj_log_reader *r, uint64_t position, size_t max_bytes, mj_commit_fn *each, void *arg,
                mj_error *err)
{
    struct contiguous g = { .next = position > 0 ? position : 1, .each = each, .arg = arg, .err = err };
    if (r->ops->read(r->engine, g.next, max_bytes, give_contiguous, &g, err) != 0) {
        return -1;
    }
    return g.rc;
}

int mj_log_hash_before(struct mj_log_reader *r, uint64_t position, uint8_t ret[MJ_HASH], bool *found, mj_error *err)
{
    return r->ops->hash_before(r->engine, position, ret, found, err);
}
