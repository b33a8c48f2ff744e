/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Settings: the input's first text, up to a NUL, is the INI file; the others are flags, or, where they begin with MJ_,
 * variables of the environment. What is taken is within its bounds; else the error says which setting. */
#include <unistd.h>

#include "common/service/config.h"
#include "memfile.h"

#define WORDS_MAX 12
#define CACHE_MAX (UINT64_C(1) << 40)

static const struct mj_config_item items[] = {
    { "listen", MJ_CFG_ADDRESS, "127.0.0.1:5511", 0, 0, "host:port of the door" },
    { "data", MJ_CFG_PATH, "data", 0, 0, "directory of all data" },
    { "region", MJ_CFG_REGIONS, "all", 0, 0, "regions served" },
    { "rows-cache", MJ_CFG_SIZE, "64M", 1024, CACHE_MAX, "bytes of rows kept" },
    { "registry", MJ_CFG_TEXT, "", 0, 0, "the registry's address" },
    { "credit", MJ_CFG_UINT, "1000", 1, 100000, "events outstanding" },
    { "demo-data", MJ_CFG_FLAG, "false", 0, 0, "made-up data" },
    MJ_CONFIG_END,
};
static const struct mj_config_item *const tables[] = { items, NULL };
static const char *const variables[] = { "MJ_LISTEN", "MJ_PLACEMENTS_LISTEN", "MJ_DATA", "MJ_REGION", "MJ_CREDIT",
                                         "MJ_PLACEMENTS_ROWS_CACHE", "MJ_REGISTRY", "MJ_DEMO_DATA" };

/* Sets it where it is one of ours: names that fuzzing makes up must not stay in the environment. */
static void set_variable(char *word)
{
    char *equals = strchr(word, '=');
    if (equals == NULL)
        return;
    *equals = '\0';
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        if (strcmp(variables[i], word) == 0)
            (void)setenv(word, equals + 1, 1);
}

static void hold_within_bounds(const struct mj_config *c)
{
    char host[64];
    int port;
    mj_config_address(c, "listen", host, &port);
    HOLD(strnlen(host, sizeof host) > 0 && strnlen(host, sizeof host) < sizeof host && port >= 0 && port <= 65535);
    HOLD(mj_config_uint(c, "rows-cache") >= 1024 && mj_config_uint(c, "rows-cache") <= CACHE_MAX);
    HOLD(mj_config_uint(c, "credit") >= 1 && mj_config_uint(c, "credit") <= 100000);
    HOLD(mj_config_regions(c, "region") != 0 && mj_config_text(c, "data")[0] != '\0');
    HOLD(mj_config_text(c, "registry") != NULL);
    (void)mj_config_flag(c, "demo-data");
}

static void load(int argc, char **argv)
{
    struct mj_config *c = NULL;
    mj_error err = { 0 };
    bool done = false;
    int rc = mj_config_load(&c, "mj-placements", "keeps placements", tables, argc, argv, &done, &err);
    HOLD((rc == 0 && !done) == (c != NULL));
    HOLD(rc == 0 || (err.code == MJ_INVALID_ARGUMENT && strncmp(err.reason, "CONFIG_", 7) == 0));
    if (c != NULL)
        hold_within_bounds(c);
    mj_config_destroy(c);
}

/* --help and --check-config print. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    HOLD(freopen("/dev/null", "w", stdout) != NULL);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *argv[WORDS_MAX + 3] = { "mj-placements" }, file[96];
    int count = 1;
    char *text = malloc(size + 1);
    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    size_t at = strlen(text) + 1;
    (void)snprintf(file, sizeof file, "--config=%s", memfile_fill((const uint8_t *)text, at - 1));
    if (at > 1)
        argv[count++] = file;
    for (; at <= size && count < WORDS_MAX; at += strlen(text + at) + 1)
        if (strncmp(text + at, "MJ_", 3) == 0)
            set_variable(text + at);
        else
            argv[count++] = text + at;
    load(count, argv);
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        (void)unsetenv(variables[i]);
    free(text);
    return 0;
}
