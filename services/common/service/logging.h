/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* logging: JSON lines on stderr, one write(2) each, from any thread:
 * {"at":"2026-11-21T20:26:00.123Z","level":"info","service":"placements","event":"started",...}
 * No personal data, no reference, no key goes in; fields are named, texts are cut at 512 bytes. */
#ifndef MJ_SERVICE_LOGGING_H
#define MJ_SERVICE_LOGGING_H

#include "common/base/error.h"
#include "common/seams/env.h"

enum mj_level { MJ_DEBUG, MJ_INFO, MJ_WARN, MJ_ERR };
/* Before the first line, from one thread. Levels are written debug, info, warn, error. */
void mj_logging_init(const char *service, const struct mj_env *env, enum mj_level least);
/* Pairs of name, printf-like value kinds: mj_log(MJ_INFO, "opened", "region=%s position=%llu", region, pos).
 * The format is "name=%conv name=%conv ..."; each becomes a JSON member (numbers for %d %u %f %g with any length,
 * strings for %s %x %c and where more stands before the next space: "peer=%s:%d"; a NULL string is null). Flags and
 * widths are left out. A NULL format gives no members. */
void mj_log(enum mj_level level, const char *event, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void mj_log_failure(enum mj_level level, const char *event, const mj_error *err);
/* True the first 10 times a minute for an event name: for lines that a peer can cause. */
int mj_log_sampled(const char *event);

#endif
