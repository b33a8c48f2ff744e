/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* trace: what the recorder (shims/recorder.c) wrote down, as replay.c reads it: one machine, its own byte order. */
#ifndef MJ_FAULT_TRACE_H
#define MJ_FAULT_TRACE_H

#include <stdint.h>

enum record_kind {
    REC_OPEN = 1,                        /* payload: the path; at: 1 for a directory */
    REC_CREATE,                          /* the same, and the file was not there before */
    REC_WRITE,                           /* payload: the bytes; at: where they stand */
    REC_TRUNCATE,                        /* at: the size */
    REC_RENAME,                          /* payload: both paths */
    REC_UNLINK,                          /* payload: the path */
    REC_SYNC_BEGIN,                      /* fsync or fdatasync; at: its number */
    REC_SYNC_END,                        /* it ended well */
};

/* Paths end with NUL, and are relative to the directory that is recorded. */
struct record {
    uint32_t kind, len;                  /* len: bytes of the payload behind this */
    uint64_t time_ns;                    /* CLOCK_MONOTONIC, never less than in the record before */
    uint64_t file;                       /* inode */
    uint64_t at;
};

#endif
