/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* messages: short names for the generated types that placements uses, and its enumerations under readable names.
 * Values are those of proto/missionjeunes/placements/v1; a unit test compares them. */
#ifndef PLACEMENTS_MESSAGES_H
#define PLACEMENTS_MESSAGES_H

#include "missionjeunes/placements/v1/entries.pb-c.h"
#include "missionjeunes/placements/v1/placements.pb-c.h"

typedef Missionjeunes__Placements__V1__PlacementEvent PlacementEvent;
typedef Missionjeunes__Placements__V1__Corrected Corrected;
typedef Missionjeunes__Placements__V1__Proposed Proposed;
typedef Missionjeunes__Placements__V1__Refused Refused;
typedef Missionjeunes__Placements__V1__Confirmed Confirmed;
typedef Missionjeunes__Placements__V1__Started Started;
typedef Missionjeunes__Placements__V1__HoursReported HoursReported;
typedef Missionjeunes__Placements__V1__Extended Extended;
typedef Missionjeunes__Placements__V1__Ended Ended;
typedef Missionjeunes__Placements__V1__Cancelled Cancelled;

typedef Missionjeunes__Placements__V1__EventAccepted EventAccepted;
typedef Missionjeunes__Placements__V1__EventKnown EventKnown;
typedef Missionjeunes__Placements__V1__EventRejected EventRejected;
typedef Missionjeunes__Placements__V1__PlacementMatched PlacementMatched;
typedef Missionjeunes__Placements__V1__StreamQuality StreamQuality;

typedef Missionjeunes__Placements__V1__IngestRequest IngestRequest;
typedef Missionjeunes__Placements__V1__IngestResponse IngestResponse;
typedef Missionjeunes__Placements__V1__Exception EventException;
typedef Missionjeunes__Placements__V1__Credit Credit;
typedef Missionjeunes__Placements__V1__ResumeRequest ResumeRequest;
typedef Missionjeunes__Placements__V1__ResumeResponse ResumeResponse;
typedef Missionjeunes__Placements__V1__GetEventRequest GetEventRequest;
typedef Missionjeunes__Placements__V1__GetEventResponse GetEventResponse;
typedef Missionjeunes__Placements__V1__ListExceptionsRequest ListExceptionsRequest;
typedef Missionjeunes__Placements__V1__ListExceptionsResponse ListExceptionsResponse;
typedef Missionjeunes__Placements__V1__ListedException ListedException;
typedef Missionjeunes__Placements__V1__ListPlacementsRequest ListPlacementsRequest;
typedef Missionjeunes__Placements__V1__ListPlacementsResponse ListPlacementsResponse;
typedef Missionjeunes__Placements__V1__Placement ListedPlacement;

/* Entry types. */
enum { PL_ENTRY_ACCEPTED = 16, PL_ENTRY_KNOWN = 17, PL_ENTRY_REJECTED = 18, PL_ENTRY_MATCHED = 19,
       PL_ENTRY_QUALITY = 20 };
/* registry's entry type that placements reads. */
enum { PL_REGISTRY_PERSON_ENROLLED = 21, PL_REGISTRY_LAST_TYPE = 21 };
/* Outcome */
enum pl_outcome { PL_ACCEPTED = 1, PL_DUPLICATE = 2, PL_UNMATCHED = 3, PL_CONFLICT = 4, PL_REJECTED = 5 };
/* PlacementState */
enum pl_state { PL_S_NONE, PL_S_PROPOSED, PL_S_REFUSED, PL_S_CONFIRMED, PL_S_CANCELLED, PL_S_STARTED,
                PL_S_ENDED_AT_TERM, PL_S_ENDED_EARLY };
enum { PL_CONTRACT_CDI = 5, PL_CONTRACT_LAST = 5, PL_HOURS_LAST = 2, PL_MOTIVE_TERM = 1, PL_MOTIVE_LAST = 5,
       PL_BY_LAST = 3 };
/* What an event tells; numbered as the members of Corrected.value, which are 9 below those of PlacementEvent.fact. */
enum pl_kind { PL_NONE, PL_PROPOSED, PL_REFUSED, PL_CONFIRMED, PL_STARTED, PL_HOURS, PL_EXTENDED, PL_ENDED,
               PL_CANCELLED };
enum { PL_CASE_OF_EVENT = 9, PL_CASE_CORRECTED = 18 };

#endif
