/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* lock: an open-file-description lock goes when its last descriptor goes, however the process ends, and unlike a
 * classic POSIX lock it is not lost when some other descriptor on the file is closed. */
#include "common/store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail_errno(mj_error *err, const char *doing, const char *path)
{
    return mj_fail(err, MJ_FAILED_PRECONDITION, "DIRECTORY_UNUSABLE", NULL, "cannot %s %s: %s; check MJ_DATA", doing,
                   path, strerror(errno));
}

static int sync_directory(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    int rc = fsync(fd);
    close(fd);
    return rc;
}

/* Makes one directory; a new one is on disk on return, or a power cut could take a log away with its directory. */
static int make_one(char *path, char *end)
{
    if (mkdir(path, 0700) != 0) {
        return errno == EEXIST ? 0 : -1;
    }
    char *slash = memrchr(path, '/', (size_t)(end - path));
    if (slash == NULL) {
        return sync_directory(".");
    }
    if (slash == path) {
        return sync_directory("/");
    }
    *slash = '\0';
    int rc = sync_directory(path);
    *slash = '/';
    return rc;
}

int mj_directory_make(const char *directory, mj_error *err)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof path, "%s", directory);
    if (n <= 0 || (size_t)n >= sizeof path - sizeof "/LOCK") {
        return mj_fail(err, MJ_INVALID_ARGUMENT, "PATH_LENGTH", NULL, "expected a directory of 1 to %d bytes, got %d",
                       PATH_MAX - 6, n);
    }
    for (char *p = path + 1; ; p++) {
        char was = *p;
        if (was != '/' && was != '\0') {
            continue;
        }
        *p = '\0';
        if (make_one(path, p) != 0) {
            return fail_errno(err, "make", path);
        }
        if (was == '\0') {
            return 0;
        }
        *p = was;
    }
}

static int refuse(int fd, const char *path, mj_error *err)
{
    char holder[96] = "";
    ssize_t n = pread(fd, holder, sizeof holder - 1, 0);
    holder[n > 0 ? n : 0] = '\0';
    holder[strcspn(holder, "\n")] = '\0';
    close(fd);
    return mj_fail(err, MJ_FAILED_PRECONDITION, "LOCKED", NULL, "%s is held by %s; stop it first", path,
                   holder[0] != '\0' ? holder : "another process");
}

/* For people who meet the lock; the lock itself does not depend on it. */
static int write_holder(int fd)
{
    char host[64] = "", line[96];
    gethostname(host, sizeof host - 1);
    int n = snprintf(line, sizeof line, "process %ld on %s\n", (long)getpid(), host);
    if (ftruncate(fd, 0) != 0 || pwrite(fd, line, (size_t)n, 0) < 0) {
        return errno == ENOSPC ? 0 : -1;
    }
    return 0;
}

int mj_lock_take(int *ret, const char *directory, mj_error *err)
{
    char path[PATH_MAX];
    if (mj_directory_make(directory, err) != 0) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/LOCK", directory);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return fail_errno(err, "open", path);
    }
    struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    if (fcntl(fd, F_OFD_SETLK, &whole) != 0) {
        if (errno == EAGAIN || errno == EACCES) {
            return refuse(fd, path, err);
        }
        fail_errno(err, "lock", path);
        close(fd);
        return -1;
    }
    if (write_holder(fd) != 0) {
        fail_errno(err, "write", path);
        close(fd);
        return -1;
    }
    *ret = fd;
    return 0;
}

void mj_lock_drop(int fd)
{
    if (fd >= 0) {
        close(fd);
    }
}
