/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* A numbered stream on a real partition: what each number becomes, and that it stays so over restarts. */
#include "support/yard.h"

#include "placements/reasons.h"

static struct yard yard;
static struct yard_answer answer;
static char person[MJ_PERSON_TEXT];

static int up(void **state)
{
    (void)state;
    yard_up(&yard);
    events_person(person, 1);
    return 0;
}

static int down(void **state)
{
    (void)state;
    yard_down(&yard);
    return 0;
}

static void send_one(uint64_t number, struct made event)
{
    yard_send(&yard, &answer, number, &event, 1);
}

static void became(size_t i, uint64_t number, enum pl_outcome outcome, const char *reason, const char *field)
{
    assert_false(answer.refused);
    assert_true(i < answer.count);
    assert_int_equal(answer.exceptions[i].sequence, number);
    assert_int_equal(answer.exceptions[i].outcome, outcome);
    assert_string_equal(answer.exceptions[i].reason, reason);
    assert_string_equal(answer.exceptions[i].field, field);
}

static const struct pl_placement *placement(const char *ref)
{
    uint8_t name[MJ_TAG];
    mj_tag(name, yard.part->key, yard.agency, MJ_SIRET_LEN, ref, strlen(ref));
    struct mj_row_key key = pl_placement_key(name);
    return mj_rows_get(mj_partition_rows(yard.partition), &pl_placement_kind, &key);
}

static uint64_t entries(void)
{
    return mj_partition_stats(yard.partition)->entries;
}

static void a_batch_is_on_disk_when_it_is_answered(void **state)
{
    struct made batch[3] = { made_event("M-1", PL_STARTED, "2026-11-16", NULL), made_event("M-1", PL_HOURS, "2026-W46",
                                                                                           NULL),
                             made_event("M-2", PL_STARTED, "2026-11-17", NULL) };
    (void)state;
    yard_enrol(&yard, person);
    yard_send(&yard, &answer, 1, batch, 3);
    assert_false(answer.refused);
    assert_int_equal(answer.through, 3);
    assert_true(answer.position <= mj_partition_durable(yard.partition));
    assert_int_equal(answer.count, 1);                   /* the week before the start */
    became(0, 2, PL_REJECTED, "HOURS_OUTSIDE", "hours.week");
    assert_true(placement("M-1")->matched);
    assert_int_equal(placement("M-1")->count, 1);
}

static void a_resend_is_a_duplicate_and_writes_nothing(void **state)
{
    struct made batch[3] = { made_event("M-1", PL_STARTED, "2026-11-16", NULL), made_event("M-1", PL_HOURS, "2026-W60",
                                                                                           NULL),
                             made_event("M-2", PL_STARTED, "2026-11-17", NULL) };
    (void)state;
    yard_enrol(&yard, person);
    yard_send(&yard, &answer, 1, batch, 2);
    assert_int_equal(answer.count, 1);
    became(0, 2, PL_REJECTED, "DATE_RANGE", "hours.week");
    uint64_t before = entries();
    yard_send(&yard, &answer, 1, batch, 2);
    assert_int_equal(answer.through, 2);
    assert_int_equal(answer.count, 2);
    became(0, 1, PL_DUPLICATE, "RESEND", "");
    became(1, 2, PL_REJECTED, "DATE_RANGE", "hours.week");
    assert_int_equal(entries(), before);
    yard_send(&yard, &answer, 2, batch + 1, 2);          /* half of it new */
    assert_int_equal(answer.count, 1);
    assert_int_equal(answer.through, 3);
    assert_int_equal(entries(), before + 1);
}

static void other_bytes_under_a_taken_number_are_a_conflict(void **state)
{
    (void)state;
    yard_enrol(&yard, person);
    send_one(1, made_event("M-1", PL_STARTED, "2026-11-16", NULL));
    send_one(1, made_event("M-1", PL_STARTED, "2026-11-17", NULL));
    became(0, 1, PL_CONFLICT, "NUMBER_TAKEN", "");
    assert_int_equal(placement("M-1")->facts[0].on, mj_date_of(2026, 11, 16));
}

static void a_gap_is_asked_for_and_takes_no_number(void **state)
{
    (void)state;
    send_one(2, made_event("M-1", PL_STARTED, "2026-11-16", NULL));
    assert_true(answer.refused);
    assert_string_equal(answer.err.reason, "GAP");
    assert_int_equal(entries(), 0);
}

static void a_batch_that_nobody_waits_for_any_more_takes_no_number(void **state)
{
    (void)state;
    yard.deadline_ms = mj_loop_now_ms(yard.threads.loop);
    send_one(1, made_event("M-1", PL_STARTED, "2026-11-16", NULL));
    assert_int_equal(answer.err.code, MJ_DEADLINE_EXCEEDED);
    assert_int_equal(entries(), 0);
    yard.deadline_ms = 0;
    send_one(1, made_event("M-1", PL_STARTED, "2026-11-16", NULL));
    assert_int_equal(answer.through, 1);
}

static void a_known_fact_under_a_new_number_changes_nothing(void **state)
{
    (void)state;
    yard_enrol(&yard, person);
    send_one(1, made_event("M-1", PL_STARTED, "2026-11-16", NULL));
    assert_int_equal(answer.count, 0);
    send_one(2, made_event("M-1", PL_STARTED, "2026-11-16", NULL));
    became(0, 2, PL_DUPLICATE, "KNOWN_FACT", "");
    assert_int_equal(answer.exceptions[0].same_as, 1);
    send_one(3, made_event("M-1", PL_STARTED, "2026-11-17", NULL));
    became(0, 3, PL_REJECTED, "USE_CORRECTION", "started");
    assert_int_equal(answer.exceptions[0].same_as, 1);
    send_one(2, made_event("M-1", PL_STARTED, "2026-11-16", NULL));
    became(0, 2, PL_DUPLICATE, "KNOWN_FACT", "");
}

static void a_bad_event_costs_the_others_nothing(void **state)
{
    struct made batch[3] = { made_event("M-1", PL_STARTED, "2026-11-16", NULL), { .bytes = { 0xff }, .len = 1 },
                             made_event("M-2", PL_STARTED, "2026-11-16", NULL) };
    (void)state;
    yard_enrol(&yard, person);
    yard_send(&yard, &answer, 1, batch, 3);
    assert_int_equal(answer.through, 3);
    assert_int_equal(answer.count, 1);
    became(0, 2, PL_REJECTED, "MALFORMED", "");
    assert_non_null(placement("M-2"));
}

static void wait_until_matched(const char *ref)
{
    for (int i = 0; i < YARD_LIMIT_MS && !placement(ref)->matched; i++)
        mj_loop_run_for(yard.threads.loop, 1);
    assert_true(placement(ref)->matched);
}

static void an_unknown_young_person_is_matched_when_enrolled(void **state)
{
    (void)state;
    send_one(1, made_event("M-1", PL_STARTED, "2026-11-16", NULL));
    became(0, 1, PL_UNMATCHED, "PERSON_UNKNOWN", "young_person");
    send_one(2, made_event("M-1", PL_HOURS, "2026-W47", NULL));
    became(0, 2, PL_UNMATCHED, "PERSON_UNKNOWN", "young_person");
    yard_enrol(&yard, person);
    wait_until_matched("M-1");
    uint64_t after = entries();
    send_one(3, made_event("M-1", PL_ENDED, "2026-11-22", NULL));
    assert_int_equal(answer.count, 0);
    assert_int_equal(entries(), after + 1);
}

/* More placements than one look-up holds. That the person is not known after all (the model is folded anew) must not
 * make it look again and again. */
static void a_person_of_many_placements_is_not_looked_up_without_pause(void **state)
{
    enum { N = 300 };
    static struct made batch[N];
    (void)state;
    for (int i = 0; i < N; i++) {
        char ref[16];
        (void)snprintf(ref, sizeof ref, "M-%d", i);
        batch[i] = made_event(ref, PL_STARTED, "2026-11-16", NULL);
    }
    yard_send(&yard, &answer, 1, batch, N);
    const struct mj_partition_stats *stats = mj_partition_stats(yard.partition);
    uint64_t before = stats->commands;
    pl_match_person(yard.app, person);
    while (stats->commands == before)
        mj_loop_run_for(yard.threads.loop, 1);
    for (int i = 0; i < 10; i++)
        send_one(1, batch[0]);
    assert_int_equal(stats->commands, before + 1 + 10);
    yard_enrol(&yard, person);
    wait_until_matched("M-0");
    wait_until_matched("M-299");
}

static void people_beyond_those_in_memory_are_matched_too(void **state)
{
    (void)state;
    yard.app->unmatched_max = 0;
    send_one(1, made_event("M-1", PL_STARTED, "2026-11-16", NULL));
    assert_int_equal(pl_people_count(yard.part->unmatched), 0);
    yard_enrol(&yard, person);
    wait_until_matched("M-1");
}

static void an_enrolment_that_came_before_a_kill_is_matched_at_the_next_start(void **state)
{
    (void)state;
    send_one(1, made_event("M-1", PL_STARTED, "2026-11-16", NULL));
    pl_people_clear(yard.part->unmatched);               /* as if killed in between */
    yard_enrol(&yard, person);
    assert_false(placement("M-1")->matched);
    yard_close(&yard, false);
    yard_open(&yard, false);
    assert_false(placement("M-1")->matched);
    if (mj_model_next(yard.model, "registry", "52", yard.enrolled_hash) == 1) {
        yard.enrolled = 0;                               /* the model's tables were not written: followed again */
        memset(yard.enrolled_hash, 0, MJ_HASH);
        yard_enrol(&yard, person);
    }
    pl_match_all(yard.part);
    wait_until_matched("M-1");
}

/* 600 numbers over three runs, some known and some rejected; then a restart, and all of them again. */
static void old_numbers_get_the_same_answer_after_a_restart(void **state)
{
    enum { N = 600 };
    static struct made batch[N];
    static struct yard_answer first;
    (void)state;
    yard_enrol(&yard, person);
    for (int i = 0; i < N; i++) {
        char ref[16];
        (void)snprintf(ref, sizeof ref, "M-%d", i % 7 == 6 ? i - 1 : i);
        batch[i] = made_event(ref, PL_STARTED, i % 11 == 10 ? "2026-11-32" : "2026-11-16", NULL);
    }
    yard_send(&yard, &first, 1, batch, N);
    uint64_t taken = entries();
    for (int round = 0; round < 3; round++) {            /* drained, killed, and with hardly any cache */
        yard_close(&yard, round != 1);
        yard_open(&yard, round == 2);
        yard_send(&yard, &answer, 1, batch, N);
        assert_int_equal(answer.through, N);
        assert_int_equal(answer.count, N);
        assert_int_equal(entries(), 0);
        size_t k = 0;
        for (int i = 0; i < N; i++) {
            bool listed = k < first.count && first.exceptions[k].sequence == (uint64_t)i + 1;
            became((size_t)i, (uint64_t)i + 1, listed ? (enum pl_outcome)first.exceptions[k].outcome : PL_DUPLICATE,
                   listed ? first.exceptions[k].reason : "RESEND", listed ? first.exceptions[k].field : "");
            k += listed;
        }
        struct made other = made_event("M-0", PL_STARTED, "2026-11-17", NULL);
        send_one(300, other);
        became(0, 300, PL_CONFLICT, "NUMBER_TAKEN", "");
    }
    assert_int_equal(taken, N);
}

static void resume_says_the_last_number_on_disk(void **state)
{
    (void)state;
    memset(&answer, 0, sizeof answer);
    answer.yard = &yard;
    yard.waiting = true;
    pl_resume(yard.part, yard.agency, "tester", yard_taken, &answer);
    yard_wait(&yard);
    assert_int_equal(answer.through, 0);
    send_one(1, made_event("M-1", PL_STARTED, "2026-11-16", NULL));
    yard.waiting = true;
    pl_resume(yard.part, yard.agency, "tester", yard_taken, &answer);
    yard_wait(&yard);
    assert_int_equal(answer.through, 1);
}

static void a_sender_can_list_what_was_not_simply_accepted(void **state)
{
    struct made batch[4] = { made_event("M-1", PL_STARTED, "2026-11-16", NULL), made_event("M-1", PL_STARTED,
                                                                                           "2026-11-16", NULL),
                             made_event("M-2", PL_STARTED, "2026-10-01", NULL), made_event("M-3", PL_STARTED, "soon",
                                                                                           NULL) };
    struct mj_arena *a = mj_arena_create(0);
    mj_error err = { 0 };
    (void)state;
    yard_enrol(&yard, person);
    yard_send(&yard, &answer, 1, batch, 4);
    const struct mj_readers *r = yard_flush(&yard);
    ListExceptionsResponse all = MISSIONJEUNES__PLACEMENTS__V1__LIST_EXCEPTIONS_RESPONSE__INIT, page = all, late = all;
    struct pl_exceptions_query q = { .siret = yard.agency };
    assert_int_equal(pl_query_exceptions(r, &q, a, &all, &err), 0);
    assert_int_equal(all.n_exceptions, 2);
    assert_int_equal(all.exceptions[0]->state->same_as, 1);
    assert_string_equal(all.exceptions[1]->state->field, "started.on");
    for (size_t i = 0; i < 2; i++)
        assert_string_equal(all.exceptions[i]->state->message, pl_reason_text(all.exceptions[i]->state->reason));
    assert_string_equal(all.exceptions[1]->state->message, "write days as YYYY-MM-DD, weeks as YYYY-Www");
    assert_int_equal(all.page->at_position, mj_partition_folded(yard.partition));
    assert_int_equal(all.page->next_token.len, 0);
    q.size = 1;
    assert_int_equal(pl_query_exceptions(r, &q, a, &page, &err), 0);
    assert_int_equal(page.n_exceptions, 1);
    assert_int_equal(pl_token_number(&page.page->next_token, &q.after, &err), 0);
    assert_int_equal(q.after, 2);
    q = (struct pl_exceptions_query){ .siret = yard.agency, .late = true };
    assert_int_equal(pl_query_exceptions(r, &q, a, &late, &err), 0);
    assert_int_equal(late.n_exceptions, 1);
    assert_int_equal(late.exceptions[0]->state->sequence, 3);
    assert_int_equal(late.exceptions[0]->late_days, 48);
    mj_arena_destroy(a);
}

static void a_sender_sees_its_events_and_placements(void **state)
{
    struct made batch[3] = { made_event("M-1", PL_CONFIRMED, "2026-11-16", "2026-11-20"),
                             made_event("M-1", PL_HOURS, "2026-W47", NULL), made_event("M-2", PL_STARTED, "2026-11-16",
                                                                                       NULL) };
    struct mj_arena *a = mj_arena_create(0);
    mj_error err = { 0 };
    (void)state;
    yard_send(&yard, &answer, 1, batch, 3);
    const struct mj_readers *r = yard_flush(&yard);
    GetEventResponse event = MISSIONJEUNES__PLACEMENTS__V1__GET_EVENT_RESPONSE__INIT;
    assert_int_equal(pl_query_event(r, yard.agency, 2, a, &event, &err), 0);
    assert_int_equal(event.state->outcome, PL_UNMATCHED);
    assert_string_equal(event.state->reason, "PERSON_UNKNOWN");
    assert_string_equal(event.state->message, pl_reason_text("PERSON_UNKNOWN"));
    assert_true(event.state->message[0] != '\0');
    assert_int_equal((int)event.placement, PL_S_STARTED);
    assert_true(event.position > 0);
    assert_int_equal(pl_query_event(r, yard.agency, 4, a, &event, &err), -1);
    assert_int_equal(err.code, MJ_NOT_FOUND);
    assert_int_equal(pl_query_event(r, yard.agency, 0, a, &event, &err), -1);
    ListPlacementsResponse first = MISSIONJEUNES__PLACEMENTS__V1__LIST_PLACEMENTS_RESPONSE__INIT, second = first;
    uint64_t after;
    assert_int_equal(pl_query_placements(r, yard.agency, 0, 1, a, &first, &err), 0);
    assert_int_equal(first.n_placements, 1);
    assert_int_equal(pl_token_number(&first.page->next_token, &after, &err), 0);
    assert_int_equal(pl_query_placements(r, yard.agency, after, 1, a, &second, &err), 0);
    assert_int_equal(second.n_placements, 1);
    assert_int_equal(second.page->next_token.len, 0);
    const ListedPlacement *one = first.placements[0];    /* as they were first told */
    assert_true(one->start_implied && one->unmatched);
    assert_string_equal(one->started_on, "2026-11-16");
    assert_int_equal(one->minutes, 2100);
    mj_arena_destroy(a);
}

static void resends_and_conflicts_are_written_as_totals(void **state)
{
    struct mj_row_key key = pl_stream_key(yard.agency);
    (void)state;
    for (int round = 1; round <= 2; round++) {
        send_one(1, made_event("M-1", PL_STARTED, "2026-11-16", NULL));
        send_one(1, made_event("M-1", PL_STARTED, "2026-11-16", NULL));
        send_one(1, made_event("M-1", PL_STARTED, "2026-11-17", NULL));
        pl_quality_write(yard.part);
        yard_flush(&yard);
        const struct pl_stream *s = mj_rows_get(mj_partition_rows(yard.partition), &pl_stream_kind, &key);
        assert_int_equal(s->conflicts, round);
        assert_int_equal(s->resends, round == 1 ? 1 : 3);
    }
}

#define ON_A_YARD(name) cmocka_unit_test_setup_teardown(name, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_A_YARD(a_batch_is_on_disk_when_it_is_answered),
        ON_A_YARD(a_resend_is_a_duplicate_and_writes_nothing),
        ON_A_YARD(other_bytes_under_a_taken_number_are_a_conflict),
        ON_A_YARD(a_gap_is_asked_for_and_takes_no_number),
        ON_A_YARD(a_batch_that_nobody_waits_for_any_more_takes_no_number),
        ON_A_YARD(a_known_fact_under_a_new_number_changes_nothing),
        ON_A_YARD(a_bad_event_costs_the_others_nothing),
        ON_A_YARD(an_unknown_young_person_is_matched_when_enrolled),
        ON_A_YARD(a_person_of_many_placements_is_not_looked_up_without_pause),
        ON_A_YARD(people_beyond_those_in_memory_are_matched_too),
        ON_A_YARD(an_enrolment_that_came_before_a_kill_is_matched_at_the_next_start),
        ON_A_YARD(old_numbers_get_the_same_answer_after_a_restart),
        ON_A_YARD(resume_says_the_last_number_on_disk),
        ON_A_YARD(a_sender_can_list_what_was_not_simply_accepted),
        ON_A_YARD(a_sender_sees_its_events_and_placements),
        ON_A_YARD(resends_and_conflicts_are_written_as_totals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
