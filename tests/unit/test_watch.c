/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Counters and Watch over real sockets: who sees which rows, and when an answer comes. */
#include "support/town.h"

#include <missionjeunes/reporting/v1/reporting.pb-c.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/buf.h"
#include "reporting/watch.h"

#define AGENCY "73282932000074"
#define SISTER "73282932000082"          /* of the same ETT */
#define STRANGER "44306184100047"
#define ETT "732829320"
#define MISSION_LOCALE "39027183600026"

struct world {
    struct town town;
    struct mj_server *server;
    char endpoint[MJ_ENDPOINT_MAX];
    struct mj_rep_cells *cells;
    struct mj_rep_live *live;
    struct mj_rep_health health;
    struct mj_rep_sources sources;
    struct mj_rep_watch *watch;
    struct mj_curve agency, ett, ml, demo, operator, committee, funder, narrow;
    /* the last answer */
    unsigned replies;
    char reason[40];
    char seen[2048];                     /* "52 agency/... missions:total=3; " */
    uint8_t token[512];
    size_t token_len;
    size_t regions;
    uint64_t lag;
    bool stale;
};

/* ---- the service ---- */

static int counters(void *app, struct mj_request *rq, mj_error *err)
{
    return mj_rep_watch_counters(((struct world *)app)->watch, rq, err);
}

static int watch(void *app, struct mj_request *rq, mj_error *err)
{
    return mj_rep_watch_watch(((struct world *)app)->watch, rq, err);
}

static const struct mj_method methods[] = {
    { "reporting.v1.Counters", &missionjeunes__reporting__v1__counters_request__descriptor,
      &missionjeunes__reporting__v1__counters_response__descriptor, MJ_ROLES_ALL, false, counters },
    { "reporting.v1.Watch", &missionjeunes__reporting__v1__watch_request__descriptor,
      &missionjeunes__reporting__v1__watch_response__descriptor, MJ_ROLES_ALL, false, watch },
    MJ_METHODS_END
};

static void principal(struct world *w, const char *id, enum mj_role role, const char *organisation, const char *region,
                      struct mj_curve *keys)
{
    Missionjeunes__Registry__V1__Principal p = MISSIONJEUNES__REGISTRY__V1__PRINCIPAL__INIT;
    Missionjeunes__Registry__V1__PrincipalDeclared declared = MISSIONJEUNES__REGISTRY__V1__PRINCIPAL_DECLARED__INIT;
    char *regions[] = { (char *)region };

    town_principal(&w->town, id, role, region, keys);
    p.id = (char *)id;
    p.role = (Missionjeunes__Registry__V1__Role)role;
    p.organisation = (char *)organisation;
    p.regions = regions;
    p.n_regions = region != NULL;
    declared.principal = &p;
    town_fold(&w->town, MISSIONJEUNES__REGISTRY__V1__ENTRY_TYPE__ENTRY_TYPE_PRINCIPAL_DECLARED, &declared.base);
}

static void add(struct world *w, const char *region, const char *row, int64_t by)
{
    struct mj_rep_cell cell = { .region = mj_rep_region(region), .name = mj_rep_name_of(MJ_REP_MISSIONS, 0),
                                .value = by };

    assert_true(mj_rep_row_parse(&cell.row, row));
    mj_rep_cells_add(w->cells, &cell);
}

static int set_up(void **state)
{
    struct world *w = mj_calloc(1, sizeof *w);
    struct mj_server_tables tables[] = { { methods, w }, { NULL, NULL } };
    struct mj_rep_live_options options = { .redis = { "", "", "" } };

    town_up(&w->town);
    principal(w, "agency", MJ_ROLE_AGENCY, AGENCY, NULL, &w->agency);
    principal(w, "ett", MJ_ROLE_AGENCY, ETT, NULL, &w->ett);
    principal(w, "ml", MJ_ROLE_MISSION_LOCALE, MISSION_LOCALE, NULL, &w->ml);
    principal(w, "demo", MJ_ROLE_DEMO, "", NULL, &w->demo);
    principal(w, "operator", MJ_ROLE_OPERATOR, "", NULL, &w->operator);
    principal(w, "committee", MJ_ROLE_COMMITTEE, "", NULL, &w->committee);
    principal(w, "funder", MJ_ROLE_FUNDER, "", NULL, &w->funder);
    principal(w, "narrow", MJ_ROLE_AGENCY, AGENCY, "75", &w->narrow);
    w->cells = mj_rep_cells_create(1);
    options.loop = w->sources.loop = w->town.loop;
    options.cells = w->cells;
    assert_int_equal(0, mj_rep_live_create(&w->live, &options, NULL));
    mj_rep_live_caught_up(w->live, true);
    w->sources.cells = w->cells;
    w->sources.live = w->live;
    w->sources.health = &w->health;
    assert_int_equal(0, mj_rep_watch_create(&w->watch, &w->sources, UINT64_MAX, NULL));
    assert_int_equal(0, mj_server_create(&w->server, w->town.loop, w->town.who, &w->town.server_keys, tables, NULL,
                                         NULL));
    assert_int_equal(0, mj_server_bind(w->server, "127.0.0.1", 0, w->endpoint, NULL));
    add(w, "52", "", 10);
    add(w, "52", "agency/" AGENCY, 3);
    add(w, "52", "agency/" SISTER, 4);
    add(w, "52", "agency/" STRANGER, 3);
    add(w, "52", "ett/" ETT, 7);
    add(w, "52", "ml/" MISSION_LOCALE, 9);
    add(w, "FR", "", 10);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    for (unsigned i = 0; i < 8; i++) {
        if (w->town.peers[i] != NULL) {
            town_leave(&w->town, w->town.peers[i]);
        }
    }
    mj_rep_watch_stop(w->watch);
    mj_rep_watch_destroy(w->watch);
    mj_server_destroy(w->server);
    mj_rep_live_destroy(w->live);
    mj_rep_cells_destroy(w->cells);
    town_down(&w->town);
    free(w);
    return 0;
}

/* ---- asking ---- */

static void read_regions(struct world *w, Missionjeunes__Reporting__V1__RegionCounters **regions, size_t count)
{
    w->seen[0] = '\0';
    w->regions = count;
    for (size_t i = 0; i < count; i++) {
        w->lag = regions[i]->lag_entries;
        w->stale = regions[i]->stale;
        for (size_t j = 0; j < regions[i]->n_counters; j++) {
            const Missionjeunes__Reporting__V1__Counter *c = regions[i]->counters[j];
            size_t at = strlen(w->seen);
            snprintf(w->seen + at, sizeof w->seen - at, "%s %s %s=%lld; ", regions[i]->region, c->row, c->name,
                     (long long)c->value);
        }
    }
}

static void on_reply(void *arg, const struct mj_reply *r, bool watching)
{
    struct world *w = arg;

    w->replies++;
    w->reason[0] = '\0';
    if (r->outcome != MJ_CALL_OK) {
        snprintf(w->reason, sizeof w->reason, "%s", r->err->reason);
        return;
    }
    if (watching) {
        const Missionjeunes__Reporting__V1__WatchResponse *m = r->body;
        read_regions(w, m->regions, m->n_regions);
        w->token_len = m->token.len;
        memcpy(w->token, m->token.data, m->token.len);
    } else {
        const Missionjeunes__Reporting__V1__CountersResponse *m = r->body;
        read_regions(w, m->regions, m->n_regions);
    }
}

static void on_counters(void *arg, const struct mj_reply *r)
{
    on_reply(arg, r, false);
}

static void on_watch(void *arg, const struct mj_reply *r)
{
    on_reply(arg, r, true);
}

static const char *ask(struct world *w, const struct mj_curve *who, const char *row, const char *region)
{
    Missionjeunes__Reporting__V1__CountersRequest body = MISSIONJEUNES__REPORTING__V1__COUNTERS_REQUEST__INIT;
    char *regions[] = { (char *)region };
    struct mj_peer *peer = town_peer(&w->town, w->endpoint, who);
    unsigned due = w->replies + 1;

    body.row = (char *)row;
    body.regions = regions;
    body.n_regions = region != NULL;
    const struct mj_call call = { .method = "reporting.v1.Counters", .region = "FR", .body = &body.base,
                                  .answer = &missionjeunes__reporting__v1__counters_response__descriptor };
    town_call(&w->town, peer, &call, on_counters, w);
    town_until(&w->town, &w->replies, due);
    town_leave(&w->town, peer);
    return w->reason[0] != '\0' ? w->reason : w->seen;
}

static void start_watch(struct world *w, struct mj_peer *peer, uint32_t wait_ms)
{
    Missionjeunes__Reporting__V1__WatchRequest body = MISSIONJEUNES__REPORTING__V1__WATCH_REQUEST__INIT;

    body.row = "";
    body.token = (ProtobufCBinaryData){ w->token_len, w->token };
    body.wait_ms = wait_ms;
    const struct mj_call call = { .method = "reporting.v1.Watch", .region = "FR", .body = &body.base,
                                  .timeout_ms = 15000,
                                  .answer = &missionjeunes__reporting__v1__watch_response__descriptor };
    town_call(&w->town, peer, &call, on_watch, w);
}

/* ---- rights ---- */

static void an_agency_sees_its_own_row_alone(void **state)
{
    struct world *w = *state;

    assert_string_equal("52 agency/" AGENCY " missions:total=3; ", ask(w, &w->agency, "", NULL));
}

static void an_ett_sees_itself_and_all_its_agencies(void **state)
{
    struct world *w = *state;

    assert_string_equal("52 agency/" AGENCY " missions:total=3; 52 agency/" SISTER " missions:total=4; 52 ett/" ETT
                        " missions:total=7; ", ask(w, &w->ett, "", NULL));
    assert_string_equal("52 agency/" SISTER " missions:total=4; ", ask(w, &w->ett, "agency/" SISTER, NULL));
}

static void a_mission_locale_sees_its_own_row_alone(void **state)
{
    struct world *w = *state;

    assert_string_equal("52 ml/" MISSION_LOCALE " missions:total=9; ", ask(w, &w->ml, "", NULL));
    assert_string_equal("ROW_NOT_YOURS", ask(w, &w->ml, "agency/" AGENCY, NULL));
    assert_string_equal("ROW_NOT_YOURS", ask(w, &w->ml, "region", NULL));
}

static void the_row_of_another_agency_is_refused(void **state)
{
    struct world *w = *state;

    assert_string_equal("ROW_NOT_YOURS", ask(w, &w->agency, "agency/" STRANGER, NULL));
    assert_string_equal("ROW_NOT_YOURS", ask(w, &w->agency, "agency/" SISTER, NULL));
    assert_string_equal("ROW_NOT_YOURS", ask(w, &w->ett, "agency/" STRANGER, NULL));
    assert_string_equal("ROW_FORMAT", ask(w, &w->agency, "agency/732", NULL));
}

static void demo_sees_all_rows_and_can_ask_for_the_whole_region(void **state)
{
    struct world *w = *state;

    assert_non_null(strstr(ask(w, &w->demo, "", NULL), "agency/" STRANGER));
    assert_string_equal("52  missions:total=10; FR  missions:total=10; ", ask(w, &w->demo, "region", NULL));
    assert_string_equal("52  missions:total=10; ", ask(w, &w->demo, "region", "52"));
}

static void an_operator_sees_technical_numbers_and_no_counter(void **state)
{
    struct world *w = *state;

    w->health.lag[MJ_REP_FR] = 42;
    assert_string_equal("", ask(w, &w->operator, "", "FR"));
    assert_int_equal(1, w->regions);
    assert_int_equal(42, w->lag);
}

static void committees_and_funders_are_refused(void **state)
{
    struct world *w = *state;

    assert_string_equal("PROTECTED_SURFACE", ask(w, &w->committee, "", NULL));
    assert_string_equal("PROTECTED_SURFACE", ask(w, &w->funder, "", NULL));
}

static void a_caller_limited_to_a_region_sees_no_other(void **state)
{
    struct world *w = *state;

    assert_string_equal("REGION_NOT_YOURS", ask(w, &w->narrow, "", "52"));
    assert_string_equal("", ask(w, &w->narrow, "", NULL));
    assert_string_equal("REGION_UNKNOWN", ask(w, &w->agency, "", "00"));
}

/* ---- when an answer comes ---- */

static void a_watch_answers_at_once_and_then_when_figures_move(void **state)
{
    struct world *w = *state;
    struct mj_peer *peer = town_peer(&w->town, w->endpoint, &w->agency);

    start_watch(w, peer, 10000);
    town_until(&w->town, &w->replies, 1);
    assert_string_equal("52 agency/" AGENCY " missions:total=3; ", w->seen);
    start_watch(w, peer, 10000);
    mj_loop_run_for(w->town.loop, 250);
    assert_int_equal(1, w->replies);             /* nothing moved: it waits */
    add(w, "52", "agency/" AGENCY, 2);
    town_until(&w->town, &w->replies, 2);
    assert_string_equal("52 agency/" AGENCY " missions:total=5; ", w->seen);
    assert_int_equal(1, w->regions);             /* only the region that moved */
}

static void a_watch_with_nothing_new_ends_empty_with_its_token(void **state)
{
    struct world *w = *state;
    struct mj_peer *peer = town_peer(&w->town, w->endpoint, &w->demo);
    uint8_t token[512];

    start_watch(w, peer, 1000);
    town_until(&w->town, &w->replies, 1);
    memcpy(token, w->token, w->token_len);
    start_watch(w, peer, 150);
    town_until(&w->town, &w->replies, 2);
    assert_int_equal(0, w->regions);
    assert_memory_equal(token, w->token, w->token_len);
    w->token_len = 3;
    start_watch(w, peer, 150);
    town_until(&w->town, &w->replies, 3);
    assert_string_equal("TOKEN", w->reason);
}

static void becoming_stale_wakes_a_watcher(void **state)
{
    struct world *w = *state;
    struct mj_peer *peer = town_peer(&w->town, w->endpoint, &w->demo);

    start_watch(w, peer, 10000);
    town_until(&w->town, &w->replies, 1);
    assert_false(w->stale);
    start_watch(w, peer, 10000);
    mj_loop_run_for(w->town.loop, 20);
    mj_rep_live_caught_up(w->live, false);
    town_until(&w->town, &w->replies, 2);
    assert_true(w->stale);
}

static void ask_at_least(struct world *w, struct mj_peer *peer, const char *region, mj_reply_fn *fn, void *arg)
{
    Missionjeunes__Reporting__V1__CountersRequest body = MISSIONJEUNES__REPORTING__V1__COUNTERS_REQUEST__INIT;
    Missionjeunes__Reporting__V1__LogPosition position = MISSIONJEUNES__REPORTING__V1__LOG_POSITION__INIT;
    Missionjeunes__Reporting__V1__LogPosition *positions[] = { &position };

    position.service = "placements";
    position.region = (char *)region;
    position.position = 5;
    body.row = "";
    body.at_least = positions;
    body.n_at_least = 1;
    const struct mj_call call = { .method = "reporting.v1.Counters", .region = "FR", .body = &body.base,
                                  .answer = &missionjeunes__reporting__v1__counters_response__descriptor };
    town_call(&w->town, peer, &call, fn, arg);
}

static void counters_wait_until_the_caller_s_own_write_is_folded(void **state)
{
    struct world *w = *state;
    struct mj_peer *peer = town_peer(&w->town, w->endpoint, &w->agency);

    ask_at_least(w, peer, "52", on_counters, w);
    mj_loop_run_for(w->town.loop, 250);
    assert_int_equal(0, w->replies);
    add(w, "52", "agency/" AGENCY, 1);
    mj_rep_cells_positions(w->cells)->at[mj_rep_log("placements", "52")] = 5;
    mj_rep_watch_folded(w->watch);
    town_until(&w->town, &w->replies, 1);
    assert_string_equal("52 agency/" AGENCY " missions:total=4; ", w->seen);
}

struct refusal { unsigned replies; char reason[40]; };

static void on_refusal(void *arg, const struct mj_reply *r)
{
    struct refusal *x = arg;

    x->replies++;
    if (r->outcome == MJ_CALL_REFUSED)
        memcpy(x->reason, r->err->reason, sizeof x->reason);
}

static void a_log_that_is_not_folded_is_not_waited_for(void **state)
{
    struct world *w = *state;
    struct mj_peer *peer = town_peer(&w->town, w->endpoint, &w->agency);
    struct refusal x = { 0 };

    ask_at_least(w, peer, "FR", on_refusal, &x);
    town_until(&w->town, &x.replies, 1);
    assert_string_equal("LOG_UNKNOWN", x.reason);
}

static void stopping_answers_all_that_wait(void **state)
{
    struct world *w = *state;
    struct mj_peer *peer = town_peer(&w->town, w->endpoint, &w->demo);

    start_watch(w, peer, 10000);
    town_until(&w->town, &w->replies, 1);
    start_watch(w, peer, 10000);
    mj_loop_run_for(w->town.loop, 50);
    mj_rep_watch_stop(w->watch);
    town_until(&w->town, &w->replies, 2);
    assert_string_equal("", w->reason);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_agency_sees_its_own_row_alone),
        TEST(an_ett_sees_itself_and_all_its_agencies),
        TEST(a_mission_locale_sees_its_own_row_alone),
        TEST(the_row_of_another_agency_is_refused),
        TEST(demo_sees_all_rows_and_can_ask_for_the_whole_region),
        TEST(an_operator_sees_technical_numbers_and_no_counter),
        TEST(committees_and_funders_are_refused),
        TEST(a_caller_limited_to_a_region_sees_no_other),
        TEST(a_watch_answers_at_once_and_then_when_figures_move),
        TEST(a_watch_with_nothing_new_ends_empty_with_its_token),
        TEST(becoming_stale_wakes_a_watcher),
        TEST(counters_wait_until_the_caller_s_own_write_is_folded),
        TEST(a_log_that_is_not_folded_is_not_waited_for),
        TEST(stopping_answers_all_that_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
