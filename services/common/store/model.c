/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "common/store/model.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/service/logging.h"
#include "common/store/lock.h"

#define STEP_MS 500                      /* as in a partition: how long a few changed rows wait to be written */
#define IDLE_MS 5                        /* start over: how often it is looked whether the threads are done */

static const char own_schema[] = "CREATE TABLE model(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;\n";
static const struct mj_sql sql_meta_put = {
    "INSERT INTO model(name, value) VALUES($1, $2) ON CONFLICT(name) DO UPDATE SET value = excluded.value" };
static const struct mj_sql sql_meta_get = { "SELECT value FROM model WHERE name = $1" };

struct intake {                          /* one commit on its way into the fold */
    struct mj_model *model;
    struct mj_row_waiter waiter;
    struct followed *log;
    char service[16], region[3];
    struct mj_commit commit;
    struct mj_arena *principals;
    struct mj_entry *entries;
    uint8_t *values;                     /* of the entries, value_size bytes each */
    size_t count, room;
    uint64_t recorded_at_ms;             /* of the last entry */
    void (*done)(void *arg);
    void *arg;
    bool folded;
    struct intake *next;
};

struct mj_model {
    const struct mj_threads *threads;
    struct mj_model_domain domain;
    char url[440];
    struct mj_rows *rows;
    uint8_t epoch[16];
    struct mj_buf schema;
    struct intake *waiting;              /* for rows, or (folded) for room and their done */
    struct intake *spare;                /* one that is done, for its memory */
    struct mj_defer *turn;
    struct mj_timer *step, *idle;
    bool step_started, starting_over;
    void (*drained)(void *arg);
    void *drained_arg;
    /* next position and last hash of each log, as folded in memory */
    struct followed { char name[24]; uint64_t next; uint8_t hash[MJ_HASH]; bool busy; } followed[64];
    size_t followed_count;
};

/* ---- the name of this fold, as a row ---- */

static int meta_row(void *arg, const struct mj_result_row *row)
{
    size_t len;
    const void *v = mj_col_blob(row, 0, &len);

    if (len == 16)
        *(void **)arg = mj_memdup(v, len);
    return 0;
}

static int meta_load(const struct mj_readers *r, const struct mj_row_key *key, void **ret, mj_error *err)
{
    struct mj_value v = { MJ_V_TEXT, 0, key->bytes, key->len };

    return mj_tables_query(r->tables, &sql_meta_get, &v, 1, meta_row, ret, err);
}

static void meta_save(struct mj_batch *b, const struct mj_row_key *key, const void *value)
{
    struct mj_value v[] = { { MJ_V_TEXT, 0, key->bytes, key->len }, mj_vb(value, 16) };

    mj_batch_add(b, &sql_meta_put, v, 2);
}

static size_t meta_size(const void *value)
{
    (void)value;
    return 16;
}

static const struct mj_row_kind meta_kind = { "model", meta_load, meta_save, meta_size, free, NULL, false };

static void load_epoch(struct mj_model *m)
{
    struct mj_row_key key = mj_row_key_text("epoch");
    const void *known = mj_rows_get(m->rows, &meta_kind, &key);

    if (known) {
        memcpy(m->epoch, known, sizeof m->epoch);
        return;
    }
    mj_random(mj_loop_env(m->threads->loop), m->epoch, sizeof m->epoch);
    mj_rows_put(m->rows, &meta_kind, &key, mj_memdup(m->epoch, sizeof m->epoch));
}

/* ---- positions ---- */

static struct followed *followed(struct mj_model *m, const char *service, const char *region)
{
    char name[24];
    struct followed *f;

    snprintf(name, sizeof name, "%s/%s", service, region);
    for (size_t i = 0; i < m->followed_count; i++)
        if (strcmp(m->followed[i].name, name) == 0)
            return &m->followed[i];
    assert(m->followed_count < sizeof m->followed / sizeof *m->followed);
    f = &m->followed[m->followed_count++];
    memcpy(f->name, name, sizeof name);
    f->next = mj_rows_tables_position(m->rows, name, f->hash) + 1;
    return f;
}

uint64_t mj_model_next(struct mj_model *m, const char *service, const char *region, uint8_t hash[MJ_HASH])
{
    const struct followed *f = followed(m, service, region);

    memcpy(hash, f->hash, MJ_HASH);
    return f->next;
}

/* ---- writing ---- */

static void write_now(struct mj_model *m)
{
    struct mj_batch *b = mj_rows_gather(m->rows);

    if (b)
        mj_rows_write(m->rows, b);
}

static void check_drained(struct mj_model *m)
{
    void (*fn)(void *arg) = m->drained;

    if (!fn || mj_rows_writing(m->rows))
        return;
    write_now(m);
    if (mj_rows_writing(m->rows))
        return;
    m->drained = NULL;
    fn(m->drained_arg);
}

static void start_step(struct mj_model *m)
{
    if (m->step_started || mj_rows_stats(m->rows)->unflushed_bytes == 0)
        return;
    m->step_started = true;
    mj_timer_start(m->step, STEP_MS, 0);
}

static void on_step(void *arg)
{
    struct mj_model *m = arg;

    m->step_started = false;
    if (!m->starting_over)
        write_now(m);
}

static void on_written(void *arg)
{
    struct mj_model *m = arg;

    mj_defer_schedule(m->turn);
    start_step(m);
    check_drained(m);
}

/* ---- taking commits ---- */

static void intake_free(struct intake *in)
{
    if (!in)
        return;
    mj_arena_destroy(in->principals);
    free(in->entries);
    free(in->values);
    free(in);
}

/* The memory of one commit goes to the next: hundreds of KiB, new from the system each time, cost more than reading. */
static void intake_done(struct intake *in)
{
    struct mj_model *m = in->model;

    intake_free(m->spare);
    m->spare = in;
}

/* The types that all logs share: one that is not known here may say that the log goes on elsewhere. */
static int check_common(const struct intake *in, const struct mj_entry *e, mj_error *err)
{
    if (e->type == MJ_ENTRY_OPENED)
        return 0;
    return mj_fail(err, MJ_UNIMPLEMENTED, "ENTRY_TYPE_UNKNOWN", NULL,
                   "%s/%s holds an entry of type %u at %llu, which this program does not know; install a newer one",
                   in->service, in->region, e->type, (unsigned long long)e->position);
}

struct reading { struct intake *in; mj_error *err; int rc; };

/* Keeps what is to be folded: the log's own entries, as far as they tell something. */
static int read_entry(void *arg, const struct mj_entry *e)
{
    struct reading *r = arg;
    struct intake *in = r->in;
    const struct mj_model_domain *d = &in->model->domain;
    void *value = d->read ? in->values + in->count * d->value_size : NULL;
    int told = 1;

    in->recorded_at_ms = e->recorded_at_ms;
    if (e->type < MJ_ENTRY_FIRST_OWN)
        told = check_common(in, e, r->err);
    else if (d->read)
        told = d->read(d->app, in->service, in->region, e, value, r->err);
    r->rc = told < 0 ? -1 : 0;
    if (told > 0) {
        in->entries[in->count] = *e;
        in->entries[in->count++].value = value;
    }
    return r->rc;
}

static int read_entries(struct intake *in, mj_error *err)
{
    struct reading r = { in, err, 0 };

    return mj_block_each(&in->commit, in->principals, read_entry, &r, err) < 0 ? -1 : r.rc;
}

/* All rows are asked for at once; the waiter comes back when all that were missing are here. What only those could name
 * (a placement's young person) is asked for in the next round. */
static bool rows_here(struct intake *in)
{
    struct mj_model *m = in->model;
    bool here = true;

    for (size_t i = 0; m->domain.needs && i < in->count; i++)
        here &= m->domain.needs(m->domain.app, m, in->service, in->region, &in->entries[i], &in->waiter);
    return here;
}

static void fold(struct intake *in)
{
    struct mj_model *m = in->model;
    mj_error err = { 0 };

    for (size_t i = 0; i < in->count; i++)
        if (m->domain.fold(m->domain.app, m, in->service, in->region, &in->entries[i], &err) < 0) {
            mj_log_failure(MJ_ERR, "model_fold_failed", &err);
            abort();
        }
    mj_rows_position(m->rows, in->log->name, in->commit.first + in->commit.count - 1, in->commit.hash);
    in->folded = true;
    in->log->busy = false;
    if (m->domain.folded)
        m->domain.folded(m->domain.app, m, in->service, in->region, in->commit.first + in->commit.count - 1,
                         in->recorded_at_ms);
    if (mj_rows_due(m->rows))
        write_now(m);
    else
        start_step(m);
    mj_defer_schedule(m->turn);
}

static void on_row(struct mj_row_waiter *w)
{
    struct intake *in = (struct intake *)((char *)w - offsetof(struct intake, waiter));

    if (!in->model->starting_over && rows_here(in))
        fold(in);
}

/* Tells the followers whose commit is folded, unless memory is full of what the tables do not have yet. */
static void on_turn(void *arg)
{
    struct mj_model *m = arg;
    struct intake **at = &m->waiting, *in, *ready = NULL;

    if (!m->starting_over && mj_rows_full(m->rows)) {
        write_now(m);
        return;
    }
    while ((in = *at)) {
        if (!in->folded) {
            at = &in->next;
            continue;
        }
        *at = in->next;
        in->next = ready;
        ready = in;
    }
    while ((in = ready)) {
        ready = in->next;
        in->done(in->arg);
        intake_done(in);
    }
}

static struct intake *intake_make(struct mj_model *m, const char *service, const char *region,
                                  const struct mj_commit *c)
{
    struct intake *in = m->spare ? m->spare : mj_calloc(1, sizeof *in);
    struct intake kept = *in;

    m->spare = NULL;
    *in = (struct intake){ .model = m, .waiter.fn = on_row, .commit = *c, .principals = kept.principals,
                           .entries = kept.entries, .values = kept.values, .room = kept.room };
    snprintf(in->service, sizeof in->service, "%s", service);
    snprintf(in->region, sizeof in->region, "%s", region);
    if (in->principals)
        mj_arena_reset(in->principals, 0);
    else
        in->principals = mj_arena_create(0);
    if (in->room < c->count) {
        free(in->entries);
        free(in->values);
        in->room = c->count;
        in->entries = mj_alloc(in->room * sizeof *in->entries);
        in->values = mj_alloc(in->room * m->domain.value_size);
    }
    return in;
}

int mj_model_take(struct mj_model *m, const char *service, const char *region, const struct mj_commit *c,
                  void (*done)(void *arg), void *arg, mj_error *err)
{
    struct followed *f = followed(m, service, region);
    struct intake *in;

    if (m->starting_over || f->busy || c->first != f->next)      /* one commit of a log at a time: they fold in order */
        return mj_fail(err, MJ_ABORTED, "NOT_NEXT", NULL, "commit %llu of %s was offered, the next is %llu",
                       (unsigned long long)c->first, f->name, (unsigned long long)f->next);
    if (c->count == 0 || !mj_commit_fits(c, f->hash))
        return mj_fail(err, MJ_DATA_LOSS, "CHAIN_BROKEN", NULL, "commit %llu of %s does not fit the one before it",
                       (unsigned long long)c->first, f->name);
    in = intake_make(m, service, region, c);
    if (read_entries(in, err) < 0) {
        intake_free(in);
        return -1;
    }
    in->done = done;
    in->arg = arg;
    in->log = f;
    f->next = c->first + c->count;
    f->busy = true;
    memcpy(f->hash, c->hash, MJ_HASH);
    in->next = m->waiting;
    m->waiting = in;
    if (rows_here(in))
        fold(in);
    return 0;
}

/* ---- lifetime ---- */

static int open_rows(struct mj_model *m, mj_error *err)
{
    if (mj_rows_create(&m->rows, m->threads, m->url, m->domain.schema_name, (const char *)m->schema.data, NULL,
                       err) < 0)
        return -1;
    mj_rows_on_written(m->rows, on_written, m);
    load_epoch(m);
    return m->domain.ready ? m->domain.ready(m->domain.app, m, err) : 0;
}

/* Start over: once no thread works for the old tables they are moved aside, and new ones begin from nothing. */
static void on_idle(void *arg)
{
    struct mj_model *m = arg;
    struct intake *in;
    mj_error err = { 0 };
    char suffix[40];

    if (!mj_rows_idle(m->rows)) {
        mj_timer_start(m->idle, IDLE_MS, 0);
        return;
    }
    mj_rows_destroy(m->rows);
    snprintf(suffix, sizeof suffix, "diverged-%lld", (long long)mj_wall_ms(mj_loop_env(m->threads->loop)));
    m->followed_count = 0;
    if (mj_tables_set_aside(m->url, suffix, &err) < 0 || open_rows(m, &err) < 0) {
        mj_log_failure(MJ_ERR, "model_start_over_failed", &err);
        abort();
    }
    m->starting_over = false;
    mj_log(MJ_ERR, "model_starts_over", "aside=%s", suffix);
    for (in = m->waiting; in; in = in->next)     /* their followers ask for the next position, which is 1 */
        in->folded = true;
    mj_defer_schedule(m->turn);
}

int mj_model_start_over(struct mj_model *m, mj_error *err)
{
    (void)err;
    if (m->starting_over)
        return 0;
    m->starting_over = true;
    mj_timer_start(m->idle, 0, 0);
    return 0;
}

int mj_model_open(struct mj_model **ret, const struct mj_threads *threads, const char *directory,
                  const struct mj_model_domain *domain, mj_error *err)
{
    struct mj_model *m = mj_calloc(1, sizeof *m);

    m->threads = threads;
    m->domain = *domain;
    snprintf(m->url, sizeof m->url, "sqlite:%s/tables.db", directory);
    mj_buf_printf(&m->schema, "%s%s", own_schema, domain->schema);
    if (mj_directory_make(directory, err) < 0 ||
        mj_defer_create(&m->turn, threads->loop, on_turn, m, err) < 0 ||
        mj_timer_create(&m->step, threads->loop, on_step, m, err) < 0 ||
        mj_timer_create(&m->idle, threads->loop, on_idle, m, err) < 0 || open_rows(m, err) < 0) {
        mj_model_close(m);
        return -1;
    }
    *ret = m;
    return 0;
}

void mj_model_drain(struct mj_model *m, void (*fn)(void *arg), void *arg)
{
    m->drained = fn;
    m->drained_arg = arg;
    check_drained(m);
}

void mj_model_close(struct mj_model *m)
{
    struct intake *in;

    if (!m)
        return;
    if (m->rows)
        while (!mj_rows_idle(m->rows))
            mj_loop_run_for(m->threads->loop, 1);
    while ((in = m->waiting)) {
        m->waiting = in->next;
        in->done(in->arg);               /* its owner may free what it held for the answer */
        intake_free(in);
    }
    intake_free(m->spare);
    mj_rows_destroy(m->rows);
    mj_defer_destroy(m->turn);
    mj_timer_destroy(m->step);
    mj_timer_destroy(m->idle);
    mj_buf_free(&m->schema);
    free(m);
}

struct mj_rows *mj_model_rows(struct mj_model *m) { return m->rows; }
const uint8_t *mj_model_epoch(const struct mj_model *m) { return m->epoch; }
