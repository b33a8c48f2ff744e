/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* mj organisation add, mj organisation list. */
#include <stdio.h>

#include "commands.h"
#include "missionjeunes/registry/v1/registry.pb-c.h"
#include "names.h"

#define KINDS (&missionjeunes__registry__v1__organisation_kind__descriptor)
#define LIST_PAGE 1000

typedef Missionjeunes__Registry__V1__Organisation organisation;

static void print_organisation(const struct cli *cli, const organisation *o)
{
    if (cli->json)
        print_message(&o->base);
    else
        printf("%-14s  %-14s  %-2s  %-5s  %s\n", o->id, name_word(KINDS, (int)o->kind), o->region, o->commune, o->name);
}

static int add(struct cli *cli)
{
    Missionjeunes__Registry__V1__DeclareOrganisationRequest rq =
        MISSIONJEUNES__REGISTRY__V1__DECLARE_ORGANISATION_REQUEST__INIT;
    const Missionjeunes__Registry__V1__DeclareOrganisationResponse *answer;
    organisation o = MISSIONJEUNES__REGISTRY__V1__ORGANISATION__INIT;
    struct cli_call call = { .method = "registry.v1.DeclareOrganisation", .region = "FR", .body = &rq.base,
                             .answer = &missionjeunes__registry__v1__declare_organisation_response__descriptor,
                             .command = true };
    int kind, rc;

    if (!cli_words(cli, 0, 0) || name_value(cli, "kind", KINDS, &kind) != EXIT_OK ||
        !(o.id = (char *)cli_required(cli, "id")) || !(o.name = (char *)cli_required(cli, "name")))
        return EXIT_USAGE;
    o.kind = (Missionjeunes__Registry__V1__OrganisationKind)kind;
    if (cli_option(cli, "commune"))
        o.commune = (char *)cli_option(cli, "commune");
    rq.organisation = &o;
    if ((rc = cli_connect(cli)) != EXIT_OK)
        return rc;
    if ((answer = cli_ask(cli, &call, &rc)))
        print_organisation(cli, answer->organisation);
    return rc;
}

static const struct option_row add_options[] = {
    { "kind", "KIND", "ett, agency, mission-locale or partner" },
    { "id", "SIREN|SIRET", "9 digits for an ett or a partner, 14 for the others" },
    { "name", "NAME", "its usual name" },
    { "commune", "INSEE", "INSEE code of its commune, e.g. 44109; none for an ett" },
    { NULL, NULL, NULL },
};
const struct command command_organisation_add = {
    "organisation add", "declares an ETT, an agency, a Mission Locale or a partner", "--kind KIND --id ID --name NAME",
    "  mj organisation add --kind ett --id 732829320 --name \"Intérim Exemple\"\n"
    "  mj organisation add --kind mission-locale --id 73282932000074 --name \"ML Nantes\" --commune 44109\n",
    add_options, add,
};

/* One page; the token of the next stays in the arena. False at the end, or when it failed. */
static bool list_page(struct cli *cli, Missionjeunes__Registry__V1__ListOrganisationsRequest *rq, int *rc)
{
    struct cli_call call = { .method = "registry.v1.ListOrganisations", .region = "FR", .body = &rq->base,
                             .answer = &missionjeunes__registry__v1__list_organisations_response__descriptor };
    const Missionjeunes__Registry__V1__ListOrganisationsResponse *answer = cli_ask(cli, &call, rc);

    if (!answer)
        return false;
    for (size_t i = 0; i < answer->n_organisations; i++)
        print_organisation(cli, answer->organisations[i]);
    if (!answer->page || answer->page->next_token.len == 0)
        return false;
    rq->page->token = answer->page->next_token;
    return true;
}

static int list(struct cli *cli)
{
    Missionjeunes__Registry__V1__ListOrganisationsRequest rq =
        MISSIONJEUNES__REGISTRY__V1__LIST_ORGANISATIONS_REQUEST__INIT;
    Missionjeunes__Common__V1__PageRequest page = MISSIONJEUNES__COMMON__V1__PAGE_REQUEST__INIT;
    int kind = 0, rc;

    if (!cli_words(cli, 0, 0) || (cli_option(cli, "kind") && name_value(cli, "kind", KINDS, &kind) != EXIT_OK))
        return EXIT_USAGE;
    rq.kind = (Missionjeunes__Registry__V1__OrganisationKind)kind;
    if (cli_option(cli, "region"))
        rq.region = (char *)cli_option(cli, "region");
    page.size = LIST_PAGE;
    rq.page = &page;
    if ((rc = cli_connect(cli)) != EXIT_OK)
        return rc;
    while (list_page(cli, &rq, &rc))
        continue;
    return rc;
}

static const struct option_row list_options[] = {
    { "kind", "KIND", "only ett, agency, mission-locale or partner" },
    { "region", "CODE", "only of this region (INSEE code)" },
    { NULL, NULL, NULL },
};
const struct command command_organisation_list = {
    "organisation list", "lists the organisations that are declared", "[--kind KIND] [--region CODE]",
    "  mj organisation list --kind mission-locale --region 52\n", list_options, list,
};
