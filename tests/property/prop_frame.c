/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Decoding is total: whatever bytes come, a header or an error leaves, and never memory that is not ours. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "common/wire/frame.h"

#define MUTATIONS 200000
#define LONGEST (MJ_HEADER_MAX + 40)

static uint64_t seed = 20260412;                 /* fixed: a failure comes again */

/* splitmix64 */
static uint64_t next_random(void)
{
    uint64_t z = (seed += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static size_t below(size_t n)
{
    return (size_t)(next_random() % n);
}

/* Flips, overwrites, inserts, removes, repeats or cuts at a random place. Returns the new length. */
static size_t mutate(uint8_t bytes[LONGEST], size_t len)
{
    size_t at = below(len + 1), n = below(16) + 1;

    switch (below(6)) {
    case 0:
        if (at < len)
            bytes[at] ^= (uint8_t)(1u << below(8));
        return len;
    case 1:
        for (size_t i = at; i < len && i < at + n; i++)
            bytes[i] = (uint8_t)next_random();
        return len;
    case 2:
        if (len + n > LONGEST)
            return len;
        memmove(bytes + at + n, bytes + at, len - at);
        memset(bytes + at, (int)below(256), n);
        return len + n;
    case 3:
        n = n < len - at ? n : len - at;
        memmove(bytes + at, bytes + at + n, len - at - n);
        return len - n;
    case 4:
        if (len * 2 > LONGEST)
            return len;
        memcpy(bytes + len, bytes, len);
        return len * 2;
    default:
        return at;
    }
}

static size_t make_header(uint8_t bytes[LONGEST])
{
    struct mj_header h = { .version = 1, .method = "registry.v1.Enrol", .correlation = next_random(), .has_key = true,
                           .timeout_ms = (uint32_t)next_random(), .region = "52", .traceparent = "00-ab-cd-01" };
    struct mj_buf buf = MJ_BUF_INIT;
    size_t len;

    mj_header_encode(&buf, &h);
    len = buf.len;
    memcpy(bytes, buf.data, len);
    mj_buf_free(&buf);
    return len;
}

static size_t make_error(uint8_t bytes[LONGEST])
{
    struct mj_buf buf = MJ_BUF_INIT;
    mj_error e;
    size_t len;

    mj_fail(&e, MJ_ABORTED, "REASON", "a.b[1]", "expected é, got %llu", (unsigned long long)next_random());
    mj_error_encode(&buf, &e, "tcp://192.0.2.7:5511");
    len = buf.len;
    memcpy(bytes, buf.data, len);
    mj_buf_free(&buf);
    return len;
}

/* In memory of exactly its size, so that one byte read beyond it is seen. */
static struct mj_frame exact(const uint8_t *bytes, size_t len)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);

    assert_non_null(copy);
    memcpy(copy, bytes, len);
    return (struct mj_frame){ copy, len };
}

static void check_header(const struct mj_frame *f, unsigned *good)
{
    struct mj_header h;
    mj_error err;

    if (mj_header_decode(&h, f, &err) < 0) {
        assert_int_not_equal(err.code, MJ_OK);
        assert_true(err.reason[0] != '\0');
        return;
    }
    (*good)++;
    assert_int_equal(h.version, MJ_PROTOCOL_VERSION);
    assert_true(strlen(h.method) < sizeof(h.method) && strlen(h.traceparent) < sizeof(h.traceparent));
    assert_true(strlen(h.region) == 0 || strlen(h.region) == 2);
    assert_string_not_equal(mj_code_name(h.code), "");
}

static void mutated_headers_never_break_the_decoder(void **state)
{
    unsigned good = 0;

    (void)state;
    for (unsigned i = 0; i < MUTATIONS; i++) {
        uint8_t bytes[LONGEST];
        size_t len = make_header(bytes);
        struct mj_frame f;

        for (size_t m = below(4) + 1; m > 0; m--)
            len = mutate(bytes, len);
        f = exact(bytes, len);
        check_header(&f, &good);
        free((void *)f.data);
    }
    assert_in_range(good, MUTATIONS / 100, MUTATIONS - MUTATIONS / 100);     /* the mutations reach both ends */
}

static void mutated_errors_always_give_an_error(void **state)
{
    struct mj_arena *a = mj_arena_create(mj_arena_ceiling(LONGEST));

    (void)state;
    assert_non_null(a);
    for (unsigned i = 0; i < MUTATIONS; i++) {
        uint8_t bytes[LONGEST];
        size_t len = make_error(bytes);
        struct mj_frame f;
        mj_error e;

        for (size_t m = below(4) + 1; m > 0; m--)
            len = mutate(bytes, len);
        f = exact(bytes, len);
        mj_arena_reset(a, mj_arena_ceiling(len));
        mj_error_decode(&e, &f, a);
        assert_int_not_equal(e.code, MJ_OK);
        assert_true(strlen(e.text) < sizeof(e.text) && strlen(e.field) < sizeof(e.field));
        free((void *)f.data);
    }
    mj_arena_destroy(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mutated_headers_never_break_the_decoder),
        cmocka_unit_test(mutated_errors_always_give_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
