/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* watch: the live view, in two parts: watch.c asks and keeps the figures, watch_view.c shows them. */
#ifndef MJ_TOOLS_WATCH_H
#define MJ_TOOLS_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FIGURES_MAX 22                   /* regions, and FR */

struct figures {                         /* of one region */
    char region[3];
    int64_t missions, young_people, duplicates, rejected, unmatched;
    uint64_t events_per_second, lag, as_of_ms, version;
    bool stale;
    bool seen;                           /* there are counters that the caller may see; else rate and lag are all */
};

struct view {
    struct figures list[FIGURES_MAX];    /* ascending by region */
    size_t count;
    bool demo;                           /* "données fictives" in the title */
    char trouble[300];                   /* why nothing new comes; "" where it does */
    int drawn;                           /* lines of the table on the terminal, to draw over */
};

/* Missions per young person, in tenths, half up; 0 without young people. */
int64_t view_per_person(const struct figures *f);
/* The figures of a region, made where there are none; NULL where there is no room. */
struct figures *view_region(struct view *v, const char *region);
/* The whole table, once. */
void view_print(const struct view *v);
/* Draws over what was drawn before, cut to the terminal's height. */
void view_draw(struct view *v);
/* One line for one region. */
void view_line(const struct figures *f);
void view_json(const struct figures *f);
/* Hides the cursor, and gives it back. */
void view_open(void);
void view_close(void);

#endif
