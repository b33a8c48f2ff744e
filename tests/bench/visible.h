/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* visible: when a reader of the live counters in Redis could see what was acknowledged. A thread of its own waits for
 * the region's channel, reads the position that the counters stand at, and notes both. */
#ifndef MJ_BENCH_VISIBLE_H
#define MJ_BENCH_VISIBLE_H

#include "sending.h"

struct bench_visible;
/* socket: Redis' Unix socket. */
int bench_visible_start(struct bench_visible **ret, const char *socket, const char *region, mj_error *err);
/* Waits until the counters stand at the last acknowledged position, 30 s at most, then tells how long every event
 * took from its acknowledgement on (0 where it was there first). Frees v. */
int bench_visible_stop(struct bench_visible *v, const struct bench_sending *s, struct load_hist *ret, mj_error *err);

#endif
