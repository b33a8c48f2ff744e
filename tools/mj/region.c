/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Which partition an organisation's things are in: the option --region, else what its declaration says. */
#include <stdio.h>

#include "cli.h"
#include "missionjeunes/registry/v1/registry.pb-c.h"

int cli_region_of(struct cli *cli, const char *id, char region[3])
{
    Missionjeunes__Registry__V1__GetOrganisationRequest rq =
        MISSIONJEUNES__REGISTRY__V1__GET_ORGANISATION_REQUEST__INIT;
    const Missionjeunes__Registry__V1__GetOrganisationResponse *answer;
    struct cli_call call = { .method = "registry.v1.GetOrganisation", .region = "FR", .body = &rq.base,
                             .answer = &missionjeunes__registry__v1__get_organisation_response__descriptor };
    const char *given = cli_option(cli, "region");
    int rc = EXIT_OK;

    if (!given) {
        rq.id = (char *)id;
        if (!(answer = cli_ask(cli, &call, &rc)))
            return rc;
        given = answer->organisation->region;
    }
    snprintf(region, 3, "%s", given);
    return EXIT_OK;
}
