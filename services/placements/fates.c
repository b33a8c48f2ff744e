/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "placements/fates.h"

#include <stdlib.h>
#include <string.h>

int pl_entry_unpack(ProtobufCMessage **ret, const ProtobufCMessageDescriptor *d, const uint8_t *bytes, size_t len,
                    struct mj_arena *a, mj_error *err)
{
    *ret = protobuf_c_message_unpack(d, mj_arena_protobuf(a), len, bytes);
    if (*ret == NULL)
        return mj_fail(err, MJ_DATA_LOSS, "ENTRY_BROKEN", NULL,
                       "expected a %s of ours, got bytes that do not unpack; run mj log verify", d->short_name);
    return 0;
}

static int tag_of(uint8_t out[MJ_TAG], const ProtobufCBinaryData *hash, mj_error *err)
{
    if (hash->len != MJ_TAG)
        return mj_fail(err, MJ_DATA_LOSS, "ENTRY_BROKEN", NULL,
                       "expected a hash of %d bytes, got %zu; run mj log verify",
                       MJ_TAG, hash->len);
    memcpy(out, hash->data, MJ_TAG);
    return 0;
}

static int accepted_fate(const struct mj_entry *e, struct mj_arena *a, struct pl_fate *f, mj_error *err)
{
    ProtobufCMessage *m;
    if (pl_entry_unpack(&m, &missionjeunes__placements__v1__event_accepted__descriptor, e->payload, e->payload_len, a,
                        err) < 0)
        return -1;
    const EventAccepted *x = (const EventAccepted *)m;
    f->outcome = x->unmatched ? PL_UNMATCHED : PL_ACCEPTED;
    f->reason = x->warning;
    f->field = x->warning_field;
    return tag_of(f->tag, &x->payload_hash, err);
}

static int known_fate(const struct mj_entry *e, struct mj_arena *a, struct pl_fate *f, mj_error *err)
{
    ProtobufCMessage *m;
    if (pl_entry_unpack(&m, &missionjeunes__placements__v1__event_known__descriptor, e->payload, e->payload_len, a,
                        err) < 0)
        return -1;
    const EventKnown *x = (const EventKnown *)m;
    f->outcome = PL_DUPLICATE;
    f->same_as = x->same_as;
    f->reason = "KNOWN_FACT";
    return tag_of(f->tag, &x->payload_hash, err);
}

static int rejected_fate(const struct mj_entry *e, struct mj_arena *a, struct pl_fate *f, mj_error *err)
{
    ProtobufCMessage *m;
    if (pl_entry_unpack(&m, &missionjeunes__placements__v1__event_rejected__descriptor, e->payload, e->payload_len, a,
                        err) < 0)
        return -1;
    const EventRejected *x = (const EventRejected *)m;
    f->outcome = PL_REJECTED;
    f->same_as = x->same_as;
    f->reason = x->reason;
    f->field = x->field;
    return tag_of(f->tag, &x->payload_hash, err);
}

int pl_fate_of(const struct mj_entry *e, struct mj_arena *a, struct pl_fate *ret, mj_error *err)
{
    *ret = (struct pl_fate){ .reason = "", .field = "" };
    switch (e->type) {
    case PL_ENTRY_ACCEPTED: return accepted_fate(e, a, ret, err);
    case PL_ENTRY_KNOWN: return known_fate(e, a, ret, err);
    case PL_ENTRY_REJECTED: return rejected_fate(e, a, ret, err);
    default:
        return mj_fail(err, MJ_NOT_FOUND, "EVENT", NULL, "expected an event's entry, got type %u", e->type);
    }
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
    if (e->position != o->position)
        return 0;
    o->found = true;
    o->rc = o->each(o->arg, e);
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

int pl_entry_read(struct mj_log_reader *log, uint64_t position, struct mj_arena *a, mj_entry_fn *each, void *arg,
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
    const struct pl_run *run;
    struct pl_fates *fates;              /* fates->count is the next one wanted */
    uint32_t until;
    struct mj_arena *arena;
    mj_error *err;
    int rc;
};

static int scan_entry(void *arg, const struct mj_entry *e)
{
    struct scan *s = arg;
    struct pl_fate fate;
    if (s->fates->count == s->until || e->position != s->run->positions[s->fates->count])
        return 0;
    if (pl_fate_of(e, s->arena, &fate, s->err) < 0) {
        s->rc = -1;
        return 1;
    }
    s->fates->fates[s->fates->count++] = pl_fate_copy(&fate);
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
    struct scan s = { run, ret, count < run->count ? count : run->count, mj_arena_create(0), err, 0 };
    while (s.rc == 0 && ret->count < s.until) {
        uint32_t before = ret->count;
        if (mj_log_read(log, run->positions[before], 1, scan_commit, &s, err) < 0)
            s.rc = -1;
        else if (s.rc == 0 && ret->count == before)
            s.rc = mj_fail(err, MJ_DATA_LOSS, "RUN_ROW", NULL,
                           "expected an event's entry at position %llu, got none; refold the tables",
                           (unsigned long long)run->positions[before]);
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

static void fates_free(void *arg)
{
    struct pl_fates *f = arg;
    for (uint32_t i = 0; f != NULL && i < f->count; i++)
        free(f->fates[i]);
    free(f);
}

static size_t fates_size(const void *arg)
{
    return sizeof(struct pl_fates) + ((const struct pl_fates *)arg)->count * sizeof(struct pl_fate);
}

static int fates_load(const struct mj_readers *r, const struct mj_row_key *key, void **ret, mj_error *err)
{
    uint32_t number, count;
    struct pl_run *run = NULL;
    memcpy(&number, key->bytes + MJ_SIRET_LEN + 1, sizeof number);
    memcpy(&count, key->bytes + MJ_SIRET_LEN + 1 + sizeof number, sizeof count);
    if (pl_run_read(r->tables, (const char *)key->bytes, number, &run, err) < 0)
        return -1;
    if (run == NULL)
        return 0;
    struct pl_fates *fates = mj_calloc(1, sizeof *fates);
    int rc = scan_run(r->log, run, count, fates, err);
    pl_run_free(run);
    if (rc < 0)
        fates_free(fates);
    else
        *ret = fates;
    return rc;
}

const struct mj_row_kind pl_fates_kind = { "fates", fates_load, NULL, fates_size, fates_free };
