/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* How one event's fate is said. */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "events.h"

const char *reason_text(const char *reason)
{
    static const struct { const char *reason, *text; } rows[] = {
        { "HOST_IS_AGENCY", "the host company has the agency's own SIREN; check host_siret" },
        { "HOURS_OVER_48", "more than 48 h in a week (Code du travail L.3121-20); check, or correct the hours" },
        { "RENEWALS_OVER_2", "more than 2 renewals (Code du travail L.1251-35); check the number" },
        { "DURATION_OVER_18_MONTHS", "longer than 18 months (Code du travail L.1251-12); check the dates" },
        { "PERSON_UNKNOWN", "stored; it counts once the young person is enrolled; check the id" },
        { "PERSON_CHANGED", "another young person than before under this placement_ref; check both" },
        { "PERSON_REQUIRED", "send the id that was given at enrolment" },
        { "PERSON_CHECKSUM", "the id is mistyped; copy it again" },
        { "USE_CORRECTION", "the fact is known with another value; send it inside corrected" },
        { "FACT_UNKNOWN", "nothing to correct: send the fact itself first" },
        { "END_BEFORE_START", "an end lies before a start; check both days" },
        { "HOURS_OUTSIDE", "the week lies outside the mission; check the week, or correct start and end" },
        { "ALREADY_CANCELLED", "the mission was cancelled; only corrections are taken" },
        { "ALREADY_REFUSED", "the proposal was refused; only corrections are taken" },
        { "ALREADY_CONFIRMED", "it was confirmed before; check the placement_ref" },
        { "ALREADY_STARTED", "it had started before; check the placement_ref" },
        { "DATE_FORMAT", "write days as YYYY-MM-DD, weeks as YYYY-Www" },
        { "DATE_RANGE", "no such day in the calendar" },
        { "SIRET_CHECKSUM", "a digit of the SIRET is mistyped" },
        { "ROME_UNKNOWN", "no such occupation; look it up in the ROME list" },
        { "CLOCK_AHEAD", "occurred_at_ms lies in the future; check the clock, and that it is milliseconds" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].reason, reason) == 0)
            return rows[i].text;
    return "";
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
