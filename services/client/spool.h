/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* spool: where a stream keeps its events until, and for 35 days after, they are acknowledged: the sender's machine may
 * die too, and a service restored from a backup is filled again from here. Behind a small struct of verbs: on disk
 * (SQLite, fsynced) for agencies, in memory for tools whose events can be made again. */
#ifndef MJ_CLIENT_SPOOL_H
#define MJ_CLIENT_SPOOL_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"

#define MJ_SPOOL_KEEP_MS (35ll * 24 * 3600 * 1000)

typedef int mj_spooled_fn(void *arg, uint64_t sequence, const uint8_t *event, size_t len);   /* nonzero stops */

struct mj_spool {
    /* Adds an event; on disk only after sync. RESOURCE_EXHAUSTED where the disk is full. */
    int (*add)(struct mj_spool *s, uint64_t sequence, const uint8_t *event, size_t len, mj_error *err);
    int (*sync)(struct mj_spool *s, mj_error *err);
    int (*read)(struct mj_spool *s, uint64_t from, uint64_t through, mj_spooled_fn *each, void *arg, mj_error *err);
    /* Acknowledged through a number at a time (UTC ms); forgets what was acknowledged long before. */
    int (*acknowledged)(struct mj_spool *s, uint64_t through, int64_t now_ms, mj_error *err);
    /* The stream's region, once known. */
    int (*set_region)(struct mj_spool *s, const char *region, mj_error *err);
    void (*close)(struct mj_spool *s);
    /* As found at opening, then kept by the stream. */
    uint64_t last;                       /* highest number held or once held; 0: none */
    uint64_t durable;                    /* highest number acknowledged */
    char region[3];                      /* "" while unknown */
};

/* At path, for one stream and one writer: another SIRET's spool is FAILED_PRECONDITION OTHER_STREAM, one that is open
 * already UNAVAILABLE SPOOL_IN_USE. */
int mj_spool_disk(struct mj_spool **ret, const char *path, const char *siret, mj_error *err);
/* Keeps what is not acknowledged, in memory. */
int mj_spool_memory(struct mj_spool **ret, mj_error *err);

#endif
