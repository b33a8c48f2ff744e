/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* options: what every peer's program is told on its command line. */
#ifndef MJ_BENCH_OPTIONS_H
#define MJ_BENCH_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct bench_options {
    const char *events;                  /* --events FILE */
    size_t max;                          /* --max N events of it; 0 is all */
    const char *start;                   /* --start DIR: run the server there, and remove what it left */
    const char *server;                  /* --server ADDRESS of one that runs and is empty */
    int rate;                            /* --rate N single events a second; 0: as fast as it goes */
    double seconds;                      /* --seconds N of a --rate run */
    bool full;                           /* --full; --plain is the default */
};

/* Dies with a usage line where they make no sense. Exactly one of start and server is set. */
void bench_options_read(struct bench_options *ret, int argc, char **argv);

#endif
