/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* mj principal add: who may connect, for which organisation, as what. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "missionjeunes/registry/v1/registry.pb-c.h"
#include "names.h"
#include "words.h"

static int add(struct cli *cli)
{
    Missionjeunes__Registry__V1__DeclarePrincipalRequest rq =
        MISSIONJEUNES__REGISTRY__V1__DECLARE_PRINCIPAL_REQUEST__INIT;
    Missionjeunes__Registry__V1__Principal p = MISSIONJEUNES__REGISTRY__V1__PRINCIPAL__INIT;
    const Missionjeunes__Registry__V1__DeclarePrincipalResponse *answer;
    struct cli_call call = { .method = "registry.v1.DeclarePrincipal", .region = "FR", .body = &rq.base,
                             .answer = &missionjeunes__registry__v1__declare_principal_response__descriptor,
                             .command = true };
    struct words regions;
    int role, rc;

    if (!cli_words(cli, 1, 1) ||
        name_value(cli, "role", &missionjeunes__registry__v1__role__descriptor, &role) != EXIT_OK ||
        !(p.organisation = (char *)cli_required(cli, "organisation")))
        return EXIT_USAGE;
    words_split(&regions, cli_option(cli, "region"));
    p.id = cli->words[0];
    p.role = (Missionjeunes__Registry__V1__Role)role;
    p.regions = regions.list;
    p.n_regions = regions.count;
    rq.principal = &p;
    if ((rc = cli_connect(cli)) != EXIT_OK)
        return rc;
    if (!(answer = cli_ask(cli, &call, &rc)))
        return rc;
    if (cli->json)
        print_message(&answer->base);
    else
        printf("principal %s, role %s, position %llu; give it a key with: mj keys add %s FILE\n", p.id,
               cli_option(cli, "role"), (unsigned long long)answer->position, p.id);
    return rc;
}

static const struct option_row options[] = {
    { "role", "ROLE", "agency, mission-locale, funder, fastt, committee or operator" },
    { "organisation", "ID", "SIREN or SIRET, declared before" },
    { "region", "CODES", "limits it to these regions: 52 or 52,53; all where not given" },
    { NULL, NULL, NULL },
};
const struct command command_principal_add = {
    "principal add", "declares who may connect, or changes their role",
    "ID --role ROLE --organisation ID [--region CODES]",
    "  mj principal add agence-nantes --role agency --organisation 732829320\n"
    "  mj principal add dreets-pdl --role committee --organisation 110068012 --region 52\n", options, add,
};
