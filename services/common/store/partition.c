/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/service/logging.h"
#include "common/store/lock.h"
#include "common/store/partition_private.h"

/* Idempotency keys, kept as long as what they did. */
static const char own_schema[] =
    "CREATE TABLE commands(key BLOB PRIMARY KEY, tag BLOB NOT NULL, position INTEGER NOT NULL, answer BLOB NOT NULL)"
    " WITHOUT ROWID;\n";
static const struct mj_sql sql_command_put = {
    "INSERT INTO commands(key, tag, position, answer) VALUES($1, $2, $3, $4)"
    " ON CONFLICT(key) DO UPDATE SET tag = excluded.tag, position = excluded.position, answer = excluded.answer" };
static const struct mj_sql sql_command_get = { "SELECT tag, position, answer FROM commands WHERE key = $1" };

void partition_lost(const char *what, const mj_error *err)
{
    mj_log_failure(MJ_ERR, what, err);
    abort();
}

/* ---- idempotency keys as rows ---- */

static struct known_command *known_make(const void *tag, uint64_t position, const void *answer, size_t len)
{
    struct known_command *k = mj_alloc(sizeof *k + len);

    memcpy(k->tag, tag, MJ_TAG);
    k->position = position;
    k->answer_len = len;
    if (len)
        memcpy(k->answer, answer, len);
    return k;
}

static int known_row(void *arg, const struct mj_result_row *row)
{
    size_t tag_len, len;
    const void *tag = mj_col_blob(row, 0, &tag_len), *answer = mj_col_blob(row, 2, &len);

    if (tag_len != MJ_TAG)
        return 1;
    *(void **)arg = known_make(tag, (uint64_t)mj_col_int(row, 1), answer, len);
    return 0;
}

static int known_load(const struct mj_readers *r, const struct mj_row_key *key, void **ret, mj_error *err)
{
    struct mj_value v = mj_vb(key->bytes, key->len);

    return mj_tables_query(r->tables, &sql_command_get, &v, 1, known_row, ret, err);
}

static void known_save(struct mj_batch *b, const struct mj_row_key *key, const void *value)
{
    const struct known_command *k = value;
    struct mj_value v[] = { mj_vb(key->bytes, key->len), mj_vb(k->tag, MJ_TAG), mj_vi((int64_t)k->position),
                            mj_vb(k->answer, k->answer_len) };

    mj_batch_add(b, &sql_command_put, v, 4);
}

static size_t known_size(const void *value)
{
    return sizeof(struct known_command) + ((const struct known_command *)value)->answer_len;
}

const struct mj_row_kind partition_command_kind = { "command", known_load, known_save, known_size, free, NULL, false };

/* ---- folding ---- */

int partition_fold(struct mj_partition *p, const struct mj_entry *e, mj_error *err)
{
    if (e->type >= MJ_ENTRY_FIRST_OWN && p->domain.fold(p->domain.app, p, e, err) < 0)
        return -1;
    if (e->command_key && e->command_hash) {
        struct mj_row_key key = mj_row_key(e->command_key, 16);

        mj_rows_put(p->rows, &partition_command_kind, &key,
                    known_make(e->command_hash, e->position, e->command_answer, e->command_answer_len));
    }
    p->folded = e->position;
    return 0;
}

struct tail { struct mj_partition *p; struct mj_arena *arena; mj_error *err; int rc; };

static int tail_entry(void *arg, const struct mj_entry *e)
{
    struct tail *t = arg;

    if (e->position <= t->p->folded)
        return 0;
    if (e->type >= MJ_ENTRY_FIRST_OWN ? !t->p->domain.knows(e->type) : e->type != MJ_ENTRY_OPENED) {
        t->rc = mj_fail(t->err, MJ_UNIMPLEMENTED, "ENTRY_TYPE_UNKNOWN", NULL,
                        "log %s/%s holds an entry of type %u at position %llu, which this program does not know; start"
                        " a newer one", t->p->domain.service, t->p->region, e->type, (unsigned long long)e->position);
        return 1;
    }
    if (e->recorded_at_ms > (uint64_t)t->p->recorded_at)
        t->p->recorded_at = (int64_t)e->recorded_at_ms;
    struct mj_entry entry = *e;
    if (t->p->domain.read && e->type >= MJ_ENTRY_FIRST_OWN)
        t->rc = t->p->domain.read(t->p->domain.app, &entry, t->arena, t->err);
    if (t->rc == 0)
        t->rc = partition_fold(t->p, &entry, t->err);
    return t->rc;
}

/* Memory stays bounded while a long tail is folded: the tables are written on the way. */
static void tail_write(struct mj_partition *p)
{
    struct mj_batch *b;

    if (p->state == PARTITION_REBUILDING)        /* in a callback of the loop; the tail was in memory a moment ago */
        return;
    while (mj_rows_full(p->rows) && mj_rows_writing(p->rows))
        mj_loop_run_for(p->threads->loop, 1);
    if (mj_rows_due(p->rows) && (b = mj_rows_gather(p->rows)))
        mj_rows_write(p->rows, b);
}

static int tail_commit(void *arg, const struct mj_commit *c)
{
    struct tail *t = arg;

    mj_arena_reset(t->arena, 0);
    if (mj_block_each(c, t->arena, tail_entry, t, t->err) < 0)
        t->rc = -1;
    if (t->rc < 0)
        return 1;
    mj_rows_position(t->p->rows, "own", c->first + c->count - 1, c->hash);
    tail_write(t->p);
    return 0;
}

int partition_fold_tail(struct mj_partition *p, mj_error *err)
{
    struct tail t = { p, mj_arena_create(0), err, 0 };
    uint64_t end = mj_log_end(p->log);

    p->folded = mj_rows_tables_position(p->rows, "own", NULL);
    while (t.rc == 0 && p->folded + 1 < end)
        if (mj_log_read(mj_rows_readers(p->rows)->log, p->folded + 1, 4 * MJ_COMMIT_MAX, tail_commit, &t, err) < 0)
            t.rc = -1;
    mj_arena_destroy(t.arena);
    p->durable = p->folded;
    memcpy(p->head, mj_log_hash(p->log), MJ_HASH);
    return t.rc;
}

/* ---- opening and closing ---- */

/* Tables that stand at a commit that this log does not hold were folded from another log: they are set aside. */
static int tables_fit(struct mj_partition *p, bool *fit, mj_error *err)
{
    uint8_t ours[MJ_HASH], theirs[MJ_HASH];
    uint64_t position = mj_rows_tables_position(p->rows, "own", theirs);
    bool found = false;

    *fit = true;
    if (position == 0)
        return 0;
    if (mj_log_hash_before(mj_rows_readers(p->rows)->log, position + 1, ours, &found, err) < 0)
        return -1;
    *fit = found && memcmp(ours, theirs, MJ_HASH) == 0;
    return 0;
}

static int open_rows(struct mj_partition *p, const struct mj_partition_options *o, mj_error *err)
{
    struct mj_buf schema = MJ_BUF_INIT;
    char url[440];
    bool fit = false;
    int rc;

    snprintf(url, sizeof url, "sqlite:%s/tables.db", p->directory);
    mj_buf_printf(&schema, "%s%s", own_schema, p->domain.schema);
    rc = mj_rows_create(&p->rows, o->threads, url, p->domain.schema_name, (const char *)schema.data, p->log_url, err);
    if (rc == 0 && (rc = tables_fit(p, &fit, err)) == 0 && !fit) {
        mj_log(MJ_WARN, "tables_of_another_log", "service=%s region=%s", p->domain.service, p->region);
        mj_rows_destroy(p->rows);
        p->rows = NULL;
        rc = mj_tables_set_aside(url, "other-log", err);
        if (rc == 0)
            rc = mj_rows_create(&p->rows, o->threads, url, p->domain.schema_name, (const char *)schema.data,
                                p->log_url, err);
    }
    mj_buf_free(&schema);
    return rc;
}

/* The keys are made before the log, so a log without keys has lost them. */
static int open_log(struct mj_partition *p, const struct mj_partition_options *o, mj_error *err)
{
    char path[440];
    bool log_exists;

    snprintf(path, sizeof path, "%s/log.db", p->directory);
    if (access(path, F_OK) == 0)
        return mj_fail(err, MJ_FAILED_PRECONDITION, "OLD_LOG", NULL, "%s was written by an unreleased build, whose "
                       "logs this one does not read; go on with that build, or begin with an empty directory", path);
    snprintf(path, sizeof path, "%s/log", p->directory);
    log_exists = access(path, F_OK) == 0;
    snprintf(p->log_url, sizeof p->log_url, "file:%s/log", p->directory);
    snprintf(path, sizeof path, "sqlite:%s/keys.db", p->directory);
    if (mj_keystore_open(&p->keys, path, log_exists, err) < 0)
        return -1;
    return mj_log_open(&p->log, p->log_url, p->env, o->instance, err);
}

int mj_partition_open(struct mj_partition **ret, const struct mj_domain *domain, const struct mj_partition_options *o,
                      mj_error *err)
{
    struct mj_partition *p = mj_calloc(1, sizeof *p);

    p->domain = *domain;
    p->threads = o->threads;
    p->env = mj_loop_env(o->threads->loop);
    p->lock = -1;
    p->waiting_bytes_max = o->waiting_bytes;
    snprintf(p->directory, sizeof p->directory, "%s", o->directory);
    snprintf(p->region, sizeof p->region, "%s", o->region);
    p->decided_tail = &p->decided;
    if (mj_lock_take(&p->lock, p->directory, err) < 0 || open_log(p, o, err) < 0 || open_rows(p, o, err) < 0 ||
        partition_commit_create(p, err) < 0 || partition_tables_create(p, err) < 0 ||
        partition_fold_tail(p, err) < 0 || (domain->ready && domain->ready(domain->app, p, err) < 0)) {
        mj_partition_close(p);
        return -1;
    }
    partition_flush_idle(p);
    *ret = p;
    return 0;
}

void partition_check_drained(struct mj_partition *p)
{
    void (*fn)(void *arg) = p->drained;

    if (!fn || p->live || !partition_nothing_pending(p) || mj_rows_writing(p->rows))
        return;
    if (mj_rows_tables_position(p->rows, "own", NULL) < p->durable) {
        p->flush_now = true;
        partition_flush_idle(p);
        return;
    }
    p->drained = NULL;
    fn(p->drained_arg);
}

void mj_partition_drain(struct mj_partition *p, void (*fn)(void *arg), void *arg)
{
    p->closing = true;
    if (p->state == PARTITION_OPEN)
        p->state = PARTITION_DRAINING;
    p->drained = fn;
    p->drained_arg = arg;
    mj_defer_schedule(p->turn);
}

/* Commands, appends, fetches and writes that a thread or a row still has in hand. */
static bool is_busy(const struct mj_partition *p)
{
    return p->live || p->in_flight || p->probing || (p->rows && !mj_rows_idle(p->rows));
}

void mj_partition_close(struct mj_partition *p)
{
    if (!p)
        return;
    p->closing = true;
    if (p->state == PARTITION_OPEN)
        p->state = PARTITION_DRAINING;
    while (is_busy(p))                           /* lands first: threads work in our memory */
        mj_loop_run_for(p->threads->loop, 1);
    partition_tables_destroy(p);
    partition_commit_destroy(p);
    mj_rows_destroy(p->rows);
    if (p->log)
        mj_log_close(p->log);
    if (p->keys)
        mj_keystore_close(p->keys);
    if (p->lock >= 0)
        mj_lock_drop(p->lock);
    mj_buf_free(&p->scratch);
    free(p);
}

/* ---- what others may ask ---- */

struct mj_keystore *mj_partition_keystore(struct mj_partition *p) { return p->keys; }
struct mj_rows *mj_partition_rows(struct mj_partition *p) { return p->rows; }
const char *mj_partition_region(const struct mj_partition *p) { return p->region; }
uint64_t mj_partition_folded(const struct mj_partition *p) { return p->folded; }
uint64_t mj_partition_durable(const struct mj_partition *p) { return p->durable; }
uint64_t mj_partition_epoch(const struct mj_partition *p) { return mj_log_epoch(p->log); }
const uint8_t *mj_partition_lineage(const struct mj_partition *p) { return mj_log_lineage(p->log); }
const uint8_t *mj_partition_head(const struct mj_partition *p) { return p->head; }
bool mj_partition_accepting(const struct mj_partition *p) { return p->state == PARTITION_OPEN; }
const char *mj_partition_log_url(const struct mj_partition *p) { return p->log_url; }
const struct mj_partition_stats *mj_partition_stats(const struct mj_partition *p) { return &p->stats; }

void mj_partition_listen(struct mj_partition *p, struct mj_commit_listener *l)
{
    l->next = p->listeners;
    p->listeners = l;
}

void mj_partition_unlisten(struct mj_partition *p, struct mj_commit_listener *l)
{
    for (struct mj_commit_listener **at = &p->listeners; *at; at = &(*at)->next)
        if (*at == l) {
            *at = l->next;
            return;
        }
}
