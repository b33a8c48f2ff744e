/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* mj exceptions, mj placements: an agency's own lists, walked to their end. */
#include <inttypes.h>
#include <stdio.h>

#include "commands.h"
#include "common/base/dates.h"
#include "common/base/ids.h"
#include "events.h"
#include "names.h"
#include "placements/messages.h"

#define LIST_PAGE 1000

typedef Missionjeunes__Common__V1__PageRequest page_request;
typedef Missionjeunes__Common__V1__PageResponse page_response;

/* True where the list goes on. */
static bool turn_page(page_request *page, const page_response *answered)
{
    if (!answered || answered->next_token.len == 0)
        return false;
    page->token = answered->next_token;
    return true;
}

/* The agency the list is of: the word given, else the profile's; then connects and finds the region. */
static int begin_list(struct cli *cli, char **siret, char region[3])
{
    int rc;
    if (!cli_words(cli, 0, 1))
        return EXIT_USAGE;
    *siret = cli->count ? cli->words[0] : cli->profile.siret;
    if (!(*siret)[0])
        return cli_usage(cli, "a SIRET is missing; or write siret= in the profile");
    if ((rc = cli_connect(cli)) != EXIT_OK)
        return rc;
    return cli_region_of(cli, *siret, region);
}

/* ---- exceptions ---- */

static void print_listed(const struct cli *cli, const char *siret, const ListedException *x)
{
    char at[25];
    if (cli->json) {
        print_message(&x->base);
        return;
    }
    print_exception(siret, x->state);
    printf("    recorded %s", mj_utc_format((int64_t)x->recorded_at_ms, at));
    if (x->late_days)
        printf(", %u days late", x->late_days);
    putchar('\n');
}

static int exceptions(struct cli *cli)
{
    ListExceptionsRequest rq = MISSIONJEUNES__PLACEMENTS__V1__LIST_EXCEPTIONS_REQUEST__INIT;
    page_request page = MISSIONJEUNES__COMMON__V1__PAGE_REQUEST__INIT;
    const ListExceptionsResponse *answer;
    char region[3];
    struct cli_call call = { .method = "placements.v1.ListExceptions", .region = region, .body = &rq.base,
                             .answer = &missionjeunes__placements__v1__list_exceptions_response__descriptor };
    Missionjeunes__Placements__V1__Outcome outcome;
    int rc = begin_list(cli, &rq.stream, region), chosen;

    if (rc != EXIT_OK)
        return rc;
    if (cli_option(cli, "outcome")) {
        if ((rc = name_value(cli, "outcome", &missionjeunes__placements__v1__outcome__descriptor, &chosen)) != EXIT_OK)
            return rc;
        outcome = (Missionjeunes__Placements__V1__Outcome)chosen;
        rq.outcomes = &outcome;
        rq.n_outcomes = 1;
    }
    rq.late = cli_option(cli, "late") != NULL;
    page.size = LIST_PAGE;
    rq.page = &page;
    do {
        if (!(answer = cli_ask(cli, &call, &rc)))
            return rc;
        for (size_t i = 0; i < answer->n_exceptions; i++)
            print_listed(cli, rq.stream, answer->exceptions[i]);
    } while (turn_page(&page, answer->page));
    return EXIT_OK;
}

static const struct option_row exceptions_options[] = {
    { "late", NULL, "only events that came more than 2 days after what they tell" },
    { "outcome", "NAME", "only rejected, duplicate or unmatched" },
    { "region", "CODE", "of the agency; else as it was declared" },
    { NULL, NULL, NULL },
};
const struct command command_exceptions = {
    "exceptions", "lists an agency's events that were not simply accepted", "[SIRET] [--late] [--outcome NAME]",
    "  mj exceptions\n  mj exceptions 73282932000074 --outcome rejected\n  mj exceptions --late --json\n",
    exceptions_options, exceptions,
};

/* ---- placements ---- */

static void print_placement(const struct cli *cli, const ListedPlacement *p)
{
    char name[2 * 16 + 1] = "";
    if (cli->json) {
        print_message(&p->base);
        return;
    }
    if (p->name.len <= 16)
        mj_hex(name, p->name.data, p->name.len);
    printf("%-32s  %-22s", name, p->young_person);
    printf(" %-14s", name_word(&missionjeunes__placements__v1__placement_state__descriptor, (int)p->state));
    printf(" %-10s %-10s", p->started_on[0] ? p->started_on : "-", p->ended_on[0] ? p->ended_on : "-");
    printf(" %-17s",
           name_word(&missionjeunes__placements__v1__contract_kind__descriptor, (int)p->contract_kind));
    printf(" %5" PRIu64 " h %02" PRIu64 "%s%s\n", p->minutes / 60, p->minutes % 60, p->unmatched ? "  unmatched" : "",
           p->start_implied ? "  start implied" : "");
}

static int placements(struct cli *cli)
{
    ListPlacementsRequest rq = MISSIONJEUNES__PLACEMENTS__V1__LIST_PLACEMENTS_REQUEST__INIT;
    page_request page = MISSIONJEUNES__COMMON__V1__PAGE_REQUEST__INIT;
    const ListPlacementsResponse *answer;
    char region[3];
    struct cli_call call = { .method = "placements.v1.ListPlacements", .region = region, .body = &rq.base,
                             .answer = &missionjeunes__placements__v1__list_placements_response__descriptor };
    int rc = begin_list(cli, &rq.stream, region);

    if (rc != EXIT_OK)
        return rc;
    page.size = LIST_PAGE;
    rq.page = &page;
    do {
        if (!(answer = cli_ask(cli, &call, &rc)))
            return rc;
        for (size_t i = 0; i < answer->n_placements; i++)
            print_placement(cli, answer->placements[i]);
    } while (turn_page(&page, answer->page));
    return EXIT_OK;
}

static const struct option_row placements_options[] = {
    { "region", "CODE", "of the agency; else as it was declared" }, { NULL, NULL, NULL },
};
const struct command command_placements = {
    "placements", "lists an agency's placements: state, first and last day, contract, hours", "[SIRET]",
    "  mj placements\n  mj placements 73282932000074 --json\n", placements_options, placements,
};
