/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/link.h"

#include <stdlib.h>
#include <time.h>
#include <zmq.h>

#include "common/loop/loop_uv.h"

#define PUMPED 10000
#define OUTSTANDING 50                           /* below the door's high-water mark */

struct world {
    struct link link;
    unsigned received, answered, frames_seen, ticks, sent;
    enum mj_sent last;
    struct mj_route route;
    uint8_t user[MJ_CURVE_KEY];
    bool has_user;
};

static struct world w;

static void send_number(unsigned n)
{
    struct mj_frame frames[2] = { { (const uint8_t *)&n, sizeof(n) }, { NULL, 0 } };

    link_send(&w.link, frames, 2);
    w.sent++;
}

/* ---- what the two ends do with a message ---- */

static void keep(void *arg, const struct mj_message *m)
{
    (void)arg;
    w.received++;
    w.frames_seen = m->count;
    w.route = m->route;
    w.has_user = m->user != NULL;
    if (m->user != NULL)
        memcpy(w.user, m->user, sizeof(w.user));
}

static void echo(void *arg, const struct mj_message *m)
{
    keep(arg, m);
    assert_int_equal(mj_sock_send(w.link.server, &m->route, m->frames, m->count), MJ_SENT);
}

static void count_answer(void *arg, const struct mj_message *m)
{
    (void)arg;
    (void)m;
    w.answered++;
}

/* Answers come in order, and each sends the next request from inside its callback. */
static void answer_sends_next(void *arg, const struct mj_message *m)
{
    unsigned n;

    assert_int_equal(m->count, 2);
    assert_int_equal(m->frames[0].len, sizeof(n));
    memcpy(&n, m->frames[0].data, sizeof(n));
    assert_int_equal(n, w.answered);
    count_answer(arg, m);
    if (w.sent < PUMPED) {
        struct mj_frame frames[2] = { { (const uint8_t *)&w.sent, sizeof(w.sent) }, { NULL, 0 } };

        assert_int_equal(mj_sock_send(w.link.client, NULL, frames, 2), MJ_SENT);
        w.sent++;
    }
    if (w.answered == PUMPED)
        mj_loop_stop(w.link.far);
}

static void close_client(void *arg, const struct mj_message *m)
{
    count_answer(arg, m);
    mj_sock_close(w.link.client);
    w.link.client = NULL;
    assert_int_equal(m->frames[0].len, sizeof(unsigned));    /* still to be read */
    assert_int_equal(m->frames[0].data[0], 7);
}

static void tick(void *arg)
{
    (void)arg;
    w.ticks++;
}

static uint64_t cpu_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* ---- tests ---- */

static void start(bool one_loop, mj_message_fn *server, mj_message_fn *client)
{
    memset(&w, 0, sizeof(w));
    link_up(&w.link, one_loop, server, client, NULL);
}

static int teardown(void **state)
{
    (void)state;
    link_down(&w.link);
    return 0;
}

struct expected {
    int name, router, dealer;                    /* -2: not of this kind */
};

static void every_option_reads_back(void **state)
{
    static const struct expected all[] = {
        { ZMQ_LINGER, 0, 0 }, { ZMQ_IMMEDIATE, -2, 1 }, { ZMQ_IPV6, 0, 0 }, { ZMQ_SNDHWM, 1000, 1000 },
        { ZMQ_RCVHWM, 64, 1000 }, { ZMQ_MAXMSGSIZE, 1 << 20, 4 << 20 }, { ZMQ_HANDSHAKE_IVL, 3000, 3000 },
        { ZMQ_HEARTBEAT_IVL, 5000, 1000 }, { ZMQ_HEARTBEAT_TIMEOUT, 15000, 5000 },
        { ZMQ_HEARTBEAT_TTL, 15000, 5000 }, { ZMQ_RECONNECT_IVL, -2, 200 }, { ZMQ_RECONNECT_IVL_MAX, -2, 30000 },
        { ZMQ_CONNECT_TIMEOUT, -2, 3000 }, { ZMQ_TCP_KEEPALIVE, 1, 1 }, { ZMQ_CURVE_SERVER, 1, 0 },
        { ZMQ_MECHANISM, ZMQ_CURVE, ZMQ_CURVE }, { 93 /* ZAP_ENFORCE_DOMAIN */, 1, 1 },
    };

    (void)state;
    start(true, keep, count_answer);
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
        if (all[i].router != -2)
            assert_int_equal(mj_sock_option(w.link.server, all[i].name), all[i].router);
        if (all[i].dealer != -2)
            assert_int_equal(mj_sock_option(w.link.client, all[i].name), all[i].dealer);
    }
}

static void a_door_without_a_zap_handler_does_not_open(void **state)
{
    struct mj_sock *s = NULL;
    mj_error err;

    (void)state;
    start(false, keep, count_answer);
    assert_int_equal(mj_sock_open(&s, w.link.far, MJ_SOCK_ROUTER, &w.link.server_keys, keep, NULL, &err), -1);
    assert_int_equal(err.code, MJ_FAILED_PRECONDITION);
    assert_null(s);
}

/* Pitfalls U5: all arrive while the loop sends too, nothing is left waiting, and then the loop sleeps. */
static void ten_thousand_messages_pass_both_ways_and_the_loop_sleeps_after(void **state)
{
    uint64_t cpu, turns;

    (void)state;
    start(true, echo, answer_sends_next);
    for (unsigned i = 0; i < OUTSTANDING; i++)
        send_number(i);
    cpu = cpu_ms();
    mj_loop_run_for(w.link.loop, LINK_LIMIT_MS);
    assert_int_equal(w.answered, PUMPED);
    assert_in_range(cpu_ms() - cpu, 0, 1000);
    turns = mj_loop_turns(w.link.loop);
    cpu = cpu_ms();
    mj_loop_run_for(w.link.loop, 200);
    assert_in_range(mj_loop_turns(w.link.loop) - turns, 1, 20);
    assert_in_range(cpu_ms() - cpu, 0, 20);
}

static void a_burst_is_read_to_its_end_without_new_traffic(void **state)
{
    (void)state;
    start(false, keep, count_answer);
    for (unsigned i = 0; i < 1000; i++)
        send_number(i);
    link_until(&w.link, &w.received, 1000);
}

static void timers_get_their_turn_under_a_flood(void **state)
{
    struct mj_timer *timer;

    (void)state;
    start(true, echo, answer_sends_next);
    assert_int_equal(mj_timer_create(&timer, w.link.loop, tick, NULL, NULL), 0);
    for (unsigned i = 0; i < OUTSTANDING; i++)
        send_number(i);
    mj_timer_start(timer, 1, 1);
    mj_loop_run_for(w.link.loop, LINK_LIMIT_MS);
    assert_int_equal(w.answered, PUMPED);
    assert_true(w.ticks >= 10);
    mj_timer_destroy(timer);
}

static void closing_inside_the_callback_keeps_the_message_and_stops(void **state)
{
    (void)state;
    start(false, echo, close_client);
    for (unsigned i = 0; i < 10; i++)
        send_number(7);
    link_until(&w.link, &w.answered, 1);
    link_until(&w.link, &w.received, 10);
    mj_loop_run_for(w.link.far, 0);
    assert_int_equal(w.answered, 1);
}

static void the_user_is_the_key_that_curve_proved(void **state)
{
    (void)state;
    start(false, keep, count_answer);
    send_number(1);
    link_until(&w.link, &w.received, 1);
    assert_true(w.has_user);
    assert_memory_equal(w.user, w.link.client_keys.public_key, MJ_CURVE_KEY);
    assert_int_equal(mj_zap_refused(w.link.zap), 0);
}

static void a_message_of_fifty_frames_is_counted_whole_and_the_next_is_read(void **state)
{
    struct mj_frame frames[50];

    (void)state;
    start(false, keep, count_answer);
    for (unsigned i = 0; i < 50; i++)
        frames[i] = (struct mj_frame){ (const uint8_t *)"x", 1 };
    link_send(&w.link, frames, 50);
    link_until(&w.link, &w.received, 1);
    assert_int_equal(w.frames_seen, 50);
    send_number(1);
    link_until(&w.link, &w.received, 2);
    assert_int_equal(w.frames_seen, 2);
}

static void a_message_of_very_many_frames_takes_several_turns(void **state)
{
    const unsigned count = 100000;
    struct mj_frame *frames = calloc(count, sizeof(*frames));
    uint64_t turns;

    (void)state;
    assert_non_null(frames);
    start(false, keep, count_answer);
    send_number(1);
    link_until(&w.link, &w.received, 1);
    turns = mj_loop_turns(w.link.loop);
    link_send(&w.link, frames, count);
    free(frames);
    link_until(&w.link, &w.received, 2);
    assert_int_equal(w.frames_seen, count);
    assert_true(mj_loop_turns(w.link.loop) - turns > count / 1024);
}

static void an_answer_to_a_peer_that_left_is_gone(void **state)
{
    struct mj_frame frame = { (const uint8_t *)"x", 1 };
    uint64_t until;

    (void)state;
    start(false, keep, count_answer);
    send_number(1);
    link_until(&w.link, &w.received, 1);
    mj_sock_close(w.link.client);
    w.link.client = NULL;
    until = mj_loop_now_ms(w.link.loop) + LINK_LIMIT_MS;
    do {
        mj_loop_run_for(w.link.loop, 1);
        mj_loop_run_for(w.link.far, 1);
        w.last = mj_sock_send(w.link.server, &w.route, &frame, 1);
    } while (w.last == MJ_SENT && mj_loop_now_ms(w.link.loop) < until);
    assert_int_equal(w.last, MJ_SENT_GONE);
}

static void an_answer_to_a_peer_that_does_not_read_is_full(void **state)
{
    static const uint8_t bulk[16384];
    struct mj_frame frame = { bulk, sizeof(bulk) };

    (void)state;
    start(false, keep, count_answer);
    send_number(1);
    link_until(&w.link, &w.received, 1);
    for (unsigned i = 0; i < 20000 && w.last == MJ_SENT; i++)    /* the far loop does not turn meanwhile */
        w.last = mj_sock_send(w.link.server, &w.route, &frame, 1);
    assert_int_equal(w.last, MJ_SENT_FULL);
}

static void nothing_is_queued_for_a_server_that_is_not_there(void **state)
{
    struct mj_frame frame = { (const uint8_t *)"x", 1 };

    (void)state;
    start(false, keep, count_answer);
    mj_sock_close(w.link.client);
    assert_int_equal(mj_sock_open(&w.link.client, w.link.far, MJ_SOCK_DEALER, &w.link.client_keys, keep, NULL, NULL),
                     0);
    assert_int_equal(mj_sock_connect(w.link.client, "tcp://127.0.0.1:1", w.link.server_keys.public_key, NULL), 0);
    mj_loop_run_for(w.link.far, 20);
    assert_int_equal(mj_sock_send(w.link.client, NULL, &frame, 1), MJ_SENT_FULL);
}

static void a_frame_beyond_the_limit_cuts_the_connection_and_a_later_one_arrives(void **state)
{
    struct mj_frame frame;

    (void)state;
    start(false, keep, count_answer);
    frame = (struct mj_frame){ calloc(1, 2 << 20), 2 << 20 };
    assert_non_null(frame.data);
    link_send(&w.link, &frame, 1);
    free((void *)frame.data);
    for (unsigned i = 0; w.received == 0 && i < LINK_LIMIT_MS; i++) {
        send_number(1);                          /* the first ones go down with the connection */
        mj_loop_run_for(w.link.far, 1);
        mj_loop_run_for(w.link.loop, 1);
    }
    assert_int_equal(w.frames_seen, 2);
}

static void an_address_in_use_is_named(void **state)
{
    struct mj_sock *other;
    char bound[MJ_ENDPOINT_MAX];
    mj_error err;

    (void)state;
    start(false, keep, count_answer);
    assert_int_equal(mj_sock_open(&other, w.link.loop, MJ_SOCK_ROUTER, &w.link.server_keys, keep, NULL, NULL), 0);
    assert_int_equal(mj_sock_bind(other, "127.0.0.1", atoi(strrchr(w.link.endpoint, ':') + 1), bound, &err), -1);
    assert_string_equal(err.reason, "ADDRESS_IN_USE");
    assert_non_null(strstr(err.text, w.link.endpoint));
    mj_sock_close(other);
}

static void only_addresses_in_digits_are_listened_on(void **state)
{
    static const char *bad[] = { "", "*", "localhost", "eth0", "127.0.0.1;tcp", "127.0.0.1:1", "1.2.3" };
    char bound[MJ_ENDPOINT_MAX];
    mj_error err;

    (void)state;
    start(false, keep, count_answer);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        assert_int_equal(mj_sock_bind(w.link.server, bad[i], 0, bound, &err), -1);
        assert_string_equal(err.reason, "BAD_ENDPOINT");
    }
    assert_int_equal(mj_sock_bind(w.link.server, "127.0.0.1", 65536, bound, &err), -1);
    assert_int_equal(mj_sock_bind(w.link.server, "127.0.0.1", -1, bound, &err), -1);
}

static void only_plain_tcp_endpoints_are_connected_to(void **state)
{
    static const char *bad[] = {
        "", "tcp://", "tcp://:1", "tcp://host", "tcp://host:", "tcp://host:0", "tcp://host:65536", "tcp://host:1x",
        "tcp://host:99999999999999999999", "tcp://*:1", "tcp://a;b:1", "tcp://-a:1", "tcp://a b:1", "ipc:///tmp/x",
        "inproc://zeromq.zap.01", "ws://host:1", "pgm://host:1", "TCP://host:1", "tcp://[::1:1", "tcp://[::x]:1",
        "tcp://[]:1", "tcp://::1:1", " tcp://host:1",
    };
    char endless[400];
    mj_error err;

    (void)state;
    start(false, keep, count_answer);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        assert_int_equal(mj_sock_connect(w.link.client, bad[i], w.link.server_keys.public_key, &err), -1);
        assert_string_equal(err.reason, "BAD_ENDPOINT");
    }
    memset(endless, 'a', sizeof(endless));
    memcpy(endless, "tcp://", 6);
    memcpy(endless + sizeof(endless) - 3, ":1", 3);
    assert_int_equal(mj_sock_connect(w.link.client, endless, w.link.server_keys.public_key, &err), -1);
    assert_int_equal(mj_sock_connect(w.link.client, "tcp://[::1]:9", w.link.server_keys.public_key, &err), 0);
    assert_int_equal(mj_sock_option(w.link.client, ZMQ_IPV6), 1);
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_option_reads_back),
        TEST(a_door_without_a_zap_handler_does_not_open),
        TEST(ten_thousand_messages_pass_both_ways_and_the_loop_sleeps_after),
        TEST(a_burst_is_read_to_its_end_without_new_traffic),
        TEST(timers_get_their_turn_under_a_flood),
        TEST(closing_inside_the_callback_keeps_the_message_and_stops),
        TEST(the_user_is_the_key_that_curve_proved),
        TEST(a_message_of_fifty_frames_is_counted_whole_and_the_next_is_read),
        TEST(a_message_of_very_many_frames_takes_several_turns),
        TEST(an_answer_to_a_peer_that_left_is_gone),
        TEST(an_answer_to_a_peer_that_does_not_read_is_full),
        TEST(nothing_is_queued_for_a_server_that_is_not_there),
        TEST(a_frame_beyond_the_limit_cuts_the_connection_and_a_later_one_arrives),
        TEST(an_address_in_use_is_named),
        TEST(only_addresses_in_digits_are_listened_on),
        TEST(only_plain_tcp_endpoints_are_connected_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
