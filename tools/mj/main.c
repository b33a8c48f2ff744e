/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* mj: the command line of Mission Jeunes. Finds the command, reads its options, runs it. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands.h"
#include "common/base/nearest.h"

static const struct command *const commands[] = {
    &command_status, &command_watch, &command_counters,
    &command_send, &command_check, &command_trace, &command_exceptions, &command_placements,
    &command_organisation_add, &command_organisation_list, &command_principal_add, &command_rule_add, &command_enrol,
    &command_keys_init, &command_keys_new, &command_keys_add, &command_keys_revoke,
    &command_log_verify, &command_log_dump, &command_refold,
};
#define COMMANDS (sizeof commands / sizeof commands[0])

static void help_all(FILE *out)
{
    fputs("mj: speaks to the Mission Jeunes platform\n\n"
          "Usage: mj COMMAND [options]; mj help COMMAND shows examples.\n\n", out);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-19s %s\n", commands[i]->name, commands[i]->summary);
    fputs("\nWhere the platform is, and who you are, stand in a profile (data/mj.profile, MJ_PROFILE or --profile):\n"
          "  registry=tcp://HOST:PORT/PUBLIC-KEY   key-file=FILE   siret=14 DIGITS   commune=INSEE CODE\n"
          "or in MJ_REGISTRY and MJ_KEY_FILE, or in --registry and --key-file.\n\n"
          "Exit status: 0 done; 1 with warnings; 2 try again; 3 refused; 64 wrong command line.\n", out);
}

/* Is name the command, or the first word of it? */
static bool in_family(const struct command *c, const char *word)
{
    size_t len = strlen(word);
    return strncmp(c->name, word, len) == 0 && (c->name[len] == '\0' || c->name[len] == ' ');
}

/* The command that one or two words name; *words says how many it took. NULL: none. */
static const struct command *find(const char *first, const char *second, int *words)
{
    char both[64];
    snprintf(both, sizeof both, "%s %s", first, second ? second : "");
    for (size_t i = 0; i < COMMANDS; i++) {
        bool one = strcmp(commands[i]->name, first) == 0;
        if (!one && strcmp(commands[i]->name, both) != 0)
            continue;
        *words = one ? 1 : 2;
        return commands[i];
    }
    return NULL;
}

/* Lists what a first word alone could have meant ("mj keys"), or names the nearest command. */
static int unknown(const char *first, const char *second)
{
    char typed[64], heads[COMMANDS][32];
    bool family = false;
    for (size_t i = 0; i < COMMANDS; i++) {
        family = family || in_family(commands[i], first);
        snprintf(heads[i], sizeof heads[i], "%.*s", (int)strcspn(commands[i]->name, " "), commands[i]->name);
    }
    if (family && !second) {
        fprintf(stderr, "mj: \"%s\" what?\n", first);
        for (size_t i = 0; i < COMMANDS; i++)
            if (in_family(commands[i], first))
                fprintf(stderr, "  mj %s %s\n", commands[i]->name, commands[i]->usage);
        return EXIT_USAGE;
    }
    snprintf(typed, sizeof typed, "%s%s%s", first, family ? " " : "", family ? second : "");
    struct mj_nearest n = mj_nearest_to(typed);
    for (size_t i = 0; i < COMMANDS; i++)
        mj_nearest_try(&n, family ? commands[i]->name : heads[i]);
    fprintf(stderr, "mj: there is no command \"%s\"%s%s%s\n", typed,
            n.name ? "; did you mean " : "; mj help lists them", n.name ? n.name : "", n.name ? "?" : "");
    return EXIT_USAGE;
}

static int help_about(const char *first, const char *second)
{
    int words, shown = 0;
    const struct command *exact = find(first, second, &words);
    if (exact) {
        cli_help(exact, stdout);
        return EXIT_OK;
    }
    for (size_t i = 0; !second && i < COMMANDS; i++) {
        if (!in_family(commands[i], first))
            continue;
        if (shown++)
            putchar('\n');
        cli_help(commands[i], stdout);
    }
    return shown ? EXIT_OK : unknown(first, second);
}

static bool takes_value(const char *option)
{
    static const char *const common[] = { "--registry", "--key-file", "--profile", "--timeout" };
    for (size_t i = 0; i < sizeof common / sizeof common[0]; i++)
        if (strcmp(option, common[i]) == 0)
            return true;
    return false;
}

/* Options that all commands have may stand before the command: where its first word is, or argc. */
static int first_word(int argc, char **argv)
{
    int i = 1;
    while (i < argc && argv[i][0] == '-' && argv[i][1])
        i += takes_value(argv[i]) ? 2 : 1;
    return i < argc ? i : argc;
}

static bool asks_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

/* A reader that closed its pipe has seen what it wanted: nothing is said then. */
static int not_written(void)
{
    struct stat st;
    if (fstat(STDOUT_FILENO, &st) != 0 || !S_ISFIFO(st.st_mode))
        fputs("mj: standard output could not be written; is the disk full?\n", stderr);
    return EXIT_AGAIN;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct cli cli = { .command = command };
    int rc = cli_begin(&cli, argc, argv);
    if (rc == EXIT_OK)
        rc = command->run(&cli);
    cli_end(&cli);
    return fflush(stdout) != 0 || ferror(stdout) ? not_written() : rc;
}

int main(int argc, char **argv)
{
    int at = first_word(argc, argv), words = 0;
    bool help = asks_help(argc, argv);
    if (argc > 1 && strcmp(argv[1], "--version") == 0) {
        puts("mj " MJ_VERSION);
        return EXIT_OK;
    }
    if (at == argc) {
        help_all(help ? stdout : stderr);
        return help ? EXIT_OK : EXIT_USAGE;
    }
    const char *second = at + 1 < argc && argv[at + 1][0] != '-' ? argv[at + 1] : NULL;
    if (strcmp(argv[at], "help") == 0 && !second) {
        help_all(stdout);
        return EXIT_OK;
    }
    if (strcmp(argv[at], "help") == 0)
        return help_about(second, at + 2 < argc ? argv[at + 2] : NULL);
    const struct command *command = find(argv[at], second, &words);
    if (help)
        return command ? help_about(command->name, NULL) : help_about(argv[at], second);
    if (!command)
        return unknown(argv[at], second);
    memmove(argv + at, argv + at + words, (size_t)(argc - at - words + 1) * sizeof *argv);
    return run(command, argc - words, argv);
}
