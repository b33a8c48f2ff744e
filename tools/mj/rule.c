/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* mj rule add: one dated age rule of a programme. */
#include <stdio.h>

#include "commands.h"
#include "missionjeunes/registry/v1/registry.pb-c.h"
#include "names.h"

#define AGE_MOST 100

static bool read_ages(struct cli *cli, Missionjeunes__Registry__V1__ProgrammeRule *rule)
{
    uint64_t min, limit, rqth;
    if (!cli_required(cli, "min") || !cli_required(cli, "limit") || !cli_required(cli, "limit-rqth") ||
        !cli_number(cli, "min", 0, AGE_MOST, &min) || !cli_number(cli, "limit", 0, AGE_MOST, &limit) ||
        !cli_number(cli, "limit-rqth", 0, AGE_MOST, &rqth))
        return false;
    rule->age_min = (uint32_t)min;
    rule->age_limit = (uint32_t)limit;
    rule->age_limit_rqth = (uint32_t)rqth;
    return true;
}

static int add(struct cli *cli)
{
    Missionjeunes__Registry__V1__SetRuleRequest rq = MISSIONJEUNES__REGISTRY__V1__SET_RULE_REQUEST__INIT;
    Missionjeunes__Registry__V1__ProgrammeRule rule = MISSIONJEUNES__REGISTRY__V1__PROGRAMME_RULE__INIT;
    const Missionjeunes__Registry__V1__SetRuleResponse *answer;
    struct cli_call call = { .method = "registry.v1.SetRule", .region = "FR", .body = &rq.base,
                             .answer = &missionjeunes__registry__v1__set_rule_response__descriptor, .command = true };
    int programme, rc;

    if (!cli_words(cli, 0, 0) ||
        name_value(cli, "programme", &missionjeunes__registry__v1__programme__descriptor, &programme) != EXIT_OK ||
        !(rule.valid_from = (char *)cli_required(cli, "from")) || !read_ages(cli, &rule) ||
        !(rule.source = (char *)cli_required(cli, "source")))
        return EXIT_USAGE;
    rule.programme = (Missionjeunes__Registry__V1__Programme)programme;
    rq.rule = &rule;
    if ((rc = cli_connect(cli)) != EXIT_OK)
        return rc;
    if (!(answer = cli_ask(cli, &call, &rc)))
        return rc;
    if (cli->json)
        print_message(&answer->base);
    else
        printf("version %u of the rule for %s, for entries from %s on\n", answer->version, cli_option(cli, "programme"),
               rule.valid_from);
    return rc;
}

static const struct option_row options[] = {
    { "programme", "NAME", "cej or pacea" },
    { "from", "DATE", "first day of entry that it is for, YYYY-MM-DD" },
    { "min", "AGE", "youngest age in whole years at entry" },
    { "limit", "AGE", "first age no longer admitted" },
    { "limit-rqth", "AGE", "the same for a recognised disabled worker (RQTH)" },
    { "source", "TEXT", "public source of the rule" },
    { NULL, NULL, NULL },
};
const struct command command_rule_add = {
    "rule add", "adds a dated age rule of a programme",
    "--programme cej|pacea --from DATE --min AGE --limit AGE --limit-rqth AGE --source TEXT",
    "  mj rule add --programme cej --from 2022-03-01 --min 16 --limit 26 --limit-rqth 30 \\\n"
    "      --source \"Code du travail, art. L.5131-6\"\n", options, add,
};
