/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/town.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/base/buf.h"
#include "common/base/ids.h"
#include "common/wire/resolver.h"
#include "common/wire/resolver_state.h"
#include "missionjeunes/directory/v1/directory.pb-c.h"

typedef Missionjeunes__Directory__V1__ResolveResponse resolve_response;
typedef Missionjeunes__Directory__V1__AnnounceRequest announce_request;
typedef Missionjeunes__Directory__V1__AnnounceResponse announce_response;
typedef Missionjeunes__Directory__V1__Instance instance;

/* A registry that says what the test tells it to. */
struct registry {
    struct mj_server *server;
    char endpoint[MJ_ENDPOINT_MAX];
    struct mj_instance listed[4];
    size_t count;
    unsigned asked, announced, left;
    char announced_region[3];
    bool move;                           /* calls are answered MOVED */
};

struct world {
    struct town town;
    struct mj_curve keys;
    struct registry one, two;
    struct mj_resolver *resolver;
    unsigned changes, replies;
    enum mj_outcome outcome;
    mj_error err;
};

static int run_resolve(void *app, struct mj_request *rq, mj_error *err)
{
    struct registry *g = app;
    instance rows[4], *list[4];
    resolve_response m = MISSIONJEUNES__DIRECTORY__V1__RESOLVE_RESPONSE__INIT;
    (void)err;
    for (size_t i = 0; i < g->count; i++) {
        missionjeunes__directory__v1__instance__init(&rows[i]);
        rows[i].service = g->listed[i].service;
        rows[i].region = g->listed[i].region;
        rows[i].endpoint = g->listed[i].endpoint;
        rows[i].server_key = (ProtobufCBinaryData){ MJ_CURVE_KEY, g->listed[i].server_key };
        rows[i].lineage = (ProtobufCBinaryData){ sizeof g->listed[i].lineage, g->listed[i].lineage };
        rows[i].epoch = g->listed[i].epoch;
        list[i] = &rows[i];
    }
    m.instances = list;
    m.n_instances = g->count;
    g->asked++;
    mj_reply(rq, &m.base);
    return 0;
}

static int run_announce(void *app, struct mj_request *rq, mj_error *err)
{
    struct registry *g = app;
    const announce_request *m = mj_request_body(rq);
    announce_response answer = MISSIONJEUNES__DIRECTORY__V1__ANNOUNCE_RESPONSE__INIT;
    (void)err;
    if (m->leaving)
        g->left++;
    else
        g->announced++;
    if (m->n_instances > 0)
        strcpy(g->announced_region, m->instances[0]->region);
    mj_reply(rq, &answer.base);
    return 0;
}

static int run_ingest(void *app, struct mj_request *rq, mj_error *err)
{
    struct registry *g = app;
    resolve_response m = MISSIONJEUNES__DIRECTORY__V1__RESOLVE_RESPONSE__INIT;
    (void)err;
    if (g->move)
        mj_reply_moved(rq, "");
    else
        mj_reply(rq, &m.base);
    return 0;
}

#define ASK &missionjeunes__directory__v1__resolve_request__descriptor
#define ANSWER &missionjeunes__directory__v1__resolve_response__descriptor
static const struct mj_method methods[] = {
    { "directory.v1.Resolve", ASK, ANSWER, MJ_ROLES_ALL, false, run_resolve },
    { "directory.v1.Announce", &missionjeunes__directory__v1__announce_request__descriptor,
      &missionjeunes__directory__v1__announce_response__descriptor, MJ_ROLES_ALL, false, run_announce },
    { "placements.v1.Ingest", ASK, ANSWER, MJ_ROLES_ALL, false, run_ingest },
    MJ_METHODS_END
};

static void open_registry(struct world *w, struct registry *g)
{
    struct mj_server_tables tables[] = { { methods, g }, { NULL, NULL } };
    assert_int_equal(mj_server_create(&g->server, w->town.loop, w->town.who, &w->town.server_keys, tables, NULL, NULL),
                     0);
    assert_int_equal(mj_server_bind(g->server, "127.0.0.1", 0, g->endpoint, NULL), 0);
}

static int setup(void **state)
{
    struct world *w = mj_calloc(1, sizeof *w);
    struct mj_registry_address addresses[2];
    town_up(&w->town);
    town_principal(&w->town, "placements-1", MJ_ROLE_OPERATOR, NULL, &w->keys);
    open_registry(w, &w->one);
    open_registry(w, &w->two);
    memset(addresses, 0, sizeof addresses);
    strcpy(addresses[0].endpoint, w->one.endpoint);
    strcpy(addresses[1].endpoint, w->two.endpoint);
    for (int i = 0; i < 2; i++)
        memcpy(addresses[i].server_key, w->town.server_keys.public_key, MJ_CURVE_KEY);
    assert_int_equal(mj_resolver_create(&w->resolver, w->town.loop, addresses, 2, &w->keys, NULL), 0);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    mj_resolver_destroy(w->resolver);
    mj_server_destroy(w->one.server);
    mj_server_destroy(w->two.server);
    town_down(&w->town);
    free(w);
    return 0;
}

static struct mj_instance row(const struct world *w, const char *service, const char *region, const char *endpoint,
                              uint64_t epoch)
{
    struct mj_instance i = { .epoch = epoch };
    strcpy(i.service, service);
    strcpy(i.region, region);
    strcpy(i.endpoint, endpoint);
    memcpy(i.server_key, w->town.server_keys.public_key, MJ_CURVE_KEY);
    memset(i.lineage, 7, sizeof i.lineage);
    return i;
}

/* Both registries know the row. */
static void list(struct world *w, const struct mj_instance *i)
{
    w->one.listed[w->one.count++] = *i;
    w->two.listed[w->two.count++] = *i;
}

static void on_change(void *arg)
{
    ((struct world *)arg)->changes++;
}

static void on_reply(void *arg, const struct mj_reply *r)
{
    struct world *w = arg;
    w->replies++;
    w->outcome = r->outcome;
    if (r->err)
        w->err = *r->err;
}

/* Asks for a peer until it is known. */
static struct mj_peer *wait_for_peer(struct world *w, const char *service, const char *region)
{
    uint64_t limit = mj_loop_now_ms(w->town.loop) + TOWN_LIMIT_MS;
    struct mj_peer *peer;
    while ((peer = mj_resolver_peer(w->resolver, service, region)) == NULL) {
        assert_true(mj_loop_now_ms(w->town.loop) < limit);
        mj_loop_run_for(w->town.loop, 1);
    }
    return peer;
}

/* Calls placements.v1.Ingest for region 52 until a call went out, and waits for its end. */
static void ingest(struct world *w)
{
    Missionjeunes__Directory__V1__ResolveRequest m = MISSIONJEUNES__DIRECTORY__V1__RESOLVE_REQUEST__INIT;
    struct mj_call c = { .method = "placements.v1.Ingest", .region = "52", .body = &m.base, .answer = ANSWER };
    uint64_t limit = mj_loop_now_ms(w->town.loop) + TOWN_LIMIT_MS;
    mj_error err;
    while (mj_resolver_call(w->resolver, NULL, &c, on_reply, w, &err) != 0) {
        assert_int_equal(err.code, MJ_UNAVAILABLE);
        assert_true(mj_loop_now_ms(w->town.loop) < limit);
        mj_loop_run_for(w->town.loop, 1);
    }
    town_until(&w->town, &w->replies, w->replies + 1);
}

/* ---- */

static void addresses_are_read_from_text(void **state)
{
    char hex[65], text[512], nine[2000] = "", path[128], all[128];
    uint8_t key[32];
    struct mj_registry_address out[MJ_REGISTRIES_MAX];
    size_t count;
    mj_error err;
    (void)state;
    memset(key, 0x5a, sizeof key);
    mj_hex(hex, key, sizeof key);
    snprintf(text, sizeof text, "tcp://127.0.0.1:5510/%s, tcp://[::1]:5510/%s", hex, hex);
    assert_int_equal(mj_registry_parse(out, &count, text, &err), 0);
    assert_int_equal(count, 2);
    assert_string_equal(out[0].endpoint, "tcp://127.0.0.1:5510");
    assert_memory_equal(out[1].server_key, key, 32);
    for (int i = 0; i < 9; i++) {
        strcat(nine, " tcp://127.0.0.1:1/");
        strcat(nine, hex);
    }
    snprintf(path, sizeof path, "tcp://127.0.0.1:5510/x/%s", hex);
    snprintf(all, sizeof all, "tcp://*:5510/%s", hex);
    const char *bad[] = { "", "127.0.0.1:5510", "tcp://127.0.0.1:5510", "tcp://127.0.0.1:5510/abc", "ipc://x/y", nine,
                          path, all };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(mj_registry_parse(out, &count, bad[i], &err), -1);
        assert_string_equal(err.reason, "BAD_REGISTRY_ADDRESS");
    }
}

static void registry_is_known_before_the_directory_answers(void **state)
{
    struct world *w = *state;
    assert_non_null(mj_resolver_peer(w->resolver, "registry", "FR"));
    assert_null(mj_resolver_peer(w->resolver, "registry", "52"));
    assert_null(mj_resolver_peer(w->resolver, "placements", "52"));
}

static void what_the_directory_lists_is_found(void **state)
{
    struct world *w = *state;
    struct mj_instance a = row(w, "placements", "52", w->one.endpoint, 1);
    struct mj_instance b = row(w, "placements", "11", w->one.endpoint, 1);
    const struct mj_instance *all;
    list(w, &a);
    list(w, &b);
    mj_resolver_start(w->resolver, on_change, w);
    town_until(&w->town, &w->changes, 1);
    assert_int_equal(mj_resolver_list(w->resolver, &all), 2);
    assert_string_equal(all[0].region, "11");
    struct mj_peer *peer = mj_resolver_peer(w->resolver, "placements", "52");
    assert_string_equal(mj_peer_endpoint(peer), w->one.endpoint);
    assert_ptr_equal(peer, mj_resolver_peer(w->resolver, "placements", "11"));
}

static void what_is_missed_is_asked_for_soon(void **state)
{
    struct world *w = *state;
    struct mj_instance a = row(w, "placements", "52", w->one.endpoint, 1);
    mj_resolver_start(w->resolver, on_change, w);
    while (w->one.asked + w->two.asked == 0)
        mj_loop_run_for(w->town.loop, 1);
    list(w, &a);
    uint64_t since = mj_loop_now_ms(w->town.loop);
    wait_for_peer(w, "placements", "52");
    assert_true(mj_loop_now_ms(w->town.loop) - since < 2000);    /* not the 2.5 s to 5 s of the regular question */
}

static void a_call_finds_its_service_and_region(void **state)
{
    struct world *w = *state;
    struct mj_instance a = row(w, "placements", "52", w->two.endpoint, 1);
    Missionjeunes__Directory__V1__ResolveRequest m = MISSIONJEUNES__DIRECTORY__V1__RESOLVE_REQUEST__INIT;
    struct mj_call c = { .method = "placements.v1.Ingest", .region = "75", .body = &m.base, .answer = ANSWER };
    mj_error err;
    list(w, &a);
    mj_resolver_start(w->resolver, NULL, NULL);
    ingest(w);
    assert_int_equal(w->outcome, MJ_CALL_OK);
    assert_int_equal(mj_resolver_call(w->resolver, NULL, &c, on_reply, w, &err), -1);
    assert_string_equal(err.reason, "NO_INSTANCE");
}

static void moved_makes_it_forget_the_place_and_ask(void **state)
{
    struct world *w = *state;
    struct mj_instance a = row(w, "placements", "52", w->one.endpoint, 1);
    list(w, &a);
    w->one.move = true;
    mj_resolver_start(w->resolver, NULL, NULL);
    ingest(w);
    assert_int_equal(w->outcome, MJ_CALL_REFUSED);
    assert_string_equal(w->err.reason, "MOVED");
    assert_null(mj_resolver_peer(w->resolver, "placements", "52"));
    strcpy(w->one.listed[0].endpoint, w->two.endpoint);
    strcpy(w->two.listed[0].endpoint, w->two.endpoint);
    ingest(w);
    assert_int_equal(w->outcome, MJ_CALL_OK);
}

static void a_registry_that_was_just_started_makes_nothing_forgotten(void **state)
{
    struct world *w = *state;
    struct mj_instance a = row(w, "placements", "52", w->one.endpoint, 1);
    list(w, &a);
    mj_resolver_start(w->resolver, NULL, NULL);
    wait_for_peer(w, "placements", "52");
    w->one.count = w->two.count = 0;
    unsigned asked = w->one.asked + w->two.asked;
    while (w->one.asked + w->two.asked < asked + 2) {
        assert_null(mj_resolver_peer(w->resolver, "placements", "75"));
        mj_loop_run_for(w->town.loop, 1);
    }
    assert_non_null(mj_resolver_peer(w->resolver, "placements", "52"));
}

static void every_registry_is_told_and_told_of_leaving(void **state)
{
    struct world *w = *state;
    struct mj_instance mine = row(w, "placements", "52", "tcp://127.0.0.1:5511", 3);
    mj_resolver_announce(w->resolver, &mine, 1);
    town_until(&w->town, &w->one.announced, 1);
    town_until(&w->town, &w->two.announced, 1);
    assert_string_equal(w->one.announced_region, "52");
    mj_resolver_announce(w->resolver, NULL, 0);
    town_until(&w->town, &w->one.left, 1);
    town_until(&w->town, &w->two.left, 1);
}

static void calls_end_as_unknown_when_the_resolver_goes(void **state)
{
    struct world *w = *state;
    struct mj_instance a = row(w, "placements", "52", w->one.endpoint, 1);
    list(w, &a);
    mj_resolver_start(w->resolver, NULL, NULL);
    ingest(w);
    Missionjeunes__Directory__V1__ResolveRequest m = MISSIONJEUNES__DIRECTORY__V1__RESOLVE_REQUEST__INIT;
    struct mj_call c = { .method = "placements.v1.Ingest", .region = "52", .body = &m.base, .answer = ANSWER };
    assert_int_equal(mj_resolver_call(w->resolver, NULL, &c, on_reply, w, NULL), 0);
    mj_resolver_destroy(w->resolver);
    w->resolver = NULL;
    assert_int_equal(w->replies, 2);
    assert_int_equal(w->outcome, MJ_CALL_UNKNOWN);
}

/* ---- what is kept of the answers, by a clock of the test's own ---- */

static bool take(struct mj_resolver *r, struct mj_instance *i, uint64_t now)
{
    instance m, *rows[] = { &m };
    resolve_response answer = MISSIONJEUNES__DIRECTORY__V1__RESOLVE_RESPONSE__INIT;
    if (i) {
        missionjeunes__directory__v1__instance__init(&m);
        m.service = i->service;
        m.region = i->region;
        m.endpoint = i->endpoint;
        m.server_key = (ProtobufCBinaryData){ MJ_CURVE_KEY, i->server_key };
        m.lineage = (ProtobufCBinaryData){ sizeof i->lineage, i->lineage };
        m.epoch = i->epoch;
        answer.instances = rows;
        answer.n_instances = 1;
    }
    return mj_instances_take(r, &answer, now);
}

static void an_older_writer_never_replaces_a_newer_one(void **state)
{
    struct world *w = *state;
    struct mj_instance old = row(w, "placements", "52", "tcp://127.0.0.1:1", 4);
    struct mj_instance new = row(w, "placements", "52", "tcp://127.0.0.1:2", 5);
    assert_true(take(w->resolver, &old, 1000));
    assert_false(take(w->resolver, &old, 2000));
    assert_true(take(w->resolver, &new, 3000));
    assert_false(take(w->resolver, &old, 4000));
    assert_string_equal(w->resolver->instances[0].endpoint, "tcp://127.0.0.1:2");
}

static void an_instance_that_is_not_listed_any_more_goes_after_15_seconds(void **state)
{
    struct world *w = *state;
    struct mj_instance a = row(w, "placements", "52", "tcp://127.0.0.1:1", 4);
    assert_true(take(w->resolver, &a, 1000));
    for (uint64_t now = 5000; now <= 15000; now += 5000)
        assert_false(take(w->resolver, NULL, now));
    assert_true(take(w->resolver, NULL, 20000));
    assert_int_equal(w->resolver->count, 0);
}

static void silence_of_the_directory_ages_nothing(void **state)
{
    struct world *w = *state;
    struct mj_instance a = row(w, "placements", "52", "tcp://127.0.0.1:1", 4);
    assert_true(take(w->resolver, &a, 1000));
    assert_false(take(w->resolver, NULL, 3600000));
    assert_int_equal(w->resolver->count, 1);
}

static void a_row_that_is_not_well_formed_is_passed_over(void **state)
{
    struct world *w = *state;
    struct mj_instance a = row(w, "placements", "5", "tcp://127.0.0.1:1", 4);
    assert_false(take(w->resolver, &a, 1000));
    assert_int_equal(w->resolver->count, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(addresses_are_read_from_text), T(registry_is_known_before_the_directory_answers),
        T(what_the_directory_lists_is_found), T(what_is_missed_is_asked_for_soon),
        T(a_call_finds_its_service_and_region), T(moved_makes_it_forget_the_place_and_ask),
        T(a_registry_that_was_just_started_makes_nothing_forgotten), T(every_registry_is_told_and_told_of_leaving),
        T(calls_end_as_unknown_when_the_resolver_goes), T(an_older_writer_never_replaces_a_newer_one),
        T(an_instance_that_is_not_listed_any_more_goes_after_15_seconds), T(silence_of_the_directory_ages_nothing),
        T(a_row_that_is_not_well_formed_is_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
