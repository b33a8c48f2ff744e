/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* yard: placements on a real partition and a real read model, in a directory of its own, without a network: for
 * tests of intake, fold, matching and queries. */
#ifndef MJ_TESTS_YARD_H
#define MJ_TESTS_YARD_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "missionjeunes/registry/v1/entries.pb-c.h"
#include "placements/intake.h"
#include "placements/queries.h"
#include "support/cache.h"
#include "support/events.h"
#include "support/scratch.h"

#define YARD_LIMIT_MS 20000
#define YARD_EXCEPTIONS 1000

struct yard {
    struct scratch scratch;
    struct mj_threads threads;
    struct pl_app *app;
    struct mj_partition *partition;
    struct pl_part *part;
    struct mj_model *model;
    char agency[MJ_SIRET_LEN + 1];
    uint64_t enrolled;                   /* position of registry's log 52 */
    uint8_t enrolled_hash[MJ_HASH];
    bool waiting;
    uint64_t deadline_ms;                /* of the batches sent; 0: none */
};

/* What the last batch or question was answered. */
struct yard_answer {
    struct yard *yard;
    bool refused;
    mj_error err;
    uint64_t through, position;
    size_t count;
    struct { uint64_t sequence, same_as; int outcome; char reason[40], field[64]; } exceptions[YARD_EXCEPTIONS];
};

static inline void yard_wait(struct yard *y)
{
    uint64_t limit = mj_loop_now_ms(y->threads.loop) + YARD_LIMIT_MS;
    while (y->waiting) {
        assert_true(mj_loop_now_ms(y->threads.loop) < limit);
        mj_loop_run_for(y->threads.loop, 1);
    }
}

/* Opens the partition, as at a start of the process. small: little cache, so that rows are fetched again; it must
 * hold what one batch needs. */
static inline void yard_open(struct yard *y, bool small)
{
    char directory[96];
    mj_error err = { 0 };
    struct mj_partition_options o = { &y->threads, directory, "52", "test", 64u << 20 };
    struct mj_domain domain = pl_domain;
    struct mj_model_domain model = pl_model_domain;
    (void)snprintf(directory, sizeof directory, "%s/52", y->scratch.path);
    y->app = pl_app_create(y->threads.loop, &mj_env_real);
    domain.app = model.app = y->app;
    assert_int_equal(cache_up(&y->threads, small ? 256u << 10 : 64u << 20), 0);
    if (mj_partition_open(&y->partition, &domain, &o, &err) < 0)
        fail_msg("%s: %s", err.reason, err.text);
    (void)snprintf(directory, sizeof directory, "%s/model", y->scratch.path);
    if (mj_model_open(&y->model, &y->threads, directory, &model, &err) < 0)
        fail_msg("%s: %s", err.reason, err.text);
    y->app->model = y->model;
    y->part = pl_part_of(y->app, y->partition);
}

static inline void yard_up(struct yard *y)
{
    memset(y, 0, sizeof *y);
    assert_int_equal(mj_crypto_init(NULL), 0);
    assert_int_equal(scratch_make(&y->scratch), 0);
    assert_int_equal(mj_loop_create(&y->threads.loop, &mj_env_real, NULL), 0);
    assert_int_equal(mj_worker_create(&y->threads.log, y->threads.loop, "log", MJ_WORKER_THREAD, NULL), 0);
    assert_int_equal(mj_worker_create(&y->threads.tables, y->threads.loop, "tables", MJ_WORKER_THREAD, NULL), 0);
    assert_int_equal(mj_worker_create(&y->threads.read, y->threads.loop, "read", MJ_WORKER_THREAD, NULL), 0);
    events_siret(y->agency, 41234567, 1);
    yard_open(y, false);
}

static inline void yard_done(void *arg)
{
    ((struct yard *)arg)->waiting = false;
}

/* drain: as SIGTERM does; else as a kill, where the tables lag behind the log. */
static inline void yard_close(struct yard *y, bool drain)
{
    if (drain) {
        y->waiting = true;
        mj_partition_drain(y->partition, yard_done, y);
        yard_wait(y);
        y->waiting = true;
        mj_model_drain(y->model, yard_done, y);
        yard_wait(y);
    }
    mj_partition_close(y->partition);
    mj_model_close(y->model);
    pl_app_free(y->app);
}

static inline void yard_down(struct yard *y)
{
    yard_close(y, true);
    mj_worker_destroy(y->threads.log);
    mj_worker_destroy(y->threads.tables);
    mj_worker_destroy(y->threads.read);
    cache_down(&y->threads);
    mj_loop_destroy(y->threads.loop);
    assert_int_equal(scratch_remove(&y->scratch), 0);
}

static inline void yard_taken(void *arg, const struct pl_taken *t)
{
    struct yard_answer *a = arg;
    a->refused = t->err != NULL;
    if (t->err)
        a->err = *t->err;
    a->through = t->through;
    a->position = t->position;
    a->count = t->err ? 0 : t->exception_count;
    for (size_t i = 0; i < a->count; i++) {
        const EventException *x = t->exceptions[i];
        a->exceptions[i].sequence = x->sequence;
        a->exceptions[i].same_as = x->same_as;
        a->exceptions[i].outcome = (int)x->outcome;
        (void)snprintf(a->exceptions[i].reason, sizeof a->exceptions[i].reason, "%s", x->reason);
        (void)snprintf(a->exceptions[i].field, sizeof a->exceptions[i].field, "%s", x->field);
    }
    a->yard->waiting = false;
}

/* Sends events numbered from first and waits for the answer. */
static inline void yard_send(struct yard *y, struct yard_answer *a, uint64_t first, const struct made *events,
                             size_t count)
{
    ProtobufCBinaryData bytes[PL_BATCH_EVENTS];
    for (size_t i = 0; i < count; i++)
        bytes[i] = (ProtobufCBinaryData){ events[i].len, (uint8_t *)events[i].bytes };
    struct pl_batch batch = { y->agency, "tester", first, bytes, count, EVENTS_NOW, y->deadline_ms };
    memset(a, 0, sizeof *a);
    a->yard = y;
    y->waiting = true;
    pl_intake(y->part, &batch, yard_taken, a);
    yard_wait(y);
}

/* Follows one more commit of registry's log of region 52: that person is enrolled. */
static inline void yard_enrol(struct yard *y, const char *id)
{
    Missionjeunes__Registry__V1__PersonEnrolled m = MISSIONJEUNES__REGISTRY__V1__PERSON_ENROLLED__INIT;
    struct mj_buf payload = MJ_BUF_INIT, block = MJ_BUF_INIT;
    mj_error err = { 0 };
    m.young_person = (char *)id;
    mj_buf_pack(&payload, &m.base);
    struct mj_entry e = { .type = PL_REGISTRY_PERSON_ENROLLED, .recorded_at_ms = 1, .principal = "ml",
                          .payload = payload.data, .payload_len = payload.len };
    mj_block_add(&block, &e);
    struct mj_commit c = { .first = y->enrolled + 1, .count = 1, .block = block.data, .block_len = block.len };
    mj_chain(c.hash, y->enrolled_hash, c.first, c.count, c.block, c.block_len);
    y->waiting = true;
    if (mj_model_take(y->model, "registry", "52", &c, yard_done, y, &err) < 0)
        fail_msg("%s: %s", err.reason, err.text);
    yard_wait(y);
    memcpy(y->enrolled_hash, c.hash, MJ_HASH);
    y->enrolled++;
    mj_buf_free(&payload);
    mj_buf_free(&block);
}

/* Waits until the tables hold all that was decided. */
static inline void yard_tables(void *arg, bool late)
{
    assert_false(late);
    ((struct yard *)arg)->waiting = false;
}

static inline const struct mj_readers *yard_flush(struct yard *y)
{
    y->waiting = true;
    mj_partition_at_least(y->partition, mj_partition_folded(y->partition), yard_tables, y);
    yard_wait(y);
    return mj_rows_readers(mj_partition_rows(y->partition));
}

#endif
