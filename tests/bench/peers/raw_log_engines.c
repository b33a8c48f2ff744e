/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* raw_log_engines: our log as it is, LMDB, and flat files. Each links its commits by the same chain of hashes, so that
 * what is compared is the engine alone. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>
#ifdef MJ_BENCH_LMDB
#include <lmdb.h>
#endif

#include "common/base/crypto.h"
#include "common/store/log.h"
#include "raw.h"

#define PATH 512
#define STEP (4u * 1024 * 1024)          /* bytes that a flat file is made longer by */

/* ---- ours ---- */

static void *ours_open(const char *dir)
{
    struct mj_log *l;
    mj_error err;
    char url[PATH];
    snprintf(url, sizeof url, "file:%s/log", dir);
    if (mj_log_open(&l, url, &mj_env_real, "bench", &err) != 0) {
        bench_die("our log: %s", err.text);
    }
    return l;
}

static void ours_append(void *engine, uint64_t first, uint32_t count, const uint8_t *block, size_t len)
{
    struct mj_log *l = engine;
    mj_error err;
    (void)first;
    if (mj_log_append(l, mj_log_end(l), count, block, len, &err) != MJ_STORED) {
        bench_die("our log: %s", err.text);
    }
}

static void ours_close(void *engine)
{
    mj_log_close(engine);
}

const struct raw_engine raw_engine_ours = { "ours", ours_open, ours_append, ours_close };

/* ---- a flat file ---- */

enum growth { GROWS, RESERVED, ZEROED };

struct flat {
    int fd;
    enum growth growth;
    uint64_t at, made;                   /* bytes written, bytes the file was made long */
    uint8_t hash[MJ_HASH];
};

static struct flat *flat_open(const char *dir, enum growth growth)
{
    struct flat *f = bench_alloc(1, sizeof *f);
    char path[PATH];
    snprintf(path, sizeof path, "%s/log.flat", dir);
    f->growth = growth;
    f->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (f->fd < 0) {
        bench_die("%s: %s", path, strerror(errno));
    }
    return f;
}

static void write_zeroes(struct flat *f)
{
    static const uint8_t zeroes[256 * 1024];
    for (uint64_t done = 0; done < STEP; done += sizeof zeroes) {
        if (pwrite(f->fd, zeroes, sizeof zeroes, (off_t)(f->made + done)) != (ssize_t)sizeof zeroes) {
            bench_die("zeroing a flat file: %s", strerror(errno));
        }
    }
}

static void make_room(struct flat *f, size_t n)
{
    while (f->growth != GROWS && f->at + n > f->made) {
        int rc = f->growth == RESERVED ? posix_fallocate(f->fd, (off_t)f->made, STEP) : 0;
        if (rc != 0) {
            bench_die("reserving a flat file: %s", strerror(rc));
        }
        if (f->growth == ZEROED) {
            write_zeroes(f);
        }
        f->made += STEP;
    }
}

struct flat_head { uint64_t first; uint32_t count, len; uint8_t hash[MJ_HASH]; };

static void flat_append(void *engine, uint64_t first, uint32_t count, const uint8_t *block, size_t len)
{
    struct flat *f = engine;
    struct flat_head head = { first, count, (uint32_t)len, { 0 } };
    mj_chain(f->hash, f->hash, first, count, block, len);
    memcpy(head.hash, f->hash, MJ_HASH);
    make_room(f, sizeof head + len);
    const struct iovec parts[] = { { &head, sizeof head }, { (void *)(uintptr_t)block, len } };
    if (pwritev(f->fd, parts, 2, (off_t)f->at) != (ssize_t)(sizeof head + len) || fdatasync(f->fd) != 0) {
        bench_die("appending to a flat file: %s", strerror(errno));
    }
    f->at += sizeof head + len;
}

static void flat_close(void *engine)
{
    struct flat *f = engine;
    (void)close(f->fd);
    free(f);
}

static void *open_growing(const char *dir) { return flat_open(dir, GROWS); }
static void *open_reserved(const char *dir) { return flat_open(dir, RESERVED); }
static void *open_zeroed(const char *dir) { return flat_open(dir, ZEROED); }

const struct raw_engine raw_engine_flat = { "flat file, growing", open_growing, flat_append, flat_close };
const struct raw_engine raw_engine_flat_reserved = { "flat file, fallocate 4 MiB", open_reserved, flat_append,
                                                     flat_close };
const struct raw_engine raw_engine_flat_zeroed = { "flat file, zeroed 4 MiB", open_zeroed, flat_append, flat_close };

/* ---- LMDB ---- */
#ifdef MJ_BENCH_LMDB

struct lmdb {
    MDB_env *env;
    MDB_dbi dbi;
    uint8_t hash[MJ_HASH];
};

static void must(int rc, const char *doing)
{
    if (rc != 0) {
        bench_die("LMDB, %s: %s", doing, mdb_strerror(rc));
    }
}

static void *lmdb_open(const char *dir)
{
    struct lmdb *l = bench_alloc(1, sizeof *l);
    MDB_txn *txn;
    must(mdb_env_create(&l->env), "create");
    must(mdb_env_set_mapsize(l->env, (size_t)16 << 30), "map size");
    must(mdb_env_open(l->env, dir, 0, 0600), "open");
    must(mdb_txn_begin(l->env, NULL, 0, &txn), "begin");
    must(mdb_dbi_open(txn, NULL, MDB_INTEGERKEY, &l->dbi), "table");
    must(mdb_txn_commit(txn), "commit");
    return l;
}

static void lmdb_append(void *engine, uint64_t first, uint32_t count, const uint8_t *block, size_t len)
{
    struct lmdb *l = engine;
    MDB_txn *txn;
    MDB_val key = { sizeof first, &first }, value = { sizeof count + MJ_HASH + len, NULL };
    mj_chain(l->hash, l->hash, first, count, block, len);
    must(mdb_txn_begin(l->env, NULL, 0, &txn), "begin");
    must(mdb_put(txn, l->dbi, &key, &value, MDB_APPEND | MDB_RESERVE), "put");
    uint8_t *p = value.mv_data;
    memcpy(p, &count, sizeof count);
    memcpy(p + sizeof count, l->hash, MJ_HASH);
    memcpy(p + sizeof count + MJ_HASH, block, len);
    must(mdb_txn_commit(txn), "commit");
}

static void lmdb_close(void *engine)
{
    struct lmdb *l = engine;
    mdb_env_close(l->env);
    free(l);
}

const struct raw_engine raw_engine_lmdb = { "LMDB", lmdb_open, lmdb_append, lmdb_close };
#endif
