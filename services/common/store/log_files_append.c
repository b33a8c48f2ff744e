/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* log_files_append: one commit, one write, one sync. Room is made ahead by writing zeros: so a full disk shows before
 * the record, and the record's own sync has no sizes and places of the file to write. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/seams/failpoint.h"
#include "common/store/log_files.h"

#define SEGMENT_MAX (32u * 1024 * 1024)
/* Steps double up to the first, so that a small log stays small, and halve down to the last where the disk is nearly
 * full. Larger ones make the slowest commits slower: see tests/bench/PROFILE.md. */
#define STEP_MAX (4u * 1024 * 1024)
#define STEP_MIN (64u * 1024)

static const char appending[] = "appending to the log";

/* ---- what became of it ---- */

static enum mj_append unknown(struct log_files *l, mj_error *err)
{
    l->lost = true;
    mj_fail(err, MJ_UNKNOWN, "STORE_UNKNOWN", NULL,
            "%s while %s: stored or not, the next start will find out; end this process", strerror(errno), appending);
    return MJ_APPEND_UNKNOWN;
}

/* Cuts off what the append wrote, room included: a full disk gets it back. errno says why. */
static enum mj_append undo(struct log_files *l, mj_error *err)
{
    int why = errno;
    if (!log_files_no_room(why) || (l->fd >= 0 && (ftruncate(l->fd, (off_t)l->at) != 0 || fdatasync(l->fd) != 0))) {
        return unknown(l, err);
    }
    l->size = l->at;
    errno = why;
    log_files_failed(err, appending);
    return MJ_NOT_STORED;
}

static enum mj_append fence(const struct log_files *l, uint64_t expected, uint64_t epoch, mj_error *err)
{
    mj_fail(err, MJ_ABORTED, "FENCED", NULL,
            "expected to append at %llu in epoch %llu, the log was left at %llu in epoch %llu, or another writer has "
            "it; end this process",
            (unsigned long long)expected, (unsigned long long)epoch, (unsigned long long)l->head.end,
            (unsigned long long)l->head.epoch);
    return MJ_NOT_STORED;
}

/* A step of an append that fails as if the disk were full. */
static bool fails_at(bool failpoint)
{
    if (failpoint) {
        errno = ENOSPC;
    }
    return failpoint;
}

/* ---- room ---- */

static int write_zeros(struct log_files *l, uint64_t until)
{
    static uint8_t zeros[64 * 1024];     /* not const: it takes no room in the program's file */
    while (l->size < until) {
        size_t n = until - l->size < sizeof zeros ? (size_t)(until - l->size) : sizeof zeros;
        ssize_t done = pwrite(l->fd, zeros, n, (off_t)l->size);
        if (done < 0) {
            return -1;
        }
        l->size += (uint64_t)done;
    }
    return 0;
}

static int make_room(struct log_files *l, size_t bytes)
{
    if (l->at + bytes <= l->size) {
        return 0;
    }
    if (fails_at(MJ_FAILPOINT("log.room"))) {
        return -1;
    }
    int rc;
    while ((rc = write_zeros(l, (l->at + bytes + l->step - 1) / l->step * l->step)) != 0 &&
           log_files_no_room(errno) && l->step > STEP_MIN) {
        l->step /= 2;
    }
    if (rc == 0 && l->step < STEP_MAX) {
        l->step *= 2;
    }
    return rc;
}

/* ---- segments ---- */

/* next.tmp, whole and on disk; its descriptor or -1. */
static int write_next(struct log_files *l, const struct segment_head *h)
{
    uint8_t bytes[SEGMENT_HEAD];
    int fd = openat(l->dir, "next.tmp", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    segment_put_head(bytes, h);
    if (fd >= 0 && (write(fd, bytes, sizeof bytes) != (ssize_t)sizeof bytes || fsync(fd) != 0)) {
        int why = errno != 0 ? errno : ENOSPC;
        close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

/* Begins the segment of the log's end; a segment with a name has a sound head, whenever the power goes. */
static enum mj_append begin_segment(struct log_files *l, const uint8_t *lineage, mj_error *err)
{
    struct segment_head h = { .first = l->head.end, .epoch = l->head.exists ? l->head.epoch : 0 };
    char name[SEGMENT_NAME];
    memcpy(h.lineage, lineage, MJ_LINEAGE);
    memcpy(h.hash, l->head.hash, MJ_HASH);
    mj_random(l->env, h.key, SEGMENT_KEY);
    segment_name(name, h.first);
    errno = 0;
    int fd = write_next(l, &h);
    if (fd < 0) {
        return undo(l, err);
    }
    if (fails_at(MJ_FAILPOINT("log.roll")) || renameat(l->dir, "next.tmp", l->dir, name) != 0) {
        int why = errno;
        close(fd);
        errno = why;
        return undo(l, err);
    }
    if (l->fd >= 0) {
        close(l->fd);
    }
    l->fd = fd;
    l->at = l->size = SEGMENT_HEAD;
    memcpy(l->key, h.key, SEGMENT_KEY);
    return fsync(l->dir) == 0 ? MJ_STORED : unknown(l, err);
}

/* Gives back the room behind the end: what a segment with a successor holds is records alone. */
static enum mj_append seal(struct log_files *l, mj_error *err)
{
    if (ftruncate(l->fd, (off_t)l->at) != 0 || fdatasync(l->fd) != 0) {
        return unknown(l, err);
    }
    l->size = l->at;
    return MJ_STORED;
}

/* A segment with room for that many bytes, up to the most a segment takes. STORED: go on. */
static enum mj_append segment_for(struct log_files *l, const uint8_t *set_lineage, size_t bytes, mj_error *err)
{
    if (!l->head.exists) {
        return begin_segment(l, set_lineage, err);
    }
    if (l->at + bytes <= SEGMENT_MAX) {
        return MJ_STORED;
    }
    enum mj_append sealed = seal(l, err);
    return sealed == MJ_STORED ? begin_segment(l, l->head.lineage, err) : sealed;
}

/* ---- the record ---- */

/* Does what stands behind our end look as we left it? 1, 0 or -1. */
static int is_as_left(const struct log_files *l)
{
    uint8_t there[RECORD_HEAD];
    static const uint8_t zeros[RECORD_HEAD];
    uint64_t room = l->size - l->at;
    size_t expected = room < sizeof there ? (size_t)room : sizeof there;
    ssize_t n = l->fd < 0 ? 0 : pread(l->fd, there, sizeof there, (off_t)l->at);
    return n < 0 ? -1 : (size_t)n == expected && memcmp(there, zeros, expected) == 0;
}

/* The zeros behind the block, if any, are there already. */
static int write_record(struct log_files *l, uint64_t epoch, const struct mj_commit *c)
{
    uint8_t head[RECORD_HEAD];
    const struct iovec parts[] = { { head, sizeof head }, { (void *)(uintptr_t)c->block, c->block_len } };
    segment_put_record(head, c, epoch, l->key);
    ssize_t n = pwritev(l->fd, parts, 2, (off_t)l->at);
    if (n >= 0 && (size_t)n != sizeof head + c->block_len) {
        errno = ENOSPC;
    }
    return (size_t)n == sizeof head + c->block_len ? 0 : -1;
}

static void advance(struct log_files *l, uint64_t epoch, const struct mj_commit *c)
{
    l->at += segment_record_size(c->block_len);
    l->head.end = c->first + c->count;
    l->head.epoch = epoch;
    memcpy(l->head.hash, c->hash, MJ_HASH);
}

enum mj_append log_files_append(void *engine, uint64_t epoch, const uint8_t *set_lineage, const struct mj_commit *c,
                                mj_error *err)
{
    struct log_files *l = engine;
    size_t bytes = segment_record_size(c->block_len);
    if (fails_at(MJ_FAILPOINT("log.before_begin"))) {
        return undo(l, err);
    }
    int as_left = l->lost ? -1 : is_as_left(l);
    if (as_left < 0) {
        return unknown(l, err);
    }
    if (as_left == 0 || c->first != l->head.end || epoch < l->head.epoch || l->head.exists != (set_lineage == NULL)) {
        return fence(l, c->first, epoch, err);
    }
    enum mj_append ready = segment_for(l, set_lineage, bytes, err);
    if (ready != MJ_STORED) {
        return ready;
    }
    if (make_room(l, bytes) != 0 || write_record(l, epoch, c) != 0 || fails_at(MJ_FAILPOINT("log.after_insert")) ||
        fails_at(MJ_FAILPOINT("log.before_commit"))) {
        return undo(l, err);
    }
    if (fdatasync(l->fd) != 0 || fails_at(MJ_FAILPOINT("log.after_commit"))) {
        return unknown(l, err);
    }
    if (set_lineage != NULL) {
        memcpy(l->head.lineage, set_lineage, MJ_LINEAGE);
        l->head.exists = true;
    }
    advance(l, epoch, c);
    return MJ_STORED;
}
