/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "common/store/sqlite_open.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"

#define BUSY_MS "2000"
#define VALUE_MAX (16 * 1024 * 1024)     /* bytes of one value or row; SQLite's own bound is a thousand million */
#define SQL_MAX (64 * 1024)
/* After a burst the write-ahead log is cut back to this when it begins anew. */
#define WAL_KEPT "16777216"

const char *mj_sqlite_path(const char *url)
{
    static const char scheme[] = "sqlite:";
    return strncmp(url, scheme, sizeof scheme - 1) == 0 ? url + sizeof scheme - 1 : NULL;
}

int mj_sqlite_fail(mj_error *err, int rc, const char *doing)
{
    switch (rc & 0xff) {
    case SQLITE_FULL:
        return mj_fail(err, MJ_RESOURCE_EXHAUSTED, "DISK_FULL", NULL,
                       "the disk is full while %s; nothing was written; free space, then try again", doing);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return mj_fail(err, MJ_UNAVAILABLE, "STORE_BUSY", NULL,
                       "another connection holds the file while %s (SQLite %d); try again", doing, rc);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return mj_fail(err, MJ_DATA_LOSS, "STORE_CORRUPT", NULL,
                       "the file is damaged, found while %s (SQLite %d); restore it or fold it again", doing, rc);
    default:
        return mj_fail(err, MJ_INTERNAL, "STORE_FAILED", NULL, "SQLite %d (%s) while %s", rc, sqlite3_errstr(rc),
                       doing);
    }
}

/* Reads the first column of a one-row statement as text. */
static int read_text(sqlite3 *db, const char *sql, char *ret, size_t size)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    if (rc == SQLITE_OK) {
        rc = sqlite3_step(statement);
    }
    if (rc == SQLITE_ROW) {
        const unsigned char *text = sqlite3_column_text(statement, 0);
        snprintf(ret, size, "%s", text != NULL ? (const char *)text : "");
        rc = SQLITE_OK;
    } else if (rc == SQLITE_DONE) {
        snprintf(ret, size, "%s", "");
        rc = SQLITE_OK;
    }
    sqlite3_finalize(statement);
    return rc;
}

struct setting { const char *name, *value, *reads_as; };

/* SQLite answers an impossible setting by silently keeping another, so each one is read back. */
static int set_and_read_back(sqlite3 *db, const struct setting *s, mj_error *err)
{
    char sql[96], got[64];
    int rc = SQLITE_OK;
    if (s->value != NULL) {
        snprintf(sql, sizeof sql, "PRAGMA %s=%s", s->name, s->value);
        rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    }
    if (rc == SQLITE_OK) {
        snprintf(sql, sizeof sql, "PRAGMA %s", s->name);
        rc = read_text(db, sql, got, sizeof got);
    }
    if (rc != SQLITE_OK) {
        return mj_sqlite_fail(err, rc, "setting up a file");
    }
    if (strcmp(got, s->reads_as) != 0) {
        return mj_fail(err, MJ_FAILED_PRECONDITION, "SETTING_REFUSED", s->name,
                       "SQLite's %s must be %s, got %s; use a local disk that supports it", s->name, s->reads_as, got);
    }
    return 0;
}

static int set_all(sqlite3 *db, const struct setting *settings, size_t count, mj_error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (set_and_read_back(db, &settings[i], err) != 0) {
            return -1;
        }
    }
    return 0;
}

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct setting both_settings[] = {
    { "busy_timeout", BUSY_MS, BUSY_MS },
    { "foreign_keys", "ON", "1" },
    { "trusted_schema", "OFF", "0" },
    { "cell_size_check", "ON", "1" },
    { "temp_store", "MEMORY", "2" },
};

static int set_writer(sqlite3 *db, const struct mj_sqlite_options *o, mj_error *err)
{
    char page_size[64];
    snprintf(page_size, sizeof page_size, "PRAGMA page_size=%d", o->page_size);
    int rc = sqlite3_exec(db, page_size, NULL, NULL, NULL);      /* without effect on a file that exists */
    if (rc != SQLITE_OK) {
        return mj_sqlite_fail(err, rc, "setting the page size");
    }
    const struct setting settings[] = {
        { "journal_mode", "WAL", "wal" },
        { "synchronous", o->full ? "FULL" : "NORMAL", o->full ? "2" : "1" },
        { "wal_autocheckpoint", "0", "0" },      /* mj_sqlite_checkpoint decides when */
        { "journal_size_limit", WAL_KEPT, WAL_KEPT },
        { "secure_delete", "ON", "1" },
        { "mmap_size", "0", "0" },       /* a bad disk shall be an error code, not a signal */
    };
    return set_all(db, settings, COUNT(settings), err);
}

static int set_reader(sqlite3 *db, mj_error *err)
{
    static const struct setting settings[] = {
        { "query_only", "ON", "1" },
        { "journal_mode", NULL, "wal" },
        { "mmap_size", "0", "0" },
    };
    /* The last handle to close would checkpoint; only the writable one may. */
    int rc = sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)NULL);
    if (rc != SQLITE_OK) {
        return mj_sqlite_fail(err, rc, "setting up a reader");
    }
    return set_all(db, settings, COUNT(settings), err);
}

static int count_frames(void *arg, sqlite3 *db, const char *name, int frames)
{
    (void)db;
    (void)name;
    struct mj_sqlite *s = arg;
    s->wal_frames = frames;
    if (frames < s->tried_at) {
        s->tried_at = 0;                 /* it began anew */
    }
    return SQLITE_OK;
}

static int set_up(struct mj_sqlite *s, const struct mj_sqlite_options *o, mj_error *err)
{
    char text[32];
    sqlite3_limit(s->db, SQLITE_LIMIT_LENGTH, VALUE_MAX);
    sqlite3_limit(s->db, SQLITE_LIMIT_SQL_LENGTH, SQL_MAX);
    int rc = sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
    if (rc != SQLITE_OK) {
        return mj_sqlite_fail(err, rc, "setting up a file");
    }
    if (set_all(s->db, both_settings, COUNT(both_settings), err) != 0 ||
        (o->writable ? set_writer(s->db, o, err) : set_reader(s->db, err)) != 0) {
        return -1;
    }
    snprintf(text, sizeof text, "-%d", o->cache_kib);
    const struct setting cache = { "cache_size", text, text };
    char page_size[32];
    if (set_and_read_back(s->db, &cache, err) != 0) {
        return -1;
    }
    rc = read_text(s->db, "PRAGMA page_size", page_size, sizeof page_size);
    if (rc != SQLITE_OK || sscanf(page_size, "%d", &s->page_size) != 1) {
        return mj_sqlite_fail(err, rc, "reading the page size");
    }
    if (o->writable) {
        sqlite3_wal_hook(s->db, count_frames, s);
    }
    return 0;
}

/* Bytes that SQLite may hold in all, the pages of all handles above all: past it each recycles its own. */
#define HEAP_SOFT (8 * 1024 * 1024)

/* Of the process, before the first file. Pages are taken one by one: by default each handle would take 20 at once, and
 * a process that serves every region has 300 handles. Where SQLite runs already the setting is refused, which is well:
 * it saves memory, nothing stands on it. */
static void set_up_process(void)
{
    sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0);
    sqlite3_soft_heap_limit64(HEAP_SOFT);
}

int mj_sqlite_open(struct mj_sqlite **ret, const struct mj_sqlite_options *o, mj_error *err)
{
    const char *path = mj_sqlite_path(o->url);
    if (path == NULL || path[0] == '\0') {
        return mj_fail(err, MJ_INVALID_ARGUMENT, "URL_SCHEME", "url", "expected sqlite:/path/of/a/file, got another");
    }
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, set_up_process);
    struct mj_sqlite *s = mj_calloc(1, sizeof *s);
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                (o->writable ? SQLITE_OPEN_READWRITE | (o->create ? SQLITE_OPEN_CREATE : 0) : SQLITE_OPEN_READONLY);
    int rc = sqlite3_open_v2(path, &s->db, flags, NULL), failed;
    if ((rc & 0xff) == SQLITE_CANTOPEN) {
        failed = mj_fail(err, MJ_NOT_FOUND, "STORE_MISSING", NULL, "cannot open %s; is it there, and may it be read%s?",
                         path, o->writable ? " and written" : "");
    } else if (rc != SQLITE_OK) {
        failed = mj_sqlite_fail(err, rc, "opening a file");
    } else {
        failed = set_up(s, o, err);
    }
    if (failed != 0) {
        mj_sqlite_close(s);
        return -1;
    }
    *ret = s;
    return 0;
}

void mj_sqlite_close(struct mj_sqlite *s)
{
    if (s == NULL) {
        return;
    }
    sqlite3_stmt *statement;
    while (s->db != NULL && (statement = sqlite3_next_stmt(s->db, NULL)) != NULL) {
        sqlite3_finalize(statement);
    }
    sqlite3_close(s->db);
    free(s);
}

int mj_sqlite_marks(struct mj_sqlite *s, int *application_id, int *version, mj_error *err)
{
    char id[32], number[32];
    int rc = read_text(s->db, "PRAGMA application_id", id, sizeof id);
    if (rc == SQLITE_OK) {
        rc = read_text(s->db, "PRAGMA user_version", number, sizeof number);
    }
    if (rc != SQLITE_OK) {
        return mj_sqlite_fail(err, rc, "reading a file's marks");
    }
    if (sscanf(id, "%d", application_id) != 1 || sscanf(number, "%d", version) != 1) {
        return mj_sqlite_fail(err, SQLITE_CORRUPT, "reading a file's marks");
    }
    return 0;
}

int mj_sqlite_make(struct mj_sqlite *s, int application_id, int version, const char *const *ddl, size_t count,
                   mj_error *err)
{
    char marks[96];
    snprintf(marks, sizeof marks, "PRAGMA application_id=%d; PRAGMA user_version=%d", application_id, version);
    int rc = mj_sqlite_exec(s, "BEGIN IMMEDIATE");
    for (size_t i = 0; i < count && rc == SQLITE_OK; i++) {
        rc = mj_sqlite_exec(s, ddl[i]);
    }
    if (rc == SQLITE_OK) {
        rc = mj_sqlite_exec(s, marks);
    }
    if (rc == SQLITE_OK) {
        rc = mj_sqlite_exec(s, "COMMIT");
    }
    if (rc != SQLITE_OK) {
        mj_sqlite_abandon(s, rc, "making the tables of a new file", err);
        return -1;
    }
    return 0;
}

int mj_sqlite_make_or_check(struct mj_sqlite *s, bool writable, int application_id, int version,
                            const char *const *ddl, size_t count, mj_error *err)
{
    int found_id, found_version;
    if (mj_sqlite_marks(s, &found_id, &found_version, err) != 0) {
        return -1;
    }
    if (found_id == 0 && found_version == 0 && writable) {
        return mj_sqlite_make(s, application_id, version, ddl, count, err);
    }
    if (found_id != application_id || found_version != version) {
        return mj_fail(err, MJ_DATA_LOSS, "OTHER_FILE", NULL,
                       "expected a file of kind %08x version %d, got %08x version %d; is the path right?",
                       (unsigned)application_id, version, (unsigned)found_id, found_version);
    }
    return 0;
}

int mj_sqlite_prepare(struct mj_sqlite *s, sqlite3_stmt **ret, const char *text, mj_error *err)
{
    int rc = sqlite3_prepare_v3(s->db, text, -1, SQLITE_PREPARE_PERSISTENT, ret, NULL);
    if (rc != SQLITE_OK && (rc & 0xff) == SQLITE_ERROR) {
        return mj_fail(err, MJ_INTERNAL, "SQL_REFUSED", NULL, "%s in: %.120s", sqlite3_errmsg(s->db), text);
    }
    return rc == SQLITE_OK ? 0 : mj_sqlite_fail(err, rc, "preparing a statement");
}

int mj_sqlite_run(sqlite3_stmt *statement)
{
    int rc = sqlite3_step(statement);
    int again = sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return rc == SQLITE_DONE || rc == SQLITE_ROW ? again : rc;
}

int mj_sqlite_exec(struct mj_sqlite *s, const char *text)
{
    return sqlite3_exec(s->db, text, NULL, NULL, NULL);
}

/* Codes after which SQLite's own rollback can be trusted. A full disk: the frame that would have committed is the
 * last one written, so it is not whole on disk. The others are found before anything is written. An I/O error is not
 * among them: after a failed fsync the rows were seen to be there at the next start (S3). */
static bool can_be_proven(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_FULL:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
    case SQLITE_ERROR:
        return true;
    default:
        return false;
    }
}

enum mj_done mj_sqlite_unknown(int rc, const char *doing, mj_error *err)
{
    mj_fail(err, MJ_UNKNOWN, "STORE_UNKNOWN", NULL,
            "SQLite %d (%s) while %s: stored or not, the next start will find out; end this process", rc,
            sqlite3_errstr(rc), doing);
    return MJ_DONE_UNKNOWN;
}

enum mj_done mj_sqlite_abandon(struct mj_sqlite *s, int rc, const char *doing, mj_error *err)
{
    if (!can_be_proven(rc)) {
        return mj_sqlite_unknown(rc, doing, err);
    }
    /* Some errors roll back by themselves; a ROLLBACK then would be an error of its own (S7). */
    if (!sqlite3_get_autocommit(s->db)) {
        int undone = mj_sqlite_exec(s, "ROLLBACK");
        if (undone != SQLITE_OK || !sqlite3_get_autocommit(s->db)) {
            return mj_sqlite_unknown(undone, "taking back a transaction", err);
        }
    }
    mj_sqlite_fail(err, rc, doing);
    return MJ_NOT_DONE;
}

static int checkpoint(struct mj_sqlite *s, int mode)
{
    s->tried_at = s->wal_frames;
    return sqlite3_wal_checkpoint_v2(s->db, NULL, mode, NULL, NULL);
}

static const char checkpointing[] = "moving the write-ahead log into its file";

int mj_sqlite_checkpoint(struct mj_sqlite *s, size_t wal_bytes, mj_error *err)
{
    size_t grown = (size_t)(s->wal_frames - s->tried_at) * (size_t)s->page_size;
    if (wal_bytes != 0 && grown < wal_bytes) {
        return 0;
    }
    int rc = checkpoint(s, SQLITE_CHECKPOINT_PASSIVE);
    switch (rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_FULL:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return 0;
    default:
        mj_sqlite_unknown(rc, checkpointing, err);
        return -1;
    }
}

int mj_sqlite_checkpoint_truncate(struct mj_sqlite *s, mj_error *err)
{
    int rc = checkpoint(s, SQLITE_CHECKPOINT_TRUNCATE);
    if (rc == SQLITE_OK) {
        return 0;
    }
    if (can_be_proven(rc)) {
        return mj_sqlite_fail(err, rc, checkpointing);
    }
    mj_sqlite_unknown(rc, checkpointing, err);
    return -1;
}
