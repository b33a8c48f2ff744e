/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* What one placement event must look like, whatever came before it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "missionjeunes/registry/v1/entries.pb-c.h"
#include "support/events.h"

static char agency[MJ_SIRET_LEN + 1];
static struct mj_arena *arena;
static struct pl_warning warning;
static mj_error error;
static struct pl_event event;

static int check(const struct draft *d)
{
    static struct made m;
    m = draft_pack(d);
    memset(&error, 0, sizeof error);
    return pl_event_check(m.bytes, m.len, agency, EVENTS_NOW, arena, &event, &warning, &error);
}

static void refused(const struct draft *d, const char *reason, const char *field)
{
    assert_int_equal(check(d), -1);
    assert_string_equal(error.reason, reason);
    assert_string_equal(error.field, field);
    assert_int_equal(error.code, MJ_INVALID_ARGUMENT);
    assert_true(error.text[0] != '\0');
}


/* A draft holds pointers into itself: it is made again where it is used. */
#define DRAFT(d, kind, on, until) struct draft d; draft_make(&d, "M-1", kind, on, until)

static void every_kind_of_fact_is_taken(void **state)
{
    (void)state;
    for (int kind = PL_PROPOSED; kind <= PL_CANCELLED; kind++) {
        DRAFT(d, (enum pl_kind)kind, kind == PL_HOURS ? "2026-W45" : "2026-11-02", "2026-11-13");
        assert_int_equal(check(&d), 0);
        assert_string_equal(warning.name, "");
        draft_correct(&d);
        assert_int_equal(check(&d), 0);
    }
}

static void the_envelope_is_checked(void **state)
{
    (void)state;
    DRAFT(d, PL_STARTED, "2026-11-02", NULL);
    d.event.placement_ref.len = 0;
    refused(&d, "REF_LENGTH", "placement_ref");
    char longest[65];
    memset(longest, 'x', sizeof longest);
    d.event.placement_ref = (ProtobufCBinaryData){ 65, (uint8_t *)longest };
    refused(&d, "REF_LENGTH", "placement_ref");
    d.event.placement_ref.len = 64;
    assert_int_equal(check(&d), 0);
    d.event.young_person = (char *)protobuf_c_empty_string;
    refused(&d, "PERSON_REQUIRED", "young_person");
    d.event.young_person = "R52-nobody";
    refused(&d, "PERSON_FORMAT", "young_person");
    d.event.young_person = d.person;
    d.event.occurred_at_ms = (uint64_t)(EVENTS_NOW + PL_AHEAD_MS);
    assert_int_equal(check(&d), 0);
    d.event.occurred_at_ms++;
    refused(&d, "CLOCK_AHEAD", "occurred_at_ms");
    d.event.occurred_at_ms = UINT64_MAX;
    refused(&d, "CLOCK_AHEAD", "occurred_at_ms");
    d.event.occurred_at_ms = 0;
    refused(&d, "OCCURRED_AT_REQUIRED", "occurred_at_ms");
}

static void an_event_without_a_fact_is_refused(void **state)
{
    (void)state;
    DRAFT(d, PL_NONE, "2026-11-02", NULL);
    refused(&d, "FACT_REQUIRED", "fact");
    d.event.corrected = &d.corrected;
    d.event.fact_case = (Missionjeunes__Placements__V1__PlacementEvent__FactCase)PL_CASE_CORRECTED;
    refused(&d, "FACT_REQUIRED", "corrected");
}

static void dates_name_their_field(void **state)
{
    (void)state;
    DRAFT(d, PL_STARTED, "02/11/2026", NULL);
    refused(&d, "DATE_FORMAT", "started.on");
    draft_make(&d, "M-1", PL_ENDED, "2026-02-29", NULL);
    draft_correct(&d);
    assert_int_equal(check(&d), -1);
    assert_string_equal(error.field, "corrected.ended.on");
    draft_make(&d, "M-1", PL_CONFIRMED, "2026-11-02", "2026-11-01");
    refused(&d, "END_BEFORE_START", "confirmed.planned_end");
    draft_make(&d, "M-1", PL_CONFIRMED, "2026-11-02", "");
    refused(&d, "END_REQUIRED", "confirmed.planned_end");
    draft_make(&d, "M-1", PL_HOURS, "2026-W54", NULL);
    assert_int_equal(check(&d), -1);
    assert_string_equal(error.field, "hours.week");
}

static void a_cdi_has_no_planned_end(void **state)
{
    (void)state;
    DRAFT(d, PL_CONFIRMED, "2026-11-02", "");
    d.confirmed.contract_kind = (Missionjeunes__Placements__V1__ContractKind)PL_CONTRACT_CDI;
    assert_int_equal(check(&d), 0);
    d.confirmed.planned_end = "2026-12-01";
    refused(&d, "CDI_HAS_NO_END", "confirmed.planned_end");
}

static void codes_and_figures_are_checked(void **state)
{
    (void)state;
    DRAFT(d, PL_STARTED, "2026-11-02", NULL);
    d.host[13] = d.host[13] == '0' ? '1' : '0';
    refused(&d, "SIRET_CHECKSUM", "started.host_siret");
    draft_make(&d, "M-1", PL_STARTED, "2026-11-02", NULL);
    d.started.rome = "Z9999";
    assert_int_equal(check(&d), -1);
    assert_string_equal(error.field, "started.rome");
    d.started.rome = "N1103";
    d.started.contract_kind = 0;
    refused(&d, "UNKNOWN_ENUM", "started.contract_kind");
    d.started.contract_kind = (Missionjeunes__Placements__V1__ContractKind)17;
    assert_int_equal(check(&d), -1);
    assert_string_equal(error.reason, "UNKNOWN_ENUM");
    draft_make(&d, "M-1", PL_HOURS, "2026-W45", NULL);
    d.hours.minutes = 10081;
    refused(&d, "MINUTES_RANGE", "hours.minutes");
    d.hours.minutes = 0;
    refused(&d, "MINUTES_RANGE", "hours.minutes");
    draft_make(&d, "M-1", PL_EXTENDED, "2026-11-20", NULL);
    d.extended.number = 0;
    refused(&d, "NUMBER_RANGE", "extended.number");
}

static void bytes_that_are_not_canonical_are_refused(void **state)
{
    struct draft d;
    (void)state;
    draft_make(&d, "M-1", PL_STARTED, "2026-11-02", NULL);
    struct made m = draft_pack(&d);
    uint8_t twice[2 * EVENT_BYTES];
    memcpy(twice, m.bytes, m.len);
    memcpy(twice + m.len, m.bytes, m.len);
    assert_int_equal(pl_event_check(twice, 2 * m.len, agency, EVENTS_NOW, arena, &event, &warning, &error), -1);
    assert_string_equal(error.reason, "NOT_CANONICAL");
    memcpy(twice + m.len, "\xa0\x06\x01", 3);    /* field 100 */
    assert_int_equal(pl_event_check(twice, m.len + 3, agency, EVENTS_NOW, arena, &event, &warning, &error), -1);
    assert_string_equal(error.reason, "UNKNOWN_FIELD");
    assert_int_equal(pl_event_check(m.bytes, m.len - 1, agency, EVENTS_NOW, arena, &event, &warning, &error), -1);
    static uint8_t large[PL_EVENT_MAX + 1];
    assert_int_equal(pl_event_check(large, sizeof large, agency, EVENTS_NOW, arena, &event, &warning, &error), -1);
    assert_string_equal(error.reason, "EVENT_SIZE");
}

static void what_is_odd_is_taken_with_a_warning(void **state)
{
    (void)state;
    DRAFT(d, PL_STARTED, "2026-11-02", NULL);
    memcpy(d.host, agency, sizeof d.host);
    assert_int_equal(check(&d), 0);
    assert_string_equal(warning.name, "HOST_IS_AGENCY");
    assert_string_equal(warning.field, "started.host_siret");
    draft_make(&d, "M-1", PL_HOURS, "2026-W45", NULL);
    d.hours.minutes = 2881;
    draft_correct(&d);
    assert_int_equal(check(&d), 0);
    assert_string_equal(warning.name, "HOURS_OVER_48");
    assert_string_equal(warning.field, "corrected.hours.minutes");
    draft_make(&d, "M-1", PL_EXTENDED, "2026-11-20", NULL);
    d.extended.number = 3;
    assert_int_equal(check(&d), 0);
    assert_string_equal(warning.name, "RENEWALS_OVER_2");
    draft_make(&d, "M-1", PL_CONFIRMED, "2026-01-01", "2027-06-30");
    assert_int_equal(check(&d), 0);
    assert_string_equal(warning.name, "");
    draft_make(&d, "M-1", PL_CONFIRMED, "2026-01-01", "2027-07-01");
    assert_int_equal(check(&d), 0);
    assert_string_equal(warning.name, "DURATION_OVER_18_MONTHS");
    assert_string_equal(warning.field, "confirmed.planned_end");
}

static void the_reference_is_cut_out_and_the_rest_still_unpacks(void **state)
{
    (void)state;
    DRAFT(d, PL_STARTED, "2026-11-02", NULL);
    struct made m = draft_pack(&d);
    assert_int_equal(pl_event_check(m.bytes, m.len, agency, EVENTS_NOW, arena, &event, &warning, &error), 0);
    assert_memory_equal(event.ref, "M-1", 3);
    assert_int_equal(event.ref_len, 3);
    PlacementEvent *rest = missionjeunes__placements__v1__placement_event__unpack(mj_arena_protobuf(arena),
                                                                                  event.rest_len, event.rest);
    assert_non_null(rest);
    assert_int_equal(rest->placement_ref.len, 0);
    assert_string_equal(rest->young_person, d.person);
    assert_string_equal(rest->started->on, "2026-11-02");
}

static void equal_values_have_equal_tags(void **state)
{
    (void)state;
    DRAFT(d, PL_STARTED, "2026-11-02", NULL);
    assert_int_equal(check(&d), 0);
    struct pl_event a = event;
    assert_false(a.correction);
    draft_correct(&d);
    assert_int_equal(check(&d), 0);
    assert_true(event.correction);
    assert_true(a.fact.tag == event.fact.tag);
    assert_int_equal(a.fact.on, mj_date_of(2026, 11, 2));
    d.started.rome = "N1105";
    assert_int_equal(check(&d), 0);
    assert_true(a.fact.tag != event.fact.tag);
}

static void more_than_two_days_is_late(void **state)
{
    (void)state;
    DRAFT(d, PL_STARTED, "2026-11-16", NULL);    /* now is the 18th */
    assert_int_equal(check(&d), 0);
    assert_int_equal(pl_event_late_days(&event, mj_local_day(EVENTS_NOW, "52"), "52"), 0);
    memcpy(d.on, "2026-11-15", 11);
    assert_int_equal(check(&d), 0);
    assert_int_equal(pl_event_late_days(&event, mj_local_day(EVENTS_NOW, "52"), "52"), 3);
    draft_correct(&d);                           /* a correction is about the past, and is no late event */
    assert_int_equal(check(&d), 0);
    assert_int_equal(pl_event_late_days(&event, mj_local_day(EVENTS_NOW, "52"), "52"), 0);
}

#define OURS(ours, theirs) assert_int_equal((int)(ours), (int)MISSIONJEUNES__PLACEMENTS__V1__##theirs)

static void our_numbers_are_those_of_the_messages(void **state)
{
    (void)state;
    OURS(PL_ENTRY_ACCEPTED, ENTRY_TYPE__ENTRY_TYPE_EVENT_ACCEPTED);
    OURS(PL_ENTRY_KNOWN, ENTRY_TYPE__ENTRY_TYPE_EVENT_KNOWN);
    OURS(PL_ENTRY_REJECTED, ENTRY_TYPE__ENTRY_TYPE_EVENT_REJECTED);
    OURS(PL_ENTRY_MATCHED, ENTRY_TYPE__ENTRY_TYPE_PLACEMENT_MATCHED);
    OURS(PL_ENTRY_QUALITY, ENTRY_TYPE__ENTRY_TYPE_STREAM_QUALITY);
    OURS(PL_ACCEPTED, OUTCOME__OUTCOME_ACCEPTED);
    OURS(PL_DUPLICATE, OUTCOME__OUTCOME_DUPLICATE);
    OURS(PL_UNMATCHED, OUTCOME__OUTCOME_UNMATCHED);
    OURS(PL_CONFLICT, OUTCOME__OUTCOME_CONFLICT);
    OURS(PL_REJECTED, OUTCOME__OUTCOME_REJECTED);
    OURS(PL_S_PROPOSED, PLACEMENT_STATE__PLACEMENT_STATE_PROPOSED);
    OURS(PL_S_REFUSED, PLACEMENT_STATE__PLACEMENT_STATE_REFUSED);
    OURS(PL_S_CONFIRMED, PLACEMENT_STATE__PLACEMENT_STATE_CONFIRMED);
    OURS(PL_S_CANCELLED, PLACEMENT_STATE__PLACEMENT_STATE_CANCELLED);
    OURS(PL_S_STARTED, PLACEMENT_STATE__PLACEMENT_STATE_STARTED);
    OURS(PL_S_ENDED_AT_TERM, PLACEMENT_STATE__PLACEMENT_STATE_ENDED_AT_TERM);
    OURS(PL_S_ENDED_EARLY, PLACEMENT_STATE__PLACEMENT_STATE_ENDED_EARLY);
    OURS(PL_CONTRACT_CDI, CONTRACT_KIND__CONTRACT_KIND_CDI);
    OURS(PL_MOTIVE_TERM, END_MOTIVE__END_MOTIVE_TERM);
    OURS(PL_MOTIVE_LAST, END_MOTIVE__END_MOTIVE_FORCE_MAJEURE);
    OURS(PL_HOURS_LAST, HOURS_KIND__HOURS_KIND_TRAINING);
    OURS(PL_BY_LAST, REFUSED_BY__REFUSED_BY_AGENCY);
    OURS(PL_CASE_CORRECTED, PLACEMENT_EVENT__FACT_CORRECTED);
    OURS(PL_PROPOSED + PL_CASE_OF_EVENT, PLACEMENT_EVENT__FACT_PROPOSED);
    OURS(PL_CANCELLED + PL_CASE_OF_EVENT, PLACEMENT_EVENT__FACT_CANCELLED);
    OURS(PL_CANCELLED, CORRECTED__VALUE_CANCELLED);
    assert_int_equal(PL_REGISTRY_PERSON_ENROLLED, MISSIONJEUNES__REGISTRY__V1__ENTRY_TYPE__ENTRY_TYPE_PERSON_ENROLLED);
}

static int up(void **state)
{
    (void)state;
    events_siret(agency, 41234567, 1);
    arena = mj_arena_create(0);
    return mj_crypto_init(NULL);
}

static int down(void **state)
{
    (void)state;
    mj_arena_destroy(arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_fact_is_taken),
        cmocka_unit_test(the_envelope_is_checked),
        cmocka_unit_test(an_event_without_a_fact_is_refused),
        cmocka_unit_test(dates_name_their_field),
        cmocka_unit_test(a_cdi_has_no_planned_end),
        cmocka_unit_test(codes_and_figures_are_checked),
        cmocka_unit_test(bytes_that_are_not_canonical_are_refused),
        cmocka_unit_test(what_is_odd_is_taken_with_a_warning),
        cmocka_unit_test(the_reference_is_cut_out_and_the_rest_still_unpacks),
        cmocka_unit_test(equal_values_have_equal_tags),
        cmocka_unit_test(more_than_two_days_is_late),
        cmocka_unit_test(our_numbers_are_those_of_the_messages),
    };
    return cmocka_run_group_tests(tests, up, down);
}
