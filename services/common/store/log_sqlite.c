/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* log_sqlite: commits as rows of one SQLite file, one transaction and one fsync an append. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/seams/failpoint.h"
#include "common/store/log.h"
#include "common/store/sqlite_open.h"

#define LOG_MARK 0x4d4a4c47              /* "MJLG" */
#define LOG_VERSION 1
/* Measured on commits of 100 KiB, 4 to 64 KiB make no difference; a lone small commit writes at least one page. */
#define LOG_PAGE 8192
#define LOG_CACHE_KIB 8192
/* The write-ahead log is moved into the file each time it has grown by this much. Larger means fewer fsyncs of the file
 * on the append path (one in 40 commits of 100 KiB), smaller a shorter stop and a quicker start. It must stay far below
 * 4,062 frames (32 MiB here): beyond them SQLite needs more shared memory after the commit is on disk, and on a full
 * disk that would fail as an I/O error, whose outcome nobody knows. */
#define LOG_WAL_BYTES (4u * 1024 * 1024)
#define PROBE_BYTES (64u * 1024)

/* hash stands before block, so that reading hashes never touches a block's pages. */
static const char *const log_ddl[] = {
    "CREATE TABLE commits(first INTEGER PRIMARY KEY, count INTEGER NOT NULL CHECK(count > 0),"
    " hash BLOB NOT NULL CHECK(length(hash) = 32), block BLOB NOT NULL) STRICT",
    "CREATE TABLE writer(id INTEGER PRIMARY KEY CHECK(id = 1), epoch INTEGER NOT NULL CHECK(epoch > 0),"
    " lineage BLOB NOT NULL CHECK(length(lineage) = 16)) STRICT",
};

enum { S_BEGIN, S_COMMIT, S_HEAD, S_INSERT, S_FOUND, S_CLAIM, S_READ, S_BEFORE, S_COUNT };

static const char *const texts[S_COUNT] = {
    [S_BEGIN] = "BEGIN IMMEDIATE",
    [S_COMMIT] = "COMMIT",
    [S_HEAD] = "SELECT w.epoch, w.lineage, t.first + t.count, t.hash FROM writer w LEFT JOIN"
               " (SELECT first, count, hash FROM commits ORDER BY first DESC LIMIT 1) t WHERE w.id = 1",
    [S_INSERT] = "INSERT INTO commits(first, count, hash, block) VALUES(?1, ?2, ?3, ?4)",
    [S_FOUND] = "INSERT INTO writer(id, epoch, lineage) VALUES(1, ?1, ?2)",
    [S_CLAIM] = "UPDATE writer SET epoch = ?1 WHERE id = 1",
    [S_READ] = "SELECT first, count, hash, block FROM commits WHERE first >="
               " coalesce((SELECT max(first) FROM commits WHERE first <= ?1), 0) AND first + count > ?1 ORDER BY first",
    [S_BEFORE] = "SELECT hash FROM commits WHERE first = (SELECT max(first) FROM commits WHERE first < ?1)"
                 " AND first + count = ?1",
};

struct engine {
    struct mj_sqlite *file;
    sqlite3_stmt *statements[S_COUNT];
    char *probe_path;
};

static void engine_close(void *engine)
{
    struct engine *e = engine;
    if (e != NULL) {
        mj_sqlite_close(e->file);
        free(e->probe_path);
        free(e);
    }
}

static char *probe_path_of(const char *url)
{
    struct mj_buf b = MJ_BUF_INIT;
    mj_buf_printf(&b, "%s.probe", mj_sqlite_path(url));
    return (char *)b.data;
}

static int engine_open(void **ret, const char *url, bool writable, mj_error *err)
{
    const struct mj_sqlite_options o = { url, writable, true, true, LOG_PAGE, LOG_CACHE_KIB };
    struct engine *e = mj_calloc(1, sizeof *e);
    int failed = mj_sqlite_open(&e->file, &o, err);
    if (failed == 0) {
        e->probe_path = probe_path_of(url);
        failed = mj_sqlite_make_or_check(e->file, writable, LOG_MARK, LOG_VERSION, log_ddl, 2, err);
    }
    for (int i = 0; i < S_COUNT && failed == 0; i++) {
        failed = mj_sqlite_prepare(e->file, &e->statements[i], texts[i], err);
    }
    if (failed != 0) {
        engine_close(e);
        return -1;
    }
    *ret = e;
    return 0;
}

/* Copies a blob of exactly n bytes; false where it is another length. */
static bool copy_blob(uint8_t *out, sqlite3_stmt *s, int column, size_t n)
{
    if ((size_t)sqlite3_column_bytes(s, column) != n) {
        return false;
    }
    memcpy(out, sqlite3_column_blob(s, column), n);
    return true;
}

/* SQLITE_OK or the code. A log that was never opened for writing is empty: end 1, epoch 0. */
static int read_head(struct engine *e, struct mj_log_head *ret)
{
    struct mj_log_head head = { .end = 1 };
    sqlite3_stmt *s = e->statements[S_HEAD];
    int rc = sqlite3_step(s);
    bool sound = true;
    if (rc == SQLITE_ROW) {
        head.exists = true;
        head.epoch = (uint64_t)sqlite3_column_int64(s, 0);
        sound = copy_blob(head.lineage, s, 1, MJ_LINEAGE);
        if (sqlite3_column_type(s, 2) != SQLITE_NULL) {
            head.end = (uint64_t)sqlite3_column_int64(s, 2);
            sound = sound && copy_blob(head.hash, s, 3, MJ_HASH);
        }
    }
    sqlite3_reset(s);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
        return rc;
    }
    *ret = head;
    return sound ? SQLITE_OK : SQLITE_CORRUPT;
}

static int engine_head(void *engine, struct mj_log_head *ret, mj_error *err)
{
    int rc = read_head(engine, ret);
    return rc == SQLITE_OK ? 0 : mj_sqlite_fail(err, rc, "reading the head of the log");
}

static int claim(struct engine *e, const struct mj_log_head *head, uint64_t epoch, const uint8_t *set_lineage)
{
    if (head->exists && head->epoch == epoch) {
        return SQLITE_OK;
    }
    sqlite3_stmt *s = e->statements[head->exists ? S_CLAIM : S_FOUND];
    int rc = sqlite3_bind_int64(s, 1, (sqlite3_int64)epoch);
    if (rc == SQLITE_OK && !head->exists) {
        rc = sqlite3_bind_blob(s, 2, set_lineage, MJ_LINEAGE, SQLITE_STATIC);
    }
    return rc == SQLITE_OK ? mj_sqlite_run(s) : rc;
}

static int insert(struct engine *e, const struct mj_commit *c)
{
    sqlite3_stmt *s = e->statements[S_INSERT];
    int rc = sqlite3_bind_int64(s, 1, (sqlite3_int64)c->first);
    if (rc == SQLITE_OK) {
        rc = sqlite3_bind_int64(s, 2, c->count);
    }
    if (rc == SQLITE_OK) {
        rc = sqlite3_bind_blob(s, 3, c->hash, MJ_HASH, SQLITE_STATIC);
    }
    if (rc == SQLITE_OK) {
        rc = sqlite3_bind_blob64(s, 4, c->block, c->block_len, SQLITE_STATIC);
    }
    return rc == SQLITE_OK ? mj_sqlite_run(s) : rc;
}

static const char appending[] = "appending to the log";

/* Ends the transaction. A refused append wrote nothing, so its rollback is as provable as a full disk's. */
static enum mj_append undo(struct engine *e, int rc, mj_error *err)
{
    return mj_sqlite_abandon(e->file, rc, appending, err) == MJ_NOT_DONE ? MJ_NOT_STORED : MJ_APPEND_UNKNOWN;
}

static enum mj_append fence(struct engine *e, const struct mj_log_head *head, uint64_t expected, uint64_t epoch,
                            mj_error *err)
{
    if (undo(e, SQLITE_ERROR, err) != MJ_NOT_STORED) {
        return MJ_APPEND_UNKNOWN;
    }
    mj_fail(err, MJ_ABORTED, "FENCED", NULL,
            "expected to append at %llu in epoch %llu, the log ends at %llu in epoch %llu: another writer has it; "
            "end this process",
            (unsigned long long)expected, (unsigned long long)epoch, (unsigned long long)head->end,
            (unsigned long long)head->epoch);
    return MJ_NOT_STORED;
}

static int insert_all(struct engine *e, uint64_t expected, const struct mj_commit *commits, size_t count)
{
    int rc = SQLITE_OK;
    for (size_t i = 0; i < count && rc == SQLITE_OK; i++) {
        rc = commits[i].first == expected ? insert(e, &commits[i]) : SQLITE_MISMATCH;
        expected += commits[i].count;
    }
    if (rc == SQLITE_OK && MJ_FAILPOINT("log.after_insert")) {
        rc = SQLITE_FULL;
    }
    if (rc == SQLITE_OK && MJ_FAILPOINT("log.before_commit")) {
        rc = SQLITE_FULL;
    }
    return rc;
}

static enum mj_append engine_append(void *engine, uint64_t expected, uint64_t epoch, const uint8_t *set_lineage,
                                    const struct mj_commit *commits, size_t count, mj_error *err)
{
    struct engine *e = engine;
    struct mj_log_head head;
    int rc = MJ_FAILPOINT("log.before_begin") ? SQLITE_FULL : mj_sqlite_run(e->statements[S_BEGIN]);
    if (rc == SQLITE_OK) {
        rc = read_head(e, &head);
    }
    if (rc != SQLITE_OK) {
        return undo(e, rc, err);
    }
    if (head.end != expected || head.epoch > epoch || head.exists != (set_lineage == NULL)) {
        return fence(e, &head, expected, epoch, err);
    }
    rc = claim(e, &head, epoch, set_lineage);
    if (rc == SQLITE_OK) {
        rc = insert_all(e, expected, commits, count);
    }
    if (rc == SQLITE_OK) {
        rc = mj_sqlite_run(e->statements[S_COMMIT]);
    }
    if (rc != SQLITE_OK) {
        return undo(e, rc, err);
    }
    if (MJ_FAILPOINT("log.after_commit")) {
        mj_sqlite_unknown(SQLITE_IOERR, appending, err);
        return MJ_APPEND_UNKNOWN;
    }
    return mj_sqlite_checkpoint(e->file, LOG_WAL_BYTES, err) == 0 ? MJ_STORED : MJ_APPEND_UNKNOWN;
}

static void fill_commit(struct mj_commit *c, sqlite3_stmt *s)
{
    c->first = (uint64_t)sqlite3_column_int64(s, 0);
    c->count = (uint32_t)sqlite3_column_int64(s, 1);
    c->block = sqlite3_column_blob(s, 3);
    c->block_len = (size_t)sqlite3_column_bytes(s, 3);
}

static int engine_read(void *engine, uint64_t position, size_t max_bytes, mj_commit_fn *each, void *arg, mj_error *err)
{
    struct engine *e = engine;
    sqlite3_stmt *s = e->statements[S_READ];
    size_t given = 0;
    struct mj_commit c;
    int rc = sqlite3_bind_int64(s, 1, (sqlite3_int64)position);
    while (rc == SQLITE_OK || rc == SQLITE_ROW) {
        rc = sqlite3_step(s);
        if (rc != SQLITE_ROW) {
            break;
        }
        if (!copy_blob(c.hash, s, 2, MJ_HASH)) {
            rc = SQLITE_CORRUPT;
            break;
        }
        fill_commit(&c, s);
        if (given > 0 && (given >= max_bytes || c.block_len > max_bytes - given)) {
            rc = SQLITE_DONE;
            break;
        }
        given += c.block_len;
        if (each(arg, &c) != 0) {
            rc = SQLITE_DONE;
        }
    }
    sqlite3_reset(s);
    return rc == SQLITE_DONE ? 0 : mj_sqlite_fail(err, rc, "reading the log");
}

static int engine_hash_before(void *engine, uint64_t position, uint8_t ret[MJ_HASH], bool *found, mj_error *err)
{
    struct engine *e = engine;
    sqlite3_stmt *s = e->statements[S_BEFORE];
    int rc = sqlite3_bind_int64(s, 1, (sqlite3_int64)position);
    if (rc == SQLITE_OK) {
        rc = sqlite3_step(s);
    }
    bool there = rc == SQLITE_ROW;
    if (there && !copy_blob(ret, s, 0, MJ_HASH)) {
        rc = SQLITE_CORRUPT;
    }
    sqlite3_reset(s);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
        return mj_sqlite_fail(err, rc, "reading a hash of the log");
    }
    *found = there;
    return 0;
}

static int write_probe(int fd)
{
    uint8_t bytes[4096];
    memset(bytes, 0x5a, sizeof bytes);
    for (size_t done = 0; done < PROBE_BYTES; done += sizeof bytes) {
        if (write(fd, bytes, sizeof bytes) != (ssize_t)sizeof bytes) {
            return -1;
        }
    }
    return fsync(fd);
}

/* In a file of its own: room left inside the write-ahead log would let a probe commit pass on a disk still full. */
static int engine_probe(void *engine, mj_error *err)
{
    struct engine *e = engine;
    int fd = open(e->probe_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    int failed = fd < 0 ? -1 : write_probe(fd);
    if (fd >= 0) {
        failed |= close(fd);
        failed |= unlink(e->probe_path);
    }
    if (failed != 0) {
        return mj_fail(err, MJ_RESOURCE_EXHAUSTED, "DISK_FULL", NULL,
                       "cannot write %u bytes beside the log; free space", PROBE_BYTES);
    }
    return 0;
}

const struct mj_log_ops mj_log_sqlite = {
    .scheme = "sqlite",
    .open = engine_open,
    .head = engine_head,
    .append = engine_append,
    .read = engine_read,
    .hash_before = engine_hash_before,
    .probe = engine_probe,
    .close = engine_close,
};
