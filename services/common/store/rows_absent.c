/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Rows that surely do not exist, for kinds that ask for it: most new events open something, and would look for it in
 * the tables in vain (1.7 us of CPU and a wait). A filter a kind learns once what the tables hold, before this process
 * changes any such row, and then of each row that comes to be. It forgets nothing: a row that was dropped, or that a
 * reset took back, is looked for. */
#include <stdlib.h>

#include "common/base/buf.h"
#include "common/store/rows_private.h"

static int learn_one(void *arg, const struct mj_result_row *row)
{
    mj_filter_add(arg, (uint64_t)mj_col_int(row, 0));
    return 0;
}

static struct absent *find(const struct mj_rows *r, const struct mj_row_kind *k)
{
    struct absent *a = r->absent;

    while (a && a->kind != k)
        a = a->next;
    return a;
}

static void measure(struct mj_rows *r)
{
    r->stats.filter_bytes = 0;
    for (const struct absent *a = r->absent; a; a = a->next)
        r->stats.filter_bytes += mj_filter_bytes(a->filter);
}

int mj_rows_learn(struct mj_rows *r, const struct mj_row_kind *k, mj_error *err)
{
    struct mj_filter *filter;

    if (find(r, k))
        return 0;
    filter = mj_filter_create();
    if (mj_tables_query(r->loop_readers.tables, &k->names->all, NULL, 0, learn_one, filter, err) < 0) {
        mj_filter_destroy(filter);
        return -1;
    }
    r->absent = mj_memdup(&(struct absent){ k, filter, r->absent }, sizeof *r->absent);
    measure(r);
    return 0;
}

static struct mj_filter *filter_of(struct mj_rows *r, const struct mj_row_kind *k)
{
    mj_error err = { 0 };

    if (mj_rows_learn(r, k, &err) < 0)
        rows_lost("row_names_failed", &err);
    return find(r, k)->filter;
}

bool rows_is_absent(struct mj_rows *r, const struct mj_row_kind *k, const struct mj_row_key *key)
{
    if (!k->names || mj_filter_may_hold(filter_of(r, k), k->names->number(key)))
        return false;
    r->stats.absent++;
    return true;
}

void rows_comes_to_be(const struct mj_row *row)
{
    struct mj_row_key key;

    if (!row->kind->names)
        return;
    key = rows_key(row);
    mj_filter_add(filter_of(row->rows, row->kind), row->kind->names->number(&key));
    measure(row->rows);
}

void rows_absent_destroy(struct mj_rows *r)
{
    struct absent *a;

    while ((a = r->absent)) {
        r->absent = a->next;
        mj_filter_destroy(a->filter);
        free(a);
    }
}
