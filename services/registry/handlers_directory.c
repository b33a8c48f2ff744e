/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* directory.v1: Announce and Resolve, answered from memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/seams/failpoint.h"
#include "common/service/logging.h"
#include "registry/handlers.h"
#include "registry/messages.h"
#include "registry/registry.h"

#define ANNOUNCED_MAX 256                /* rows of one announcement */
#define RESOLVED_MAX 1024                /* rows of one answer */

/* A service's key announces that service only: its principal is named "placements", or "placements-" and more. */
static bool speaks_for(const struct mj_principal *p, const char *service)
{
    size_t len = strlen(service);

    return strncmp(p->id, service, len) == 0 && (p->id[len] == '\0' || p->id[len] == '-');
}

static bool printable(const char *text)
{
    for (; *text; text++)
        if (*text <= ' ' || *text > '~')
            return false;
    return true;
}

static int check_claim(const struct mj_principal *caller, const pb_instance *in, mj_error *err)
{
    size_t len = strlen(in->service);

    if (len == 0 || len >= sizeof ((struct mj_instance *)0)->service || !speaks_for(caller, in->service))
        return mj_fail(err, MJ_PERMISSION_DENIED, "NOT_YOUR_SERVICE", "service",
                       "expected the service that the caller's key was made for");
    if (!mj_partition_is(in->region) || !mj_principal_in(caller, in->region))
        return mj_fail(err, MJ_INVALID_ARGUMENT, "REGION_UNKNOWN", "region",
                       "expected an INSEE region code or \"FR\" that the caller may serve");
    if (strncmp(in->endpoint, "tcp://", 6) != 0 || strlen(in->endpoint) >= MJ_ENDPOINT_MAX || !printable(in->endpoint))
        return mj_fail(err, MJ_INVALID_ARGUMENT, "BAD_ENDPOINT", "endpoint", "expected \"tcp://host:port\"");
    if (in->server_key.len != MJ_CURVE_KEY)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "KEY_LENGTH", "server_key", "expected %d bytes, got %zu", MJ_CURVE_KEY,
                       in->server_key.len);
    if (in->lineage.len != 0 && in->lineage.len != MJ_LINEAGE)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "LINEAGE_LENGTH", "lineage", "expected 16 bytes or none, got %zu",
                       in->lineage.len);
    return 0;
}

static int take_claims(struct mj_instance *out, const struct mj_principal *caller,
                       const Missionjeunes__Directory__V1__AnnounceRequest *in, mj_error *err)
{
    for (size_t i = 0; i < in->n_instances; i++) {
        const pb_instance *row = in->instances[i];
        char at[40];

        snprintf(at, sizeof at, "instances[%zu]", i);
        if (check_claim(caller, row, err) < 0)
            return mj_fail_in(err, at);
        if (strcmp(row->endpoint, in->instances[0]->endpoint) != 0) {
            mj_fail(err, MJ_INVALID_ARGUMENT, "ENDPOINT_MIXED", "endpoint", "expected one endpoint in all rows");
            return mj_fail_in(err, at);
        }
        out[i] = (struct mj_instance){ .epoch = row->epoch };
        snprintf(out[i].service, sizeof out[i].service, "%s", row->service);
        snprintf(out[i].region, sizeof out[i].region, "%s", row->region);
        snprintf(out[i].endpoint, sizeof out[i].endpoint, "%s", row->endpoint);
        memcpy(out[i].server_key, row->server_key.data, MJ_CURVE_KEY);
        if (row->lineage.len)
            memcpy(out[i].lineage, row->lineage.data, MJ_LINEAGE);
    }
    return 0;
}

static void alarm_conflicts(struct mj_registry *r, uint64_t now)
{
    struct mj_instance example;

    if (mj_instances_conflicts(r->instances, now, &example) && mj_log_sampled("directory_conflict"))
        mj_log(MJ_ERR, "directory_conflict", "service=%s region=%s endpoint=%s", example.service, example.region,
               example.endpoint);
}

int mj_announce(void *app, struct mj_request *rq, mj_error *err)
{
    const Missionjeunes__Directory__V1__AnnounceRequest *in = mj_request_body(rq);
    Missionjeunes__Directory__V1__AnnounceResponse answer = MISSIONJEUNES__DIRECTORY__V1__ANNOUNCE_RESPONSE__INIT;
    const struct mj_principal *caller = mj_request_who(rq);
    struct mj_registry *r = app;
    struct mj_instance claims[ANNOUNCED_MAX];
    uint64_t now = mj_mono_ms(r->env);

    if (in->n_instances > ANNOUNCED_MAX)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "LIST_LENGTH", "instances", "expected at most %d rows, got %zu",
                       ANNOUNCED_MAX, in->n_instances);
    if (take_claims(claims, caller, in, err) < 0)
        return -1;
    if (mj_instances_announce(r->instances, caller->id, in->n_instances ? claims[0].endpoint : "", claims,
                              in->leaving ? 0 : in->n_instances, now, err) < 0)
        return -1;
    alarm_conflicts(r, now);
    answer.kept_ms = MJ_INSTANCE_KEPT_MS;
    if (MJ_FAILPOINT("dir.before_reply"))
        return mj_fail(err, MJ_UNAVAILABLE, "FAILPOINT", NULL, "a test made this step fail");
    mj_reply(rq, &answer.base);
    return 0;
}

int mj_resolve(void *app, struct mj_request *rq, mj_error *err)
{
    const Missionjeunes__Directory__V1__ResolveRequest *in = mj_request_body(rq);
    Missionjeunes__Directory__V1__ResolveResponse answer = MISSIONJEUNES__DIRECTORY__V1__RESOLVE_RESPONSE__INIT;
    struct mj_registry *r = app;
    struct mj_instance *found = mj_calloc(RESOLVED_MAX, sizeof *found);
    pb_instance *rows = mj_calloc(RESOLVED_MAX, sizeof *rows), **list = mj_calloc(RESOLVED_MAX, sizeof *list);

    (void)err;
    answer.n_instances = mj_instances_resolve(r->instances, in->service, in->region, mj_mono_ms(r->env), found,
                                              RESOLVED_MAX);
    for (size_t i = 0; i < answer.n_instances; i++) {
        rows[i] = (pb_instance)MISSIONJEUNES__DIRECTORY__V1__INSTANCE__INIT;
        rows[i].service = found[i].service;
        rows[i].region = found[i].region;
        rows[i].endpoint = found[i].endpoint;
        rows[i].server_key = (ProtobufCBinaryData){ MJ_CURVE_KEY, found[i].server_key };
        if (found[i].epoch)
            rows[i].lineage = (ProtobufCBinaryData){ MJ_LINEAGE, found[i].lineage };
        rows[i].epoch = found[i].epoch;
        list[i] = &rows[i];
    }
    answer.instances = list;
    mj_reply(rq, &answer.base);
    free(list);
    free(rows);
    free(found);
    return 0;
}
