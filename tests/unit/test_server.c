/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/town.h"

#include <stdlib.h>

#include "common/base/buf.h"
#include "missionjeunes/common/v1/common.pb-c.h"
#include "missionjeunes/directory/v1/directory.pb-c.h"

#define ASK &missionjeunes__directory__v1__resolve_request__descriptor
#define ANSWER &missionjeunes__directory__v1__resolve_response__descriptor

struct world {
    struct town town;
    struct mj_server *server;
    char endpoint[MJ_ENDPOINT_MAX];
    struct mj_curve agency, operator, demo, stranger;
    struct mj_request *held[8];
    unsigned held_count;
    const void *last_peer;
    struct town_reply reply;
    struct mj_sock *raw;                 /* of the tests that send frames of their own making */
};

/* Answers with the caller's id as a service's name. */
static void answer_with(struct mj_request *rq, const char *text)
{
    Missionjeunes__Directory__V1__ResolveResponse m = MISSIONJEUNES__DIRECTORY__V1__RESOLVE_RESPONSE__INIT;
    Missionjeunes__Directory__V1__Instance row = MISSIONJEUNES__DIRECTORY__V1__INSTANCE__INIT;
    Missionjeunes__Directory__V1__Instance *rows[] = { &row };
    row.service = (char *)text;
    m.instances = rows;
    m.n_instances = 1;
    mj_reply(rq, &m.base);
}

static int run_who(void *app, struct mj_request *rq, mj_error *err)
{
    struct world *w = app;
    (void)err;
    w->last_peer = mj_request_outstanding(rq);
    assert_non_null(mj_arena_alloc(mj_request_arena(rq), 1u << 20));     /* the handler's own memory has no ceiling */
    answer_with(rq, mj_request_who(rq)->id);
    return 0;
}

static int run_hold(void *app, struct mj_request *rq, mj_error *err)
{
    struct world *w = app;
    (void)err;
    w->held[w->held_count++] = rq;
    return 0;
}

static int run_refuse(void *app, struct mj_request *rq, mj_error *err)
{
    const Missionjeunes__Directory__V1__ResolveRequest *m = mj_request_body(rq);
    (void)app;
    return mj_fail(err, MJ_FAILED_PRECONDITION, "BECAUSE", "service", "got %s", m->service);
}

static int run_moved(void *app, struct mj_request *rq, mj_error *err)
{
    (void)app, (void)err;
    mj_reply_moved(rq, "tcp://192.0.2.7:5511");
    return 0;
}

static const struct mj_method methods[] = {
    { "test.v1.Who", ASK, ANSWER, MJ_ROLES_ALL, false, run_who },
    { "test.v1.Operate", ASK, ANSWER, MJ_ROLE_BIT(MJ_ROLE_OPERATOR), false, run_who },
    { "test.v1.Hold", ASK, ANSWER, MJ_ROLE_BIT(MJ_ROLE_AGENCY), false, run_hold },
    { "test.v1.Command", ASK, ANSWER, MJ_ROLE_BIT(MJ_ROLE_AGENCY), true, run_who },
    { "test.v1.Refuse", ASK, ANSWER, MJ_ROLE_BIT(MJ_ROLE_AGENCY), false, run_refuse },
    { "test.v1.Moved", ASK, ANSWER, MJ_ROLE_BIT(MJ_ROLE_AGENCY), false, run_moved },
    MJ_METHODS_END
};

static int setup(void **state)
{
    struct world *w = mj_calloc(1, sizeof *w);
    struct mj_server_tables tables[] = { { methods, w }, { NULL, NULL } };
    struct mj_server_limits limits = { .requests_per_peer = 4, .requests = 6, .body_bytes = 128u << 10 };
    town_up(&w->town);
    town_principal(&w->town, "agency", MJ_ROLE_AGENCY, "52", &w->agency);
    town_principal(&w->town, "op", MJ_ROLE_OPERATOR, NULL, &w->operator);
    town_principal(&w->town, "demo", MJ_ROLE_DEMO, NULL, &w->demo);
    mj_curve_make(&w->stranger);
    assert_int_equal(mj_server_create(&w->server, w->town.loop, w->town.who, &w->town.server_keys, tables, &limits,
                                      NULL), 0);
    assert_int_equal(mj_server_bind(w->server, "127.0.0.1", 0, w->endpoint, NULL), 0);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    mj_sock_close(w->raw);
    mj_server_destroy(w->server);
    town_down(&w->town);
    free(w);
    return 0;
}

/* ---- a peer and its calls ---- */

static struct mj_peer *connect_as(struct world *w, const struct mj_curve *keys)
{
    return town_peer(&w->town, w->endpoint, keys);
}

static void on_reply(void *arg, const struct mj_reply *r)
{
    struct town_reply *to = arg;
    unsigned count = to->count;
    memset(to, 0, sizeof *to);
    to->count = count + 1;
    to->outcome = r->outcome;
    strcpy(to->moved_to, r->moved_to);
    if (r->err)
        to->err = *r->err;
    const Missionjeunes__Directory__V1__ResolveResponse *m = r->body;
    if (m && m->n_instances > 0)
        strcpy(to->text, m->instances[0]->service);
}

static void send_call(struct world *w, struct mj_peer *peer, const char *method, const char *region, const uint8_t *key)
{
    Missionjeunes__Directory__V1__ResolveRequest m = MISSIONJEUNES__DIRECTORY__V1__RESOLVE_REQUEST__INIT;
    struct mj_call c = { .method = method, .region = region, .body = &m.base, .answer = ANSWER, .key = key };
    m.service = (char *)"abc";
    town_call(&w->town, peer, &c, on_reply, &w->reply);
}

static const struct town_reply *call(struct world *w, struct mj_peer *peer, const char *method, const char *region)
{
    unsigned before = w->reply.count;
    send_call(w, peer, method, region, NULL);
    town_until(&w->town, &w->reply.count, before + 1);
    return &w->reply;
}

static void assert_refused(const struct town_reply *r, mj_code code, const char *reason)
{
    assert_int_equal(r->outcome, MJ_CALL_REFUSED);
    assert_string_equal(r->err.reason, reason);
    assert_int_equal(r->err.code, code);
}

/* ---- raw frames ---- */

struct raw { struct world *w; unsigned answers; struct mj_header header; mj_error err; };

static void on_raw(void *arg, const struct mj_message *m)
{
    struct raw *raw = arg;
    struct mj_arena *arena = mj_arena_create(0);
    assert_int_equal(m->count, 2);
    assert_int_equal(mj_header_decode(&raw->header, &m->frames[0], NULL), 0);
    mj_error_decode(&raw->err, &m->frames[1], arena);
    mj_arena_destroy(arena);
    raw->answers++;
}

static void raw_open(struct raw *raw, struct world *w, const struct mj_curve *keys)
{
    memset(raw, 0, sizeof *raw);
    raw->w = w;
    assert_int_equal(mj_sock_open(&w->raw, w->town.loop, MJ_SOCK_DEALER, keys, on_raw, raw, NULL), 0);
    assert_int_equal(mj_sock_connect(raw->w->raw, w->endpoint, w->town.server_keys.public_key, NULL), 0);
}

/* Sends frames and waits for the error that answers them. */
static void raw_send(struct raw *raw, const struct mj_frame *frames, unsigned count)
{
    unsigned before = raw->answers;
    uint64_t limit = mj_loop_now_ms(raw->w->town.loop) + TOWN_LIMIT_MS;
    while (mj_sock_send(raw->w->raw, NULL, frames, count) != MJ_SENT) {
        assert_true(mj_loop_now_ms(raw->w->town.loop) < limit);
        mj_loop_run_for(raw->w->town.loop, 1);
    }
    town_until(&raw->w->town, &raw->answers, before + 1);
}

static void pack_header(struct mj_buf *b, const char *method, uint64_t correlation)
{
    struct mj_header h = { .version = MJ_PROTOCOL_VERSION, .correlation = correlation };
    strcpy(h.method, method);
    mj_header_encode(b, &h);
}

/* ---- tests ---- */

static void a_call_is_answered_as_its_keys_principal(void **state)
{
    struct world *w = *state;
    struct mj_peer *agency = connect_as(w, &w->agency), *operator = connect_as(w, &w->operator);
    assert_int_equal(call(w, agency, "test.v1.Who", "")->outcome, MJ_CALL_OK);
    assert_string_equal(w->reply.text, "agency");
    const void *first = w->last_peer;
    call(w, operator, "test.v1.Who", "52");
    assert_string_equal(w->reply.text, "op");
    assert_true(w->last_peer != first);
    call(w, agency, "test.v1.Who", "52");
    assert_ptr_equal(w->last_peer, first);
    assert_int_equal(mj_server_in_work(w->server), 0);
    assert_int_equal(mj_peer_outstanding(agency), 0);
    town_leave(&w->town, agency);
    town_leave(&w->town, operator);
}

static void roles_and_regions_are_checked_before_the_handler(void **state)
{
    struct world *w = *state;
    struct mj_peer *agency = connect_as(w, &w->agency), *demo = connect_as(w, &w->demo);
    assert_refused(call(w, agency, "test.v1.Operate", ""), MJ_PERMISSION_DENIED, "ROLE");
    assert_refused(call(w, agency, "test.v1.Who", "75"), MJ_PERMISSION_DENIED, "REGION");
    assert_refused(call(w, demo, "test.v1.Operate", ""), MJ_PERMISSION_DENIED, "ROLE");
    assert_int_equal(call(w, demo, "test.v1.Who", "75")->outcome, MJ_CALL_OK);
    assert_int_equal(mj_server_stats(w->server)->refused, 3);
    town_leave(&w->town, agency);
    town_leave(&w->town, demo);
}

static void an_unknown_method_is_said_to_be(void **state)
{
    struct world *w = *state;
    struct mj_peer *agency = connect_as(w, &w->agency);
    assert_refused(call(w, agency, "test.v1.Nothing", ""), MJ_UNIMPLEMENTED, "METHOD_UNKNOWN");
    assert_int_equal(mj_server_stats(w->server)->unknown_method, 1);
    town_leave(&w->town, agency);
}

static void a_handlers_refusal_reaches_the_caller_whole(void **state)
{
    struct world *w = *state;
    struct mj_peer *agency = connect_as(w, &w->agency);
    assert_refused(call(w, agency, "test.v1.Refuse", ""), MJ_FAILED_PRECONDITION, "BECAUSE");
    assert_string_equal(w->reply.err.field, "service");
    assert_string_equal(w->reply.err.text, "got abc");
    assert_refused(call(w, agency, "test.v1.Moved", ""), MJ_UNAVAILABLE, "MOVED");
    assert_string_equal(w->reply.moved_to, "tcp://192.0.2.7:5511");
    town_leave(&w->town, agency);
}

static void a_command_needs_a_key(void **state)
{
    struct world *w = *state;
    uint8_t key[MJ_COMMAND_KEY] = { 1 };
    struct mj_peer *agency = connect_as(w, &w->agency);
    assert_refused(call(w, agency, "test.v1.Command", ""), MJ_INVALID_ARGUMENT, "KEY_REQUIRED");
    send_call(w, agency, "test.v1.Command", "", key);
    town_until(&w->town, &w->reply.count, 2);
    assert_int_equal(w->reply.outcome, MJ_CALL_OK);
    town_leave(&w->town, agency);
}

static void a_key_that_is_unknown_is_refused_on_every_message(void **state)
{
    struct world *w = *state;
    struct mj_peer *stranger = connect_as(w, &w->stranger);
    assert_refused(call(w, stranger, "test.v1.Who", ""), MJ_UNAUTHENTICATED, "KEY_UNKNOWN");
    assert_int_equal(mj_server_stats(w->server)->unauthenticated, 1);
    town_leave(&w->town, stranger);
}

static void a_revoked_key_is_refused_on_the_next_message(void **state)
{
    struct world *w = *state;
    struct mj_peer *agency = connect_as(w, &w->agency);
    assert_int_equal(call(w, agency, "test.v1.Who", "")->outcome, MJ_CALL_OK);
    town_revoke(&w->town, &w->agency);
    assert_refused(call(w, agency, "test.v1.Who", ""), MJ_UNAUTHENTICATED, "KEY_REVOKED");
    town_leave(&w->town, agency);
}

static void a_request_held_is_answered_later(void **state)
{
    struct world *w = *state;
    struct mj_peer *agency = connect_as(w, &w->agency);
    send_call(w, agency, "test.v1.Hold", "", NULL);
    send_call(w, agency, "test.v1.Hold", "", NULL);
    town_until(&w->town, &w->held_count, 2);
    assert_int_equal(mj_server_in_work(w->server), 2);
    answer_with(w->held[1], "second");
    town_until(&w->town, &w->reply.count, 1);
    assert_string_equal(w->reply.text, "second");
    answer_with(w->held[0], "first");
    town_until(&w->town, &w->reply.count, 2);
    assert_string_equal(w->reply.text, "first");
    assert_int_equal(mj_server_in_work(w->server), 0);
    town_leave(&w->town, agency);
}

static void a_request_is_late_once_its_caller_has_stopped_waiting(void **state)
{
    struct world *w = *state;
    struct mj_peer *agency = connect_as(w, &w->agency);
    Missionjeunes__Directory__V1__ResolveRequest m = MISSIONJEUNES__DIRECTORY__V1__RESOLVE_REQUEST__INIT;
    struct mj_call c = { .method = "test.v1.Hold", .region = "", .body = &m.base, .answer = ANSWER, .timeout_ms = 50 };
    send_call(w, agency, "test.v1.Hold", "", NULL);
    town_call(&w->town, agency, &c, on_reply, &w->reply);
    town_until(&w->town, &w->reply.count, 1);
    assert_int_equal(w->reply.outcome, MJ_CALL_UNKNOWN);
    town_until(&w->town, &w->held_count, 2);
    while (!mj_request_expired(w->held[1]))
        mj_loop_run_for(w->town.loop, 1);
    assert_false(mj_request_expired(w->held[0]));
    mj_reply_late(w->held[1]);
    assert_int_equal(mj_server_in_work(w->server), 1);
    town_leave(&w->town, agency);
}

static void too_many_requests_of_one_connection_are_refused(void **state)
{
    struct world *w = *state;
    struct mj_peer *agency = connect_as(w, &w->agency), *other = connect_as(w, &w->operator);
    for (int i = 0; i < 5; i++)
        send_call(w, agency, "test.v1.Hold", "", NULL);
    town_until(&w->town, &w->reply.count, 1);
    assert_refused(&w->reply, MJ_RESOURCE_EXHAUSTED, "REQUESTS_IN_WORK");
    assert_true(w->reply.err.retry_after_ms > 0);
    assert_int_equal(w->held_count, 4);
    assert_int_equal(mj_server_stats(w->server)->overflow, 1);
    assert_int_equal(call(w, other, "test.v1.Who", "")->outcome, MJ_CALL_OK);
    mj_reply_error(w->held[0], &(mj_error){ .code = MJ_ABORTED, .reason = "ENOUGH" });
    town_until(&w->town, &w->reply.count, 3);
    assert_int_equal(call(w, agency, "test.v1.Who", "")->outcome, MJ_CALL_OK);
    town_leave(&w->town, agency);
    town_leave(&w->town, other);
}

static void too_many_requests_of_all_are_refused(void **state)
{
    struct world *w = *state;
    struct mj_peer *one = connect_as(w, &w->agency), *two = connect_as(w, &w->agency);
    for (int i = 0; i < 4; i++)
        send_call(w, one, "test.v1.Hold", "", NULL);
    town_until(&w->town, &w->held_count, 4);
    for (int i = 0; i < 3; i++)
        send_call(w, two, "test.v1.Hold", "", NULL);
    town_until(&w->town, &w->reply.count, 1);
    assert_refused(&w->reply, MJ_RESOURCE_EXHAUSTED, "REQUESTS_IN_WORK");
    assert_int_equal(mj_server_in_work(w->server), 6);
    town_leave(&w->town, one);
    town_leave(&w->town, two);
}

static void another_number_of_frames_than_two_is_refused(void **state)
{
    struct world *w = *state;
    struct raw raw;
    struct mj_buf header = MJ_BUF_INIT;
    struct mj_frame frames[50];
    raw_open(&raw, w, &w->agency);
    pack_header(&header, "test.v1.Who", 77);
    for (size_t i = 0; i < 50; i++)
        frames[i] = (struct mj_frame){ header.data, i ? 0 : header.len };
    static const unsigned counts[] = { 1, 3, 50 };
    for (size_t i = 0; i < 3; i++) {
        raw_send(&raw, frames, counts[i]);
        assert_string_equal(raw.err.reason, "FRAME_COUNT");
        assert_int_equal(raw.header.correlation, 77);
        assert_int_equal(raw.header.code, MJ_INVALID_ARGUMENT);
    }
    struct mj_peer *agency = connect_as(w, &w->agency);
    assert_int_equal(call(w, agency, "test.v1.Who", "")->outcome, MJ_CALL_OK);
    town_leave(&w->town, agency);
    mj_buf_free(&header);
}

static void a_garbled_header_or_body_is_an_error_and_nothing_more(void **state)
{
    struct world *w = *state;
    struct raw raw;
    struct mj_buf header = MJ_BUF_INIT;
    uint8_t garbage[600];
    memset(garbage, 0xff, sizeof garbage);
    raw_open(&raw, w, &w->agency);
    struct mj_frame bad_header[] = { { garbage, 40 }, { NULL, 0 } };
    raw_send(&raw, bad_header, 2);
    assert_int_equal(raw.header.code, MJ_INVALID_ARGUMENT);
    struct mj_frame long_header[] = { { garbage, sizeof garbage }, { NULL, 0 } };
    raw_send(&raw, long_header, 2);
    assert_string_equal(raw.err.reason, "HEADER_SIZE");
    pack_header(&header, "test.v1.Who", 5);
    struct mj_frame bad_body[] = { { header.data, header.len }, { garbage, 40 } };
    raw_send(&raw, bad_body, 2);
    assert_int_equal(raw.header.correlation, 5);
    assert_int_equal(raw.err.code, MJ_INVALID_ARGUMENT);
    assert_int_equal(mj_server_stats(w->server)->malformed, 3);
    assert_int_equal(mj_server_in_work(w->server), 0);
    mj_buf_free(&header);
}

/* 70,000 bytes would fit; what they may unpack to does not. */
static void a_body_beyond_the_memory_for_bodies_is_refused(void **state)
{
    struct world *w = *state;
    struct raw raw;
    struct mj_buf header = MJ_BUF_INIT;
    uint8_t *large = mj_calloc(1, 70000);
    raw_open(&raw, w, &w->agency);
    pack_header(&header, "test.v1.Who", 6);
    struct mj_frame frames[] = { { header.data, header.len }, { large, 70000 } };
    raw_send(&raw, frames, 2);
    assert_int_equal(raw.err.code, MJ_RESOURCE_EXHAUSTED);
    mj_buf_free(&header);
    free(large);
}

static void a_draining_server_refuses_and_still_answers(void **state)
{
    struct world *w = *state;
    struct mj_peer *agency = connect_as(w, &w->agency);
    send_call(w, agency, "test.v1.Hold", "", NULL);
    town_until(&w->town, &w->held_count, 1);
    mj_server_drain(w->server);
    assert_refused(call(w, agency, "test.v1.Who", ""), MJ_UNAVAILABLE, "STOPPING");
    answer_with(w->held[0], "done");
    town_until(&w->town, &w->reply.count, 2);
    assert_string_equal(w->reply.text, "done");
    town_leave(&w->town, agency);
}

static void an_answer_to_a_peer_that_went_is_counted(void **state)
{
    struct world *w = *state;
    struct mj_peer *agency = connect_as(w, &w->agency), *other;
    send_call(w, agency, "test.v1.Hold", "", NULL);
    town_until(&w->town, &w->held_count, 1);
    town_leave(&w->town, agency);
    assert_int_equal(w->reply.outcome, MJ_CALL_UNKNOWN);
    assert_string_equal(w->reply.err.reason, "CONNECTION_CLOSED");
    /* The disconnection is on its way; until it is here, answers are still taken. */
    other = connect_as(w, &w->agency);
    answer_with(w->held[0], "late");
    assert_int_equal(mj_server_in_work(w->server), 0);
    assert_int_equal(call(w, other, "test.v1.Who", "")->outcome, MJ_CALL_OK);
    assert_int_equal(w->reply.count, 2);
    town_leave(&w->town, other);
}

static void tables_that_are_wrong_refuse_to_start(void **state)
{
    struct world *w = *state;
    static const struct { const char *reason; struct mj_method methods[3]; } bad[] = {
        { "METHOD_RIGHT", { { "a.v1.A", ASK, ANSWER, 0, false, run_who }, MJ_METHODS_END } },
        { "METHOD_RIGHT", { { "a.v1.A", ASK, ANSWER, 1, false, run_who }, MJ_METHODS_END } },
        { "METHOD_NAME", { { "A", ASK, ANSWER, MJ_ROLES_ALL, false, run_who }, MJ_METHODS_END } },
        { "METHOD_INCOMPLETE", { { "a.v1.A", ASK, ANSWER, MJ_ROLES_ALL, false, NULL }, MJ_METHODS_END } },
        { "METHOD_TWICE", { { "a.v1.A", ASK, ANSWER, MJ_ROLES_ALL, false, run_who },
                            { "a.v1.A", ASK, ANSWER, MJ_ROLES_ALL, false, run_who }, MJ_METHODS_END } },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct mj_server_tables tables[] = { { methods, w }, { bad[i].methods, w }, { NULL, NULL } };
        struct mj_server *s;
        mj_error err;
        assert_int_equal(mj_server_create(&s, w->town.loop, w->town.who, &w->town.server_keys, tables, NULL, &err), -1);
        assert_string_equal(err.reason, bad[i].reason);
        assert_string_equal(err.field, bad[i].methods[0].name);
    }
}

static void methods_can_be_walked(void **state)
{
    struct world *w = *state;
    assert_int_equal(mj_server_methods(w->server), 6);
    assert_string_equal(mj_server_method_at(w->server, 0)->name, "test.v1.Command");
    assert_null(mj_server_method_at(w->server, 6));
    assert_ptr_equal(mj_server_method(w->server, "test.v1.Who"), &methods[0]);
    assert_null(mj_server_method(w->server, "test.v1.Wh"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_call_is_answered_as_its_keys_principal), T(roles_and_regions_are_checked_before_the_handler),
        T(an_unknown_method_is_said_to_be), T(a_handlers_refusal_reaches_the_caller_whole), T(a_command_needs_a_key),
        T(a_key_that_is_unknown_is_refused_on_every_message), T(a_revoked_key_is_refused_on_the_next_message),
        T(a_request_held_is_answered_later), T(a_request_is_late_once_its_caller_has_stopped_waiting),
        T(too_many_requests_of_one_connection_are_refused),
        T(too_many_requests_of_all_are_refused), T(another_number_of_frames_than_two_is_refused),
        T(a_garbled_header_or_body_is_an_error_and_nothing_more), T(a_body_beyond_the_memory_for_bodies_is_refused),
        T(a_draining_server_refuses_and_still_answers), T(an_answer_to_a_peer_that_went_is_counted),
        T(tables_that_are_wrong_refuse_to_start), T(methods_can_be_walked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
