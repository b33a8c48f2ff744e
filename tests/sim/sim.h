/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* sim: what the simulator's files share: one virtual clock, one source of chance, one queue of what is to happen, and
 * the simulated processes. Everything runs on one thread; nothing here asks the real clock or real randomness, so the
 * same seed gives the same run (README.md). */
#ifndef MJ_SIM_H
#define MJ_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/loop/http.h"
#include "common/loop/loop.h"
#include "common/seams/env.h"

#define SIM_US UINT64_C(1000)            /* ns */
#define SIM_MS UINT64_C(1000000)
#define SIM_S UINT64_C(1000000000)
#define SIM_MACHINES 16

/* A computer: its disk outlives the processes that run on it, one at a time. Files lie under /sim/NAME/. */
struct sim_machine {
    char name[16];
    unsigned number;
    struct sim_process *process;         /* that runs now; NULL: none */
    int64_t wall_offset_ms;              /* of its wall clock */
    unsigned slow;                       /* disk: times as slow; 0 and 1: not */
    bool full;                           /* disk: nothing may grow */
    bool bad_sync;                       /* disk: the next append's outcome is unknown */
};

/* One life of a process. Never freed: a process that was killed runs no code any more, not even to give memory back
 * (each seed is a real process of its own, which ends). */
struct sim_process {
    struct sim_machine *machine;
    struct mj_env env;
    struct mj_loop *loop;
    mj_http_fn *http;                    /* /readyz and /metrics, as the service answers them */
    void *http_arg;
    bool alive, aborted;
};

/* ---- time and chance (sched.c) ---- */

uint64_t sim_now(void);                  /* ns since the world began */
int64_t sim_wall_ms(void);               /* UTC of a clock that goes right */
uint64_t sim_draw(void);
uint64_t sim_below(uint64_t n);          /* 0 to n - 1 */
uint64_t sim_between(uint64_t least, uint64_t most);
bool sim_chance(unsigned in_a_thousand);
void sim_bytes(void *out, size_t n);

/* Something to happen at a time, in a process (NULL: in the world). Dropped where the process is gone by then. Embed
 * it; it must stay where it is until it happened or was cleared. */
struct sim_event {
    uint64_t at, order;
    size_t place;                        /* in the heap, from 1; 0: not set */
    struct sim_process *process;
    void (*fn)(void *arg);
    void *arg;
};
void sim_event_set(struct sim_event *e, uint64_t at);    /* again: moves it */
void sim_event_clear(struct sim_event *e);

void sim_begin(uint64_t seed, bool verbose);
/* Lets things happen until the time, or until *stop. Calls within it nest. */
void sim_run_until(uint64_t at, const bool *stop);
uint64_t sim_happened(void);             /* events so far */

/* ---- processes (sched.c) ---- */

struct sim_process *sim_current(void);
struct sim_process *sim_process_make(struct sim_machine *m);
/* Runs fn inside the process; false where it aborted. */
bool sim_enter(struct sim_process *p, void (*fn)(void *arg), void *arg);
/* After a wait inside a process: where it was killed meanwhile, this does not return. */
void sim_leave_if_dead(void);
/* From now on nothing of it happens. power: its machine lost power, and the disk what was not synced. */
void sim_process_kill(struct sim_process *p, bool power);

/* ---- the trace ---- */

/* What happened, folded into one number; a line on stderr where the run is verbose. */
void sim_trace(const char *what, const void *bytes, size_t n);
void sim_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
uint64_t sim_trace_hash(void);
bool sim_verbose(void);

/* ---- loop.c ---- */

bool sim_loop_stopped(const struct mj_loop *l);
void sim_loop_resume(struct mj_loop *l);         /* as mj_loop_run does when it returns */
/* A signal to the process: calls its handler in it. */
void sim_loop_signal(struct mj_loop *l, int signum);
struct sim_process *sim_loop_process(const struct mj_loop *l);

/* ---- disk.c, log.c ---- */

void sim_disk_begin(void);
void sim_disk_killed(struct sim_process *p);     /* its handles are gone, its locks with them */
void sim_disk_power_cut(const struct sim_machine *m);
bool sim_disk_has(const char *path);
int sim_disk_rename(const char *from, const char *to);
int sim_disk_unlink(const char *path);

/* The machine on whose disk the path lies. */
struct sim_machine *sim_machine_of_path(const char *path);
struct sim_machine *sim_machine(unsigned number);
struct sim_machine *sim_machine_add(const char *name);
unsigned sim_machines(void);

bool sim_log_has(const char *path);

/* ---- bus.c ---- */

struct sim_bus_stats { uint64_t messages, lost, cuts, connections, refused; };
const struct sim_bus_stats *sim_bus_stats(void);
void sim_bus_killed(struct sim_process *p, bool power);
/* Between two machines: breaks every connection at once (what is under way is lost). */
void sim_bus_cut(const struct sim_machine *a, const struct sim_machine *b);
/* Holds everything between them back for so long; beyond the sockets' heartbeats the connections break. */
void sim_bus_block(const struct sim_machine *a, const struct sim_machine *b, uint64_t ns);
void sim_bus_unblock(const struct sim_machine *a, const struct sim_machine *b);
void sim_bus_slow(unsigned times);       /* latency of every link; 0 and 1: as usual */

/* ---- redis.c ---- */

void sim_redis_flush(void);
void sim_redis_stop(uint64_t ns);        /* gone for so long; comes back empty */
void sim_redis_remember(void);           /* takes a snapshot */
void sim_redis_go_back(void);            /* to the snapshot */
void sim_redis_hang(uint64_t ns);        /* answers nothing for so long */

#endif
