/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* replay: disks as a power cut may leave them, from a trace (trace.h) and the files that were there when it began.
 *
 * The rules, close to ext4's (data=ordered, delayed allocation), and harder where POSIX promises less:
 * - What a sync covers is safe: the changes of its file that came before the sync began, once the sync ended well.
 * - Of a file's other changes each is kept, lost or torn by itself, in whatever order: of a torn write each sector of
 *   512 bytes is kept or lost. What is kept beyond the file's end makes it longer; what lies between is zeros. A change
 *   of the size (ftruncate) is kept or lost.
 * - Names (create, rename, unlink) are safe after a sync of their directory; a file's creation after a sync of the file
 *   too, and with it the names of that directory before it. Of the others each directory keeps the first so many, in
 *   order. Directories themselves are never lost, nor bytes that were there when the trace began.
 * - One disk in ten loses all that was not synced, one in ten keeps all of it.
 * Files named LOCK and SQLite's -shm are left out: they mean nothing after a power cut. */
#ifndef MJ_FAULT_REPLAY_H
#define MJ_FAULT_REPLAY_H

#include <stdbool.h>
#include <stddef.h>

#include "trace.h"

struct trace { const uint8_t *bytes; size_t len; const struct record **records; size_t count; };
/* Ends the program where the file cannot be read; what a kill cut off at its end is left out. */
void trace_load(struct trace *t, const char *path);
static inline const uint8_t *record_payload(const struct record *r) { return (const uint8_t *)(r + 1); }

struct disk;
/* The disk when the trace began: the files below base, all of them safe; NULL for none. */
struct disk *disk_begin(const struct trace *t, const char *base);
void disk_end(struct disk *d);
/* Goes on until so many records have happened; never back. */
void disk_go_to(struct disk *d, size_t records);
/* Writes one disk after a power cut there into the directory, which is made; all is drawn from seed. keep_nothing: of
 * what is not synced. */
void disk_write(const struct disk *d, const char *directory, uint64_t seed, bool keep_nothing);

uint64_t draw(uint64_t *state);          /* the next number of a seed (splitmix64) */
_Noreturn void give_up(const char *what, const char *which);

#endif
