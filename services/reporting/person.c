/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "reporting/person.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PACKED_FACT (2 + MJ_TAG + MJ_SIRET_LEN + 1 + 2)

struct mj_rep_person *mj_rep_person_create(void)
{
    return mj_calloc(1, sizeof(struct mj_rep_person));
}

void mj_rep_person_free(struct mj_rep_person *p)
{
    free(p->facts);
    free(p);
}

void mj_rep_person_enrol(struct mj_rep_person *p, const char *mission_locale, const char *region)
{
    snprintf(p->mission_locale, sizeof p->mission_locale, "%s", mission_locale);
    snprintf(p->region, sizeof p->region, "%s", region);
}

static int fact_compare(const struct mj_rep_fact *f, const char *region, const uint8_t *name)
{
    int order = strcmp(f->region, region);

    return order != 0 ? order : memcmp(f->name, name, MJ_TAG);
}

/* Where the placement stands or would stand. */
static size_t place_of(const struct mj_rep_person *p, const char *region, const uint8_t *name)
{
    size_t low = 0;
    size_t high = p->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (fact_compare(&p->facts[middle], region, name) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct mj_rep_fact *insert_at(struct mj_rep_person *p, size_t at)
{
    if (p->count == p->capacity) {
        size_t capacity = p->capacity == 0 ? 2 : p->capacity * 2;
        struct mj_rep_fact *facts = mj_calloc(capacity, sizeof *facts);
        if (p->count > 0) {
            memcpy(facts, p->facts, p->count * sizeof *facts);
        }
        free(p->facts);
        p->facts = facts;
        p->capacity = capacity;
    }
    memmove(&p->facts[at + 1], &p->facts[at], (p->count - at) * sizeof *p->facts);
    p->count++;
    return &p->facts[at];
}

bool mj_rep_person_set(struct mj_rep_person *p, const char *region, const uint8_t name[MJ_TAG],
                       const struct mj_rep_placement *placement)
{
    size_t at = place_of(p, region, name);
    bool known = at < p->count && fact_compare(&p->facts[at], region, name) == 0;
    bool mission = mj_rep_placement_is_mission(placement);
    /* The year of what does not count is not kept: equal figures then mean equal rows. */
    uint16_t year = mission ? (uint16_t)mj_rep_placement_year(placement) : 0;

    if (known && p->facts[at].mission == mission && p->facts[at].year == year) {
        return false;
    }
    struct mj_rep_fact *f = known ? &p->facts[at] : insert_at(p, at);
    snprintf(f->region, sizeof f->region, "%s", region);
    memcpy(f->name, name, MJ_TAG);
    memcpy(f->stream, placement->stream, sizeof f->stream);
    f->mission = mission;
    f->year = year;
    return true;
}

void mj_rep_person_pack(const struct mj_rep_person *p, struct mj_buf *out)
{
    for (size_t i = 0; i < p->count; i++) {
        const struct mj_rep_fact *f = &p->facts[i];
        const uint8_t tail[3] = { f->mission, (uint8_t)(f->year >> 8), (uint8_t)f->year };
        mj_buf_put(out, f->region, 2);
        mj_buf_put(out, f->name, MJ_TAG);
        mj_buf_put(out, f->stream, MJ_SIRET_LEN);
        mj_buf_put(out, tail, sizeof tail);
    }
}

int mj_rep_person_unpack(struct mj_rep_person *p, const uint8_t *bytes, size_t len, mj_error *err)
{
    if (len % PACKED_FACT != 0) {
        return mj_fail(err, MJ_DATA_LOSS, "PERSON_ROW", NULL,
                       "a row of young people is no whole number of facts; fold the tables again");
    }
    for (const uint8_t *at = bytes; at < bytes + len; at += PACKED_FACT) {
        struct mj_rep_fact *f = insert_at(p, p->count);
        *f = (struct mj_rep_fact){ 0 };
        memcpy(f->region, at, 2);
        memcpy(f->name, at + 2, MJ_TAG);
        memcpy(f->stream, at + 2 + MJ_TAG, MJ_SIRET_LEN);
        const uint8_t *tail = at + 2 + MJ_TAG + MJ_SIRET_LEN;
        f->mission = tail[0] != 0;
        f->year = (uint16_t)(tail[1] << 8 | tail[2]);
    }
    return 0;
}

static void add_cell(struct mj_rep_contribution *c, int region, const char *row, mj_rep_name name, int64_t value)
{
    if (c->count == c->capacity) {
        size_t capacity = c->capacity == 0 ? 64 : c->capacity * 2;
        struct mj_rep_cell *cells = mj_calloc(capacity, sizeof *cells);
        if (c->count > 0) {
            memcpy(cells, c->cells, c->count * sizeof *cells);
        }
        free(c->cells);
        c->cells = cells;
        c->capacity = capacity;
    }
    struct mj_rep_cell *cell = &c->cells[c->count++];
    *cell = (struct mj_rep_cell){ .region = region, .name = name, .value = value };
    snprintf(cell->row, sizeof cell->row, "%s", row);
}

static void add_missions(struct mj_rep_contribution *c, int region, const char *row, int year, int64_t missions)
{
    add_cell(c, region, row, mj_rep_name_of(MJ_REP_MISSIONS, 0), missions);
    add_cell(c, region, row, mj_rep_name_of(MJ_REP_YOUNG_PEOPLE, 0), 1);
    if (year != 0) {
        add_cell(c, region, row, mj_rep_name_of(MJ_REP_MISSIONS, year), missions);
        add_cell(c, region, row, mj_rep_name_of(MJ_REP_YOUNG_PEOPLE, year), 1);
    }
}

/* Equal cells become one: missions add up, a young person counts once. */
static void merge(struct mj_rep_contribution *c)
{
    size_t kept = 0;

    if (c->count == 0) {
        return;
    }
    qsort(c->cells, c->count, sizeof *c->cells, mj_rep_cell_compare);
    for (size_t i = 1; i < c->count; i++) {
        if (mj_rep_cell_compare(&c->cells[kept], &c->cells[i]) != 0) {
            c->cells[++kept] = c->cells[i];
        } else if (c->cells[i].name >> 16 == MJ_REP_MISSIONS) {
            c->cells[kept].value += c->cells[i].value;
        }
    }
    c->count = kept + 1;
}

/* Missions of one agency and year: they add to the same cells. There are few of these, whatever a sender does to the
 * number of placements of one young person. */
struct group { const char *stream; uint16_t year; int64_t missions; };

static size_t group_missions(const struct mj_rep_person *p, struct group *groups)
{
    size_t count = 0;

    for (size_t i = 0; i < p->count; i++) {
        const struct mj_rep_fact *f = &p->facts[i];
        size_t g = 0;
        if (!f->mission) {
            continue;
        }
        while (g < count && (groups[g].year != f->year || strcmp(groups[g].stream, f->stream) != 0)) {
            g++;
        }
        if (g == count) {
            groups[count++] = (struct group){ f->stream, f->year, 0 };
        }
        groups[g].missions++;
    }
    return count;
}

void mj_rep_contribution_of(const struct mj_rep_person *p, struct mj_rep_contribution *ret)
{
    const int scopes[] = { mj_rep_region(p->region), MJ_REP_FR };
    char ml[MJ_REP_ROW_TEXT], agency[MJ_REP_ROW_TEXT], ett[MJ_REP_ROW_TEXT];

    ret->count = 0;
    if (p->mission_locale[0] == '\0' || p->count == 0) {
        return;
    }
    struct group *groups = mj_calloc(p->count, sizeof *groups);
    size_t count = group_missions(p, groups);
    mj_rep_row_ml(ml, p->mission_locale);
    for (size_t i = 0; i < count; i++) {
        mj_rep_row_agency(agency, groups[i].stream);
        mj_rep_row_ett(ett, groups[i].stream);
        const char *const rows[] = { "", ml, agency, ett };
        for (size_t s = 0; s < 2; s++) {
            for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
                add_missions(ret, scopes[s], rows[r], groups[i].year, groups[i].missions);
            }
        }
    }
    free(groups);
    merge(ret);
}

void mj_rep_contribution_free(struct mj_rep_contribution *c)
{
    free(c->cells);
    *c = (struct mj_rep_contribution)MJ_REP_CONTRIBUTION_INIT;
}

void mj_rep_contribution_difference(const struct mj_rep_contribution *before, const struct mj_rep_contribution *after,
                                    void (*each)(void *arg, const struct mj_rep_cell *delta), void *arg)
{
    size_t i = 0;
    size_t j = 0;

    while (i < before->count || j < after->count) {
        int order = i == before->count ? 1 : j == after->count ? -1
                    : mj_rep_cell_compare(&before->cells[i], &after->cells[j]);
        struct mj_rep_cell delta = order <= 0 ? before->cells[i] : after->cells[j];
        delta.value = 0;
        if (order <= 0) {
            delta.value -= before->cells[i++].value;
        }
        if (order >= 0) {
            delta.value += after->cells[j++].value;
        }
        if (delta.value != 0) {
            each(arg, &delta);
        }
    }
}
