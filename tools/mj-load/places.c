/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "places.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/crypto.h"
#include "common/base/hash.h"
#include "common/base/buf.h"

#define PATH_ROOM 512
#define LINE_ROOM 128

struct place { char siret[MJ_SIRET_LEN + 1]; uint64_t before; UT_hash_handle hh; };
struct load_places { FILE *file; char run[2 * MJ_TAG + 1]; struct place *all; };

static void name_run(const struct load_demand *d, char out[2 * MJ_TAG + 1])
{
    static const uint8_t plain[MJ_KEY];
    const struct load_rates *r = &d->rates;
    char text[512];
    uint8_t tag[MJ_TAG];

    snprintf(text, sizeof text, "%llu %u %u %s %.17g %.17g %.17g %.17g %.17g %.17g %.17g", (unsigned long long)d->seed,
             d->missions, d->agencies, d->regions, r->late, r->out_of_order, r->corrections, r->cancellations,
             r->unmatched, r->repeats, r->malformed);
    mj_tag(tag, plain, text, strlen(text), NULL, 0);
    mj_hex(out, tag, MJ_TAG);
}

static struct place *add(struct load_places *p, const char *siret, uint64_t before)
{
    struct place *at = mj_calloc(1, sizeof *at);

    snprintf(at->siret, sizeof at->siret, "%s", siret);
    at->before = before;
    HASH_ADD_STR(p->all, siret, at);
    return at;
}

static struct place *find(struct load_places *p, const char *siret)
{
    struct place *at = NULL;

    HASH_FIND_STR(p->all, siret, at);
    return at;
}

static void read_all(struct load_places *p)
{
    char line[LINE_ROOM], run[33], siret[15];
    unsigned long long before;

    rewind(p->file);
    while (fgets(line, sizeof line, p->file))
        if (strchr(line, '\n') && sscanf(line, "%32s\t%14s\t%llu", run, siret, &before) == 3 &&
            strcmp(run, p->run) == 0 && !find(p, siret))
            add(p, siret, before);
}

int load_places_open(struct load_places **ret, const char *dir, const struct load_demand *d, mj_error *err)
{
    struct load_places *p = mj_calloc(1, sizeof *p);
    char path[PATH_ROOM];

    snprintf(path, sizeof path, "%s/streams.tsv", dir);
    p->file = fopen(path, "a+e");
    if (!p->file) {
        free(p);
        return mj_fail(err, MJ_FAILED_PRECONDITION, "STREAMS_FILE", NULL, "cannot write %s: %s", path, strerror(errno));
    }
    name_run(d, p->run);
    read_all(p);
    *ret = p;
    return 0;
}

void load_places_close(struct load_places *p)
{
    struct place *at, *next;

    if (!p)
        return;
    HASH_ITER(hh, p->all, at, next) {
        HASH_DEL(p->all, at);
        free(at);
    }
    fclose(p->file);
    free(p);
}

int load_places_find(struct load_places *p, const char *siret, uint64_t last, uint64_t *before, mj_error *err)
{
    struct place *at = find(p, siret);

    if (!at) {
        if (fprintf(p->file, "%s\t%s\t%llu\n", p->run, siret, (unsigned long long)last) < 0 || fflush(p->file) != 0)
            return mj_fail(err, MJ_FAILED_PRECONDITION, "STREAMS_FILE", NULL, "cannot write the places of streams: %s",
                           strerror(errno));
        at = add(p, siret, last);
    }
    *before = at->before;
    return 0;
}
