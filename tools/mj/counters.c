/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* mj counters: figures now; each with what it stands on. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "common/base/dates.h"
#include "missionjeunes/reporting/v1/reporting.pb-c.h"
#include "words.h"

typedef Missionjeunes__Reporting__V1__CountersRequest counters_request;
typedef Missionjeunes__Reporting__V1__CountersResponse counters_response;
typedef Missionjeunes__Reporting__V1__RegionCounters region_counters;
typedef Missionjeunes__Reporting__V1__LogPosition log_position;

static json_t *source_of(const region_counters *r)
{
    json_t *o = json_object();
    char name[64];
    for (size_t i = 0; i < r->n_positions; i++) {
        snprintf(name, sizeof name, "%s/%s", r->positions[i]->service, r->positions[i]->region);
        json_object_set_new(o, name, json_integer((json_int_t)r->positions[i]->position));
    }
    return o;
}

static void print_json(const region_counters *r, const char *as_of)
{
    for (size_t i = 0; i < r->n_counters; i++) {
        const Missionjeunes__Reporting__V1__Counter *c = r->counters[i];
        cli_print_json(json_pack("{s:s,s:s,s:s,s:I,s:s,s:i,s:b,s:o}", "region", r->region, "row", c->row, "name",
                                 c->name, "value", (json_int_t)c->value, "as_of", as_of, "definition_version",
                                 (int)r->definition_version, "stale", r->stale, "source", source_of(r)));
    }
}

static void print_region(const struct cli *cli, const region_counters *r)
{
    char as_of[25];
    mj_utc_format((int64_t)r->as_of_ms, as_of);
    if (cli->json) {
        print_json(r, as_of);
        return;
    }
    printf("%s  as of %s, definition %u%s, from", r->region, as_of, r->definition_version,
           r->stale ? ", STALE: being filled again" : "");
    for (size_t i = 0; i < r->n_positions; i++)
        printf(" %s/%s:%" PRIu64, r->positions[i]->service, r->positions[i]->region, r->positions[i]->position);
    putchar('\n');
    for (size_t i = 0; i < r->n_counters; i++)
        printf("  %-20s %-22s %12" PRId64 "\n", r->counters[i]->row[0] ? r->counters[i]->row : "region",
               r->counters[i]->name, r->counters[i]->value);
}

/* "placements/52=120" */
static bool read_position(log_position *p, char *text)
{
    char *slash = strchr(text, '/'), *equals = strchr(text, '='), *end = NULL;
    if (!slash || !equals || equals < slash || equals[1] < '0' || equals[1] > '9')
        return false;
    *slash = *equals = '\0';
    missionjeunes__reporting__v1__log_position__init(p);
    p->service = text;
    p->region = slash + 1;
    p->position = strtoull(equals + 1, &end, 10);
    return *end == '\0';
}

/* place: a region that leads to the process. Every process says FR: national is false for all of them but one. */
static int ask(struct cli *cli, const char *place, counters_request *rq, bool national)
{
    struct cli_call call = { .method = "reporting.v1.Counters", .region = place, .body = &rq->base,
                             .answer = &missionjeunes__reporting__v1__counters_response__descriptor };
    int rc;
    const counters_response *answer = cli_ask(cli, &call, &rc);
    for (size_t i = 0; answer && i < answer->n_regions; i++)
        if (national || strcmp(answer->regions[i]->region, "FR") != 0)
            print_region(cli, answer->regions[i]);
    return rc;
}

static int ask_all(struct cli *cli, counters_request *rq, const struct words *regions)
{
    struct mj_instance *at;
    size_t count, calls;
    mj_error err;
    int worst = EXIT_OK;

    if (cli_processes(cli, "reporting", &at, &count, &err) < 0)
        return cli_fail(cli, &err);
    calls = regions->count ? regions->count : count;
    for (size_t i = 0; i < calls; i++) {
        const char *place = regions->count && strcmp(regions->list[i], "FR") != 0 ? regions->list[i] : at[0].region;
        rq->regions = (char **)regions->list + i;
        rq->n_regions = regions->count ? 1 : 0;
        int rc = ask(cli, regions->count ? place : at[i].region, rq, regions->count || i == 0);
        worst = rc > worst ? rc : worst;
    }
    return worst;
}

static int counters(struct cli *cli)
{
    counters_request rq = MISSIONJEUNES__REPORTING__V1__COUNTERS_REQUEST__INIT;
    struct words regions, positions;
    log_position at_least[WORDS_MAX], *pointers[WORDS_MAX];
    int rc;

    if (!cli_words(cli, 0, 0))
        return EXIT_USAGE;
    words_split(&regions, cli_option(cli, "region"));
    words_split(&positions, cli_option(cli, "at-least"));
    for (size_t i = 0; i < positions.count; i++) {
        pointers[i] = &at_least[i];
        if (!read_position(&at_least[i], positions.list[i]))
            return cli_usage(cli, "--at-least: expected SERVICE/REGION=POSITION, several with commas");
    }
    rq.at_least = pointers;
    rq.n_at_least = positions.count;
    if (cli_option(cli, "row"))
        rq.row = (char *)cli_option(cli, "row");
    if ((rc = cli_connect(cli)) != EXIT_OK)
        return rc;
    return ask_all(cli, &rq, &regions);
}

static const struct option_row options[] = {
    { "region", "CODES", "52 or 52,FR; all that you may see where not given" },
    { "row", "ROW", "agency/SIRET, ett/SIREN, ml/SIRET, or region; all that you may see where not given" },
    { "at-least", "POSITIONS", "waits until placements/52=POSITION is counted (2 s at most)" },
    { NULL, NULL, NULL },
};
const struct command command_counters = {
    "counters", "prints figures now, each with its date, definition and source", "[--region CODES] [--row ROW]",
    "  mj counters --region 52,FR --row region\n  mj counters --row agency/73282932000074 --json\n", options, counters,
};
