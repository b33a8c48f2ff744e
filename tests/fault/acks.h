/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* acks: what clients were told while a trace was recorded: a line each, in order of time, "ns position". */
#ifndef MJ_FAULT_ACKS_H
#define MJ_FAULT_ACKS_H

#include <stddef.h>
#include <stdint.h>

struct ack { uint64_t time_ns, position; };      /* position: the highest told so far */
struct acks { struct ack *all; size_t count; };
/* Ends the program where the file cannot be read. */
void acks_load(struct acks *a, const char *path);
/* The highest position that anybody was told of by then. */
uint64_t acks_by(const struct acks *a, uint64_t time_ns);

/* I12: does every acknowledgement come after the sync that covers its commit? Prints those that do not, then one line
 * of JSON counts; 1 where there are any, or the trace holds no commit. */
int check_order(const char *trace, const char *acks);

#endif
