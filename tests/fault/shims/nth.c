/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* nth: preloaded into a process, lets the n-th call of one kind on files of a pattern fail.
 *
 *   LD_PRELOAD=.../nth.so MJ_NTH="fdatasync@12=EIO:/log/;pwrite@3=short:tables.db" MJ_NTH_TRACE=FILE mj-placements ...
 *
 * A rule is CALL@N[*]=WHAT[:PATTERN]. CALL: write, pwrite, pwritev, fsync, fdatasync, ftruncate, rename, open (that
 * may create) or fallocate. N counts from 1 over all threads, calls whose path has PATTERN in it (all where none is
 * given); with "*" every later one fails too. WHAT: EIO, ENOSPC, EINTR, EDQUOT, or short: half of the bytes are written
 * (of other calls than writes, EIO). A failed fsync fails without having synced anything. What was done is appended to
 * the trace, a line each: "fdatasync 12 EIO /path". */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define RULES 8
#define SHORT (-1)

struct rule {
    char call[16], pattern[64];
    unsigned long at;
    bool always;
    int what;                            /* an errno or SHORT */
    atomic_ulong seen;
};

static struct rule rules[RULES];
static size_t count;
static int trace = -1;

static int what_of(const char *word)
{
    static const struct { const char *word; int what; } known[] = {
        { "EIO", EIO }, { "ENOSPC", ENOSPC }, { "EINTR", EINTR }, { "EDQUOT", EDQUOT }, { "short", SHORT },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].word, word) == 0)
            return known[i].what;
    fprintf(stderr, "MJ_NTH: \"%s\" is no failure\n", word);
    abort();
}

__attribute__((constructor)) static void read_rules(void)
{
    char text[512], word[16], *rest = text;
    const char *path = getenv("MJ_NTH_TRACE");
    snprintf(text, sizeof text, "%s", getenv("MJ_NTH") != NULL ? getenv("MJ_NTH") : "");
    for (char *item; (item = strsep(&rest, ";")) != NULL && *item != '\0';) {
        struct rule *r = &rules[count];
        int behind = 0;
        if (count == RULES || sscanf(item, "%15[a-z]@%lu%n", r->call, &r->at, &behind) != 2)
            abort();
        r->always = item[behind] == '*';
        if (sscanf(item + behind + r->always, "=%15[A-Za-z]:%63s", word, r->pattern) < 1)
            abort();
        r->what = what_of(word);
        count++;
    }
    if (path != NULL)
        trace = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void *real(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL)
        abort();
    return found;
}

/* What this call is to do: 0 go on, or an errno, or SHORT. */
static int verdict(const char *call, const char *path)
{
    int what = 0;
    for (size_t i = 0; i < count; i++) {
        struct rule *r = &rules[i];
        if (strcmp(r->call, call) != 0 || strstr(path, r->pattern) == NULL)
            continue;
        unsigned long n = atomic_fetch_add(&r->seen, 1) + 1;
        if (n == r->at || (r->always && n > r->at)) {
            what = r->what;
            if (trace >= 0)
                dprintf(trace, "%s %lu %s %s\n", call, n, what == SHORT ? "short" : strerrorname_np(what), path);
        }
    }
    return what;
}

static bool concerned(const char *call)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(rules[i].call, call) == 0)
            return true;
    return false;
}

static void path_of(int fd, char path[512])
{
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, 511);
    path[n > 0 ? n : 0] = '\0';
}

static int verdict_fd(const char *call, int fd)
{
    char path[512];
    if (!concerned(call) || fd == trace)
        return 0;
    path_of(fd, path);
    return verdict(call, path);
}

/* Of a path as seen from a directory. */
static int verdict_at(const char *call, int dir, const char *path)
{
    char whole[1024] = "";
    if (!concerned(call))
        return 0;
    if (*path != '/' && dir != AT_FDCWD)
        path_of(dir, whole);
    size_t n = strlen(whole);
    snprintf(whole + n, sizeof whole - n, "/%s", path);
    return verdict(call, whole);
}

/* errno is set and true given where the call fails now; short ones halve *n. */
static bool fails(int what, size_t *n)
{
    if (what == SHORT && n != NULL && *n > 1) {
        *n /= 2;
        return false;
    }
    errno = what == SHORT ? EIO : what;
    return what != 0;
}

ssize_t write(int fd, const void *data, size_t n)
{
    ssize_t (*next)(int, const void *, size_t) = (ssize_t (*)(int, const void *, size_t))real("write");
    return fails(verdict_fd("write", fd), &n) ? -1 : next(fd, data, n);
}

ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at)
{
    ssize_t (*next)(int, const void *, size_t, off64_t) =
        (ssize_t (*)(int, const void *, size_t, off64_t))real("pwrite64");
    return fails(verdict_fd("pwrite", fd), &n) ? -1 : next(fd, data, n, at);
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t at) { return pwrite64(fd, data, n, at); }

ssize_t pwritev64(int fd, const struct iovec *parts, int many, off64_t at)
{
    ssize_t (*next)(int, const struct iovec *, int, off64_t) =
        (ssize_t (*)(int, const struct iovec *, int, off64_t))real("pwritev64");
    int what = verdict_fd("pwritev", fd);
    if (what == SHORT) {                         /* the first part, and half of the last */
        struct iovec last = parts[many - 1];
        ssize_t first = many > 1 ? next(fd, parts, many - 1, at) : 0;
        ssize_t more = first < 0 ? -1 : pwrite64(fd, last.iov_base, last.iov_len / 2, at + first);
        return more < 0 ? -1 : first + more;
    }
    return fails(what, NULL) ? -1 : next(fd, parts, many, at);
}

ssize_t pwritev(int fd, const struct iovec *parts, int many, off_t at) { return pwritev64(fd, parts, many, at); }

int fsync(int fd)
{
    int (*next)(int) = (int (*)(int))real("fsync");
    return fails(verdict_fd("fsync", fd), NULL) ? -1 : next(fd);
}

int fdatasync(int fd)
{
    int (*next)(int) = (int (*)(int))real("fdatasync");
    return fails(verdict_fd("fdatasync", fd), NULL) ? -1 : next(fd);
}

int ftruncate64(int fd, off64_t size)
{
    int (*next)(int, off64_t) = (int (*)(int, off64_t))real("ftruncate64");
    return fails(verdict_fd("ftruncate", fd), NULL) ? -1 : next(fd, size);
}

int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

int fallocate64(int fd, int mode, off64_t at, off64_t len)
{
    int (*next)(int, int, off64_t, off64_t) = (int (*)(int, int, off64_t, off64_t))real("fallocate64");
    return fails(verdict_fd("fallocate", fd), NULL) ? -1 : next(fd, mode, at, len);
}

int fallocate(int fd, int mode, off_t at, off_t len) { return fallocate64(fd, mode, at, len); }

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    int (*next)(int, const char *, int, const char *) =
        (int (*)(int, const char *, int, const char *))real("renameat");
    return fails(verdict_at("rename", to_dir, to), NULL) ? -1 : next(from_dir, from, to_dir, to);
}

int rename(const char *from, const char *to) { return renameat(AT_FDCWD, from, AT_FDCWD, to); }

/* The mode stands behind the flags where a file may be made. */
#define MODE_OF(flags, mode) \
    va_list rest; \
    va_start(rest, flags); \
    mode_t mode = (flags) & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
    va_end(rest)

int openat64(int dir, const char *path, int flags, ...)
{
    int (*next)(int, const char *, int, ...) = (int (*)(int, const char *, int, ...))real("openat64");
    MODE_OF(flags, mode);
    return flags & O_CREAT && fails(verdict_at("open", dir, path), NULL) ? -1 : next(dir, path, flags, mode);
}

int openat(int dir, const char *path, int flags, ...)
{
    MODE_OF(flags, mode);
    return openat64(dir, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    MODE_OF(flags, mode);
    return openat64(AT_FDCWD, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
    MODE_OF(flags, mode);
    return openat64(AT_FDCWD, path, flags, mode);
}
