/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* SetRule, decided in partition "FR", and Enrol, decided in the region of the Mission Locale with the rules that
 * "who" has followed from "FR"; the entry says up to which position. */
#include <stdio.h>
#include <string.h>

#include "registry/commands.h"

/* ---- SetRule ---- */

static int rule_check(struct mj_registry_command *c, mj_error *err)
{
    const pb_set_rule *in = c->body;

    if (!in->rule)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "MISSING", "rule", "expected a rule, got none");
    if (mj_rule_check(&c->checked.rule, in->rule, err) < 0)
        return mj_fail_in(err, "rule");
    return 0;
}

static bool rule_needs(struct mj_registry_command *c, struct mj_rows *rows, struct mj_row_waiter *w)
{
    struct mj_row_key key = mj_rules_key(c->checked.rule.programme);

    return mj_rows_need(rows, &mj_rules_kind, &key, w);
}

static int rule_decide(struct mj_registry_command *c, struct mj_partition *p, mj_error *err)
{
    Missionjeunes__Registry__V1__SetRuleResponse answer = MISSIONJEUNES__REGISTRY__V1__SET_RULE_RESPONSE__INIT;
    pb_rule_set entry = MISSIONJEUNES__REGISTRY__V1__RULE_SET__INIT;
    pb_rule rule = *((const pb_set_rule *)c->body)->rule;
    struct mj_row_key key = mj_rules_key(c->checked.rule.programme);
    const struct mj_rules_row *rules = mj_rows_get(mj_partition_rows(p), &mj_rules_kind, &key);

    (void)err;
    rule.version = rules ? rules->items[rules->count - 1].is.version + 1 : 1;
    entry.rule = &rule;
    answer.version = rule.version;
    answer.position = mj_partition_folded(p) + 1;
    mj_registry_conclude(c, p, MJ_ENTRY_RULE_SET, &entry.base, &answer.base);
    return 0;
}

const struct mj_verb mj_set_rule = {
    "registry.v1.SetRule", &missionjeunes__registry__v1__set_rule_response__descriptor,
    rule_check, rule_needs, rule_decide,
};

/* ---- Enrol ---- */

static int caller_may_enrol(const struct mj_registry_command *c, mj_error *err)
{
    const struct mj_organisation *o = mj_who_organisation(c->registry->who, c->caller->organisation);

    if (!o || o->kind != MJ_ORGANISATION_MISSION_LOCALE)
        return mj_fail(err, MJ_PERMISSION_DENIED, "NOT_A_MISSION_LOCALE", NULL,
                       "the caller's organisation is not declared as a Mission Locale");
    if (strcmp(o->region, c->region) != 0 || !mj_principal_in(c->caller, c->region))
        return mj_fail(err, MJ_PERMISSION_DENIED, "NOT_YOUR_REGION", "header.region",
                       "expected the region of the caller's Mission Locale, got %s", c->region);
    return 0;
}

static int enrol_check(struct mj_registry_command *c, mj_error *err)
{
    const struct mj_env *env = c->registry->env;
    uint8_t random[MJ_PERSON_RANDOM];

    if (caller_may_enrol(c, err) < 0)
        return -1;
    if (mj_enrolment_check(&c->checked.enrolment, c->body, mj_local_day(mj_wall_ms(env), c->region), err) < 0)
        return -1;
    mj_random(env, random, sizeof random);
    mj_random(env, c->person_key, sizeof c->person_key);
    mj_random(env, c->nonce, sizeof c->nonce);
    mj_person_make(c->person, c->region, random);
    return 0;
}

static bool enrol_needs(struct mj_registry_command *c, struct mj_rows *rows, struct mj_row_waiter *w)
{
    struct mj_row_key key = mj_row_key_text(c->person);

    return mj_rows_need(rows, &mj_enrolment_kind, &key, w);
}

/* The attributes under the person's own key, from the first entry on. */
static void seal(const struct mj_registry_command *c, unsigned age, struct mj_buf *sealed)
{
    pb_person_attributes a = MISSIONJEUNES__REGISTRY__V1__PERSON_ATTRIBUTES__INIT;
    struct mj_buf clear = MJ_BUF_INIT;
    char birth[MJ_DATE_TEXT];

    a.birth_date = mj_date_format(c->checked.enrolment.birth, birth);
    a.sex = (Missionjeunes__Registry__V1__Sex)c->checked.enrolment.sex;
    a.rqth = c->checked.enrolment.rqth;
    a.age_at_entry = age;
    mj_buf_pack(&clear, &a.base);
    mj_seal(mj_buf_grow(sealed, clear.len + MJ_SEAL_OVERHEAD), c->person_key, c->nonce, clear.data, clear.len,
            c->person, strlen(c->person));
    explicit_bzero(clear.data, clear.len);
    explicit_bzero(birth, sizeof birth);
    mj_buf_free(&clear);
}

static void emit_enrolled(struct mj_registry_command *c, struct mj_partition *p, const struct mj_age_rule *rule,
                          unsigned age)
{
    Missionjeunes__Registry__V1__EnrolResponse answer = MISSIONJEUNES__REGISTRY__V1__ENROL_RESPONSE__INIT;
    pb_person_enrolled entry = MISSIONJEUNES__REGISTRY__V1__PERSON_ENROLLED__INIT;
    struct mj_buf sealed = MJ_BUF_INIT;
    char entry_on[MJ_DATE_TEXT], name[40];

    seal(c, age, &sealed);
    entry.young_person = answer.young_person = c->person;
    entry.mission_locale = (char *)c->caller->organisation;
    entry.programme = (Missionjeunes__Registry__V1__Programme)c->checked.enrolment.programme;
    entry.entry_on = mj_date_format(c->checked.enrolment.entry_on, entry_on);
    entry.rule_version = answer.rule_version = rule->version;
    entry.known_fr_position = mj_who_position(c->registry->who);
    entry.sealed = (ProtobufCBinaryData){ sealed.len, sealed.data };
    answer.position = mj_partition_folded(p) + 1;
    snprintf(name, sizeof name, "person/%s", c->person);
    mj_partition_key(p, name, c->person_key);
    mj_registry_conclude(c, p, MJ_ENTRY_PERSON_ENROLLED, &entry.base, &answer.base);
    mj_buf_free(&sealed);
}

static int enrol_decide(struct mj_registry_command *c, struct mj_partition *p, mj_error *err)
{
    const struct mj_enrolment *e = &c->checked.enrolment;
    const struct mj_age_rule *rule = mj_who_rule(c->registry->who, e->programme, e->entry_on);
    struct mj_row_key key = mj_row_key_text(c->person);
    unsigned age = 0;

    if (mj_rows_get(mj_partition_rows(p), &mj_enrolment_kind, &key))
        return mj_fail(err, MJ_ABORTED, "ID_TAKEN", NULL, "the id drawn is taken already; send the command again");
    if (mj_enrolment_decide(e, rule, &age, err) < 0)
        return -1;
    emit_enrolled(c, p, rule, age);
    return 0;
}

const struct mj_verb mj_enrol = {
    "registry.v1.Enrol", &missionjeunes__registry__v1__enrol_response__descriptor,
    enrol_check, enrol_needs, enrol_decide,
};
