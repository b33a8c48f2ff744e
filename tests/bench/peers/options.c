/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static const char usage[] = "usage: --events FILE (--start DIR | --server ADDRESS) [--max N] [--rate N [--seconds N]] "
                            "[--plain | --full]";

enum { O_EVENTS = 1, O_MAX, O_START, O_SERVER, O_RATE, O_SECONDS, O_PLAIN, O_FULL };

static const struct option names[] = {
    { "events", required_argument, NULL, O_EVENTS }, { "max", required_argument, NULL, O_MAX },
    { "start", required_argument, NULL, O_START },   { "server", required_argument, NULL, O_SERVER },
    { "rate", required_argument, NULL, O_RATE },     { "seconds", required_argument, NULL, O_SECONDS },
    { "plain", no_argument, NULL, O_PLAIN },         { "full", no_argument, NULL, O_FULL },
    { NULL, 0, NULL, 0 },
};

static void take(struct bench_options *o, int name, const char *value)
{
    switch (name) {
    case O_EVENTS: o->events = value; break;
    case O_MAX: o->max = strtoull(value, NULL, 10); break;
    case O_START: o->start = value; break;
    case O_SERVER: o->server = value; break;
    case O_RATE: o->rate = atoi(value); break;
    case O_SECONDS: o->seconds = atof(value); break;
    case O_PLAIN: o->full = false; break;
    case O_FULL: o->full = true; break;
    default: bench_die("%s", usage);
    }
}

void bench_options_read(struct bench_options *ret, int argc, char **argv)
{
    int name;
    memset(ret, 0, sizeof *ret);
    ret->seconds = 10;
    while ((name = getopt_long(argc, argv, "", names, NULL)) != -1) {
        take(ret, name, optarg);
    }
    if (optind != argc || ret->events == NULL || (ret->start == NULL) == (ret->server == NULL) || ret->rate < 0 ||
        ret->seconds <= 0) {
        bench_die("%s", usage);
    }
}
