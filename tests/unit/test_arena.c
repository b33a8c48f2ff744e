/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "missionjeunes/placements/v1/placements.pb-c.h"

#define EVENT (&missionjeunes__placements__v1__placement_event__descriptor)
#define RESPONSE (&missionjeunes__placements__v1__ingest_response__descriptor)

static void memory_is_aligned_and_apart(void **state)
{
    (void)state;
    struct mj_arena *a = mj_arena_create(0);
    char *last = NULL;
    for (size_t n = 0; n < 3000; n++) {
        char *p = mj_arena_alloc(a, n);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % 16, 0);
        memset(p, (int)n, n);
        if (last && n > 1)
            assert_int_equal((unsigned char)last[n - 2], (unsigned char)(n - 1));
        last = p;
    }
    mj_arena_destroy(a);
}

static void reserve_past_the_ceiling_is_refused(void **state)
{
    (void)state;
    struct mj_arena *a = mj_arena_create(64);
    assert_non_null(mj_arena_alloc(a, 48));
    assert_null(mj_arena_alloc(a, 17));
    assert_non_null(mj_arena_alloc(a, 16));
    assert_null(mj_arena_alloc(a, 0));
    assert_int_equal(mj_arena_used(a), 64);
    assert_null(mj_arena_alloc(a, SIZE_MAX));
    mj_arena_destroy(a);
    mj_arena_destroy(NULL);
}

static void reset_gives_everything_back(void **state)
{
    (void)state;
    struct mj_arena *a = mj_arena_create(1u << 20);
    char *first = mj_arena_strdup(a, "first");
    assert_string_equal(first, "first");
    assert_non_null(mj_arena_alloc(a, 1u << 19));
    mj_arena_reset(a, 32);
    assert_int_equal(mj_arena_used(a), 0);
    assert_ptr_equal(mj_arena_copy(a, "again", 6), first);
    assert_null(mj_arena_alloc(a, 32));
    mj_arena_destroy(a);
}

static void ceiling_grows_with_the_message_and_does_not_wrap(void **state)
{
    (void)state;
    assert_int_equal(mj_arena_ceiling(0), 65536);
    assert_int_equal(mj_arena_ceiling(1000), 65536 + 8000);
    assert_int_equal(mj_arena_ceiling(SIZE_MAX / 2), SIZE_MAX);
}

/* bytes must be refused with this reason and field. */
static void refuse(const ProtobufCMessageDescriptor *d, const char *bytes, size_t n, const char *reason,
                   const char *field)
{
    struct mj_arena *a = mj_arena_create(mj_arena_ceiling(n));
    ProtobufCMessage *m = NULL;
    mj_error err = { 0 };
    assert_int_equal(mj_unpack(&m, d, (const uint8_t *)bytes, n, a, &err), -1);
    assert_null(m);
    assert_int_equal(err.code, MJ_INVALID_ARGUMENT);
    assert_string_equal(err.reason, reason);
    assert_string_equal(err.field, field);
    assert_true(err.text[0]);
    mj_arena_destroy(a);
}
#define REFUSE(d, bytes, reason, field) refuse(d, bytes, sizeof bytes - 1, reason, field)

static void unpack_gives_the_message_in_the_arena(void **state)
{
    (void)state;
    const uint8_t bytes[] = "\x0a\x01" "x" "\x6a\x0e\x0a\x0a" "2026-02-28" "\x10\x02";
    struct mj_arena *a = mj_arena_create(mj_arena_ceiling(sizeof bytes));
    Missionjeunes__Placements__V1__PlacementEvent *e;
    ProtobufCMessage *m;
    mj_error err;
    assert_int_equal(mj_unpack_canonical(&m, EVENT, bytes, sizeof bytes - 1, a, &err), 0);
    e = (Missionjeunes__Placements__V1__PlacementEvent *)m;
    assert_int_equal(e->fact_case, MISSIONJEUNES__PLACEMENTS__V1__PLACEMENT_EVENT__FACT_STARTED);
    assert_string_equal(e->started->on, "2026-02-28");
    assert_int_equal(e->started->contract_kind, 2);
    mj_arena_destroy(a);
}

static void no_bytes_are_a_message_of_defaults(void **state)
{
    (void)state;
    struct mj_arena *a = mj_arena_create(mj_arena_ceiling(0));
    ProtobufCMessage *m;
    mj_error err;
    assert_int_equal(mj_unpack_canonical(&m, EVENT, NULL, 0, a, &err), 0);
    mj_arena_destroy(a);
}

static void unknown_fields_are_refused_at_any_depth(void **state)
{
    (void)state;
    REFUSE(EVENT, "\xa0\x06\x01", "UNKNOWN_FIELD", "");                  /* field 100 */
    REFUSE(EVENT, "\x6a\x03\xa0\x06\x01", "UNKNOWN_FIELD", "started");
    REFUSE(EVENT, "\x92\x01\x05\x22\x03\xa0\x06\x01", "UNKNOWN_FIELD", "corrected.started");
}

static void unknown_enum_numbers_are_refused_with_their_path(void **state)
{
    (void)state;
    REFUSE(EVENT, "\x6a\x02\x10\x63", "UNKNOWN_ENUM", "started.contract_kind");
    REFUSE(EVENT, "\x6a\x0b\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "UNKNOWN_ENUM", "started.contract_kind");
    REFUSE(EVENT, "\x92\x01\x04\x22\x02\x10\x07", "UNKNOWN_ENUM", "corrected.started.contract_kind");
    REFUSE(RESPONSE, "\x12\x02\x10\x01\x08\x07\x12\x02\x10\x01\x12\x02\x10\x09", "UNKNOWN_ENUM",
           "exceptions[2].outcome");
}

static void strings_are_utf8_without_nul(void **state)
{
    (void)state;
    REFUSE(EVENT, "\x12\x03" "a\0b", "INVALID_UTF8", "young_person");
    REFUSE(EVENT, "\x12\x01\0", "INVALID_UTF8", "young_person");
    REFUSE(EVENT, "\x12\x02\xc3\x28", "INVALID_UTF8", "young_person");
    REFUSE(RESPONSE, "\x12\x03\x1a\x01\xff", "INVALID_UTF8", "exceptions[0].reason");
}

static void cut_and_crooked_bytes_are_malformed(void **state)
{
    (void)state;
    REFUSE(EVENT, "\x0a\x05" "ab", "MALFORMED", "");                     /* a length past the end */
    REFUSE(EVENT, "\x0a", "MALFORMED", "");
    REFUSE(EVENT, "\x00\x01", "MALFORMED", "");                          /* field 0 */
    REFUSE(EVENT, "\x0b\x0c", "MALFORMED", "");                          /* a group */
    REFUSE(EVENT, "\x08\x01", "MALFORMED", "placement_ref");             /* a number where bytes are due */
    REFUSE(EVENT, "\x1a\x01\x01", "MALFORMED", "occurred_at_ms");        /* bytes where a number is due */
    REFUSE(EVENT, "\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "MALFORMED", "");
    REFUSE(EVENT, "\x6a\x04\x0a\x09" "xy", "MALFORMED", "started");
}

static void refuse_canonical(const char *bytes, size_t n)
{
    struct mj_arena *a = mj_arena_create(mj_arena_ceiling(n));
    ProtobufCMessage *m = NULL;
    mj_error err;
    assert_int_equal(mj_unpack(&m, EVENT, (const uint8_t *)bytes, n, a, &err), 0);
    m = NULL;
    assert_int_equal(mj_unpack_canonical(&m, EVENT, (const uint8_t *)bytes, n, a, &err), -1);
    assert_null(m);
    assert_string_equal(err.reason, "NOT_CANONICAL");
    mj_arena_destroy(a);
}

static void other_encodings_of_the_same_message_are_not_canonical(void **state)
{
    (void)state;
#define OTHER(bytes) refuse_canonical(bytes, sizeof bytes - 1)
    OTHER("\x18\x00");                                                   /* a default written out */
    OTHER("\x12\x00");
    OTHER("\x18\x81\x00");                                               /* a long varint */
    OTHER("\x18\x01\x18\x02");                                           /* twice */
    OTHER("\x18\x01\x0a\x01x");                                          /* descending */
    OTHER("\x6a\x00\x72\x00");                                           /* two facts of one oneof */
    OTHER("\x6a\x02\x10\x01\x6a\x02\x10\x02");                           /* one fact in two parts */
}

static void a_message_that_would_grow_past_its_ceiling_is_refused(void **state)
{
    (void)state;
    enum { N = 200000 };
    char *bytes = mj_alloc(2 * N);                           /* empty exceptions: 2 bytes each, 72 unpacked */
    for (int i = 0; i < N; i++)
        memcpy(bytes + 2 * i, "\x12\x00", 2);
    refuse(RESPONSE, bytes, 2 * N, "MALFORMED", "");
    free(bytes);
}

/* A type that holds itself, which no message of ours may: the scan must still be bounded. */
static const ProtobufCMessageDescriptor nested;
static const ProtobufCFieldDescriptor nested_fields[] = {
    { .name = "inner", .id = 1, .label = PROTOBUF_C_LABEL_NONE, .type = PROTOBUF_C_TYPE_MESSAGE,
      .offset = sizeof(ProtobufCMessage), .descriptor = &nested },
};
static const ProtobufCIntRange nested_ranges[] = { { 1, 0 }, { 0, 1 } };
static const unsigned nested_names[] = { 0 };
static const ProtobufCMessageDescriptor nested = {
    PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC, "Nested", "Nested", "Nested", "", sizeof(ProtobufCMessage) + 8, 1,
    nested_fields, nested_names, 1, nested_ranges, NULL, NULL, NULL, NULL,
};

static void nesting_is_bounded(void **state)
{
    (void)state;
    enum { LEVELS = 10000 };
    uint8_t *bytes = mj_alloc(6 * LEVELS);
    size_t at = 6 * LEVELS;
    for (size_t inner = 0, i = 0; i < LEVELS; i++, inner = 6 * LEVELS - at) {
        uint8_t length[5];
        size_t n = 0;
        for (size_t v = inner; n == 0 || v; v >>= 7)
            length[n++] = (uint8_t)((v & 0x7F) | (v > 0x7F ? 0x80 : 0));
        memcpy(bytes + (at -= n), length, n);
        bytes[--at] = 0x0a;
    }
    struct mj_arena *a = mj_arena_create(0);
    ProtobufCMessage *m;
    mj_error err;
    assert_int_equal(mj_unpack(&m, &nested, bytes + at, 6 * LEVELS - at, a, &err), -1);
    assert_string_equal(err.reason, "MALFORMED");
    assert_memory_equal(err.field, "inner.inner.", 12);
    assert_int_equal(strlen(err.field), sizeof err.field - 1);
    mj_arena_destroy(a);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_aligned_and_apart),
        cmocka_unit_test(reserve_past_the_ceiling_is_refused),
        cmocka_unit_test(reset_gives_everything_back),
        cmocka_unit_test(ceiling_grows_with_the_message_and_does_not_wrap),
        cmocka_unit_test(unpack_gives_the_message_in_the_arena),
        cmocka_unit_test(no_bytes_are_a_message_of_defaults),
        cmocka_unit_test(unknown_fields_are_refused_at_any_depth),
        cmocka_unit_test(unknown_enum_numbers_are_refused_with_their_path),
        cmocka_unit_test(strings_are_utf8_without_nul),
        cmocka_unit_test(cut_and_crooked_bytes_are_malformed),
        cmocka_unit_test(other_encodings_of_the_same_message_are_not_canonical),
        cmocka_unit_test(a_message_that_would_grow_past_its_ceiling_is_refused),
        cmocka_unit_test(nesting_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
