/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "common/base/utf8.h"
#include "common/wire/frame.h"
#include "missionjeunes/common/v1/common.pb-c.h"

#define CEILING (1 << 20)

struct world {
    struct mj_arena *arena;
    struct mj_buf buf;
    struct mj_header header;
    mj_error err;
};

static struct world w;

static int setup(void **state)
{
    (void)state;
    memset(&w, 0, sizeof(w));
    w.arena = mj_arena_create(CEILING);
    return w.arena == NULL;
}

static int teardown(void **state)
{
    (void)state;
    mj_buf_free(&w.buf);
    mj_arena_destroy(w.arena);
    return 0;
}

static struct mj_frame frame(void)
{
    return (struct mj_frame){ w.buf.data, w.buf.len };
}

static struct mj_header sample(void)
{
    struct mj_header h = { .version = MJ_PROTOCOL_VERSION, .method = "placements.v1.Ingest", .correlation = UINT64_MAX,
                           .has_key = true, .timeout_ms = 5000, .region = "2A", .code = MJ_UNAVAILABLE,
                           .traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" };

    memset(h.key, 0xa5, sizeof(h.key));
    return h;
}

/* Packs a header that our own encoder would not make, and decodes it. */
static int decode_packed(const Missionjeunes__Common__V1__Header *m)
{
    struct mj_frame f;

    mj_buf_clear(&w.buf);
    mj_buf_pack(&w.buf, &m->base);
    f = frame();
    return mj_header_decode(&w.header, &f, &w.err);
}

static int decode_bytes(const void *data, size_t len)
{
    struct mj_frame f = { data, len };

    return mj_header_decode(&w.header, &f, &w.err);
}

static Missionjeunes__Common__V1__Header packed(void)
{
    Missionjeunes__Common__V1__Header m = MISSIONJEUNES__COMMON__V1__HEADER__INIT;

    m.version = MJ_PROTOCOL_VERSION;
    m.correlation = 77;
    return m;
}

static void a_header_comes_back_as_it_was_sent(void **state)
{
    struct mj_header h = sample();
    struct mj_frame f;

    (void)state;
    mj_header_encode(&w.buf, &h);
    assert_in_range(w.buf.len, 1, MJ_HEADER_MAX);
    f = frame();
    assert_int_equal(mj_header_decode(&w.header, &f, &w.err), 0);
    assert_int_equal(w.header.version, h.version);
    assert_string_equal(w.header.method, h.method);
    assert_true(w.header.correlation == h.correlation);
    assert_true(w.header.has_key);
    assert_memory_equal(w.header.key, h.key, sizeof(h.key));
    assert_int_equal(w.header.timeout_ms, h.timeout_ms);
    assert_string_equal(w.header.traceparent, h.traceparent);
    assert_string_equal(w.header.region, h.region);
    assert_int_equal(w.header.code, h.code);
}

static void the_longest_header_is_within_the_limit(void **state)
{
    struct mj_header h = sample();
    struct mj_frame f;

    (void)state;
    memset(h.method, 'm', sizeof(h.method) - 1);
    memset(h.traceparent, 't', sizeof(h.traceparent) - 1);
    h.timeout_ms = UINT32_MAX;
    mj_header_encode(&w.buf, &h);
    assert_in_range(w.buf.len, 1, MJ_HEADER_MAX);
    f = frame();
    assert_int_equal(mj_header_decode(&w.header, &f, &w.err), 0);
    assert_string_equal(w.header.method, h.method);
}

static void an_empty_frame_is_no_header_of_our_version(void **state)
{
    (void)state;
    assert_int_equal(decode_bytes(NULL, 0), -1);
    assert_string_equal(w.err.reason, "PROTOCOL_VERSION");
}

static void a_header_beyond_512_bytes_is_refused_unread(void **state)
{
    uint8_t bytes[MJ_HEADER_MAX + 1] = { 0x18, 0x4d };

    (void)state;
    assert_int_equal(decode_bytes(bytes, sizeof(bytes)), -1);
    assert_string_equal(w.err.reason, "HEADER_SIZE");
}

static void another_version_is_answered_under_its_correlation_whatever_else_it_holds(void **state)
{
    /* version 2, correlation 77, and a field 90 of a later time */
    static const uint8_t bytes[] = { 0x08, 0x02, 0x18, 77, 0xd2, 0x05, 0x01, 'x' };

    (void)state;
    assert_int_equal(decode_bytes(bytes, sizeof(bytes)), -1);
    assert_int_equal(w.err.code, MJ_UNIMPLEMENTED);
    assert_string_equal(w.err.reason, "PROTOCOL_VERSION");
    assert_int_equal(w.header.correlation, 77);
}

static void the_correlation_of_a_refused_header_is_known(void **state)
{
    static const uint8_t unknown_field[] = { 0x08, 0x01, 0x18, 77, 0xd2, 0x05, 0x01, 'x' };
    static const uint8_t cut_off[] = { 0x08, 0x01, 0x18, 77, 0x12, 0x20, 'p' };

    (void)state;
    assert_int_equal(decode_bytes(unknown_field, sizeof(unknown_field)), -1);
    assert_string_equal(w.err.reason, "UNKNOWN_FIELD");
    assert_int_equal(w.err.code, MJ_INVALID_ARGUMENT);
    assert_int_equal(w.header.correlation, 77);
    assert_int_equal(decode_bytes(cut_off, sizeof(cut_off)), -1);
    assert_string_equal(w.err.reason, "MALFORMED");
    assert_int_equal(w.header.correlation, 77);
}

static void a_key_has_sixteen_bytes_or_none(void **state)
{
    uint8_t key[17] = { 1 };
    Missionjeunes__Common__V1__Header m = packed();

    (void)state;
    assert_int_equal(decode_packed(&m), 0);
    assert_false(w.header.has_key);
    m.idempotency_key.data = key;
    for (m.idempotency_key.len = 1; m.idempotency_key.len <= 17; m.idempotency_key.len++)
        assert_int_equal(decode_packed(&m), m.idempotency_key.len == 16 ? 0 : -1);
    assert_string_equal(w.err.reason, "KEY_LENGTH");
    assert_string_equal(w.err.field, "header.idempotency_key");
    assert_int_equal(w.header.correlation, 77);
}

static void texts_of_a_header_have_their_lengths_and_print(void **state)
{
    char text[128];
    Missionjeunes__Common__V1__Header m = packed();

    (void)state;
    memset(text, 'a', sizeof(text));
    text[MJ_METHOD_MAX] = '\0';
    m.method = text;
    assert_int_equal(decode_packed(&m), -1);
    assert_string_equal(w.err.field, "header.method");
    text[MJ_METHOD_MAX - 1] = '\0';
    assert_int_equal(decode_packed(&m), 0);
    text[3] = '\n';
    assert_int_equal(decode_packed(&m), -1);
    memcpy(text + 3, "\xc3\xa9", 2);             /* UTF-8, yet no method */
    assert_int_equal(decode_packed(&m), -1);
    assert_string_equal(w.err.reason, "HEADER_FIELD");
    m = packed();
    m.region = "2";
    assert_int_equal(decode_packed(&m), -1);
    m.region = "2AB";
    assert_int_equal(decode_packed(&m), -1);
    assert_string_equal(w.err.field, "header.region");
    m.region = "FR";
    assert_int_equal(decode_packed(&m), 0);
}

static void an_unknown_code_is_refused(void **state)
{
    Missionjeunes__Common__V1__Header m = packed();

    (void)state;
    m.code = (Missionjeunes__Common__V1__Code)99;
    assert_int_equal(decode_packed(&m), -1);
    assert_string_equal(w.err.reason, "UNKNOWN_ENUM");
}

static void an_error_comes_back_as_it_was_sent(void **state)
{
    mj_error sent, got;
    struct mj_frame f;

    (void)state;
    mj_fail(&sent, MJ_RESOURCE_EXHAUSTED, "CREDIT", "events[3].started.on", "expected at most 10, got %d", 11);
    sent.retry_after_ms = 250;
    mj_error_encode(&w.buf, &sent, NULL);
    f = frame();
    mj_error_decode(&got, &f, w.arena);
    assert_int_equal(got.code, sent.code);
    assert_int_equal(got.retry_after_ms, 250);
    assert_string_equal(got.reason, sent.reason);
    assert_string_equal(got.field, sent.field);
    assert_string_equal(got.text, sent.text);
}

static void where_to_go_travels_with_an_error(void **state)
{
    Missionjeunes__Common__V1__Error *m;
    mj_error e;

    (void)state;
    mj_fail(&e, MJ_FAILED_PRECONDITION, "MOVED", NULL, "served elsewhere");
    mj_error_encode(&w.buf, &e, "tcp://192.0.2.7:5511");
    m = missionjeunes__common__v1__error__unpack(NULL, w.buf.len, w.buf.data);
    assert_non_null(m);
    assert_string_equal(m->moved_to, "tcp://192.0.2.7:5511");
    missionjeunes__common__v1__error__free_unpacked(m, NULL);
}

static void what_is_no_error_becomes_an_internal_one(void **state)
{
    static const char *const bad[] = { "", "\xff", "\x08\x63", "\x12\x02\xc3\xc3", "hello" };
    mj_error got;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct mj_frame f = { (const uint8_t *)bad[i], strlen(bad[i]) };

        mj_error_decode(&got, &f, w.arena);
        assert_int_equal(got.code, MJ_INTERNAL);
        assert_string_equal(got.reason, "BAD_ERROR");
    }
}

static void a_long_error_text_is_cut_between_characters(void **state)
{
    Missionjeunes__Common__V1__Error m = MISSIONJEUNES__COMMON__V1__ERROR__INIT;
    char text[601], odd[600];
    mj_error got;
    struct mj_frame f;

    (void)state;
    for (unsigned i = 0; i < 600; i += 2)
        memcpy(text + i, "\xc3\xa9", 2);
    text[600] = '\0';
    m.code = MISSIONJEUNES__COMMON__V1__CODE__CODE_INTERNAL;
    m.message = text;
    memcpy(odd, text + 1, sizeof(odd));
    odd[0] = 'x';
    for (unsigned turn = 0; turn < 2; turn++, m.message = odd) {
        mj_buf_clear(&w.buf);
        mj_buf_pack(&w.buf, &m.base);
        f = frame();
        mj_error_decode(&got, &f, w.arena);
        assert_in_range(strlen(got.text), sizeof(got.text) - 2, sizeof(got.text) - 1);
        assert_true(mj_utf8_text((const uint8_t *)got.text, strlen(got.text)));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_header_comes_back_as_it_was_sent),
        TEST(the_longest_header_is_within_the_limit),
        TEST(an_empty_frame_is_no_header_of_our_version),
        TEST(a_header_beyond_512_bytes_is_refused_unread),
        TEST(another_version_is_answered_under_its_correlation_whatever_else_it_holds),
        TEST(the_correlation_of_a_refused_header_is_known),
        TEST(a_key_has_sixteen_bytes_or_none),
        TEST(texts_of_a_header_have_their_lengths_and_print),
        TEST(an_unknown_code_is_refused),
        TEST(an_error_comes_back_as_it_was_sent),
        TEST(where_to_go_travels_with_an_error),
        TEST(what_is_no_error_becomes_an_internal_one),
        TEST(a_long_error_text_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
