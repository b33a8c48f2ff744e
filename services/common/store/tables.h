/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* tables: SQL text and rows, behind an engine. What tables hold is folded from logs and can be thrown away; they
 * are written in steps, each one transaction with the positions it stands for and a generation that grows by one.
 *
 * Exactly one read-write handle a file, used by one thread, which also checkpoints (pitfalls S1); every other handle
 * is read-only. Statements are constants: prepared once a handle, found by their address. Parameters
 * are named $1, $2 ... in the text, so that the same text serves SQLite and PostgreSQL. */
#ifndef MJ_STORE_TABLES_H
#define MJ_STORE_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/crypto.h"
#include "common/base/error.h"

struct mj_sql { const char *text; };     /* a named constant; its address is its name */

enum mj_value_kind { MJ_V_NULL, MJ_V_INT, MJ_V_TEXT, MJ_V_BLOB };
struct mj_value { enum mj_value_kind kind; int64_t i; const void *p; size_t len; };
static inline struct mj_value mj_vi(int64_t i) { return (struct mj_value){ MJ_V_INT, i, NULL, 0 }; }
static inline struct mj_value mj_vb(const void *p, size_t n) { return (struct mj_value){ MJ_V_BLOB, 0, p, n }; }
struct mj_value mj_vt(const char *text);          /* NULL text gives NULL */

/* ---- a batch: statements with their parameters, written in one transaction ----
 * They run ordered by text and parameters, whatever the order in which they were added, so that each tree is walked
 * from left to right (3 us a row in place of 10 to 18): two statements of a batch must not write the same row of a
 * table. Nor do they: each row of a rows object stands in a batch once. */
struct mj_batch;
struct mj_batch *mj_batch_create(void);
void mj_batch_destroy(struct mj_batch *b);
/* Copies the parameters; as many as the text has, 32 at most. */
void mj_batch_add(struct mj_batch *b, const struct mj_sql *sql, const struct mj_value *params, size_t count);
/* The position that source ("own", or "registry/52") stands at once this is written, and the hash of the commit
 * that ends there. */
void mj_batch_position(struct mj_batch *b, const char *source, uint64_t position, const uint8_t hash[MJ_HASH]);
size_t mj_batch_bytes(const struct mj_batch *b);
size_t mj_batch_count(const struct mj_batch *b);

/* ---- rows ---- */
struct mj_result_row;                    /* valid during the callback */
int64_t mj_col_int(const struct mj_result_row *r, int i);
const char *mj_col_text(const struct mj_result_row *r, int i);   /* "" for NULL */
const void *mj_col_blob(const struct mj_result_row *r, int i, size_t *len);      /* NULL for NULL */
bool mj_col_null(const struct mj_result_row *r, int i);
typedef int mj_row_fn(void *arg, const struct mj_result_row *r);  /* nonzero stops */

/* ---- engines ---- */
struct mj_tables_ops {
    const char *scheme;
    /* schema: statements that make the tables, run where the file is new; it stands in the file with its name, and
     * another name or text is FAILED_PRECONDITION, reason OTHER_SCHEMA: throw the file away and fold it again. */
    int (*open)(void **ret, const char *url, const char *schema_name, const char *schema, bool writable, mj_error *err);
    /* NOT_WRITTEN: RESOURCE_EXHAUSTED DISK_FULL and UNAVAILABLE STORE_BUSY pass; INTERNAL is a fault of a statement,
     * and will not. UNKNOWN: the process must end. Checkpoints by itself every 16 MiB. Orders the batch. */
    enum mj_write { MJ_WRITTEN, MJ_NOT_WRITTEN, MJ_WRITE_UNKNOWN }
    (*write)(void *engine, struct mj_batch *b, mj_error *err);
    int (*query)(void *engine, const struct mj_sql *sql, const struct mj_value *params, size_t count,
                 mj_row_fn *each, void *arg, mj_error *err);
    /* begin/end: queries between them see one state; generation as of it. */
    int (*begin)(void *engine, uint64_t *generation, mj_error *err);
    void (*end)(void *engine);
    int (*checkpoint)(void *engine, mj_error *err);
    void (*close)(void *engine);
};
extern const struct mj_tables_ops mj_tables_sqlite;

struct mj_tables;                        /* a handle: engine and its state, one thread at a time */
int mj_tables_open(struct mj_tables **ret, const char *url, const char *schema_name, const char *schema, bool writable,
                   mj_error *err);       /* url "sqlite:/path/tables.db" */
void mj_tables_close(struct mj_tables *t);
enum mj_write mj_tables_write(struct mj_tables *t, struct mj_batch *b, mj_error *err);
int mj_tables_query(struct mj_tables *t, const struct mj_sql *sql, const struct mj_value *params, size_t count,
                    mj_row_fn *each, void *arg, mj_error *err);
int mj_tables_begin(struct mj_tables *t, uint64_t *generation, mj_error *err);
void mj_tables_end(struct mj_tables *t);
int mj_tables_checkpoint(struct mj_tables *t, mj_error *err);
/* 0 and zeroes where the source is unknown. */
int mj_tables_position(struct mj_tables *t, const char *source, uint64_t *position, uint8_t hash[MJ_HASH],
                       mj_error *err);
/* Moves a tables file (with its -wal and -shm) aside: PATH.SUFFIX. Closed before. */
int mj_tables_set_aside(const char *url, const char *suffix, mj_error *err);

#endif
