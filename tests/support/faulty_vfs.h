/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* faulty_vfs: SQLite's file system, counting fsyncs of write-ahead logs and failing where a test says so. */
#ifndef MJ_TESTS_FAULTY_VFS_H
#define MJ_TESTS_FAULTY_VFS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <string.h>

static struct {
    unsigned wal_syncs;
    int sync_result;                     /* SQLITE_OK, or the code that each fsync gives */
    int wal_write_result;                /* the code that a write to a write-ahead log gives, after writes_left more */
    int writes_left;
} faulty;

static inline void faulty_reset(void)
{
    memset(&faulty, 0, sizeof faulty);
}

struct faulty_file {
    sqlite3_file base;
    bool wal;
    sqlite3_file *real;
};

static sqlite3_file *faulty_real(sqlite3_file *f) { return ((struct faulty_file *)(void *)f)->real; }
#define REAL(f) faulty_real(f)
#define CALL(f) REAL(f)->pMethods

static int f_close(sqlite3_file *f) { return CALL(f)->xClose(REAL(f)); }
static int f_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at) { return CALL(f)->xRead(REAL(f), p, n, at); }
static int f_truncate(sqlite3_file *f, sqlite3_int64 n) { return CALL(f)->xTruncate(REAL(f), n); }
static int f_size(sqlite3_file *f, sqlite3_int64 *n) { return CALL(f)->xFileSize(REAL(f), n); }
static int f_lock(sqlite3_file *f, int l) { return CALL(f)->xLock(REAL(f), l); }
static int f_unlock(sqlite3_file *f, int l) { return CALL(f)->xUnlock(REAL(f), l); }
static int f_reserved(sqlite3_file *f, int *r) { return CALL(f)->xCheckReservedLock(REAL(f), r); }
static int f_control(sqlite3_file *f, int op, void *arg) { return CALL(f)->xFileControl(REAL(f), op, arg); }
static int f_sector(sqlite3_file *f) { return CALL(f)->xSectorSize(REAL(f)); }
static int f_device(sqlite3_file *f) { return CALL(f)->xDeviceCharacteristics(REAL(f)); }
static void f_barrier(sqlite3_file *f) { CALL(f)->xShmBarrier(REAL(f)); }
static int f_shm_unmap(sqlite3_file *f, int d) { return CALL(f)->xShmUnmap(REAL(f), d); }
static int f_shm_lock(sqlite3_file *f, int o, int n, int flags) { return CALL(f)->xShmLock(REAL(f), o, n, flags); }

static int f_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **p)
{
    return CALL(f)->xShmMap(REAL(f), page, size, extend, p);
}

static int f_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    bool wal = ((struct faulty_file *)(void *)f)->wal;
    if (wal && faulty.wal_write_result != SQLITE_OK && faulty.writes_left-- <= 0) {
        return faulty.wal_write_result;
    }
    return CALL(f)->xWrite(REAL(f), p, n, at);
}

static int f_sync(sqlite3_file *f, int flags)
{
    if (((struct faulty_file *)(void *)f)->wal) {
        faulty.wal_syncs++;
    }
    return faulty.sync_result != SQLITE_OK ? faulty.sync_result : CALL(f)->xSync(REAL(f), flags);
}

static const sqlite3_io_methods faulty_methods = {
    .iVersion = 2, .xClose = f_close, .xRead = f_read, .xWrite = f_write, .xTruncate = f_truncate, .xSync = f_sync,
    .xFileSize = f_size, .xLock = f_lock, .xUnlock = f_unlock, .xCheckReservedLock = f_reserved,
    .xFileControl = f_control, .xSectorSize = f_sector, .xDeviceCharacteristics = f_device, .xShmMap = f_shm_map,
    .xShmLock = f_shm_lock, .xShmBarrier = f_barrier, .xShmUnmap = f_shm_unmap,
};

static int f_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
    struct faulty_file *ours = (struct faulty_file *)(void *)f;
    sqlite3_vfs *real = vfs->pAppData;
    ours->real = (sqlite3_file *)(void *)(ours + 1);
    ours->wal = (flags & SQLITE_OPEN_WAL) != 0;
    int rc = real->xOpen(real, name, ours->real, flags, out);
    ours->base.pMethods = ours->real->pMethods != NULL ? &faulty_methods : NULL;
    return rc;
}

/* Every file opened from now on goes through it. */
static inline int faulty_install(void)
{
    static sqlite3_vfs vfs;
    sqlite3_vfs *real = sqlite3_vfs_find(NULL);
    vfs = *real;
    vfs.zName = "faulty";
    vfs.pNext = NULL;
    vfs.pAppData = real;
    vfs.szOsFile = (int)sizeof(struct faulty_file) + real->szOsFile;
    vfs.xOpen = f_open;
    faulty_reset();
    return sqlite3_vfs_register(&vfs, 1);
}

#undef REAL
#undef CALL

#endif
