/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* mj log verify, mj log dump: a log's directory, without its service. Reading disturbs no writer. */
#include <ftw.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "commands.h"
#include "common/base/dates.h"
#include "common/base/ids.h"
#include "common/store/log.h"

#define DUMP_STEP (1024u * 1024u)

/* ---- verify ---- */

static struct { const struct cli *cli; int worst; size_t found; } audit;     /* nftw passes nothing on */

static void verify_log(const char *path)
{
    char url[600];
    uint64_t commits = 0, entries = 0;
    mj_error err;

    audit.found++;
    snprintf(url, sizeof url, "file:%s", path);
    if (mj_log_verify(url, &commits, &entries, &err) < 0) {
        if (!audit.cli->json)
            printf("BROKEN  %s\n", path);
        fflush(stdout);
        audit.worst = cli_fail(audit.cli, &err);
    } else if (audit.cli->json) {
        cli_print_json(json_pack("{s:s,s:I,s:I}", "log", path, "commits", (json_int_t)commits, "entries",
                                 (json_int_t)entries));
    } else {
        printf("ok      %s: %" PRIu64 " commits, %" PRIu64 " entries\n", path, commits, entries);
    }
}

static int visit(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    if (type == FTW_D && strcmp(path + ftw->base, "log") == 0)
        verify_log(path);
    return 0;
}

static void verify_below(const char *word)
{
    char path[PATH_MAX];
    struct stat st;
    size_t len = (size_t)snprintf(path, sizeof path, "%s", word);

    if (len >= sizeof path || stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
        verify_log(word);
        return;
    }
    while (len > 1 && path[len - 1] == '/')
        path[--len] = '\0';
    nftw(path, visit, 16, FTW_PHYS);
}

static int verify(struct cli *cli)
{
    if (cli->count == 0)
        return cli_usage(cli, "something is missing");
    audit.cli = cli;
    for (int i = 0; i < cli->count; i++)
        verify_below(cli->words[i]);
    if (audit.found == 0)
        return cli_usage(cli, "no directory log in there");
    return audit.worst;
}

const struct command command_log_verify = {
    "log verify", "reads logs from end to end and checks every link of their chains", "DIR...",
    "  mj log verify data\n  mj log verify /backup/placements/52/log\n", NULL, verify,
};

/* ---- dump ---- */

struct dump { uint64_t next, end; struct mj_arena *arena; mj_error err; int rc; };

static void set_hex(json_t *o, const char *name, const uint8_t *bytes, size_t len)
{
    if (!bytes)
        return;
    char *text = mj_alloc(2 * len + 1);
    json_object_set_new(o, name, json_string(mj_hex(text, bytes, len)));
    free(text);
}

static int print_entry(void *arg, const struct mj_entry *e)
{
    struct dump *d = arg;
    char at[25];
    if (e->position < d->next)
        return 0;
    json_t *o =
        json_pack("{s:I,s:s,s:i,s:s}", "position", (json_int_t)e->position, "recorded_at",
                  mj_utc_format((int64_t)e->recorded_at_ms, at), "type", (int)e->type, "principal", e->principal);
    set_hex(o, "command_key", e->command_key, 16);
    set_hex(o, "payload", e->payload, e->payload_len);
    cli_print_json(o);
    return ferror(stdout);
}

static int print_commit(void *arg, const struct mj_commit *c)
{
    struct dump *d = arg;
    if (c->first >= d->end)
        return 1;                        /* of a writer at work: not whole yet, perhaps */
    mj_arena_reset(d->arena, 0);
    d->rc = mj_block_each(c, d->arena, print_entry, d, &d->err);
    if (c->first + c->count > d->next)
        d->next = c->first + c->count;
    return d->rc != 0;
}

static int dump(struct cli *cli)
{
    struct dump d = { 0 };
    struct mj_log_reader *reader = NULL;
    struct mj_log_head head;
    char url[600];

    if (!cli_words(cli, 1, 1) || !cli_number(cli, "from", 1, INT64_MAX, &d.next))
        return EXIT_USAGE;
    snprintf(url, sizeof url, "file:%s", cli->words[0]);
    d.arena = mj_arena_create(0);
    d.rc = mj_log_reader_open(&reader, url, &d.err) < 0 || mj_log_reader_head(reader, &head, &d.err) < 0 ? -1 : 0;
    d.end = d.rc == 0 ? head.end : 0;
    while (d.next < d.end && d.rc == 0)
        if (mj_log_read(reader, d.next, DUMP_STEP, print_commit, &d, &d.err) < 0)
            d.rc = -1;
    if (reader)
        mj_log_reader_close(reader);
    mj_arena_destroy(d.arena);
    return d.rc < 0 ? cli_fail(cli, &d.err) : EXIT_OK;
}

static const struct option_row dump_options[] = {
    { "from", "POSITION", "starts there (1)" }, { NULL, NULL, NULL },
};
const struct command command_log_dump = {
    "log dump", "prints a log's entries as JSON lines, payloads in hexadecimal", "DIR [--from POSITION]",
    "  mj log dump data/placements/52/log --from 100 | head\n", dump_options, dump,
};
