/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* mj refold: tables hold nothing that a log does not say; without them, a start folds them again. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands.h"
#include "common/base/dates.h"
#include "common/seams/env.h"
#include "common/store/lock.h"
#include "common/store/tables.h"

/* Every open connection of SQLite's holds this byte of the -shm file while it uses the write-ahead log; read models,
 * which have no LOCK, are seen to be in use by it. */
#define SHM_IN_USE 128

static int refuse_if_open(const char *folder, mj_error *err)
{
    char path[600];
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = SHM_IN_USE, .l_len = 1 };
    snprintf(path, sizeof path, "%s/tables.db-shm", folder);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return 0;                        /* nobody has it open, and the last one left cleanly */
    bool open_elsewhere = fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    close(fd);
    if (open_elsewhere)
        return mj_fail(err, MJ_FAILED_PRECONDITION, "LOCKED", NULL, "%s/tables.db is in use by process %ld; stop it "
                       "first", folder, (long)lock.l_pid);
    return 0;
}

static int need_tables(const char *folder, mj_error *err)
{
    char path[600];
    struct stat st;
    snprintf(path, sizeof path, "%s/tables.db", folder);
    if (stat(path, &st) == 0)
        return 0;
    return mj_fail(err, MJ_NOT_FOUND, "NO_TABLES", NULL, "expected a folder with tables.db, such as data/placements/52 "
                   "or data/reporting/model, got %s", folder);
}

static int set_aside(const char *folder, const char *suffix, mj_error *err)
{
    char url[600];
    int lock = -1, rc;
    if (need_tables(folder, err) < 0 || refuse_if_open(folder, err) < 0 || mj_lock_take(&lock, folder, err) < 0)
        return -1;
    snprintf(url, sizeof url, "sqlite:%s/tables.db", folder);
    rc = mj_tables_set_aside(url, suffix, err);
    mj_lock_drop(lock);
    return rc;
}

static int refold(struct cli *cli)
{
    char suffix[48];
    mj_error err;

    if (!cli_words(cli, 1, 1))
        return EXIT_USAGE;
    snprintf(suffix, sizeof suffix, "refold-%lld", (long long)mj_wall_ms(&mj_env_real));
    if (set_aside(cli->words[0], suffix, &err) < 0)
        return cli_fail(cli, &err);
    if (cli->json)
        cli_print_json(json_pack("{s:s,s:s}", "folder", cli->words[0], "suffix", suffix));
    else
        printf("the tables of %s are set aside (%s); the next start folds them again from the log. Delete what was set "
               "aside once that is done.\n", cli->words[0], suffix);
    return EXIT_OK;
}

const struct command command_refold = {
    "refold", "sets tables aside, so that the next start folds them again from the log", "DIR",
    "  systemctl stop mj@placements && mj refold /var/lib/mj/placements/52 && systemctl start mj@placements\n", NULL,
    refold,
};
