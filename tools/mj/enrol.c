/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* mj enrol: a Mission Locale enrols a young person; the id that comes back is all there is to pass on. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "missionjeunes/registry/v1/registry.pb-c.h"
#include "names.h"

typedef Missionjeunes__Registry__V1__EnrolRequest enrol_request;
typedef Missionjeunes__Registry__V1__EnrolResponse enrol_response;

/* "-": from standard input, so that it shows in no list of processes. */
static bool read_birth_date(struct cli *cli, char text[16])
{
    const char *given = cli_required(cli, "birth-date");
    if (!given)
        return false;
    snprintf(text, 16, "%s", given);
    if (strcmp(given, "-") == 0 && !fgets(text, 16, stdin)) {
        cli_usage(cli, "--birth-date -: nothing on standard input");
        return false;
    }
    text[strcspn(text, "\r\n")] = '\0';
    return true;
}

static int read_sex(struct cli *cli, enrol_request *rq)
{
    const char *sex = cli_option(cli, "sex");
    if (!sex)
        return EXIT_OK;
    if (strcmp(sex, "f") != 0 && strcmp(sex, "m") != 0)
        return cli_usage(cli, "--sex: expected f or m, got \"%s\"", sex);
    rq->sex = sex[0] == 'f' ? MISSIONJEUNES__REGISTRY__V1__SEX__SEX_FEMALE : MISSIONJEUNES__REGISTRY__V1__SEX__SEX_MALE;
    return EXIT_OK;
}

static int enrol(struct cli *cli)
{
    enrol_request rq = MISSIONJEUNES__REGISTRY__V1__ENROL_REQUEST__INIT;
    const enrol_response *answer;
    char birth_date[16], region[3];
    struct cli_call call = { .method = "registry.v1.Enrol", .region = region, .body = &rq.base,
                             .answer = &missionjeunes__registry__v1__enrol_response__descriptor, .command = true };
    int programme, rc;

    if (!cli_words(cli, 0, 0) || !read_birth_date(cli, birth_date) || read_sex(cli, &rq) != EXIT_OK ||
        name_value(cli, "programme", &missionjeunes__registry__v1__programme__descriptor, &programme) != EXIT_OK ||
        !(rq.entry_on = (char *)cli_required(cli, "on")))
        return EXIT_USAGE;
    if (!cli_option(cli, "region") && !cli->profile.siret[0])
        return cli_usage(cli, "--region CODE is missing: the Mission Locale's; or write its siret= in the profile");
    rq.birth_date = birth_date;
    rq.rqth = cli_option(cli, "rqth") != NULL;
    rq.programme = (Missionjeunes__Registry__V1__Programme)programme;
    if ((rc = cli_connect(cli)) != EXIT_OK || (rc = cli_region_of(cli, cli->profile.siret, region)) != EXIT_OK)
        return rc;
    if (!(answer = cli_ask(cli, &call, &rc)))
        return rc;
    if (cli->json)
        print_message(&answer->base);
    else
        puts(answer->young_person);
    return rc;
}

static const struct option_row options[] = {
    { "birth-date", "DATE", "YYYY-MM-DD, or - to read it from standard input" },
    { "sex", "f|m", "may be left out" },
    { "rqth", NULL, "recognised disabled worker at the date of entry" },
    { "programme", "NAME", "cej or pacea" },
    { "on", "DATE", "date of entry, YYYY-MM-DD" },
    { "region", "CODE", "the Mission Locale's region; else that of the profile's siret" },
    { NULL, NULL, NULL },
};
const struct command command_enrol = {
    "enrol", "enrols a young person and prints the id (key of a Mission Locale)",
    "--birth-date DATE|- --programme cej|pacea --on DATE [--sex f|m] [--rqth] [--region CODE]",
    "  mj enrol --birth-date 2006-04-02 --sex f --programme cej --on 2026-09-01 --region 52\n"
    "  echo 2006-04-02 | mj enrol --birth-date - --programme pacea --on 2026-09-01\n", options, enrol,
};
