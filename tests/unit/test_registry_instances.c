/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* The directory: live claims, their time, and claims that stand against each other. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "registry/instances.h"

static struct mj_instances *x;
static mj_error err;

static int setup(void **state)
{
    (void)state;
    x = mj_instances_create();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    mj_instances_destroy(x);
    return 0;
}

/* lineage 0: a service without a log. */
static struct mj_instance claim(const char *region, const char *endpoint, uint8_t lineage, uint64_t epoch)
{
    struct mj_instance i = { .epoch = epoch };

    snprintf(i.service, sizeof i.service, "%s", lineage ? "placements" : "reporting");
    snprintf(i.region, sizeof i.region, "%s", region);
    snprintf(i.endpoint, sizeof i.endpoint, "%s", endpoint);
    memset(i.lineage, lineage, sizeof i.lineage);
    return i;
}

static void announce(const char *principal, struct mj_instance i, uint64_t now)
{
    assert_int_equal(mj_instances_announce(x, principal, i.endpoint, &i, 1, now, &err), 0);
}

static size_t resolve(const char *region, uint64_t now, struct mj_instance *first)
{
    struct mj_instance out[8];
    size_t n = mj_instances_resolve(x, "", region, now, out, 8);

    if (n && first)
        *first = out[0];
    return n;
}

static void what_is_announced_is_found_for_15_seconds(void **state)
{
    struct mj_instance got;

    (void)state;
    announce("placements", claim("52", "tcp://a:1", 1, 1), 1000);
    assert_int_equal(resolve("52", 15999, &got), 1);
    assert_string_equal(got.endpoint, "tcp://a:1");
    assert_int_equal(resolve("75", 15999, NULL), 0);
    assert_int_equal(resolve("52", 16000, NULL), 0);
}

static void an_announcement_replaces_the_one_before(void **state)
{
    (void)state;
    announce("placements", claim("52", "tcp://a:1", 1, 1), 0);
    announce("placements", claim("75", "tcp://a:1", 1, 1), 5000);
    assert_int_equal(resolve("52", 5001, NULL), 0);
    assert_int_equal(resolve("75", 5001, NULL), 1);
}

static void another_process_of_the_same_principal_keeps_its_own(void **state)
{
    (void)state;
    announce("placements", claim("52", "tcp://a:1", 1, 1), 0);
    announce("placements", claim("75", "tcp://b:1", 2, 1), 0);
    assert_int_equal(resolve("", 1, NULL), 2);
}

static void who_leaves_is_forgotten_at_once(void **state)
{
    (void)state;
    announce("placements", claim("52", "tcp://a:1", 1, 1), 0);
    announce("placements", claim("75", "tcp://b:1", 2, 1), 0);
    assert_int_equal(mj_instances_announce(x, "placements", "tcp://a:1", NULL, 0, 1, &err), 0);
    assert_int_equal(resolve("52", 1, NULL), 0);
    assert_int_equal(resolve("75", 1, NULL), 1);
    assert_int_equal(mj_instances_announce(x, "placements", "", NULL, 0, 1, &err), 0);
    assert_int_equal(mj_instances_live(x, 1), 0);
}

static void nobody_can_make_another_principal_leave(void **state)
{
    (void)state;
    announce("placements", claim("52", "tcp://a:1", 1, 1), 0);
    assert_int_equal(mj_instances_announce(x, "reporting", "tcp://a:1", NULL, 0, 1, &err), 0);
    assert_int_equal(resolve("52", 1, NULL), 1);
}

static void the_higher_epoch_of_the_same_lineage_wins(void **state)
{
    struct mj_instance got;

    (void)state;
    announce("placements", claim("52", "tcp://new:1", 1, 8), 0);
    announce("placements", claim("52", "tcp://old:1", 1, 7), 0);
    assert_int_equal(resolve("52", 1, &got), 1);
    assert_string_equal(got.endpoint, "tcp://new:1");
    assert_int_equal(mj_instances_conflicts(x, 1, NULL), 0);
}

static void equal_epochs_are_not_served_and_alarm(void **state)
{
    struct mj_instance which;

    (void)state;
    announce("placements", claim("52", "tcp://a:1", 1, 7), 0);
    announce("placements", claim("52", "tcp://b:1", 1, 7), 10000);
    announce("placements", claim("75", "tcp://b:2", 1, 7), 10000);
    assert_int_equal(resolve("52", 10001, NULL), 0);
    assert_int_equal(resolve("75", 10001, NULL), 1);
    assert_int_equal(mj_instances_conflicts(x, 10001, &which), 1);
    assert_string_equal(which.region, "52");
    assert_int_equal(resolve("52", 15000, NULL), 1);     /* one of them is gone */
}

static void unrelated_lineages_are_not_served_whatever_their_epochs(void **state)
{
    (void)state;
    announce("placements", claim("52", "tcp://a:1", 1, 7), 0);
    announce("placements", claim("52", "tcp://b:1", 2, 9), 0);
    assert_int_equal(resolve("52", 1, NULL), 0);
    assert_int_equal(mj_instances_conflicts(x, 1, NULL), 1);
}

static void an_unrelated_claim_of_another_principal_blocks_too(void **state)
{
    (void)state;
    announce("placements", claim("52", "tcp://a:1", 1, 7), 0);
    announce("placements-2", claim("52", "tcp://a:1", 2, 9), 0);
    assert_int_equal(resolve("52", 1, NULL), 0);
}

static void services_without_a_log_may_be_many(void **state)
{
    (void)state;
    announce("reporting", claim("52", "tcp://a:1", 0, 0), 0);
    announce("reporting", claim("52", "tcp://b:1", 0, 0), 0);
    assert_int_equal(resolve("52", 1, NULL), 2);
    assert_int_equal(mj_instances_conflicts(x, 1, NULL), 0);
}

static void the_directory_is_bounded(void **state)
{
    static struct mj_instance many[MJ_INSTANCES_MAX + 1];

    (void)state;
    for (size_t i = 0; i <= MJ_INSTANCES_MAX; i++)
        many[i] = claim("52", "tcp://a:1", 1, i);
    assert_int_equal(mj_instances_announce(x, "placements", "tcp://a:1", many, MJ_INSTANCES_MAX + 1, 0, &err), -1);
    assert_string_equal(err.reason, "DIRECTORY_FULL");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_announced_is_found_for_15_seconds),
        TEST(an_announcement_replaces_the_one_before),
        TEST(another_process_of_the_same_principal_keeps_its_own),
        TEST(who_leaves_is_forgotten_at_once),
        TEST(nobody_can_make_another_principal_leave),
        TEST(the_higher_epoch_of_the_same_lineage_wins),
        TEST(equal_epochs_are_not_served_and_alarm),
        TEST(unrelated_lineages_are_not_served_whatever_their_epochs),
        TEST(an_unrelated_claim_of_another_principal_blocks_too),
        TEST(services_without_a_log_may_be_many),
        TEST(the_directory_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
