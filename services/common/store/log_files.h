/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* log_files: the log's engine on flat files (log_segment.h says what is in them): log_files.c opens and closes,
 * log_files_read.c finds and reads, log_files_append.c writes. Private to these three. */
#ifndef MJ_STORE_LOG_FILES_H
#define MJ_STORE_LOG_FILES_H

#include <sys/types.h>

#include "common/store/log_segment.h"

#define OPEN_SEGMENTS 8

struct mark { uint32_t position, at; };  /* of a record; position counted from the segment's first */

/* A segment that was read lately. Records are never moved, and one exists only once those before it are on disk: the
 * place of a record that was seen stays its place. */
struct open_segment {
    int fd;                              /* -1: none */
    struct segment_head head;
    struct mark *marks;                  /* one in 16 KiB, as far as it was walked */
    size_t count, cap;
    uint64_t used;                       /* the engine's clock when it was asked for */
};

struct log_files {
    const struct mj_env *env;            /* NULL: for reading only */
    int dir, lock;
    uint64_t *firsts;                    /* first positions of the segments known, ascending */
    size_t count, cap;
    struct open_segment open[OPEN_SEGMENTS];
    uint64_t clock;
    /* for writing */
    struct mj_log_head head;
    int fd;                              /* the newest segment; -1: none that counts */
    bool lost;                           /* nobody knows what stands behind the end: not to be touched any more */
    uint8_t key[SEGMENT_KEY];
    uint64_t at, size;                   /* where the next record stands; the file's bytes, zeros from at on */
    uint64_t step;                       /* room made at a time */
};

/* Lists the segments there are. */
int log_files_list(struct log_files *l, mj_error *err);
/* -1 and why: INTERNAL STORE_FAILED with errno, or RESOURCE_EXHAUSTED DISK_FULL. doing completes "while ...". */
int log_files_failed(mj_error *err, const char *doing);
bool log_files_no_room(int error);       /* errno says that there is no room */

int log_files_read(void *engine, uint64_t position, size_t max_bytes, mj_commit_fn *each, void *arg, mj_error *err);
int log_files_hash_before(void *engine, uint64_t position, uint8_t ret[MJ_HASH], bool *found, mj_error *err);
void log_files_forget(struct log_files *l);                      /* closes what was opened for reading */

enum mj_append log_files_append(void *engine, uint64_t epoch, const uint8_t *set_lineage, const struct mj_commit *c,
                                mj_error *err);

#endif
