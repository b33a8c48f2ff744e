/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* failpoint: named places where a test may make the program die, stop, wait or fail. Compiled in only with
 * -DMJ_FAULT (preset fault); elsewhere MJ_FAILPOINT is a constant 0 and the names are not in the binary.
 *
 * MJ_FAILPOINTS="log.before_commit=kill@100;log.after_commit=delay(50)" sets them at start:
 *   name=action[@n]   the action happens at the n-th pass (1 where not said), once; "*" after n: from then on each time.
 *   kill              SIGKILL to itself
 *   stop(ms)          the calling thread sleeps that long once
 *   delay(ms)         as stop
 *   yield             sched_yield
 *   error             MJ_FAILPOINT returns 1: the caller behaves as if the step had failed */
#ifndef MJ_SEAMS_FAILPOINT_H
#define MJ_SEAMS_FAILPOINT_H

#ifdef MJ_FAULT
int mj_failpoint(const char *name);     /* 1 where the step must fail */
#define MJ_FAILPOINT(name) mj_failpoint(name)
#else
#define MJ_FAILPOINT(name) 0
#endif

#endif
