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
int cli_try(struct cli *cli, const struct cli_call *c, const void **answer, mj_error *err)
{
    uint8_t key[MJ_COMMAND_KEY];
    struct mj_call call = { .method = c->method, .region = c->region, .body = c->body, .answer = c->answer,
                            .key = c->command ? key : NULL, .timeout_ms = cli->timeout_ms };
    uint64_t deadline = mj_loop_now_ms(mj_client_loop(cli->client)) + cli->timeout_ms;
    int rc;

    mj_client_key(cli->client, key);
    do
        rc = mj_client_ask(cli->client, c->service, &call, cli->arena, answer, err);
    while (rc < 0 && err->code == MJ_UNKNOWN && c->command && mj_loop_now_ms(mj_client_loop(cli->client)) < deadline);
    return rc;
}

const void *cli_ask(struct cli *cli, const struct cli_call *call, int *code)
{
    const void *answer = NULL;
    mj_error err;

    *code = EXIT_OK;
    if (cli_try(cli, call, &answer, &err) < 0)
        *code = cli_fail(cli, &err);
    return answer;
}

static bool has_endpoint(const struct mj_instance *list, size_t count, const struct mj_instance *one)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].endpoint, one->endpoint) == 0 && strcmp(list[i].service, one->service) == 0)
            return true;
    return false;
}

static size_t gather(struct cli *cli, const char *service, struct mj_instance **ret)
{
    const struct mj_instance *all;
    size_t n = mj_resolver_list(mj_client_resolver(cli->client), &all), count = 0;

    *ret = mj_arena_alloc(cli->arena, n * sizeof **ret + 1);
    for (size_t i = 0; *ret && i < n; i++)
        if ((!service || strcmp(all[i].service, service) == 0) && !has_endpoint(*ret, count, &all[i]))
            (*ret)[count++] = all[i];
    return count;
}

int cli_processes(struct cli *cli, const char *service, struct mj_instance **ret, size_t *count, mj_error *err)
{
    struct mj_loop *loop = mj_client_loop(cli->client);
    uint64_t deadline = mj_loop_now_ms(loop) + cli->timeout_ms;

    while ((*count = gather(cli, service, ret)) == 0) {
        if (mj_loop_now_ms(loop) >= deadline)
            return mj_fail(err, MJ_UNAVAILABLE, "NO_INSTANCE", NULL, "the registry named no running %s; is the "
                           "platform up, and is the key one that it knows?", service ? service : "service");
        (void)mj_resolver_peer(mj_client_resolver(cli->client), service ? service : "registry", "FR");
        mj_client_run_for(cli->client, 20);
    }
    return 0;
}

void cli_disconnect(struct cli *cli)
{
    mj_client_close(cli->client);
    cli->client = NULL;
}

void cli_end(struct cli *cli)
{
    cli_disconnect(cli);
    mj_arena_destroy(cli->arena);
}
