/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* sqlite_open: what the users of SQLite (tables, keys, libmj's spool) have in common. Private to store/.
 *
 * One function opens a file with every setting that our promises stand on, and reads each one back; another tells a
 * failed write that is proven to be undone from one that is not. One thread at a time uses a handle; exactly one
 * handle a file is writable, and that one checkpoints. */
#ifndef MJ_STORE_SQLITE_OPEN_H
#define MJ_STORE_SQLITE_OPEN_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/base/error.h"

struct mj_sqlite {
    sqlite3 *db;
    int page_size;                       /* bytes, as the file was made */
    int wal_frames;                      /* in the write-ahead log since it last began anew */
    int tried_at;                        /* wal_frames at the last checkpoint */
};

struct mj_sqlite_options {
    const char *url;                     /* "sqlite:/path/file.db" */
    bool writable;
    bool create;                         /* where absent; writable only */
    bool full;                           /* synchronous=FULL: an fsync a commit; else NORMAL: one a checkpoint */
    int page_size;                       /* for a new file, bytes */
    int cache_kib;
};

/* The path in a URL, or NULL where the scheme is another. */
const char *mj_sqlite_path(const char *url);

/* NOT_FOUND STORE_MISSING where the file is absent and not to be made; FAILED_PRECONDITION SETTING_REFUSED where a
 * setting does not read back; else as mj_sqlite_fail. */
int mj_sqlite_open(struct mj_sqlite **ret, const struct mj_sqlite_options *o, mj_error *err);
void mj_sqlite_close(struct mj_sqlite *s);       /* finalises every statement; NULL is allowed */

/* Marks of a file: what kind it is, and the version of its shape. 0 and 0 for a new file. */
int mj_sqlite_marks(struct mj_sqlite *s, int *application_id, int *version, mj_error *err);
/* Runs the statements and sets the marks in one transaction. */
int mj_sqlite_make(struct mj_sqlite *s, int application_id, int version, const char *const *ddl, size_t count,
                   mj_error *err);
/* Makes the file where it is new and writable; else requires its marks: DATA_LOSS OTHER_FILE. */
int mj_sqlite_make_or_check(struct mj_sqlite *s, bool writable, int application_id, int version,
                            const char *const *ddl, size_t count, mj_error *err);

int mj_sqlite_prepare(struct mj_sqlite *s, sqlite3_stmt **ret, const char *text, mj_error *err);
/* Steps a statement that gives no rows we want, and resets it: SQLITE_OK or the extended code. */
int mj_sqlite_run(sqlite3_stmt *statement);
int mj_sqlite_exec(struct mj_sqlite *s, const char *text);       /* SQLITE_OK or the extended code */

/* Fills *err from a result code and returns -1: RESOURCE_EXHAUSTED DISK_FULL, UNAVAILABLE STORE_BUSY, DATA_LOSS
 * STORE_CORRUPT, INTERNAL STORE_FAILED. doing completes "while ...". */
int mj_sqlite_fail(mj_error *err, int rc, const char *doing);

enum mj_done {
    MJ_DONE,
    MJ_NOT_DONE,                         /* proven: the transaction is undone */
    MJ_DONE_UNKNOWN,                     /* done or not: nobody may go on with this file in this process (S3) */
};
/* Ends the transaction in which rc came, COMMIT included, and says what became of it. NOT_DONE has err as
 * mj_sqlite_fail; UNKNOWN has code MJ_UNKNOWN, reason STORE_UNKNOWN. rc is not SQLITE_OK. */
enum mj_done mj_sqlite_abandon(struct mj_sqlite *s, int rc, const char *doing, mj_error *err);
/* The commit may have happened, but what came after it failed. Always MJ_DONE_UNKNOWN. */
enum mj_done mj_sqlite_unknown(int rc, const char *doing, mj_error *err);

/* Moves the write-ahead log into the file as far as readers let it, once it grew by wal_bytes since the last time
 * (0: now). A full disk and busy readers are no errors here: nothing is lost, it is tried again. */
int mj_sqlite_checkpoint(struct mj_sqlite *s, size_t wal_bytes, mj_error *err);
/* The same, whole, and cuts the write-ahead log to nothing: old contents of pages leave the files. Busy readers and a
 * full disk are errors here (UNAVAILABLE, RESOURCE_EXHAUSTED): try again. */
int mj_sqlite_checkpoint_truncate(struct mj_sqlite *s, mj_error *err);

#endif
