/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/town.h"

#include <stdlib.h>

#include "common/base/buf.h"
#include "missionjeunes/directory/v1/directory.pb-c.h"

#define ANSWER &missionjeunes__directory__v1__resolve_response__descriptor

/* A door that answers as each test wants: silence, garbage, twice. */
struct world {
    struct town town;
    struct mj_sock *door;
    struct mj_curve keys;
    char endpoint[MJ_ENDPOINT_MAX];
    struct mj_peer *peer;
    unsigned received;
    struct mj_route route;               /* of the last request, and its header */
    struct mj_header header;
    unsigned replies, unknown;
    enum mj_outcome outcome;
    char reason[40];
    bool close_in_reply, call_in_reply;
};

static void on_request(void *arg, const struct mj_message *m)
{
    struct world *w = arg;
    assert_int_equal(mj_header_decode(&w->header, &m->frames[0], NULL), 0);
    w->route = m->route;
    w->received++;
}

static int setup(void **state)
{
    struct world *w = mj_calloc(1, sizeof *w);
    town_up(&w->town);
    mj_curve_make(&w->keys);
    assert_int_equal(mj_sock_open(&w->door, w->town.loop, MJ_SOCK_ROUTER, &w->town.server_keys, on_request, w, NULL),
                     0);
    assert_int_equal(mj_sock_bind(w->door, "127.0.0.1", 0, w->endpoint, NULL), 0);
    assert_int_equal(mj_peer_open(&w->peer, w->town.loop, w->endpoint, w->town.server_keys.public_key, &w->keys, NULL),
                     0);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    mj_peer_close(w->peer);
    mj_sock_close(w->door);
    town_down(&w->town);
    free(w);
    return 0;
}

static void send_call(struct world *w, uint32_t timeout_ms);

static void on_reply(void *arg, const struct mj_reply *r)
{
    struct world *w = arg;
    w->replies++;
    w->unknown += r->outcome == MJ_CALL_UNKNOWN;
    w->outcome = r->outcome;
    strcpy(w->reason, r->err ? r->err->reason : "");
    if (w->call_in_reply) {
        w->call_in_reply = false;
        send_call(w, 0);
    }
    if (w->close_in_reply && w->peer) {
        struct mj_peer *peer = w->peer;
        w->peer = NULL;
        mj_peer_close(peer);
    }
}

static void send_call(struct world *w, uint32_t timeout_ms)
{
    Missionjeunes__Directory__V1__ResolveRequest m = MISSIONJEUNES__DIRECTORY__V1__RESOLVE_REQUEST__INIT;
    struct mj_call c = { .method = "test.v1.Ask", .body = &m.base, .answer = ANSWER, .timeout_ms = timeout_ms };
    town_call(&w->town, w->peer, &c, on_reply, w);
}

static void answer(struct world *w, uint64_t correlation, const char *body, size_t len)
{
    struct mj_header h = { .version = MJ_PROTOCOL_VERSION, .correlation = correlation };
    struct mj_buf head = MJ_BUF_INIT;
    mj_header_encode(&head, &h);
    struct mj_frame frames[] = { { head.data, head.len }, { (const uint8_t *)body, len } };
    assert_int_equal(mj_sock_send(w->door, &w->route, frames, 2), MJ_SENT);
    mj_buf_free(&head);
}

/* ---- */

static void a_call_without_an_answer_ends_as_unknown(void **state)
{
    struct world *w = *state;
    send_call(w, 30);
    assert_int_equal(mj_peer_outstanding(w->peer), 1);
    town_until(&w->town, &w->replies, 1);
    assert_int_equal(w->outcome, MJ_CALL_UNKNOWN);
    assert_string_equal(w->reason, "TIMEOUT");
    assert_int_equal(w->header.timeout_ms, 30);
    assert_int_equal(mj_peer_outstanding(w->peer), 0);
}

static void each_call_has_its_own_deadline(void **state)
{
    struct world *w = *state;
    send_call(w, 60000);
    send_call(w, 20);
    send_call(w, 40);
    town_until(&w->town, &w->replies, 2);
    assert_int_equal(mj_peer_outstanding(w->peer), 1);
    assert_int_equal(w->unknown, 2);
}

static void an_answer_after_the_deadline_or_for_nobody_is_dropped(void **state)
{
    struct world *w = *state;
    send_call(w, 10);
    town_until(&w->town, &w->replies, 1);
    town_until(&w->town, &w->received, 1);
    answer(w, w->header.correlation, "", 0);
    answer(w, 999, "", 0);
    send_call(w, 0);
    town_until(&w->town, &w->received, 2);
    answer(w, w->header.correlation, "", 0);
    answer(w, w->header.correlation, "", 0);     /* twice */
    town_until(&w->town, &w->replies, 2);
    assert_int_equal(w->outcome, MJ_CALL_OK);
    send_call(w, 0);
    town_until(&w->town, &w->received, 3);
    answer(w, w->header.correlation, "", 0);
    town_until(&w->town, &w->replies, 3);
    assert_int_equal(w->unknown, 1);
}

static void an_answer_that_cannot_be_read_is_unknown(void **state)
{
    struct world *w = *state;
    send_call(w, 0);
    town_until(&w->town, &w->received, 1);
    answer(w, w->header.correlation, "\xff\xff", 2);
    town_until(&w->town, &w->replies, 1);
    assert_int_equal(w->outcome, MJ_CALL_UNKNOWN);
    assert_string_equal(w->reason, "ANSWER_MALFORMED");
}

static void fields_of_a_newer_answer_are_passed_over(void **state)
{
    struct world *w = *state;
    send_call(w, 0);
    town_until(&w->town, &w->received, 1);
    answer(w, w->header.correlation, "\x98\x06\x01", 3);         /* field 99, varint 1 */
    town_until(&w->town, &w->replies, 1);
    assert_int_equal(w->outcome, MJ_CALL_OK);
}

static void a_connection_that_goes_ends_what_waits_long_before_its_deadline(void **state)
{
    struct world *w = *state;
    send_call(w, 60000);
    send_call(w, 60000);
    town_until(&w->town, &w->received, 2);
    mj_sock_close(w->door);
    w->door = NULL;
    town_until(&w->town, &w->replies, 2);
    assert_int_equal(w->unknown, 2);
    assert_string_equal(w->reason, "CONNECTION_CLOSED");
    assert_int_equal(mj_peer_outstanding(w->peer), 0);
}

static void closing_ends_what_is_outstanding_as_unknown(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 3; i++)
        send_call(w, 0);
    w->close_in_reply = true;
    struct mj_peer *peer = w->peer;
    w->peer = NULL;
    mj_peer_close(peer);
    assert_int_equal(w->unknown, 3);
    assert_string_equal(w->reason, "CONNECTION_CLOSED");
}

static void a_peer_may_be_closed_in_its_reply(void **state)
{
    struct world *w = *state;
    w->close_in_reply = true;
    send_call(w, 0);
    send_call(w, 0);
    town_until(&w->town, &w->received, 2);
    answer(w, w->header.correlation, "", 0);
    town_until(&w->town, &w->replies, 2);
    assert_null(w->peer);
    assert_int_equal(w->unknown, 1);
}

static void a_peer_may_be_closed_at_a_timeout(void **state)
{
    struct world *w = *state;
    w->close_in_reply = true;
    send_call(w, 10);
    send_call(w, 60000);
    town_until(&w->town, &w->replies, 2);
    assert_null(w->peer);
}

static void a_call_may_be_made_in_a_reply(void **state)
{
    struct world *w = *state;
    w->call_in_reply = true;
    send_call(w, 0);
    town_until(&w->town, &w->received, 1);
    answer(w, w->header.correlation, "", 0);
    town_until(&w->town, &w->received, 2);
    answer(w, w->header.correlation, "", 0);
    town_until(&w->town, &w->replies, 2);
    assert_int_equal(w->unknown, 0);
}

static void a_call_that_was_not_sent_says_so(void **state)
{
    struct world *w = *state;
    Missionjeunes__Directory__V1__ResolveRequest m = MISSIONJEUNES__DIRECTORY__V1__RESOLVE_REQUEST__INIT;
    struct mj_call c = { .method = "test.v1.Ask", .body = &m.base, .answer = ANSWER };
    struct mj_peer *peer;
    mj_error err;
    assert_int_equal(mj_peer_open(&peer, w->town.loop, "tcp://127.0.0.1:9", w->keys.public_key, &w->keys, &err), 0);
    assert_int_equal(mj_peer_call(peer, &c, on_reply, w, &err), -1);
    assert_int_equal(err.code, MJ_UNAVAILABLE);
    assert_int_equal(mj_peer_outstanding(peer), 0);
    mj_peer_close(peer);
    assert_int_equal(w->replies, 0);
    assert_int_equal(mj_peer_open(&peer, w->town.loop, "ipc:///tmp/x", w->keys.public_key, &w->keys, &err), -1);
    assert_string_equal(err.reason, "BAD_ENDPOINT");
}

static void calls_outstanding_have_a_bound(void **state)
{
    struct world *w = *state;
    Missionjeunes__Directory__V1__ResolveRequest m = MISSIONJEUNES__DIRECTORY__V1__RESOLVE_REQUEST__INIT;
    struct mj_call c = { .method = "test.v1.Ask", .body = &m.base, .answer = ANSWER, .timeout_ms = 60000 };
    mj_error err;
    for (unsigned i = 0; i < 4096; i++)
        send_call(w, 60000);
    assert_int_equal(mj_peer_call(w->peer, &c, on_reply, w, &err), -1);
    assert_string_equal(err.reason, "CALLS_OUTSTANDING");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_call_without_an_answer_ends_as_unknown), T(each_call_has_its_own_deadline),
        T(an_answer_after_the_deadline_or_for_nobody_is_dropped), T(an_answer_that_cannot_be_read_is_unknown),
        T(a_connection_that_goes_ends_what_waits_long_before_its_deadline),
        T(fields_of_a_newer_answer_are_passed_over), T(closing_ends_what_is_outstanding_as_unknown),
        T(a_peer_may_be_closed_in_its_reply), T(a_peer_may_be_closed_at_a_timeout), T(a_call_may_be_made_in_a_reply),
        T(a_call_that_was_not_sent_says_so), T(calls_outstanding_have_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
