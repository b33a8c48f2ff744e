/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* tables_engine: what an engine of tables gives for a row. Private to store/. */
#ifndef MJ_STORE_TABLES_ENGINE_H
#define MJ_STORE_TABLES_ENGINE_H

#include "common/store/tables.h"

struct mj_result_ops {
    int64_t (*integer)(void *row, int i);
    const char *(*text)(void *row, int i);               /* NULL for NULL */
    const void *(*blob)(void *row, int i, size_t *len);  /* NULL for NULL */
    bool (*null)(void *row, int i);
};

struct mj_result_row {
    const struct mj_result_ops *ops;
    void *row;
};

/* The engine's own tables, in every dialect; both are written with each batch. */
#define MJ_TABLES_STATE                                                                                                \
    "CREATE TABLE mj_state(id INTEGER PRIMARY KEY CHECK(id = 1), schema_name TEXT NOT NULL, schema_text TEXT NOT "     \
    "NULL,"                                                                                                            \
    " generation INTEGER NOT NULL)"
#define MJ_TABLES_POSITIONS \
    "CREATE TABLE mj_positions(source TEXT PRIMARY KEY, position INTEGER NOT NULL, hash BLOB NOT NULL)"

#endif
