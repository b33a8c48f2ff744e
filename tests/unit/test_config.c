/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/service/config.h"

static const struct mj_config_item common[] = {
    { "listen", MJ_CFG_ADDRESS, "127.0.0.1:5511", 0, 0, "host:port of the door" },
    { "data", MJ_CFG_PATH, "data", 0, 0, "directory of all data" },
    { "region", MJ_CFG_REGIONS, "all", 0, 0, "regions served" },
    { "rows-cache", MJ_CFG_SIZE, "64M", 1024, UINT64_C(1) << 40, "bytes of rows kept" },
    { "registry", MJ_CFG_TEXT, "", 0, 0, "the registry's address" },
    MJ_CONFIG_END,
};
static const struct mj_config_item own[] = {
    { "credit", MJ_CFG_UINT, "1000", 1, 100000, "events outstanding" },
    { "demo-data", MJ_CFG_FLAG, "false", 0, 0, "made-up data" },
    MJ_CONFIG_END,
};
static const struct mj_config_item *const tables[] = { common, own, NULL };

static char file[64];
static mj_error err;
static bool done;

static int setup(void **state)
{
    (void)state;
    static const char *const variables[] = { "MJ_CONFIG", "MJ_PLACEMENTS_CONFIG", "MJ_LISTEN", "MJ_PLACEMENTS_LISTEN",
                                             "MJ_DATA", "MJ_PLACEMENTS_DATA", "MJ_REGION", "MJ_CREDIT",
                                             "MJ_ROWS_CACHE", "MJ_REGISTRY", "MJ_PLACEMENTS_ROWS_CACHE",
                                             "MJ_DEMO_DATA" };
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        unsetenv(variables[i]);
    strcpy(file, "/tmp/mj-test-config-XXXXXX");
    int fd = mkstemp(file);
    memset(&err, 0, sizeof err);
    return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
    (void)state;
    return unlink(file);
}

static void write_file(const char *text, size_t n)
{
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

/* Loads with these words, split at spaces; NULL where it fails. */
static struct mj_config *load(const char *words)
{
    char copy[256], *argv[20] = { "mj-placements" }, *rest = copy;
    int argc = 1;
    snprintf(copy, sizeof copy, "%s", words);
    for (char *w; (w = strsep(&rest, " "));)
        if (*w)
            argv[argc++] = w;
    struct mj_config *c = NULL;
    int rc = mj_config_load(&c, "mj-placements", "keeps placements", tables, argc, argv, &done, &err);
    assert_true((rc == 0 && !done) == (c != NULL));
    return c;
}

static void refuse(const char *words, const char *reason, const char *field)
{
    memset(&err, 0, sizeof err);
    assert_null(load(words));
    assert_int_equal(err.code, MJ_INVALID_ARGUMENT);
    assert_string_equal(err.reason, reason);
    assert_string_equal(err.field, field);
}

static void defaults_hold_where_nothing_is_given(void **state)
{
    (void)state;
    char host[64];
    int port;
    struct mj_config *c = load("");
    mj_config_address(c, "listen", host, &port);
    assert_string_equal(host, "127.0.0.1");
    assert_int_equal(port, 5511);
    assert_string_equal(mj_config_text(c, "data"), "data");
    assert_string_equal(mj_config_text(c, "registry"), "");
    assert_int_equal(mj_config_uint(c, "rows-cache"), 64 << 20);
    assert_int_equal(mj_config_uint(c, "credit"), 1000);
    assert_false(mj_config_flag(c, "demo-data"));
    assert_int_equal(mj_config_regions(c, "region"), (1 << 21) - 1);
    mj_config_destroy(c);
    mj_config_destroy(NULL);
}

static const char *data_with(const char *words)
{
    static char text[64];
    struct mj_config *c = load(words);
    assert_non_null(c);
    snprintf(text, sizeof text, "%s", mj_config_text(c, "data"));
    mj_config_destroy(c);
    return text;
}

static void flags_win_over_environment_over_file_over_defaults(void **state)
{
    (void)state;
    char words[128];
    snprintf(words, sizeof words, "--config %s", file);
    write_file("data = from-file\n", 17);
    assert_string_equal(data_with(""), "data");
    assert_string_equal(data_with(words), "from-file");
    setenv("MJ_DATA", "from-all", 1);
    assert_string_equal(data_with(words), "from-all");
    setenv("MJ_PLACEMENTS_DATA", "from-own", 1);
    assert_string_equal(data_with(words), "from-own");
    strcat(words, " --data=from-flag");
    assert_string_equal(data_with(words), "from-flag");
    setenv("MJ_PLACEMENTS_DATA", "", 1);                     /* empty is not set */
    assert_string_equal(data_with(""), "from-all");
    unsetenv("MJ_PLACEMENTS_DATA");
}

static void the_file_may_be_named_by_the_environment(void **state)
{
    (void)state;
    write_file("# comment\n\n[placements]\ndata = from-file ; why\n", 47);
    setenv("MJ_CONFIG", file, 1);
    assert_string_equal(data_with(""), "from-file");
    setenv("MJ_PLACEMENTS_CONFIG", "/does/not/exist", 1);
    refuse("", "CONFIG_FILE", "config");
}

static void dashes_are_underscores_in_the_environment(void **state)
{
    (void)state;
    setenv("MJ_ROWS_CACHE", "2K", 1);
    setenv("MJ_REGISTRY", "tcp://127.0.0.1:5500", 1);
    struct mj_config *c = load("");
    assert_int_equal(mj_config_uint(c, "rows-cache"), 2048);
    mj_config_destroy(c);
}

static uint64_t regions_with(const char *words)
{
    struct mj_config *c = load(words);
    assert_non_null(c);
    uint64_t bits = mj_config_regions(c, "region");
    mj_config_destroy(c);
    return bits;
}

static void regions_may_be_repeated(void **state)
{
    (void)state;
    assert_int_equal(regions_with("--region 01 --region 02,PM"), 1 | 2 | 1 << 18);
    assert_int_equal(regions_with("--region all"), (1 << 21) - 1);
    assert_true(regions_with("--region FR") == UINT64_C(1) << 63);
    assert_true(regions_with("--region all --region FR") == ((UINT64_C(1) << 63) | ((1 << 21) - 1)));
    setenv("MJ_REGION", "52, 53", 1);
    assert_int_equal(regions_with(""), 1 << 11 | 1 << 12);
    assert_int_equal(regions_with("--region 01"), 1);        /* one source wins whole */
    refuse("--region 05", "CONFIG_VALUE", "region");
    refuse("--region 52,ALL", "CONFIG_VALUE", "region");
    refuse("--region ,", "CONFIG_VALUE", "region");
}

static void unknown_keys_name_the_nearest(void **state)
{
    (void)state;
    char words[128];
    refuse("--lisen 1:2", "CONFIG_UNKNOWN", "lisen");
    assert_non_null(strstr(err.text, "did you mean listen?"));
    refuse("--row-cash 1", "CONFIG_UNKNOWN", "row-cash");
    assert_non_null(strstr(err.text, "did you mean rows-cache?"));
    refuse("--helpp", "CONFIG_UNKNOWN", "helpp");
    assert_non_null(strstr(err.text, "did you mean help?"));
    refuse("--zzzzzzzzzz 1", "CONFIG_UNKNOWN", "zzzzzzzzzz");
    assert_non_null(strstr(err.text, "see --help"));
    write_file("kredit = 5\n", 11);
    snprintf(words, sizeof words, "--config %s", file);
    refuse(words, "CONFIG_UNKNOWN", "kredit");
    assert_non_null(strstr(err.text, "did you mean credit?"));
}

static void words_and_flags_without_value_are_refused(void **state)
{
    (void)state;
    refuse("start", "CONFIG_ARGUMENT", "");
    refuse("--data", "CONFIG_ARGUMENT", "data");
    refuse("--data --credit 5", "CONFIG_ARGUMENT", "data");
    refuse("--config", "CONFIG_ARGUMENT", "config");
    refuse("-d x", "CONFIG_ARGUMENT", "");
}

static void values_are_held_to_their_kind(void **state)
{
    (void)state;
    static const char *const numbers[] = { "0", "100001", "-1", "1.5", "5x", "0x10", "99999999999999999999", "+5",
                                          "5K" };
    static const char *const sizes[] = { "1023", "1T", "K", "2M1", "99999999999G", "1025G" };
    static const char *const addresses[] = { "5511", "host", "host:", ":1", "host:65536", "ho st:1", "::1:1", "[]:1",
                                             "tcp://h:1", "host:-1" };
    char words[128];
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        snprintf(words, sizeof words, "--credit=%s", numbers[i]);
        refuse(words, "CONFIG_VALUE", "credit");
    }
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        snprintf(words, sizeof words, "--rows-cache=%s", sizes[i]);
        refuse(words, "CONFIG_VALUE", "rows-cache");
    }
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        setenv("MJ_LISTEN", addresses[i], 1);
        refuse("", "CONFIG_VALUE", "listen");
        assert_non_null(strstr(err.text, "environment MJ_LISTEN"));
    }
    unsetenv("MJ_LISTEN");
    refuse("--demo-data=maybe", "CONFIG_VALUE", "demo-data");
    refuse("--data=", "CONFIG_VALUE", "data");
}

static void good_values_of_every_kind_are_taken(void **state)
{
    (void)state;
    char host[64];
    int port;
    struct mj_config *c = load("--credit 100000 --rows-cache 1G --listen [::1]:0 --demo-data --data /var/lib/mj");
    assert_int_equal(mj_config_uint(c, "credit"), 100000);
    assert_int_equal(mj_config_uint(c, "rows-cache"), 1 << 30);
    mj_config_address(c, "listen", host, &port);
    assert_string_equal(host, "::1");
    assert_int_equal(port, 0);
    assert_true(mj_config_flag(c, "demo-data"));
    mj_config_destroy(c);
    c = load("--demo-data=no --credit 5 --credit 6 --listen=*:5511");
    assert_false(mj_config_flag(c, "demo-data"));
    assert_int_equal(mj_config_uint(c, "credit"), 6);        /* the last flag wins */
    mj_config_destroy(c);
}

static void a_setting_without_default_must_be_given(void **state)
{
    (void)state;
    static const struct mj_config_item needed[] = { { "key-file", MJ_CFG_PATH, NULL, 0, 0, "the key pair" },
                                                    MJ_CONFIG_END };
    const struct mj_config_item *const one[] = { needed, NULL };
    char *argv[] = { "mj-x", "--key-file", "k" };
    struct mj_config *c = NULL;
    assert_int_equal(mj_config_load(&c, "mj-x", "s", one, 1, argv, &done, &err), -1);
    assert_string_equal(err.reason, "CONFIG_MISSING");
    assert_int_equal(mj_config_load(&c, "mj-x", "s", one, 3, argv, &done, &err), 0);
    assert_string_equal(mj_config_text(c, "key-file"), "k");
    mj_config_destroy(c);
}

static void refuse_file(const char *text, size_t n, const char *reason)
{
    char words[128];
    write_file(text, n);
    snprintf(words, sizeof words, "--config=%s", file);
    memset(&err, 0, sizeof err);
    assert_null(load(words));
    assert_string_equal(err.reason, reason);
}

static void a_crooked_file_is_refused_whole(void **state)
{
    (void)state;
    static char large[70000];
    refuse_file("data\n", 5, "CONFIG_FILE");
    refuse_file("data = a\ndata = b\n", 18, "CONFIG_REPEATED");
    refuse_file("data = a\n  b\n", 13, "CONFIG_REPEATED");   /* a continued line */
    refuse_file("[registry]\ndata = a\n", 20, "CONFIG_SECTION");
    refuse_file("data = a\0b\n", 11, "CONFIG_FILE");
    refuse_file("data = \xff\n", 9, "CONFIG_FILE");
    memset(large, '#', sizeof large);
    refuse_file(large, 200, "CONFIG_FILE");
    for (size_t i = 99; i < sizeof large; i += 100)
        large[i] = '\n';
    refuse_file(large, sizeof large, "CONFIG_FILE");
}

static void a_line_of_199_bytes_is_read_whole(void **state)
{
    (void)state;
    char text[256], words[128];
    int n = snprintf(text, sizeof text, "registry = %0188d\n", 7);
    assert_int_equal(n, 200);
    write_file(text, (size_t)n);
    snprintf(words, sizeof words, "--config %s", file);
    struct mj_config *c = load(words);
    assert_non_null(c);
    assert_int_equal(strlen(mj_config_text(c, "registry")), 188);
    assert_int_equal(mj_config_text(c, "registry")[187], '7');
    mj_config_destroy(c);
}

/* What load prints on stdout. */
static const char *printed(const char *words)
{
    static char text[8192];
    FILE *out = tmpfile();
    assert_non_null(out);
    fflush(stdout);
    int kept = dup(STDOUT_FILENO);
    dup2(fileno(out), STDOUT_FILENO);
    struct mj_config *c = load(words);
    fflush(stdout);
    dup2(kept, STDOUT_FILENO);
    close(kept);
    rewind(out);
    text[fread(text, 1, sizeof text - 1, out)] = '\0';
    fclose(out);
    assert_null(c);
    return text;
}

static void help_names_every_setting(void **state)
{
    (void)state;
    const char *text = printed("--nonsense --help");
    assert_true(done);
    static const char *const needed[] = { "mj-placements: keeps placements", "--listen HOST:PORT", "MJ_LISTEN",
                                          "default 127.0.0.1:5511", "--rows-cache SIZE", "MJ_ROWS_CACHE",
                                          "--region REGIONS", "from 1 to 100000", "--demo-data",
                                          "MJ_PLACEMENTS_NAME", "--check-config",
                                          "default: none" };
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        assert_non_null(strstr(text, needed[i]));
}

static void version_is_one_line(void **state)
{
    (void)state;
    assert_string_equal(printed("--version"), "mj-placements " MJ_VERSION "\n");
    assert_true(done);
}

static void check_config_prints_values_with_their_origin(void **state)
{
    (void)state;
    setenv("MJ_CREDIT", "7", 1);
    const char *text = printed("--check-config --data here");
    assert_true(done);
    assert_non_null(strstr(text, "credit = 7    (environment MJ_CREDIT)\n"));
    assert_non_null(strstr(text, "data = here    (flag --data)\n"));
    assert_non_null(strstr(text, "region = all    (default)\n"));
    refuse("--check-config --credit 0", "CONFIG_VALUE", "credit");
    assert_false(done);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(defaults_hold_where_nothing_is_given),
        TEST(flags_win_over_environment_over_file_over_defaults),
        TEST(the_file_may_be_named_by_the_environment),
        TEST(dashes_are_underscores_in_the_environment),
        TEST(regions_may_be_repeated),
        TEST(unknown_keys_name_the_nearest),
        TEST(words_and_flags_without_value_are_refused),
        TEST(values_are_held_to_their_kind),
        TEST(good_values_of_every_kind_are_taken),
        TEST(a_setting_without_default_must_be_given),
        TEST(a_crooked_file_is_refused_whole),
        TEST(a_line_of_199_bytes_is_read_whole),
        TEST(help_names_every_setting),
        TEST(version_is_one_line),
        TEST(check_config_prints_values_with_their_origin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
