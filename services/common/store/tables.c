/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* tables: the handle over an engine; columns; the positions that the tables stand at. */
#include "common/store/tables.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/store/sqlite_open.h"
#include "common/store/tables_engine.h"

struct mj_tables {
    const struct mj_tables_ops *ops;
    void *engine;
};

static const struct mj_tables_ops *engine_of(const char *url, mj_error *err)
{
    static const struct mj_tables_ops *const engines[] = { &mj_tables_sqlite };
    for (size_t i = 0; i < sizeof engines / sizeof engines[0]; i++) {
        size_t n = strlen(engines[i]->scheme);
        if (strncmp(url, engines[i]->scheme, n) == 0 && url[n] == ':') {
            return engines[i];
        }
    }
    mj_fail(err, MJ_INVALID_ARGUMENT, "URL_SCHEME", "url",
            "expected tables at sqlite:/path/tables.db, got another scheme");
    return NULL;
}

int mj_tables_open(struct mj_tables **ret, const char *url, const char *schema_name, const char *schema, bool writable,
                   mj_error *err)
{
    const struct mj_tables_ops *ops = engine_of(url, err);
    void *engine;
    if (ops == NULL || ops->open(&engine, url, schema_name, schema, writable, err) != 0) {
        return -1;
    }
    struct mj_tables *t = mj_calloc(1, sizeof *t);
    *t = (struct mj_tables){ ops, engine };
    *ret = t;
    return 0;
}

void mj_tables_close(struct mj_tables *t)
{
    if (t != NULL) {
        t->ops->close(t->engine);
        free(t);
    }
}

enum mj_write mj_tables_write(struct mj_tables *t, struct mj_batch *b, mj_error *err)
{
    return t->ops->write(t->engine, b, err);
}

int mj_tables_query(struct mj_tables *t, const struct mj_sql *sql, const struct mj_value *params, size_t count,
                    mj_row_fn *each, void *arg, mj_error *err)
{
    return t->ops->query(t->engine, sql, params, count, each, arg, err);
}

int mj_tables_begin(struct mj_tables *t, uint64_t *generation, mj_error *err)
{
    return t->ops->begin(t->engine, generation, err);
}

void mj_tables_end(struct mj_tables *t) { t->ops->end(t->engine); }

int mj_tables_checkpoint(struct mj_tables *t, mj_error *err) { return t->ops->checkpoint(t->engine, err); }

/* ---- columns ---- */

int64_t mj_col_int(const struct mj_result_row *r, int i) { return r->ops->integer(r->row, i); }

const char *mj_col_text(const struct mj_result_row *r, int i)
{
    const char *text = r->ops->text(r->row, i);
    return text != NULL ? text : "";
}

const void *mj_col_blob(const struct mj_result_row *r, int i, size_t *len) { return r->ops->blob(r->row, i, len); }

bool mj_col_null(const struct mj_result_row *r, int i) { return r->ops->null(r->row, i); }

/* ---- positions ---- */

struct found_position { uint64_t position; uint8_t hash[MJ_HASH]; bool sound; };

static int take_position(void *arg, const struct mj_result_row *r)
{
    struct found_position *f = arg;
    size_t len;
    const void *hash = mj_col_blob(r, 1, &len);
    f->position = (uint64_t)mj_col_int(r, 0);
    f->sound = hash != NULL && len == MJ_HASH;
    if (f->sound) {
        memcpy(f->hash, hash, MJ_HASH);
    }
    return 1;
}

int mj_tables_position(struct mj_tables *t, const char *source, uint64_t *position, uint8_t hash[MJ_HASH],
                       mj_error *err)
{
    static const struct mj_sql get = { "SELECT position, hash FROM mj_positions WHERE source = $1" };
    struct found_position found = { .sound = true };
    const struct mj_value name = mj_vt(source);
    if (mj_tables_query(t, &get, &name, 1, take_position, &found, err) != 0) {
        return -1;
    }
    if (!found.sound) {
        return mj_fail(err, MJ_DATA_LOSS, "STORE_CORRUPT", NULL,
                       "a position's hash has another length than %d; refold", MJ_HASH);
    }
    *position = found.position;
    memcpy(hash, found.hash, MJ_HASH);
    return 0;
}

/* ---- setting aside ---- */

static int move(const char *path, const char *suffix, const char *part, mj_error *err)
{
    char from[PATH_MAX], to[PATH_MAX];
    int n = snprintf(from, sizeof from, "%s%s", path, part);
    int m = snprintf(to, sizeof to, "%s.%s%s", path, suffix, part);
    if (n >= (int)sizeof from || m >= (int)sizeof to) {
        return mj_fail(err, MJ_INVALID_ARGUMENT, "PATH_LENGTH", "url",
                       "expected a path below %d bytes, got a longer one", PATH_MAX);
    }
    /* What an earlier setting aside left must not be paired with this one's file. */
    if ((unlink(to) != 0 && errno != ENOENT) || (rename(from, to) != 0 && errno != ENOENT)) {
        return mj_fail(err, MJ_FAILED_PRECONDITION, "SET_ASIDE", NULL, "cannot move %s aside: %s; check the directory",
                       from, strerror(errno));
    }
    return 0;
}

static int sync_directory_of(const char *path, mj_error *err)
{
    char directory[PATH_MAX];
    const char *slash = strrchr(path, '/');
    int n = slash == NULL ? 1 : slash == path ? 1 : (int)(slash - path);
    snprintf(directory, sizeof directory, "%.*s", n, slash == NULL ? "." : path);
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = fd < 0 ? -1 : fsync(fd);
    if (fd >= 0) {
        close(fd);
    }
    if (rc != 0) {
        return mj_fail(err, MJ_FAILED_PRECONDITION, "SET_ASIDE", NULL, "cannot sync %s: %s; check the directory",
                       directory, strerror(errno));
    }
    return 0;
}

/* The file goes first: should the process die here, SQLite throws away a write-ahead log that it finds beside no
 * file or an empty one; a file without its log would pass for whole. */
int mj_tables_set_aside(const char *url, const char *suffix, mj_error *err)
{
    const char *path = mj_sqlite_path(url);
    if (path == NULL) {
        return mj_fail(err, MJ_INVALID_ARGUMENT, "URL_SCHEME", "url",
                       "expected sqlite:/path/tables.db, got another scheme");
    }
    if (move(path, suffix, "", err) != 0 || move(path, suffix, "-wal", err) != 0 ||
        move(path, suffix, "-shm", err) != 0) {
        return -1;
    }
    return sync_directory_of(path, err);
}
