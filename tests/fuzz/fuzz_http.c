/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* The HTTP door for probes. libuv is ours (the linker's --wrap): the input says in which pieces a request arrives and
 * what happens between them. A request is asked for at most once, with a path that is one; the answer is whole HTTP;
 * in the end every handle is closed, and all memory freed.
 *
 * An input: pairs of a byte and a piece. The byte says what happens first (nothing, the peer ends, the time runs out,
 * the answer is written), and how long the piece is; a long one is its first byte again and again. */
#include "common/base/buf.h"
#include "common/loop/http.h"
#include "common/loop/loop_uv.h"
#include "fuzz.h"

#define CLOSING_MAX 8

static struct mj_loop loop;
static uv_connection_cb on_connection;
static uv_stream_t *listener, *accepted;
static uv_alloc_cb give_room;
static uv_read_cb on_read;               /* NULL: nothing is read */
static uv_timer_cb on_time;
static uv_timer_t *timer;
static uv_write_t *writing;              /* not told as written yet */
static uv_write_cb on_written;
static struct { uv_handle_t *handle; uv_close_cb fn; } closing[CLOSING_MAX];
static unsigned closing_count, asked, answers;

/* ---- libuv ---- */

int __wrap_uv_tcp_init(uv_loop_t *l, uv_tcp_t *tcp);
int __wrap_uv_timer_init(uv_loop_t *l, uv_timer_t *t);
int __wrap_uv_timer_start(uv_timer_t *t, uv_timer_cb fn, uint64_t after, uint64_t repeat);
int __wrap_uv_tcp_bind(uv_tcp_t *tcp, const struct sockaddr *address, unsigned flags);
int __wrap_uv_tcp_getsockname(const uv_tcp_t *tcp, struct sockaddr *name, int *len);
int __wrap_uv_listen(uv_stream_t *s, int backlog, uv_connection_cb fn);
int __wrap_uv_accept(uv_stream_t *server, uv_stream_t *client);
int __wrap_uv_read_start(uv_stream_t *s, uv_alloc_cb alloc, uv_read_cb fn);
int __wrap_uv_read_stop(uv_stream_t *s);
int __wrap_uv_write(uv_write_t *w, uv_stream_t *s, const uv_buf_t *bufs, unsigned count, uv_write_cb fn);
int __wrap_uv_shutdown(uv_shutdown_t *r, uv_stream_t *s, uv_shutdown_cb fn);
int __wrap_uv_is_closing(const uv_handle_t *h);
void __wrap_uv_close(uv_handle_t *h, uv_close_cb fn);
size_t __wrap_uv_stream_get_write_queue_size(const uv_stream_t *s);

int __wrap_uv_tcp_init(uv_loop_t *l, uv_tcp_t *tcp)
{
    tcp->loop = l;
    return 0;
}

int __wrap_uv_timer_init(uv_loop_t *l, uv_timer_t *t)
{
    t->loop = l;
    return 0;
}

int __wrap_uv_timer_start(uv_timer_t *t, uv_timer_cb fn, uint64_t after, uint64_t repeat)
{
    HOLD(after > 0 && repeat == 0);
    timer = t;
    on_time = fn;
    return 0;
}

int __wrap_uv_tcp_bind(uv_tcp_t *tcp, const struct sockaddr *address, unsigned flags)
{
    (void)tcp, (void)flags;
    HOLD(address->sa_family == AF_INET);
    return 0;
}

int __wrap_uv_tcp_getsockname(const uv_tcp_t *tcp, struct sockaddr *name, int *len)
{
    (void)tcp;
    memset(name, 0, (size_t)*len);
    name->sa_family = AF_INET;
    return 0;
}

int __wrap_uv_listen(uv_stream_t *s, int backlog, uv_connection_cb fn)
{
    (void)backlog;
    listener = s;
    on_connection = fn;
    return 0;
}

int __wrap_uv_accept(uv_stream_t *server, uv_stream_t *client)
{
    HOLD(server == listener);
    accepted = client;
    return 0;
}

int __wrap_uv_read_start(uv_stream_t *s, uv_alloc_cb alloc, uv_read_cb fn)
{
    HOLD(s == accepted);
    give_room = alloc;
    on_read = fn;
    return 0;
}

int __wrap_uv_read_stop(uv_stream_t *s)
{
    HOLD(s == accepted);
    on_read = NULL;
    return 0;
}

int __wrap_uv_shutdown(uv_shutdown_t *r, uv_stream_t *s, uv_shutdown_cb fn)
{
    (void)r, (void)fn;
    HOLD(s == accepted);
    return 0;
}

int __wrap_uv_is_closing(const uv_handle_t *h)
{
    for (unsigned i = 0; i < closing_count; i++)
        if (closing[i].handle == h)
            return 1;
    return 0;
}

void __wrap_uv_close(uv_handle_t *h, uv_close_cb fn)
{
    HOLD(!__wrap_uv_is_closing(h) && closing_count < CLOSING_MAX);
    closing[closing_count].handle = h;
    closing[closing_count++].fn = fn;
}

size_t __wrap_uv_stream_get_write_queue_size(const uv_stream_t *s)
{
    HOLD(s == accepted);
    return writing != NULL;
}

/* An answer: a status line, headers, and as many bytes as they say. */
int __wrap_uv_write(uv_write_t *w, uv_stream_t *s, const uv_buf_t *bufs, unsigned count, uv_write_cb fn)
{
    static const char length[] = "\r\nContent-Length: ";
    int status;
    HOLD(s == accepted && count == 1 && writing == NULL);
    HOLD(sscanf(bufs[0].base, "HTTP/1.1 %d ", &status) == 1 && status >= 200 && status <= 599);
    const char *body = strstr(bufs[0].base, "\r\n\r\n"), *said = strstr(bufs[0].base, length);
    HOLD(body != NULL && said != NULL && said < body);
    HOLD(strtoul(said + sizeof length - 1, NULL, 10) == bufs[0].len - (size_t)(body + 4 - bufs[0].base));
    writing = w;
    on_written = fn;
    answers++;
    return 0;
}

/* ---- what happens to a connection ---- */

static int on_path(void *arg, const char *path, struct mj_buf *body, const char **content_type)
{
    (void)arg, (void)content_type;
    HOLD(path[0] == '/' && strpbrk(path, " ?\r\n") == NULL);
    asked++;
    mj_buf_printf(body, "%s\n", path);
    return strcmp(path, "/livez") == 0 ? 200 : 404;
}

static bool is_open(void)
{
    return accepted != NULL && !__wrap_uv_is_closing((uv_handle_t *)accepted);
}

static void written(int status)
{
    uv_write_t *w = writing;
    writing = NULL;
    if (w != NULL)
        on_written(w, status);
}

static void arrives(struct fuzz_bytes *b, size_t n, bool same)
{
    uv_buf_t room = { NULL, 0 };
    size_t len = 0;
    give_room((uv_handle_t *)accepted, 65536, &room);
    n = n < room.len ? n : room.len;
    uint8_t *piece = fuzz_take(b, same ? 1 : n, &len);
    if (same && len > 0) {
        memset(room.base, piece[0], n);
        len = n;
    } else {
        memcpy(room.base, piece, len);
    }
    free(piece);
    on_read(accepted, room.len == 0 ? UV_ENOBUFS : (ssize_t)len, &room);
}

static void one_step(struct fuzz_bytes *b)
{
    uint8_t what = fuzz_byte(b);
    switch (what >> 5) {
    case 5:
        if (on_read != NULL)
            on_read(accepted, UV_EOF, NULL);
        break;
    case 6: on_time(timer); break;
    case 7: written(what & 1 ? 0 : UV_EPIPE); break;
    default: break;
    }
    if (is_open() && on_read != NULL)
        arrives(b, what >> 5 == 4 ? (size_t)(what & 31) * 512 : what & 63, what >> 5 == 4);
}

static void close_all(struct mj_http *h)
{
    mj_http_destroy(h);
    written(UV_ECANCELED);               /* as libuv does before it tells that the stream is closed */
    for (unsigned i = 0; i < closing_count; i++)
        closing[i].fn(closing[i].handle);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_bytes b = { data, data + size };
    struct mj_http *h;
    int port = 0;
    closing_count = asked = answers = 0;
    writing = NULL;
    accepted = NULL;
    HOLD(mj_http_create(&h, &loop, "127.0.0.1", &port, on_path, NULL, NULL) == 0);
    on_connection(listener, 0);
    while (b.at < b.end && is_open())
        one_step(&b);
    HOLD(asked <= 1 && answers <= 1 && asked <= answers);
    close_all(h);
    return 0;
}
