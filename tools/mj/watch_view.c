/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli.h"
#include "common/base/codes.h"
#include "common/base/dates.h"

#define NAME_WIDTH 27
#define USUAL_HEIGHT 24
#define LINES_AROUND 6                   /* title, blank, head, FR, as of, and the cursor's */

int64_t view_per_person(const struct figures *f)
{
    return f->young_people > 0 ? (20 * f->missions + f->young_people) / (2 * f->young_people) : 0;
}

struct figures *view_region(struct view *v, const char *region)
{
    size_t i = 0;
    while (i < v->count && strcmp(v->list[i].region, region) < 0)
        i++;
    if (i < v->count && strcmp(v->list[i].region, region) == 0)
        return &v->list[i];
    if (v->count == FIGURES_MAX)
        return NULL;
    memmove(&v->list[i + 1], &v->list[i], (v->count - i) * sizeof v->list[0]);
    v->count++;
    v->list[i] = (struct figures){ 0 };
    snprintf(v->list[i].region, sizeof v->list[i].region, "%s", region);
    return &v->list[i];
}

static const char *name_of(const char *region)
{
    const struct mj_region *r = mj_region_find(region);
    return r ? r->name : "France";
}

/* printf counts bytes; columns are characters. */
static int padding(const char *text, int width)
{
    int n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n < width ? width - n : 0;
}

/* Ends of lines wipe what an older, longer line left. */
static void end_line(bool over)
{
    fputs(over ? "\033[K\n" : "\n", stdout);
}

static void put_count(int64_t n, bool seen, int width)
{
    if (seen)
        printf(" %*" PRId64, width, n);
    else
        printf(" %*s", width, "-");
}

static void print_figures(const struct figures *f, bool over)
{
    const char *name = name_of(f->region);
    int64_t tenths = view_per_person(f);

    printf("%s %s%*s", f->region, name, padding(name, NAME_WIDTH), "");
    put_count(f->missions, f->seen, 9);
    put_count(f->young_people, f->seen, 9);
    put_count(tenths / 10, f->seen, 6);
    if (f->seen)
        printf(".%" PRId64, tenths % 10);
    else
        fputs("  ", stdout);
    printf(" %8" PRIu64 " %8" PRIu64, f->events_per_second, f->lag);
    put_count(f->duplicates, f->seen, 10);
    put_count(f->rejected, f->seen, 8);
    put_count(f->unmatched, f->seen, 9);
    fputs(f->stale ? "  *" : "", stdout);
    end_line(over);
}

static void print_head(const struct view *v, bool over)
{
    printf("Mission Jeunes: missions of young people followed by Missions Locales%s",
           v->demo ? " - données fictives" : "");
    end_line(over);
    end_line(over);
    printf("%-*s %9s %9s %8s %8s %8s %10s %8s %9s", NAME_WIDTH + 3, "region", "missions", "young", "missions", "events",
           "lag", "duplicates", "rejected", "unmatched");
    end_line(over);
    printf("%-*s %9s %9s %8s %8s", NAME_WIDTH + 3, "", "started", "people", "/person", "/s");
    end_line(over);
}

static void print_foot(const struct view *v, bool over)
{
    char as_of[25];
    uint64_t latest = 0;
    bool stale = false;
    for (size_t i = 0; i < v->count; i++) {
        latest = v->list[i].as_of_ms > latest ? v->list[i].as_of_ms : latest;
        stale = stale || v->list[i].stale;
    }
    if (v->trouble[0])
        printf("%s", v->trouble);
    else if (latest)
        printf("as of %s%s", mj_utc_format((int64_t)latest, as_of), stale ? "   * being filled again" : "");
    else
        printf("no figures yet");
    end_line(over);
}

/* Regions, at most as many as there is room for, then the country; answers how many lines. */
static int print_table(const struct view *v, size_t room, bool over)
{
    size_t shown = 0, left_out = 0;
    int lines = 5;
    print_head(v, over);
    for (size_t i = 0; i < v->count; i++) {
        if (strcmp(v->list[i].region, "FR") == 0)
            continue;
        if (shown == room) {
            left_out++;
            continue;
        }
        print_figures(&v->list[i], over);
        shown++;
    }
    if (left_out) {
        printf("   ... %zu more regions; a taller window shows them", left_out);
        end_line(over);
        lines++;
    }
    for (size_t i = 0; i < v->count; i++)
        if (strcmp(v->list[i].region, "FR") == 0) {
            print_figures(&v->list[i], over);
            lines++;
        }
    print_foot(v, over);
    return lines + (int)shown;
}

void view_print(const struct view *v)
{
    print_table(v, FIGURES_MAX, false);
}

void view_draw(struct view *v)
{
    struct winsize size = { .ws_row = 0 };
    size_t height = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row ? size.ws_row : USUAL_HEIGHT;
    size_t room = height > LINES_AROUND + 2 ? height - LINES_AROUND - 2 : 1;

    if (v->drawn)
        printf("\033[%dA\r", v->drawn);
    v->drawn = print_table(v, room, true);
    fputs("\033[J", stdout);             /* what an older, longer table left below */
    fflush(stdout);
}

void view_line(const struct figures *f)
{
    char as_of[25];
    int64_t tenths = view_per_person(f);
    printf("%s %s missions=%" PRId64 " young_people=%" PRId64 " per_person=%" PRId64 ".%" PRId64
           " events_per_second=%" PRIu64 " lag=%" PRIu64 " duplicates=%" PRId64 " rejected=%" PRId64
           " unmatched=%" PRId64 "%s\n",
           mj_utc_format((int64_t)f->as_of_ms, as_of), f->region, f->missions, f->young_people, tenths / 10,
           tenths % 10, f->events_per_second, f->lag, f->duplicates, f->rejected, f->unmatched,
           f->stale ? " stale" : "");
    fflush(stdout);
}

void view_json(const struct figures *f)
{
    char as_of[25];
    int64_t tenths = view_per_person(f);
    cli_print_json(json_pack(
        "{s:s,s:I,s:I,s:o,s:I,s:I,s:I,s:I,s:I,s:b,s:s}", "region", f->region, "missions", (json_int_t)f->missions,
        "young_people", (json_int_t)f->young_people, "missions_per_young_person",
        json_sprintf("%lld.%lld", (long long)tenths / 10, (long long)tenths % 10), "events_per_second",
        (json_int_t)f->events_per_second, "lag", (json_int_t)f->lag, "duplicates", (json_int_t)f->duplicates,
        "rejected", (json_int_t)f->rejected, "unmatched", (json_int_t)f->unmatched, "stale", f->stale, "as_of",
        mj_utc_format((int64_t)f->as_of_ms, as_of)));
}

void view_open(void)
{
    fputs("\033[?25l", stdout);
}

void view_close(void)
{
    fputs("\033[?25h", stdout);
    fflush(stdout);
}
