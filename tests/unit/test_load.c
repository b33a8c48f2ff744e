/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* What mj-load makes up: valid, as published figures say, and the same again from the same seed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "mj-load/agenda.h"
#include "mj-load/hist.h"
#include "placements/placement.h"

#define TODAY mj_date_of(2026, 11, 18)
#define NOW_MS (((int64_t)TODAY + 1) * 86400000)
#define PLACEMENTS_MAX 4096

static const struct load_rates busy = { .late = 0.1, .out_of_order = 0.2, .corrections = 0.1, .cancellations = 0.05,
                                        .unmatched = 0.02, .repeats = 0.02, .malformed = 0.02 };

static struct load_world *make_world(void)
{
    struct load_figures f = { .seed = 7, .scale = 0.1, .regions = "52,53", .today = TODAY };
    struct load_world *w;
    assert_int_equal(load_world_make(&w, &f, NULL), 0);
    for (unsigned i = 0; i < w->people; i++) {
        uint8_t random[MJ_PERSON_RANDOM] = { (uint8_t)i, (uint8_t)(i >> 8) };
        mj_person_make(w->ids[i], mj_regions[load_world_region_of(w, i)].code, random);
    }
    return w;
}

struct told {                            /* an agency's events, judged as placements judges them */
    char refs[PLACEMENTS_MAX][40];
    struct pl_placement *placements[PLACEMENTS_MAX];
    unsigned count, events;
};

static struct pl_placement **placement_of(struct told *t, const char *ref)
{
    unsigned i = 0;
    while (i < t->count && strcmp(t->refs[i], ref) != 0)
        i++;
    if (i == t->count) {
        assert_true(t->count < PLACEMENTS_MAX);
        strcpy(t->refs[t->count++], ref);
    }
    return &t->placements[i];
}

static void judge_as(struct told *t, const struct load_event *e, const struct pl_event *ev)
{
    struct pl_placement **p = placement_of(t, e->ref);
    struct pl_verdict v;
    mj_error err = { 0 };
    if (pl_placement_judge(*p, ev, &v, &err) < 0)
        fail_msg("%s %s: %s %s", e->ref, e->key, err.reason, err.text);
    assert_int_equal(v.judgement == PL_KNOW, e->expect == LOAD_EXPECT_DUPLICATE);
    if (v.judgement == PL_KNOW)
        return;
    struct pl_placement *before = *p ? *p : pl_placement_create("00000000000000", PL_ROOM);
    *p = pl_placement_apply(before, ++t->events, ev);
    if (*p != before)
        pl_placement_free(before);
    assert_string_not_equal((*p)->young_person, "");
}

static void check_event(struct told *t, const struct load_event *e, const char *stream, struct mj_arena *a)
{
    struct pl_event ev;
    struct pl_warning w;
    mj_error err = { 0 };
    mj_arena_reset(a, 0);
    int rc = pl_event_check(e->bytes, e->len, stream, NOW_MS, a, &ev, &w, &err);
    if (e->expect == LOAD_EXPECT_REJECTED) {
        assert_int_equal(rc, -1);
        return;
    }
    if (rc < 0)
        fail_msg("%s %s: %s %s %s", e->ref, e->key, err.reason, err.field, err.text);
    judge_as(t, e, &ev);
}

static void every_event_becomes_what_is_expected_of_it(void **state)
{
    struct load_world *w = *state;
    struct load_demand d = { .seed = 3, .missions = 800, .rates = busy };
    struct load_shares s;
    struct mj_arena *a = mj_arena_create(0);
    unsigned started = 0, no_person = 0;

    load_demand_share(&d, w, &s);
    for (unsigned i = 0; i < w->agencies; i++) {
        struct told *t = calloc(1, sizeof *t);
        struct load_agenda *agenda = load_agenda_create(w, &d, &s, i);
        struct load_organisation o;
        static struct load_event e;

        load_world_agency(w, i, &o);
        assert_int_equal(mj_siret_check(o.id, NULL, NULL), 0);
        while (load_agenda_next(agenda, &e)) {
            check_event(t, &e, o.id, a);
            started += e.starts;
            no_person += e.expect == LOAD_EXPECT_UNMATCHED;
        }
        for (unsigned p = 0; p < t->count; p++)
            pl_placement_free(t->placements[p]);
        free(t);
        load_agenda_free(agenda);
    }
    assert_in_range(started, 720, 880);
    assert_in_range(no_person, 1, 300);
    mj_arena_destroy(a);
}

static void the_same_seed_gives_the_same_bytes(void **state)
{
    struct load_world *w = *state;
    struct load_demand d = { .seed = 5, .missions = 400, .rates = busy }, other = d;
    struct load_shares s;
    static struct load_event e, again, differs;
    unsigned events = 0, same = 0;

    other.seed = 6;
    load_demand_share(&d, w, &s);
    struct load_agenda *a = load_agenda_create(w, &d, &s, 0), *b = load_agenda_create(w, &d, &s, 0),
                       *c = load_agenda_create(w, &other, &s, 0);
    while (load_agenda_next(a, &e)) {
        assert_true(load_agenda_next(b, &again));
        assert_int_equal(e.len, again.len);
        assert_memory_equal(e.bytes, again.bytes, e.len);
        same += load_agenda_next(c, &differs) && differs.len == e.len && memcmp(differs.bytes, e.bytes, e.len) == 0;
        events++;
    }
    assert_false(load_agenda_next(b, &again));
    assert_true(events > 50);
    assert_int_equal(same, 0);
    load_agenda_free(a);
    load_agenda_free(b);
    load_agenda_free(c);
}

static void no_two_events_of_a_mission_tell_the_same_fact(void **state)
{
    (void)state;
    for (uint32_t person = 0; person < 3000; person++) {
        struct load_plan p = { 11, person, 0, person % 5 ? LOAD_WORKED : LOAD_NO_START,
                               person % 2 ? LOAD_CEJ : LOAD_PACEA, TODAY - (mj_date)(person % 365), TODAY };
        struct load_mission m;
        char keys[LOAD_FACTS_MAX][40];

        load_mission_draw(&m, &p, &busy);
        assert_in_range(m.count, 2, LOAD_FACTS_MAX);
        for (uint32_t i = 0; i < m.count; i++) {
            load_fact_key(&m.facts[i], keys[i]);
            for (uint32_t j = 0; j < i; j++)
                assert_string_not_equal(keys[i], keys[j]);
        }
    }
}

/* Share of missions of less than a month. */
static float short_share(enum load_programme programme)
{
    const uint16_t n = 40000;
    uint16_t brief = 0;

    for (uint32_t i = 0; i < n; i++) {
        struct load_plan p = { 1, i, 0, LOAD_WORKED, programme, TODAY, TODAY };
        struct load_mission m;
        static const struct load_rates none;

        load_mission_draw(&m, &p, &none);
        assert_in_range(m.days, 1, LOAD_DAYS_MAX);
        brief = (uint16_t)(brief + (m.days < 30));
    }
    return (float)brief / n;
}

static void missions_of_less_than_a_month_are_as_published(void **state)
{
    (void)state;
    assert_float_equal(short_share(LOAD_PACEA), 0.71f, 0.015f);
    assert_float_equal(short_share(LOAD_CEJ), 0.88f, 0.015f);
}

static void young_people_have_two_and_a_half_missions_a_year(void **state)
{
    const uint32_t people = 29293;
    uint64_t missions = 0;

    (void)state;
    for (uint32_t i = 0; i < people; i++)
        missions += load_person_missions(2, i, 2.5);
    assert_in_range(missions, people * 246ull / 100, people * 254ull / 100);
}

static void young_people_are_of_an_age_that_both_programmes_admit(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 5000; i++) {
        struct load_person p;
        load_person_draw(&p, 2, i, TODAY);
        assert_in_range(mj_age_on(p.birth, p.entry_on), 16, 25);
        assert_true(p.entry_on < TODAY - 365);
    }
}

static void a_world_has_every_region_and_valid_names(void **state)
{
    struct load_figures f = { .seed = 1, .scale = 1, .today = TODAY };
    struct load_world *w;
    struct load_organisation o;

    (void)state;
    assert_int_equal(load_world_make(&w, &f, NULL), 0);
    assert_int_equal(w->locales, 444);
    assert_in_range(w->people, LOAD_YEAR_PEOPLE, LOAD_YEAR_PEOPLE + LOAD_REGIONS);
    for (unsigned i = 0; i < w->locales; i++) {
        const struct mj_region *region;
        load_world_locale(w, i, &o);
        assert_int_equal(mj_siret_check(o.id, NULL, NULL), 0);
        assert_int_equal(mj_region_of_commune(&region, o.commune, NULL, NULL), 0);
        assert_string_equal(region->code, mj_regions[o.region].code);
        assert_non_null(strstr(o.name, "fictive"));
    }
    load_world_free(w);
}

static void unreasonable_figures_are_refused(void **state)
{
    struct load_figures f = { .seed = 1, .scale = 0, .today = TODAY };
    struct load_world *w;
    mj_error err;

    (void)state;
    assert_int_equal(load_world_make(&w, &f, &err), -1);
    f.scale = 1;
    strcpy(f.regions, "99");
    assert_int_equal(load_world_make(&w, &f, &err), -1);
    assert_string_equal(err.reason, "FIGURES");
}

static void quantiles_are_right_to_three_per_cent(void **state)
{
    static struct load_hist h;

    (void)state;
    assert_int_equal(load_hist_quantile(&h, 0.5), 0);
    for (uint64_t i = 1; i <= 100000; i++)
        load_hist_add(&h, i * 1000, 1);
    assert_in_range(load_hist_quantile(&h, 0.50), 50000000, 51600000);
    assert_in_range(load_hist_quantile(&h, 0.99), 99000000, 100000000);
    assert_int_equal(load_hist_quantile(&h, 1.0), 100000000);
}

static int world_up(void **state)
{
    *state = make_world();
    return 0;
}

static int world_down(void **state)
{
    load_world_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_event_becomes_what_is_expected_of_it, world_up, world_down),
        cmocka_unit_test_setup_teardown(the_same_seed_gives_the_same_bytes, world_up, world_down),
        cmocka_unit_test(no_two_events_of_a_mission_tell_the_same_fact),
        cmocka_unit_test(missions_of_less_than_a_month_are_as_published),
        cmocka_unit_test(young_people_have_two_and_a_half_missions_a_year),
        cmocka_unit_test(young_people_are_of_an_age_that_both_programmes_admit),
        cmocka_unit_test(a_world_has_every_region_and_valid_names),
        cmocka_unit_test(unreasonable_figures_are_refused),
        cmocka_unit_test(quantiles_are_right_to_three_per_cent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
