/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* reasons: what the reason of an event's fate means and what to do about it, for where only the reason is kept: in the
 * log, in tables, in a warning. */
#ifndef PLACEMENTS_REASONS_H
#define PLACEMENTS_REASONS_H

/* One line of English; "" for what is no such reason. */
const char *pl_reason_text(const char *reason);

#endif
