/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* mj trace: what became of one event. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "common/base/dates.h"
#include "events.h"
#include "names.h"
#include "placements/messages.h"

void print_exception(const char *siret, const EventException *x)
{
    char event[48], same[48] = "";
    struct receipt r = { .event = event, .level = mj_event_level((enum mj_event_outcome)x->outcome, x->reason),
                         .outcome = mj_event_outcome_name((enum mj_event_outcome)x->outcome), .reason = x->reason,
                         .field = x->field, .message = x->message, .same_as = same };

    snprintf(event, sizeof event, "%s/%" PRIu64, siret, x->sequence);
    if (x->same_as)
        snprintf(same, sizeof same, "%s/%" PRIu64, siret, x->same_as);
    receipt_print(&r, false);
}

static void print_trace(const struct cli *cli, const char *siret, const GetEventResponse *a)
{
    char at[25];
    if (cli->json) {
        print_message(&a->base);
        return;
    }
    print_exception(siret, a->state);
    const char *state = name_word(&missionjeunes__placements__v1__placement_state__descriptor, (int)a->placement);
    printf("    recorded %s at position %" PRIu64 "%s%s\n", mj_utc_format((int64_t)a->recorded_at_ms, at), a->position,
           state[0] ? "; the placement is " : "", state);
}

static int trace(struct cli *cli)
{
    GetEventRequest rq = MISSIONJEUNES__PLACEMENTS__V1__GET_EVENT_REQUEST__INIT;
    const GetEventResponse *answer;
    char region[3], siret[15], *end = NULL;
    struct cli_call call = { .method = "placements.v1.GetEvent", .region = region, .body = &rq.base,
                             .answer = &missionjeunes__placements__v1__get_event_response__descriptor };
    int rc;

    if (!cli_words(cli, 1, 1))
        return EXIT_USAGE;
    const char *slash = strchr(cli->words[0], '/');
    if (!slash || slash - cli->words[0] != 14 || slash[1] < '1' || slash[1] > '9')
        return cli_usage(cli, "expected SIRET/n, as on a receipt, got \"%s\"", cli->words[0]);
    snprintf(siret, sizeof siret, "%s", cli->words[0]);
    rq.stream = siret;
    rq.sequence = strtoull(slash + 1, &end, 10);
    if (*end)
        return cli_usage(cli, "expected SIRET/n, as on a receipt, got \"%s\"", cli->words[0]);
    if ((rc = cli_connect(cli)) != EXIT_OK || (rc = cli_region_of(cli, siret, region)) != EXIT_OK)
        return rc;
    if (!(answer = cli_ask(cli, &call, &rc)))
        return rc;
    print_trace(cli, siret, answer);
    return mj_event_level((enum mj_event_outcome)answer->state->outcome, answer->state->reason);
}

static const struct option_row options[] = {
    { "region", "CODE", "of the agency; else as it was declared" }, { NULL, NULL, NULL },
};
const struct command command_trace = {
    "trace", "says what became of one event", "SIRET/n", "  mj trace 73282932000074/12\n", options, trace,
};
