/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* memfile: a file in memory, for readers that take a path. */
#ifndef MJ_FUZZ_MEMFILE_H
#define MJ_FUZZ_MEMFILE_H

#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

/* Fills the one file of this process with these bytes; gives its path. */
static inline const char *memfile_fill(const uint8_t *data, size_t size)
{
    static char path[64];
    static int fd = -1;
    if (fd < 0) {
        fd = memfd_create("input", 0);
        HOLD(fd >= 0);
        (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    HOLD(ftruncate(fd, 0) == 0);
    HOLD(pwrite(fd, data, size, 0) == (ssize_t)size);
    return path;
}

#endif
