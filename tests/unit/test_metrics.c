/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "common/service/metrics.h"

static struct mj_metrics *m;
static struct mj_buf out;

static const char *text(void)
{
    mj_buf_clear(&out);
    mj_metrics_write(m, &out);
    return out.data ? (const char *)out.data : "";
}

static int setup(void **state)
{
    (void)state;
    m = mj_metrics_create();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    mj_metrics_destroy(m);
    mj_buf_free(&out);
    return 0;
}

static void nothing_gives_nothing(void **state)
{
    (void)state;
    assert_string_equal(text(), "");
    mj_metrics_destroy(NULL);
}

static void one_name_stands_together_with_one_help(void **state)
{
    (void)state;
    mj_metric_add(mj_metric(m, MJ_COUNTER, "mj_acks_total", "region=\"52\"", "Events acknowledged."), 3);
    mj_metric_set(mj_metric(m, MJ_GAUGE, "mj_credit", "", "Events that may be outstanding."), 0.25);
    mj_metric_add(mj_metric(m, MJ_COUNTER, "mj_acks_total", "region=\"53\"", "ignored"), 1);
    mj_metric_add(mj_metric(m, MJ_COUNTER, "mj_acks_total", "region=\"52\"", "ignored"), 1);
    assert_string_equal(text(), "# HELP mj_acks_total Events acknowledged.\n"
                                "# TYPE mj_acks_total counter\n"
                                "mj_acks_total{region=\"52\"} 4\n"
                                "mj_acks_total{region=\"53\"} 1\n"
                                "# HELP mj_credit Events that may be outstanding.\n"
                                "# TYPE mj_credit gauge\n"
                                "mj_credit 0.25\n");
}

static void a_counter_never_falls_and_a_gauge_may(void **state)
{
    (void)state;
    struct mj_metric *c = mj_metric(m, MJ_COUNTER, "c", "", "h"), *g = mj_metric(m, MJ_GAUGE, "g", "", "h");
    mj_metric_add(c, 2);
    mj_metric_add(c, -1);
    mj_metric_add(c, NAN);
    mj_metric_add(g, -1);
    assert_non_null(strstr(text(), "\nc 2\n"));
    assert_non_null(strstr(text(), "\ng -1\n"));
}

static void buckets_are_cumulative(void **state)
{
    (void)state;
    struct mj_metric *h = mj_metric(m, MJ_HISTOGRAM, "mj_commit_seconds", "region=\"52\"", "h");
    mj_metric_observe(h, 0.0005);                            /* a bound is part of its bucket */
    mj_metric_observe(h, 0.0006);
    mj_metric_observe(h, 10);
    mj_metric_observe(h, 11);
    mj_metric_observe(h, -1);
    mj_metric_observe(h, NAN);
    const char *t = text();
    assert_non_null(strstr(t, "# TYPE mj_commit_seconds histogram\n"));
    assert_non_null(strstr(t, "mj_commit_seconds_bucket{region=\"52\",le=\"0.0005\"} 2\n"));
    assert_non_null(strstr(t, "mj_commit_seconds_bucket{region=\"52\",le=\"0.001\"} 3\n"));
    assert_non_null(strstr(t, "mj_commit_seconds_bucket{region=\"52\",le=\"5\"} 3\n"));
    assert_non_null(strstr(t, "mj_commit_seconds_bucket{region=\"52\",le=\"10\"} 4\n"));
    assert_non_null(strstr(t, "mj_commit_seconds_bucket{region=\"52\",le=\"+Inf\"} 5\n"));
    assert_non_null(strstr(t, "mj_commit_seconds_sum{region=\"52\"} 21.0011\n"));
    assert_non_null(strstr(t, "mj_commit_seconds_count{region=\"52\"} 5\n"));
}

static void a_histogram_without_labels_has_only_le(void **state)
{
    (void)state;
    mj_metric_observe(mj_metric(m, MJ_HISTOGRAM, "h", "", "h"), 0.02);
    assert_non_null(strstr(text(), "\nh_bucket{le=\"0.025\"} 1\n"));
    assert_non_null(strstr(text(), "\nh_count 1\n"));
}

static void large_and_odd_values_are_written_as_prometheus_reads_them(void **state)
{
    (void)state;
    struct mj_metric *g = mj_metric(m, MJ_GAUGE, "g", "", "two\nlines \\");
    mj_metric_set(g, 123456789012345.0);
    assert_non_null(strstr(text(), "\ng 123456789012345\n"));
    assert_non_null(strstr(text(), "# HELP g two\\nlines \\\\\n"));
    mj_metric_set(g, NAN);
    assert_non_null(strstr(text(), "\ng NaN\n"));
    mj_metric_set(g, -INFINITY);
    assert_non_null(strstr(text(), "\ng -Inf\n"));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(nothing_gives_nothing),
        TEST(one_name_stands_together_with_one_help),
        TEST(a_counter_never_falls_and_a_gauge_may),
        TEST(buckets_are_cumulative),
        TEST(a_histogram_without_labels_has_only_le),
        TEST(large_and_odd_values_are_written_as_prometheus_reads_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
