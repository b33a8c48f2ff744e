/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* nemesis: what goes wrong, one fault after the other, many of them while an earlier one lasts. */
#include "world.h"

#define GAP_MOST (4 * SIM_S)             /* between two faults */
#define DAY_MS INT64_C(86400000)

static struct sim_event next_fault;
static uint64_t last_at;

/* A fault that lasts: what takes it back. */
struct lasting { struct sim_event event; struct sim_machine *machine; };

static struct sim_machine *any_machine(void)
{
    return sim_machine((unsigned)sim_below(sim_machines()));
}

static struct world_life *any_service(void)
{
    return &world.lives[sim_below(WORLD_SERVICES)];
}

static struct world_agency *any_agency(void)
{
    return &world.agencies[sim_below(WORLD_AGENCIES)];
}

/* One of the two machines that keep a log. */
static struct sim_machine *any_store(void)
{
    return world.lives[sim_below(2) ? WORLD_REGISTRY : WORLD_PLACEMENTS].machine;
}

static void heal(void *arg)
{
    struct sim_machine *m = ((struct lasting *)arg)->machine;

    if (!m) {
        sim_bus_slow(1);
        return;
    }
    m->slow = 1;
    m->full = false;
    m->wall_offset_ms = 0;
}

static void heal_after(struct sim_machine *m, uint64_t ns)
{
    struct lasting *l = mj_calloc(1, sizeof *l);

    *l = (struct lasting){ { .fn = heal, .arg = l }, m };
    sim_event_set(&l->event, sim_now() + ns);
}

/* ---- the faults ---- */

static void end_service(void)
{
    struct world_life *life = any_service();
    bool power = sim_chance(400);

    sim_say("fault: %s %s", power ? "power cut of" : "kill of", life->machine->name);
    world_service_end(life, power, 20 * SIM_MS + sim_below(2 * SIM_S));
}

static void stop_service(void)
{
    struct world_life *life = any_service();

    sim_say("fault: stop of %s", life->machine->name);
    world_service_stop(life, sim_below(SIM_S));
}

static void end_agency(void)
{
    struct world_agency *a = any_agency();
    bool power = sim_chance(500);

    sim_say("fault: %s %s", power ? "power cut of" : "kill of", a->machine->name);
    world_agency_end(a, power, 20 * SIM_MS + sim_below(2 * SIM_S));
}

static void cut_link(void)
{
    struct sim_machine *a = any_machine(), *b = any_machine();

    sim_say("fault: cut between %s and %s", a->name, b->name);
    sim_bus_cut(a, b);
}

static void block_link(void)
{
    struct sim_machine *a = any_service()->machine, *b = any_machine();
    uint64_t ns = sim_chance(300) ? sim_below(18 * SIM_S) : sim_below(3 * SIM_S);

    sim_say("fault: %llu ms without a word between %s and %s", (unsigned long long)(ns / SIM_MS), a->name, b->name);
    if (a != b)
        sim_bus_block(a, b, ns);
}

static void slow_network(void)
{
    sim_say("fault: slow network");
    sim_bus_slow((unsigned)sim_between(5, 150));
    heal_after(NULL, sim_below(4 * SIM_S));
}

static void slow_disk(void)
{
    struct sim_machine *m = any_machine();

    sim_say("fault: slow disk of %s", m->name);
    m->slow = (unsigned)sim_between(10, 400);
    heal_after(m, sim_below(4 * SIM_S));
}

static void full_disk(void)
{
    struct sim_machine *m = sim_chance(800) ? any_store() : any_machine();

    sim_say("fault: full disk of %s", m->name);
    m->full = true;
    heal_after(m, sim_below(6 * SIM_S));
}

static void bad_sync(void)
{
    struct sim_machine *m = any_store();

    sim_say("fault: the next sync of %s fails", m->name);
    m->bad_sync = true;
}

static void jump_clock(void)
{
    static const int64_t jumps[] = { 10 * DAY_MS, -DAY_MS / 24, DAY_MS / 24, -DAY_MS / 2 };
    struct sim_machine *m = any_machine();

    m->wall_offset_ms = jumps[sim_below(4)];
    sim_say("fault: the clock of %s jumps by %lld ms", m->name, (long long)m->wall_offset_ms);
    heal_after(m, sim_below(15 * SIM_S));
}

static void lose_redis(void)
{
    static const char *const names[] = { "flushed", "gone", "back in time", "silent" };
    uint64_t how = sim_below(4);

    sim_say("fault: Redis is %s", names[how]);
    if (how == 0)
        sim_redis_flush();
    else if (how == 1)
        sim_redis_stop(sim_below(4 * SIM_S));
    else if (how == 2)
        sim_redis_go_back();
    else
        sim_redis_hang(sim_below(5 * SIM_S));
    if (sim_chance(300))
        sim_redis_remember();
}

static void (*const faults[])(void) = {
    end_service, end_service, end_service, stop_service, end_agency, cut_link, cut_link, block_link, slow_network,
    slow_disk, full_disk, bad_sync, jump_clock, lose_redis,
};

static void on_fault(void *arg)
{
    (void)arg;
    if (sim_now() >= last_at)
        return;
    world.faults++;
    faults[sim_below(sizeof faults / sizeof *faults)]();
    sim_event_set(&next_fault, sim_now() + sim_below(GAP_MOST));
}

void world_nemesis_start(uint64_t until)
{
    last_at = until;
    next_fault = (struct sim_event){ .fn = on_fault };
    sim_event_set(&next_fault, sim_now() + sim_below(GAP_MOST));
}

void world_nemesis_end(void)
{
    sim_bus_slow(1);
    for (unsigned i = 0; i < sim_machines(); i++) {
        struct sim_machine *m = sim_machine(i);
        m->slow = 1;
        m->full = m->bad_sync = false;
        m->wall_offset_ms = 0;
        for (unsigned j = 0; j < i; j++)
            sim_bus_unblock(m, sim_machine(j));
    }
    sim_redis_hang(0);
}
