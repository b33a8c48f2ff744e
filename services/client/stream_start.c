/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Which region a stream belongs to: the agency's declaration says it, once; the spool remembers it. */
#include <string.h>

#include "client/client_private.h"
#include "missionjeunes/registry/v1/registry.pb-c.h"

typedef Missionjeunes__Registry__V1__DeclareAgencyRequest declare_request;
typedef Missionjeunes__Registry__V1__DeclareAgencyResponse declare_response;
typedef Missionjeunes__Registry__V1__GetOrganisationRequest get_request;
typedef Missionjeunes__Registry__V1__GetOrganisationResponse get_response;

static void region_known(struct mj_stream *s, const char *region)
{
    mj_error err;

    if (strlen(region) != 2) {
        mj_fail(&err, MJ_INTERNAL, "NO_REGION", NULL, "registry gave no region for agency %s", s->siret);
        stream_trouble(s, &err);
    } else if (s->spool->set_region(s->spool, region, &err) < 0) {
        stream_untake(s);
        stream_trouble(s, &err);
    } else {
        stream_resume(s);
    }
}

/* The stream that still waits for this answer, or NULL. */
static struct mj_stream *answered(struct stream_call *c, const struct mj_reply *r)
{
    struct mj_stream *s = c->stream && c->run == c->stream->run ? c->stream : NULL;

    stream_call_free(c);
    if (s && r->outcome != MJ_CALL_OK) {
        stream_trouble(s, r->err);
        return NULL;
    }
    return s;
}

static void on_declared(void *arg, const struct mj_reply *r)
{
    struct mj_stream *s = answered(arg, r);

    if (s)
        region_known(s, ((const declare_response *)r->body)->region);
}

static void on_found(void *arg, const struct mj_reply *r)
{
    struct mj_stream *s = answered(arg, r);

    if (s)
        region_known(s, ((const get_response *)r->body)->organisation->region);
}

static int declare(struct mj_stream *s, struct stream_call *c, mj_error *err)
{
    declare_request rq = MISSIONJEUNES__REGISTRY__V1__DECLARE_AGENCY_REQUEST__INIT;
    uint8_t key[MJ_COMMAND_KEY];
    struct mj_call call = { .method = "registry.v1.DeclareAgency", .region = "FR", .body = &rq.base, .key = key,
                            .answer = &missionjeunes__registry__v1__declare_agency_response__descriptor };

    mj_client_key(s->client, key);
    rq.siret = s->siret;
    rq.commune = s->commune;
    return mj_client_call(s->client, NULL, &call, on_declared, c, err);
}

static int look_up(struct mj_stream *s, struct stream_call *c, mj_error *err)
{
    get_request rq = MISSIONJEUNES__REGISTRY__V1__GET_ORGANISATION_REQUEST__INIT;
    struct mj_call call = { .method = "registry.v1.GetOrganisation", .region = "FR", .body = &rq.base,
                            .answer = &missionjeunes__registry__v1__get_organisation_response__descriptor };

    rq.id = s->siret;
    return mj_client_call(s->client, NULL, &call, on_found, c, err);
}

void stream_find_region(struct mj_stream *s)
{
    struct stream_call *c = stream_call_make(s);
    mj_error err;

    s->state = STREAM_STARTING;
    if ((s->commune[0] ? declare(s, c, &err) : look_up(s, c, &err)) < 0) {
        stream_call_free(c);
        stream_trouble(s, &err);
    }
}
