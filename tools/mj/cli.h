/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* cli: what every command of mj stands on: its row in the table, its options, the connection, what it prints.
 *
 * A command prints its result on standard output (with --json: one JSON object a line) and answers an exit code;
 * an error is said once, by cli_fail. */
#ifndef MJ_TOOLS_CLI_H
#define MJ_TOOLS_CLI_H

#include <jansson.h>
#include <stdbool.h>

#include "client/mj_client.h"

enum exit_code {
    EXIT_OK = 0,                         /* level 0 */
    EXIT_WARNED = 1,                     /* level 1: some events with a warning, or unmatched */
    EXIT_AGAIN = 2,                      /* level 2: not reachable, or nobody knows: try again */
    EXIT_REFUSED = 3,                    /* level 3: rejected, conflict, invalid */
    EXIT_USAGE = 64,                     /* the command line itself is wrong (sysexits.h EX_USAGE) */
};

struct option_row {                      /* one --option of a command */
    const char *name;
    const char *value;                   /* "FILE"; NULL: a bare flag */
    const char *help;
};

struct cli;
struct command {
    const char *name;                    /* "send", "keys init" */
    const char *summary;                 /* one line */
    const char *usage;                   /* what follows "mj keys init" */
    const char *examples;                /* whole lines, as typed */
    const struct option_row *options;    /* ends with name NULL; NULL: none of its own */
    int (*run)(struct cli *cli);
};

#define OPTIONS_MAX 32

struct profile {                         /* an INI file of the user's */
    char registry[512], key_file[256], siret[15], commune[6];
    bool demo;                           /* figures are made up */
};

struct cli {
    const struct command *command;
    struct profile profile;
    const char *data;                    /* MJ_DATA, or "data" */
    bool json;
    uint32_t timeout_ms;
    char **words;                        /* what stands after the command's name and is no option */
    int count;
    const struct option_row *rows[OPTIONS_MAX];
    const char *values[OPTIONS_MAX];     /* of rows; a flag's is "" */
    struct mj_client *client;
    struct mj_arena *arena;              /* answers; goes at the end */
};

/* The value of a command's own option; NULL where it was not given. A name that its table lacks aborts. */
const char *cli_option(const struct cli *cli, const char *name);
/* As cli_option; says what is missing, where it is. */
const char *cli_required(struct cli *cli, const char *name);
bool cli_number(struct cli *cli, const char *name, uint64_t otherwise, uint64_t max, uint64_t *ret);
/* How many words there must be; says so where there are others. */
bool cli_words(struct cli *cli, int min, int max);

/* Reads options (cli->command is set) and the profile, and fills the rest. EXIT_OK, or EXIT_USAGE once it was said. */
int cli_begin(struct cli *cli, int argc, char **argv);
void cli_end(struct cli *cli);
void cli_help(const struct command *c, FILE *out);

/* Opens cli->client with the profile's registry and key; said where it fails. */
int cli_connect(struct cli *cli);
/* Before what outstanding calls point to goes; else cli_end does it. */
void cli_disconnect(struct cli *cli);
/* One call, waited for: NULL when it failed, which was said; *code then says how to end. */
struct cli_call {
    const char *method, *region;
    const ProtobufCMessage *body;
    const ProtobufCMessageDescriptor *answer;
    bool command;                        /* gets an idempotency key, and is sent again under it while unknown */
    const char *service;                 /* who is asked; NULL: the method's first word */
};
const void *cli_ask(struct cli *cli, const struct cli_call *call, int *code);
/* As cli_ask, but says nothing. */
int cli_try(struct cli *cli, const struct cli_call *call, const void **answer, mj_error *err);

/* region.c. The region of an organisation's things; for commands that have an option --region. */
int cli_region_of(struct cli *cli, const char *id, char region[3]);
/* One row for each process of a service (NULL: of every one): one of the partitions it serves, which leads calls to
 * it. Waits until the directory has answered, and for one row at least. In the arena; -1: none in time. */
int cli_processes(struct cli *cli, const char *service, struct mj_instance **ret, size_t *count, mj_error *err);

/* Says an error on standard error, or with --json as an object on standard output. Answers the exit code that fits. */
int cli_fail(const struct cli *cli, const mj_error *err);
int cli_usage(const struct cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Prints an object on one line and lets it go. */
void cli_print_json(json_t *object);
/* A member that is a text, left out where it is "". */
void cli_json_text(json_t *object, const char *name, const char *text);

/* profile.c. path NULL: $MJ_PROFILE, else $MJ_DATA/mj.profile, else nothing where there is none. */
int profile_read(struct profile *p, const char *path, const char *data, mj_error *err);

#endif
