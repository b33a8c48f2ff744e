/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* What reporting reads out of entries: the fields it needs, of every kind of fact, and no more. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <missionjeunes/placements/v1/entries.pb-c.h>
#include <missionjeunes/placements/v1/placements.pb-c.h>
#include <missionjeunes/registry/v1/entries.pb-c.h>
#include <string.h>

#include "common/base/fields.h"
#include "reporting/entry.h"
#include "reporting/positions.h"

#define TYPE(name) MISSIONJEUNES__PLACEMENTS__V1__ENTRY_TYPE__ENTRY_TYPE_##name
#define FACT(name) MISSIONJEUNES__PLACEMENTS__V1__PLACEMENT_EVENT__FACT_##name
#define VALUE(name) MISSIONJEUNES__PLACEMENTS__V1__CORRECTED__VALUE_##name
#define ENROLLED MISSIONJEUNES__REGISTRY__V1__ENTRY_TYPE__ENTRY_TYPE_PERSON_ENROLLED
#define AGENCY "73282932000074"

typedef Missionjeunes__Placements__V1__PlacementEvent placement_event;

static char person_id[MJ_PERSON_TEXT];

static int read_bytes(struct mj_rep_told *ret, const char *service, uint32_t type, const struct mj_buf *bytes,
                      mj_error *err)
{
    const struct mj_entry e = { .position = 9, .type = type, .payload = bytes->data, .payload_len = bytes->len };

    return mj_rep_entry_read(ret, mj_rep_log(service, "52"), &e, err);
}

/* The entry of an accepted event, as placements packs it. */
static void pack_accepted(struct mj_buf *out, const placement_event *event)
{
    Missionjeunes__Placements__V1__EventAccepted e = MISSIONJEUNES__PLACEMENTS__V1__EVENT_ACCEPTED__INIT;
    uint8_t name[MJ_TAG] = { 7, 8, 9 };
    uint8_t bytes[512];

    e.stream = AGENCY;
    e.sequence = 300;
    e.payload_hash = e.placement = (ProtobufCBinaryData){ MJ_TAG, name };
    e.event = (ProtobufCBinaryData){ protobuf_c_message_pack(&event->base, bytes), bytes };
    e.unmatched = 1;
    e.implied_start = 1;
    e.late_days = 3;
    e.warning = "LATE";
    mj_buf_pack(out, &e.base);
}

static const struct mj_rep_told *accepted(const placement_event *event)
{
    static struct mj_rep_told told;
    struct mj_buf bytes = MJ_BUF_INIT;
    mj_error err = { 0 };

    pack_accepted(&bytes, event);
    if (read_bytes(&told, "placements", TYPE(EVENT_ACCEPTED), &bytes, &err) < 0) {
        fail_msg("%s: %s", err.reason, err.text);
    }
    mj_buf_free(&bytes);
    return &told;
}

static void an_accepted_event_tells_stream_placement_person_and_flags(void **state)
{
    (void)state;
    placement_event event = MISSIONJEUNES__PLACEMENTS__V1__PLACEMENT_EVENT__INIT;
    Missionjeunes__Placements__V1__Started fact = MISSIONJEUNES__PLACEMENTS__V1__STARTED__INIT;

    event.young_person = person_id;
    event.occurred_at_ms = 1;
    event.started = &fact;
    event.fact_case = FACT(STARTED);
    fact.on = "2026-03-02";
    fact.contract_kind = 2;
    fact.rome = "N1103";
    const struct mj_rep_told *t = accepted(&event);
    assert_int_equal(MJ_REP_TELLS_ACCEPTED, t->what);
    assert_int_equal(MJ_REP_STARTED, t->fact);
    assert_int_equal(mj_date_of(2026, 3, 2), t->day);
    assert_int_equal(2, t->contract);
    assert_string_equal(AGENCY, t->siret);
    assert_string_equal(person_id, t->person);
    assert_int_equal(9, t->name[2]);
    assert_true(t->unmatched && t->implied_start && t->late);
    assert_int_equal(9, t->position);
    assert_int_equal(mj_rep_log("placements", "52"), t->log);
}

static void a_correction_tells_what_it_corrects_to(void **state)
{
    (void)state;
    placement_event event = MISSIONJEUNES__PLACEMENTS__V1__PLACEMENT_EVENT__INIT;
    Missionjeunes__Placements__V1__Corrected c = MISSIONJEUNES__PLACEMENTS__V1__CORRECTED__INIT;
    Missionjeunes__Placements__V1__HoursReported hours = MISSIONJEUNES__PLACEMENTS__V1__HOURS_REPORTED__INIT;
    Missionjeunes__Placements__V1__Cancelled cancelled = MISSIONJEUNES__PLACEMENTS__V1__CANCELLED__INIT;

    event.corrected = &c;
    event.fact_case = FACT(CORRECTED);
    c.hours = &hours;
    c.value_case = VALUE(HOURS);
    hours.week = "2026-W07";
    const struct mj_rep_told *t = accepted(&event);
    assert_int_equal(MJ_REP_HOURS, t->fact);
    assert_int_equal(mj_date_of(2026, 2, 9), t->day);
    c.cancelled = &cancelled;
    c.value_case = VALUE(CANCELLED);
    t = accepted(&event);
    assert_int_equal(MJ_REP_CANCELLED, t->fact);
    assert_int_equal(MJ_NO_DATE, t->day);
}

static void a_plan_may_lack_its_day_and_a_start_may_not(void **state)
{
    (void)state;
    placement_event event = MISSIONJEUNES__PLACEMENTS__V1__PLACEMENT_EVENT__INIT;
    Missionjeunes__Placements__V1__Confirmed confirmed = MISSIONJEUNES__PLACEMENTS__V1__CONFIRMED__INIT;
    Missionjeunes__Placements__V1__Started started = MISSIONJEUNES__PLACEMENTS__V1__STARTED__INIT;
    struct mj_buf bytes = MJ_BUF_INIT;
    struct mj_rep_told told;
    mj_error err = { 0 };

    event.confirmed = &confirmed;
    event.fact_case = FACT(CONFIRMED);
    confirmed.contract_kind = 1;
    const struct mj_rep_told *t = accepted(&event);
    assert_int_equal(MJ_NO_DATE, t->day);
    assert_int_equal(1, t->contract);
    event.started = &started;
    event.fact_case = FACT(STARTED);
    pack_accepted(&bytes, &event);
    assert_int_equal(-1, read_bytes(&told, "placements", TYPE(EVENT_ACCEPTED), &bytes, &err));
    assert_int_equal(MJ_DATA_LOSS, err.code);
    mj_buf_free(&bytes);
}

static void fields_that_a_newer_writer_added_are_passed_over(void **state)
{
    (void)state;
    Missionjeunes__Registry__V1__PersonEnrolled e = MISSIONJEUNES__REGISTRY__V1__PERSON_ENROLLED__INIT;
    struct mj_buf bytes = MJ_BUF_INIT;
    struct mj_rep_told told;
    mj_error err = { 0 };

    e.young_person = person_id;
    e.mission_locale = AGENCY;
    e.entry_on = "2026-01-05";
    mj_buf_pack(&bytes, &e.base);
    mj_put_text(&bytes, 90, "news");
    mj_put_number(&bytes, 91, 7);
    assert_int_equal(1, read_bytes(&told, "registry", ENROLLED, &bytes, &err));
    assert_int_equal(MJ_REP_TELLS_ENROLLED, told.what);
    assert_string_equal(person_id, told.person);
    assert_string_equal(AGENCY, told.siret);
    mj_buf_put(&bytes, "\x0a", 1);       /* a field that breaks off */
    assert_int_equal(-1, read_bytes(&told, "registry", ENROLLED, &bytes, &err));
    assert_string_equal("ENTRY_BROKEN", err.reason);
    mj_buf_free(&bytes);
}

static void what_moves_no_figure_tells_nothing_and_an_unknown_type_is_refused(void **state)
{
    (void)state;
    struct mj_buf bytes = MJ_BUF_INIT;
    struct mj_rep_told told;
    mj_error err = { 0 };

    assert_int_equal(0, read_bytes(&told, "registry",
                                   MISSIONJEUNES__REGISTRY__V1__ENTRY_TYPE__ENTRY_TYPE_RULE_SET, &bytes, &err));
    assert_int_equal(-1, read_bytes(&told, "placements", 900, &bytes, &err));
    assert_int_equal(MJ_UNIMPLEMENTED, err.code);
    assert_int_equal(-1, read_bytes(&told, "registry", 0, &bytes, &err));
    assert_int_equal(MJ_UNIMPLEMENTED, err.code);
    assert_int_equal(-1, read_bytes(&told, "placements", TYPE(EVENT_KNOWN), &bytes, &err));
    assert_string_equal("ENTRY_BROKEN", err.reason);     /* of no stream */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_accepted_event_tells_stream_placement_person_and_flags),
        cmocka_unit_test(a_correction_tells_what_it_corrects_to),
        cmocka_unit_test(a_plan_may_lack_its_day_and_a_start_may_not),
        cmocka_unit_test(fields_that_a_newer_writer_added_are_passed_over),
        cmocka_unit_test(what_moves_no_figure_tells_nothing_and_an_unknown_type_is_refused),
    };

    mj_person_make(person_id, "52", (const uint8_t[MJ_PERSON_RANDOM]){ 7 });
    return cmocka_run_group_tests(tests, NULL, NULL);
}
