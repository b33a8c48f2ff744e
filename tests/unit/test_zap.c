/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/link.h"

#include <stdio.h>
#include <unistd.h>
#include <zmq.h>

#include "common/loop/loop_uv.h"

#define FRAMES_MAX 12

struct world {
    struct link link;
    unsigned received, answered;
};

static struct world w;

static void count_message(void *arg, const struct mj_message *m)
{
    (void)arg;
    (void)m;
    w.received++;
}

static int setup(void **state)
{
    (void)state;
    memset(&w, 0, sizeof(w));
    link_up(&w.link, false, count_message, count_message, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    link_down(&w.link);
    return 0;
}

/* Turns until the handler has refused one more. */
static void until_refused(uint64_t want)
{
    uint64_t until = mj_loop_now_ms(w.link.loop) + LINK_LIMIT_MS;

    while (mj_zap_refused(w.link.zap) < want && mj_loop_now_ms(w.link.loop) < until) {
        mj_loop_run_for(w.link.loop, 1);
        mj_loop_run_for(w.link.far, 1);
    }
    assert_int_equal(mj_zap_refused(w.link.zap), want);
}

/* The first client is in: its handshake is over, and what is refused from now on is another's. */
static void enter(void)
{
    struct mj_frame frame = { (const uint8_t *)"x", 1 };

    link_send(&w.link, &frame, 1);
    link_until(&w.link, &w.received, 1);
}

static void a_known_key_enters(void **state)
{
    (void)state;
    enter();
    assert_int_equal(mj_zap_refused(w.link.zap), 0);
}

static void an_unknown_key_is_refused_and_counted(void **state)
{
    struct mj_frame frame = { (const uint8_t *)"x", 1 };
    struct mj_curve other;
    struct mj_sock *s;

    (void)state;
    mj_curve_make(&other);
    assert_int_equal(mj_sock_open(&s, w.link.far, MJ_SOCK_DEALER, &other, count_message, NULL, NULL), 0);
    assert_int_equal(mj_sock_connect(s, w.link.endpoint, w.link.server_keys.public_key, NULL), 0);
    until_refused(1);
    assert_int_equal(mj_sock_send(s, NULL, &frame, 1), MJ_SENT_FULL);
    assert_int_equal(w.received, 0);
    mj_sock_close(s);
}

static void who_is_refused_is_logged_by_address_and_not_by_key(void **state)
{
    FILE *lines = tmpfile();
    int kept = dup(STDERR_FILENO);
    char text[512] = "";

    (void)state;
    enter();
    w.link.admit = false;
    mj_sock_close(w.link.client);
    dup2(fileno(lines), STDERR_FILENO);
    link_client(&w.link, count_message, NULL);
    until_refused(1);
    dup2(kept, STDERR_FILENO);
    close(kept);
    rewind(lines);
    assert_non_null(fgets(text, sizeof text, lines));
    fclose(lines);
    assert_non_null(strstr(text, "\"event\":\"zap_refused\",\"peer\":\"127.0.0.1\"}"));
}

static void a_key_that_is_no_longer_known_does_not_enter_again(void **state)
{
    (void)state;
    enter();
    w.link.admit = false;
    mj_sock_close(w.link.client);
    link_client(&w.link, count_message, NULL);
    until_refused(1);
    assert_int_equal(w.received, 1);
}

/* A service that has just started may not have heard of a key yet; the operator may add it later. */
static void a_refused_peer_enters_once_its_key_is_known(void **state)
{
    struct mj_frame frame = { (const uint8_t *)"x", 1 };

    (void)state;
    enter();
    w.link.admit = false;
    mj_sock_close(w.link.client);
    link_client(&w.link, count_message, NULL);
    until_refused(1);
    w.link.admit = true;
    link_send(&w.link, &frame, 1);
    link_until(&w.link, &w.received, 2);
}

/* Without CURVE libzmq refuses the peer itself, before it asks. */
static void a_peer_without_curve_is_refused(void **state)
{
    void *ctx = zmq_ctx_new(), *raw = zmq_socket(ctx, ZMQ_DEALER), *monitor = zmq_socket(ctx, ZMQ_PAIR);
    int limit = LINK_LIMIT_MS, zero = 0;
    uint16_t event;
    uint8_t bytes[6];

    (void)state;
    assert_int_equal(zmq_setsockopt(raw, ZMQ_LINGER, &zero, sizeof(zero)), 0);
    assert_int_equal(zmq_socket_monitor(raw, "inproc://events", ZMQ_EVENT_HANDSHAKE_SUCCEEDED
                     | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL
                     | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_DISCONNECTED), 0);
    assert_int_equal(zmq_setsockopt(monitor, ZMQ_RCVTIMEO, &limit, sizeof(limit)), 0);
    assert_int_equal(zmq_connect(monitor, "inproc://events"), 0);
    assert_int_equal(zmq_connect(raw, w.link.endpoint), 0);
    assert_int_equal(zmq_recv(monitor, bytes, sizeof(bytes), 0), 6);
    memcpy(&event, bytes, sizeof(event));
    assert_int_not_equal(event, ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
    zmq_close(raw);
    zmq_close(monitor);
    zmq_ctx_term(ctx);
}

static void a_loop_has_one_handler_and_may_have_another_after(void **state)
{
    struct mj_zap *other;
    mj_error err;

    (void)state;
    assert_int_equal(mj_zap_create(&other, w.link.loop, link_admit, &w.link, &err), -1);
    assert_int_equal(err.code, MJ_ALREADY_EXISTS);
    mj_sock_close(w.link.server);
    w.link.server = NULL;
    mj_zap_destroy(w.link.zap);
    assert_int_equal(mj_zap_create(&w.link.zap, w.link.loop, link_admit, &w.link, &err), 0);
}

/* ---- the handler itself, asked in place of libzmq ---- */

struct part {
    const void *data;
    size_t len;
};
#define TEXT(s) { s, sizeof(s) - 1 }

/* Sends the parts and returns the status code, or "" where there is no answer within 50 ms. */
static const char *ask(const struct part *parts, unsigned count, char user[256])
{
    static char got[FRAMES_MAX][256];
    void *s = zmq_socket(w.link.loop->zmq, ZMQ_DEALER);
    int zero = 0, n, frames = 0;

    memset(got, 0, sizeof(got));
    assert_int_equal(zmq_setsockopt(s, ZMQ_LINGER, &zero, sizeof(zero)), 0);
    assert_int_equal(zmq_connect(s, "inproc://zeromq.zap.01"), 0);
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(zmq_send(s, parts[i].data, parts[i].len, i + 1 < count ? ZMQ_SNDMORE : 0), parts[i].len);
    for (unsigned turns = 0; turns < 50 && frames == 0; turns++) {
        mj_loop_run_for(w.link.loop, 1);
        while ((n = zmq_recv(s, got[frames], sizeof(got[frames]) - 1, ZMQ_DONTWAIT)) >= 0 && frames < FRAMES_MAX - 1)
            frames++;
    }
    zmq_close(s);
    if (frames == 0)
        return "";
    assert_int_equal(frames, 7);                 /* empty, version, id, code, text, user, metadata */
    assert_string_equal(got[0], "");
    assert_string_equal(got[1], "1.0");
    assert_string_equal(got[2], "id-1");
    assert_string_equal(got[6], "");
    if (user != NULL)
        memcpy(user, got[5], sizeof(got[5]));
    return got[3];
}

static void fill(struct part parts[8])
{
    const struct part good[8] = { TEXT(""), TEXT("1.0"), TEXT("id-1"), TEXT("mj"), TEXT("127.0.0.1"), TEXT(""),
                                  TEXT("CURVE"), { w.link.client_keys.public_key, MJ_CURVE_KEY } };

    memcpy(parts, good, sizeof(good));
}

static void the_user_id_is_the_key_in_lower_case_hex(void **state)
{
    char user[256], hex[2 * MJ_CURVE_KEY + 1];
    struct part parts[8];

    (void)state;
    for (unsigned i = 0; i < MJ_CURVE_KEY; i++)
        snprintf(hex + 2 * i, 3, "%02x", w.link.client_keys.public_key[i]);
    fill(parts);
    assert_string_equal(ask(parts, 8, user), "200");
    assert_string_equal(user, hex);
    parts[7].data = w.link.server_keys.public_key;
    assert_string_equal(ask(parts, 8, user), "300");
    assert_string_equal(user, "");
}

struct bad {
    unsigned index;
    struct part part;
    const char *status;
};

static void a_request_that_is_not_exact_is_not_let_in(void **state)
{
    static const uint8_t longest[300];
    const struct bad bad[] = {
        { 0, TEXT("x"), "" }, { 1, TEXT("1.1"), "500" }, { 1, TEXT("1.0 "), "500" }, { 3, TEXT(""), "500" },
        { 3, TEXT("other"), "500" }, { 6, TEXT("NULL"), "500" }, { 6, TEXT("PLAIN"), "500" },
        { 7, { w.link.client_keys.public_key, 31 }, "500" }, { 7, { longest, 33 }, "500" },
        { 7, { longest, 300 }, "" }, { 2, { longest, 256 }, "" },
    };
    struct part parts[10];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        fill(parts);
        parts[bad[i].index] = bad[i].part;
        assert_string_equal(ask(parts, 8, NULL), bad[i].status);
    }
    fill(parts);
    for (unsigned count = 1; count <= 10; count++) {
        parts[8] = parts[9] = (struct part)TEXT("extra");
        if (count != 8)
            assert_string_equal(ask(parts, count, NULL), count < 3 ? "" : "500");
    }
    assert_string_equal(ask(parts, 8, NULL), "200");         /* none of them left anything behind */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_known_key_enters),
        TEST(an_unknown_key_is_refused_and_counted),
        TEST(who_is_refused_is_logged_by_address_and_not_by_key),
        TEST(a_key_that_is_no_longer_known_does_not_enter_again),
        TEST(a_refused_peer_enters_once_its_key_is_known),
        TEST(a_peer_without_curve_is_refused),
        TEST(a_loop_has_one_handler_and_may_have_another_after),
        TEST(the_user_id_is_the_key_in_lower_case_hex),
        TEST(a_request_that_is_not_exact_is_not_let_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
