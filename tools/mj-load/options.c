/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char help[] =
    "mj-load: a made-up country of agencies and a year of its missions (donnees fictives)\n"
    "\n"
    "  mj-load seed   declares Missions Locales, ETTs and agencies and enrols young people; again: goes on\n"
    "  mj-load run    streams their missions as all agencies at once; again: goes on where it stopped\n"
    "\n"
    "both   --registry ADDRESS  \"tcp://host:port/server-key-in-hex\", several by commas; else $MJ_REGISTRY\n"
    "       --dir DIR           world.tsv, keys/ and streams.tsv (else $MJ_DATA/load)\n"
    "       --seed N            of the world (seed: 1), of the missions (run: the world's)\n"
    "       --regions 52,53     INSEE codes; else all\n"
    "       --agencies N        seed: how many there are; run: how many take part\n"
    "       --window N          outstanding on a connection: commands (seed: 64), events (run: 2000)\n"
    "       --json              the summary as one JSON object\n"
    "       --help, --version\n"
    "seed   --key FILE          the operator's key\n"
    "       --scale X           1: the country's Missions Locales and a year's young people (1)\n"
    "       --people N --etts N\n"
    "       --today DATE        last day of the year of missions (today)\n"
    "run    --missions N        about so many start (2.5 a young person: 73,295 at scale 1)\n"
    "       --rate N            events a second; 0: as fast as credit goes (0)\n"
    "       --spool DIR         keeps unacknowledged events on disk; else in memory\n"
    "       --history FILE      what was sent and answered, for a checker (HISTORY.md)\n"
    "       --strict            an enrolled young person must never come back as unmatched\n"
    "   shares of events:       --late 0.10 --out-of-order 0.05 --corrections 0.01 --repeats 0.005 --resends 0.02\n"
    "                           --malformed 0 --conflicts 0 --gaps 0\n"
    "   shares of missions:     --cancellations 0.002 --unmatched 0.005\n"
    "\n"
    "Exit status: 0 all acknowledged, each outcome as expected; 1 not so, or interrupted; 64 wrong command line.\n"
    "\n"
    "Examples:\n"
    "  export MJ_REGISTRY=tcp://127.0.0.1:5510/$(sed -n 's/^public //p' data/keys/registry.key)\n"
    "  mj-load seed --dir data/load --key data/keys/operator.key --scale 0.05\n"
    "  mj-load run --dir data/load                           the year, as fast as it goes\n"
    "  mj-load run --dir data/load --seed 2 --rate 200       another year's, at 200 events a second\n"
    "  mj-load run --dir data/load --seed 3 --missions 1000 --malformed 0.02 --conflicts 0.05 --gaps 0.01 \\\n"
    "      --history history.jsonl --json\n";

enum option_id { O_REGISTRY = 256, O_DIR, O_SEED, O_REGIONS, O_AGENCIES, O_WINDOW, O_JSON, O_HELP, O_VERSION, O_KEY,
                 O_SCALE, O_PEOPLE, O_ETTS, O_TODAY, O_MISSIONS, O_RATE, O_SPOOL, O_HISTORY, O_STRICT, O_RATES };

static const struct option rows[] = {
    { "registry", 1, NULL, O_REGISTRY }, { "dir", 1, NULL, O_DIR }, { "seed", 1, NULL, O_SEED },
    { "regions", 1, NULL, O_REGIONS }, { "agencies", 1, NULL, O_AGENCIES }, { "window", 1, NULL, O_WINDOW },
    { "json", 0, NULL, O_JSON }, { "help", 0, NULL, O_HELP }, { "version", 0, NULL, O_VERSION },
    { "key", 1, NULL, O_KEY }, { "scale", 1, NULL, O_SCALE }, { "people", 1, NULL, O_PEOPLE },
    { "etts", 1, NULL, O_ETTS }, { "today", 1, NULL, O_TODAY }, { "missions", 1, NULL, O_MISSIONS },
    { "rate", 1, NULL, O_RATE }, { "spool", 1, NULL, O_SPOOL }, { "history", 1, NULL, O_HISTORY },
    { "strict", 0, NULL, O_STRICT },
    { "late", 1, NULL, O_RATES }, { "out-of-order", 1, NULL, O_RATES + 1 }, { "corrections", 1, NULL, O_RATES + 2 },
    { "cancellations", 1, NULL, O_RATES + 3 }, { "unmatched", 1, NULL, O_RATES + 4 },
    { "repeats", 1, NULL, O_RATES + 5 },
    { "malformed", 1, NULL, O_RATES + 6 }, { "resends", 1, NULL, O_RATES + 7 }, { "conflicts", 1, NULL, O_RATES + 8 },
    { "gaps", 1, NULL, O_RATES + 9 }, { NULL, 0, NULL, 0 },
};

static int wrong(const char *what, const char *value)
{
    fprintf(stderr, "mj-load: expected %s, got \"%s\"; see mj-load --help\n", what, value);
    return -1;
}

static int read_number(uint64_t *ret, const char *text, uint64_t max)
{
    char *end;
    unsigned long long n = strtoull(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end || n > max)
        return wrong("a whole number within reason", text);
    *ret = n;
    return 0;
}

static int read_count(unsigned *ret, const char *text)
{
    uint64_t n;

    if (read_number(&n, text, 100000000) < 0)
        return -1;
    *ret = (unsigned)n;
    return 0;
}

static int read_real(double *ret, const char *text, double max)
{
    char *end;
    double x = strtod(text, &end);

    if (end == text || *end || !(x >= 0 && x <= max))
        return wrong("a number of 0 or more, for a share at most 0.9", text);
    *ret = x;
    return 0;
}

static int read_regions(struct load_options *o, const char *text)
{
    char list[80];
    mj_error err;
    char *save = NULL;

    if (strlen(text) >= sizeof list)
        return wrong("a list of regions such as 52,53", text);
    snprintf(list, sizeof list, "%s", text);
    for (char *code = strtok_r(list, ",", &save); code; code = strtok_r(NULL, ",", &save))
        if (mj_region_check(code, "regions", &err) < 0)
            return wrong("regions by their INSEE codes, such as 52,53", text);
    snprintf(o->figures.regions, sizeof o->figures.regions, "%s", text);
    snprintf(o->demand.regions, sizeof o->demand.regions, "%s", text);
    return 0;
}

static double *rate_of(struct load_rates *r, int i)
{
    double *all[] = { &r->late, &r->out_of_order, &r->corrections, &r->cancellations, &r->unmatched, &r->repeats,
                      &r->malformed, &r->resends, &r->conflicts, &r->gaps };

    return all[i];
}

static int take_text(struct load_options *o, int id, const char *value)
{
    mj_error err;

    switch (id) {
    case O_REGISTRY: o->registry = value; return 0;
    case O_DIR: o->dir = value; return 0;
    case O_KEY: o->key_file = value; return 0;
    case O_SPOOL: o->spool = value; return 0;
    case O_HISTORY: o->history = value; return 0;
    case O_JSON: o->json = true; return 0;
    case O_STRICT: o->strict = true; return 0;
    case O_REGIONS: return read_regions(o, value);
    default: return mj_date_parse(&o->figures.today, value, NULL, &err) < 0 ? wrong("a day YYYY-MM-DD", value) : 0;
    }
}

static int take_option(struct load_options *o, int id, const char *value)
{
    switch (id) {
    case O_SEED:
        o->has_seed = true;
        if (read_number(&o->figures.seed, value, UINT64_MAX) < 0)
            return -1;
        o->demand.seed = o->figures.seed;
        return 0;
    case O_AGENCIES: case O_PEOPLE: case O_ETTS: {
        unsigned *to = id == O_AGENCIES ? &o->figures.agencies : id == O_PEOPLE ? &o->figures.people : &o->figures.etts;
        if (read_count(to, value) < 0)
            return -1;
        o->demand.agencies = o->figures.agencies;
        return 0;
    }
    case O_WINDOW: return read_count(&o->window, value);
    case O_SCALE: return read_real(&o->figures.scale, value, 100);
    case O_MISSIONS: o->has_missions = true; return read_count(&o->demand.missions, value);
    case O_RATE: return read_real(&o->rate, value, 1e9);
    default: break;
    }
    return id >= O_RATES ? read_real(rate_of(&o->demand.rates, id - O_RATES), value, 0.9) : take_text(o, id, value);
}

static void set_defaults(struct load_options *o)
{
    static char dir[512];
    const char *data = getenv("MJ_DATA");

    snprintf(dir, sizeof dir, "%s/load", data && data[0] ? data : "data");
    *o = (struct load_options){ .dir = dir, .registry = getenv("MJ_REGISTRY") };
    o->figures.seed = 1;
    o->figures.scale = 1;
    o->figures.today = mj_local_day((int64_t)time(NULL) * 1000, "11");
    o->demand.rates = (struct load_rates){.late = 0.10,
                                          .out_of_order = 0.05,
                                          .corrections = 0.01,
                                          .cancellations = 0.002,
                                          .unmatched = 0.005,
                                          .repeats = 0.005,
                                          .resends = 0.02};
}

static int check(struct load_options *o, int argc, char **argv)
{
    const char *verb = optind < argc ? argv[optind] : "";

    o->verb = strcmp(verb, "seed") == 0 ? LOAD_SEED : strcmp(verb, "run") == 0 ? LOAD_RUN : LOAD_NO_VERB;
    if (o->verb == LOAD_NO_VERB || optind + 1 < argc)
        return wrong("one of: seed, run", o->verb == LOAD_NO_VERB ? verb : argv[optind + 1]);
    if (!o->registry)
        return wrong("registry's address by --registry or MJ_REGISTRY", "");
    if (o->verb == LOAD_SEED && !o->key_file)
        return wrong("the operator's key file by --key", "");
    if (o->verb == LOAD_RUN && o->window == 0)
        o->window = 2000;
    return 0;
}

int load_options_read(struct load_options *ret, int argc, char **argv)
{
    int id;

    set_defaults(ret);
    while ((id = getopt_long(argc, argv, "h", rows, NULL)) != -1) {
        if (id == O_HELP || id == 'h')
            return fputs(help, stdout) < 0 ? -1 : 1;
        if (id == O_VERSION)
            return printf("mj-load " MJ_VERSION "\n") < 0 ? -1 : 1;
        if (id == '?' || take_option(ret, id, optarg) < 0)
            return -1;                   /* it was said */
    }
    return check(ret, argc, argv);
}
