/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "reporting/person.h"

#include <stdlib.h>
#include <string.h>

#define PACKED_HEAD (2 + MJ_SIRET_LEN)   /* region and Mission Locale; zeroes where not enrolled */
#define PACKED_GROUP (MJ_SIRET_LEN + 2 + 4)

struct mj_rep_person *mj_rep_person_create(void)
{
    return mj_calloc(1, sizeof(struct mj_rep_person));
}

void mj_rep_person_free(struct mj_rep_person *p)
{
    free(p->missions);
    free(p);
}

/* ---- the groups ---- */

static int group_compare(const struct mj_rep_missions *g, const char *stream, int year)
{
    int order = memcmp(g->stream, stream, MJ_SIRET_LEN);

    return order != 0 ? order : g->year - year;
}

static struct mj_rep_missions *insert_at(struct mj_rep_person *p, uint32_t at)
{
    if (p->groups == p->capacity) {
        uint32_t capacity = p->capacity == 0 ? 2 : p->capacity * 2;
        struct mj_rep_missions *missions = mj_calloc(capacity, sizeof *missions);
        if (p->groups > 0) {
            memcpy(missions, p->missions, p->groups * sizeof *missions);
        }
        free(p->missions);
        p->missions = missions;
        p->capacity = capacity;
    }
    memmove(&p->missions[at + 1], &p->missions[at], (p->groups - at) * sizeof *p->missions);
    p->groups++;
    return &p->missions[at];
}

static void add_to_group(struct mj_rep_person *p, const char *stream, int year, int64_t by)
{
    uint32_t at = 0;

    while (at < p->groups && group_compare(&p->missions[at], stream, year) < 0) {
        at++;
    }
    bool known = at < p->groups && group_compare(&p->missions[at], stream, year) == 0;
    struct mj_rep_missions *g = known ? &p->missions[at] : insert_at(p, at);
    if (!known) {
        *g = (struct mj_rep_missions){ .year = (uint16_t)year };
        memcpy(g->stream, stream, MJ_SIRET_LEN);
    }
    g->count = (uint32_t)(g->count + by);
    if (g->count == 0) {
        p->groups--;
        memmove(g, g + 1, (p->groups - at) * sizeof *g);
    }
}

/* ---- what they add to the figures ---- */

/* Missions that a row counted, of all years and of the year that moves; the person counts where there is one. */
struct counted { int64_t total, of_year; };

static void count_rows(const struct mj_rep_person *p, const char *stream, int year,
                       struct counted ret[MJ_REP_ETT + 1])
{
    for (uint32_t i = 0; i < p->groups; i++) {
        const struct mj_rep_missions *g = &p->missions[i];
        bool ett = memcmp(g->stream, stream, MJ_SIREN_LEN) == 0;
        bool agency = ett && memcmp(g->stream, stream, MJ_SIRET_LEN) == 0;
        const bool counts[] = { true, true, agency, ett };       /* as enum mj_rep_row_kind */
        for (int kind = MJ_REP_WHOLE; kind <= MJ_REP_ETT; kind++) {
            ret[kind].total += counts[kind] ? g->count : 0;
            ret[kind].of_year += counts[kind] && g->year == year ? g->count : 0;
        }
    }
}

static void change_period(struct mj_rep_cell *cell, int year, int64_t had, int64_t by, mj_rep_change_fn *change,
                          void *arg)
{
    cell->name = mj_rep_name_of(MJ_REP_MISSIONS, year);
    cell->value = by;
    change(arg, cell);
    cell->value = (had + by > 0) - (had > 0);
    if (cell->value != 0) {
        cell->name = mj_rep_name_of(MJ_REP_YOUNG_PEOPLE, year);
        change(arg, cell);
    }
}

static void change_cells(const struct mj_rep_person *p, const char *stream, int year, int64_t by,
                         mj_rep_change_fn *change, void *arg)
{
    const char *const of[] = { "", p->mission_locale, stream, stream };
    const int scopes[] = { mj_rep_region(p->region), MJ_REP_FR };
    struct counted had[MJ_REP_ETT + 1] = { { 0, 0 } };

    count_rows(p, stream, year, had);
    for (enum mj_rep_row_kind kind = MJ_REP_WHOLE; kind <= MJ_REP_ETT; kind++) {
        struct mj_rep_cell cell = { .row = mj_rep_row(kind, of[kind]) };
        for (int s = 0; s < 2; s++) {
            cell.region = scopes[s];
            change_period(&cell, 0, had[kind].total, by, change, arg);
            if (year != 0) {
                change_period(&cell, year, had[kind].of_year, by, change, arg);
            }
        }
    }
}

void mj_rep_person_add(struct mj_rep_person *p, const char *stream, int year, int64_t by, mj_rep_change_fn *change,
                       void *arg)
{
    if (p->mission_locale[0] != '\0') {
        change_cells(p, stream, year, by, change, arg);
    }
    add_to_group(p, stream, year, by);
}

/* All missions off, and on again where the person belongs now. */
void mj_rep_person_enrol(struct mj_rep_person *p, const char *mission_locale, const char *region,
                         mj_rep_change_fn *change, void *arg)
{
    uint32_t groups = p->groups;
    struct mj_rep_missions *all = groups == 0 ? NULL : mj_memdup(p->missions, groups * sizeof *all);

    for (uint32_t i = 0; i < groups; i++) {
        mj_rep_person_add(p, all[i].stream, all[i].year, -(int64_t)all[i].count, change, arg);
    }
    memcpy(p->mission_locale, mission_locale, MJ_SIRET_LEN);
    memcpy(p->region, region, 2);
    for (uint32_t i = 0; i < groups; i++) {
        mj_rep_person_add(p, all[i].stream, all[i].year, all[i].count, change, arg);
    }
    free(all);
}

/* ---- as bytes ---- */

static void put_number(struct mj_buf *out, uint32_t number, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--) {
        const uint8_t byte = (uint8_t)(number >> (8 * i));
        mj_buf_put(out, &byte, 1);
    }
}

static uint32_t number_at(const uint8_t *at, int bytes)
{
    uint32_t number = 0;

    for (int i = 0; i < bytes; i++) {
        number = number << 8 | at[i];
    }
    return number;
}

void mj_rep_person_pack(const struct mj_rep_person *p, struct mj_buf *out)
{
    mj_buf_put(out, p->region, 2);
    mj_buf_put(out, p->mission_locale, MJ_SIRET_LEN);
    for (uint32_t i = 0; i < p->groups; i++) {
        mj_buf_put(out, p->missions[i].stream, MJ_SIRET_LEN);
        put_number(out, p->missions[i].year, 2);
        put_number(out, p->missions[i].count, 4);
    }
}

static int broken_row(mj_error *err)
{
    return mj_fail(err, MJ_DATA_LOSS, "PERSON_ROW", NULL,
                   "a row of young people is no enrolment and groups of missions; fold the tables again");
}

int mj_rep_person_unpack(struct mj_rep_person *p, const uint8_t *bytes, size_t len, mj_error *err)
{
    if (len < PACKED_HEAD || (len - PACKED_HEAD) % PACKED_GROUP != 0) {
        return broken_row(err);
    }
    memcpy(p->region, bytes, 2);
    memcpy(p->mission_locale, bytes + 2, MJ_SIRET_LEN);
    if (p->mission_locale[0] != '\0' && mj_rep_region(p->region) < 0) {
        return broken_row(err);          /* figures are found by its region's number */
    }
    for (const uint8_t *at = bytes + PACKED_HEAD; at < bytes + len; at += PACKED_GROUP) {
        struct mj_rep_missions *g = insert_at(p, p->groups);
        *g = (struct mj_rep_missions){ .year = (uint16_t)number_at(at + MJ_SIRET_LEN, 2),
                                       .count = number_at(at + MJ_SIRET_LEN + 2, 4) };
        memcpy(g->stream, at, MJ_SIRET_LEN);
    }
    return 0;
}
