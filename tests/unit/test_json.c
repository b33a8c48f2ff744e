/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "client/json.h"
#include "common/base/buf.h"
#include "missionjeunes/placements/v1/placements.pb-c.h"
#include "missionjeunes/registry/v1/registry.pb-c.h"
#include "missionjeunes/reporting/v1/reporting.pb-c.h"

#define EVENT (&missionjeunes__placements__v1__placement_event__descriptor)
#define INGEST (&missionjeunes__placements__v1__ingest_request__descriptor)
#define REGION (&missionjeunes__reporting__v1__region_counters__descriptor)
#define ENROL (&missionjeunes__registry__v1__enrol_request__descriptor)

typedef Missionjeunes__Placements__V1__PlacementEvent event;

static struct mj_arena *arena;

static int fresh_arena(void **state)
{
    (void)state;
    arena = mj_arena_create(0);
    return 0;
}

static int drop_arena(void **state)
{
    (void)state;
    mj_arena_destroy(arena);
    return 0;
}

static int try_read(ProtobufCMessage **m, const ProtobufCMessageDescriptor *d, const char *text, mj_error *err)
{
    json_t *value = NULL;
    size_t used;
    unsigned line;
    if (mj_json_parse(&value, text, strlen(text), &used, &line, err) < 0)
        return -1;
    int rc = mj_json_to_message(m, d, value, arena, err);
    json_decref(value);
    return rc;
}

static void *read_message(const ProtobufCMessageDescriptor *d, const char *text)
{
    ProtobufCMessage *m = NULL;
    mj_error err = { 0 };
    if (try_read(&m, d, text, &err) < 0)
        fail_msg("%s %s: %s", err.reason, err.field, err.text);
    return m;
}

static void refused(const ProtobufCMessageDescriptor *d, const char *text, const char *reason, const char *field)
{
    ProtobufCMessage *m = NULL;
    mj_error err = { 0 };
    assert_int_equal(-1, try_read(&m, d, text, &err));
    assert_string_equal(reason, err.reason);
    assert_string_equal(field, err.field);
    assert_int_equal(MJ_INVALID_ARGUMENT, err.code);
    assert_null(m);
}

/* JSON to bytes to message to JSON to bytes: the two bytes are the same, and the JSON is the one expected. */
static void round_trip(const ProtobufCMessageDescriptor *d, const char *text, const char *expected)
{
    struct mj_buf first = MJ_BUF_INIT, second = MJ_BUF_INIT;
    mj_buf_pack(&first, read_message(d, text));
    ProtobufCMessage *m = protobuf_c_message_unpack(d, NULL, first.len, first.data);
    assert_non_null(m);
    json_t *value = mj_json_of_message(m);
    protobuf_c_message_free_unpacked(m, NULL);
    char *written = json_dumps(value, JSON_COMPACT);
    assert_string_equal(expected, written);
    mj_buf_pack(&second, read_message(d, written));
    assert_int_equal(first.len, second.len);
    assert_memory_equal(first.data, second.data, first.len);
    free(written);
    json_decref(value);
    mj_buf_free(&first);
    mj_buf_free(&second);
}

static void an_event_comes_back_as_it_was(void **state)
{
    (void)state;
    round_trip(EVENT,
               "{\"placement_ref\":\"M-1 é\",\"young_person\":\"R52-x\",\"occurred_at_ms\":1767225600000,"
               "\"started\":{\"on\":\"2026-01-05\",\"contract_kind\":\"CONTRACT_KIND_CTT\"}}",
               "{\"placement_ref\":\"M-1 é\",\"young_person\":\"R52-x\",\"occurred_at_ms\":\"1767225600000\","
               "\"started\":{\"on\":\"2026-01-05\",\"contract_kind\":\"CONTRACT_KIND_CTT\"}}");
}

static void an_empty_fact_is_still_the_fact(void **state)
{
    (void)state;
    round_trip(EVENT, "{\"cancelled\":{}}", "{\"cancelled\":{}}");
}

static void lists_numbers_and_hex_come_back(void **state)
{
    (void)state;
    round_trip(INGEST, "{\"stream\":\"s\",\"first_sequence\":\"18446744073709551615\",\"events\":[\"00fF\",\"\"]}",
               "{\"stream\":\"s\",\"first_sequence\":\"18446744073709551615\",\"events\":[\"00ff\",\"\"]}");
    round_trip(REGION,
               "{\"region\":\"52\",\"counters\":[{\"name\":\"a\",\"value\":-3},"
               "{\"name\":\"b\",\"value\":\"-9223372036854775808\"}],"
               "\"stale\":true,\"events_per_second\":4294967295}",
               "{\"region\":\"52\",\"counters\":[{\"name\":\"a\",\"value\":\"-3\"},{\"name\":\"b\","
               "\"value\":\"-9223372036854775808\"}],\"stale\":true,\"events_per_second\":4294967295}");
}

static void a_reference_that_is_no_text_is_hex(void **state)
{
    (void)state;
    round_trip(EVENT, "{\"placement_ref\":{\"hex\":\"FF00\"}}", "{\"placement_ref\":{\"hex\":\"ff00\"}}");
    refused(EVENT, "{\"placement_ref\":{\"hex\":\"FF0\"}}", "BAD_HEX", "placement_ref");
}

static void camel_case_short_enums_and_numbers_as_text_are_read(void **state)
{
    (void)state;
    event *ev = read_message(EVENT, "{\"placementRef\":\"a\",\"youngPerson\":\"p\",\"occurredAtMs\":\"5\","
                                    "\"confirmed\":{\"contractKind\":\"CDII_MISSION\",\"weeklyMinutes\":\"2100\"}}");
    assert_int_equal(5, ev->occurred_at_ms);
    assert_int_equal(MISSIONJEUNES__PLACEMENTS__V1__PLACEMENT_EVENT__FACT_CONFIRMED, ev->fact_case);
    assert_int_equal(2, ev->confirmed->contract_kind);
    assert_int_equal(2100, ev->confirmed->weekly_minutes);
}

static void null_is_not_there(void **state)
{
    (void)state;
    event *ev = read_message(EVENT, "{\"young_person\":null,\"started\":null,\"ended\":{}}");
    assert_string_equal("", ev->young_person);
    assert_int_equal(MISSIONJEUNES__PLACEMENTS__V1__PLACEMENT_EVENT__FACT_ENDED, ev->fact_case);
}

static void an_enum_number_the_service_may_not_know_still_travels(void **state)
{
    (void)state;
    event *ev = read_message(EVENT, "{\"ended\":{\"motive\":99}}");
    assert_int_equal(99, ev->ended->motive);
}

static void an_unknown_member_is_refused_with_the_nearest_one(void **state)
{
    (void)state;
    ProtobufCMessage *m;
    mj_error err;
    refused(EVENT, "{\"started\":{\"onn\":\"2026-01-05\"}}", "UNKNOWN_FIELD", "started");
    assert_int_equal(-1, try_read(&m, EVENT, "{\"yuong_person\":\"x\"}", &err));
    assert_non_null(strstr(err.text, "did you mean \"young_person\""));
    refused(EVENT, "{\"Young_person\":\"x\"}", "UNKNOWN_FIELD", "");
}

static void a_member_twice_is_refused_in_any_spelling(void **state)
{
    (void)state;
    refused(EVENT, "{\"young_person\":\"x\",\"young_person\":\"x\"}", "JSON_DUPLICATE", "");
    refused(EVENT, "{\"young_person\":\"x\",\"youngPerson\":\"x\"}", "JSON_DUPLICATE", "young_person");
}

static void two_facts_in_an_event_are_refused(void **state)
{
    (void)state;
    refused(EVENT, "{\"started\":{},\"ended\":{}}", "FACT_TWICE", "ended");
}

static void wrong_types_name_the_field(void **state)
{
    (void)state;
    refused(EVENT, "{\"young_person\":5}", "FIELD_TYPE", "young_person");
    refused(EVENT, "{\"placement_ref\":5}", "FIELD_TYPE", "placement_ref");
    refused(EVENT, "{\"started\":\"2026-01-05\"}", "FIELD_TYPE", "started");
    refused(EVENT, "{\"ended\":{\"motive\":true}}", "FIELD_TYPE", "ended.motive");
    refused(EVENT, "{\"occurred_at_ms\":1.5}", "FIELD_TYPE", "occurred_at_ms");
    refused(INGEST, "{\"events\":\"00\"}", "FIELD_TYPE", "events");
    refused(INGEST, "{\"events\":[\"00\",null]}", "FIELD_TYPE", "events[1]");
    refused(ENROL, "{\"rqth\":\"yes\"}", "FIELD_TYPE", "rqth");
    refused(EVENT, "[]", "FIELD_TYPE", "");
}

static void numbers_out_of_range_are_refused(void **state)
{
    (void)state;
    refused(EVENT, "{\"hours\":{\"minutes\":4294967296}}", "FIELD_RANGE", "hours.minutes");
    refused(EVENT, "{\"hours\":{\"minutes\":-1}}", "FIELD_RANGE", "hours.minutes");
    refused(EVENT, "{\"occurred_at_ms\":\"18446744073709551616\"}", "FIELD_RANGE", "occurred_at_ms");
    refused(EVENT, "{\"occurred_at_ms\":\"\"}", "FIELD_RANGE", "occurred_at_ms");
    refused(EVENT, "{\"occurred_at_ms\":\"5x\"}", "FIELD_RANGE", "occurred_at_ms");
    refused(EVENT, "{\"occurred_at_ms\":\"0000000000000000000000000000000x\"}", "FIELD_RANGE", "occurred_at_ms");
    refused(REGION, "{\"counters\":[{\"value\":\"-\"}]}", "FIELD_RANGE", "counters[0].value");
}

static void an_unknown_enum_name_is_refused_with_the_nearest_one(void **state)
{
    (void)state;
    ProtobufCMessage *m;
    mj_error err;
    refused(EVENT, "{\"corrected\":{\"started\":{\"contract_kind\":\"INTERIM\"}}}", "UNKNOWN_ENUM",
            "corrected.started.contract_kind");
    assert_int_equal(-1, try_read(&m, EVENT, "{\"ended\":{\"motive\":\"TREM\"}}", &err));
    assert_non_null(strstr(err.text, "did you mean TERM?"));
}

static void broken_hex_is_refused(void **state)
{
    (void)state;
    refused(INGEST, "{\"events\":[\"0\"]}", "BAD_HEX", "events[0]");
    refused(INGEST, "{\"events\":[\"zz\"]}", "BAD_HEX", "events[0]");
}

static void text_that_is_no_json_is_refused_with_its_line(void **state)
{
    (void)state;
    static const char *const bad[] = { "", "{", "{\n\n\"a\":}", "{\"a\":\"\\u0000\"}", "{\"a\":\"\xff\"}", "nope" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        refused(EVENT, bad[i], "JSON_SYNTAX", "");
    json_t *value;
    size_t used;
    unsigned line;
    mj_error err;
    assert_int_equal(-1, mj_json_parse(&value, bad[2], strlen(bad[2]), &used, &line, &err));
    assert_int_equal(3, line);
}

static void values_that_follow_each_other_are_read_one_by_one(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":1}\n{\"b\":2}";
    json_t *value;
    size_t used;
    unsigned line;
    mj_error err;
    assert_int_equal(0, mj_json_parse(&value, text, strlen(text), &used, &line, &err));
    assert_int_equal(7, used);
    json_decref(value);
    assert_int_equal(0, mj_json_parse(&value, text + used, strlen(text) - used, &used, &line, &err));
    assert_int_equal(2, json_integer_value(json_object_get(value, "b")));
    json_decref(value);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_comes_back_as_it_was),
        cmocka_unit_test(an_empty_fact_is_still_the_fact),
        cmocka_unit_test(lists_numbers_and_hex_come_back),
        cmocka_unit_test(a_reference_that_is_no_text_is_hex),
        cmocka_unit_test(camel_case_short_enums_and_numbers_as_text_are_read),
        cmocka_unit_test(null_is_not_there),
        cmocka_unit_test(an_enum_number_the_service_may_not_know_still_travels),
        cmocka_unit_test(an_unknown_member_is_refused_with_the_nearest_one),
        cmocka_unit_test(a_member_twice_is_refused_in_any_spelling),
        cmocka_unit_test(two_facts_in_an_event_are_refused),
        cmocka_unit_test(wrong_types_name_the_field),
        cmocka_unit_test(numbers_out_of_range_are_refused),
        cmocka_unit_test(an_unknown_enum_name_is_refused_with_the_nearest_one),
        cmocka_unit_test(broken_hex_is_refused),
        cmocka_unit_test(text_that_is_no_json_is_refused_with_its_line),
        cmocka_unit_test(values_that_follow_each_other_are_read_one_by_one),
    };
    return cmocka_run_group_tests(tests, fresh_arena, drop_arena);
}
