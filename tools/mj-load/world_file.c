/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* A world on disk: one line of figures, then a line for each young person enrolled. Tabs between. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/store/lock.h"
#include "world.h"

#define PATH_ROOM 512
#define LINE_ROOM 256
#define FORMAT "1"

static int broken(const char *path, mj_error *err)
{
    return mj_fail(err, MJ_DATA_LOSS, "WORLD_FILE", NULL, "%s is not a world of this program; name another folder",
                   path);
}

static int write_new(const char *path, const struct load_figures *f, mj_error *err)
{
    char today[MJ_DATE_TEXT];
    FILE *file = fopen(path, "wxe");

    if (!file)
        return mj_fail(err, MJ_FAILED_PRECONDITION, "WORLD_FILE", NULL, "cannot make %s: %s", path, strerror(errno));
    fprintf(file, "# Mission Jeunes: données fictives, made by mj-load\n");
    fprintf(file, "world\t" FORMAT "\t%llu\t%.17g\t%u\t%u\t%u\t%s\t%s\n", (unsigned long long)f->seed, f->scale,
            f->people, f->etts, f->agencies, mj_date_format(f->today, today), f->regions[0] ? f->regions : "-");
    bool written = !ferror(file);
    if (fclose(file) != 0 || !written) {
        unlink(path);
        return mj_fail(err, MJ_FAILED_PRECONDITION, "WORLD_FILE", NULL, "cannot write %s: %s", path, strerror(errno));
    }
    return 0;
}

static int read_figures(struct load_figures *f, char *line)
{
    char today[MJ_DATE_TEXT], regions[80];
    unsigned long long seed;

    if (sscanf(line, "world\t" FORMAT "\t%llu\t%lf\t%u\t%u\t%u\t%10s\t%79s", &seed, &f->scale, &f->people, &f->etts,
               &f->agencies, today, regions) != 7 || mj_date_parse(&f->today, today, NULL, NULL) < 0)
        return -1;
    f->seed = seed;
    snprintf(f->regions, sizeof f->regions, "%s", strcmp(regions, "-") == 0 ? "" : regions);
    return 0;
}

/* A last line that was cut by a crash ends the reading: that person is asked for again, and has the same id. */
static bool read_person(struct load_world *w, const char *line)
{
    unsigned person;
    char id[MJ_PERSON_TEXT];

    if (!strchr(line, '\n') || sscanf(line, "person\t%u\t%21s", &person, id) != 2 || person >= w->people ||
        mj_person_check(id, NULL, NULL) < 0)
        return false;
    if (!w->ids[person][0])
        w->enrolled++;
    memcpy(w->ids[person], id, sizeof id);
    return true;
}

static int read_file(struct load_world **ret, FILE *file, const char *path, mj_error *err)
{
    char line[LINE_ROOM];
    struct load_figures f = { 0 };
    struct load_world *w = NULL;

    while (fgets(line, sizeof line, file)) {
        if (line[0] == '#')
            continue;
        if (!w) {
            if (read_figures(&f, line) < 0)
                return broken(path, err);
            if (load_world_make(&w, &f, err) < 0)
                return -1;
        } else if (!read_person(w, line) && strchr(line, '\n')) {
            load_world_free(w);
            return broken(path, err);
        }
    }
    if (!w)
        return broken(path, err);
    *ret = w;
    return 0;
}

int load_world_open(struct load_world **ret, const char *dir, const struct load_figures *f, mj_error *err)
{
    char path[PATH_ROOM];
    struct load_world *w = NULL;

    snprintf(path, sizeof path, "%s/world.tsv", dir);
    if (f && access(path, F_OK) != 0) {
        if (load_world_make(&w, f, err) < 0)     /* are the figures in reason? */
            return -1;
        load_world_free(w);
        if (mj_directory_make(dir, err) < 0 || write_new(path, f, err) < 0)
            return -1;
    }
    FILE *file = fopen(path, "re");
    if (!file)
        return mj_fail(err, MJ_FAILED_PRECONDITION, "NO_WORLD", NULL, "cannot read %s: %s; make one with mj-load seed",
                       path, strerror(errno));
    int rc = read_file(&w, file, path, err);
    fclose(file);
    if (rc < 0)
        return -1;
    if (f && f->seed != w->figures.seed) {
        load_world_free(w);
        return mj_fail(err, MJ_FAILED_PRECONDITION, "OTHER_WORLD", NULL, "%s was made from another seed; name another "
                       "folder, or give that seed", path);
    }
    *ret = w;
    return 0;
}

FILE *load_world_append(const char *dir, mj_error *err)
{
    char path[PATH_ROOM];

    snprintf(path, sizeof path, "%s/world.tsv", dir);
    FILE *file = fopen(path, "ae");
    if (!file)
        mj_fail(err, MJ_FAILED_PRECONDITION, "WORLD_FILE", NULL, "cannot write %s: %s", path, strerror(errno));
    return file;
}

int load_world_enrolled(struct load_world *w, FILE *file, unsigned person, const char *id, mj_error *err)
{
    if (person >= w->people || strlen(id) != MJ_PERSON_TEXT - 1)
        return mj_fail(err, MJ_INTERNAL, "PERSON", NULL, "an id of %zu characters was given", strlen(id));
    if (!w->ids[person][0])
        w->enrolled++;
    memcpy(w->ids[person], id, MJ_PERSON_TEXT);
    if (fprintf(file, "person\t%u\t%s\n", person, id) < 0 || fflush(file) != 0)
        return mj_fail(err, MJ_FAILED_PRECONDITION, "WORLD_FILE", NULL, "cannot write the world's file: %s",
                       strerror(errno));
    return 0;
}
