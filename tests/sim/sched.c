/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* sched: the virtual clock, the queue of what is to happen (a binary heap by time, then by order of setting), chance
 * (splitmix64), the machines and the lives of processes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "sim.h"

#define EPOCH_MS INT64_C(1795000000000)          /* 18 November 2026: when every world begins */

struct frame { jmp_buf back; struct frame *outer; };

static struct {
    uint64_t now, order, happened, chance, hash;
    bool verbose;
    struct sim_event **heap;
    size_t count, room;
    struct sim_process *current;
    struct frame *frame;                         /* of the process that runs now; NULL: the world does */
    struct sim_machine machines[SIM_MACHINES];
    unsigned machine_count;
} sim;

/* ---- chance ---- */

uint64_t sim_draw(void)
{
    uint64_t z = sim.chance += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

uint64_t sim_below(uint64_t n) { return (uint64_t)((unsigned __int128)sim_draw() * n >> 64); }
uint64_t sim_between(uint64_t least, uint64_t most) { return least + sim_below(most - least + 1); }
bool sim_chance(unsigned in_a_thousand) { return sim_below(1000) < in_a_thousand; }

void sim_bytes(void *out, size_t n)
{
    uint8_t *p = out;

    for (size_t i = 0; i < n; i += 8) {
        uint64_t r = sim_draw();
        memcpy(p + i, &r, n - i < 8 ? n - i : 8);
    }
}

/* ---- the trace ---- */

static void fold(const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    uint64_t h = sim.hash, word;

    for (; n >= 8; n -= 8, p += 8) {
        memcpy(&word, p, 8);
        h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 29;
    }
    for (; n > 0; n--, p++)
        h = (h ^ *p) * UINT64_C(0x100000001b3);
    sim.hash = h;
}

void sim_trace(const char *what, const void *bytes, size_t n)
{
    fold(&sim.now, sizeof sim.now);
    fold(what, strlen(what));
    fold(bytes, n);
}

void sim_say(const char *format, ...)
{
    char text[512];
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    sim_trace("say", text, n < (int)sizeof text ? (size_t)n : sizeof text - 1);
    if (sim.verbose)
        fprintf(stderr, "%11.6f %-10s %s\n", (double)sim.now / 1e9,
                sim.current ? sim.current->machine->name : "-", text);
}

uint64_t sim_trace_hash(void) { return sim.hash; }
bool sim_verbose(void) { return sim.verbose; }

/* ---- the queue ---- */

static bool before(const struct sim_event *a, const struct sim_event *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void put_at(size_t i, struct sim_event *e)
{
    sim.heap[i] = e;
    e->place = i + 1;
}

static void sift_up(size_t i, struct sim_event *e)
{
    for (size_t up; i > 0 && before(e, sim.heap[up = (i - 1) / 2]); i = up)
        put_at(i, sim.heap[up]);
    put_at(i, e);
}

static void sift_down(size_t i, struct sim_event *e)
{
    for (size_t down; (down = 2 * i + 1) < sim.count; i = down) {
        if (down + 1 < sim.count && before(sim.heap[down + 1], sim.heap[down]))
            down++;
        if (!before(sim.heap[down], e))
            break;
        put_at(i, sim.heap[down]);
    }
    put_at(i, e);
}

void sim_event_clear(struct sim_event *e)
{
    if (e->place == 0)
        return;
    size_t i = e->place - 1;
    struct sim_event *last = sim.heap[--sim.count];

    e->place = 0;
    if (last == e)
        return;
    if (i > 0 && before(last, sim.heap[(i - 1) / 2]))
        sift_up(i, last);
    else
        sift_down(i, last);
}

void sim_event_set(struct sim_event *e, uint64_t at)
{
    sim_event_clear(e);
    if (sim.count == sim.room) {
        sim.room = sim.room ? 2 * sim.room : 1024;
        sim.heap = realloc(sim.heap, sim.room * sizeof *sim.heap);
        if (!sim.heap)
            exit(2);
    }
    e->at = at > sim.now ? at : sim.now;
    e->order = ++sim.order;
    sift_up(sim.count++, e);
}

/* ---- processes ---- */

/* Back to whoever let this process run: it was killed while it waited. */
static _Noreturn void leave(void)
{
    longjmp(sim.frame->back, 1);
}

void sim_leave_if_dead(void)
{
    if (sim.current && !sim.current->alive)
        leave();
}

/* What the product calls where it cannot go on (linked in place of abort): the process is gone, the world goes on. */
_Noreturn void __wrap_abort(void);
_Noreturn void __real_abort(void);

_Noreturn void __wrap_abort(void)
{
    struct sim_process *p = sim.current;

    if (!p || !sim.frame)
        __real_abort();
    p->aborted = true;
    sim_say("aborts");
    sim_process_kill(p, false);
    leave();
}

bool sim_enter(struct sim_process *p, void (*fn)(void *arg), void *arg)
{
    struct sim_process *volatile was = sim.current;
    struct frame here = { .outer = sim.frame };

    sim.current = p;
    sim.frame = p ? &here : NULL;
    if (!p || setjmp(here.back) == 0)
        fn(arg);
    sim.current = was;
    sim.frame = here.outer;
    return !p || p->alive;
}

struct sim_process *sim_current(void) { return sim.current; }

static int64_t process_wall_ms(void *ctx)
{
    return sim_wall_ms() + ((struct sim_process *)ctx)->machine->wall_offset_ms;
}

static uint64_t process_mono_ns(void *ctx)
{
    (void)ctx;
    return sim.now + SIM_S;
}

static void process_random(void *ctx, void *buf, size_t n)
{
    (void)ctx;
    sim_bytes(buf, n);
}

struct sim_process *sim_process_make(struct sim_machine *m)
{
    struct sim_process *p = mj_calloc(1, sizeof *p);

    p->machine = m;
    p->env = (struct mj_env){ process_wall_ms, process_mono_ns, process_random, p };
    p->alive = true;
    m->process = p;
    return p;
}

void sim_process_kill(struct sim_process *p, bool power)
{
    if (!p->alive)
        return;
    p->alive = false;
    if (p->machine->process == p)
        p->machine->process = NULL;
    sim_bus_killed(p, power);
    sim_disk_killed(p);
    if (power)
        sim_disk_power_cut(p->machine);
}

/* ---- machines ---- */

struct sim_machine *sim_machine_add(const char *name)
{
    struct sim_machine *m = &sim.machines[sim.machine_count];

    if (sim.machine_count == SIM_MACHINES)
        exit(2);
    snprintf(m->name, sizeof m->name, "%s", name);
    m->number = sim.machine_count++;
    return m;
}

struct sim_machine *sim_machine(unsigned number) { return &sim.machines[number]; }
unsigned sim_machines(void) { return sim.machine_count; }

struct sim_machine *sim_machine_of_path(const char *path)
{
    for (unsigned i = 0; i < sim.machine_count; i++) {
        size_t n = strlen(sim.machines[i].name);
        if (strncmp(path, "/sim/", 5) == 0 && strncmp(path + 5, sim.machines[i].name, n) == 0 && path[5 + n] == '/')
            return &sim.machines[i];
    }
    return NULL;
}

/* ---- running ---- */

uint64_t sim_now(void) { return sim.now; }
int64_t sim_wall_ms(void) { return EPOCH_MS + (int64_t)(sim.now / SIM_MS); }
uint64_t sim_happened(void) { return sim.happened; }

void sim_begin(uint64_t seed, bool verbose)
{
    sim.chance = seed * UINT64_C(0xd1342543de82ef95) + 1;
    sim.hash = UINT64_C(0xcbf29ce484222325);
    sim.verbose = verbose;
}

void sim_run_until(uint64_t at, const bool *stop)
{
    while (sim.count > 0 && sim.heap[0]->at <= at && !(stop && *stop)) {
        struct sim_event *e = sim.heap[0];
        struct sim_process *p = e->process;
        const uint64_t what[2] = { e->order, p ? p->machine->number : SIM_MACHINES };

        sim_event_clear(e);
        if (p && !p->alive)
            continue;
        sim.now = e->at;
        sim.happened++;
        sim_trace("event", what, sizeof what);
        sim_enter(p, e->fn, e->arg);
    }
    if (sim.now < at && !(stop && *stop))
        sim.now = at;
}
