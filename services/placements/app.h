/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* app: what the files of this service share: one app a process, one part a partition. Private to placements. */
#ifndef PLACEMENTS_APP_H
#define PLACEMENTS_APP_H

#include "common/service/daemon.h"
#include "placements/credit.h"
#include "placements/fates.h"
#include "placements/people.h"
#include "placements/tables.h"

#include "common/base/hash.h"

enum pl_counter { PL_C_ACKS, PL_C_DUPLICATES, PL_C_CONFLICTS, PL_C_REJECTED, PL_C_UNMATCHED, PL_C_MATCHED,
                  PL_COUNTERS };

struct pl_moved;                         /* quality.c: resends and conflicts of a stream since its last entry */
struct pl_enrolled;
struct pl_matching;                      /* match.c: what runs to match a partition's unmatched placements */

struct pl_part {
    struct pl_app *app;
    struct mj_partition *partition;
    char region[3];
    uint32_t key_number;                 /* of the name key in force */
    uint8_t key[MJ_KEY];
    struct pl_people *unmatched;         /* young people who wait for their enrolment */
    bool unmatched_left_out;             /* some are in the table only: every enrolment is looked for there */
    struct pl_moved *moved;
    struct pl_matching *matching;
    struct mj_metric *counters[PL_COUNTERS];
    UT_hash_handle hh;                   /* by region */
};

struct pl_app {
    struct mj_daemon *daemon;            /* NULL in tests of the fold */
    const struct mj_env *env;
    struct mj_loop *loop;
    struct mj_model *model;              /* NULL: nobody is known */
    struct pl_people *known;             /* whom registry enrolled, with the enrolment's position in its region's log */
    struct pl_enrolled *enrolled;        /* model.c: those that the model's tables do not have yet */
    struct mj_metrics *metrics;
    struct pl_part *parts;
    struct pl_part *last_part;           /* asked for last: mostly the next one too */
    struct pl_credit *credit;
    struct mj_timer *quality_timer;
    struct mj_arena *arena;              /* scratch of the folds */
    struct mj_buf payload;               /* scratch: an entry being emitted */
    unsigned unmatched_max;              /* young people in memory, a partition */
};

extern const struct mj_domain pl_domain;             /* fold.c */
extern const struct mj_model_domain pl_model_domain; /* model.c */
extern const struct mj_method pl_methods[];          /* handlers.c */
extern const struct mj_config_item pl_config[];      /* app.c */

/* app.c. loop and env as given; daemon, model and metrics are set by the caller before anything is folded. */
struct pl_app *pl_app_create(struct mj_loop *loop, const struct mj_env *env);
void pl_app_free(struct pl_app *app);
/* The part of a partition; made at its first use. */
struct pl_part *pl_part_of(struct pl_app *app, struct mj_partition *p);
struct pl_part *pl_part_find(struct pl_app *app, const char *region);
/* Reads the name key in force, or makes the first one: "name/1", on disk on return. Blocking: at start. */
int pl_part_key(struct pl_part *part, mj_error *err);
void pl_count(struct pl_part *part, enum pl_counter c, uint64_t n);
void pl_gauges(struct pl_app *app);      /* brings the gauges up to date */

/* model.c: is the young person known? In memory always. */
bool pl_person_known(const struct pl_app *app, const char *id);
/* Position up to which the log of the region in the id is known; 0 for none. */
uint64_t pl_registry_position(const struct pl_app *app, const char *id);
struct pl_enrolled *pl_enrolled_create(void);
void pl_enrolled_destroy(struct pl_enrolled *e);

/* match.c */
void pl_unmatched_add(struct pl_part *part, const char *id);         /* the fold says so */
void pl_match_person(struct pl_app *app, const char *id);            /* an enrolment was folded */
void pl_match_all(struct pl_part *part);                             /* at start: the whole table */
void pl_match_again(struct pl_part *part);                           /* what was put off */
void pl_match_free(struct pl_part *part);

/* quality.c */
void pl_quality_moved(struct pl_part *part, const char *stream, uint64_t resends, uint64_t conflicts);
int pl_quality_start(struct pl_app *app, mj_error *err);             /* every 10 s */
void pl_quality_write(struct pl_part *part);                         /* now: streams that moved get an entry each */
void pl_quality_free(struct pl_part *part);

#endif
