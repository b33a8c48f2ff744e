/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* people: the operator, who declares who there is; the Mission Locale, which enrols one young person after the other;
 * the reader, who looks at the counters. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/crypto.h"
#include "common/service/keyfile.h"
#include "missionjeunes/registry/v1/registry.pb-c.h"
#include "missionjeunes/reporting/v1/reporting.pb-c.h"
#include "mj-load/pipe.h"
#include "mj-load/seed_steps.h"
#include "world.h"

#define ENROL_MOST (1500 * SIM_MS)       /* between two enrolments */
#define READ_EVERY (800 * SIM_MS)

int world_client(struct mj_client **ret, const char *key_file, mj_error *err)
{
    struct mj_client_options o = { .registry = world.registry };
    struct mj_curve keys;
    struct mj_loop *loop;

    if (mj_keyfile_read(&keys, key_file, err) < 0 || mj_loop_create(&loop, &sim_current()->env, err) < 0)
        return -1;
    o.keys = &keys;
    o.loop = loop;
    return mj_client_open(ret, &o, err);
}

/* ---- declaring ---- */

struct declaring {
    struct load_speaker speaker;         /* first: the steps get it */
    const struct load_step *step;
    const char *key_file;
    struct mj_client *client;
    struct load_pipe *pipe;
    bool over;
};

static void on_ended(void *arg, const mj_error *err)
{
    struct declaring *d = arg;

    d->over = true;
    if (err)
        world_wrong("setup", "%s: %s %s", d->step->name, err->reason, err->text);
}

static void start_step(void *arg)
{
    struct declaring *d = arg;
    struct load_pipe_options o = { .window = 16, .make = d->step->make, .done = d->step->done,
                                   .forgive = d->step->forgive, .ended = on_ended, .arg = d };
    mj_error err;

    memset(o.key, 5, sizeof o.key);
    if (world_client(&d->client, d->key_file, &err) < 0)
        return;
    o.client = d->client;
    o.count = d->step->count(&d->speaker);
    if (load_pipe_start(&d->pipe, &o, &err) < 0)
        d->over = true;
}

static void run_step(struct load_seeding *s, const struct load_step *step, unsigned number, const char *key_file)
{
    struct declaring *d = mj_calloc(1, sizeof *d);
    struct sim_process *p = sim_process_make(world.operator_machine);

    *d = (struct declaring){ .speaker = { s, number }, .step = step, .key_file = key_file };
    sim_enter(p, start_step, d);
    sim_run_until(sim_now() + 100 * SIM_S, &d->over);
    if (!d->over)
        world_wrong("setup", "%s: no end", step->name);
    sim_process_kill(p, false);
}

void world_declare(void)
{
    static struct load_options options = { .dir = "" };
    static struct load_seeding s;

    options.dir = "";
    s.options = &options;
    s.world = world.load;
    run_step(&s, &load_step_organisations, 0, "/keys/operator.key");
    run_step(&s, &load_step_principals, 0, "/keys/operator.key");
    run_step(&s, &load_step_keys, 0, "/keys/operator.key");
}

/* ---- the Mission Locale ---- */

static void enrol_next(void *arg);

static void enrol_again(uint64_t after)
{
    sim_event_set(&world.locale_again, sim_now() + after);
}

static void on_enrolled(void *arg, const struct mj_reply *r)
{
    const Missionjeunes__Registry__V1__EnrolResponse *a = r->body;

    (void)arg;
    if (r->outcome != MJ_CALL_OK) {
        enrol_again(50 * SIM_MS + sim_below(300 * SIM_MS));      /* with the same key, until the outcome is known */
        return;
    }
    snprintf(world.persons[world.enrolling], MJ_PERSON_TEXT, "%s", a->young_person);
    snprintf(world.load->ids[world.enrolling], MJ_PERSON_TEXT, "%s", a->young_person);
    world.load->people = ++world.enrolling;
    world.locale_owes = false;
    enrol_again(world.enrolling < WORLD_FOUNDERS ? SIM_MS : sim_below(ENROL_MOST));
}

static void enrol_next(void *arg)
{
    static const uint8_t plain[MJ_KEY];
    Missionjeunes__Registry__V1__EnrolRequest m = MISSIONJEUNES__REGISTRY__V1__ENROL_REQUEST__INIT;
    char birth[MJ_DATE_TEXT], entry[MJ_DATE_TEXT];
    struct load_person who;
    uint8_t key[MJ_TAG];
    mj_error err;

    (void)arg;
    if (world.enrolling == WORLD_PEOPLE ||
        (!world.telling && !world.locale_owes && world.enrolling >= WORLD_FOUNDERS))
        return;
    load_person_draw(&who, world.load->figures.seed, world.enrolling, world.load->figures.today);
    m.birth_date = mj_date_format(who.birth, birth);
    m.entry_on = mj_date_format(who.entry_on, entry);
    m.sex = (Missionjeunes__Registry__V1__Sex)who.sex;
    m.rqth = who.rqth;
    m.programme = (Missionjeunes__Registry__V1__Programme)who.programme;
    mj_tag(key, plain, "enrol", 5, &world.enrolling, sizeof world.enrolling);
    struct mj_call call = { .method = "registry.v1.Enrol", .region = WORLD_REGION, .body = &m.base, .key = key,
                            .answer = &missionjeunes__registry__v1__enrol_response__descriptor };
    if (mj_client_call(world.locale, NULL, &call, on_enrolled, NULL, &err) < 0)
        enrol_again(50 * SIM_MS);
    else
        world.locale_owes = true;
}

static void start_locale(void *arg)
{
    mj_error err;

    if (world_client(&world.locale, arg, &err) < 0)
        world_wrong("setup", "the Mission Locale: %s", err.text);
}

void world_locale_start(void)
{
    static char key_file[64];
    struct load_organisation o;
    struct sim_process *p = sim_process_make(world.locale_machine);

    load_world_locale(world.load, 0, &o);
    snprintf(key_file, sizeof key_file, "/keys/%s.key", o.principal);
    sim_enter(p, start_locale, key_file);
    world.locale_again = (struct sim_event){ .process = p, .fn = enrol_next };
    enrol_again(SIM_MS);
}

/* ---- the reader ---- */

static void on_counters(void *arg, const struct mj_reply *r)
{
    const Missionjeunes__Reporting__V1__CountersResponse *a = r->body;

    (void)arg;
    sim_event_set(&world.reader_again, sim_now() + READ_EVERY);
    if (r->outcome != MJ_CALL_OK)
        return;
    for (size_t i = 0; i < a->n_regions; i++)
        if (strcmp(a->regions[i]->region, WORLD_REGION) == 0)
            world_check_reading(a->regions[i]);
}

static void read_counters(void *arg)
{
    Missionjeunes__Reporting__V1__CountersRequest m = MISSIONJEUNES__REPORTING__V1__COUNTERS_REQUEST__INIT;
    char *region = WORLD_REGION;
    struct mj_call call = { .method = "reporting.v1.Counters", .region = WORLD_REGION, .body = &m.base,
                            .answer = &missionjeunes__reporting__v1__counters_response__descriptor };
    mj_error err;

    (void)arg;
    m.regions = &region;
    m.n_regions = 1;
    if (mj_client_call(world.reader, NULL, &call, on_counters, NULL, &err) < 0)
        sim_event_set(&world.reader_again, sim_now() + READ_EVERY);
}

static void start_reader(void *arg)
{
    mj_error err;

    (void)arg;
    if (world_client(&world.reader, "/keys/demo.key", &err) < 0)
        world_wrong("setup", "the reader: %s", err.text);
}

void world_reader_start(void)
{
    struct sim_process *p = sim_process_make(world.reader_machine);

    sim_enter(p, start_reader, NULL);
    world.reader_again = (struct sim_event){ .process = p, .fn = read_counters };
    sim_event_set(&world.reader_again, sim_now() + SIM_S);
}
