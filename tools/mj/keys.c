/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* mj keys init, mj keys new: key pairs on this machine. Nothing is asked of the platform. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "common/base/crypto.h"
#include "common/base/ids.h"
#include "common/service/keyfile.h"
#include "common/store/lock.h"

#define PATH_ROOM 512

/* The principals that exist before any log does; follows: the logs a service reads. */
static const struct founder { const char *id, *role, *follows; } founders[] = {
    { "registry", "service", "registry" },
    { "placements", "service", "registry" },
    { "reporting", "service", "registry,placements" },
    { "operator", "operator", NULL },
    { "demo", "demo", NULL },            /* only where asked for: it sees all */
};
#define FOUNDERS (sizeof founders / sizeof founders[0])

static int make_key(const char *path, char hex[65], mj_error *err)
{
    struct mj_curve keys;
    mj_curve_make(&keys);
    if (mj_keyfile_write(&keys, path, err) < 0)
        return -1;
    mj_hex(hex, keys.public_key, MJ_CURVE_KEY);
    return 0;
}

static int cannot_make(const char *path, mj_error *err)
{
    if (errno == EEXIST)
        return mj_fail(err, MJ_ALREADY_EXISTS, "BOOTSTRAP", NULL, "%s is there already and stays as it is; name "
                       "another folder", path);
    return mj_fail(err, MJ_FAILED_PRECONDITION, "BOOTSTRAP", NULL, "cannot write %s: %s", path, strerror(errno));
}

/* Public keys only: every service reads it. */
static int write_bootstrap(const char *path, const struct mj_buf *text, mj_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return cannot_make(path, err);
    bool written = write(fd, text->data, text->len) == (ssize_t)text->len && fsync(fd) == 0;
    if (close(fd) != 0 || !written) {
        unlink(path);
        return cannot_make(path, err);
    }
    return 0;
}

static int make_founders(const char *folder, size_t count, struct mj_buf *bootstrap, mj_error *err)
{
    char path[PATH_ROOM], hex[65];
    mj_buf_printf(bootstrap, "# id role public-key [follows=logs]; made by mj keys init\n");
    for (size_t i = 0; i < count; i++) {
        const struct founder *f = &founders[i];
        snprintf(path, sizeof path, "%s/%s.key", folder, f->id);
        if (make_key(path, hex, err) < 0)
            return -1;
        mj_buf_printf(bootstrap, "%s %s %s%s%s\n", f->id, f->role, hex, f->follows ? " follows=" : "",
                      f->follows ? f->follows : "");
    }
    return 0;
}

static void say_made(const struct cli *cli, const char *folder, size_t count)
{
    if (!cli->json) {
        printf("made %s/bootstrap, and a key file each for", folder);
        for (size_t i = 0; i < count; i++)
            printf("%s %s", i ? "," : "", founders[i].id);
        printf("\n");
        return;
    }
    json_t *keys = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(keys, json_sprintf("%s/%s.key", folder, founders[i].id));
    cli_print_json(json_pack("{s:o,s:o}", "bootstrap", json_sprintf("%s/bootstrap", folder), "key_files", keys));
}

static int init(struct cli *cli)
{
    struct mj_buf bootstrap = MJ_BUF_INIT;
    char path[PATH_ROOM];
    size_t count = FOUNDERS - (cli_option(cli, "demo") ? 0 : 1);
    mj_error err;
    int rc;

    if (!cli_words(cli, 1, 1))
        return EXIT_USAGE;
    const char *folder = cli->words[0];
    snprintf(path, sizeof path, "%s/bootstrap", folder);
    if (access(path, F_OK) == 0) {
        errno = EEXIST;
        cannot_make(path, &err);
        return cli_fail(cli, &err);
    }
    rc = mj_crypto_init(&err) < 0 || mj_directory_make(folder, &err) < 0 ||
         make_founders(folder, count, &bootstrap, &err) < 0 || write_bootstrap(path, &bootstrap, &err) < 0 ? -1 : 0;
    mj_buf_free(&bootstrap);
    if (rc < 0)
        return cli_fail(cli, &err);
    say_made(cli, folder, count);
    return EXIT_OK;
}

static const struct option_row init_options[] = {
    { "demo", NULL, "also a key of role demo, which sees all: for made-up data only" }, { NULL, NULL, NULL },
};
const struct command command_keys_init = {
    "keys init", "makes the first keys of a platform and its bootstrap file", "DIR [--demo]",
    "  mj keys init /etc/mj/keys\n  mj keys init data/keys --demo\n", init_options, init,
};

static int make_new(struct cli *cli)
{
    char hex[65];
    mj_error err;

    if (!cli_words(cli, 1, 1))
        return EXIT_USAGE;
    if (mj_crypto_init(&err) < 0 || make_key(cli->words[0], hex, &err) < 0)
        return cli_fail(cli, &err);
    if (cli->json)
        cli_print_json(json_pack("{s:s,s:s}", "public_key", hex, "key_file", cli->words[0]));
    else
        puts(hex);
    return EXIT_OK;
}

const struct command command_keys_new = {
    "keys new", "makes a key pair and prints its public key", "FILE",
    "  mj keys new agence.key\n  mj keys add agence-nantes $(mj keys new agence.key)\n", NULL, make_new,
};
