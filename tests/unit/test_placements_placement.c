/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* One placement's life: which facts are taken, known or refused, and what they add up to. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "placements/placement.h"
#include "support/events.h"

static struct pl_placement *placement;
static uint64_t number;
static struct pl_verdict verdict;
static mj_error error;

static int up(void **state)
{
    char agency[MJ_SIRET_LEN + 1];
    (void)state;
    events_siret(agency, 41234567, 1);
    placement = pl_placement_create(agency, 1);
    number = 0;
    return mj_crypto_init(NULL);
}

static int down(void **state)
{
    (void)state;
    pl_placement_free(placement);
    return 0;
}

/* Judges, and folds what is taken, as the service does. */
static int judge(const struct draft *d)
{
    struct made m;
    struct pl_event ev;
    memset(&error, 0, sizeof error);
    number++;
    assert_true(draft_read(d, &m, &ev));
    int rc = pl_placement_judge(placement->count ? placement : NULL, &ev, &verdict, &error);
    if (rc < 0 || verdict.judgement == PL_KNOW)
        return rc;
    struct pl_placement *before = placement;
    placement = pl_placement_apply(before, number, &ev);
    if (placement != before)
        pl_placement_free(before);
    return rc;
}

static int tell(enum pl_kind kind, const char *on, const char *until)
{
    struct draft d;
    draft_make(&d, "M-1", kind, on, until);
    return judge(&d);
}

static int correct(enum pl_kind kind, const char *on, const char *until)
{
    struct draft d;
    draft_make(&d, "M-1", kind, on, until);
    draft_correct(&d);
    return judge(&d);
}

static void taken(int rc)
{
    assert_int_equal(rc, 0);
    assert_int_equal(verdict.judgement, PL_TAKE);
}

static void known(int rc, uint64_t same_as)
{
    assert_int_equal(rc, 0);
    assert_int_equal(verdict.judgement, PL_KNOW);
    assert_int_equal(verdict.same_as, same_as);
}

static void refused(int rc, const char *reason, const char *field)
{
    assert_int_equal(rc, -1);
    assert_string_equal(error.reason, reason);
    assert_string_equal(error.field, field);
}

static struct pl_summary sum(void)
{
    struct pl_summary s;
    pl_placement_sum(placement, &s);
    return s;
}

static void a_mission_goes_from_proposal_to_term(void **state)
{
    (void)state;
    taken(tell(PL_PROPOSED, "2026-11-02", "2026-11-13"));
    assert_int_equal(sum().state, PL_S_PROPOSED);
    taken(tell(PL_CONFIRMED, "2026-11-02", "2026-11-13"));
    assert_int_equal(sum().state, PL_S_CONFIRMED);
    assert_int_equal(sum().started_on, MJ_NO_DATE);
    taken(tell(PL_STARTED, "2026-11-03", NULL));
    assert_false(verdict.implied_start);
    taken(tell(PL_HOURS, "2026-W45", NULL));
    taken(tell(PL_HOURS, "2026-W46", NULL));
    taken(tell(PL_EXTENDED, "2026-11-20", NULL));
    assert_int_equal(sum().state, PL_S_STARTED);
    taken(tell(PL_ENDED, "2026-11-20", NULL));
    assert_int_equal(sum().state, PL_S_ENDED_AT_TERM);
    assert_int_equal(sum().minutes, 4200);
    assert_int_equal(sum().started_on, mj_date_of(2026, 11, 3));
    assert_int_equal(sum().ended_on, mj_date_of(2026, 11, 20));
    assert_int_equal(sum().contract_kind, 1);
}

static void a_fact_told_again_is_known_and_another_value_needs_a_correction(void **state)
{
    (void)state;
    taken(tell(PL_STARTED, "2026-11-02", NULL));
    known(tell(PL_STARTED, "2026-11-02", NULL), 1);
    refused(tell(PL_STARTED, "2026-11-03", NULL), "USE_CORRECTION", "started");
    assert_int_equal(verdict.same_as, 1);
    taken(correct(PL_STARTED, "2026-11-03", NULL));      /* number 4 */
    known(tell(PL_STARTED, "2026-11-02", NULL), 1);      /* what was first stored */
    known(tell(PL_STARTED, "2026-11-03", NULL), 4);      /* what holds now */
    known(correct(PL_STARTED, "2026-11-03", NULL), 4);
    taken(correct(PL_STARTED, "2026-11-02", NULL));      /* back to the first value is a change */
    assert_int_equal(sum().started_on, mj_date_of(2026, 11, 2));
}

static void hours_of_each_week_and_kind_are_facts_of_their_own(void **state)
{
    struct draft d;
    (void)state;
    taken(tell(PL_HOURS, "2026-W45", NULL));
    taken(tell(PL_HOURS, "2026-W46", NULL));
    known(tell(PL_HOURS, "2026-W45", NULL), 1);
    draft_make(&d, "M-1", PL_HOURS, "2026-W45", NULL);
    d.hours.kind = 2;
    taken(judge(&d));
    d.hours.minutes = 60;
    refused(judge(&d), "USE_CORRECTION", "hours");
    draft_correct(&d);
    taken(judge(&d));
    assert_int_equal(sum().minutes, 2100 + 2100 + 60);
}

static void a_correction_of_what_was_never_told_is_refused(void **state)
{
    (void)state;
    refused(correct(PL_STARTED, "2026-11-02", NULL), "FACT_UNKNOWN", "corrected.started");
    taken(tell(PL_STARTED, "2026-11-02", NULL));
    refused(correct(PL_ENDED, "2026-11-20", NULL), "FACT_UNKNOWN", "corrected.ended");
}

static void cancelling_comes_before_the_start_and_is_a_correction_after(void **state)
{
    (void)state;
    taken(tell(PL_CONFIRMED, "2026-11-02", "2026-11-13"));
    taken(tell(PL_STARTED, "2026-11-02", NULL));
    refused(tell(PL_CANCELLED, "2026-11-03", NULL), "USE_CORRECTION", "cancelled");
    taken(correct(PL_CANCELLED, "2026-11-03", NULL));
    assert_int_equal(sum().state, PL_S_CANCELLED);
    refused(tell(PL_ENDED, "2026-11-20", NULL), "ALREADY_CANCELLED", "ended");
    known(tell(PL_STARTED, "2026-11-02", NULL), 2);
    taken(correct(PL_STARTED, "2026-11-04", NULL));
    assert_int_equal(sum().state, PL_S_CANCELLED);
}

static void a_confirmed_placement_can_be_cancelled(void **state)
{
    (void)state;
    taken(tell(PL_CONFIRMED, "2026-11-02", "2026-11-13"));
    taken(tell(PL_CANCELLED, "2026-11-01", NULL));
    assert_int_equal(sum().state, PL_S_CANCELLED);
    refused(tell(PL_STARTED, "2026-11-02", NULL), "ALREADY_CANCELLED", "started");
}

static void refused_excludes_confirmed_and_started(void **state)
{
    (void)state;
    taken(tell(PL_PROPOSED, "2026-11-02", "2026-11-13"));
    taken(tell(PL_REFUSED, "2026-10-30", NULL));
    assert_int_equal(sum().state, PL_S_REFUSED);
    refused(tell(PL_CONFIRMED, "2026-11-02", "2026-11-13"), "ALREADY_REFUSED", "confirmed");
    taken(correct(PL_REFUSED, "2026-10-29", NULL));
    down(NULL);
    up(NULL);
    taken(tell(PL_CONFIRMED, "2026-11-02", "2026-11-13"));
    refused(tell(PL_REFUSED, "2026-10-30", NULL), "ALREADY_CONFIRMED", "refused");
    taken(tell(PL_STARTED, "2026-11-02", NULL));
    refused(tell(PL_REFUSED, "2026-10-30", NULL), "ALREADY_STARTED", "refused");
}

static void the_end_is_not_before_the_start_in_either_order(void **state)
{
    (void)state;
    taken(tell(PL_STARTED, "2026-11-09", NULL));
    refused(tell(PL_ENDED, "2026-11-08", NULL), "END_BEFORE_START", "ended.on");
    refused(tell(PL_EXTENDED, "2026-11-08", NULL), "END_BEFORE_START", "extended.new_end");
    taken(tell(PL_ENDED, "2026-11-09", NULL));
    refused(correct(PL_ENDED, "2026-11-01", NULL), "END_BEFORE_START", "corrected.ended.on");
    refused(correct(PL_STARTED, "2026-11-10", NULL), "END_BEFORE_START", "corrected.started.on");
    down(NULL);
    up(NULL);
    taken(tell(PL_ENDED, "2026-11-08", NULL));
    refused(tell(PL_STARTED, "2026-11-09", NULL), "END_BEFORE_START", "started.on");
}

static void reported_weeks_lie_within_the_mission(void **state)
{
    (void)state;
    taken(tell(PL_STARTED, "2026-11-08", NULL));         /* the Sunday of W45 */
    taken(tell(PL_HOURS, "2026-W45", NULL));
    refused(tell(PL_HOURS, "2026-W44", NULL), "HOURS_OUTSIDE", "hours.week");
    taken(tell(PL_ENDED, "2026-11-16", NULL));           /* the Monday of W47 */
    taken(tell(PL_HOURS, "2026-W47", NULL));
    refused(tell(PL_HOURS, "2026-W48", NULL), "HOURS_OUTSIDE", "hours.week");
    refused(correct(PL_ENDED, "2026-11-15", NULL), "HOURS_OUTSIDE", "corrected.ended.on");
    refused(correct(PL_STARTED, "2026-11-09", NULL), "HOURS_OUTSIDE", "corrected.started.on");
}

static void later_facts_imply_the_start_until_it_is_told(void **state)
{
    (void)state;
    taken(tell(PL_CONFIRMED, "2026-11-04", "2026-11-13"));
    taken(tell(PL_HOURS, "2026-W45", NULL));             /* from Monday 2 November */
    assert_true(verdict.implied_start);
    assert_int_equal(sum().state, PL_S_STARTED);
    assert_true(sum().start_implied);
    assert_int_equal(sum().started_on, mj_date_of(2026, 11, 4));
    taken(tell(PL_HOURS, "2026-W44", NULL));             /* earlier than planned */
    assert_false(verdict.implied_start);
    assert_int_equal(sum().started_on, mj_date_of(2026, 10, 26));
    taken(tell(PL_STARTED, "2026-10-28", NULL));
    assert_false(sum().start_implied);
    assert_int_equal(sum().started_on, mj_date_of(2026, 10, 28));
}

static void late_proposals_and_confirmations_are_taken(void **state)
{
    (void)state;
    taken(tell(PL_STARTED, "2026-11-02", NULL));
    taken(tell(PL_ENDED, "2026-11-13", NULL));
    taken(tell(PL_CONFIRMED, "2026-11-02", "2026-11-13"));
    taken(tell(PL_PROPOSED, "2026-11-02", "2026-11-13"));
    assert_int_equal(sum().state, PL_S_ENDED_AT_TERM);
}

static void the_young_person_never_changes(void **state)
{
    struct draft d;
    (void)state;
    taken(tell(PL_HOURS, "2026-W45", NULL));
    assert_string_equal(placement->young_person, "");
    taken(tell(PL_STARTED, "2026-11-02", NULL));
    draft_make(&d, "M-1", PL_CONFIRMED, "2026-11-02", "2026-11-13");
    events_person(d.person, 2);
    refused(judge(&d), "PERSON_CHANGED", "young_person");
}

static void a_long_mission_is_taken_with_a_warning(void **state)
{
    (void)state;
    taken(tell(PL_STARTED, "2025-01-01", NULL));
    taken(tell(PL_EXTENDED, "2026-07-01", NULL));
    assert_string_equal(verdict.warning.name, "DURATION_OVER_18_MONTHS");
    assert_string_equal(verdict.warning.field, "extended.new_end");
    taken(tell(PL_ENDED, "2026-06-30", NULL));
    assert_string_equal(verdict.warning.name, "");
}

static void a_row_gives_back_what_went_in(void **state)
{
    struct mj_buf first = MJ_BUF_INIT, second = MJ_BUF_INIT;
    struct pl_placement *again = NULL;
    (void)state;
    taken(tell(PL_STARTED, "2026-11-02", NULL));
    taken(tell(PL_HOURS, "2026-W45", NULL));
    taken(correct(PL_STARTED, "2026-11-03", NULL));
    placement->matched = true;
    pl_placement_encode(placement, &first);
    assert_int_equal(pl_placement_decode(&again, first.data, first.len, &error), 0);
    pl_placement_encode(again, &second);
    assert_int_equal(first.len, second.len);
    assert_memory_equal(first.data, second.data, first.len);
    assert_string_equal(again->young_person, placement->young_person);
    pl_placement_free(again);
    for (size_t len = 0; len < first.len; len++)
        assert_int_equal(pl_placement_decode(&again, first.data, len, &error), -1);
    assert_int_equal(error.code, MJ_DATA_LOSS);
    mj_buf_free(&first);
    mj_buf_free(&second);
}

static void a_full_placement_can_still_be_cancelled_and_its_row_read_again(void **state)
{
    struct mj_buf row = MJ_BUF_INIT;
    struct pl_placement *again = NULL;
    struct draft d;
    (void)state;
    taken(tell(PL_STARTED, "2026-11-02", NULL));
    for (uint32_t n = 1; n < PL_FACTS_MAX; n++) {
        draft_make(&d, "M-1", PL_EXTENDED, "2026-12-31", NULL);
        d.extended.number = n;
        taken(judge(&d));
    }
    refused(tell(PL_ENDED, "2026-12-31", NULL), "FACTS_LIMIT", "ended");
    taken(correct(PL_CANCELLED, "2026-11-02", NULL));
    pl_placement_encode(placement, &row);
    assert_int_equal(pl_placement_decode(&again, row.data, row.len, &error), 0);
    assert_int_equal(again->count, PL_FACTS_MAX + 1);
    pl_placement_free(again);
    mj_buf_free(&row);
}

#define LIFE(name) cmocka_unit_test_setup_teardown(name, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIFE(a_mission_goes_from_proposal_to_term),
        LIFE(a_fact_told_again_is_known_and_another_value_needs_a_correction),
        LIFE(hours_of_each_week_and_kind_are_facts_of_their_own),
        LIFE(a_correction_of_what_was_never_told_is_refused),
        LIFE(cancelling_comes_before_the_start_and_is_a_correction_after),
        LIFE(a_confirmed_placement_can_be_cancelled),
        LIFE(refused_excludes_confirmed_and_started),
        LIFE(the_end_is_not_before_the_start_in_either_order),
        LIFE(reported_weeks_lie_within_the_mission),
        LIFE(later_facts_imply_the_start_until_it_is_told),
        LIFE(late_proposals_and_confirmations_are_taken),
        LIFE(the_young_person_never_changes),
        LIFE(a_long_mission_is_taken_with_a_warning),
        LIFE(a_row_gives_back_what_went_in),
        LIFE(a_full_placement_can_still_be_cancelled_and_its_row_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
