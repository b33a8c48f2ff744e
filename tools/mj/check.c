/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* mj check: what placements would say of a file, without asking it. */
#include <stdio.h>

#include "commands.h"
#include "common/seams/env.h"
#include "events.h"
#include "placements/reasons.h"

static int check_one(const struct event_item *item, bool json)
{
    char same[32] = "";
    struct receipt r = { .line = item->line, .outcome = "ok", .same_as = same };

    if (item->same_line)
        snprintf(same, sizeof same, "line %u", item->same_line);
    if (item->wrong) {
        r.level = 3;
        r.outcome = "would be rejected";
        r.reason = item->wrong->reason;
        r.field = item->wrong->field;
        r.message = item->wrong->text;
    } else if (item->warning.name[0]) {
        r.level = 1;
        r.outcome = "ok with a warning";
        r.reason = item->warning.name;
        r.field = item->warning.field;
        r.message = pl_reason_text(item->warning.name);
    }
    if (json || r.level || item->same_line)
        receipt_print(&r, json);
    return r.level;
}

static int check(struct cli *cli)
{
    struct events events;
    size_t count[4] = { 0 };
    mj_error err;
    int worst = EXIT_OK;

    if (!cli_words(cli, 1, 1))
        return EXIT_USAGE;
    if (events_read(&events, cli->words[0], NULL, &err) < 0)
        return cli_fail(cli, &err);
    const char *siret = cli_option(cli, "siret");
    events_check(&events, siret ? siret : cli->profile.siret, mj_wall_ms(&mj_env_real));
    for (size_t i = 0; i < events.count; i++) {
        int level = check_one(&events.items[i], cli->json);
        count[level]++;
        worst = level > worst ? level : worst;
    }
    if (!cli->json)
        printf("%zu event%s: %zu ok, %zu with a warning, %zu would be rejected\n", events.count,
               events.count == 1 ? "" : "s", count[0], count[1], count[3]);
    events_free(&events);
    return worst;
}

static const struct option_row options[] = {
    { "siret", "SIRET", "the agency's; else the profile's" }, { NULL, NULL, NULL },
};
const struct command command_check = {
    "check", "says what placements would say of a file, without sending it", "FILE|- [--siret SIRET]",
    "  mj check tools/examples/mission.json\n  mj check tools/examples/mauvaise-date.json\n", options, check,
};
