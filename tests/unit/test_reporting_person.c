/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* What a young person and a placement add to the figures: the pure part of reporting. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <missionjeunes/placements/v1/placements.pb-c.h>
#include <string.h>

#include "reporting/cells.h"
#include "reporting/person.h"
#include "reporting/placement.h"
#include "reporting/quality.h"

#define KIND(name) MISSIONJEUNES__PLACEMENTS__V1__CONTRACT_KIND__CONTRACT_KIND_##name
#define AGENCY "73282932000074"
#define OTHER_AGENCY "73282932000082"
#define MISSION_LOCALE "39027183600018"

static char person_id[MJ_PERSON_TEXT];

static mj_date day(const char *text)
{
    mj_date d;

    assert_int_equal(0, mj_date_parse(&d, text, NULL, NULL));
    return d;
}

static void tell(struct mj_rep_placement *p, const struct mj_rep_told *told)
{
    mj_error err = { 0 };

    if (mj_rep_placement_accept(p, told, &err) < 0) {
        fail_msg("%s: %s", err.reason, err.text);
    }
}

static void tell_started(struct mj_rep_placement *p, const char *on, int kind, bool unmatched)
{
    struct mj_rep_told told = { .fact = MJ_REP_STARTED, .day = day(on), .contract = (uint8_t)kind,
                                .unmatched = unmatched };

    memcpy(told.person, person_id, sizeof told.person);
    tell(p, &told);
}

static void tell_confirmed(struct mj_rep_placement *p, const char *planned_start, int kind)
{
    struct mj_rep_told told = { .fact = MJ_REP_CONFIRMED, .day = day(planned_start), .contract = (uint8_t)kind };

    memcpy(told.person, person_id, sizeof told.person);
    tell(p, &told);
}

static void tell_ended(struct mj_rep_placement *p, const char *on, bool implied)
{
    tell(p, &(struct mj_rep_told){ .fact = MJ_REP_ENDED, .day = day(on), .implied_start = implied });
}

static void tell_cancelled(struct mj_rep_placement *p)
{
    tell(p, &(struct mj_rep_told){ .fact = MJ_REP_CANCELLED, .day = MJ_NO_DATE });
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
    tell_cancelled(&p);
    assert_false(mj_rep_placement_is_mission(&p));
}

static void a_corrected_start_moves_the_year_and_the_kind(void **state)
{
    (void)state;
    struct mj_rep_placement p;

    mj_rep_placement_init(&p, AGENCY);
    tell_started(&p, "2026-01-02", KIND(CTT), false);
    tell_started(&p, "2025-12-29", KIND(CTT), false);
    assert_int_equal(2025, mj_rep_placement_year(&p));
    tell_started(&p, "2025-12-29", KIND(CDD), false);
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

static void a_settled_placement_counts_as_before_whatever_is_told(void **state)
{
    (void)state;
    const struct mj_rep_told hours = { .fact = MJ_REP_HOURS, .day = 20000 }, start = { .fact = MJ_REP_STARTED };
    struct mj_rep_placement p;

    mj_rep_placement_init(&p, AGENCY);
    assert_false(mj_rep_placement_settled(&p, &hours));
    tell_started(&p, "2026-03-02", KIND(CTT), true);
    assert_false(mj_rep_placement_settled(&p, &hours));  /* a match may come */
    mj_rep_placement_match(&p, person_id);
    assert_true(mj_rep_placement_settled(&p, &hours));
    assert_false(mj_rep_placement_settled(&p, &start));  /* a correction */
    tell_cancelled(&p);
    assert_true(mj_rep_placement_settled(&p, &start));
}

/* ---- young people ---- */

static void into_cells(void *arg, const struct mj_rep_cell *change)
{
    mj_rep_cells_add(arg, change);
}

static int64_t value_of(const struct mj_rep_cells *cells, const char *region, const char *row, const char *name)
{
    char text[MJ_REP_NAME_TEXT];

    for (enum mj_rep_figure f = MJ_REP_MISSIONS; f <= MJ_REP_YOUNG_PEOPLE; f++) {
        for (int year = 2023; year <= 2026; year++) {
            mj_rep_name n = mj_rep_name_of(f, year == 2023 ? 0 : year);
            if (strcmp(mj_rep_name_text(n, text), name) == 0) {
                return mj_rep_cells_value(cells, mj_rep_region(region), row, n);
            }
        }
    }
    fail_msg("no such figure: %s", name);
    return 0;
}

static void count_cell(void *arg, const char *row, mj_rep_name name, int64_t value)
{
    (void)row, (void)name, (void)value;
    ++*(int *)arg;
}

static int cells_of(const struct mj_rep_cells *cells, const char *region)
{
    int count = 0;

    mj_rep_cells_each(cells, mj_rep_region(region), NULL, count_cell, &count);
    return count;
}

static void nothing_counts_before_the_enrolment_is_known(void **state)
{
    (void)state;
    struct mj_rep_cells *cells = mj_rep_cells_create(1);
    struct mj_rep_person *p = mj_rep_person_create();

    mj_rep_person_add(p, AGENCY, 2026, 1, into_cells, cells);
    assert_int_equal(0, cells_of(cells, "FR"));
    mj_rep_person_enrol(p, MISSION_LOCALE, "75", into_cells, cells);
    assert_int_equal(1, value_of(cells, "75", "", "missions:total"));
    assert_int_equal(1, value_of(cells, "FR", "", "missions:total"));
    assert_int_equal(0, value_of(cells, "52", "", "missions:total"));    /* where the Mission Locale is */
    mj_rep_person_enrol(p, MISSION_LOCALE, "52", into_cells, cells);     /* the last one that is told holds */
    assert_int_equal(0, cells_of(cells, "75"));
    assert_int_equal(1, value_of(cells, "52", "", "missions:total"));
    assert_int_equal(1, value_of(cells, "FR", "ml/" MISSION_LOCALE, "missions:2026"));
    mj_rep_person_free(p);
    mj_rep_cells_destroy(cells);
}

/* Two missions of one agency in 2026, one of another agency of the same ETT in 2025. */
static void three_missions(struct mj_rep_person *p, struct mj_rep_cells *cells)
{
    mj_rep_person_enrol(p, MISSION_LOCALE, "52", into_cells, cells);
    mj_rep_person_add(p, AGENCY, 2026, 1, into_cells, cells);
    mj_rep_person_add(p, AGENCY, 2026, 1, into_cells, cells);
    mj_rep_person_add(p, OTHER_AGENCY, 2025, 1, into_cells, cells);
}

static void a_person_counts_once_whatever_the_number_of_missions(void **state)
{
    (void)state;
    struct mj_rep_cells *cells = mj_rep_cells_create(1);
    struct mj_rep_person *p = mj_rep_person_create();

    three_missions(p, cells);
    assert_int_equal(3, value_of(cells, "52", "", "missions:total"));
    assert_int_equal(2, value_of(cells, "52", "", "missions:2026"));
    assert_int_equal(1, value_of(cells, "52", "", "young_people:total"));
    assert_int_equal(1, value_of(cells, "FR", "", "young_people:2025"));
    assert_int_equal(2, value_of(cells, "52", "agency/" AGENCY, "missions:total"));
    assert_int_equal(1, value_of(cells, "52", "agency/" OTHER_AGENCY, "young_people:total"));
    assert_int_equal(3, value_of(cells, "FR", "ett/732829320", "missions:total"));
    assert_int_equal(1, value_of(cells, "FR", "ett/732829320", "young_people:total"));
    assert_int_equal(3, value_of(cells, "52", "ml/" MISSION_LOCALE, "missions:total"));
    mj_rep_person_free(p);
    mj_rep_cells_destroy(cells);
}

static void missions_come_back_from_their_bytes(void **state)
{
    (void)state;
    struct mj_rep_cells *cells = mj_rep_cells_create(1);
    struct mj_rep_person *p = mj_rep_person_create(), *q = mj_rep_person_create();
    struct mj_buf bytes = MJ_BUF_INIT;
    mj_error err = { 0 };

    three_missions(p, cells);
    mj_rep_person_pack(p, &bytes);
    assert_int_equal(0, mj_rep_person_unpack(q, bytes.data, bytes.len, &err));
    assert_string_equal(MISSION_LOCALE, q->mission_locale);
    assert_string_equal("52", q->region);
    assert_int_equal(2, q->groups);
    mj_rep_person_add(q, AGENCY, 2026, -2, into_cells, cells);
    mj_rep_person_add(q, OTHER_AGENCY, 2025, -1, into_cells, cells);
    assert_int_equal(0, cells_of(cells, "52"));
    assert_int_equal(0, cells_of(cells, "FR"));
    assert_int_equal(-1, mj_rep_person_unpack(q, bytes.data, bytes.len - 1, &err));
    assert_string_equal("PERSON_ROW", err.reason);
    bytes.data[0] = 'Z';                 /* of no region: there is no cell to count in */
    err.reason[0] = '\0';
    assert_int_equal(-1, mj_rep_person_unpack(q, bytes.data, bytes.len, &err));
    assert_string_equal("PERSON_ROW", err.reason);
    mj_buf_free(&bytes);
    mj_rep_person_free(p);
    mj_rep_person_free(q);
    mj_rep_cells_destroy(cells);
}

/* ---- cells ---- */

static void a_mission_taken_back_leaves_no_trace(void **state)
{
    (void)state;
    struct mj_rep_person *p = mj_rep_person_create();
    struct mj_rep_cells *cells = mj_rep_cells_create(1);
    int region = mj_rep_region("52");
    int touched = 0, unsaved = 0;

    mj_rep_person_enrol(p, MISSION_LOCALE, "52", into_cells, cells);
    mj_rep_person_add(p, AGENCY, 2026, 1, into_cells, cells);
    assert_int_equal(1, value_of(cells, "52", "", "missions:2026"));
    mj_rep_cells_clean(cells, region);
    mj_rep_cells_saved(cells);
    assert_false(mj_rep_cells_are_unsaved(cells));
    mj_rep_person_add(p, AGENCY, 2026, -1, into_cells, cells);
    assert_int_equal(0, p->groups);
    assert_int_equal(0, cells_of(cells, "52"));
    mj_rep_cells_dirty(cells, region, count_cell, &touched);
    assert_int_equal(16, touched);       /* 4 rows, 2 figures, 2 periods */
    mj_rep_cells_clean(cells, region);
    assert_true(mj_rep_cells_are_unsaved(cells));        /* Redis and the tables are told apart */
    mj_rep_cells_unsaved(cells, region, count_cell, &unsaved);
    assert_int_equal(16, unsaved);
    mj_rep_cells_destroy(cells);
    mj_rep_person_free(p);
}

static void quality_totals_are_set_not_added(void **state)
{
    (void)state;
    struct mj_rep_cells *cells = mj_rep_cells_create(1);
    struct mj_rep_quality none = { 0 }, some = { .known = 1, .resends = 4, .unmatched = 1 }, more = some;
    int region = mj_rep_region("52");

    mj_rep_quality_difference(&none, &some, region, AGENCY, into_cells, cells);
    assert_int_equal(5, mj_rep_cells_value(cells, region, "", mj_rep_name_of(MJ_REP_DUPLICATES, 0)));
    more.resends = 6;
    more.unmatched = 0;
    mj_rep_quality_difference(&some, &more, region, AGENCY, into_cells, cells);
    assert_int_equal(7, mj_rep_cells_value(cells, region, "agency/" AGENCY, mj_rep_name_of(MJ_REP_DUPLICATES, 0)));
    assert_int_equal(7, mj_rep_cells_value(cells, MJ_REP_FR, "ett/732829320", mj_rep_name_of(MJ_REP_DUPLICATES, 0)));
    assert_int_equal(0, mj_rep_cells_value(cells, region, "", mj_rep_name_of(MJ_REP_UNMATCHED, 0)));
    mj_rep_cells_destroy(cells);
}

static void rows_and_names_have_one_text(void **state)
{
    (void)state;
    const char *const rows[] = { "", "ml/" AGENCY, "agency/" AGENCY, "ett/732829320" };
    const char *const none[] = { "ett/" AGENCY, "agency/7328293200007x", "person/73282932000074", "agency/", "region" };
    char text[MJ_REP_NAME_TEXT];
    struct mj_rep_row row;

    assert_string_equal("unmatched:now", mj_rep_name_text(mj_rep_name_of(MJ_REP_UNMATCHED, 0), text));
    assert_string_equal("young_people:2026", mj_rep_name_text(mj_rep_name_of(MJ_REP_YOUNG_PEOPLE, 2026), text));
    for (int kind = MJ_REP_WHOLE; kind <= MJ_REP_ETT; kind++) {
        assert_true(mj_rep_row_parse(&row, rows[kind]));
        assert_int_equal(kind, row.kind);
        assert_string_equal(rows[kind], mj_rep_row_text(&row, text));
    }
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        assert_false(mj_rep_row_parse(&row, none[i]));
    }
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
        cmocka_unit_test(a_settled_placement_counts_as_before_whatever_is_told),
        cmocka_unit_test(nothing_counts_before_the_enrolment_is_known),
        cmocka_unit_test(a_person_counts_once_whatever_the_number_of_missions),
        cmocka_unit_test(missions_come_back_from_their_bytes),
        cmocka_unit_test(a_mission_taken_back_leaves_no_trace),
        cmocka_unit_test(quality_totals_are_set_not_added),
        cmocka_unit_test(rows_and_names_have_one_text),
    };

    mj_person_make(person_id, "52", (const uint8_t[MJ_PERSON_RANDOM]){ 7 });
    return cmocka_run_group_tests(tests, NULL, NULL);
}
