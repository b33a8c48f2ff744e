/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* system: the few calls to the system that are left in the product, on the simulated disks (linked with --wrap, see
 * CMakeLists.txt): paths under /sim/ never reach the real one. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "sim.h"

static bool is_ours(const char *path) { return strncmp(path, "/sim/", 5) == 0; }

int __real_access(const char *path, int mode);
int __wrap_access(const char *path, int mode);
int __wrap_access(const char *path, int mode)
{
    size_t n = strlen(path);

    if (n > 4 && strcmp(path + n - 4, ".key") == 0)
        return 0;                        /* quiet.c makes them up */
    if (!is_ours(path))
        return __real_access(path, mode);
    return sim_disk_has(path) || sim_log_has(path) ? 0 : -1;
}

/* Lock files, and folders to be synced. */
int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
    va_list args;
    mode_t mode;

    va_start(args, flags);
    mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
    va_end(args);
    return is_ours(path) ? __real_open("/dev/null", O_RDWR | O_CLOEXEC) : __real_open(path, flags, mode);
}

/* One process a machine: it never meets itself at a lock. */
int __wrap_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...)
{
    (void)fd, (void)command;
    return 0;
}

int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
    (void)fd;
    return 0;
}

int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to)
{
    return is_ours(from) ? sim_disk_rename(from, to) : __real_rename(from, to);
}

int __real_unlink(const char *path);
int __wrap_unlink(const char *path);
int __wrap_unlink(const char *path)
{
    return is_ours(path) ? sim_disk_unlink(path) : __real_unlink(path);
}

/* They stand in the first entry of every opening. */
pid_t __wrap_getpid(void);
pid_t __wrap_getpid(void) { return 1; }

int __wrap_gethostname(char *name, size_t len);
int __wrap_gethostname(char *name, size_t len)
{
    snprintf(name, len, "sim");
    return 0;
}
