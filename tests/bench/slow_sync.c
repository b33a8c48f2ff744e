/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* slow_sync: preloaded into a process, adds 2 ms to each of its syncs, as a disk would that is slower than this one.
 *   LD_PRELOAD=.../slow_sync.so mj-placements ... */
#include <dlfcn.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <time.h>

int fsync(int fd);
int fdatasync(int fd);
int sync_file_range(int fd, off64_t at, off64_t len, unsigned flags);

static void wait_more(void)
{
    const struct timespec t = { .tv_nsec = 2000000 };

    nanosleep(&t, NULL);
}

int fsync(int fd)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");

    wait_more();
    return real(fd);
}

int fdatasync(int fd)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");

    wait_more();
    return real(fd);
}

int sync_file_range(int fd, off64_t at, off64_t len, unsigned flags)
{
    int (*real)(int, off64_t, off64_t, unsigned) =
        (int (*)(int, off64_t, off64_t, unsigned))dlsym(RTLD_NEXT, "sync_file_range");

    wait_more();
    return real(fd, at, len, flags);
}

int msync(void *at, size_t len, int flags)
{
    int (*real)(void *, size_t, int) = (int (*)(void *, size_t, int))dlsym(RTLD_NEXT, "msync");

    wait_more();
    return real(at, len, flags);
}
