/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* What a young person and a placement add to the figures: the pure part of reporting. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "reporting/cells.h"
#include "reporting/person.h"
#include "reporting/quality.h"

#define KIND(name) MISSIONJEUNES__PLACEMENTS__V1__CONTRACT_KIND__CONTRACT_KIND_##name
#define AGENCY "73282932000074"
#define OTHER_AGENCY "73282932000082"
#define MISSION_LOCALE "39027183600018"

typedef Missionjeunes__Placements__V1__EventAccepted accepted;
typedef Missionjeunes__Placements__V1__PlacementEvent placement_event;

static char person_id[MJ_PERSON_TEXT];

static void tell(struct mj_rep_placement *p, placement_event *event, bool unmatched, bool implied)
{
    accepted entry = MISSIONJEUNES__PLACEMENTS__V1__EVENT_ACCEPTED__INIT;
    mj_error err = { 0 };

    entry.unmatched = unmatched;
    entry.implied_start = implied;
    if (mj_rep_placement_accept(p, &entry, event, &err) < 0) {
        fail_msg("%s: %s", err.reason, err.text);
    }
}

static void tell_started(struct mj_rep_placement *p, const char *on, int kind, bool unmatched)
{
    placement_event event = MISSIONJEUNES__PLACEMENTS__V1__PLACEMENT_EVENT__INIT;
    Missionjeunes__Placements__V1__Started fact = MISSIONJEUNES__PLACEMENTS__V1__STARTED__INIT;

    fact.on = (char *)on;
    fact.contract_kind = kind;
    event.young_person = person_id;
    event.started = &fact;
    event.fact_case = MISSIONJEUNES__PLACEMENTS__V1__PLACEMENT_EVENT__FACT_STARTED;
    tell(p, &event, unmatched, false);
}

static void tell_confirmed(struct mj_rep_placement *p, const char *planned_start, int kind)
{
    placement_event event = MISSIONJEUNES__PLACEMENTS__V1__PLACEMENT_EVENT__INIT;
    Missionjeunes__Placements__V1__Confirmed fact = MISSIONJEUNES__PLACEMENTS__V1__CONFIRMED__INIT;

    fact.planned_start = (char *)planned_start;
    fact.contract_kind = kind;
    event.young_person = person_id;
    event.confirmed = &fact;
    event.fact_case = MISSIONJEUNES__PLACEMENTS__V1__PLACEMENT_EVENT__FACT_CONFIRMED;
    tell(p, &event, false, false);
}

static void tell_ended(struct mj_rep_placement *p, const char *on, bool implied)
{
    placement_event event = MISSIONJEUNES__PLACEMENTS__V1__PLACEMENT_EVENT__INIT;
    Missionjeunes__Placements__V1__Ended fact = MISSIONJEUNES__PLACEMENTS__V1__ENDED__INIT;

    fact.on = (char *)on;
    event.ended = &fact;
    event.fact_case = MISSIONJEUNES__PLACEMENTS__V1__PLACEMENT_EVENT__FACT_ENDED;
    tell(p, &event, false, implied);
}

static void tell_correction(struct mj_rep_placement *p, Missionjeunes__Placements__V1__Corrected *correction)
{
    placement_event event = MISSIONJEUNES__PLACEMENTS__V1__PLACEMENT_EVENT__INIT;

    event.corrected = correction;
    event.fact_case = MISSIONJEUNES__PLACEMENTS__V1__PLACEMENT_EVENT__FACT_CORRECTED;
    tell(p, &event, false, false);
}

static void tell_cancelled_by_correction(struct mj_rep_placement *p)
{
    Missionjeunes__Placements__V1__Corrected c = MISSIONJEUNES__PLACEMENTS__V1__CORRECTED__INIT;
    Missionjeunes__Placements__V1__Cancelled fact = MISSIONJEUNES__PLACEMENTS__V1__CANCELLED__INIT;

    c.cancelled = &fact;
    c.value_case = MISSIONJEUNES__PLACEMENTS__V1__CORRECTED__VALUE_CANCELLED;
    tell_correction(p, &c);
}

static void tell_corrected_start(struct mj_rep_placement *p, const char *on, int kind)
{
    Missionjeunes__Placements__V1__Corrected c = MISSIONJEUNES__PLACEMENTS__V1__CORRECTED__INIT;
    Missionjeunes__Placements__V1__Started fact = MISSIONJEUNES__PLACEMENTS__V1__STARTED__INIT;

    fact.on = (char *)on;
    fact.contract_kind = kind;
    c.started = &fact;
    c.value_case = MISSIONJEUNES__PLACEMENTS__V1__CORRECTED__VALUE_STARTED;
    tell_correction(p, &c);
}

/* ---- placements ---- */

static void a_started_mission_of_a_matched_person_counts(void **state)
{
    (void)state;
    struct mj_rep_placement p;

    mj_rep_placement_init(&p, AGENCY);
    assert_false(mj_rep_placement_is_mission(&p));
    tell_started(&p, "2026-03-02", KIND(CTT), false);
    assert_true(mj_rep_placement_is_mission(&p));
    assert_int_equal(2026, mj_rep_placement_year(&p));
}

static void contracts_that_are_no_missions_do_not_count(void **state)
{
    (void)state;
    const int kinds[] = { KIND(CDD), KIND(CDI), KIND(UNSPECIFIED) };
    const int missions[] = { KIND(CTT), KIND(CDII_MISSION), KIND(MISSION_FORMATION) };
    struct mj_rep_placement p;

    for (size_t i = 0; i < 3; i++) {
        mj_rep_placement_init(&p, AGENCY);
        tell_started(&p, "2026-03-02", kinds[i], false);
        assert_false(mj_rep_placement_is_mission(&p));
        mj_rep_placement_init(&p, AGENCY);
        tell_started(&p, "2026-03-02", missions[i], false);
        assert_true(mj_rep_placement_is_mission(&p));
    }
}

static void an_unmatched_mission_counts_once_it_is_matched(void **state)
{
    (void)state;
    struct mj_rep_placement p;

    mj_rep_placement_init(&p, AGENCY);
    tell_started(&p, "2026-03-02", KIND(CTT), true);
    assert_false(mj_rep_placement_is_mission(&p));
    assert_true(mj_rep_placement_waits(&p));
    mj_rep_placement_match(&p, person_id);
    assert_true(mj_rep_placement_is_mission(&p));
    assert_false(mj_rep_placement_waits(&p));
}

static void a_cancellation_by_correction_takes_the_mission_back(void **state)
{
    (void)state;
    struct mj_rep_placement p;

    mj_rep_placement_init(&p, AGENCY);
    tell_started(&p, "2026-03-02", KIND(CTT), false);
    tell_cancelled_by_correction(&p);
    assert_false(mj_rep_placement_is_mission(&p));
}

static void a_corrected_start_moves_the_year_and_the_kind(void **state)
{
    (void)state;
    struct mj_rep_placement p;

    mj_rep_placement_init(&p, AGENCY);
    tell_started(&p, "2026-01-02", KIND(CTT), false);
    tell_corrected_start(&p, "2025-12-29", KIND(CTT));
    assert_int_equal(2025, mj_rep_placement_year(&p));
    tell_corrected_start(&p, "2025-12-29", KIND(CDD));
    assert_false(mj_rep_placement_is_mission(&p));
}

static void an_implied_start_takes_the_day_planned_unless_facts_are_earlier(void **state)
{
    (void)state;
    struct mj_rep_placement p;

    mj_rep_placement_init(&p, AGENCY);
    tell_confirmed(&p, "2025-12-20", KIND(CTT));
    assert_false(mj_rep_placement_is_mission(&p));
    tell_ended(&p, "2026-02-01", true);
    assert_true(mj_rep_placement_is_mission(&p));
    assert_int_equal(2025, mj_rep_placement_year(&p));

    mj_rep_placement_init(&p, AGENCY);
    tell_confirmed(&p, "2027-01-04", KIND(CTT));
    tell_ended(&p, "2026-12-31", true);
    assert_int_equal(2026, mj_rep_placement_year(&p));
    tell_started(&p, "2024-12-30", KIND(CTT), false);    /* PL04 that comes later sets the date */
    assert_int_equal(2024, mj_rep_placement_year(&p));
}

/* ---- young people ---- */

static int64_t value_of(const struct mj_rep_contribution *c, const char *region, const char *row, const char *name)
{
    char text[MJ_REP_NAME_TEXT];

    for (size_t i = 0; i < c->count; i++) {
        if (c->cells[i].region == mj_rep_region(region) && strcmp(c->cells[i].row, row) == 0 &&
            strcmp(mj_rep_name_text(c->cells[i].name, text), name) == 0) {
            return c->cells[i].value;
        }
    }
    return 0;
}

static void mission_of(struct mj_rep_person *p, const char *region, uint8_t number, const char *agency, const char *on)
{
    uint8_t name[MJ_TAG] = { number };
    struct mj_rep_placement placement;

    mj_rep_placement_init(&placement, agency);
    tell_started(&placement, on, KIND(CTT), false);
    assert_true(mj_rep_person_set(p, region, name, &placement));
}

static void nothing_counts_before_the_enrolment_is_known(void **state)
{
    (void)state;
    struct mj_rep_contribution c = MJ_REP_CONTRIBUTION_INIT;
    struct mj_rep_person *p = mj_rep_person_create();

    mission_of(p, "52", 1, AGENCY, "2026-03-02");
    mj_rep_contribution_of(p, &c);
    assert_int_equal(0, c.count);
    mj_rep_person_enrol(p, MISSION_LOCALE, "75");
    mj_rep_contribution_of(p, &c);
    assert_int_equal(1, value_of(&c, "75", "", "missions:total"));
    assert_int_equal(1, value_of(&c, "FR", "", "missions:total"));
    assert_int_equal(0, value_of(&c, "52", "", "missions:total"));       /* where the Mission Locale is */
    mj_rep_contribution_free(&c);
    mj_rep_person_free(p);
}

static void a_person_counts_once_whatever_the_number_of_missions(void **state)
{
    (void)state;
    struct mj_rep_contribution c = MJ_REP_CONTRIBUTION_INIT;
    struct mj_rep_person *p = mj_rep_person_create();

    mj_rep_person_enrol(p, MISSION_LOCALE, "52");
    mission_of(p, "52", 3, AGENCY, "2026-03-02");
    mission_of(p, "52", 1, AGENCY, "2026-04-02");
    mission_of(p, "75", 2, OTHER_AGENCY, "2025-04-02");
    mj_rep_contribution_of(p, &c);
    assert_int_equal(3, value_of(&c, "52", "", "missions:total"));
    assert_int_equal(2, value_of(&c, "52", "", "missions:2026"));
    assert_int_equal(1, value_of(&c, "52", "", "young_people:total"));
    assert_int_equal(1, value_of(&c, "FR", "", "young_people:2025"));
    assert_int_equal(2, value_of(&c, "52", "agency/" AGENCY, "missions:total"));
    assert_int_equal(1, value_of(&c, "52", "agency/" OTHER_AGENCY, "young_people:total"));
    assert_int_equal(3, value_of(&c, "FR", "ett/732829320", "missions:total"));
    assert_int_equal(1, value_of(&c, "FR", "ett/732829320", "young_people:total"));
    assert_int_equal(3, value_of(&c, "52", "ml/" MISSION_LOCALE, "missions:total"));
    mj_rep_contribution_free(&c);
    mj_rep_person_free(p);
}

static void facts_come_back_from_their_bytes(void **state)
{
    (void)state;
    struct mj_rep_contribution before = MJ_REP_CONTRIBUTION_INIT, after = MJ_REP_CONTRIBUTION_INIT;
    struct mj_rep_person *p = mj_rep_person_create(), *q = mj_rep_person_create();
    struct mj_buf bytes = MJ_BUF_INIT;
    mj_error err = { 0 };

    mission_of(p, "75", 2, OTHER_AGENCY, "2025-04-02");
    mission_of(p, "52", 3, AGENCY, "2026-03-02");
    mj_rep_person_pack(p, &bytes);
    assert_int_equal(0, mj_rep_person_unpack(q, bytes.data, bytes.len, &err));
    mj_rep_person_enrol(p, MISSION_LOCALE, "52");
    mj_rep_person_enrol(q, MISSION_LOCALE, "52");
    mj_rep_contribution_of(p, &before);
    mj_rep_contribution_of(q, &after);
    assert_int_equal(before.count, after.count);
    for (size_t i = 0; i < after.count; i++) {
        assert_int_equal(0, mj_rep_cell_compare(&before.cells[i], &after.cells[i]));
        assert_int_equal(before.cells[i].value, after.cells[i].value);
    }
    assert_int_equal(-1, mj_rep_person_unpack(q, bytes.data, bytes.len - 1, &err));
    assert_string_equal("PERSON_ROW", err.reason);
    mj_buf_free(&bytes);
    mj_rep_contribution_free(&before);
    mj_rep_contribution_free(&after);
    mj_rep_person_free(p);
    mj_rep_person_free(q);
}

/* ---- cells ---- */

static void into_cells(void *arg, const struct mj_rep_cell *delta)
{
    mj_rep_cells_add(arg, delta);
}

static void count_cell(void *arg, const char *row, mj_rep_name name, int64_t value)
{
    (void)row, (void)name, (void)value;
    ++*(int *)arg;
}

static void the_old_contribution_off_and_the_new_one_on_leaves_no_trace(void **state)
{
    (void)state;
    struct mj_rep_contribution none = MJ_REP_CONTRIBUTION_INIT, c = MJ_REP_CONTRIBUTION_INIT;
    struct mj_rep_person *p = mj_rep_person_create();
    struct mj_rep_cells *cells = mj_rep_cells_create(1);
    int region = mj_rep_region("52");
    int left = 0, touched = 0;

    mj_rep_person_enrol(p, MISSION_LOCALE, "52");
    mission_of(p, "52", 1, AGENCY, "2026-03-02");
    mj_rep_contribution_of(p, &c);
    mj_rep_contribution_difference(&none, &c, into_cells, cells);
    assert_int_equal(1, mj_rep_cells_value(cells, region, "", mj_rep_name_of(MJ_REP_MISSIONS, 2026)));
    mj_rep_cells_clean(cells, region);
    mj_rep_contribution_difference(&c, &none, into_cells, cells);
    mj_rep_cells_each(cells, region, NULL, count_cell, &left);
    assert_int_equal(0, left);
    mj_rep_cells_dirty(cells, region, count_cell, &touched);
    assert_int_equal((int)c.count / 2, touched);         /* half of them are FR's */
    mj_rep_cells_destroy(cells);
    mj_rep_contribution_free(&c);
    mj_rep_person_free(p);
}

static void quality_totals_are_set_not_added(void **state)
{
    (void)state;
    struct mj_rep_cells *cells = mj_rep_cells_create(1);
    struct mj_rep_quality none = { 0 }, some = { .known = 1, .resends = 4, .unmatched = 1 }, more = some;
    int region = mj_rep_region("52");

    mj_rep_quality_difference(&none, &some, "52", AGENCY, into_cells, cells);
    assert_int_equal(5, mj_rep_cells_value(cells, region, "", mj_rep_name_of(MJ_REP_DUPLICATES, 0)));
    more.resends = 6;
    more.unmatched = 0;
    mj_rep_quality_difference(&some, &more, "52", AGENCY, into_cells, cells);
    assert_int_equal(7, mj_rep_cells_value(cells, region, "agency/" AGENCY, mj_rep_name_of(MJ_REP_DUPLICATES, 0)));
    assert_int_equal(7, mj_rep_cells_value(cells, MJ_REP_FR, "ett/732829320", mj_rep_name_of(MJ_REP_DUPLICATES, 0)));
    assert_int_equal(0, mj_rep_cells_value(cells, region, "", mj_rep_name_of(MJ_REP_UNMATCHED, 0)));
    mj_rep_cells_destroy(cells);
}

static void rows_and_names_have_one_text(void **state)
{
    (void)state;
    char text[MJ_REP_NAME_TEXT];

    assert_string_equal("unmatched:now", mj_rep_name_text(mj_rep_name_of(MJ_REP_UNMATCHED, 0), text));
    assert_string_equal("young_people:2026", mj_rep_name_text(mj_rep_name_of(MJ_REP_YOUNG_PEOPLE, 2026), text));
    assert_true(mj_rep_row_is("agency/" AGENCY));
    assert_true(mj_rep_row_is("ett/732829320"));
    assert_false(mj_rep_row_is("ett/" AGENCY));
    assert_false(mj_rep_row_is("agency/7328293200007x"));
    assert_false(mj_rep_row_is("person/73282932000074"));
    assert_int_equal(MJ_REP_FR, mj_rep_region("FR"));
    assert_int_equal(MJ_REP_FR, mj_region_count);
    assert_int_equal(-1, mj_rep_region("00"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_started_mission_of_a_matched_person_counts),
        cmocka_unit_test(contracts_that_are_no_missions_do_not_count),
        cmocka_unit_test(an_unmatched_mission_counts_once_it_is_matched),
        cmocka_unit_test(a_cancellation_by_correction_takes_the_mission_back),
        cmocka_unit_test(a_corrected_start_moves_the_year_and_the_kind),
        cmocka_unit_test(an_implied_start_takes_the_day_planned_unless_facts_are_earlier),
        cmocka_unit_test(nothing_counts_before_the_enrolment_is_known),
        cmocka_unit_test(a_person_counts_once_whatever_the_number_of_missions),
        cmocka_unit_test(facts_come_back_from_their_bytes),
        cmocka_unit_test(the_old_contribution_off_and_the_new_one_on_leaves_no_trace),
        cmocka_unit_test(quality_totals_are_set_not_added),
        cmocka_unit_test(rows_and_names_have_one_text),
    };

    mj_person_make(person_id, "52", (const uint8_t[MJ_PERSON_RANDOM]){ 7 });
    return cmocka_run_group_tests(tests, NULL, NULL);
}
