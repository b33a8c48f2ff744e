/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/service/logging.h"

static int64_t now_ms = 1795292760123;                       /* 2026-11-21T20:26:00.123Z */
static int64_t wall(void *ctx)
{
    (void)ctx;
    return now_ms;
}
static uint64_t mono(void *ctx)
{
    (void)ctx;
    return (uint64_t)now_ms * 1000000;
}
static const struct mj_env env = { wall, mono, NULL, NULL };

static int kept_stderr;
static FILE *lines;

static int setup(void **state)
{
    (void)state;
    mj_logging_init("placements", &env, MJ_INFO);
    lines = tmpfile();
    kept_stderr = dup(STDERR_FILENO);
    return lines && kept_stderr >= 0 && dup2(fileno(lines), STDERR_FILENO) >= 0 ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    dup2(kept_stderr, STDERR_FILENO);
    close(kept_stderr);
    return fclose(lines);
}

/* The next line, parsed; NULL at the end. Every line must be one JSON object. */
static json_t *next_line(void)
{
    static char line[8192];
    json_error_t error;
    if (!fgets(line, sizeof line, lines))
        return NULL;
    json_t *o = json_loads(line, JSON_REJECT_DUPLICATES, &error);
    assert_true(json_is_object(o));
    return o;
}

static json_t *only_line(void)
{
    rewind(lines);
    json_t *o = next_line();
    assert_non_null(o);
    assert_null(next_line());
    return o;
}

static void assert_text(json_t *o, const char *name, const char *text)
{
    assert_non_null(json_string_value(json_object_get(o, name)));
    assert_string_equal(json_string_value(json_object_get(o, name)), text);
}

static void a_line_says_when_how_bad_who_and_what(void **state)
{
    (void)state;
    mj_log(MJ_WARN, "opened", "region=%s position=%llu", "52", 18446744ull);
    json_t *o = only_line();
    assert_text(o, "at", "2026-11-21T20:26:00.123Z");
    assert_text(o, "level", "warn");
    assert_text(o, "service", "placements");
    assert_text(o, "event", "opened");
    assert_text(o, "region", "52");
    assert_int_equal(json_integer_value(json_object_get(o, "position")), 18446744);
    assert_int_equal(json_object_size(o), 6);
    json_decref(o);
}

static void numbers_of_every_length_are_numbers(void **state)
{
    (void)state;
    mj_log(MJ_INFO, "n", "d=%d u=%u ld=%ld lu=%lu lld=%lld z=%zu h=%hu f=%f g=%.3g j=%jd x=%x after=%s", -1,
           4000000000u, -5L, 6UL, INT64_MIN + 1LL, (size_t)7, (unsigned short)8, 0.5, 1e-9, (intmax_t)9, 255u, "end");
    json_t *o = only_line();
    static const struct { const char *name; long long value; } numbers[] = {
        { "d", -1 }, { "u", 4000000000 }, { "ld", -5 }, { "lu", 6 }, { "lld", INT64_MIN + 1 }, { "z", 7 }, { "h", 8 },
        { "j", 9 },
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        assert_true(json_is_integer(json_object_get(o, numbers[i].name)));
        assert_true(json_integer_value(json_object_get(o, numbers[i].name)) == numbers[i].value);
    }
    assert_true(json_real_value(json_object_get(o, "f")) == 0.5);
    assert_true(json_real_value(json_object_get(o, "g")) == 1e-9);
    assert_text(o, "x", "ff");
    assert_text(o, "after", "end");
    json_decref(o);
}

static void what_stands_together_is_one_text(void **state)
{
    (void)state;
    mj_log(MJ_INFO, "n", "peer=%s:%d  share=%d%% mode=full empty= bare precise=%.*s", "::1", 5511, 40, 2, "abc");
    json_t *o = only_line();
    assert_text(o, "peer", "::1:5511");
    assert_text(o, "share", "40%");
    assert_text(o, "mode", "full");
    assert_text(o, "empty", "");
    assert_text(o, "bare", "");
    assert_text(o, "precise", "ab");
    json_decref(o);
}

static void a_hostile_text_stays_one_member_of_one_line(void **state)
{
    (void)state;
    mj_log(MJ_INFO, "n", "a=%s b=%s", "x\n{\"level\":\"error\"} \"\\ \x01 \xff %s%n", "y");
    json_t *o = only_line();
    assert_text(o, "a", "x\n{\"level\":\"error\"} \"\\ \x01 \xEF\xBF\xBD %s%n");
    assert_text(o, "b", "y");
    assert_int_equal(json_object_size(o), 6);
    json_decref(o);
}

static void long_texts_are_cut_between_characters(void **state)
{
    (void)state;
    char text[1000];
    memset(text, 'a', sizeof text);
    memcpy(text + 511, "é", 2);
    text[999] = '\0';
    mj_log(MJ_INFO, "n", "a=%s b=%d", text, 3);
    json_t *o = only_line();
    assert_int_equal(json_string_length(json_object_get(o, "a")), 511);
    assert_int_equal(json_integer_value(json_object_get(o, "b")), 3);
    json_decref(o);
}

static void what_is_no_number_or_no_text_is_null(void **state)
{
    (void)state;
    const char *volatile none = NULL;
    mj_log(MJ_INFO, "n", "s=%s nan=%f inf=%g", none, (double)NAN, (double)INFINITY);
    json_t *o = only_line();
    assert_true(json_is_null(json_object_get(o, "s")));
    assert_true(json_is_null(json_object_get(o, "nan")));
    assert_true(json_is_null(json_object_get(o, "inf")));
    json_decref(o);
}

static void lower_levels_are_left_out(void **state)
{
    (void)state;
    mj_log(MJ_DEBUG, "quiet", NULL);
    mj_log(MJ_INFO, "loud", NULL);
    json_t *o = only_line();
    assert_text(o, "event", "loud");
    json_decref(o);
}

static void a_failure_is_logged_with_its_parts(void **state)
{
    (void)state;
    mj_error err;
    mj_fail(&err, MJ_DATA_LOSS, "CHAIN_BROKEN", "position", "expected \"%s\"", "x");
    mj_log_failure(MJ_ERR, "open_failed", &err);
    json_t *o = only_line();
    assert_text(o, "level", "error");
    assert_text(o, "code", "DATA_LOSS");
    assert_text(o, "reason", "CHAIN_BROKEN");
    assert_text(o, "field", "position");
    assert_text(o, "text", "expected \"x\"");
    json_decref(o);
}

static void ten_lines_a_minute_are_sampled_for_each_event(void **state)
{
    (void)state;
    int yes = 0, other = 0;
    for (int i = 0; i < 50; i++) {
        yes += mj_log_sampled("refused");
        other += i < 5 && mj_log_sampled("cut");
    }
    assert_int_equal(yes, 10);
    assert_int_equal(other, 5);
    now_ms += 59999;
    assert_false(mj_log_sampled("refused"));
    now_ms += 1;
    assert_true(mj_log_sampled("refused"));
}

static void more_event_names_than_places_share_the_last(void **state)
{
    (void)state;
    int yes = 0;
    for (int i = 0; i < 1000; i++) {
        char event[32];
        snprintf(event, sizeof event, "event_%d", i);
        yes += mj_log_sampled(event);
    }
    assert_in_range(yes, 50, 80);
}

static void *log_often(void *arg)
{
    for (int i = 0; i < 200; i++)
        mj_log(MJ_INFO, "turn", "thread=%s i=%d", (const char *)arg, i);
    return NULL;
}

static void lines_of_several_threads_do_not_mix(void **state)
{
    (void)state;
    pthread_t threads[4];
    static char names[4][300];
    lseek(fileno(lines), 0, SEEK_END);
    for (int i = 0; i < 4; i++) {
        memset(names[i], 'a' + i, sizeof names[i] - 1);
        assert_int_equal(pthread_create(&threads[i], NULL, log_often, names[i]), 0);
    }
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    rewind(lines);
    int n = 0;
    for (json_t *o; (o = next_line()); n++) {
        const char *name = json_string_value(json_object_get(o, "thread"));
        assert_int_equal(strspn(name, (char[]){ name[0], '\0' }), sizeof names[0] - 1);
        json_decref(o);
    }
    assert_int_equal(n, 800);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_line_says_when_how_bad_who_and_what),
        TEST(numbers_of_every_length_are_numbers),
        TEST(what_stands_together_is_one_text),
        TEST(a_hostile_text_stays_one_member_of_one_line),
        TEST(long_texts_are_cut_between_characters),
        TEST(what_is_no_number_or_no_text_is_null),
        TEST(lower_levels_are_left_out),
        TEST(a_failure_is_logged_with_its_parts),
        TEST(ten_lines_a_minute_are_sampled_for_each_event),
        TEST(more_event_names_than_places_share_the_last),
        TEST(lines_of_several_threads_do_not_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
