/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* How one event's fate is said. */
#include <stdio.h>

#include "cli.h"
#include "events.h"

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
