/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* options: the command line of mj-load. */
#ifndef MJ_LOAD_OPTIONS_H
#define MJ_LOAD_OPTIONS_H

#include "agenda.h"

enum load_verb { LOAD_NO_VERB, LOAD_SEED, LOAD_RUN };

struct load_options {
    enum load_verb verb;
    const char *registry;                /* its address and key; else from MJ_REGISTRY */
    const char *dir;                     /* world.tsv, keys/ */
    const char *key_file;                /* seed: the operator's */
    struct load_figures figures;         /* seed */
    bool has_seed;
    struct load_demand demand;           /* run */
    bool has_missions;
    double rate;                         /* run: events a second; 0: as fast as credit goes */
    unsigned window;                     /* seed: commands outstanding a connection; run: events outstanding of it */
    const char *history, *spool;         /* run: NULL: none; in memory */
    bool json, strict;
};

/* 0: go on; 1: help or version was printed; -1: wrong, and it was said on stderr. */
int load_options_read(struct load_options *ret, int argc, char **argv);

#endif
