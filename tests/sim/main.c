/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* mj-sim: runs seeds (README.md). Each seed is a process of its own, so that what it leaves behind is gone with it and
 * a crash is one seed's. */
#include <getopt.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/base/crypto.h"
#include "common/service/keyfile.h"
#include "mj-load/mission.h"
#include "placements/service.h"
#include "registry/registry.h"
#include "reporting/handlers.h"
#include "tale.h"
#include "world.h"

#define SEED_SECONDS 200                 /* of the parent's patience, real */
#define END (100 * SIM_S)                /* by then it is over, however often something started again */
#define CALM (15 * SIM_S)                /* after the last fault, and the last start that it led to, at most */

struct world world;

struct outcome {                         /* what a seed's process tells its parent */
    uint64_t seed, hash, happened, virtual_ns, events, messages, cuts, readings, stale, quiet_after_ns, wrong, aborts;
    unsigned faults, persons, matched, lives;
};

struct options { uint64_t first, last, seconds, jobs; bool verbose, calm, trace, twice; };

/* ---- one seed ---- */

/* The same for every seed: the principals outside of the log. */
static void write_bootstrap(char path[64])
{
    static const char *const founders[][3] = {
        { "registry", "service", " follows=registry" }, { "placements", "service", " follows=registry" },
        { "reporting", "service", " follows=registry,placements" }, { "operator", "operator", "" },
        { "demo", "demo", "" },
    };
    FILE *f;
    int fd;

    snprintf(path, 64, "/tmp/mj-sim-XXXXXX");
    fd = mkstemp(path);
    f = fd < 0 ? NULL : fdopen(fd, "w");
    if (!f)
        exit(2);
    for (size_t i = 0; i < sizeof founders / sizeof *founders; i++) {
        char file[64], hex[65];
        struct mj_curve keys;
        snprintf(file, sizeof file, "/keys/%s.key", founders[i][0]);
        mj_keyfile_read(&keys, file, NULL);
        mj_hex(hex, keys.public_key, MJ_CURVE_KEY);
        fprintf(f, "%s %s %s%s\n", founders[i][0], founders[i][1], hex, founders[i][2]);
    }
    fclose(f);
}

static void make_services(void)
{
    static const struct mj_service *const services[] = { &mj_registry_service, &pl_service, &mj_reporting_service };
    struct mj_curve keys;
    char hex[65];

    mj_keyfile_read(&keys, "/keys/registry.key", NULL);
    snprintf(world.registry, sizeof world.registry, "tcp://127.0.0.1:5510/%s",
             mj_hex(hex, keys.public_key, MJ_CURVE_KEY));
    for (unsigned i = 0; i < WORLD_SERVICES; i++) {
        world.lives[i].service = services[i];
        world.lives[i].machine = sim_machine_add(services[i]->name);
    }
}

static void make_agency(struct world_agency *a, unsigned number, uint64_t seed)
{
    struct load_organisation o;
    char name[16];
    struct bench_tale_options t = { world.load, number, WORLD_AGENCIES, 12, seed, sim_wall_ms() };

    snprintf(name, sizeof name, "agency-%u", number);
    a->number = number;
    a->machine = sim_machine_add(name);
    load_world_agency(world.load, number, &o);
    snprintf(a->siret, sizeof a->siret, "%s", o.id);
    load_world_ett(world.load, load_world_ett_of(world.load, number), &o);
    snprintf(a->key_file, sizeof a->key_file, "/keys/%s.key", o.principal);
    a->tale = bench_tale_create(&t);
}

static void make_world(uint64_t seed)
{
    struct load_figures f = { .seed = seed, .scale = 0.01, .people = WORLD_PEOPLE, .etts = WORLD_AGENCIES,
                              .agencies = WORLD_AGENCIES, .regions = WORLD_REGION };
    mj_error err;

    f.today = mj_local_day(sim_wall_ms(), WORLD_REGION);
    if (load_world_make(&world.load, &f, &err) < 0) {
        fprintf(stderr, "mj-sim: %s\n", err.text);
        exit(2);
    }
    world.load->people = 0;
    world.persons = calloc(WORLD_PEOPLE, sizeof *world.persons);
    make_services();
    world.operator_machine = sim_machine_add("operator");
    world.locale_machine = sim_machine_add("locale");
    world.reader_machine = sim_machine_add("reader");
}

static bool all_founded(void)
{
    uint64_t limit = sim_now() + 60 * SIM_S;

    while (world.enrolling < WORLD_FOUNDERS && sim_now() < limit)
        sim_run_until(sim_now() + 10 * SIM_MS, NULL);
    return world.enrolling >= WORLD_FOUNDERS;
}

static void begin(uint64_t seed)
{
    world_check_begin();
    for (unsigned i = 0; i < WORLD_SERVICES; i++)
        world_service_start(&world.lives[i]);
    world_declare();
    world_locale_start();
    if (!all_founded())
        world_wrong("setup", "the founders are not enrolled");
    for (unsigned i = 0; i < WORLD_AGENCIES; i++)
        make_agency(&world.agencies[i], i, seed);
    world.telling = true;
    for (unsigned i = 0; i < WORLD_AGENCIES; i++)
        world_agency_start(&world.agencies[i]);
    world_reader_start();
    world_look_after();
    sim_event_set(&world.locale_again, sim_now() + SIM_S);
}

/* Everything that was begun comes to its end (I10). Answers how long that took from the last fault or start on. */
static uint64_t calm_down(void)
{
    uint64_t from, end;

    world_nemesis_end();
    from = sim_now();
    end = from + END;
    world.telling = false;
    world.settled = false;
    for (unsigned looks = 1; !world_is_quiet() && sim_now() - from < CALM && sim_now() < end; looks++) {
        sim_run_until(sim_now() + 20 * SIM_MS, NULL);
        if (looks % 50 == 0)
            world_say_restless();
        if (world.last_start_ns > from)
            from = world.last_start_ns;
    }
    if (!world_is_quiet())
        world_wrong("I10", "not everything is acknowledged and ready %d s after the last fault", (int)(CALM / SIM_S));
    return sim_now() - from;
}

static void run_seed(const struct options *o, uint64_t seed, struct outcome *out)
{
    sim_begin(seed, o->verbose);
    sim_disk_begin();
    make_world(seed);
    begin(seed);
    if (!o->calm)
        world_nemesis_start(o->seconds * SIM_S);
    sim_run_until(o->seconds * SIM_S, NULL);
    out->quiet_after_ns = calm_down();
    world_check_end();
    out->seed = seed;
    out->happened = sim_happened();
    out->virtual_ns = sim_now();
    for (unsigned i = 0; i < WORLD_AGENCIES; i++)
        out->events += world.agencies[i].stored;
    out->persons = world.stored_persons;
    out->matched = world.matched;
    out->messages = sim_bus_stats()->messages;
    out->cuts = sim_bus_stats()->cuts;
    out->readings = world.readings;
    out->stale = world.stale_readings;
    out->faults = world.faults;
    for (unsigned i = 0; i < WORLD_SERVICES; i++)
        out->lives += world.lives[i].lives;
    out->wrong = world.wrong;
    out->hash = sim_trace_hash();
}

/* ---- all of them ---- */

struct sums {
    uint64_t *hashes, seeds, failed, virtual_ns, events, messages, happened, faults, lives, worst_quiet_ns, least_events;
};

static int start_seed(const struct options *o, uint64_t seed, int *fd, pid_t *child)
{
    int ends[2];

    if (pipe(ends) < 0 || (*child = fork()) < 0)
        return -1;
    if (*child == 0) {
        struct outcome out = { 0 };
        close(ends[0]);
        alarm(SEED_SECONDS);
        mallopt(M_TOP_PAD, 16 << 20);            /* it lives a second: nothing is given back to the system */
        mallopt(M_TRIM_THRESHOLD, 1 << 30);
        run_seed(o, seed, &out);
        _exit(write(ends[1], &out, sizeof out) == (ssize_t)sizeof out ? 0 : 2);
    }
    close(ends[1]);
    *fd = ends[0];
    return 0;
}

/* With --twice every seed runs again after the last one: its trace must be the same. */
static bool replays(struct sums *s, const struct outcome *r, const struct options *o)
{
    uint64_t *hash = &s->hashes[r->seed - o->first];
    bool same = *hash == 0 || *hash == r->hash;

    if (!same)
        printf("seed %" PRIu64 ": ANOTHER RUN, trace %016" PRIx64 ", was %016" PRIx64 "\n", r->seed, r->hash, *hash);
    *hash = r->hash;
    return same;
}

static void add(struct sums *s, const struct outcome *r, const struct options *o)
{
    s->virtual_ns += r->virtual_ns;
    s->events += r->events;
    s->messages += r->messages;
    s->happened += r->happened;
    s->faults += r->faults;
    s->lives += r->lives;
    s->failed += r->wrong > 0 || !replays(s, r, o);
    if (r->quiet_after_ns > s->worst_quiet_ns)
        s->worst_quiet_ns = r->quiet_after_ns;
    if (s->seeds++ == 0 || r->events < s->least_events)
        s->least_events = r->events;
    if (r->wrong || o->trace || o->first == o->last)
        printf("seed %" PRIu64 ": %s, trace %016" PRIx64 ", %.1f virtual s, %" PRIu64 " events, %u people, %u matched "
               "late, %u faults, %u lives, %" PRIu64 " messages, %" PRIu64 " readings (%" PRIu64 " stale), quiet after "
               "%.2f s\n", r->seed, r->wrong ? "WRONG" : "well", r->hash, (double)r->virtual_ns / 1e9, r->events,
               r->persons, r->matched, r->faults, r->lives, r->messages, r->readings, r->stale,
               (double)r->quiet_after_ns / 1e9);
}

static void end_seed(const struct options *o, uint64_t seed, int fd, pid_t child, struct sums *s)
{
    struct outcome r = { 0 };
    bool told = read(fd, &r, sizeof r) == (ssize_t)sizeof r;
    int status = 0;

    close(fd);
    waitpid(child, &status, 0);
    if (told && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        add(s, &r, o);
        return;
    }
    s->seeds++;
    s->failed++;
    printf("seed %" PRIu64 ": DIED, status %x\n", seed, (unsigned)status);
}

static int run_range(const struct options *o, struct sums *s)
{
    int fds[8];
    pid_t children[8];

    for (uint64_t next = o->first, oldest = next; oldest <= o->last; oldest++) {
        for (; next <= o->last && next < oldest + o->jobs; next++)
            if (start_seed(o, next, &fds[next % 8], &children[next % 8]) < 0) {
                perror("mj-sim");
                return -1;
            }
        end_seed(o, oldest, fds[oldest % 8], children[oldest % 8], s);
    }
    return 0;
}

static double seconds_of(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static void report(const struct sums *s, double real)
{
    double virtual_s = (double)s->virtual_ns / 1e9, cpu;
    struct rusage used;

    getrusage(RUSAGE_CHILDREN, &used);
    cpu = seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
    printf("%" PRIu64 " seeds, %" PRIu64 " wrong; %.0f virtual s, %" PRIu64 " events (least %" PRIu64 " a seed), %"
           PRIu64 " faults, %" PRIu64 " lives of services, %" PRIu64 " messages, %" PRIu64 " happenings; quiet at most "
           "%.2f s after the last fault\n", s->seeds, s->failed, virtual_s, s->events, s->least_events, s->faults,
           s->lives, s->messages, s->happened, (double)s->worst_quiet_ns / 1e9);
    printf("%.2f real s: %.0f times real time; %.2f s of processor: %.0f times\n", real, virtual_s / real, cpu,
           virtual_s / cpu);
}

static int run_all(const struct options *o)
{
    struct sums s = { .hashes = calloc(o->last - o->first + 1, sizeof(uint64_t)) };
    struct timespec from, to;
    int rc;

    if (!s.hashes)
        return 2;
    clock_gettime(CLOCK_MONOTONIC, &from);
    rc = run_range(o, &s);
    if (rc == 0 && o->twice)
        rc = run_range(o, &s);
    clock_gettime(CLOCK_MONOTONIC, &to);
    report(&s, (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9);
    free(s.hashes);
    return rc < 0 ? 2 : s.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* ---- the command line ---- */

static int usage(void)
{
    fprintf(stderr, "mj-sim --seed N | --seeds N-M [--seconds S] [--jobs J] [--calm] [--trace] [--twice]\n"
            "       [--verbose]\n"
            "  --seconds  virtual seconds of trouble, 200\n  --calm     without faults\n"
            "  --trace    a line for each seed, with the hash of all that happened\n"
            "  --twice    every seed again: its hash must be the same\n");
    return 2;
}

static int read_options(struct options *o, int argc, char **argv)
{
    static const struct option all[] = {
        { "seed", required_argument, NULL, 's' }, { "seeds", required_argument, NULL, 's' },
        { "seconds", required_argument, NULL, 't' }, { "jobs", required_argument, NULL, 'j' },
        { "calm", no_argument, NULL, 'c' }, { "trace", no_argument, NULL, 'r' },
        { "twice", no_argument, NULL, 'w' }, { "verbose", no_argument, NULL, 'v' }, { NULL, 0, NULL, 0 },
    };

    *o = (struct options){ .seconds = 200, .jobs = 1 };
    for (int c; (c = getopt_long(argc, argv, "", all, NULL)) != -1;) {
        switch (c) {
        case 's':
            if (sscanf(optarg, "%" SCNu64 "-%" SCNu64, &o->first, &o->last) == 1)
                o->last = o->first;
            break;
        case 't': o->seconds = strtoull(optarg, NULL, 10); break;
        case 'j': o->jobs = strtoull(optarg, NULL, 10); break;
        case 'c': o->calm = true; break;
        case 'w': o->twice = true; break;
        case 'r': o->trace = true; break;
        case 'v': o->verbose = true; break;
        default: return -1;
        }
    }
    return o->first > 0 && o->last >= o->first && o->jobs >= 1 && o->jobs <= 8 && optind == argc ? 0 : -1;
}

int main(int argc, char **argv)
{
    struct options o;
    mj_error err;
    int status;

    if (read_options(&o, argc, argv) < 0)
        return usage();
    clearenv();
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (mj_crypto_init(&err) < 0)
        return 2;
    write_bootstrap(world.bootstrap);
    status = run_all(&o);
    unlink(world.bootstrap);
    return status;
}
