/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* mj keys add, mj keys revoke: keys that the registry knows; an operator's commands. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "common/base/ids.h"
#include "common/service/keyfile.h"
#include "missionjeunes/registry/v1/registry.pb-c.h"

/* 64 digits, or a key file, of which the public half is taken. */
static int read_public(uint8_t key[MJ_CURVE_KEY], const char *word, mj_error *err)
{
    struct mj_curve pair;
    if (access(word, F_OK) != 0)
        return mj_unhex(key, MJ_CURVE_KEY, word, "public_key", err);
    if (mj_keyfile_read(&pair, word, err) < 0)
        return -1;
    memcpy(key, pair.public_key, MJ_CURVE_KEY);
    return 0;
}

static void say(const struct cli *cli, const char *done, const uint8_t key[MJ_CURVE_KEY], uint64_t position)
{
    char hex[65];
    mj_hex(hex, key, MJ_CURVE_KEY);
    if (cli->json)
        cli_print_json(json_pack("{s:s,s:I}", "public_key", hex, "position", (json_int_t)position));
    else
        printf("%s %s, position %llu\n", done, hex, (unsigned long long)position);
}

static int add(struct cli *cli)
{
    Missionjeunes__Registry__V1__AddKeyRequest rq = MISSIONJEUNES__REGISTRY__V1__ADD_KEY_REQUEST__INIT;
    const Missionjeunes__Registry__V1__AddKeyResponse *answer;
    struct cli_call call = { .method = "registry.v1.AddKey", .region = "FR", .body = &rq.base,
                             .answer = &missionjeunes__registry__v1__add_key_response__descriptor, .command = true };
    uint8_t key[MJ_CURVE_KEY];
    mj_error err;
    int rc;

    if (!cli_words(cli, 2, 2))
        return EXIT_USAGE;
    if (read_public(key, cli->words[1], &err) < 0)
        return cli_fail(cli, &err);
    if ((rc = cli_connect(cli)) != EXIT_OK)
        return rc;
    rq.principal = cli->words[0];
    rq.public_key = (ProtobufCBinaryData){ sizeof key, key };
    if ((answer = cli_ask(cli, &call, &rc)))
        say(cli, "added", key, answer->position);
    return rc;
}

const struct command command_keys_add = {
    "keys add", "gives a principal one more public key", "PRINCIPAL PUBLIC-KEY|FILE",
    "  mj keys add agence-nantes agence.key\n", NULL, add,
};

static int take_away(struct cli *cli)
{
    Missionjeunes__Registry__V1__RevokeKeyRequest rq = MISSIONJEUNES__REGISTRY__V1__REVOKE_KEY_REQUEST__INIT;
    const Missionjeunes__Registry__V1__RevokeKeyResponse *answer;
    struct cli_call call = { .method = "registry.v1.RevokeKey", .region = "FR", .body = &rq.base,
                             .answer = &missionjeunes__registry__v1__revoke_key_response__descriptor, .command = true };
    uint8_t key[MJ_CURVE_KEY];
    mj_error err;
    int rc;

    if (!cli_words(cli, 1, 1))
        return EXIT_USAGE;
    if (read_public(key, cli->words[0], &err) < 0)
        return cli_fail(cli, &err);
    if ((rc = cli_connect(cli)) != EXIT_OK)
        return rc;
    rq.public_key = (ProtobufCBinaryData){ sizeof key, key };
    if ((answer = cli_ask(cli, &call, &rc)))
        say(cli, "revoked", key, answer->position);
    return rc;
}

const struct command command_keys_revoke = {
    "keys revoke", "takes a public key away for ever", "PUBLIC-KEY|FILE",
    "  mj keys revoke 5a7d...64 digits\n  mj keys revoke lost.key\n", NULL, take_away,
};
