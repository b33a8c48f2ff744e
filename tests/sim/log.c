/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* log: the log engine in memory (store/log.h, struct mj_log_ops), in place of the embedded one. What append returned
 * STORED for survives everything. An append that was running at a crash is there or not: the worker draws whether the
 * process dies before it or after it. With bad_sync its outcome is UNKNOWN, and drawn. */
#include "common/store/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"
#include "log_sim.h"

struct engine { struct sim_log *log; };

static struct sim_log *logs;
void (*sim_log_on_commit)(const struct sim_log *g, const struct mj_commit *c);

static const char *sim_log_path(const char *url)
{
    const char *colon = strchr(url, ':');

    return colon ? colon + 1 : url;
}

struct sim_log *sim_log_find(const char *path)
{
    struct sim_log *g = logs;

    while (g && strcmp(g->path, path) != 0)
        g = g->next;
    return g;
}

struct sim_log *sim_log_next(const struct sim_log *g) { return g ? g->next : logs; }
bool sim_log_has(const char *path) { return sim_log_find(path) != NULL; }

static struct sim_log *make(const char *path)
{
    struct sim_log *g = mj_calloc(1, sizeof *g);

    snprintf(g->path, sizeof g->path, "%s", path);
    g->machine = sim_machine_of_path(path);
    g->head.end = 1;
    g->next = logs;
    logs = g;
    return g;
}

static int on_open(void **ret, const char *url, const struct mj_env *env, mj_error *err)
{
    const char *path = sim_log_path(url);
    struct sim_log *g = sim_log_find(path);
    struct engine *e;

    if (!g && !env)
        return mj_fail(err, MJ_NOT_FOUND, "STORE_MISSING", NULL, "there is no log at %s", path);
    e = mj_calloc(1, sizeof *e);
    e->log = g ? g : make(path);
    *ret = e;
    return 0;
}

static int on_head(void *engine, struct mj_log_head *ret, mj_error *err)
{
    (void)err;
    *ret = ((struct engine *)engine)->log->head;
    return 0;
}

static void keep(struct sim_log *g, const struct mj_commit *c)
{
    struct mj_commit *k;
    uint8_t *block = mj_alloc(c->block_len);

    if (g->count == g->room) {
        g->room = g->room ? 2 * g->room : 256;
        g->commits = realloc(g->commits, g->room * sizeof *g->commits);
        if (!g->commits)
            exit(2);
    }
    memcpy(block, c->block, c->block_len);
    k = &g->commits[g->count++];
    *k = *c;
    k->block = block;
    g->head.end = c->first + c->count;
    memcpy(g->head.hash, c->hash, MJ_HASH);
    sim_trace("commit", c->hash, MJ_HASH);
    if (sim_log_on_commit)
        sim_log_on_commit(g, k);
}

static void store(struct sim_log *g, uint64_t epoch, const uint8_t *set_lineage, const struct mj_commit *c)
{
    if (set_lineage)
        memcpy(g->head.lineage, set_lineage, MJ_LINEAGE);
    g->head.epoch = epoch;
    g->head.exists = true;
    keep(g, c);
}

static enum mj_append on_append(void *engine, uint64_t epoch, const uint8_t *set_lineage, const struct mj_commit *c,
                                mj_error *err)
{
    struct sim_log *g = ((struct engine *)engine)->log;
    struct sim_machine *m = g->machine;

    if (g->head.end != c->first || g->head.epoch > epoch || g->head.exists != (set_lineage == NULL)) {
        mj_fail(err, MJ_ABORTED, "FENCED", NULL, "another writer has the log %s", g->path);
        return MJ_NOT_STORED;
    }
    if (m && m->full) {
        mj_fail(err, MJ_RESOURCE_EXHAUSTED, "DISK_FULL", NULL, "the disk is full");
        return MJ_NOT_STORED;
    }
    if (m && m->bad_sync) {
        m->bad_sync = false;
        if (sim_chance(500))
            store(g, epoch, set_lineage, c);
        mj_fail(err, MJ_UNKNOWN, "STORE_UNKNOWN", NULL, "the sync failed");
        return MJ_APPEND_UNKNOWN;
    }
    store(g, epoch, set_lineage, c);
    return MJ_STORED;
}

/* The commit that holds position, or the number of commits. */
static size_t place_of(const struct sim_log *g, uint64_t position)
{
    size_t low = 0, high = g->count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (g->commits[middle].first + g->commits[middle].count <= position)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int on_read(void *engine, uint64_t position, size_t max_bytes, mj_commit_fn *each, void *arg, mj_error *err)
{
    const struct sim_log *g = ((struct engine *)engine)->log;
    size_t given = 0;

    (void)err;
    for (size_t i = place_of(g, position); i < g->count; i++) {
        const struct mj_commit *c = &g->commits[i];
        if (given > 0 && given + c->block_len > max_bytes)
            break;
        given += c->block_len;
        if (each(arg, c) != 0)
            break;
    }
    return 0;
}

static int on_hash_before(void *engine, uint64_t position, uint8_t ret[MJ_HASH], bool *found, mj_error *err)
{
    const struct sim_log *g = ((struct engine *)engine)->log;
    size_t i = position > 1 ? place_of(g, position - 1) : g->count;

    (void)err;
    *found = i < g->count && g->commits[i].first + g->commits[i].count == position;
    if (*found)
        memcpy(ret, g->commits[i].hash, MJ_HASH);
    return 0;
}

static int on_probe(void *engine, mj_error *err)
{
    const struct sim_machine *m = ((struct engine *)engine)->log->machine;

    return m && m->full ? mj_fail(err, MJ_RESOURCE_EXHAUSTED, "DISK_FULL", NULL, "the disk is full") : 0;
}

static void on_close(void *engine) { free(engine); }

const struct mj_log_ops mj_log_files = {
    .scheme = "file", .open = on_open, .head = on_head, .append = on_append, .read = on_read,
    .hash_before = on_hash_before, .probe = on_probe, .close = on_close,
};
