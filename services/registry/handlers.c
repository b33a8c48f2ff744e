/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "registry/handlers.h"

#include "registry/commands.h"

#define OPERATOR MJ_ROLE_BIT(MJ_ROLE_OPERATOR)
#define MISSION_LOCALE MJ_ROLE_BIT(MJ_ROLE_MISSION_LOCALE)
#define TYPES(name) &missionjeunes__registry__v1__##name##_request__descriptor, \
                    &missionjeunes__registry__v1__##name##_response__descriptor

/* Everything the decision stood on is on disk, or err says why not. */
static void finished(void *arg, const struct mj_verb *verb, const struct mj_buf *answer, const mj_error *err)
{
    struct mj_request *rq = arg;
    ProtobufCMessage *m = NULL;
    mj_error broken;

    if (!err && mj_unpack(&m, verb->answer, answer->data, answer->len, mj_request_arena(rq), &broken) < 0)
        err = &broken;
    if (err)
        mj_reply_error(rq, err);
    else
        mj_reply(rq, m);
}

static int submit(struct mj_registry *r, struct mj_request *rq, const struct mj_verb *verb, const char *region,
                  mj_error *err)
{
    struct mj_registry_command *c;
    struct mj_partition *p;

    if (mj_daemon_partition_for(r->daemon, region, &p, err) < 0)
        return -1;
    c = mj_arena_alloc(mj_request_arena(rq), sizeof *c);
    if (!c)
        return mj_fail(err, MJ_RESOURCE_EXHAUSTED, "MESSAGE_COST", NULL, "the message takes too much memory");
    if (mj_registry_command_prepare(c, r, verb, p, mj_request_who(rq), mj_request_body(rq), mj_request_bytes(rq),
                                    mj_request_header(rq)->key, err) < 0)
        return -1;
    c->base.deadline_ms = mj_request_deadline_ms(rq);
    mj_registry_command_submit(c, p, finished, rq);
    return 0;
}

/* Organisations, principals, keys and rules are decided in "FR", whatever region the header names. */
static int declare_organisation(void *app, struct mj_request *rq, mj_error *err)
{
    return submit(app, rq, &mj_declare_organisation, "FR", err);
}

static int declare_agency(void *app, struct mj_request *rq, mj_error *err)
{
    return submit(app, rq, &mj_declare_agency, "FR", err);
}

static int declare_principal(void *app, struct mj_request *rq, mj_error *err)
{
    return submit(app, rq, &mj_declare_principal, "FR", err);
}

static int add_key(void *app, struct mj_request *rq, mj_error *err)
{
    return submit(app, rq, &mj_add_key, "FR", err);
}

static int revoke_key(void *app, struct mj_request *rq, mj_error *err)
{
    return submit(app, rq, &mj_revoke_key, "FR", err);
}

static int set_rule(void *app, struct mj_request *rq, mj_error *err)
{
    return submit(app, rq, &mj_set_rule, "FR", err);
}

static int enrol(void *app, struct mj_request *rq, mj_error *err)
{
    const char *region = mj_request_header(rq)->region;

    if (mj_region_check(region, "header.region", err) < 0)
        return -1;
    return submit(app, rq, &mj_enrol, region, err);
}

const struct mj_method mj_registry_methods[] = {
    /* method, messages; who may call it, whether it needs an idempotency key, handler */
    { "registry.v1.DeclareOrganisation", TYPES(declare_organisation), OPERATOR, true, declare_organisation },
    { "registry.v1.DeclareAgency", TYPES(declare_agency), MJ_ROLE_BIT(MJ_ROLE_AGENCY), true, declare_agency },
    { "registry.v1.DeclarePrincipal", TYPES(declare_principal), OPERATOR, true, declare_principal },
    { "registry.v1.AddKey", TYPES(add_key), OPERATOR, true, add_key },
    { "registry.v1.RevokeKey", TYPES(revoke_key), OPERATOR, true, revoke_key },
    { "registry.v1.SetRule", TYPES(set_rule), OPERATOR, true, set_rule },
    { "registry.v1.Enrol", TYPES(enrol), MISSION_LOCALE, true, enrol },
    { "registry.v1.GetOrganisation", TYPES(get_organisation), MJ_ROLES_ALL, false, mj_get_organisation },
    { "registry.v1.ListOrganisations", TYPES(list_organisations), MJ_ROLES_ALL, false, mj_list_organisations },
    { "registry.v1.ListEnrolments", TYPES(list_enrolments), MISSION_LOCALE, false, mj_list_enrolments },
    { "directory.v1.Announce", &missionjeunes__directory__v1__announce_request__descriptor,
      &missionjeunes__directory__v1__announce_response__descriptor, MJ_ROLE_BIT(MJ_ROLE_SERVICE), false, mj_announce },
    { "directory.v1.Resolve", &missionjeunes__directory__v1__resolve_request__descriptor,
      &missionjeunes__directory__v1__resolve_response__descriptor, MJ_ROLES_ALL, false, mj_resolve },
    MJ_METHODS_END
};
