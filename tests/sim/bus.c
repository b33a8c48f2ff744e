/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* bus: wire/sock.h and wire/zap.h without a network. What TCP under ZeroMQ can do is modelled, and nothing else: on one
 * connection messages keep their order and are late at will; a connection breaks, and everything under way on it is
 * lost, which each end notices at its own time; until then what it sends goes nowhere. Two connections owe each other
 * no order. A message is never lost or doubled by itself: repeats come from clients that ask again. */
#include "common/wire/zap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/wire/endpoint.h"
#include "loop_sim.h"

#define LATENCY_LEAST (50 * SIM_US)
#define LATENCY_MOST (600 * SIM_US)
#define RECONNECT (200 * SIM_MS)                 /* as sock_options.c, */
#define RECONNECT_MOST (30 * SIM_S)
#define CONNECT_TIMEOUT (3 * SIM_S)
#define DEALER_HEARTBEAT (5 * SIM_S)             /* after which a silent connection is given up, */
#define ROUTER_HEARTBEAT (15 * SIM_S)            /* by each side */
#define QUEUE_MOST 1000                          /* messages under way in one direction */

struct wire;

struct mj_sock {
    struct mj_loop *loop;
    struct sim_process *process;
    enum mj_sock_kind kind;
    struct mj_curve keys;
    mj_message_fn *fn;
    void *arg;
    bool closed;
    char endpoint[MJ_ENDPOINT_MAX];              /* ROUTER: bound; DEALER: connected to */
    /* DEALER */
    uint8_t server_key[MJ_CURVE_KEY];
    struct wire *wire;                           /* NULL: not connected */
    struct sim_event attempt;
    uint64_t backoff;
    void (*lost)(void *arg);
    void *lost_arg;
    /* ROUTER: all of them, of every process */
    struct mj_sock *next_door;
};

enum { TO_ROUTER, TO_DEALER };

/* A connection. Never freed: whoever still names it finds it broken. */
struct wire {
    uint64_t number;
    struct mj_sock *end[2];                      /* TO_ROUTER: the router, TO_DEALER: the dealer */
    bool up, broken, noticed[2];
    uint64_t last_at[2];                         /* when the last message arrives */
    unsigned under_way[2];
    struct sim_event notice[2], handshake;
    struct wire *next;
};

struct packet {
    struct sim_event arrives;
    struct wire *wire;
    int direction;
    unsigned count;
    size_t lengths[MJ_FRAMES_MAX];
    uint8_t bytes[];
};

struct mj_zap { struct mj_loop *loop; mj_zap_fn *fn; void *arg; uint64_t refused; };

static struct {
    struct mj_sock *doors;
    struct wire *wires;
    uint64_t numbers, keys;
    unsigned slow, port;
    uint64_t blocked_until[SIM_MACHINES][SIM_MACHINES];
    struct sim_bus_stats stats;
} bus;

const struct sim_bus_stats *sim_bus_stats(void) { return &bus.stats; }

/* ---- the state of links ---- */

static uint64_t blocked_until(const struct mj_sock *a, const struct mj_sock *b)
{
    unsigned i = a->process->machine->number, j = b->process->machine->number;

    return bus.blocked_until[i < j ? i : j][i < j ? j : i];
}

static uint64_t latency(void)
{
    uint64_t ns = sim_between(LATENCY_LEAST, LATENCY_MOST);

    if (sim_chance(5))
        ns += sim_below(40 * SIM_MS);            /* a segment was sent again */
    return ns * (bus.slow ? bus.slow : 1);
}

/* ---- the end of a connection ---- */

static void reconnect(struct mj_sock *s)
{
    uint64_t wait = s->backoff + sim_below(s->backoff);

    s->wire = NULL;
    if (s->closed)
        return;
    sim_event_set(&s->attempt, sim_now() + wait);
    s->backoff = s->backoff * 2 < RECONNECT_MOST ? s->backoff * 2 : RECONNECT_MOST;
}

static void dealer_notices(void *arg)
{
    struct wire *w = arg;
    struct mj_sock *s = w->end[TO_DEALER];

    w->noticed[TO_DEALER] = true;
    if (s->closed || s->wire != w)
        return;
    s->backoff = RECONNECT;
    reconnect(s);
    if (s->lost)
        s->lost(s->lost_arg);
}

static void router_notices(void *arg)
{
    ((struct wire *)arg)->noticed[TO_ROUTER] = true;
}

/* Each side learns of it at its own time: the dealer and the router after so long. */
static void break_wire(struct wire *w, uint64_t dealer_after, uint64_t router_after)
{
    if (w->broken)
        return;
    w->broken = true;
    bus.stats.cuts++;
    sim_event_clear(&w->handshake);
    w->notice[TO_DEALER] = (struct sim_event){ .process = w->end[TO_DEALER]->process, .fn = dealer_notices, .arg = w };
    w->notice[TO_ROUTER] = (struct sim_event){ .process = w->end[TO_ROUTER]->process, .fn = router_notices, .arg = w };
    sim_event_set(&w->notice[TO_DEALER], sim_now() + dealer_after);
    sim_event_set(&w->notice[TO_ROUTER], sim_now() + router_after);
}

static bool between(const struct wire *w, const struct sim_machine *a, const struct sim_machine *b)
{
    const struct sim_machine *x = w->end[0]->process->machine, *y = w->end[1]->process->machine;

    return (x == a && y == b) || (x == b && y == a);
}

void sim_bus_cut(const struct sim_machine *a, const struct sim_machine *b)
{
    for (struct wire *w = bus.wires; w; w = w->next)
        if (between(w, a, b))
            break_wire(w, sim_below(20 * SIM_MS), sim_below(20 * SIM_MS));
}

void sim_bus_block(const struct sim_machine *a, const struct sim_machine *b, uint64_t ns)
{
    unsigned i = a->number < b->number ? a->number : b->number, j = a->number < b->number ? b->number : a->number;
    uint64_t until = sim_now() + ns;

    if (until > bus.blocked_until[i][j])
        bus.blocked_until[i][j] = until;
    for (struct wire *w = bus.wires; w && ns >= DEALER_HEARTBEAT; w = w->next)
        if (between(w, a, b))
            break_wire(w, DEALER_HEARTBEAT, ns >= ROUTER_HEARTBEAT ? ROUTER_HEARTBEAT : ns + LATENCY_MOST);
}

void sim_bus_unblock(const struct sim_machine *a, const struct sim_machine *b)
{
    bus.blocked_until[a->number < b->number ? a->number : b->number]
                     [a->number < b->number ? b->number : a->number] = 0;
}

void sim_bus_slow(unsigned times) { bus.slow = times; }

/* A system tells its peers that a process of it ended; a machine without power tells nobody. */
void sim_bus_killed(struct sim_process *p, bool power)
{
    for (struct wire *w = bus.wires; w; w = w->next)
        if (w->end[TO_ROUTER]->process == p || w->end[TO_DEALER]->process == p)
            break_wire(w, power ? DEALER_HEARTBEAT : latency(), power ? ROUTER_HEARTBEAT : latency());
    for (struct mj_sock **s = &bus.doors; *s;)
        if ((*s)->process == p)
            *s = (*s)->next_door;
        else
            s = &(*s)->next_door;
}

/* ---- messages ---- */

static void give(struct packet *k)
{
    struct wire *w = k->wire;
    struct mj_sock *s = w->end[k->direction];
    struct mj_message m = { .count = k->count };
    size_t at = 0;

    for (unsigned i = 0; i < k->count; i++, at += k->lengths[i - 1])
        m.frames[i] = (struct mj_frame){ k->bytes + at, k->lengths[i] };
    if (k->direction == TO_ROUTER) {
        m.user = w->end[TO_DEALER]->keys.public_key;
        m.route.len = 5;
        memcpy(m.route.id, &w->number, 5);
    }
    bus.stats.messages++;
    sim_trace("message", k->bytes, at);
    s->fn(s->arg, &m);
}

static void on_arrival(void *arg)
{
    struct packet *k = arg;
    struct wire *w = k->wire;

    w->under_way[k->direction]--;
    if (w->broken || w->end[k->direction]->closed)
        bus.stats.lost++;
    else
        give(k);
    free(k);
}

static void post(struct wire *w, int direction, const struct mj_frame *frames, unsigned count)
{
    uint64_t at = sim_now() + latency(), free_at = blocked_until(w->end[0], w->end[1]);
    struct packet *k;
    size_t n = 0;

    for (unsigned i = 0; i < count; i++)
        n += frames[i].len;
    k = mj_calloc(1, sizeof *k + n);
    n = 0;
    for (unsigned i = 0; i < count; i++) {
        if (frames[i].len)
            memcpy(k->bytes + n, frames[i].data, frames[i].len);
        n += k->lengths[i] = frames[i].len;
    }
    k->wire = w;
    k->direction = direction;
    k->count = count;
    k->arrives = (struct sim_event){ .process = w->end[direction]->process, .fn = on_arrival, .arg = k };
    if (at < free_at)
        at = free_at + latency();
    if (at <= w->last_at[direction])
        at = w->last_at[direction] + 1;
    w->last_at[direction] = at;
    w->under_way[direction]++;
    sim_event_set(&k->arrives, at);
}

static struct wire *wire_of(const struct mj_sock *s, const struct mj_route *route)
{
    uint64_t number = 0;

    memcpy(&number, route->id, 5);
    for (struct wire *w = bus.wires; w; w = w->next)
        if (w->number == number)
            return w->end[TO_ROUTER] == s ? w : NULL;
    return NULL;
}

enum mj_sent mj_sock_send(struct mj_sock *s, const struct mj_route *route, const struct mj_frame *frames,
                          unsigned count)
{
    bool router = s->kind == MJ_SOCK_ROUTER;
    struct wire *w = router ? wire_of(s, route) : s->wire;

    if (s->closed || (router && (!w || w->noticed[TO_ROUTER])))
        return MJ_SENT_GONE;
    if (!w || !w->up || w->under_way[router ? TO_DEALER : TO_ROUTER] >= QUEUE_MOST)
        return MJ_SENT_FULL;
    if (w->broken)
        bus.stats.lost++;                        /* nobody knows it yet */
    else
        post(w, router ? TO_DEALER : TO_ROUTER, frames, count);
    return MJ_SENT;
}

/* ---- connecting ---- */

static struct mj_sock *door_at(const char *endpoint)
{
    struct mj_sock *s = bus.doors;

    while (s && strcmp(s->endpoint, endpoint) != 0)
        s = s->next_door;
    return s;
}

static void on_up(void *arg)
{
    struct wire *w = arg;

    w->up = true;
    w->end[TO_DEALER]->backoff = RECONNECT;
}

static void on_refused(void *arg)
{
    struct wire *w = arg;
    struct mj_sock *s = w->end[TO_DEALER];

    if (s->wire == w && !s->closed) {
        s->backoff = RECONNECT;                  /* the connection was there: libzmq begins anew */
        reconnect(s);
    }
}

/* At the door, in the service's process. */
static void on_handshake(void *arg)
{
    struct wire *w = arg;
    struct mj_sock *door = w->end[TO_ROUTER], *s = w->end[TO_DEALER];
    struct mj_zap *z = door->loop->zap;
    bool known = memcmp(s->server_key, door->keys.public_key, MJ_CURVE_KEY) == 0;

    if (known && z && !z->fn(z->arg, s->keys.public_key)) {
        z->refused++;
        known = false;
    }
    known ? bus.stats.connections++ : bus.stats.refused++;
    w->broken = !known;
    w->handshake.fn = known ? on_up : on_refused;
    w->handshake.process = s->process;
    sim_event_set(&w->handshake, sim_now() + latency());
}

static void on_attempt(void *arg)
{
    struct mj_sock *s = arg, *door = door_at(s->endpoint);
    struct wire *w;

    if (!door || blocked_until(s, door) > sim_now() + CONNECT_TIMEOUT) {
        reconnect(s);
        return;
    }
    w = mj_calloc(1, sizeof *w);
    w->number = ++bus.numbers;
    w->end[TO_ROUTER] = door;
    w->end[TO_DEALER] = s;
    w->next = bus.wires;
    bus.wires = w;
    s->wire = w;
    w->handshake = (struct sim_event){ .process = door->process, .fn = on_handshake, .arg = w };
    uint64_t free_at = blocked_until(s, door);
    sim_event_set(&w->handshake, (free_at > sim_now() ? free_at : sim_now()) + 3 * latency());
}

/* ---- opening and closing ---- */

void mj_curve_make(struct mj_curve *k)
{
    sim_bytes(k, sizeof *k);
}

int mj_sock_open(struct mj_sock **ret, struct mj_loop *l, enum mj_sock_kind kind, const struct mj_curve *keys,
                 mj_message_fn *fn, void *arg, mj_error *err)
{
    struct mj_sock *s;

    if (kind == MJ_SOCK_ROUTER && !l->zap)
        return mj_fail(err, MJ_FAILED_PRECONDITION, "NO_ZAP", NULL, "a door needs a ZAP handler");
    s = mj_calloc(1, sizeof *s);
    s->loop = l;
    s->process = l->process;
    s->kind = kind;
    s->keys = *keys;
    s->fn = fn;
    s->arg = arg;
    s->backoff = RECONNECT;
    s->attempt = (struct sim_event){ .process = l->process, .fn = on_attempt, .arg = s };
    *ret = s;
    return 0;
}

int mj_sock_bind(struct mj_sock *s, const char *host, int port, char bound[MJ_ENDPOINT_MAX], mj_error *err)
{
    snprintf(s->endpoint, sizeof s->endpoint, "tcp://%s:%d", host, port ? port : (int)(40000 + ++bus.port));
    if (door_at(s->endpoint))
        return mj_fail(err, MJ_ALREADY_EXISTS, "ADDRESS_IN_USE", NULL, "%s is in use", s->endpoint);
    s->next_door = bus.doors;
    bus.doors = s;
    snprintf(bound, MJ_ENDPOINT_MAX, "%s", s->endpoint);
    return 0;
}

int mj_sock_connect(struct mj_sock *s, const char *endpoint, const uint8_t server_key[MJ_CURVE_KEY], mj_error *err)
{
    bool ipv6;

    if (mj_endpoint_check(endpoint, &ipv6, err) < 0)
        return -1;
    snprintf(s->endpoint, sizeof s->endpoint, "%s", endpoint);
    memcpy(s->server_key, server_key, MJ_CURVE_KEY);
    sim_event_set(&s->attempt, sim_now() + latency());
    return 0;
}

int mj_sock_on_lost(struct mj_sock *s, void (*fn)(void *arg), void *arg, mj_error *err)
{
    (void)err;
    s->lost = fn;
    s->lost_arg = arg;
    return 0;
}

/* Its memory stays: packets and connections may name it. */
void mj_sock_close(struct mj_sock *s)
{
    if (!s || s->closed)
        return;
    s->closed = true;
    sim_event_clear(&s->attempt);
    for (struct wire *w = bus.wires; w; w = w->next)
        if (w->end[TO_ROUTER] == s || w->end[TO_DEALER] == s)
            break_wire(w, latency(), latency());
    for (struct mj_sock **d = &bus.doors; *d; d = &(*d)->next_door)
        if (*d == s) {
            *d = s->next_door;
            break;
        }
}

int mj_sock_option(struct mj_sock *s, int name)
{
    (void)s, (void)name;
    return -1;
}

/* ---- who may enter ---- */

int mj_zap_create(struct mj_zap **ret, struct mj_loop *l, mj_zap_fn *fn, void *arg, mj_error *err)
{
    (void)err;
    *ret = mj_calloc(1, sizeof **ret);
    **ret = (struct mj_zap){ l, fn, arg, 0 };
    l->zap = *ret;
    return 0;
}

uint64_t mj_zap_refused(const struct mj_zap *z) { return z->refused; }

void mj_zap_destroy(struct mj_zap *z)
{
    if (z)
        z->loop->zap = NULL;
    free(z);
}
