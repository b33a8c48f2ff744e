/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* faulty_disk: the calls by which a log is written, failing where a test says so: they stand before the C library's.
 * Only a log's own files, in a directory
 * of that name, are touched. SQLite's files: faulty_vfs.h. */
#ifndef MJ_TESTS_FAULTY_DISK_H
#define MJ_TESTS_FAULTY_DISK_H

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static struct {
    unsigned syncs;                      /* that were asked for */
    int sync_errno;                      /* 0, or how each sync fails */
    int write_errno;                     /* 0, or how writing fails once bytes_left more were written */
    size_t bytes_left;
    int truncate_errno;                  /* 0, or how each ftruncate fails */
} disk;

static inline void disk_reset(void)
{
    memset(&disk, 0, sizeof disk);
}

static inline bool disk_is_log(int fd)
{
    char link[64], path[512];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    return strstr(path, "/log/") != NULL && strstr(path, "/LOCK") == NULL;
}

/* How many of n bytes may be written; errno is set where none. */
static inline size_t disk_allows(int fd, size_t n)
{
    if (disk.write_errno == 0 || !disk_is_log(fd)) {
        return n;
    }
    n = n < disk.bytes_left ? n : disk.bytes_left;
    disk.bytes_left -= n;
    errno = n == 0 ? disk.write_errno : errno;
    return n;
}

/* Under the names that the library's code calls, whatever this file's own sizes of offsets are. */
#define INSTEAD_OF(name) __asm__(#name)
ssize_t disk_write(int fd, const void *p, size_t n) INSTEAD_OF(write);
ssize_t disk_pwrite(int fd, const void *p, size_t n, off_t at) INSTEAD_OF(pwrite);
ssize_t disk_pwritev(int fd, const struct iovec *parts, int count, off_t at) INSTEAD_OF(pwritev);
int disk_fsync(int fd) INSTEAD_OF(fsync);
int disk_fdatasync(int fd) INSTEAD_OF(fdatasync);
int disk_ftruncate(int fd, off_t size) INSTEAD_OF(ftruncate);
#define REAL(name) ((__typeof__(&disk_##name))dlsym(RTLD_NEXT, #name))

ssize_t disk_write(int fd, const void *p, size_t n)
{
    size_t allowed = disk_allows(fd, n);
    return allowed == 0 && n > 0 ? -1 : REAL(write)(fd, p, allowed);
}

ssize_t disk_pwrite(int fd, const void *p, size_t n, off_t at)
{
    size_t allowed = disk_allows(fd, n);
    return allowed == 0 && n > 0 ? -1 : REAL(pwrite)(fd, p, allowed, at);
}

ssize_t disk_pwritev(int fd, const struct iovec *parts, int count, off_t at)
{
    ssize_t done = 0;
    for (int i = 0; i < count; i++) {
        ssize_t n = disk_pwrite(fd, parts[i].iov_base, parts[i].iov_len, at + done);
        if (n < 0) {
            return done > 0 ? done : -1;
        }
        done += n;
        if ((size_t)n < parts[i].iov_len) {
            break;
        }
    }
    return done;
}

static inline int disk_sync(int fd, int (*real)(int))
{
    if (!disk_is_log(fd)) {
        return real(fd);
    }
    disk.syncs++;
    errno = disk.sync_errno;
    return disk.sync_errno != 0 ? -1 : real(fd);
}

int disk_fsync(int fd) { return disk_sync(fd, REAL(fsync)); }
int disk_fdatasync(int fd) { return disk_sync(fd, REAL(fdatasync)); }

int disk_ftruncate(int fd, off_t size)
{
    if (disk.truncate_errno != 0 && disk_is_log(fd)) {
        errno = disk.truncate_errno;
        return -1;
    }
    return REAL(ftruncate)(fd, size);
}

#undef REAL
#undef INSTEAD_OF

#endif
