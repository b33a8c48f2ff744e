/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* echo: what stands for placements where CURVE is measured: a thread that takes batches, checks every event as
 * placements does (placements/event.h), makes its two keyed hashes, appends it to a flat file, syncs what has gathered
 * and answers as placements does. It keeps no state and folds nothing. */
#ifndef MJ_BENCH_ECHO_H
#define MJ_BENCH_ECHO_H

#include "common/wire/sock.h"

struct bench_echo;
/* keys NULL: without CURVE. endpoint gets where it listens. */
int bench_echo_start(struct bench_echo **ret, const struct mj_curve *keys, char endpoint[MJ_ENDPOINT_MAX],
                     mj_error *err);
/* Ends the thread; its CPU seconds, or -1 where it had met something wrong, which it said on stderr. */
double bench_echo_stop(struct bench_echo *e);

#endif
