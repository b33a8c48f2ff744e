/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* services: the lives of the three services: started as their main does, killed, stopped, started again. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/buf.h"
#include "world.h"

static void on_again(void *arg)
{
    world_service_start(arg);
}

static void again(struct world_life *life, uint64_t after)
{
    life->again = (struct sim_event){ .fn = on_again, .arg = life, .place = life->again.place };
    sim_event_set(&life->again, sim_now() + after);
}

static void start(void *arg)
{
    struct world_life *life = arg;
    char listen[32], data[48], key_file[48];
    struct mj_daemon *d = life->daemon = mj_calloc(1, sizeof *d);
    char *argv[] = { (char *)life->service->name, "--listen", listen, "--data", data, "--region",
                     life->service->national ? "FR,52" : "52", "--registry", world.registry, "--key-file", key_file,
                     "--bootstrap", world.bootstrap, "--rows-cache", "1M", "--redis", "127.0.0.1:6379", NULL };
    int argc = life == &world.lives[WORLD_REPORTING] ? 17 : 15;
    mj_error err;
    bool done;

    snprintf(listen, sizeof listen, "%s", life->service->listen);
    snprintf(data, sizeof data, "/sim/%s", life->machine->name);
    snprintf(key_file, sizeof key_file, "/keys/%s.key", life->service->name);
    argv[argc] = NULL;
    d->service = life->service;
    d->env = &sim_current()->env;
    life->started = false;
    if (daemon_load_config(d, argc, argv, &done, &err) == 0 && daemon_start(d, &err) == 0) {
        life->started = true;
        return;
    }
    sim_say("does not start: %s %s", err.reason, err.text);
    if (d->loop)
        daemon_close(d);
}

void world_service_start(struct world_life *life)
{
    struct sim_process *p;

    if (life->machine->process)
        return;
    p = sim_process_make(life->machine);
    life->lives++;
    world.last_start_ns = sim_now();
    sim_enter(p, start, life);
    if (!life->started || !p->alive) {
        sim_process_kill(p, false);
        again(life, 500 * SIM_MS);       /* as systemd does */
    }
}

void world_service_end(struct world_life *life, bool power, uint64_t again_after)
{
    if (life->machine->process)
        sim_process_kill(life->machine->process, power);
    sim_event_clear(&life->stopped);
    again(life, again_after);
}

/* Who died by itself is started again, as systemd does. */
static void look_after(void *arg)
{
    static struct sim_event again_look;

    (void)arg;
    for (unsigned i = 0; i < WORLD_SERVICES; i++)
        if (!world.lives[i].machine->process && !world.lives[i].again.place)
            again(&world.lives[i], 100 * SIM_MS);
    for (unsigned i = 0; i < WORLD_AGENCIES; i++)
        if (!world.agencies[i].machine->process && !world.agencies[i].again.place)
            world_agency_end(&world.agencies[i], false, 100 * SIM_MS);
    again_look.fn = look_after;
    sim_event_set(&again_look, sim_now() + 100 * SIM_MS);
}

void world_look_after(void)
{
    look_after(NULL);
}

static void close_daemon(void *arg)
{
    daemon_close(arg);
}

/* Its loop was told to stop: main goes on after it. */
static void on_stop_look(void *arg)
{
    struct world_life *life = arg;
    struct sim_process *p = life->machine->process;

    if (!p || !p->loop)
        return;
    if (!sim_loop_stopped(p->loop)) {
        sim_event_set(&life->stopped, sim_now() + SIM_MS);
        return;
    }
    sim_loop_resume(p->loop);
    if (sim_enter(p, close_daemon, life->daemon)) {
        sim_say("%s stopped", life->service->name);
        sim_process_kill(p, false);
    }
    again(life, life->stopped_for);
}

void world_service_stop(struct world_life *life, uint64_t again_after)
{
    struct sim_process *p = life->machine->process;

    if (!p || !p->loop || !life->started || life->stopped.place)
        return;
    life->stopped = (struct sim_event){ .fn = on_stop_look, .arg = life };
    sim_loop_signal(p->loop, SIGTERM);
    life->stopped_for = again_after;
    sim_event_set(&life->stopped, sim_now() + SIM_MS);
}

struct probe { const struct sim_process *process; int status; };

static void ask_ready(void *arg)
{
    struct probe *probe = arg;
    struct mj_buf body = MJ_BUF_INIT;
    const char *type = NULL;

    probe->status = probe->process->http(probe->process->http_arg, "/readyz", &body, &type);
    mj_buf_free(&body);
}

bool world_service_ready(const struct world_life *life)
{
    struct probe probe = { life->machine->process, 0 };

    if (!probe.process || !probe.process->http)
        return false;
    sim_enter(life->machine->process, ask_ready, &probe);
    return probe.status == 200;
}
