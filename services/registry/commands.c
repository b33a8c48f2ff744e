/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "registry/commands.h"

#include <stdio.h>
#include <string.h>

#include "common/seams/failpoint.h"

#define OVERHEAD 2048                    /* an entry around a body: names, hashes, answer */

static bool on_needs(struct mj_command *base, struct mj_partition *p, struct mj_row_waiter *w)
{
    struct mj_registry_command *c = (struct mj_registry_command *)base;

    return c->verb->needs(c, mj_partition_rows(p), w);
}

static int on_decide(struct mj_command *base, struct mj_partition *p, mj_error *err)
{
    struct mj_registry_command *c = (struct mj_registry_command *)base;
    int rc = c->verb->decide(c, p, err);

    (void)MJ_FAILPOINT("reg.after_decide");
    return rc;
}

/* finished may free the command: what it is given is taken out first. */
static void on_done(struct mj_command *base, struct mj_partition *p, const mj_error *err)
{
    struct mj_registry_command *c = (struct mj_registry_command *)base;
    struct mj_buf answer = c->base.answer;

    (void)p;
    c->base.answer = (struct mj_buf)MJ_BUF_INIT;
    explicit_bzero(c->person_key, sizeof c->person_key);
    explicit_bzero(&c->checked, sizeof c->checked);
    c->finished(c->arg, c->verb, err ? NULL : &answer, err);
    mj_buf_free(&answer);
}

int mj_registry_command_prepare(struct mj_registry_command *c, const struct mj_registry *registry,
                                const struct mj_verb *verb, struct mj_partition *p, const struct mj_principal *caller,
                                const void *body, const struct mj_frame *bytes, const uint8_t *key, mj_error *err)
{
    const uint8_t *tag_key;

    memset(c, 0, sizeof *c);
    c->verb = verb;
    c->registry = registry;
    c->caller = caller;
    c->body = body;
    snprintf(c->region, sizeof c->region, "%s", mj_partition_region(p));
    if (verb->check(c, err) < 0)
        return -1;
    tag_key = mj_registry_tag_key(registry, c->region);
    if (!tag_key)
        return mj_fail(err, MJ_UNAVAILABLE, "STARTING", NULL, "partition %s is not open yet; try again", c->region);
    mj_tag(c->tag, tag_key, verb->method, strlen(verb->method), bytes->data, bytes->len);
    c->base = (struct mj_command){ .needs = on_needs, .decide = on_decide, .done = on_done, .principal = caller->id,
                                   .bytes = sizeof *c + bytes->len + OVERHEAD, .key = key, .tag = c->tag,
                                   .answer = MJ_BUF_INIT };
    return 0;
}

void mj_registry_command_submit(struct mj_registry_command *c, struct mj_partition *p, mj_finished_fn *finished,
                                void *arg)
{
    c->finished = finished;
    c->arg = arg;
    mj_partition_submit(p, &c->base);
}

void mj_registry_conclude(struct mj_registry_command *c, struct mj_partition *p, uint32_t type,
                          const ProtobufCMessage *entry, const ProtobufCMessage *answer)
{
    mj_buf_clear(&c->base.answer);
    mj_buf_pack(&c->base.answer, answer);
    if (type)
        mj_partition_emit(p, type, entry);
}

/* ---- the rules a new platform starts with ---- */

static bool seed_needs(struct mj_command *c, struct mj_partition *p, struct mj_row_waiter *w)
{
    (void)c;
    for (const struct mj_default_rule *d = mj_default_rules; d->programme != MJ_PROGRAMME_NONE; d++) {
        struct mj_row_key key = mj_rules_key(d->programme);

        if (!mj_rows_need(mj_partition_rows(p), &mj_rules_kind, &key, w))
            return false;
    }
    return true;
}

static int seed_decide(struct mj_command *c, struct mj_partition *p, mj_error *err)
{
    (void)c;
    (void)err;
    for (const struct mj_default_rule *d = mj_default_rules; d->programme != MJ_PROGRAMME_NONE; d++) {
        struct mj_row_key key = mj_rules_key(d->programme);
        pb_rule_set set = MISSIONJEUNES__REGISTRY__V1__RULE_SET__INIT;
        pb_rule rule = MISSIONJEUNES__REGISTRY__V1__PROGRAMME_RULE__INIT;

        if (mj_rows_get(mj_partition_rows(p), &mj_rules_kind, &key))
            continue;
        rule.programme = (Missionjeunes__Registry__V1__Programme)d->programme;
        rule.version = 1;
        rule.valid_from = (char *)d->valid_from;
        rule.age_min = d->age_min;
        rule.age_limit = d->age_limit;
        rule.age_limit_rqth = d->age_limit_rqth;
        rule.source = (char *)d->source;
        set.rule = &rule;
        mj_partition_emit(p, MJ_ENTRY_RULE_SET, &set.base);
    }
    return 0;
}

void mj_registry_seed(struct mj_seed *seed, struct mj_partition *fr,
                      void (*done)(struct mj_command *c, struct mj_partition *p, const mj_error *err))
{
    seed->base = (struct mj_command){ .needs = seed_needs, .decide = seed_decide, .done = done,
                                      .principal = "service", .bytes = OVERHEAD, .answer = MJ_BUF_INIT };
    mj_partition_submit(fr, &seed->base);
}
