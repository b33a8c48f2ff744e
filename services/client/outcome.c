/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "client/mj_client.h"

const char *mj_event_outcome_name(enum mj_event_outcome o)
{
    switch (o) {
    case MJ_EVENT_ACCEPTED: return "accepted";
    case MJ_EVENT_DUPLICATE: return "duplicate";
    case MJ_EVENT_UNMATCHED: return "unmatched";
    case MJ_EVENT_CONFLICT: return "conflict";
    case MJ_EVENT_REJECTED: return "rejected";
    }
    return "unknown";
}

int mj_event_level(enum mj_event_outcome o, const char *reason)
{
    switch (o) {
    case MJ_EVENT_ACCEPTED: return reason && reason[0] ? 1 : 0;
    case MJ_EVENT_DUPLICATE: return 0;
    case MJ_EVENT_UNMATCHED: return 1;
    case MJ_EVENT_CONFLICT:
    case MJ_EVENT_REJECTED: return 3;
    }
    return 2;
}
