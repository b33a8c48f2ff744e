/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"

/* Serials of made-up SIRENs: two digits from the seed, then these. */
enum { SERIAL_LOCALE = 0, SERIAL_ETT = 100000, SERIAL_HOST = 200000 };
#define SERIALS 9999                     /* that a SIRET's own part has */

static void make_siren(char out[MJ_SIREN_LEN + 1], uint64_t seed, unsigned serial)
{
    mj_siren_make(out, (unsigned)(10 + seed % 90) * 1000000u + serial);
}

/* ---- sharing out ---- */

static int weight_of(size_t region)
{
    return mj_regions[region].missions_locales_2015;
}

bool load_region_listed(const char *list, const char *code)
{
    for (const char *p = list; (p = strstr(p, code)) != NULL; p += 2)
        if ((p == list || p[-1] == ',') && (p[2] == ',' || p[2] == '\0'))
            return true;
    return list[0] == '\0';
}

static unsigned choose_regions(struct load_world *w)
{
    unsigned total = 0;

    for (size_t r = 0; r < mj_region_count; r++) {
        w->parts[r].in = weight_of(r) > 0 && load_region_listed(w->figures.regions, mj_regions[r].code);
        total += w->parts[r].in ? (unsigned)weight_of(r) : 0;
    }
    return total;
}

static struct load_range *range_of(struct load_part *p, int which)
{
    return which == 0 ? &p->locales : which == 1 ? &p->agencies : &p->people;
}

/* Shares n out by weight, at least one to each region. Answers how many there are then. */
static unsigned share_out(struct load_world *w, int which, unsigned n, unsigned total)
{
    unsigned weight = 0, first = 0;

    for (size_t r = 0; r < mj_region_count; r++) {
        if (!w->parts[r].in)
            continue;
        struct load_range *range = range_of(&w->parts[r], which);
        unsigned before = (unsigned)((uint64_t)n * weight / total);
        weight += (unsigned)weight_of(r);
        range->count = (unsigned)((uint64_t)n * weight / total) - before;
        if (range->count == 0)
            range->count = 1;
        range->first = first;
        first += range->count;
    }
    return first;
}

static unsigned scaled(const struct load_world *w, double full)
{
    double n = full * w->figures.scale;

    return n < 1 ? 1 : (unsigned)(n + 0.5);
}

/* Past the last serial they begin again, which must fall on other ETTs. */
static bool too_many_agencies(const struct load_figures *f)
{
    return f->agencies > 15000 || (f->agencies > 9000 && (f->etts == 0 || SERIALS % f->etts == 0));
}

int load_world_make(struct load_world **ret, const struct load_figures *f, mj_error *err)
{
    struct load_world *w = mj_calloc(1, sizeof *w);

    w->figures = *f;
    unsigned total = choose_regions(w);
    double share = total / 444.0;        /* of the country, by the 2015 table's rows */
    if (total == 0 || f->scale <= 0 || f->scale > 100 || f->people > 5000000 || too_many_agencies(f) || f->etts > 1000) {
        free(w);
        return mj_fail(err, MJ_INVALID_ARGUMENT, "FIGURES", NULL, "expected known regions that have Missions Locales, "
                       "a scale above 0 and at most 100, at most 5,000,000 people, 1,000 ETTs, and 9,000 agencies, or "
                       "15,000 of ETTs whose number does not divide 9,999");
    }
    w->locales = share_out(w, 0, scaled(w, total), total);
    w->agencies = share_out(w, 1, f->agencies ? f->agencies : scaled(w, LOAD_FULL_AGENCIES * share), total);
    w->people = share_out(w, 2, f->people ? f->people : scaled(w, LOAD_YEAR_PEOPLE * share), total);
    w->etts = f->etts ? f->etts : LOAD_FULL_ETTS;
    if (w->etts > w->agencies)
        w->etts = w->agencies;
    w->ids = mj_calloc(w->people, sizeof *w->ids);
    *ret = w;
    return 0;
}

void load_world_free(struct load_world *w)
{
    if (!w)
        return;
    free(w->ids);
    free(w);
}

/* ---- organisations ---- */

static unsigned region_of(const struct load_world *w, int which, unsigned i)
{
    unsigned r = 0;
    struct load_part part;

    for (; r < mj_region_count; r++) {
        part = w->parts[r];
        const struct load_range *range = range_of(&part, which);
        if (part.in && i >= range->first && i < range->first + range->count)
            break;
    }
    return r;
}

/* The n-th commune of a region: its departments in turn. */
static void make_commune(char out[6], unsigned region, unsigned n)
{
    char departments[80];
    unsigned count = 0;
    char *list[16], *save = NULL;

    snprintf(departments, sizeof departments, "%s", mj_regions[region].departments);
    for (char *d = strtok_r(departments, " ", &save); d && count < 16; d = strtok_r(NULL, " ", &save))
        list[count++] = d;
    const char *department = list[n % count];
    snprintf(out, 6, "%s%0*u", department, (int)(5 - strlen(department)), 1 + (n / count) % 90);
}

void load_world_locale(const struct load_world *w, unsigned i, struct load_organisation *ret)
{
    char siren[MJ_SIREN_LEN + 1];

    ret->region = region_of(w, 0, i);
    unsigned n = i - w->parts[ret->region].locales.first;
    make_siren(siren, w->figures.seed, SERIAL_LOCALE + i);
    mj_siret_make(ret->id, siren, 1);
    make_commune(ret->commune, ret->region, n);
    snprintf(ret->name, sizeof ret->name, "Mission Locale fictive n° %u (%s)", n + 1, mj_regions[ret->region].name);
    snprintf(ret->principal, sizeof ret->principal, "ml-%s", ret->id);
}

void load_world_ett(const struct load_world *w, unsigned i, struct load_organisation *ret)
{
    *ret = (struct load_organisation){ .region = 0 };
    make_siren(ret->id, w->figures.seed, SERIAL_ETT + i);
    snprintf(ret->name, sizeof ret->name, "Entreprise de travail temporaire fictive n° %u", i + 1);
    snprintf(ret->principal, sizeof ret->principal, "ett-%s", ret->id);
}

unsigned load_world_ett_of(const struct load_world *w, unsigned agency)
{
    return agency % w->etts;
}

void load_world_agency(const struct load_world *w, unsigned i, struct load_organisation *ret)
{
    struct load_organisation ett;

    load_world_ett(w, load_world_ett_of(w, i), &ett);
    ret->region = region_of(w, 1, i);
    unsigned n = i - w->parts[ret->region].agencies.first;
    mj_siret_make(ret->id, ett.id, 1 + i % SERIALS);
    make_commune(ret->commune, ret->region, n);
    snprintf(ret->name, sizeof ret->name, "Agence d'emploi fictive n° %u (%s)", n + 1, mj_regions[ret->region].name);
    snprintf(ret->principal, sizeof ret->principal, "%s", ett.principal);
}

unsigned load_world_region_of(const struct load_world *w, unsigned person)
{
    return region_of(w, 2, person);
}

unsigned load_world_locale_of(const struct load_world *w, unsigned person)
{
    const struct load_part *p = &w->parts[region_of(w, 2, person)];

    return p->locales.first + (person - p->people.first) % p->locales.count;
}

void load_world_host(char siret[MJ_SIRET_LEN + 1], uint64_t seed, unsigned i)
{
    char siren[MJ_SIREN_LEN + 1];

    make_siren(siren, seed, SERIAL_HOST + i);
    mj_siret_make(siret, siren, 1);
}
