/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* world: who lives in a simulated world: three services, an operator, a Mission Locale, four agencies, a reader; what
 * each of them tried and was told, kept outside of their processes; and what was found wrong. */
#ifndef MJ_SIM_WORLD_H
#define MJ_SIM_WORLD_H

#include "client/mj_client.h"
#include "common/service/daemon_private.h"
#include "sim.h"
#include "mj-load/world.h"

#define WORLD_AGENCIES 4
#define WORLD_PEOPLE 600                 /* at most, enrolled one after the other */
#define WORLD_FOUNDERS 24                /* enrolled before anything else happens */
#define WORLD_REGION "52"

#define WORLD_TOLD_RESEND 100             /* told only that it was known: its first answer was lost */

enum world_service { WORLD_REGISTRY, WORLD_PLACEMENTS, WORLD_REPORTING, WORLD_SERVICES };

struct world_life {                      /* a service and its machine */
    const struct mj_service *service;
    struct sim_machine *machine;
    struct mj_daemon *daemon;            /* of the process that runs now */
    struct sim_event again, stopped;
    bool started;
    uint64_t stopped_for;                /* ns, after an orderly stop */
    unsigned lives;
};

/* One event that an agency gave to its stream, under its number. */
struct world_attempt {
    uint8_t *bytes;
    size_t len;
    bool malformed, repeated;            /* no event; a fact told before under another number */
    uint8_t told;                        /* enum mj_event_outcome, 0: not yet */
};

struct world_agency {
    unsigned number;
    struct sim_machine *machine;
    char siret[15], key_file[64];
    struct mj_client *client;            /* of the process that runs now */
    struct mj_stream *stream;
    struct mj_timer *tell, *probe;
    struct bench_tale *tale;
    struct sim_event again;
    struct world_attempt *attempts;      /* attempts[n - 1] of number n */
    uint64_t last, durable, room;
    uint64_t stored;                     /* numbers that stand in the log */
    uint8_t *kinds;                      /* of the entry that stands for each number: its type, + 64: unmatched */
    uint64_t resumes, resends, conflicts, gaps;
};

struct world_figures { uint64_t events, rejected, late, known; };        /* up to a position of placements' log */

struct world {
    struct load_world *load;             /* people: how many are enrolled so far */
    char bootstrap[64], registry[160];
    struct world_life lives[WORLD_SERVICES];
    struct sim_machine *operator_machine, *locale_machine, *reader_machine;
    struct world_agency agencies[WORLD_AGENCIES];
    bool telling;                        /* agencies tell and the Mission Locale enrols */
    /* the Mission Locale */
    struct mj_client *locale;
    struct sim_event locale_again;
    bool locale_owes;                    /* a command was sent, and its outcome is not known */
    unsigned enrolling;                  /* whose turn it is */
    char (*persons)[MJ_PERSON_TEXT];
    unsigned stored_persons, matched;
    uint64_t registry_position;          /* end of registry's log of the region */
    /* the reader */
    struct mj_client *reader;
    struct sim_event reader_again;
    uint64_t readings, stale_readings, last_reading_ns;
    bool settled;                        /* the last reading is not stale and holds everything */
    struct world_figures *figures;       /* figures[p] of position p */
    uint64_t positions, positions_room;
    unsigned faults;
    uint64_t last_start_ns;              /* of any process */
    uint64_t wrong;                      /* what was found wrong */
};
extern struct world world;

/* Something is wrong: says it; the seed fails. */
void world_wrong(const char *invariant, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* services.c */
void world_service_start(struct world_life *life);
void world_service_end(struct world_life *life, bool power, uint64_t again_after);       /* killed */
void world_service_stop(struct world_life *life, uint64_t again_after);                  /* SIGTERM */
void world_look_after(void);             /* from now on who died by itself is started again */
bool world_service_ready(const struct world_life *life);

/* people.c */
int world_client(struct mj_client **ret, const char *key_file, mj_error *err);           /* in the current process */
void world_declare(void);                /* organisations, principals, keys, agencies; founders are enrolled */
void world_locale_start(void);
void world_reader_start(void);

/* agency.c */
void world_agency_start(struct world_agency *a);
void world_agency_end(struct world_agency *a, bool power, uint64_t again_after);

/* check.c */
void world_check_begin(void);
void world_check_durable(struct world_agency *a, uint64_t through);
void world_check_reading(const void *counters);  /* a reporting.v1.RegionCounters */
void world_check_end(void);
bool world_is_quiet(void);               /* everything that was told is acknowledged, everybody is ready */
void world_say_restless(void);           /* who is not */

/* nemesis.c */
void world_nemesis_start(uint64_t until);
void world_nemesis_end(void);            /* takes back what lasts */

#endif
