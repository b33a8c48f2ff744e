/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* log.v1, which every service answers alike: Follow for its logs, Describe for people and probes. */
#include <string.h>

#include "common/service/daemon_private.h"
#include "missionjeunes/log/v1/log.pb-c.h"

typedef Missionjeunes__Log__V1__DescribeResponse describe_response;
typedef Missionjeunes__Log__V1__PartitionState partition_state;
typedef Missionjeunes__Log__V1__FollowedState followed_state;

static int on_follow(void *app, struct mj_request *rq, mj_error *err)
{
    struct mj_daemon *d = app;

    if (!d->follow_server)
        return mj_fail(err, MJ_UNIMPLEMENTED, "NO_LOG", NULL, "%s keeps no log", d->service->name);
    return mj_follow_handle(d->follow_server, rq, err);
}

static void describe_partition(partition_state *out, struct mj_partition *p)
{
    missionjeunes__log__v1__partition_state__init(out);
    out->region = (char *)mj_partition_region(p);
    out->epoch = mj_partition_epoch(p);
    out->lineage = (ProtobufCBinaryData){ MJ_LINEAGE, (uint8_t *)mj_partition_lineage(p) };
    out->durable = mj_partition_durable(p);
    out->tables = mj_rows_tables_position(mj_partition_rows(p), "own", NULL);
    out->head = (ProtobufCBinaryData){ MJ_HASH, (uint8_t *)mj_partition_head(p) };
    out->unflushed_bytes = mj_rows_stats(mj_partition_rows(p))->unflushed_bytes;
    out->open = mj_partition_accepting(p);
}

static void describe_followed(followed_state *out, struct mj_daemon *d, const struct mj_follower *f)
{
    const struct mj_follower_state *s = mj_follower_state(f);

    missionjeunes__log__v1__followed_state__init(out);
    out->service = (char *)s->service;
    out->region = (char *)s->region;
    out->position = s->position;
    out->end = s->end;
    out->silent_ms = s->heard_ms ? mj_mono_ms(d->env) - s->heard_ms : UINT64_MAX;
}

static int on_describe(void *app, struct mj_request *rq, mj_error *err)
{
    struct mj_daemon *d = app;
    describe_response out = MISSIONJEUNES__LOG__V1__DESCRIBE_RESPONSE__INIT;
    partition_state own[PARTITIONS_MAX], *own_list[PARTITIONS_MAX];
    followed_state followed[FOLLOWERS_MAX + 1], *followed_list[FOLLOWERS_MAX + 1];
    const char *reason = daemon_not_ready(d);

    (void)err;
    for (size_t i = 0; i < d->partition_count; i++) {
        describe_partition(&own[i], d->partitions[i]);
        own_list[i] = &own[i];
    }
    for (size_t i = 0; i <= d->follower_count; i++) {
        describe_followed(&followed[i], d, i ? d->followers[i - 1] : d->who_follower);
        followed_list[i] = &followed[i];
    }
    out.partitions = own_list;
    out.n_partitions = d->partition_count;
    out.followed = followed_list;
    out.n_followed = d->follower_count + 1;
    out.service = (char *)d->service->name;
    out.instance = d->instance;
    out.version = (char *)MJ_VERSION;
    out.uptime_ms = mj_mono_ms(d->env) - d->started_ms;
    out.ready = reason == NULL;
    out.not_ready_reason = (char *)(reason ? reason : "");
    mj_reply(rq, &out.base);
    return 0;
}

const struct mj_method daemon_log_methods[] = {
    { "log.v1.Follow", &missionjeunes__log__v1__follow_request__descriptor,
      &missionjeunes__log__v1__follow_response__descriptor, MJ_ROLE_BIT(MJ_ROLE_SERVICE), false, on_follow },
    { "log.v1.Describe", &missionjeunes__log__v1__describe_request__descriptor,
      &missionjeunes__log__v1__describe_response__descriptor,
      MJ_ROLE_BIT(MJ_ROLE_OPERATOR) | MJ_ROLE_BIT(MJ_ROLE_SERVICE) | MJ_ROLE_BIT(MJ_ROLE_DEMO), false, on_describe },
    MJ_METHODS_END
};
