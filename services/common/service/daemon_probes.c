/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* /livez: the loop turns. /readyz: it may be sent work. /metrics: Prometheus text. */
#include <stdio.h>
#include <string.h>

#include "common/service/daemon_private.h"

#define REGISTRY_SILENT_MS 15000         /* revocations may be late: /readyz says so */

const char *daemon_not_ready(struct mj_daemon *d)
{
    const struct mj_follower_state *s = mj_follower_state(d->who_follower);

    if (d->stopping)
        return "stopping";
    for (size_t i = 0; i < d->partition_count; i++)
        if (!mj_partition_accepting(d->partitions[i]))
            return "a partition takes no command: its disk is full";
    if (s->heard_ms == 0)
        return "registry has not answered yet: principals are as of the last run";
    if (mj_mono_ms(d->env) - s->heard_ms > REGISTRY_SILENT_MS)
        return "registry has been silent for more than 15 s: revocations may be late";
    if (s->position + 1 < s->end)
        return "catching up with registry";
    return d->service->not_ready ? d->service->not_ready(d->app) : NULL;
}

static void set(struct mj_daemon *d, enum mj_metric_kind kind, const char *name, const char *labels, const char *help,
                double v)
{
    mj_metric_set(mj_metric(d->metrics, kind, name, labels, help), v);
}

static void partition_metrics(struct mj_daemon *d, struct mj_partition *p)
{
    const struct mj_partition_stats *s = mj_partition_stats(p);
    const struct mj_rows_stats *r = mj_rows_stats(mj_partition_rows(p));
    char labels[32];

    snprintf(labels, sizeof labels, "region=\"%s\"", mj_partition_region(p));
    set(d, MJ_COUNTER, "mj_commands_total", labels, "Commands decided.", (double)s->commands);
    set(d, MJ_COUNTER, "mj_commands_refused_total", labels, "Commands refused.", (double)s->refused);
    set(d, MJ_COUNTER, "mj_entries_total", labels, "Entries appended.", (double)s->entries);
    set(d, MJ_COUNTER, "mj_syncs_done_total", labels, "Commits on disk.", (double)s->syncs);
    set(d, MJ_COUNTER, "mj_not_stored_total", labels, "Commits refused by the disk.", (double)s->not_stored);
    set(d, MJ_GAUGE, "mj_waiting_bytes", labels, "Bytes of commands in work.", (double)s->waiting_bytes);
    set(d, MJ_GAUGE, "mj_log_durable_position", labels, "Last position on disk.", (double)mj_partition_durable(p));
    set(d, MJ_GAUGE, "mj_tables_lag_entries", labels, "Entries on disk that the tables do not have.",
        (double)(mj_partition_durable(p) - mj_rows_tables_position(mj_partition_rows(p), "own", NULL)));
    set(d, MJ_GAUGE, "mj_rows_bytes", labels, "Bytes of rows in memory.", (double)r->bytes);
    set(d, MJ_GAUGE, "mj_rows_unflushed_bytes", labels, "Bytes of rows that the tables do not have.",
        (double)r->unflushed_bytes);
    set(d, MJ_COUNTER, "mj_rows_fetched_total", labels, "Rows fetched by the read thread.", (double)r->fetches);
    set(d, MJ_COUNTER, "mj_rows_absent_total", labels, "Rows known not to exist without a look.", (double)r->absent);
    set(d, MJ_GAUGE, "mj_rows_filter_bytes", labels, "Bytes of the filters that know it.", (double)r->filter_bytes);
    set(d, MJ_COUNTER, "mj_rows_inline_loads_total", labels, "Rows read on the loop thread.", (double)r->inline_loads);
}

static void follower_metrics(struct mj_daemon *d, const struct mj_follower *f)
{
    const struct mj_follower_state *s = mj_follower_state(f);
    char labels[64];

    snprintf(labels, sizeof labels, "log=\"%s/%s\"", s->service, s->region);
    set(d, MJ_GAUGE, "mj_follow_lag_entries", labels, "Entries of a followed log not folded yet.",
        s->end > s->position + 1 ? (double)(s->end - s->position - 1) : 0);
    set(d, MJ_GAUGE, "mj_follow_silent_seconds", labels, "Seconds since the owner of a followed log answered.",
        s->heard_ms ? (double)(mj_mono_ms(d->env) - s->heard_ms) / 1e3 : -1);
}

static void server_metrics(struct mj_daemon *d)
{
    const struct mj_server_stats *s = mj_server_stats(d->server);

    set(d, MJ_COUNTER, "mj_requests_total", "", "Requests received.", (double)s->requests);
    set(d, MJ_COUNTER, "mj_request_errors_total", "", "Requests answered with an error.", (double)s->errors);
    set(d, MJ_COUNTER, "mj_dropped_unauthenticated_total", "", "Messages without a known key.",
        (double)s->unauthenticated);
    set(d, MJ_COUNTER, "mj_refused_total", "", "Requests refused for want of a right.", (double)s->refused);
    set(d, MJ_COUNTER, "mj_malformed_total", "", "Messages that are none of ours.", (double)s->malformed);
    set(d, MJ_COUNTER, "mj_overflow_total", "", "Requests refused at a limit.", (double)s->overflow);
    set(d, MJ_COUNTER, "mj_peer_gone_total", "", "Answers whose caller was gone.", (double)s->gone);
    set(d, MJ_COUNTER, "mj_connections_refused_total", "", "Handshakes refused.", (double)mj_zap_refused(d->zap));
    set(d, MJ_GAUGE, "mj_requests_in_work", "", "Requests in work.", (double)s->in_work);
}

static int metrics(struct mj_daemon *d, struct mj_buf *body)
{
    for (size_t i = 0; i < d->partition_count; i++)
        partition_metrics(d, d->partitions[i]);
    follower_metrics(d, d->who_follower);
    for (size_t i = 0; i < d->follower_count; i++)
        follower_metrics(d, d->followers[i]);
    server_metrics(d);
    if (d->service->metrics)
        d->service->metrics(d->app, d->metrics);
    mj_metrics_write(d->metrics, body);
    return 200;
}

static int on_get(void *arg, const char *path, struct mj_buf *body, const char **content_type)
{
    struct mj_daemon *d = arg;
    const char *reason;

    *content_type = "application/json";
    if (strcmp(path, "/metrics") == 0) {
        *content_type = "text/plain; version=0.0.4";
        return metrics(d, body);
    }
    if (strcmp(path, "/livez") == 0) {
        mj_buf_printf(body, "{\"live\":true}\n");
        return 200;
    }
    if (strcmp(path, "/readyz") == 0) {
        reason = daemon_not_ready(d);
        mj_buf_printf(body, "{\"ready\":%s,\"service\":\"%s\",\"endpoint\":\"%s\",\"reason\":",
                      reason ? "false" : "true", d->service->name, d->endpoint);
        mj_buf_json(body, reason ? reason : "");
        mj_buf_printf(body, "}\n");
        return reason ? 503 : 200;
    }
    mj_buf_printf(body, "{\"error\":\"there are /livez, /readyz and /metrics\"}\n");
    return 404;
}

int daemon_probes_open(struct mj_daemon *d, mj_error *err)
{
    char host[64];

    mj_config_address(d->config, "http", host, &d->http_port);
    return mj_http_create(&d->http, d->loop, host, &d->http_port, on_get, d, err);
}
