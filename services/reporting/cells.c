/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "reporting/cells.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/hash.h"

/* Who has not had a cell's value yet. */
enum reader { REDIS, TABLES, READERS };

struct cell {
    mj_rep_name name;
    bool fresh[READERS];
    int64_t value;
};

struct row {                             /* a row's cells: a few figures, a few years */
    struct mj_rep_row key;
    char name[MJ_REP_ROW_TEXT];
    struct cell *cells;
    size_t count, capacity;
    bool fresh[READERS];
    struct row *next_fresh[READERS];
    UT_hash_handle hh;
};

struct region {
    struct row *rows;
    struct row *fresh[READERS];
    uint64_t version;
};

struct mj_rep_cells {
    struct region regions[MJ_REP_REGIONS];
    /* Of each kind the row touched last: a region's, and the country's. */
    struct last { struct row *row; int region; } last[MJ_REP_ETT + 1][2];
    struct mj_rep_positions positions;
    uint64_t as_of_ms, saved_as_of_ms;
};

struct mj_rep_cells *mj_rep_cells_create(uint64_t first_version)
{
    struct mj_rep_cells *c = mj_calloc(1, sizeof *c);

    for (int i = 0; i < MJ_REP_REGIONS; i++) {
        c->regions[i].version = first_version;
    }
    return c;
}

void mj_rep_cells_clear(struct mj_rep_cells *c)
{
    for (int i = 0; i < MJ_REP_REGIONS; i++) {
        struct region *g = &c->regions[i];
        struct row *row, *next;
        HASH_ITER(hh, g->rows, row, next) {
            HASH_DEL(g->rows, row);
            free(row->cells);
            free(row);
        }
        memset(g->fresh, 0, sizeof g->fresh);
        g->version++;
    }
    memset(c->last, 0, sizeof c->last);
    c->positions = (struct mj_rep_positions){ { 0 } };
    c->as_of_ms = c->saved_as_of_ms = 0;
}

void mj_rep_cells_destroy(struct mj_rep_cells *c)
{
    if (c != NULL) {
        mj_rep_cells_clear(c);
        free(c);
    }
}

static struct row *row_for(struct mj_rep_cells *c, int region, const struct mj_rep_row *key)
{
    struct region *g = &c->regions[region];
    struct last *last = &c->last[key->kind][region == MJ_REP_FR];
    struct row *row = last->row;

    if (row != NULL && last->region == region && memcmp(&row->key, key, sizeof *key) == 0) {
        return row;
    }
    HASH_FIND(hh, g->rows, key, sizeof *key, row);
    if (row == NULL) {
        row = mj_calloc(1, sizeof *row);
        row->key = *key;
        mj_rep_row_text(key, row->name);
        HASH_ADD(hh, g->rows, key, sizeof row->key, row);
    }
    *last = (struct last){ row, region };
    return row;
}

static struct cell *cell_for(struct row *row, mj_rep_name name)
{
    for (size_t i = 0; i < row->count; i++) {
        if (row->cells[i].name == name) {
            return &row->cells[i];
        }
    }
    if (row->count == row->capacity) {
        size_t capacity = row->capacity == 0 ? 8 : row->capacity * 2;
        struct cell *cells = mj_calloc(capacity, sizeof *cells);
        if (row->count > 0) {
            memcpy(cells, row->cells, row->count * sizeof *cells);
        }
        free(row->cells);
        row->cells = cells;
        row->capacity = capacity;
    }
    row->cells[row->count] = (struct cell){ .name = name };
    return &row->cells[row->count++];
}

void mj_rep_cells_add(struct mj_rep_cells *c, const struct mj_rep_cell *change)
{
    struct region *g = &c->regions[change->region];
    struct row *row = row_for(c, change->region, &change->row);
    struct cell *cell = cell_for(row, change->name);

    cell->value += change->value;
    for (enum reader r = REDIS; r < READERS; r++) {
        cell->fresh[r] = true;
        if (!row->fresh[r]) {
            row->fresh[r] = true;
            row->next_fresh[r] = g->fresh[r];
            g->fresh[r] = row;
        }
    }
    g->version++;
}

static const struct row *find_row(const struct mj_rep_cells *c, int region, const char *text)
{
    struct mj_rep_row key;
    struct row *row = NULL;

    if (mj_rep_row_parse(&key, text)) {
        HASH_FIND(hh, c->regions[region].rows, &key, sizeof key, row);
    }
    return row;
}

int64_t mj_rep_cells_value(const struct mj_rep_cells *c, int region, const char *row, mj_rep_name name)
{
    const struct row *found = find_row(c, region, row);

    for (size_t i = 0; found != NULL && i < found->count; i++) {
        if (found->cells[i].name == name) {
            return found->cells[i].value;
        }
    }
    return 0;
}

static void each_of_row(const struct row *row, mj_rep_cell_fn *each, void *arg)
{
    for (size_t i = 0; i < row->count; i++) {
        if (row->cells[i].value != 0) {
            each(arg, row->name, row->cells[i].name, row->cells[i].value);
        }
    }
}

void mj_rep_cells_each(const struct mj_rep_cells *c, int region, const char *row, mj_rep_cell_fn *each, void *arg)
{
    const struct row *r;

    if (row != NULL) {
        r = find_row(c, region, row);
        if (r != NULL) {
            each_of_row(r, each, arg);
        }
        return;
    }
    for (r = c->regions[region].rows; r != NULL; r = r->hh.next) {
        each_of_row(r, each, arg);
    }
}

bool mj_rep_cells_none(const struct mj_rep_cells *c, int region)
{
    return c->regions[region].rows == NULL;
}

static void each_fresh(const struct region *g, enum reader r, mj_rep_cell_fn *each, void *arg)
{
    for (const struct row *row = g->fresh[r]; row != NULL; row = row->next_fresh[r]) {
        for (size_t i = 0; i < row->count; i++) {
            if (row->cells[i].fresh[r]) {
                each(arg, row->name, row->cells[i].name, row->cells[i].value);
            }
        }
    }
}

static void none_fresh(struct region *g, enum reader r)
{
    struct row *next;

    for (struct row *row = g->fresh[r]; row != NULL; row = next) {
        next = row->next_fresh[r];
        row->fresh[r] = false;
        for (size_t i = 0; i < row->count; i++) {
            row->cells[i].fresh[r] = false;
        }
    }
    g->fresh[r] = NULL;
}

void mj_rep_cells_dirty(const struct mj_rep_cells *c, int region, mj_rep_cell_fn *each, void *arg)
{
    each_fresh(&c->regions[region], REDIS, each, arg);
}

void mj_rep_cells_clean(struct mj_rep_cells *c, int region)
{
    none_fresh(&c->regions[region], REDIS);
}

bool mj_rep_cells_are_dirty(const struct mj_rep_cells *c, int region)
{
    return c->regions[region].fresh[REDIS] != NULL;
}

void mj_rep_cells_unsaved(const struct mj_rep_cells *c, int region, mj_rep_cell_fn *each, void *arg)
{
    each_fresh(&c->regions[region], TABLES, each, arg);
}

void mj_rep_cells_saved(struct mj_rep_cells *c)
{
    for (int i = 0; i < MJ_REP_REGIONS; i++) {
        none_fresh(&c->regions[i], TABLES);
    }
    c->saved_as_of_ms = c->as_of_ms;
}

bool mj_rep_cells_are_unsaved(const struct mj_rep_cells *c)
{
    /* Every cell of a region counts for the country too. */
    return c->regions[MJ_REP_FR].fresh[TABLES] != NULL || c->as_of_ms != c->saved_as_of_ms;
}

uint64_t mj_rep_cells_version(const struct mj_rep_cells *c, int region)
{
    return c->regions[region].version;
}

void mj_rep_cells_touch(struct mj_rep_cells *c, int region)
{
    c->regions[region].version++;
}

struct mj_rep_positions *mj_rep_cells_positions(struct mj_rep_cells *c)
{
    return &c->positions;
}

uint64_t mj_rep_cells_as_of(const struct mj_rep_cells *c)
{
    return c->as_of_ms;
}

void mj_rep_cells_set_as_of(struct mj_rep_cells *c, uint64_t recorded_at_ms)
{
    if (recorded_at_ms > c->as_of_ms) {
        c->as_of_ms = recorded_at_ms;
    }
}
