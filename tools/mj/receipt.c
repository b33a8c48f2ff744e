/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* How one event's fate is said. */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "events.h"

const char *warning_text(const char *name)
{
    static const struct { const char *name, *text; } rows[] = {
        { "HOST_IS_AGENCY", "the host company has the agency's own SIREN; check host_siret" },
        { "HOURS_OVER_48", "more than 48 h in a week (Code du travail L.3121-20); check, or correct the hours" },
        { "RENEWALS_OVER_2", "more than 2 renewals (Code du travail L.1251-35); check the number" },
        { "DURATION_OVER_18_MONTHS", "longer than 18 months (Code du travail L.1251-12); check the dates" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].name, name) == 0)
            return rows[i].text;
    return "taken with a warning; check the field";
}

static void print_object(const struct receipt *r)
{
    json_t *o = json_object();
    cli_json_text(o, "event", r->event);
    if (r->line)
        json_object_set_new(o, "line", json_integer(r->line));
    json_object_set_new(o, "level", json_integer(r->level));
    cli_json_text(o, "outcome", r->outcome);
    cli_json_text(o, "reason", r->reason);
    cli_json_text(o, "field", r->field);
    cli_json_text(o, "message", r->message);
    cli_json_text(o, "same_as", r->same_as);
    cli_print_json(o);
}

static bool there(const char *text)
{
    return text && text[0];
}

void receipt_print(const struct receipt *r, bool json)
{
    char name[32];
    if (json) {
        print_object(r);
        return;
    }
    snprintf(name, sizeof name, "line %u", r->line);
    printf("%-22s level %d  %s", there(r->event) ? r->event : name, r->level, r->outcome);
    if (there(r->same_as))
        printf(", déjà reçu: %s", r->same_as);
    if (there(r->event) && r->line && r->level)
        printf(" (line %u)", r->line);
    if (there(r->reason) && r->level)
        printf("\n    %s%s%s%s%s\n", r->reason, there(r->field) ? " in " : "", there(r->field) ? r->field : "",
               there(r->message) ? ": " : "", there(r->message) ? r->message : "");
    else
        putchar('\n');
}
