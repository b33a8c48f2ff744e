/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "placements/reasons.h"

#include <stddef.h>
#include <string.h>

static const struct { const char *reason, *text; } rows[] = {
    /* the bytes */
    { "EVENT_SIZE", "the event has no bytes, or more than 16 KiB; shorten it" },
    { "MALFORMED", "the bytes are no event; check the encoder" },
    { "UNKNOWN_FIELD", "a field that this version does not know; use its .proto files" },
    { "UNKNOWN_ENUM", "a value that this version does not know, or none where one is required; choose another" },
    { "INVALID_UTF8", "a text is not UTF-8, or holds NUL; check the encoding of your data" },
    { "NOT_CANONICAL", "right, but not packed in canonical order; use an ordinary protobuf encoder" },
    /* the envelope */
    { "REF_LENGTH", "placement_ref needs 1 to 64 bytes; use your own number of the mission" },
    { "FACT_REQUIRED", "the event tells no fact; set one" },
    { "OCCURRED_AT_REQUIRED", "occurred_at_ms is missing; send when your system recorded it" },
    { "CLOCK_AHEAD", "occurred_at_ms lies in the future; check the clock, and that it is milliseconds" },
    { "PERSON_REQUIRED", "send the id that was given at enrolment" },
    { "PERSON_FORMAT", "not an id that was given at enrolment; copy it again" },
    { "PERSON_CHECKSUM", "the id is mistyped; copy it again" },
    { "PERSON_CHANGED", "another young person than before under this placement_ref; check both" },
    { "PERSON_UNKNOWN", "stored; it counts once the young person is enrolled; check the id" },
    { "REGION_UNKNOWN", "the id names no region; copy it again" },
    /* values */
    { "DATE_FORMAT", "write days as YYYY-MM-DD, weeks as YYYY-Www" },
    { "DATE_RANGE", "no such day in the calendar" },
    { "END_BEFORE_START", "an end lies before a start; check both days" },
    { "END_REQUIRED", "only a CDI goes without a planned end; send the end" },
    { "CDI_HAS_NO_END", "a CDI has no planned end; leave it out, or check the kind of contract" },
    { "SIRET_FORMAT", "a SIRET has 14 digits" },
    { "SIRET_CHECKSUM", "a digit of the SIRET is mistyped" },
    { "ROME_FORMAT", "a ROME code is a letter A to N and 4 digits" },
    { "ROME_UNKNOWN", "no such occupation; look it up in the ROME list" },
    { "MINUTES_RANGE", "a week has 1 to 10,080 minutes; check the unit" },
    { "NUMBER_RANGE", "renewals are numbered from 1" },
    /* what came before it */
    { "USE_CORRECTION", "the fact is known with another value; send it inside corrected" },
    { "FACT_UNKNOWN", "nothing to correct: send the fact itself first" },
    { "FACTS_LIMIT", "more than 512 facts of one placement; check the placement_ref" },
    { "HOURS_OUTSIDE", "the week lies outside the mission; check the week, or correct start and end" },
    { "ALREADY_CANCELLED", "the mission was cancelled; only corrections are taken" },
    { "ALREADY_REFUSED", "the proposal was refused; only corrections are taken" },
    { "ALREADY_CONFIRMED", "it was confirmed before; check the placement_ref" },
    { "ALREADY_STARTED", "it had started before; check the placement_ref" },
    { "KNOWN_FACT", "this fact is already known with this value" },
    /* warnings */
    { "HOST_IS_AGENCY", "the host company has the agency's own SIREN; check host_siret" },
    { "HOURS_OVER_48", "more than 48 h in a week (Code du travail L.3121-20); check, or correct the hours" },
    { "RENEWALS_OVER_2", "more than 2 renewals (Code du travail L.1251-35); check the number" },
    { "DURATION_OVER_18_MONTHS", "longer than 18 months (Code du travail L.1251-12); check the dates" },
};

const char *pl_reason_text(const char *reason)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].reason, reason) == 0)
            return rows[i].text;
    return "";
}
