/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* mj status: every process, its partitions, how far each is, and what it waits for. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/json.h"
#include "commands.h"
#include "missionjeunes/log/v1/log.pb-c.h"

typedef Missionjeunes__Log__V1__DescribeResponse description;
typedef Missionjeunes__Log__V1__PartitionState partition;

static void print_partition(const description *d, const struct mj_instance *at, const partition *p)
{
    uint64_t behind = p->durable > p->tables ? p->durable - p->tables : 0;
    printf("%-11s %-6s %-26s %5" PRIu64 " %11" PRIu64 " %11" PRIu64 " %8" PRIu64 "  %s\n", d->service, p->region,
           at->endpoint, p->epoch, p->durable, p->tables, behind, p->open ? "open" : "takes no commands now");
}

/* How far behind this process is with the logs that it follows, and with which most. A log that was never heard is
 * mostly one of a region that nobody serves. */
static void print_followed(const description *d)
{
    uint64_t lag = 0, most = 0;
    size_t unheard = 0;
    const Missionjeunes__Log__V1__FollowedState *worst = NULL;

    for (size_t i = 0; i < d->n_followed; i++) {
        const Missionjeunes__Log__V1__FollowedState *f = d->followed[i];
        uint64_t n = f->end > f->position + 1 ? f->end - 1 - f->position : 0;
        unheard += f->silent_ms == UINT64_MAX;
        lag += n;
        if (n > most) {
            most = n;
            worst = f;
        }
    }
    printf(", follows %zu log%s", d->n_followed - unheard, d->n_followed - unheard == 1 ? "" : "s");
    if (unheard)
        printf(" (and %zu that nobody has served yet)", unheard);
    printf(", %" PRIu64 " entries behind", lag);
    if (worst)
        printf(" (%s/%s: %" PRIu64 ", silent for %" PRIu64 " ms)", worst->service, worst->region, most,
               worst->silent_ms);
}

static void print_process(const struct mj_instance *at, const description *d)
{
    printf("%-11s %s %s, version %s, up %" PRIu64 " s", d->service, at->endpoint, d->ready ? "ready" : "NOT READY",
           d->version, d->uptime_ms / 1000);
    if (d->n_followed)
        print_followed(d);
    printf("%s%s\n", d->ready ? "" : ": ", d->ready ? "" : d->not_ready_reason);
}

static void print_json(const struct mj_instance *at, const description *d)
{
    json_t *o = mj_json_of_message(&d->base);
    json_object_set_new(o, "endpoint", json_string(at->endpoint));
    json_object_set_new(o, "ready", json_boolean(d->ready));
    cli_print_json(o);
}

/* NULL: the process did not answer, which was said. */
static const description *describe(struct cli *cli, const struct mj_instance *at, int *worst)
{
    Missionjeunes__Log__V1__DescribeRequest rq = MISSIONJEUNES__LOG__V1__DESCRIBE_REQUEST__INIT;
    struct cli_call call = { .method = "log.v1.Describe", .region = at->region, .body = &rq.base,
                             .answer = &missionjeunes__log__v1__describe_response__descriptor, .service = at->service };
    int rc;
    const description *d = cli_ask(cli, &call, &rc);
    if (d && !d->ready)
        rc = EXIT_AGAIN;
    *worst = rc > *worst ? rc : *worst;
    return d;
}

static int status(struct cli *cli)
{
    struct mj_instance *at;
    const description *all[64] = { NULL };
    size_t count;
    mj_error err;
    int rc, worst = EXIT_OK;

    if (!cli_words(cli, 0, 0))
        return EXIT_USAGE;
    if ((rc = cli_connect(cli)) != EXIT_OK)
        return rc;
    if (cli_processes(cli, NULL, &at, &count, &err) < 0)
        return cli_fail(cli, &err);
    count = count < 64 ? count : 64;
    for (size_t i = 0; i < count; i++)
        if ((all[i] = describe(cli, &at[i], &worst)) && cli->json)
            print_json(&at[i], all[i]);
    if (cli->json)
        return worst;
    printf("%-11s %-6s %-26s %5s %11s %11s %8s  %s\n", "service", "region", "endpoint", "epoch", "durable", "tables",
           "behind", "state");
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; all[i] && j < all[i]->n_partitions; j++)
            print_partition(all[i], &at[i], all[i]->partitions[j]);
    putchar('\n');
    for (size_t i = 0; i < count; i++)
        if (all[i])
            print_process(&at[i], all[i]);
    return worst;
}

const struct command command_status = {
    "status", "shows what runs where, how far each log and table is, and what is not ready", "",
    "  mj status\n  mj status --json | jq -r 'select(.ready | not) | .not_ready_reason'\n", NULL, status,
};
