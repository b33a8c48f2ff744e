/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "placements/fates.h"

#include <stdlib.h>
#include <string.h>

int pl_fate_of(const struct mj_entry *e, struct pl_fate *ret, mj_error *err)
{
    if (e->type < PL_ENTRY_ACCEPTED || e->type > PL_ENTRY_REJECTED)
        return mj_fail(err, MJ_NOT_FOUND, "EVENT", NULL, "expected an event's entry, got type %u", e->type);
    const struct pl_numbered *n = e->value;
    *ret = (struct pl_fate){ .same_as = n->same_as, .reason = n->reason, .field = n->field };
    memcpy(ret->tag, n->tag, MJ_TAG);
    if (e->type == PL_ENTRY_REJECTED) {
        ret->outcome = PL_REJECTED;
    } else if (e->type == PL_ENTRY_KNOWN) {
        ret->outcome = PL_DUPLICATE;
        ret->reason = "KNOWN_FACT";
    } else {
        ret->outcome = n->unmatched ? PL_UNMATCHED : PL_ACCEPTED;
    }
    return 0;
}

/* ---- one entry ---- */

struct one {
    uint64_t position;
    struct mj_arena *arena;
    mj_entry_fn *each;
    void *arg;
    mj_error *err;
    bool found;
    int rc;
};

static int one_entry(void *arg, const struct mj_entry *e)
{
    struct one *o = arg;
    struct mj_entry entry = *e;
    if (e->position != o->position)
        return 0;
    o->found = true;
    o->rc = pl_entry_read(&entry, o->arena, o->err) < 0 ? -1 : o->each(o->arg, &entry);
    return 1;
}

static int one_commit(void *arg, const struct mj_commit *c)
{
    struct one *o = arg;
    if (o->position >= c->first && o->position < c->first + c->count &&
        mj_block_each(c, o->arena, one_entry, o, o->err) < 0)
        o->rc = -1;
    return 1;
}

int pl_log_entry(struct mj_log_reader *log, uint64_t position, struct mj_arena *a, mj_entry_fn *each, void *arg,
                 mj_error *err)
{
    struct one o = { position, a, each, arg, err, false, 0 };
    if (mj_log_read(log, position, 1, one_commit, &o, err) < 0 || o.rc < 0)
        return -1;
    if (!o.found)
        return mj_fail(err, MJ_NOT_FOUND, "EVENT", NULL, "expected an entry at position %llu, got none",
                       (unsigned long long)position);
    return 0;
}

/* ---- a run of them ---- */

struct scan {
    uint64_t positions[PL_RUN];
    uint32_t until;
    struct pl_fates *fates;              /* fates->count is the next one wanted */
    struct mj_arena *arena;
    mj_error *err;
    int rc;
};

static int scan_entry(void *arg, const struct mj_entry *e)
{
    struct scan *s = arg;
    struct mj_entry entry = *e;
    struct pl_fate fate;
    if (s->fates->count == s->until || e->position != s->positions[s->fates->count])
        return 0;
    if (pl_entry_read(&entry, s->arena, s->err) < 0 || pl_fate_of(&entry, &fate, s->err) < 0) {
        s->rc = -1;
        return 1;
    }
    pl_fates_add(s->fates, &fate);
    return 0;
}

/* One commit at a time: the next number may stand far behind it. */
static int scan_commit(void *arg, const struct mj_commit *c)
{
    struct scan *s = arg;
    mj_arena_reset(s->arena, 0);
    if (mj_block_each(c, s->arena, scan_entry, s, s->err) < 0)
        s->rc = -1;
    return 1;
}

static int scan_run(struct mj_log_reader *log, const struct pl_run *run, uint32_t count, struct pl_fates *ret,
                    mj_error *err)
{
    struct scan s = { .until = count < run->count ? count : run->count, .fates = ret, .arena = mj_arena_create(0),
                      .err = err };
    pl_run_positions(run, s.positions);
    while (s.rc == 0 && ret->count < s.until) {
        uint32_t before = ret->count;
        if (mj_log_read(log, s.positions[before], 1, scan_commit, &s, err) < 0)
            s.rc = -1;
        else if (s.rc == 0 && ret->count == before)
            s.rc = mj_fail(err, MJ_DATA_LOSS, "RUN_ROW", NULL,
                           "expected an event's entry at position %llu, got none; refold the tables",
                           (unsigned long long)s.positions[before]);
    }
    mj_arena_destroy(s.arena);
    return s.rc;
}

/* ---- the row kind ---- */

struct mj_row_key pl_fates_key(const char *siret, uint32_t run, uint32_t count)
{
    uint8_t key[MJ_SIRET_LEN + 1 + sizeof run + sizeof count] = { 0 };
    memcpy(key, siret, MJ_SIRET_LEN);
    memcpy(key + MJ_SIRET_LEN + 1, &run, sizeof run);
    memcpy(key + MJ_SIRET_LEN + 1 + sizeof run, &count, sizeof count);
    return mj_row_key(key, sizeof key);
}

static void fates_free(void *fates)
{
    if (fates == NULL)
        return;
    pl_fates_clear(fates);
    free(fates);
}

static size_t fates_size(const void *fates)
{
    return sizeof(struct pl_fates) + pl_fates_bytes(fates);
}

static int fates_load(const struct mj_readers *r, const struct mj_row_key *key, void **ret, mj_error *err)
{
    uint32_t number, count;
    struct pl_run run = { 0 };
    memcpy(&number, key->bytes + MJ_SIRET_LEN + 1, sizeof number);
    memcpy(&count, key->bytes + MJ_SIRET_LEN + 1 + sizeof number, sizeof count);
    if (pl_run_read(r->tables, (const char *)key->bytes, number, &run, err) < 0)
        return -1;
    if (run.count == 0)
        return 0;
    struct pl_fates *fates = mj_calloc(1, sizeof *fates);
    int rc = scan_run(r->log, &run, count, fates, err);
    pl_run_clear(&run);
    if (rc < 0)
        fates_free(fates);
    else
        *ret = fates;
    return rc;
}

const struct mj_row_kind pl_fates_kind = { "fates", fates_load, NULL, fates_size, fates_free, NULL, false };
