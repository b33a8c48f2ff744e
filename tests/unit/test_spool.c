/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "client/spool.h"
#include "common/base/buf.h"
#include "support/scratch.h"

#define SIRET "73282932000074"
#define OTHER_SIRET "55208131766522"
#define DAY_MS (24ll * 3600 * 1000)
#define NOW 1767225600000ll

static char path[512];

static struct mj_spool *open_spool(void)
{
    struct mj_spool *s = NULL;
    mj_error err = { 0 };
    if (mj_spool_disk(&s, path, SIRET, &err) < 0)
        fail_msg("%s: %s", err.reason, err.text);
    return s;
}

static void add(struct mj_spool *s, uint64_t from, uint64_t through)
{
    mj_error err;
    for (uint64_t n = from; n <= through; n++) {
        char text[32];
        int len = snprintf(text, sizeof text, "event %llu", (unsigned long long)n);
        assert_int_equal(0, s->add(s, n, (const uint8_t *)text, (size_t)len, &err));
    }
    assert_int_equal(0, s->sync(s, &err));
}

static int put_down(void *arg, uint64_t sequence, const uint8_t *event, size_t len)
{
    mj_buf_printf(arg, "%llu=%.*s;", (unsigned long long)sequence, (int)len, (const char *)event);
    return 0;
}

static void holds(struct mj_spool *s, const char *expected)
{
    struct mj_buf b = MJ_BUF_INIT;
    mj_error err;
    mj_buf_put(&b, "", 0);
    assert_int_equal(0, s->read(s, 1, INT64_MAX, put_down, &b, &err));
    assert_string_equal(expected, b.data ? (const char *)b.data : "");
    mj_buf_free(&b);
}

static void what_was_synced_is_there_after_a_reopen(void **state)
{
    (void)state;
    mj_error err;
    struct mj_spool *s = open_spool();
    assert_int_equal(0, s->last);
    add(s, 1, 3);
    assert_int_equal(0, s->set_region(s, "52", &err));
    assert_int_equal(0, s->acknowledged(s, 2, NOW, &err));
    s->close(s);

    s = open_spool();
    assert_int_equal(3, s->last);
    assert_int_equal(2, s->durable);
    assert_string_equal("52", s->region);
    holds(s, "1=event 1;2=event 2;3=event 3;");
    s->close(s);
}

static int stop_at_once(void *arg, uint64_t sequence, const uint8_t *event, size_t len)
{
    (void)event;
    (void)len;
    *(uint64_t *)arg = sequence;
    return 1;
}

static void reading_starts_and_stops_where_it_is_told(void **state)
{
    (void)state;
    mj_error err;
    uint64_t seen = 0;
    struct mj_spool *s = open_spool();
    add(s, 1, 5);
    assert_int_equal(0, s->read(s, 4, 5, stop_at_once, &seen, &err));
    assert_int_equal(4, seen);
    s->close(s);
}

static void a_number_is_taken_once(void **state)
{
    (void)state;
    mj_error err = { 0 };
    struct mj_spool *s = open_spool();
    add(s, 1, 1);
    assert_int_equal(-1, s->add(s, 1, (const uint8_t *)"other", 5, &err));
    holds(s, "1=event 1;");
    s->close(s);
}

static void another_agencys_spool_is_refused(void **state)
{
    (void)state;
    mj_error err = { 0 };
    struct mj_spool *s = open_spool(), *other = NULL;
    s->close(s);
    assert_int_equal(-1, mj_spool_disk(&other, path, OTHER_SIRET, &err));
    assert_int_equal(MJ_FAILED_PRECONDITION, err.code);
    assert_string_equal("OTHER_STREAM", err.reason);
    assert_null(other);
}

static void a_spool_has_one_writer(void **state)
{
    (void)state;
    mj_error err = { 0 };
    struct mj_spool *s = open_spool(), *second = NULL;
    assert_int_equal(-1, mj_spool_disk(&second, path, SIRET, &err));
    assert_string_equal("SPOOL_IN_USE", err.reason);
    s->close(s);
    s = open_spool();
    s->close(s);
}

static void acknowledged_events_are_kept_for_35_days(void **state)
{
    (void)state;
    mj_error err;
    struct mj_spool *s = open_spool();
    add(s, 1, 3);
    assert_int_equal(0, s->acknowledged(s, 2, NOW, &err));
    assert_int_equal(0, s->acknowledged(s, 3, NOW + 34 * DAY_MS, &err));
    holds(s, "1=event 1;2=event 2;3=event 3;");
    s->close(s);
}

static void acknowledged_events_are_forgotten_after_35_days(void **state)
{
    (void)state;
    mj_error err;
    struct mj_spool *s = open_spool();
    add(s, 1, 4);
    assert_int_equal(0, s->acknowledged(s, 2, NOW, &err));
    assert_int_equal(0, s->acknowledged(s, 3, NOW + 35 * DAY_MS + 1, &err));
    holds(s, "3=event 3;4=event 4;");
    s->close(s);

    s = open_spool();
    assert_int_equal(4, s->last);
    assert_int_equal(3, s->durable);
    s->close(s);
}

static struct scratch scratch;

static int setup(void **state)
{
    (void)state;
    if (scratch_make(&scratch) < 0)
        return -1;
    snprintf(path, sizeof path, "%s/spool.db", scratch.path);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return scratch_remove(&scratch);
}

#define SPOOL_TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        SPOOL_TEST(what_was_synced_is_there_after_a_reopen),
        SPOOL_TEST(reading_starts_and_stops_where_it_is_told),
        SPOOL_TEST(a_number_is_taken_once),
        SPOOL_TEST(another_agencys_spool_is_refused),
        SPOOL_TEST(a_spool_has_one_writer),
        SPOOL_TEST(acknowledged_events_are_kept_for_35_days),
        SPOOL_TEST(acknowledged_events_are_forgotten_after_35_days),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
