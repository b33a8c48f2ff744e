/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* mj-fault-proxy LISTEN_PORT TARGET_PORT: forwards TCP on the loopback, and does to it what a bad network does.
 *
 * Commands on standard input, a line each; each is answered on standard output by a line, "ok" or "error: ...":
 *   pass                    forward as it comes, and listen: the state at the start
 *   cut                     close every connection now
 *   rst                     the same by RST
 *   refuse                  close the listener and every connection, until pass
 *   delay MS                each byte leaves so much later than it came
 *   throttle BYTES          so many bytes a second, all connections together
 *   swallow up|down|both    half-open: what comes from the client (up), from the server (down) is read and dropped
 *   split                   one byte a segment
 *   duplicate               each connection made from now on is made twice: the second gets the client's bytes too,
 *                           its answers are dropped
 *   stats                   "ok connections=N open=N up=BYTES down=BYTES swallowed=BYTES"
 * delay, throttle, swallow, split and duplicate add up until pass. A connection that lost bytes stays dead in that
 * direction until somebody closes it: pass heals only those made after it. It ends with its standard input. One
 * thread; a connection holds 128 KiB at most. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LINKS 64
#define HELD (64u * 1024)                /* bytes on their way in one direction */
#define CHUNKS 256
#define NEVER UINT64_MAX

/* Bytes on their way in one direction. A chunk is what one read brought, and leaves when it is due. */
struct pipe {
    uint8_t data[HELD];
    size_t head, len;
    struct { uint64_t due; size_t len; } chunks[CHUNKS];
    size_t first, count;
    bool ended, shut;                    /* the reading side came to its end; the writing side was told */
    bool dead;                           /* bytes of it were swallowed: TCP never goes on behind a hole */
};

struct link {
    int near, far, twin;                 /* to the client, to the server, and the duplicate or -1; near < 0: free */
    struct pipe *up, *down;
};

static struct {
    uint64_t delay_ms, bytes_a_second;   /* 0: none */
    bool swallow_up, swallow_down, split, duplicate;
} fault;
static struct { uint64_t connections, up, down, swallowed; } counted;
static struct link links[LINKS];
static int listener = -1, listen_port, target_port;
static uint64_t tokens, tokens_at;       /* what throttle still lets through; when it was reckoned */

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static _Noreturn void die(const char *doing)
{
    fprintf(stderr, "mj-fault-proxy: %s: %s\n", doing, strerror(errno));
    exit(1);
}

/* ---- connections ---- */

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static void no_delay(int fd)
{
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static void start_listening(void)
{
    struct sockaddr_in a = loopback(listen_port);
    int on = 1;
    if (listener >= 0)
        return;
    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(listener, (struct sockaddr *)&a, sizeof a) != 0 || listen(listener, 64) != 0)
        die("listening");
}

static int connect_to_target(void)
{
    struct sockaddr_in a = loopback(target_port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (connect(fd, (struct sockaddr *)&a, sizeof a) != 0) {     /* on the loopback it answers at once */
        close(fd);
        return -1;
    }
    fcntl(fd, F_SETFL, O_NONBLOCK);
    no_delay(fd);
    return fd;
}

static void drop(struct link *l, bool reset)
{
    struct linger now = { .l_onoff = 1, .l_linger = 0 };
    int fds[] = { l->near, l->far, l->twin };
    for (size_t i = 0; i < 3; i++) {
        if (fds[i] < 0)
            continue;
        if (reset)
            setsockopt(fds[i], SOL_SOCKET, SO_LINGER, &now, sizeof now);
        close(fds[i]);
    }
    free(l->up);
    free(l->down);
    *l = (struct link){ -1, -1, -1, NULL, NULL };
}

static void drop_all(bool reset)
{
    for (size_t i = 0; i < LINKS; i++)
        if (links[i].near >= 0)
            drop(&links[i], reset);
}

static struct link *free_link(void)
{
    for (size_t i = 0; i < LINKS; i++)
        if (links[i].near < 0)
            return &links[i];
    return NULL;
}

static void take_connection(void)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct link *l = free_link();
    if (fd < 0)
        return;
    int far = l != NULL ? connect_to_target() : -1;
    if (far < 0) {                               /* as if we were not there */
        close(fd);
        return;
    }
    no_delay(fd);
    *l = (struct link){ fd, far, fault.duplicate ? connect_to_target() : -1, calloc(1, sizeof *l->up),
                        calloc(1, sizeof *l->down) };
    if (l->up == NULL || l->down == NULL)
        die("taking a connection");
    counted.connections++;
}

/* ---- bytes ---- */

static bool has_room(const struct pipe *p) { return !p->ended && p->len < HELD && p->count < CHUNKS; }

static uint64_t next_due(const struct pipe *p) { return p->count > 0 ? p->chunks[p->first].due : NEVER; }

/* Reads once. False where the connection is broken. */
static bool fill(struct pipe *p, int from, int copy_to, bool swallow, uint64_t now)
{
    size_t end = (p->head + p->len) % HELD;
    size_t room = end < p->head ? p->head - end : HELD - end;
    ssize_t n = read(from, p->data + end, room);
    if (n <= 0) {
        p->ended = n == 0;
        return n == 0 || errno == EAGAIN || errno == EINTR;
    }
    if (copy_to >= 0)                            /* as much as it takes: nobody waits for the duplicate */
        (void)!send(copy_to, p->data + end, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (swallow || p->dead) {
        p->dead = true;
        counted.swallowed += (uint64_t)n;
        return true;
    }
    size_t last = (p->first + p->count++) % CHUNKS;
    p->chunks[last].due = now + fault.delay_ms;
    p->chunks[last].len = (size_t)n;
    p->len += (size_t)n;
    return true;
}

static void reckon_tokens(uint64_t now)
{
    uint64_t most = fault.bytes_a_second / 10 + 1, more = fault.bytes_a_second * (now - tokens_at) / 1000;
    if (more == 0)                               /* too soon: the time counts at the next look */
        return;
    tokens = tokens + more < most ? tokens + more : most;
    tokens_at = now;
}

/* How much of the first chunk may leave in one segment. */
static size_t may_leave(const struct pipe *p, uint64_t now)
{
    if (next_due(p) > now)
        return 0;
    size_t n = p->chunks[p->first].len;
    if (n > HELD - p->head)
        n = HELD - p->head;
    if (fault.bytes_a_second > 0 && n > tokens)
        n = (size_t)tokens;
    return fault.split && n > 1 ? 1 : n;
}

static void left(struct pipe *p, size_t n)
{
    p->head = (p->head + n) % HELD;
    p->len -= n;
    p->chunks[p->first].len -= n;
    if (p->chunks[p->first].len == 0) {
        p->first = (p->first + 1) % CHUNKS;
        p->count--;
    }
    if (fault.bytes_a_second > 0)
        tokens -= n;
}

/* Sends what is due. False where the connection is broken. */
static bool empty(struct pipe *p, int to, uint64_t now, uint64_t *sent)
{
    size_t n;
    while ((n = may_leave(p, now)) > 0) {
        ssize_t done = send(to, p->data + p->head, n, MSG_NOSIGNAL);
        if (done < 0)
            return errno == EAGAIN || errno == EINTR;
        left(p, (size_t)done);
        *sent += (uint64_t)done;
    }
    if (p->ended && p->len == 0 && !p->shut && !p->dead) {
        shutdown(to, SHUT_WR);
        p->shut = true;
    }
    return true;
}

static void discard(int fd)
{
    char bytes[4096];
    while (fd >= 0 && recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
        ;
}

/* ---- commands ---- */

static void make_pass(void)
{
    memset(&fault, 0, sizeof fault);
    start_listening();
}

static bool swallow(const char *which)
{
    fault.swallow_up |= strcmp(which, "up") == 0 || strcmp(which, "both") == 0;
    fault.swallow_down |= strcmp(which, "down") == 0 || strcmp(which, "both") == 0;
    return fault.swallow_up || fault.swallow_down;
}

static void answer_stats(void)
{
    int open = 0;
    for (size_t i = 0; i < LINKS; i++)
        open += links[i].near >= 0;
    printf("ok connections=%llu open=%d up=%llu down=%llu swallowed=%llu\n", (unsigned long long)counted.connections,
           open, (unsigned long long)counted.up, (unsigned long long)counted.down,
           (unsigned long long)counted.swallowed);
}

/* False where there is no such command. */
static bool obey(const char *word, const char *rest)
{
    if (strcmp(word, "pass") == 0)
        make_pass();
    else if (strcmp(word, "cut") == 0 || strcmp(word, "rst") == 0)
        drop_all(*word == 'r');
    else if (strcmp(word, "refuse") == 0) {
        if (listener >= 0)
            close(listener);
        listener = -1;
        drop_all(false);
    } else if (strcmp(word, "delay") == 0)
        fault.delay_ms = strtoull(rest, NULL, 10);
    else if (strcmp(word, "throttle") == 0) {
        fault.bytes_a_second = strtoull(rest, NULL, 10);
        tokens_at = now_ms();
    } else if (strcmp(word, "swallow") == 0)
        return swallow(rest);
    else if (strcmp(word, "split") == 0)
        fault.split = true;
    else if (strcmp(word, "duplicate") == 0)
        fault.duplicate = true;
    else
        return false;
    return true;
}

static void take_commands(void)
{
    static char lines[1024];
    static size_t len;
    ssize_t n = read(STDIN_FILENO, lines + len, sizeof lines - 1 - len);
    if (n <= 0)
        exit(0);
    len += (size_t)n;
    lines[len] = '\0';
    for (char *end; (end = strchr(lines, '\n')) != NULL;) {
        char word[16] = "", rest[16] = "";
        *end = '\0';
        sscanf(lines, "%15s %15s", word, rest);
        if (strcmp(word, "stats") == 0)
            answer_stats();
        else
            puts(obey(word, rest) ? "ok" : "error: expected pass, cut, rst, refuse, delay, throttle, swallow, split, "
                                           "duplicate or stats");
        len -= (size_t)(end + 1 - lines);
        memmove(lines, end + 1, len + 1);
    }
}

/* ---- the loop ---- */

struct waiting { struct pollfd fds[2 + 3 * LINKS]; nfds_t count; uint64_t until; };

static short interest(const struct pipe *in, const struct pipe *out, uint64_t now, uint64_t *until)
{
    bool writes = out->len > 0 && may_leave(out, now) > 0;
    if (out->len > 0 && !writes) {               /* not due, or throttled: look again then */
        uint64_t due = next_due(out) > now ? next_due(out) : now + 10;
        *until = due < *until ? due : *until;
    }
    return (short)((has_room(in) ? POLLIN : 0) | (writes ? POLLOUT : 0));
}

static void add(struct waiting *w, int fd, short events)
{
    w->fds[w->count++] = (struct pollfd){ .fd = events != 0 ? fd : -1, .events = events };     /* no idle POLLHUP */
}

static void collect(struct waiting *w, uint64_t now)
{
    w->count = 0;
    w->until = NEVER;
    add(w, STDIN_FILENO, POLLIN);
    add(w, listener, POLLIN);
    for (size_t i = 0; i < LINKS; i++) {
        struct link *l = &links[i];
        if (l->near < 0)
            continue;
        add(w, l->near, interest(l->up, l->down, now, &w->until));
        add(w, l->far, interest(l->down, l->up, now, &w->until));
        add(w, l->twin, POLLIN);
    }
}

/* near and far are what poll said of the two sides. */
static void turn(struct link *l, short near, short far, uint64_t now)
{
    bool sound = !((near | far) & (POLLERR | POLLNVAL));
    if (sound && near & (POLLIN | POLLHUP) && has_room(l->up))
        sound = fill(l->up, l->near, l->twin, fault.swallow_up, now);
    if (sound && far & (POLLIN | POLLHUP) && has_room(l->down))
        sound = fill(l->down, l->far, -1, fault.swallow_down, now);
    sound = sound && empty(l->up, l->far, now, &counted.up) && empty(l->down, l->near, now, &counted.down);
    discard(l->twin);
    if (!sound || (l->up->shut && l->down->shut))
        drop(l, false);
}

/* Before commands are obeyed: what poll said is of the links as they were. */
static void turn_all(const struct waiting *w, uint64_t now)
{
    nfds_t at = 2;
    for (size_t i = 0; i < LINKS; i++) {
        if (links[i].near < 0)
            continue;
        turn(&links[i], w->fds[at].revents, w->fds[at + 1].revents, now);
        at += 3;
    }
}

int main(int argc, char **argv)
{
    static struct waiting w;
    if (argc != 3) {
        fprintf(stderr, "usage: mj-fault-proxy LISTEN_PORT TARGET_PORT; commands on standard input\n");
        return 2;
    }
    listen_port = atoi(argv[1]);
    target_port = atoi(argv[2]);
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; i < LINKS; i++)
        links[i].near = links[i].far = links[i].twin = -1;
    make_pass();
    for (;;) {
        uint64_t now = now_ms();
        reckon_tokens(now);
        collect(&w, now);
        int wait = w.until == NEVER ? -1 : (int)(w.until - now);
        if (poll(w.fds, w.count, wait) < 0 && errno != EINTR)
            die("waiting");
        turn_all(&w, now_ms());
        if (w.fds[1].revents)
            take_connection();
        if (w.fds[0].revents)
            take_commands();
    }
}
