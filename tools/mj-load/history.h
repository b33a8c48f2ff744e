/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* history: what this program did and was told, one JSON object a line, for a checker that holds it against what the
 * services kept. A line about a call is in the file before the call can leave. HISTORY.md says what stands in it. */
#ifndef MJ_LOAD_HISTORY_H
#define MJ_LOAD_HISTORY_H

#include "agenda.h"
#include "client/mj_client.h"

struct load_history;
/* Appends to a file; path NULL: writes nothing, and *ret is NULL, which all functions take. */
int load_history_open(struct load_history **ret, const char *path, mj_error *err);
void load_history_close(struct load_history *h);
/* What was noted is in the file when this returns; before the loop turns again. -1: it cannot be written. */
int load_history_flush(struct load_history *h, mj_error *err);

void load_history_run(struct load_history *h, const struct load_world *w, const struct load_demand *d);
void load_history_event(struct load_history *h, const char *stream, uint64_t number, const struct load_event *e);
void load_history_result(struct load_history *h, const char *stream, const struct mj_event_result *r);
void load_history_through(struct load_history *h, const char *op, const char *stream, uint64_t through);
void load_history_trouble(struct load_history *h, const char *stream, const mj_error *err);
/* A batch of one event sent beside the stream; what: "resend", "conflict" or "gap". */
void load_history_probe(struct load_history *h, const char *stream, uint64_t id, const char *what, uint64_t number,
                        const uint8_t *bytes, size_t len, enum load_expect expect);
/* Its end: "ok" with an outcome, "refused" or "unknown" with a reason. */
void load_history_probed(struct load_history *h, const char *stream, uint64_t id, const char *end, const char *outcome,
                         const char *reason);

#endif
