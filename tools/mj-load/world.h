/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* world: a made-up country: which Missions Locales, agencies and young people there are. All of it follows from a few
 * figures, but for the ids that registry gave to the young people; both stand in DIR/world.tsv.
 *
 * Everything is in order of region, so that what belongs to a region is a range. Names say that they are fictive. */
#ifndef MJ_LOAD_WORLD_H
#define MJ_LOAD_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/base/codes.h"
#include "common/base/dates.h"
#include "common/base/ids.h"

#define LOAD_HOSTS 20000                 /* host companies */
#define LOAD_REGIONS 21
/* A year of the programme (UNML, 2023). */
#define LOAD_YEAR_PEOPLE 29293
#define LOAD_YEAR_MISSIONS 73295
#define LOAD_FULL_AGENCIES 200           /* assumed */
#define LOAD_FULL_ETTS 12                /* assumed */

struct load_figures {                    /* what a world follows from */
    uint64_t seed;
    double scale;                        /* 1: the Missions Locales of the 2015 table and a year's young people */
    unsigned people, etts, agencies;     /* 0: as the scale says */
    char regions[80];                    /* "52,53"; "": all */
    mj_date today;                       /* last day of its year of missions */
};

struct load_range { unsigned first, count; };
struct load_part { bool in; struct load_range locales, agencies, people; };     /* of a region */
struct load_world {
    struct load_figures figures;
    unsigned locales, etts, agencies, people;
    struct load_part parts[LOAD_REGIONS];        /* as mj_regions */
    char (*ids)[MJ_PERSON_TEXT];         /* of the people; "" where not enrolled yet */
    unsigned enrolled;
};

/* INVALID_ARGUMENT where a figure is out of reason. */
int load_world_make(struct load_world **ret, const struct load_figures *f, mj_error *err);
void load_world_free(struct load_world *w);      /* NULL is allowed */

bool load_region_listed(const char *list, const char *code);     /* list: "52,53"; "" lists all */

struct load_organisation { char id[MJ_SIRET_LEN + 1], name[120], commune[6], principal[33]; unsigned region; };
void load_world_locale(const struct load_world *w, unsigned i, struct load_organisation *ret);
void load_world_ett(const struct load_world *w, unsigned i, struct load_organisation *ret);
void load_world_agency(const struct load_world *w, unsigned i, struct load_organisation *ret); /* its ETT's principal */
unsigned load_world_ett_of(const struct load_world *w, unsigned agency);
unsigned load_world_locale_of(const struct load_world *w, unsigned person);
unsigned load_world_region_of(const struct load_world *w, unsigned person);         /* index into mj_regions */
void load_world_host(char siret[MJ_SIRET_LEN + 1], uint64_t seed, unsigned i);

/* world_file.c: DIR/world.tsv. Opening makes it, or reads it: then its figures win, and another seed than asked for is
 * FAILED_PRECONDITION OTHER_WORLD. figures NULL: it must be there. */
int load_world_open(struct load_world **ret, const char *dir, const struct load_figures *f, mj_error *err);
/* Notes a young person's id; written at once. */
int load_world_enrolled(struct load_world *w, FILE *file, unsigned person, const char *id, mj_error *err);
FILE *load_world_append(const char *dir, mj_error *err);         /* for load_world_enrolled */

#endif
