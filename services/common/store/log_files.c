/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* log_files: opening a log in flat files, its segments, and the end it is found with. */
#include "common/store/log_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/service/logging.h"
#include "common/store/lock.h"

#define FIRST_STEP (64u * 1024)
#define PROBE_BYTES (64u * 1024)

static const char scheme[] = "file";

bool log_files_no_room(int error)
{
    return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

int log_files_failed(mj_error *err, const char *doing)
{
    if (log_files_no_room(errno)) {
        return mj_fail(err, MJ_RESOURCE_EXHAUSTED, "DISK_FULL", NULL,
                       "the disk is full while %s; nothing was written; free space, then try again", doing);
    }
    return mj_fail(err, MJ_INTERNAL, "STORE_FAILED", NULL, "%s while %s", strerror(errno), doing);
}

/* ---- segments ---- */

static void add(struct log_files *l, uint64_t first)
{
    if (l->count == l->cap) {
        l->cap = l->cap > 0 ? 2 * l->cap : 16;
        l->firsts = mj_realloc(l->firsts, l->cap * sizeof *l->firsts);
    }
    l->firsts[l->count++] = first;
}

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

int log_files_list(struct log_files *l, mj_error *err)
{
    int fd = openat(l->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;
    uint64_t first;
    if (dir == NULL) {
        log_files_failed(err, "listing the log");
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    l->count = 0;
    errno = 0;
    while ((entry = readdir(dir)) != NULL) {
        if (segment_named(entry->d_name, &first)) {
            add(l, first);
        }
    }
    int rc = errno != 0 ? log_files_failed(err, "listing the log") : 0;
    closedir(dir);
    if (l->count > 0) {
        qsort(l->firsts, l->count, sizeof *l->firsts, ascending);
    }
    if (rc == 0 && l->count > 0 && l->firsts[0] != 1) {
        rc = mj_fail(err, MJ_DATA_LOSS, "CHAIN_BROKEN", NULL,
                     "the log's first segment, of position 1, is missing; restore the log");
    }
    return rc;
}

/* ---- the end ---- */

/* The newest segment, open, and where it ends. */
struct newest { int fd; struct segment_head head; struct segment_end end; };

static int open_newest(struct newest *n, const struct log_files *l, int flags, mj_error *err)
{
    char name[SEGMENT_NAME];
    uint64_t first = l->firsts[l->count - 1];
    segment_name(name, first);
    n->fd = openat(l->dir, name, flags | O_CLOEXEC | O_NOFOLLOW);
    if (n->fd < 0) {
        return log_files_failed(err, "opening the log's last segment");
    }
    if (segment_read_head(&n->head, n->fd, first, err) != 0 ||
        segment_find_end(&n->end, n->fd, &n->head, err) != 0) {
        close(n->fd);
        return -1;
    }
    return 0;
}

/* A first segment that holds no commit is of a log that never was: nobody was answered. */
static struct mj_log_head head_of(const struct newest *n)
{
    const struct segment_stand *s = &n->end.stand;
    struct mj_log_head head = { .end = s->position, .epoch = s->epoch, .exists = s->position > 1 };
    memcpy(head.hash, s->hash, MJ_HASH);
    memcpy(head.lineage, n->head.lineage, MJ_LINEAGE);
    return head;
}

/* The last record may be here only because the system still has it in memory; if writing it failed once, the system
 * takes it for written. So it is written again, and is on disk with the next sync, before anybody stands on it. */
static int write_again(const struct newest *n, mj_error *err)
{
    struct segment_window w = { .fd = n->fd };
    const uint8_t *bytes;
    size_t len = (size_t)(n->end.stand.at - n->end.last_at), got;
    int rc = segment_bytes(&w, n->end.last_at, len, &bytes, &got, err);
    if (rc == 0 && pwrite(n->fd, bytes, got, (off_t)n->end.last_at) != (ssize_t)got) {
        rc = log_files_failed(err, "writing the log's last commit again");
    }
    segment_window_free(&w);
    return rc;
}

/* Makes the file end as the log does: what a torn record left is cut off. */
static int mend(const struct newest *n, struct stat *st, mj_error *err)
{
    const struct segment_stand *s = &n->end.stand;
    bool short_of = (uint64_t)st->st_size < s->at;
    if (n->end.torn > 0) {
        mj_log(MJ_WARN, "log_end_torn", "position=%llu bytes=%llu", (unsigned long long)s->position,
               (unsigned long long)n->end.torn);
    }
    if (n->end.torn > 0 || short_of) {
        if (ftruncate(n->fd, (off_t)s->at) != 0 || fdatasync(n->fd) != 0) {
            return log_files_failed(err, "cutting off what an append left behind the log's end");
        }
        st->st_size = (off_t)s->at;
    }
    return n->end.last_at > 0 ? write_again(n, err) : 0;
}

static int begin_writing(struct log_files *l, mj_error *err)
{
    struct newest n;
    struct stat st;
    l->step = FIRST_STEP;
    l->head = (struct mj_log_head){ .end = 1 };
    if (unlinkat(l->dir, "next.tmp", 0) != 0 && errno != ENOENT) {
        return log_files_failed(err, "removing a segment that was not finished");
    }
    if (l->count == 0) {
        return 0;
    }
    if (open_newest(&n, l, O_RDWR, err) != 0) {
        return -1;
    }
    l->head = head_of(&n);
    int rc = fstat(n.fd, &st) == 0 ? 0 : log_files_failed(err, "looking at the log's last segment");
    if (rc == 0 && l->head.exists) {
        rc = mend(&n, &st, err);
    }
    if (rc != 0 || !l->head.exists) {
        close(n.fd);
        l->count = 0;                    /* the first segment is made anew */
        return rc;
    }
    l->fd = n.fd;
    l->at = n.end.stand.at;
    l->size = (uint64_t)st.st_size;
    memcpy(l->key, n.head.key, SEGMENT_KEY);
    return 0;
}

/* ---- opening and closing ---- */

/* Room that was made ahead is given back; the next writer makes its own. */
static void engine_close(void *engine)
{
    struct log_files *l = engine;
    log_files_forget(l);
    if (l->fd >= 0) {
        if (!l->lost && l->size > l->at && ftruncate(l->fd, (off_t)l->at) != 0) {
            mj_log(MJ_WARN, "log_room_kept", "bytes=%llu", (unsigned long long)(l->size - l->at));
        }
        close(l->fd);
    }
    if (l->dir >= 0) {
        close(l->dir);
    }
    mj_lock_drop(l->lock);
    free(l->firsts);
    free(l);
}

static int engine_open(void **ret, const char *url, const struct mj_env *env, mj_error *err)
{
    const char *path = url + sizeof scheme;      /* behind the colon */
    struct log_files *l = mj_calloc(1, sizeof *l);
    l->env = env;
    l->dir = l->lock = l->fd = -1;
    for (size_t i = 0; i < OPEN_SEGMENTS; i++) {
        l->open[i].fd = -1;
    }
    int rc = env != NULL ? mj_lock_take(&l->lock, path, err) : 0;
    if (rc == 0 && (l->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) {
        rc = mj_fail(err, MJ_NOT_FOUND, "STORE_MISSING", NULL, "cannot open %s: %s; a log is a directory", path,
                     strerror(errno));
    }
    if (rc != 0 || log_files_list(l, err) != 0 || (env != NULL && begin_writing(l, err) != 0)) {
        engine_close(l);
        return -1;
    }
    *ret = l;
    return 0;
}

static int engine_head(void *engine, struct mj_log_head *ret, mj_error *err)
{
    struct log_files *l = engine;
    struct newest n;
    if (l->env != NULL) {
        *ret = l->head;
        return 0;
    }
    if (log_files_list(l, err) != 0) {
        return -1;
    }
    if (l->count == 0) {
        *ret = (struct mj_log_head){ .end = 1 };
        return 0;
    }
    if (open_newest(&n, l, O_RDONLY, err) != 0) {
        return -1;
    }
    *ret = head_of(&n);
    close(n.fd);
    return 0;
}

/* ---- is there room again? ---- */

static int write_probe(int fd)
{
    uint8_t bytes[4096];
    memset(bytes, 0x5a, sizeof bytes);
    for (size_t done = 0; done < PROBE_BYTES; done += sizeof bytes) {
        if (write(fd, bytes, sizeof bytes) != (ssize_t)sizeof bytes) {
            return -1;
        }
    }
    return fsync(fd);
}

/* In a file of its own, which takes no part in the log. */
static int engine_probe(void *engine, mj_error *err)
{
    struct log_files *l = engine;
    int fd = openat(l->dir, "probe.tmp", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    int failed = fd < 0 ? -1 : write_probe(fd);
    if (fd >= 0) {
        failed |= close(fd);
        failed |= unlinkat(l->dir, "probe.tmp", 0);
    }
    if (failed != 0) {
        return mj_fail(err, MJ_RESOURCE_EXHAUSTED, "DISK_FULL", NULL,
                       "cannot write %u bytes beside the log; free space", PROBE_BYTES);
    }
    return 0;
}

const struct mj_log_ops mj_log_files = {
    .scheme = scheme,
    .open = engine_open,
    .head = engine_head,
    .append = log_files_append,
    .read = log_files_read,
    .hash_before = log_files_hash_before,
    .probe = engine_probe,
    .close = engine_close,
};
