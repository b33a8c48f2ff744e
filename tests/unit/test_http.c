/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/loop/http.h"
#include "common/loop/loop_uv.h"

#define LIMIT_MS 20000
#define BIG (4u << 20)                           /* more than the kernel's buffers hold */

struct world {
    struct mj_loop *loop;
    struct mj_http *http;
    int port;
    unsigned asked;
    char path[128];
    char *answer;
    size_t len;
};

static struct world w;

static int respond(void *arg, const char *path, struct mj_buf *body, const char **content_type)
{
    (void)arg;
    w.asked++;
    strncpy(w.path, path, sizeof(w.path) - 1);
    if (strcmp(path, "/livez") == 0) {
        mj_buf_printf(body, "ok\n");
        return 200;
    }
    if (strcmp(path, "/big") == 0) {
        memset(mj_buf_grow(body, BIG), 'x', BIG);
        *content_type = "application/octet-stream";
        return 200;
    }
    return strcmp(path, "/readyz") == 0 ? 503 : 404;
}

static int setup(void **state)
{
    (void)state;
    memset(&w, 0, sizeof(w));
    w.answer = malloc(BIG + 4096);
    if (w.answer == NULL || mj_loop_create(&w.loop, &mj_env_real, NULL) < 0)
        return -1;
    return mj_http_create(&w.http, w.loop, "127.0.0.1", &w.port, respond, NULL, NULL);
}

static int teardown(void **state)
{
    (void)state;
    mj_http_destroy(w.http);
    mj_loop_destroy(w.loop);
    free(w.answer);
    return 0;
}

/* ---- a client on plain sockets ---- */

static int dial(void)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)w.port) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Turns the loop and reads until the server closes; returns whether it closed in order (no reset). */
static bool listen_to_end(int fd)
{
    uint64_t until = mj_loop_now_ms(w.loop) + LIMIT_MS;
    ssize_t n = -1;

    w.len = 0;
    for (;;) {
        mj_loop_run_for(w.loop, 1);
        while ((n = recv(fd, w.answer + w.len, BIG + 4095 - w.len, MSG_DONTWAIT)) > 0)
            w.len += (size_t)n;
        if (n == 0 || errno != EAGAIN)
            break;
        assert_true(mj_loop_now_ms(w.loop) < until);
    }
    w.answer[w.len] = '\0';
    close(fd);
    return n == 0;
}

static void ask(const char *request)
{
    int fd = dial();

    say(fd, request);
    assert_true(listen_to_end(fd));
}

static void assert_status(const char *status)
{
    char line[64] = "HTTP/1.1 ";

    strncat(line, status, sizeof(line) - strlen(line) - 1);
    assert_int_equal(strncmp(w.answer, line, strlen(line)), 0);
}

static uv_timer_t *deadline;

static void find_deadline(uv_handle_t *h, void *arg)
{
    (void)arg;
    if (h->type == UV_TIMER && uv_is_active(h))
        deadline = (uv_timer_t *)h;
}

/* ---- tests ---- */

static void a_path_is_answered_and_the_connection_closed(void **state)
{
    (void)state;
    ask("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_status("200 OK\r\n");
    assert_non_null(strstr(w.answer, "Content-Length: 3\r\n"));
    assert_non_null(strstr(w.answer, "Connection: close\r\n"));
    assert_non_null(strstr(w.answer, "\r\n\r\nok\n"));
}

static void the_callback_chooses_the_status_and_does_not_see_the_query(void **state)
{
    (void)state;
    ask("GET /readyz?verbose=1 HTTP/1.0\r\n\r\n");
    assert_status("503 Service Unavailable\r\n");
    assert_string_equal(w.path, "/readyz");
    ask("GET /nowhere HTTP/1.1\r\n\r\n");
    assert_status("404 Not Found\r\n");
}

static void a_request_may_come_in_pieces(void **state)
{
    static const char request[] = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n";
    int fd = dial();

    (void)state;
    for (size_t i = 0; i + 1 < sizeof(request); i++) {
        assert_int_equal(send(fd, request + i, 1, MSG_NOSIGNAL), 1);
        mj_loop_run_for(w.loop, 0);
    }
    assert_true(listen_to_end(fd));
    assert_status("200 OK\r\n");
    assert_int_equal(w.asked, 1);
}

static void other_methods_and_what_is_no_request_are_refused(void **state)
{
    static const char *const bad[] = { "\r\n\r\n", "GET\r\n\r\n", " / HTTP/1.1\r\n\r\n", "GET x HTTP/1.1\r\n\r\n",
                                       "GET /livez\r\n\r\n", "GET /livez HTTP/2\r\n\r\n", "\n\n", "GET  \n\n" };

    (void)state;
    ask("POST /livez HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello");
    assert_status("405 Method Not Allowed\r\n");
    assert_non_null(strstr(w.answer, "Allow: GET\r\n"));
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        ask(bad[i]);
        assert_status("400 Bad Request\r\n");
    }
    assert_int_equal(w.asked, 0);
}

static void a_header_beyond_8_kib_closes_unanswered(void **state)
{
    char request[9000];
    int fd = dial();

    (void)state;
    memset(request, 'a', sizeof(request));
    memcpy(request, "GET /livez HTTP/1.1\r\nX: ", 24);
    request[sizeof(request) - 1] = '\0';
    say(fd, request);
    listen_to_end(fd);
    assert_int_equal(w.len, 0);
    assert_int_equal(w.asked, 0);
}

static void a_nul_in_the_header_closes_unanswered(void **state)
{
    static const char request[] = "GET /li\0vez HTTP/1.1\r\n\r\n";
    int fd = dial();

    (void)state;
    assert_int_equal(send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL), sizeof(request) - 1);
    listen_to_end(fd);
    assert_int_equal(w.len, 0);
    assert_int_equal(w.asked, 0);
}

static void a_header_that_does_not_end_in_10_s_closes(void **state)
{
    int fd = dial();

    (void)state;
    say(fd, "GET /livez HTTP/1.1\r\n");
    for (deadline = NULL; deadline == NULL;) {
        mj_loop_run_for(w.loop, 1);
        uv_walk(&w.loop->uv, find_deadline, NULL);
    }
    assert_in_range(uv_timer_get_due_in(deadline), 1, 10000);
    assert_int_equal(uv_timer_start(deadline, deadline->timer_cb, 1, 0), 0);     /* instead of waiting */
    assert_true(listen_to_end(fd));
    assert_int_equal(w.len, 0);
}

static void no_more_than_64_connections_are_held(void **state)
{
    char one;
    int fds[64], extra;

    (void)state;
    for (unsigned i = 0; i < 64; i++) {
        fds[i] = dial();
        mj_loop_run_for(w.loop, 0);
    }
    extra = dial();
    listen_to_end(extra);
    assert_int_equal(w.len, 0);
    assert_int_equal(recv(fds[0], &one, 1, MSG_DONTWAIT), -1);    /* the first ones are still there */
    close(fds[63]);
    mj_loop_run_for(w.loop, 20);
    ask("GET /livez HTTP/1.1\r\n\r\n");
    assert_status("200 OK\r\n");
    for (unsigned i = 0; i < 63; i++)
        close(fds[i]);
}

static void a_large_answer_reaches_a_peer_that_ended_its_side(void **state)
{
    int fd = dial();

    (void)state;
    say(fd, "GET /big HTTP/1.1\r\n\r\n");
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    assert_true(listen_to_end(fd));
    assert_status("200 OK\r\n");
    assert_true(w.len > BIG);
}

static void destroying_hangs_up_on_everybody(void **state)
{
    int idle = dial(), slow = dial(), reading = dial();

    (void)state;
    say(slow, "GET /");
    say(reading, "GET /big HTTP/1.1\r\n\r\n");
    mj_loop_run_for(w.loop, 20);
    mj_http_destroy(w.http);
    w.http = NULL;
    listen_to_end(idle);
    listen_to_end(slow);
    listen_to_end(reading);
    assert_true(w.len < BIG);
}

static void an_address_in_use_or_no_address_is_refused(void **state)
{
    static const char *const bad[] = { "", "localhost", "127.0.0.1:80", "::1]" };
    struct mj_http *other;
    mj_error err;
    int port = w.port;

    (void)state;
    assert_int_equal(mj_http_create(&other, w.loop, "127.0.0.1", &port, respond, NULL, &err), -1);
    assert_string_equal(err.reason, "ADDRESS_IN_USE");
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        port = 0;
        assert_int_equal(mj_http_create(&other, w.loop, bad[i], &port, respond, NULL, &err), -1);
        assert_string_equal(err.reason, "BAD_ENDPOINT");
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_path_is_answered_and_the_connection_closed),
        TEST(the_callback_chooses_the_status_and_does_not_see_the_query),
        TEST(a_request_may_come_in_pieces),
        TEST(other_methods_and_what_is_no_request_are_refused),
        TEST(a_header_beyond_8_kib_closes_unanswered),
        TEST(a_nul_in_the_header_closes_unanswered),
        TEST(a_header_that_does_not_end_in_10_s_closes),
        TEST(no_more_than_64_connections_are_held),
        TEST(a_large_answer_reaches_a_peer_that_ended_its_side),
        TEST(destroying_hangs_up_on_everybody),
        TEST(an_address_in_use_or_no_address_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
