/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Options, help, and what is printed. */
#include "cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/nearest.h"

#define DEFAULT_TIMEOUT_MS 10000

static const struct option_row common_rows[] = {
    { "registry", "ADDRESS", "tcp://host:port/public key of the registry, several with commas" },
    { "key-file", "FILE", "your key pair, as mj keys new makes it" },
    { "profile", "FILE", "where registry, key-file, siret and commune stand" },
    { "timeout", "SECONDS", "how long to wait for the platform (10)" },
    { "json", NULL, "one JSON object a line" },
    { NULL, NULL, NULL },
};

/* ---- help ---- */

static void help_rows(const struct option_row *rows, FILE *out)
{
    for (const struct option_row *r = rows; r && r->name; r++) {
        char left[64];
        snprintf(left, sizeof left, "--%s%s%s", r->name, r->value ? " " : "", r->value ? r->value : "");
        fprintf(out, "  %-24s %s\n", left, r->help);
    }
}

void cli_help(const struct command *c, FILE *out)
{
    fprintf(out, "mj %s: %s\n\nExamples:\n%s\nUsage: mj %s %s\n", c->name, c->summary, c->examples, c->name, c->usage);
    help_rows(c->options, out);
    fputs("Options of all commands:\n", out);
    help_rows(common_rows, out);
}

/* ---- saying what is wrong ---- */

int cli_usage(const struct cli *cli, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    fprintf(stderr, "mj %s: %s\nUsage: mj %s %s\nmj help %s shows examples.\n", cli->command->name, text,
            cli->command->name, cli->command->usage, cli->command->name);
    return EXIT_USAGE;
}

void cli_json_text(json_t *object, const char *name, const char *text)
{
    if (text && text[0])
        json_object_set_new(object, name, json_string(text));
}

void cli_print_json(json_t *object)
{
    json_dumpf(object, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
    putchar('\n');
    fflush(stdout);
    json_decref(object);
}

static int exit_of(mj_code code)
{
    switch (code) {
    case MJ_UNKNOWN: case MJ_DEADLINE_EXCEEDED: case MJ_RESOURCE_EXHAUSTED: case MJ_ABORTED: case MJ_UNAVAILABLE:
        return EXIT_AGAIN;
    default:
        return EXIT_REFUSED;
    }
}

int cli_fail(const struct cli *cli, const mj_error *err)
{
    int rc = exit_of(err->code);
    if (!cli->json) {
        fprintf(stderr, "mj %s: %s%s%s%s: %s\n", cli->command->name, err->reason, err->field[0] ? " (" : "", err->field,
                err->field[0] ? ")" : "", err->text);
        if (strcmp(err->reason, "NO_INSTANCE") == 0)
            fputs("    Is the platform up, and is the key one that its registry knows?\n", stderr);
        return rc;
    }
    json_t *e = json_object(), *line = json_object();
    cli_json_text(e, "code", mj_code_name(err->code));
    cli_json_text(e, "reason", err->reason);
    cli_json_text(e, "field", err->field);
    cli_json_text(e, "message", err->text);
    json_object_set_new(e, "level", json_integer(rc));
    json_object_set_new(line, "error", e);
    cli_print_json(line);
    return rc;
}

/* ---- options ---- */

static int row_of(const struct cli *cli, const char *name)
{
    for (int i = 0; i < OPTIONS_MAX && cli->rows[i]; i++)
        if (strcmp(cli->rows[i]->name, name) == 0)
            return i;
    fprintf(stderr, "mj: no option --%s in the table of %s\n", name, cli->command->name);
    abort();
}

const char *cli_option(const struct cli *cli, const char *name)
{
    return cli->values[row_of(cli, name)];
}

const char *cli_required(struct cli *cli, const char *name)
{
    const char *value = cli_option(cli, name);
    if (!value)
        cli_usage(cli, "--%s %s is missing", name, cli->rows[row_of(cli, name)]->value);
    return value;
}

bool cli_number(struct cli *cli, const char *name, uint64_t otherwise, uint64_t max, uint64_t *ret)
{
    const char *text = cli_option(cli, name);
    char *end = NULL;
    *ret = otherwise;
    if (!text)
        return true;
    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || errno || n > max) {
        cli_usage(cli, "--%s: expected a whole number up to %llu, got \"%s\"", name, (unsigned long long)max, text);
        return false;
    }
    *ret = n;
    return true;
}

bool cli_words(struct cli *cli, int min, int max)
{
    if (cli->count >= min && cli->count <= max)
        return true;
    if (cli->count < min)
        cli_usage(cli, "something is missing");
    else
        cli_usage(cli, "\"%s\" is too much", cli->words[max]);
    return false;
}

static int unknown_option(struct cli *cli, const char *typed)
{
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(typed, "="), typed);
    struct mj_nearest n = mj_nearest_to(name + strspn(name, "-"));
    for (int i = 0; i < OPTIONS_MAX && cli->rows[i]; i++)
        mj_nearest_try(&n, cli->rows[i]->name);
    return cli_usage(cli, "there is no option %s%s%s%s", name, n.name ? "; did you mean --" : "", n.name ? n.name : "",
                     n.name ? "?" : "");
}

static void gather_rows(struct cli *cli, struct option *longs)
{
    const struct option_row *tables[] = { cli->command->options, common_rows };
    int n = 0;
    for (int t = 0; t < 2; t++)
        for (const struct option_row *r = tables[t]; r && r->name && n < OPTIONS_MAX - 1; r++, n++) {
            cli->rows[n] = r;
            longs[n] = (struct option){ r->name, r->value ? required_argument : no_argument, NULL, 0 };
        }
}

static int read_options(struct cli *cli, int argc, char **argv)
{
    struct option longs[OPTIONS_MAX] = { 0 };
    int index = 0, c;
    gather_rows(cli, longs);
    opterr = 0;
    while ((c = getopt_long(argc, argv, ":", longs, &index)) != -1) {
        if (c == ':')
            return cli_usage(cli, "%s needs a value", argv[optind - 1]);
        if (c == '?')
            return unknown_option(cli, argv[optind - 1]);
        if (cli->values[index])
            return cli_usage(cli, "--%s was given twice", longs[index].name);
        cli->values[index] = optarg ? optarg : "";
    }
    cli->words = argv + optind;
    cli->count = argc - optind;
    return EXIT_OK;
}

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value && value[0] ? value : NULL;
}

/* One place wins over the next: option, environment, profile. */
static void settle(char *field, size_t size, const char *option, const char *variable)
{
    const char *value = option ? option : environment(variable);
    if (value)
        snprintf(field, size, "%s", value);
}

int cli_begin(struct cli *cli, int argc, char **argv)
{
    mj_error err;
    uint64_t seconds;
    int rc = read_options(cli, argc, argv);
    if (rc != EXIT_OK || !cli_number(cli, "timeout", DEFAULT_TIMEOUT_MS / 1000, 3600, &seconds))
        return EXIT_USAGE;
    cli->json = cli_option(cli, "json") != NULL;
    cli->timeout_ms = (uint32_t)seconds * 1000;
    cli->data = environment("MJ_DATA") ? environment("MJ_DATA") : "data";
    cli->arena = mj_arena_create(0);
    if (profile_read(&cli->profile, cli_option(cli, "profile"), cli->data, &err) < 0)
        return cli_fail(cli, &err);
    settle(cli->profile.registry, sizeof cli->profile.registry, cli_option(cli, "registry"), "MJ_REGISTRY");
    settle(cli->profile.key_file, sizeof cli->profile.key_file, cli_option(cli, "key-file"), "MJ_KEY_FILE");
    return EXIT_OK;
}
