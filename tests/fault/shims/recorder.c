/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* recorder: preloaded into a process, writes down what it does to the files below one directory, with every byte, in
 * the order in which it happened, from all threads. ../replay.c makes disks after a power cut from it.
 *
 *   LD_PRELOAD=.../mj-shim-recorder.so MJ_RECORD_UNDER=/data MJ_RECORD_TO=FILE [MJ_RECORD_SYNC_MS=3] mj-placements ...
 *
 * FILE is a sequence of struct record (trace.h), each followed by its payload. MJ_RECORD_SYNC_MS lets each sync take so
 * much longer: an answer that does not wait for it then shows. What is written through mmap is not seen (SQLite's -shm,
 * which means nothing after a power cut). */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "../trace.h"

#define FDS 65536

static _Atomic uint64_t files[FDS];      /* the inode that a descriptor is of; 0: not below the directory */
static atomic_ulong syncs;
static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;
static int trace = -1;
static char under[512];
static long sync_ms;

__attribute__((constructor)) static void begin(void)
{
    const char *to = getenv("MJ_RECORD_TO"), *below = getenv("MJ_RECORD_UNDER"), *ms = getenv("MJ_RECORD_SYNC_MS");
    if (to == NULL || below == NULL)
        return;
    snprintf(under, sizeof under, "%s/", below);
    sync_ms = ms != NULL ? atol(ms) : 0;
    trace = (int)syscall(SYS_openat, AT_FDCWD, to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (trace < 0)
        abort();
}

static void *real(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL)
        abort();
    return found;
}

/* ---- the trace ---- */

/* One record; its time is taken under the lock, so that times never go back. */
static void note(struct record r, const struct iovec *payload, int parts)
{
    struct iovec all[16] = { { &r, sizeof r } };
    struct timespec t;
    int why = errno;
    if (parts > 15)
        abort();
    for (int i = 0; i < parts; i++) {
        all[i + 1] = payload[i];
        r.len += (uint32_t)payload[i].iov_len;
    }
    pthread_mutex_lock(&order);
    clock_gettime(CLOCK_MONOTONIC, &t);
    r.time_ns = (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
    if (syscall(SYS_writev, trace, all, parts + 1) != (long)(sizeof r + r.len))
        abort();
    pthread_mutex_unlock(&order);
    errno = why;
}

static void note_text(struct record r, const char *a, const char *b)
{
    struct iovec parts[] = { { (void *)(uintptr_t)a, strlen(a) + 1 }, { (void *)(uintptr_t)b, strlen(b) + 1 } };
    note(r, parts, 2);
}

static uint64_t file_of(int fd) { return fd >= 0 && fd < FDS && trace >= 0 ? files[fd] : 0; }

/* ---- names ---- */

static void path_of(int fd, char path[512])
{
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, 511);
    path[n > 0 ? n : 0] = '\0';
}

/* The whole path below the directory, without it; false where it is elsewhere. */
static bool inside(int dir, const char *path, char ret[1024])
{
    char whole[1600] = "";
    if (trace < 0)
        return false;
    if (*path != '/' && dir != AT_FDCWD)
        path_of(dir, whole);
    size_t n = strlen(whole);
    snprintf(whole + n, sizeof whole - n, "%s%s", n > 0 ? "/" : "", path);
    if (strlen(whole) + 1 == strlen(under) && strncmp(whole, under, strlen(whole)) == 0) {
        *ret = '\0';                             /* the directory itself */
        return true;
    }
    if (strncmp(whole, under, strlen(under)) != 0)
        return false;
    snprintf(ret, 1024, "%s", whole + strlen(under));
    return true;
}

static void opened(int fd, int flags, bool is_new)
{
    char path[512], name[1024];
    struct stat st;
    if (fd < 0 || fd >= FDS || trace < 0)
        return;
    path_of(fd, path);
    files[fd] = 0;
    if (!inside(AT_FDCWD, path, name) || fstat(fd, &st) != 0)
        return;
    files[fd] = st.st_ino;
    note_text((struct record){ .kind = is_new ? REC_CREATE : REC_OPEN, .file = st.st_ino,
                               .at = S_ISDIR(st.st_mode) }, name, "");
    if (flags & O_TRUNC && !is_new)
        note((struct record){ .kind = REC_TRUNCATE, .file = st.st_ino }, NULL, 0);
}

static int open_at(int dir, const char *path, int flags, mode_t mode)
{
    int (*next)(int, const char *, int, ...) = (int (*)(int, const char *, int, ...))real("openat64");
    bool is_new = flags & O_CREAT && syscall(SYS_faccessat, dir, path, F_OK) != 0;
    int fd = next(dir, path, flags, mode);
    int why = errno;
    opened(fd, flags, is_new);
    errno = why;
    return fd;
}

/* The mode stands behind the flags where a file may be made. */
#define MODE_OF(flags, mode) \
    va_list rest; \
    va_start(rest, flags); \
    mode_t mode = (flags) & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
    va_end(rest)

int openat64(int dir, const char *path, int flags, ...)
{
    MODE_OF(flags, mode);
    return open_at(dir, path, flags, mode);
}

int openat(int dir, const char *path, int flags, ...)
{
    MODE_OF(flags, mode);
    return open_at(dir, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    MODE_OF(flags, mode);
    return open_at(AT_FDCWD, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
    MODE_OF(flags, mode);
    return open_at(AT_FDCWD, path, flags, mode);
}

/* What _FORTIFY_SOURCE makes of an open whose flags are not constant. */
int __open_2(const char *path, int flags) { return open_at(AT_FDCWD, path, flags, 0); }
int __open64_2(const char *path, int flags) { return open_at(AT_FDCWD, path, flags, 0); }
int __openat_2(int dir, const char *path, int flags) { return open_at(dir, path, flags, 0); }
int __openat64_2(int dir, const char *path, int flags) { return open_at(dir, path, flags, 0); }

int close(int fd)
{
    int (*next)(int) = (int (*)(int))real("close");
    if (fd >= 0 && fd < FDS)
        files[fd] = 0;
    return next(fd);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    int (*next)(int, const char *, int, const char *) =
        (int (*)(int, const char *, int, const char *))real("renameat");
    char old[1024], new[1024];
    int rc = next(from_dir, from, to_dir, to);
    if (rc == 0 && inside(from_dir, from, old) && inside(to_dir, to, new))
        note_text((struct record){ .kind = REC_RENAME }, old, new);
    return rc;
}

int rename(const char *from, const char *to) { return renameat(AT_FDCWD, from, AT_FDCWD, to); }

int unlinkat(int dir, const char *path, int flags)
{
    int (*next)(int, const char *, int) = (int (*)(int, const char *, int))real("unlinkat");
    char name[1024];
    int rc = next(dir, path, flags);
    if (rc == 0 && inside(dir, path, name))
        note_text((struct record){ .kind = REC_UNLINK }, name, "");
    return rc;
}

int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }

/* ---- bytes ---- */

static void wrote(int fd, const struct iovec *parts, int many, off64_t at, ssize_t done)
{
    struct iovec kept[15];
    uint64_t file = file_of(fd);
    size_t left = done > 0 ? (size_t)done : 0;
    int n = 0;
    if (file == 0 || left == 0)
        return;
    for (; n < many && left > 0; n++) {
        kept[n] = parts[n];
        kept[n].iov_len = parts[n].iov_len < left ? parts[n].iov_len : left;
        left -= kept[n].iov_len;
    }
    note((struct record){ .kind = REC_WRITE, .file = file, .at = (uint64_t)at }, kept, n);
}

ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at)
{
    ssize_t (*next)(int, const void *, size_t, off64_t) =
        (ssize_t (*)(int, const void *, size_t, off64_t))real("pwrite64");
    ssize_t done = next(fd, data, n, at);
    wrote(fd, &(struct iovec){ (void *)(uintptr_t)data, n }, 1, at, done);
    return done;
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t at) { return pwrite64(fd, data, n, at); }

ssize_t pwritev64(int fd, const struct iovec *parts, int many, off64_t at)
{
    ssize_t (*next)(int, const struct iovec *, int, off64_t) =
        (ssize_t (*)(int, const struct iovec *, int, off64_t))real("pwritev64");
    ssize_t done = next(fd, parts, many, at);
    wrote(fd, parts, many, at, done);
    return done;
}

ssize_t pwritev(int fd, const struct iovec *parts, int many, off_t at) { return pwritev64(fd, parts, many, at); }

ssize_t write(int fd, const void *data, size_t n)
{
    ssize_t (*next)(int, const void *, size_t) = (ssize_t (*)(int, const void *, size_t))real("write");
    ssize_t done = next(fd, data, n);
    if (done > 0 && file_of(fd) != 0)
        wrote(fd, &(struct iovec){ (void *)(uintptr_t)data, n }, 1, lseek(fd, 0, SEEK_CUR) - done, done);
    return done;
}

int ftruncate64(int fd, off64_t size)
{
    int (*next)(int, off64_t) = (int (*)(int, off64_t))real("ftruncate64");
    int rc = next(fd, size);
    if (rc == 0 && file_of(fd) != 0)
        note((struct record){ .kind = REC_TRUNCATE, .file = file_of(fd), .at = (uint64_t)size }, NULL, 0);
    return rc;
}

int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

/* ---- syncs ---- */

/* Only what was written before a sync began is safe when it has ended well. */
static int record_sync(const char *call, int fd)
{
    int (*next)(int) = (int (*)(int))real(call);
    struct record r = { .kind = REC_SYNC_BEGIN, .file = file_of(fd), .at = atomic_fetch_add(&syncs, 1) };
    if (r.file == 0)
        return next(fd);
    note(r, NULL, 0);
    const struct timespec longer = { .tv_sec = sync_ms / 1000, .tv_nsec = sync_ms % 1000 * 1000000 };
    if (sync_ms > 0)
        nanosleep(&longer, NULL);
    int rc = next(fd);
    r.kind = REC_SYNC_END;
    if (rc == 0)
        note(r, NULL, 0);
    return rc;
}

int fsync(int fd) { return record_sync("fsync", fd); }
int fdatasync(int fd) { return record_sync("fdatasync", fd); }
