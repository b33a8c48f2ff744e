/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* The connection to the platform, and one call over it. */
#include <string.h>

#include "cli.h"
#include "common/service/keyfile.h"

int cli_connect(struct cli *cli)
{
    struct mj_curve keys;
    struct mj_client_options o = { .registry = cli->profile.registry, .keys = &keys };
    mj_error err;

    if (!cli->profile.registry[0] || !cli->profile.key_file[0]) {
        mj_fail(&err, MJ_FAILED_PRECONDITION, "NO_PROFILE", NULL,
                "it is not said %s; give --%s, or write it in %s/mj.profile (tools/up makes one)",
                cli->profile.registry[0] ? "who you are" : "where the platform is",
                cli->profile.registry[0] ? "key-file FILE" : "registry ADDRESS", cli->data);
        return cli_fail(cli, &err);
    }
    if (mj_keyfile_read(&keys, cli->profile.key_file, &err) < 0 || mj_client_open(&cli->client, &o, &err) < 0)
        return cli_fail(cli, &err);
    return EXIT_OK;
}

/* A command whose outcome nobody knows is sent again under its key, as long as there is time: it is done once. */
static int ask(struct cli *cli, const struct mj_call *call, bool again, const void **answer, mj_error *err)
{
    uint64_t deadline = mj_loop_now_ms(mj_client_loop(cli->client)) + cli->timeout_ms;
    int rc;
    do
        rc = mj_client_ask(cli->client, NULL, call, cli->arena, answer, err);
    while (rc < 0 && err->code == MJ_UNKNOWN && again && mj_loop_now_ms(mj_client_loop(cli->client)) < deadline);
    return rc;
}

const void *cli_ask(struct cli *cli, const struct cli_call *c, int *code)
{
    uint8_t key[MJ_COMMAND_KEY];
    struct mj_call call = { .method = c->method, .region = c->region, .body = c->body, .answer = c->answer,
                            .timeout_ms = cli->timeout_ms };
    const void *answer = NULL;
    mj_error err;

    if (c->command) {
        mj_client_key(cli->client, key);
        call.key = key;
    }
    if (ask(cli, &call, c->command, &answer, &err) < 0) {
        *code = cli_fail(cli, &err);
        return NULL;
    }
    *code = EXIT_OK;
    return answer;
}

void cli_end(struct cli *cli)
{
    mj_client_close(cli->client);
    mj_arena_destroy(cli->arena);
}
