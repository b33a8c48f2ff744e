/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "reporting/cells.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/hash.h"

struct cell {
    mj_rep_name name;
    bool dirty;
    int64_t value;
};

struct row {                             /* a row's cells: a few figures, a few years */
    char name[MJ_REP_ROW_TEXT];
    struct cell *cells;
    size_t count, capacity;
    bool dirty;
    struct row *next_dirty;
    UT_hash_handle hh;
};

struct region {
    struct row *rows;
    struct row *dirty;
    uint64_t version;
};

struct mj_rep_cells {
    struct region regions[MJ_REP_REGIONS];
    struct mj_rep_positions positions;
    uint64_t as_of_ms;
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
        g->dirty = NULL;
        g->version++;
    }
    c->positions = (struct mj_rep_positions){ { 0 } };
    c->as_of_ms = 0;
}

void mj_rep_cells_destroy(struct mj_rep_cells *c)
{
    if (c != NULL) {
        mj_rep_cells_clear(c);
        free(c);
    }
}

static struct row *row_for(struct region *g, const char *name)
{
    struct row *row;

    HASH_FIND_STR(g->rows, name, row);
    if (row == NULL) {
        row = mj_calloc(1, sizeof *row);
        memcpy(row->name, name, strnlen(name, MJ_REP_ROW_TEXT - 1));
        HASH_ADD_STR(g->rows, name, row);
    }
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

int64_t mj_rep_cells_add(struct mj_rep_cells *c, const struct mj_rep_cell *delta)
{
    struct region *g = &c->regions[delta->region];
    struct row *row = row_for(g, delta->row);
    struct cell *cell = cell_for(row, delta->name);

    cell->value += delta->value;
    cell->dirty = true;
    if (!row->dirty) {
        row->dirty = true;
        row->next_dirty = g->dirty;
        g->dirty = row;
    }
    g->version++;
    return cell->value;
}

int64_t mj_rep_cells_value(const struct mj_rep_cells *c, int region, const char *row, mj_rep_name name)
{
    struct row *found;

    HASH_FIND_STR(c->regions[region].rows, row, found);
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
    struct row *r;

    if (row != NULL) {
        HASH_FIND_STR(c->regions[region].rows, row, r);
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

void mj_rep_cells_dirty(const struct mj_rep_cells *c, int region, mj_rep_cell_fn *each, void *arg)
{
    for (const struct row *row = c->regions[region].dirty; row != NULL; row = row->next_dirty) {
        for (size_t i = 0; i < row->count; i++) {
            if (row->cells[i].dirty) {
                each(arg, row->name, row->cells[i].name, row->cells[i].value);
            }
        }
    }
}

void mj_rep_cells_clean(struct mj_rep_cells *c, int region)
{
    struct row *next;

    for (struct row *row = c->regions[region].dirty; row != NULL; row = next) {
        next = row->next_dirty;
        row->next_dirty = NULL;
        row->dirty = false;
        for (size_t i = 0; i < row->count; i++) {
            row->cells[i].dirty = false;
        }
    }
    c->regions[region].dirty = NULL;
}

bool mj_rep_cells_are_dirty(const struct mj_rep_cells *c, int region)
{
    return c->regions[region].dirty != NULL;
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
