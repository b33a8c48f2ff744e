/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "tree.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "bench.h"

static uint64_t sum;

static int add(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)path;
    (void)ftw;
    if (type == FTW_F) {
        sum += (uint64_t)st->st_blocks * 512;
    }
    return 0;
}

static int remove_below(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    return ftw->level > 0 && remove(path) != 0 && errno != ENOENT ? -1 : 0;
}

uint64_t bench_tree_bytes(const char *dir)
{
    sum = 0;
    (void)nftw(dir, add, 16, FTW_PHYS);
    return sum;
}

void bench_tree_empty(const char *dir)
{
    if (nftw(dir, remove_below, 16, FTW_DEPTH | FTW_PHYS) != 0 && errno != ENOENT) {
        bench_die("cannot empty %s: %s", dir, strerror(errno));
    }
}
