/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* http: one request, one answer, close. A connection is two libuv handles, stream and timer; its memory goes when
 * both are closed. */
#include "common/loop/http.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/loop/loop_uv.h"

#define CONNECTIONS_MAX 64
#define HEADER_BYTES 8192
#define HEADER_MS 10000                          /* from accepting to the end of the header */
#define LINGER_MS 2000                           /* for the peer to read the answer and close */
#define BACKLOG 64

struct mj_http {
    uv_tcp_t tcp;
    mj_http_fn *fn;
    void *arg;
    unsigned connections;
    LIST_HEAD(, connection) open;
    bool closed;                                 /* its own handle is; the memory waits for the connections */
};

struct connection {
    struct mj_http *http;
    uv_tcp_t tcp;
    uv_timer_t timer;
    uv_write_t write;
    uv_shutdown_t shutdown;
    unsigned handles;                            /* not closed yet */
    bool answered;
    bool peer_ended;                             /* it sends nothing more, and still reads */
    size_t len;
    char header[HEADER_BYTES];
    struct mj_buf answer;
    LIST_ENTRY(connection) link;
};

/* ---- closing ---- */

static void free_when_last(struct mj_http *h)
{
    if (h->closed && h->connections == 0)
        free(h);
}

static void on_closed(uv_handle_t *handle)
{
    struct connection *c = handle->data;

    if (--c->handles > 0)
        return;
    c->http->connections--;
    free_when_last(c->http);
    mj_buf_free(&c->answer);
    free(c);
}

static void hang_up(struct connection *c)
{
    if (uv_is_closing((uv_handle_t *)&c->tcp))
        return;
    LIST_REMOVE(c, link);
    uv_close((uv_handle_t *)&c->tcp, on_closed);
    uv_close((uv_handle_t *)&c->timer, on_closed);
}

static void on_time_out(uv_timer_t *t)
{
    hang_up(t->data);
}

/* ---- answering ---- */

static void on_shutdown(uv_shutdown_t *r, int status)
{
    if (status < 0 && status != UV_ECANCELED)
        hang_up(r->data);
}

/* The peer closes first: closing now, with bytes of its own unread, would reset the connection and could take the
 * answer away from it. */
static void on_written(uv_write_t *w, int status)
{
    struct connection *c = w->data;

    if (status == UV_ECANCELED)
        return;                                  /* hung up meanwhile */
    if (status < 0 || c->peer_ended || uv_timer_start(&c->timer, on_time_out, LINGER_MS, 0) != 0
        || uv_shutdown(&c->shutdown, (uv_stream_t *)&c->tcp, on_shutdown) != 0)
        hang_up(c);
}

static const char *status_text(int status)
{
    switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 503: return "Service Unavailable";
    default: return status < 500 ? "Error" : "Server Error";
    }
}

static void send_answer(struct connection *c, int status, const char *content_type, const struct mj_buf *body)
{
    uv_buf_t out;

    mj_buf_printf(&c->answer, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n"
                  "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n%s\r\n", status, status_text(status),
                  content_type, body->len, status == 405 ? "Allow: GET\r\n" : "");
    if (body->len > 0)
        mj_buf_put(&c->answer, body->data, body->len);
    out = uv_buf_init((char *)c->answer.data, (unsigned)c->answer.len);
    c->answered = true;
    c->write.data = c->shutdown.data = c;
    if (uv_write(&c->write, (uv_stream_t *)&c->tcp, &out, 1, on_written) != 0)
        hang_up(c);
}

/* Cuts "GET /path?query HTTP/1.1" down to the path; the status to answer, or 0 where the path is to be asked for. */
static int parse_request(char *line, const char **path)
{
    char *target = strchr(line, ' '), *version;

    if (target == NULL || target == line)
        return 400;
    *target++ = '\0';
    version = strchr(target, ' ');
    if (version == NULL || target[0] != '/' || strncmp(version + 1, "HTTP/1.", 7) != 0)
        return 400;
    *version = '\0';
    target[strcspn(target, "?")] = '\0';
    *path = target;
    return strcmp(line, "GET") == 0 ? 0 : 405;
}

static void answer_request(struct connection *c)
{
    const char *path = NULL, *content_type = "text/plain; charset=utf-8";
    struct mj_buf body = MJ_BUF_INIT;
    int status;

    c->header[strcspn(c->header, "\r\n")] = '\0';
    status = parse_request(c->header, &path);
    if (status == 0)
        status = c->http->fn(c->http->arg, path, &body, &content_type);
    else
        mj_buf_printf(&body, "expected GET /path HTTP/1.1\n");
    send_answer(c, status, content_type, &body);
    mj_buf_free(&body);
}

/* ---- reading ---- */

static void give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *room)
{
    struct connection *c = handle->data;

    (void)suggested;
    if (c->answered)
        c->len = 0;                              /* what comes after the request is read and thrown away */
    *room = uv_buf_init(c->header + c->len, (unsigned)(sizeof(c->header) - 1 - c->len));
}

static bool header_ended(const struct connection *c)
{
    return strstr(c->header, "\r\n\r\n") != NULL || strstr(c->header, "\n\n") != NULL;
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *room)
{
    struct connection *c = stream->data;

    (void)room;
    if (n == UV_EOF && c->answered && uv_stream_get_write_queue_size(stream) > 0) {
        c->peer_ended = true;
        uv_read_stop(stream);
        return;
    }
    if (n < 0) {
        hang_up(c);
        return;
    }
    if (n == 0 || c->answered)
        return;
    c->len += (size_t)n;
    c->header[c->len] = '\0';
    if (memchr(c->header, '\0', c->len) != NULL)
        hang_up(c);                              /* no text: nobody to answer */
    else if (header_ended(c))
        answer_request(c);
    else if (c->len == sizeof(c->header) - 1)
        hang_up(c);
}

/* ---- accepting ---- */

static int begin_reading(struct connection *c)
{
    int rc = uv_timer_start(&c->timer, on_time_out, HEADER_MS, 0);

    return rc != 0 ? rc : uv_read_start((uv_stream_t *)&c->tcp, give_room, on_read);
}

static void on_connection(uv_stream_t *server, int status)
{
    struct mj_http *h = server->data;
    struct connection *c;

    if (status < 0)
        return;                                  /* the peer left before it was accepted, or no descriptor is left */
    c = mj_calloc(1, sizeof(*c));
    c->http = h;
    c->tcp.data = c->timer.data = c;
    c->handles = 2;
    if (uv_tcp_init(server->loop, &c->tcp) != 0 || uv_timer_init(server->loop, &c->timer) != 0)
        mj_loop_die("http", "a connection's handles do not start");
    h->connections++;
    LIST_INSERT_HEAD(&h->open, c, link);
    if (uv_accept(server, (uv_stream_t *)&c->tcp) != 0 || h->connections > CONNECTIONS_MAX || begin_reading(c) != 0)
        hang_up(c);
}

static int read_address(struct sockaddr_storage *address, const char *host, int port)
{
    if (uv_ip4_addr(host, port, (struct sockaddr_in *)address) == 0)
        return 0;
    return uv_ip6_addr(host, port, (struct sockaddr_in6 *)address);
}

static int listen_on(struct mj_http *h, const char *host, int *port, mj_error *err)
{
    struct sockaddr_storage address;
    int len = sizeof(address), rc;

    if (*port < 0 || *port > UINT16_MAX || read_address(&address, host, *port) != 0)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "BAD_ENDPOINT", NULL,
                       "expected an IP address in digits and a port of 0 "
                       "to 65535 to answer HTTP on, got something else; correct the setting");
    rc = uv_tcp_bind(&h->tcp, (const struct sockaddr *)&address, 0);
    if (rc == 0)
        rc = uv_listen((uv_stream_t *)&h->tcp, BACKLOG, on_connection);
    if (rc == UV_EADDRINUSE)
        return mj_fail(err, MJ_ALREADY_EXISTS, "ADDRESS_IN_USE", NULL, "%s port %d is in use; stop what listens there "
                       "or choose another port", host, *port);
    if (rc == 0)
        rc = uv_tcp_getsockname(&h->tcp, (struct sockaddr *)&address, &len);
    if (rc != 0)
        return mj_fail(err, MJ_FAILED_PRECONDITION, "BIND", NULL, "%s port %d cannot be listened on: %s; choose an "
                       "address of this machine", host, *port, uv_strerror(rc));
    *port = ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                                : ((struct sockaddr_in *)&address)->sin_port);
    return 0;
}

static void on_http_closed(uv_handle_t *handle)
{
    struct mj_http *h = handle->data;

    h->closed = true;
    free_when_last(h);
}

int mj_http_create(struct mj_http **ret, struct mj_loop *l, const char *host, int *port, mj_http_fn *fn, void *arg,
                   mj_error *err)
{
    struct mj_http *h = mj_calloc(1, sizeof(*h));

    h->fn = fn;
    h->arg = arg;
    LIST_INIT(&h->open);
    if (uv_tcp_init(&l->uv, &h->tcp) != 0)
        mj_loop_die("http", "its handle does not start");
    h->tcp.data = h;
    if (listen_on(h, host, port, err) < 0) {
        uv_close((uv_handle_t *)&h->tcp, on_http_closed);
        return -1;
    }
    *ret = h;
    return 0;
}

void mj_http_destroy(struct mj_http *h)
{
    struct connection *c;

    if (h == NULL)
        return;
    while ((c = LIST_FIRST(&h->open)) != NULL)
        hang_up(c);
    uv_close((uv_handle_t *)&h->tcp, on_http_closed);
}
