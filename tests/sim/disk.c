/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* disk: SQLite's files in memory, as its default VFS. Every machine's files outlive its processes.
 *
 * The crash rule: a kill takes nothing that was written. A power cut keeps what was synced, and of what was written
 * since: all up to a point that is drawn, then each write or not, the last one of them torn at 512 bytes. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "common/base/buf.h"
#include "sim.h"

#define SECTOR 512
#define SHM_LOCKS 8

/* Not synced: bytes written, or a new length. What was written at the end of a file stands there, and is copied only
 * when it is about to be overwritten: most of what SQLite writes between two syncs is appended. */
struct change {
    size_t at, len;
    bool cut;
    uint8_t *bytes;                              /* NULL: as they stand in the file now */
    struct change *next;
};

struct image { uint8_t *bytes; size_t len, room; };

struct file {
    char path[256];
    struct sim_machine *machine;
    struct image now, synced;
    struct change *first, **last;
    unsigned changes;
    struct change *uncopied;                     /* from this one on they are; NULL: none */
    LIST_HEAD(, handle) handles;
    void **shm;
    int shm_count;
    struct file *next;
};

struct handle {
    sqlite3_file base;
    struct file *file;                           /* NULL: its process was killed */
    struct sim_process *process;
    int lock;
    uint16_t shared, exclusive;                  /* shm locks */
    LIST_ENTRY(handle) link;
};

static struct file *files;

/* ---- images ---- */

static void image_write(struct image *i, size_t at, const void *bytes, size_t n)
{
    if (at + n > i->room) {
        i->room = (at + n) * 3 / 2 + 4096;
        i->bytes = realloc(i->bytes, i->room);
        if (!i->bytes)
            exit(2);
    }
    if (at > i->len)
        memset(i->bytes + i->len, 0, at - i->len);
    memcpy(i->bytes + at, bytes, n);
    if (at + n > i->len)
        i->len = at + n;
}

static void image_cut(struct image *i, size_t len)
{
    if (len < i->len)
        i->len = len;
}

static void apply(struct file *f, const struct change *c, size_t len)
{
    if (c->cut)
        image_cut(&f->synced, c->at);
    else
        image_write(&f->synced, c->at, c->bytes ? c->bytes : f->now.bytes + c->at, len);
}

/* Before anything is overwritten or cut off. */
static void copy_changes(struct file *f)
{
    for (struct change *c = f->uncopied; c; c = c->next)
        if (!c->cut)
            c->bytes = memcpy(mj_alloc(c->len), f->now.bytes + c->at, c->len);
    f->uncopied = NULL;
}

static void note(struct file *f, size_t at, size_t n, bool cut)
{
    struct change *c = mj_calloc(1, sizeof *c);

    c->at = at;
    c->len = n;
    c->cut = cut;
    if (!f->uncopied && !cut)
        f->uncopied = c;
    *f->last = c;
    f->last = &c->next;
    f->changes++;
}

static void forget_changes(struct file *f)
{
    for (struct change *c = f->first, *next; c; c = next) {
        next = c->next;
        free(c->bytes);
        free(c);
    }
    f->first = NULL;
    f->last = &f->first;
    f->changes = 0;
    f->uncopied = NULL;
}

/* ---- files ---- */

static struct file *find(const char *path)
{
    struct file *f = files;

    while (f && strcmp(f->path, path) != 0)
        f = f->next;
    return f;
}

static struct file *make(const char *path)
{
    struct file *f = mj_calloc(1, sizeof *f);

    snprintf(f->path, sizeof f->path, "%s", path);
    f->machine = sim_machine_of_path(path);
    f->last = &f->first;
    f->next = files;
    files = f;
    return f;
}

bool sim_disk_has(const char *path) { return find(path) != NULL; }

int sim_disk_unlink(const char *path)
{
    for (struct file **f = &files; *f; f = &(*f)->next)
        if (strcmp((*f)->path, path) == 0) {
            *f = (*f)->next;                     /* whoever has it open keeps it */
            return 0;
        }
    return -1;
}

int sim_disk_rename(const char *from, const char *to)
{
    struct file *f = find(from);

    if (!f)
        return -1;
    sim_disk_unlink(to);
    snprintf(f->path, sizeof f->path, "%s", to);
    return 0;
}

static void drop_shm(struct file *f)
{
    for (int i = 0; i < f->shm_count; i++)
        free(f->shm[i]);
    free(f->shm);
    f->shm = NULL;
    f->shm_count = 0;
}

void sim_disk_killed(struct sim_process *p)
{
    for (struct file *f = files; f; f = f->next)
        for (struct handle *h = LIST_FIRST(&f->handles), *next; h; h = next) {
            next = LIST_NEXT(h, link);
            if (h->process != p)
                continue;
            LIST_REMOVE(h, link);
            h->file = NULL;
            if (LIST_EMPTY(&f->handles))
                drop_shm(f);
        }
}

static void cut(struct file *f)
{
    uint64_t kept = sim_below(f->changes + 1u), n = 0;

    for (const struct change *c = f->first; c; c = c->next, n++) {
        size_t len = c->len;
        if (n > kept + 8 || (n >= kept && sim_chance(500)))
            continue;
        if (n >= kept && c->len > SECTOR)
            len = SECTOR * sim_between(1, c->len / SECTOR);
        apply(f, c, len < c->len ? len : c->len);
    }
    forget_changes(f);
    f->now.len = 0;
    image_write(&f->now, 0, f->synced.len ? (const void *)f->synced.bytes : "", f->synced.len);
}

void sim_disk_power_cut(const struct sim_machine *m)
{
    for (struct file *f = files; f; f = f->next)
        if (f->machine == m)
            cut(f);
}

/* ---- one open file ---- */

static struct file *file_of(sqlite3_file *base) { return ((struct handle *)base)->file; }

static int on_close(sqlite3_file *base)
{
    struct handle *h = (struct handle *)base;

    if (h->file) {
        LIST_REMOVE(h, link);
        if (LIST_EMPTY(&h->file->handles))
            drop_shm(h->file);
    }
    return SQLITE_OK;
}

static int on_read(sqlite3_file *base, void *out, int n, sqlite3_int64 at)
{
    const struct image *i = &file_of(base)->now;
    size_t from = (size_t)at, want = (size_t)n, there = from < i->len ? i->len - from : 0;

    if (there >= want) {
        memcpy(out, i->bytes + from, want);
        return SQLITE_OK;
    }
    memset(out, 0, want);
    if (there)
        memcpy(out, i->bytes + from, there);
    return SQLITE_IOERR_SHORT_READ;
}

static int on_write(sqlite3_file *base, const void *bytes, int n, sqlite3_int64 at)
{
    struct file *f = file_of(base);

    if (f->machine && f->machine->full && (size_t)at + (size_t)n > f->now.len)
        return SQLITE_FULL;
    if ((size_t)at < f->now.len)
        copy_changes(f);
    image_write(&f->now, (size_t)at, bytes, (size_t)n);
    note(f, (size_t)at, (size_t)n, false);
    return SQLITE_OK;
}

static int on_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    struct file *f = file_of(base);

    copy_changes(f);
    image_cut(&f->now, (size_t)size);
    note(f, (size_t)size, 0, true);
    return SQLITE_OK;
}

static int on_sync(sqlite3_file *base, int flags)
{
    struct file *f = file_of(base);

    (void)flags;
    for (const struct change *c = f->first; c; c = c->next)
        apply(f, c, c->len);
    forget_changes(f);
    return SQLITE_OK;
}

static int on_size(sqlite3_file *base, sqlite3_int64 *size)
{
    *size = (sqlite3_int64)file_of(base)->now.len;
    return SQLITE_OK;
}

/* ---- locks: between the handles of one process ---- */

static int on_lock(sqlite3_file *base, int lock)
{
    struct handle *h = (struct handle *)base, *o;

    LIST_FOREACH(o, &h->file->handles, link)
        if (o != h && (o->lock >= SQLITE_LOCK_PENDING || (lock >= SQLITE_LOCK_RESERVED &&
            o->lock >= SQLITE_LOCK_RESERVED) || (lock == SQLITE_LOCK_EXCLUSIVE && o->lock > SQLITE_LOCK_NONE)))
            return SQLITE_BUSY;
    if (lock > h->lock)
        h->lock = lock;
    return SQLITE_OK;
}

static int on_unlock(sqlite3_file *base, int lock)
{
    ((struct handle *)base)->lock = lock;
    return SQLITE_OK;
}

static int on_reserved(sqlite3_file *base, int *ret)
{
    struct handle *o;

    *ret = 0;
    LIST_FOREACH(o, &file_of(base)->handles, link)
        *ret |= o->lock >= SQLITE_LOCK_RESERVED;
    return SQLITE_OK;
}

static int on_control(sqlite3_file *base, int op, void *arg)
{
    (void)base;
    if (op != SQLITE_FCNTL_MMAP_SIZE)
        return SQLITE_NOTFOUND;
    *(sqlite3_int64 *)arg = 0;
    return SQLITE_OK;
}

static int on_sector(sqlite3_file *base)
{
    (void)base;
    return SECTOR;
}

static int on_traits(sqlite3_file *base)
{
    (void)base;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int on_shm_map(sqlite3_file *base, int region, int size, int extend, void volatile **ret)
{
    struct file *f = file_of(base);

    *ret = NULL;
    if (region >= f->shm_count && !extend)
        return SQLITE_OK;
    if (region >= f->shm_count) {
        f->shm = realloc(f->shm, ((size_t)region + 1) * sizeof *f->shm);
        if (!f->shm)
            exit(2);
        while (f->shm_count <= region)
            f->shm[f->shm_count++] = mj_calloc(1, (size_t)size);
    }
    *ret = f->shm[region];
    return SQLITE_OK;
}

static int on_shm_lock(sqlite3_file *base, int first, int n, int flags)
{
    struct handle *h = (struct handle *)base, *o;
    uint16_t mask = (uint16_t)(((1u << n) - 1) << first);

    if (flags & SQLITE_SHM_UNLOCK) {
        h->shared &= (uint16_t)~mask;
        h->exclusive &= (uint16_t)~mask;
        return SQLITE_OK;
    }
    LIST_FOREACH(o, &h->file->handles, link)
        if (o != h && ((o->exclusive | (flags & SQLITE_SHM_EXCLUSIVE ? o->shared : 0)) & mask))
            return SQLITE_BUSY;
    if (flags & SQLITE_SHM_EXCLUSIVE)
        h->exclusive |= mask;
    else
        h->shared |= mask;
    return SQLITE_OK;
}

static void on_shm_barrier(sqlite3_file *base) { (void)base; }

static int on_shm_unmap(sqlite3_file *base, int drop)
{
    struct handle *h = (struct handle *)base;

    h->shared = h->exclusive = 0;
    if (drop)
        drop_shm(h->file);
    return SQLITE_OK;
}

static const sqlite3_io_methods io = {
    .iVersion = 2, .xClose = on_close, .xRead = on_read, .xWrite = on_write, .xTruncate = on_truncate,
    .xSync = on_sync, .xFileSize = on_size, .xLock = on_lock, .xUnlock = on_unlock, .xCheckReservedLock = on_reserved,
    .xFileControl = on_control, .xSectorSize = on_sector, .xDeviceCharacteristics = on_traits, .xShmMap = on_shm_map,
    .xShmLock = on_shm_lock, .xShmBarrier = on_shm_barrier, .xShmUnmap = on_shm_unmap,
};

/* ---- the VFS ---- */

static int on_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *base, int flags, int *out)
{
    struct handle *h = (struct handle *)base;
    struct file *f = path ? find(path) : NULL;

    (void)vfs;
    memset(h, 0, sizeof *h);
    if (!f && (!path || !(flags & SQLITE_OPEN_CREATE)))
        return SQLITE_CANTOPEN;
    if (!f && sim_machine_of_path(path) && sim_machine_of_path(path)->full)
        return SQLITE_FULL;
    h->base.pMethods = &io;
    h->file = f ? f : make(path);
    h->process = sim_current();
    LIST_INSERT_HEAD(&h->file->handles, h, link);
    if (out)
        *out = flags;
    return SQLITE_OK;
}

static int on_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
    (void)vfs, (void)sync;
    return sim_disk_unlink(path) == 0 ? SQLITE_OK : SQLITE_IOERR_DELETE_NOENT;
}

static int on_access(sqlite3_vfs *vfs, const char *path, int flags, int *ret)
{
    const struct file *f = find(path);

    (void)vfs;
    *ret = f && (flags != SQLITE_ACCESS_EXISTS || f->now.len > 0);
    return SQLITE_OK;
}

static int on_full_path(sqlite3_vfs *vfs, const char *path, int n, char *out)
{
    (void)vfs;
    sqlite3_snprintf(n, out, "%s", path);
    return SQLITE_OK;
}

static int on_randomness(sqlite3_vfs *vfs, int n, char *out)
{
    (void)vfs;
    memset(out, 7, (size_t)n);                   /* salts of write-ahead logs: any will do */
    return n;
}

static int on_sleep(sqlite3_vfs *vfs, int us)
{
    (void)vfs;
    return us;
}

static int on_time(sqlite3_vfs *vfs, sqlite3_int64 *ret)
{
    (void)vfs;
    *ret = INT64_C(210866760000000) + sim_wall_ms();
    return SQLITE_OK;
}

static int on_last_error(sqlite3_vfs *vfs, int n, char *out)
{
    (void)vfs, (void)n, (void)out;
    return 0;
}

void sim_disk_begin(void)
{
    static sqlite3_vfs vfs = {
        .iVersion = 2, .szOsFile = sizeof(struct handle), .mxPathname = 255, .zName = "sim", .xOpen = on_open,
        .xDelete = on_delete, .xAccess = on_access, .xFullPathname = on_full_path, .xRandomness = on_randomness,
        .xSleep = on_sleep, .xGetLastError = on_last_error, .xCurrentTimeInt64 = on_time,
    };

    if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
        exit(2);
}
