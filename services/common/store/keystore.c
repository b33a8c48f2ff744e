/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* keystore: one table of names and keys. What is deleted here is gone: secure_delete zeroes it in the file, and the
 * write-ahead log that still held it is cut. */
#include "common/store/keystore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/seams/failpoint.h"
#include "common/store/sqlite_open.h"

#define KEYS_MARK 0x4d4a4b59             /* "MJKY" */
#define KEYS_VERSION 1
#define KEYS_PAGE 4096
#define KEYS_CACHE_KIB 2048
#define KEYS_WAL_BYTES (1u * 1024 * 1024)

static const char *const keys_ddl[] = {
    "CREATE TABLE keys(name TEXT PRIMARY KEY, key BLOB NOT NULL CHECK(length(key) = 32)) STRICT, WITHOUT ROWID",
};

enum { S_BEGIN, S_COMMIT, S_PUT, S_GET, S_LAST, S_DELETE, S_COUNT };

static const char *const texts[S_COUNT] = {
    [S_BEGIN] = "BEGIN IMMEDIATE",
    [S_COMMIT] = "COMMIT",
    [S_PUT] = "INSERT INTO keys(name, key) VALUES($1, $2) ON CONFLICT(name) DO NOTHING",
    [S_GET] = "SELECT key FROM keys WHERE name = $1",
    /* '0' is the character after '/'; "name/10" comes after "name/9" because it is longer. */
    [S_LAST] = "SELECT key, CAST(substr(name, 6) AS INTEGER) FROM keys WHERE name > 'name/' AND name < 'name0'"
               " ORDER BY length(name) DESC, name DESC LIMIT 1",
    [S_DELETE] = "DELETE FROM keys WHERE name = $1",
};

struct mj_keystore {
    struct mj_sqlite *file;
    sqlite3_stmt *statements[S_COUNT];
};

static int missing(mj_error *err)
{
    return mj_fail(err, MJ_FAILED_PRECONDITION, "KEYS_MISSING", NULL,
                   "the log has entries and the file of keys is not there; bring it back from where it was kept");
}

/* A file that was made but holds no table is as good as none. */
static int check_present(struct mj_sqlite *file, mj_error *err)
{
    int application_id, version;
    if (mj_sqlite_marks(file, &application_id, &version, err) != 0) {
        return -1;
    }
    return application_id == 0 && version == 0 ? missing(err) : 0;
}

static int open_file(struct mj_keystore *k, const char *url, bool must_exist, mj_error *err)
{
    const struct mj_sqlite_options o = { url, true, !must_exist, true, KEYS_PAGE, KEYS_CACHE_KIB };
    const char *path = mj_sqlite_path(url);
    if (must_exist && path != NULL && access(path, F_OK) != 0) {
        return missing(err);
    }
    if (mj_sqlite_open(&k->file, &o, err) != 0 || (must_exist && check_present(k->file, err) != 0) ||
        mj_sqlite_make_or_check(k->file, true, KEYS_MARK, KEYS_VERSION, keys_ddl, 1, err) != 0) {
        return -1;
    }
    for (int i = 0; i < S_COUNT; i++) {
        if (mj_sqlite_prepare(k->file, &k->statements[i], texts[i], err) != 0) {
            return -1;
        }
    }
    return 0;
}

int mj_keystore_open(struct mj_keystore **ret, const char *url, bool must_exist, mj_error *err)
{
    struct mj_keystore *k = mj_calloc(1, sizeof *k);
    if (open_file(k, url, must_exist, err) != 0) {
        mj_keystore_close(k);
        return -1;
    }
    *ret = k;
    return 0;
}

void mj_keystore_close(struct mj_keystore *k)
{
    if (k != NULL) {
        mj_sqlite_close(k->file);
        free(k);
    }
}

static int bind_name(sqlite3_stmt *s, const char *name)
{
    return sqlite3_bind_text(s, sqlite3_bind_parameter_index(s, "$1"), name, -1, SQLITE_STATIC);
}

static int put_one(struct mj_keystore *k, const struct mj_named_key *key)
{
    sqlite3_stmt *s = k->statements[S_PUT];
    int rc = bind_name(s, key->name);
    if (rc == SQLITE_OK) {
        rc = sqlite3_bind_blob(s, sqlite3_bind_parameter_index(s, "$2"), key->key, MJ_KEY, SQLITE_STATIC);
    }
    return rc == SQLITE_OK ? mj_sqlite_run(s) : rc;
}

static int abandon(struct mj_keystore *k, int rc, const char *doing, mj_error *err)
{
    mj_sqlite_abandon(k->file, rc, doing, err);
    return -1;
}

int mj_keystore_put(struct mj_keystore *k, const struct mj_named_key *keys, size_t count, mj_error *err)
{
    static const char doing[] = "storing keys";
    if (count == 0) {
        return 0;
    }
    int rc = mj_sqlite_run(k->statements[S_BEGIN]);
    for (size_t i = 0; i < count && rc == SQLITE_OK; i++) {
        rc = put_one(k, &keys[i]);
    }
    if (rc == SQLITE_OK) {
        rc = mj_sqlite_run(k->statements[S_COMMIT]);
    }
    if (rc != SQLITE_OK) {
        return abandon(k, rc, doing, err);
    }
    if (MJ_FAILPOINT("keys.after_put")) {
        mj_sqlite_unknown(SQLITE_IOERR, doing, err);
        return -1;
    }
    return mj_sqlite_checkpoint(k->file, KEYS_WAL_BYTES, err);
}

/* Takes the key of a one-row query and resets it. number may be NULL. */
static int take_key(sqlite3_stmt *s, uint8_t key[MJ_KEY], unsigned *number, bool *found, mj_error *err)
{
    int rc = sqlite3_step(s);
    bool there = rc == SQLITE_ROW;
    if (there && sqlite3_column_bytes(s, 0) != MJ_KEY) {
        rc = SQLITE_CORRUPT;
    } else if (there) {
        memcpy(key, sqlite3_column_blob(s, 0), MJ_KEY);
        if (number != NULL) {
            *number = (unsigned)sqlite3_column_int64(s, 1);
        }
    }
    sqlite3_reset(s);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
        return mj_sqlite_fail(err, rc, "reading a key");
    }
    *found = there;
    return 0;
}

int mj_keystore_get(struct mj_keystore *k, const char *name, uint8_t key[MJ_KEY], bool *found, mj_error *err)
{
    sqlite3_stmt *s = k->statements[S_GET];
    int rc = bind_name(s, name);
    if (rc != SQLITE_OK) {
        return mj_sqlite_fail(err, rc, "reading a key");
    }
    rc = take_key(s, key, NULL, found, err);
    sqlite3_clear_bindings(s);
    return rc;
}

int mj_keystore_last(struct mj_keystore *k, unsigned *number, uint8_t key[MJ_KEY], mj_error *err)
{
    bool found;
    if (take_key(k->statements[S_LAST], key, number, &found, err) != 0) {
        return -1;
    }
    if (!found) {
        *number = 0;
    }
    return 0;
}

int mj_keystore_delete(struct mj_keystore *k, const char *name, mj_error *err)
{
    static const char doing[] = "deleting a key";
    sqlite3_stmt *s = k->statements[S_DELETE];
    int rc = mj_sqlite_run(k->statements[S_BEGIN]);
    if (rc == SQLITE_OK) {
        rc = bind_name(s, name);
    }
    if (rc == SQLITE_OK) {
        rc = mj_sqlite_run(s);
    }
    if (rc == SQLITE_OK) {
        rc = mj_sqlite_run(k->statements[S_COMMIT]);
    }
    return rc == SQLITE_OK ? mj_sqlite_checkpoint_truncate(k->file, err) : abandon(k, rc, doing, err);
}
