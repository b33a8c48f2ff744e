/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* However a stream is cut into batches, whatever is sent again, and wherever the process is killed in between: the
 * tables come to hold the same rows, and the log one entry a number. */
#include <stdlib.h>

#include "support/yard.h"

#define TRIALS 6
#define EVENTS 700

static uint64_t seed;
static struct made events[EVENTS];
static struct yard yard;
static struct yard_answer answer;

static uint32_t below(uint32_t n)        /* splitmix64 */
{
    uint64_t z = seed += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ (z >> 31)) % n);
}

/* Good, known, refused and broken events of 60 placements; half of the young people are never enrolled. */
static void make_events(void)
{
    static const char *const days[] = { "2026-11-16", "2026-11-17", "2026-11-31" };
    for (size_t i = 0; i < EVENTS; i++) {
        static struct draft d;
        char ref[16];
        uint32_t who = below(60);
        enum pl_kind kind = (enum pl_kind)(PL_PROPOSED + below(8));
        (void)snprintf(ref, sizeof ref, "M-%u", who);
        draft_make(&d, ref, kind, kind == PL_HOURS ? (below(2) ? "2026-W47" : "2026-W48") : days[below(3)],
                   "2026-11-20");
        events_person(d.person, who % 4);
        if (below(5) == 0)
            draft_correct(&d);
        events[i] = draft_pack(&d);
    }
}

static void enrol_half(void)
{
    for (unsigned n = 0; n < 2; n++) {
        char person[MJ_PERSON_TEXT];
        events_person(person, n);
        yard_enrol(&yard, person);
    }
}

static void restart(bool drain)
{
    yard_close(&yard, drain);
    yard_open(&yard, below(2) == 0);
    if (mj_model_next(yard.model, "registry", "52", yard.enrolled_hash) == 1) {      /* a kill: it is followed again */
        yard.enrolled = 0;
        memset(yard.enrolled_hash, 0, MJ_HASH);
        enrol_half();
    }
}

/* Sends all, by random steps that begin at or before the next number. */
static void send_all(bool wild)
{
    for (uint64_t next = 1; next <= EVENTS;) {
        uint64_t back = wild && below(3) == 0 ? below((uint32_t)next) : 0;
        uint64_t first = next - (back < 400 ? back : 0);
        size_t room = (size_t)(EVENTS - first + 1), count = wild ? 1 + below(300) : EVENTS;
        yard_send(&yard, &answer, first, events + first - 1, count < room ? count : room);
        assert_false(answer.refused);
        for (size_t i = 0; i < answer.count; i++)
            assert_int_not_equal(answer.exceptions[i].outcome, PL_CONFLICT);
        next = answer.through + 1;
        if (wild && below(8) == 0)
            restart(below(2) == 0);
    }
}

/* ---- what the tables hold, as one hash; positions and times differ with the batches, all else must not ---- */

static const struct mj_sql placements = { "SELECT siret, matched, value FROM placements ORDER BY value" };
static const struct mj_sql exceptions = {
    "SELECT siret, number, outcome, reason, field, same_as FROM exceptions ORDER BY number" };
static const struct mj_sql streams = { "SELECT siret, last FROM streams ORDER BY siret" };
static const struct mj_sql unmatched = { "SELECT person FROM unmatched ORDER BY person" };

struct dump { struct mj_buf text; int columns; };

static int dump_row(void *arg, const struct mj_result_row *r)
{
    struct dump *d = arg;
    for (int i = 0; i < d->columns; i++) {
        size_t len;
        const void *blob = mj_col_blob(r, i, &len);
        mj_buf_put(&d->text, blob, blob ? len : 0);
        mj_buf_printf(&d->text, "|%lld|", (long long)mj_col_int(r, i));
    }
    return 0;
}

static struct mj_buf dump(void)
{
    struct dump d = { MJ_BUF_INIT, 3 };
    const struct mj_readers *r = yard_flush(&yard);
    mj_error err;
    assert_int_equal(mj_tables_query(r->tables, &placements, NULL, 0, dump_row, &d, &err), 0);
    d.columns = 6;
    assert_int_equal(mj_tables_query(r->tables, &exceptions, NULL, 0, dump_row, &d, &err), 0);
    d.columns = 2;
    assert_int_equal(mj_tables_query(r->tables, &streams, NULL, 0, dump_row, &d, &err), 0);
    d.columns = 1;
    assert_int_equal(mj_tables_query(r->tables, &unmatched, NULL, 0, dump_row, &d, &err), 0);
    return d.text;
}

/* ---- the log ---- */

static int count_entry(void *arg, const struct mj_entry *e)
{
    *(uint64_t *)arg += e->type == PL_ENTRY_ACCEPTED || e->type == PL_ENTRY_KNOWN || e->type == PL_ENTRY_REJECTED;
    return 0;
}

static int count_commit(void *arg, const struct mj_commit *c)
{
    struct mj_arena *a = mj_arena_create(0);
    mj_error err;
    assert_int_equal(mj_block_each(c, a, count_entry, arg, &err), 0);
    mj_arena_destroy(a);
    return 0;
}

static uint64_t numbers_in_log(void)
{
    uint64_t count = 0;
    mj_error err;
    assert_int_equal(mj_log_read(yard_flush(&yard)->log, 1, SIZE_MAX, count_commit, &count, &err), 0);
    return count;
}

static void any_batching_and_resend_folds_to_the_same_rows(void **state)
{
    (void)state;
    for (int trial = 0; trial < TRIALS; trial++) {
        struct mj_buf once, again;
        make_events();
        yard_up(&yard);
        enrol_half();
        send_all(false);
        once = dump();
        yard_down(&yard);
        yard_up(&yard);
        enrol_half();
        send_all(true);
        again = dump();
        assert_int_equal(numbers_in_log(), EVENTS);
        assert_int_equal(once.len, again.len);
        assert_memory_equal(once.data, again.data, once.len);
        yard_down(&yard);
        mj_buf_free(&once);
        mj_buf_free(&again);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(any_batching_and_resend_folds_to_the_same_rows) };
    const char *given = getenv("MJ_SEED");
    seed = given ? strtoull(given, NULL, 10) : 20261121;
    print_message("MJ_SEED=%llu\n", (unsigned long long)seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
