/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* The inside of the settings, shared by the files that are its parts: config.c (load, read), config_sources.c (flags,
 * environment, file), config_value.c (what a text must be) and config_help.c (texts for people). Nobody else includes
 * it. */
#ifndef MJ_SERVICE_CONFIG_PRIVATE_H
#define MJ_SERVICE_CONFIG_PRIVATE_H

#include <stddef.h>
#include <stdio.h>

#include "common/service/config.h"

/* Ascending: what comes later wins. */
enum config_source { FROM_NOWHERE, FROM_DEFAULT, FROM_FILE, FROM_ENVIRONMENT, FROM_FLAG };

struct config_setting {
    struct mj_config_item item;          /* a copy: tables may be on a stack; its texts are not copied */
    enum config_source source;
    char origin[128];                    /* "flag --listen", "environment MJ_LISTEN", "file mj.ini", "default" */
    char *text;                          /* as given; NULL while nothing gave it */
    uint64_t number;                     /* UINT, SIZE, FLAG, REGIONS */
    char host[64];                       /* ADDRESS */
    int port;
};

struct mj_config {
    char program[32];                    /* "mj-placements" */
    char prefix[32];                     /* "MJ_PLACEMENTS_", or "" for "mj" itself */
    const char *file;                    /* of --config; NULL: the environment's, or none */
    bool check;                          /* --check-config was given */
    struct config_setting *settings;
    size_t count;
};

/* NULL where there is none of that name. */
struct config_setting *config_find(const struct mj_config *c, const char *name);
/* Takes a text from a source. A list of regions given again by one source grows; a key given again in the file is
 * CONFIG_REPEATED; of flags the last wins. */
int config_give(struct config_setting *s, enum config_source source, const char *origin, const char *text,
                mj_error *err);
/* CONFIG_UNKNOWN, with the nearest name that exists. */
int config_unknown(const struct mj_config *c, const char *origin, const char *name, mj_error *err);

/* config_sources.c. CONFIG_UNKNOWN, CONFIG_ARGUMENT, CONFIG_FILE, CONFIG_SECTION, CONFIG_REPEATED. */
int config_take_flags(struct mj_config *c, int argc, char **argv, mj_error *err);
int config_take_environment(struct mj_config *c, mj_error *err);
int config_take_file(struct mj_config *c, mj_error *err);
/* "MJ_" or "MJ_PLACEMENTS_", then name in capitals with _ for -. */
void config_environment_name(char out[96], const char *prefix, const char *name);

/* config_value.c: checks s->text and fills what follows it. CONFIG_VALUE, CONFIG_MISSING. */
int config_check_value(struct config_setting *s, mj_error *err);

/* config_help.c */
void config_print_help(const struct mj_config *c, const char *summary, FILE *out);
void config_print_values(const struct mj_config *c, FILE *out);

#endif
