/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* scratch: a directory of its own for a test, and a disk that is small enough to fill. */
#ifndef MJ_TESTS_SCRATCH_H
#define MJ_TESTS_SCRATCH_H

#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

struct scratch {
    char path[64];
    char url[128];                       /* of the file last named by scratch_url */
};

static inline int scratch_make(struct scratch *s)
{
    snprintf(s->path, sizeof s->path, "/tmp/mj-test-XXXXXX");
    return mkdtemp(s->path) != NULL ? 0 : -1;
}

static inline int scratch_remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static inline int scratch_remove(struct scratch *s)
{
    umount2(s->path, MNT_DETACH);        /* fails where nothing is mounted, as it should */
    return nftw(s->path, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline const char *scratch_url(struct scratch *s, const char *scheme, const char *name)
{
    snprintf(s->url, sizeof s->url, "%s:%s/%s", scheme, s->path, name);
    return s->url;
}

/* Size of a file in the directory; -1 where there is none. */
static inline long scratch_size(const struct scratch *s, const char *name)
{
    char path[128];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", s->path, name);
    return stat(path, &st) == 0 ? (long)st.st_size : -1;
}

/* Mounts a disk of that many KiB over the directory, seen by this process only and gone with it. false where the
 * process may not mount: the test is skipped. */
static inline bool scratch_small_disk(struct scratch *s, unsigned kib)
{
    char size[32];
    snprintf(size, sizeof size, "size=%uk", kib);
    return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("none", s->path, "tmpfs", 0, size) == 0;
}

/* Takes all the room there is. */
static inline void scratch_fill(const struct scratch *s)
{
    char path[128], block[4096];
    snprintf(path, sizeof path, "%s/filler", s->path);
    memset(block, 1, sizeof block);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    while (write(fd, block, sizeof block) > 0) {
    }
    close(fd);
}

static inline void scratch_free(const struct scratch *s)
{
    char path[128];
    snprintf(path, sizeof path, "%s/filler", s->path);
    unlink(path);
}

#endif
