/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* One SQLite file a stream; events of one loop turn are one transaction and one fsync. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/spool.h"
#include "common/base/buf.h"
#include "common/store/sqlite_open.h"

#define SPOOL_MARK 0x4d4a5350            /* "MJSP" */
#define SPOOL_VERSION 1
#define WAL_BYTES (4u << 20)

static const char *const ddl[] = {
    "CREATE TABLE events(sequence INTEGER PRIMARY KEY, event BLOB NOT NULL) STRICT",
    "CREATE TABLE acknowledged(through INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL) STRICT",
    "CREATE TABLE stream(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
};

enum { S_BEGIN, S_COMMIT, S_ADD, S_READ, S_ACK, S_OLD, S_FORGET, S_FORGET_ACKS, S_LAST, S_GET, S_SET, S_COUNT };
static const char *const texts[S_COUNT] = {
    [S_BEGIN] = "BEGIN IMMEDIATE",
    [S_COMMIT] = "COMMIT",
    [S_ADD] = "INSERT INTO events(sequence, event) VALUES(?1, ?2)",
    [S_READ] = "SELECT sequence, event FROM events WHERE sequence BETWEEN ?1 AND ?2 ORDER BY sequence",
    [S_ACK] = "INSERT OR REPLACE INTO acknowledged(through, at_ms) VALUES(?1, ?2)",
    [S_OLD] = "SELECT max(through) FROM acknowledged WHERE at_ms < ?1",
    [S_FORGET] = "DELETE FROM events WHERE sequence <= ?1",
    /* The newest of them stays: it says what was acknowledged, and so which number comes next. */
    [S_FORGET_ACKS] = "DELETE FROM acknowledged WHERE through < ?1",
    [S_LAST] =
        "SELECT coalesce((SELECT max(sequence) FROM events), 0), coalesce((SELECT max(through) FROM acknowledged), 0)",
    [S_GET] = "SELECT value FROM stream WHERE name = ?1",
    [S_SET] = "INSERT OR REPLACE INTO stream(name, value) VALUES(?1, ?2)",
};

struct disk {
    struct mj_spool spool;
    struct mj_sqlite *file;
    sqlite3_stmt *s[S_COUNT];
    bool open;                           /* a transaction is */
    int64_t forgot_at;
    int lock;                            /* PATH.lock, held for life: two writers would give one number twice */
};

static int done(struct disk *d, int rc, const char *doing, mj_error *err)
{
    if (rc == SQLITE_OK)
        return 0;
    mj_sqlite_abandon(d->file, rc, doing, err);
    d->open = false;
    return -1;
}

static int begin(struct disk *d, mj_error *err)
{
    if (d->open)
        return 0;
    if (done(d, mj_sqlite_run(d->s[S_BEGIN]), "opening the spool", err) < 0)
        return -1;
    d->open = true;
    return 0;
}

static int add(struct mj_spool *spool, uint64_t sequence, const uint8_t *event, size_t len, mj_error *err)
{
    struct disk *d = (struct disk *)spool;

    if (begin(d, err) < 0)
        return -1;
    sqlite3_bind_int64(d->s[S_ADD], 1, (int64_t)sequence);
    sqlite3_bind_blob64(d->s[S_ADD], 2, event, len, SQLITE_STATIC);
    return done(d, mj_sqlite_run(d->s[S_ADD]), "adding to the spool", err);
}

static int sync_spool(struct mj_spool *spool, mj_error *err)
{
    struct disk *d = (struct disk *)spool;

    if (!d->open)
        return 0;
    if (done(d, mj_sqlite_run(d->s[S_COMMIT]), "committing to the spool", err) < 0)
        return -1;
    d->open = false;
    return mj_sqlite_checkpoint(d->file, WAL_BYTES, err);
}

static int read_events(struct mj_spool *spool, uint64_t from, uint64_t through, mj_spooled_fn *each, void *arg,
                       mj_error *err)
{
    struct disk *d = (struct disk *)spool;
    sqlite3_stmt *s = d->s[S_READ];
    int rc;

    sqlite3_bind_int64(s, 1, (int64_t)from);
    sqlite3_bind_int64(s, 2, (int64_t)through);
    while ((rc = sqlite3_step(s)) == SQLITE_ROW)
        if (each(arg, (uint64_t)sqlite3_column_int64(s, 0), sqlite3_column_blob(s, 1),
                 (size_t)sqlite3_column_bytes(s, 1)))
            break;
    sqlite3_reset(s);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : mj_sqlite_fail(err, rc, "reading the spool");
}

static int run_with(struct disk *d, int which, int64_t a, int64_t b, mj_error *err)
{
    sqlite3_bind_int64(d->s[which], 1, a);
    if (sqlite3_bind_parameter_count(d->s[which]) > 1)
        sqlite3_bind_int64(d->s[which], 2, b);
    return done(d, mj_sqlite_run(d->s[which]), "noting what was acknowledged", err);
}

/* Once an hour: what was acknowledged 35 days ago goes. */
static int forget(struct disk *d, int64_t now_ms, mj_error *err)
{
    int64_t old = 0;

    if (now_ms - d->forgot_at < 3600 * 1000)
        return 0;
    d->forgot_at = now_ms;
    sqlite3_bind_int64(d->s[S_OLD], 1, now_ms - MJ_SPOOL_KEEP_MS);
    if (sqlite3_step(d->s[S_OLD]) == SQLITE_ROW)
        old = sqlite3_column_int64(d->s[S_OLD], 0);
    sqlite3_reset(d->s[S_OLD]);
    if (old == 0)
        return 0;
    if (run_with(d, S_FORGET, old, 0, err) < 0)
        return -1;
    return run_with(d, S_FORGET_ACKS, old, 0, err);
}

/* Not fsynced by itself: an acknowledgement that is forgotten costs a resend, nothing more. */
static int acknowledged(struct mj_spool *spool, uint64_t through, int64_t now_ms, mj_error *err)
{
    struct disk *d = (struct disk *)spool;

    if (begin(d, err) < 0 || run_with(d, S_ACK, (int64_t)through, now_ms, err) < 0)
        return -1;
    return forget(d, now_ms, err);
}

static int set_text(struct disk *d, const char *name, const char *value, mj_error *err)
{
    if (begin(d, err) < 0)
        return -1;
    sqlite3_bind_text(d->s[S_SET], 1, name, -1, SQLITE_STATIC);
    sqlite3_bind_text(d->s[S_SET], 2, value, -1, SQLITE_STATIC);
    return done(d, mj_sqlite_run(d->s[S_SET]), "naming the spool", err);
}

static void get_text(struct disk *d, const char *name, char *out, size_t size)
{
    sqlite3_bind_text(d->s[S_GET], 1, name, -1, SQLITE_STATIC);
    out[0] = '\0';
    if (sqlite3_step(d->s[S_GET]) == SQLITE_ROW)
        snprintf(out, size, "%s", (const char *)sqlite3_column_text(d->s[S_GET], 0));
    sqlite3_reset(d->s[S_GET]);
}

static int set_region(struct mj_spool *spool, const char *region, mj_error *err)
{
    struct disk *d = (struct disk *)spool;

    if (set_text(d, "region", region, err) < 0)
        return -1;
    snprintf(spool->region, sizeof spool->region, "%s", region);
    return sync_spool(spool, err);
}

static void close_spool(struct mj_spool *spool)
{
    struct disk *d = (struct disk *)spool;
    mj_error err;

    if (!d)
        return;
    if (d->file)
        sync_spool(spool, &err);
    mj_sqlite_close(d->file);
    if (d->lock >= 0)
        close(d->lock);
    free(d);
}

static int take_lock(struct disk *d, const char *path, mj_error *err)
{
    char name[512];
    struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

    snprintf(name, sizeof name, "%s.lock", path);
    d->lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (d->lock < 0)
        return mj_fail(err, MJ_FAILED_PRECONDITION, "SPOOL_UNUSABLE", NULL, "cannot make %s: %s; check its folder",
                       name, strerror(errno));
    if (fcntl(d->lock, F_OFD_SETLK, &whole) < 0)
        return mj_fail(err, MJ_UNAVAILABLE, "SPOOL_IN_USE", NULL,
                       "the spool %s is in use by another program; wait for it, or give it its own stream", path);
    return 0;
}

static int open_file(struct disk *d, const char *path, mj_error *err)
{
    char url[512];
    struct mj_sqlite_options o = { url, true, true, true, 4096, 4096 };

    snprintf(url, sizeof url, "sqlite:%s", path);
    if (mj_sqlite_open(&d->file, &o, err) < 0 ||
        mj_sqlite_make_or_check(d->file, true, SPOOL_MARK, SPOOL_VERSION, ddl, 3, err) < 0)
        return -1;
    for (int i = 0; i < S_COUNT; i++)
        if (mj_sqlite_prepare(d->file, &d->s[i], texts[i], err) < 0)
            return -1;
    return 0;
}

static int find_place(struct disk *d, const char *path, const char *siret, mj_error *err)
{
    char name[32];

    get_text(d, "siret", name, sizeof name);
    if (name[0] && strcmp(name, siret) != 0)
        return mj_fail(err, MJ_FAILED_PRECONDITION, "OTHER_STREAM", NULL,
                       "the spool %s is of stream %s, expected %s; give each stream a spool of its own", path, name,
                       siret);
    if (!name[0] && (set_text(d, "siret", siret, err) < 0 || sync_spool(&d->spool, err) < 0))
        return -1;
    get_text(d, "region", d->spool.region, sizeof d->spool.region);
    if (sqlite3_step(d->s[S_LAST]) == SQLITE_ROW) {
        d->spool.last = (uint64_t)sqlite3_column_int64(d->s[S_LAST], 0);
        d->spool.durable = (uint64_t)sqlite3_column_int64(d->s[S_LAST], 1);
    }
    sqlite3_reset(d->s[S_LAST]);
    if (d->spool.last < d->spool.durable)
        d->spool.last = d->spool.durable;
    return 0;
}

int mj_spool_disk(struct mj_spool **ret, const char *path, const char *siret, mj_error *err)
{
    struct disk *d = mj_calloc(1, sizeof *d);

    d->spool = (struct mj_spool){ .add = add, .sync = sync_spool, .read = read_events, .acknowledged = acknowledged,
                                  .set_region = set_region, .close = close_spool };
    d->lock = -1;
    if (take_lock(d, path, err) < 0 || open_file(d, path, err) < 0 || find_place(d, path, siret, err) < 0) {
        close_spool(&d->spool);
        return -1;
    }
    *ret = &d->spool;
    return 0;
}
