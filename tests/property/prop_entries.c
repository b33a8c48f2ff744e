/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Entries of placements' log: our bytes are protobuf-c's, reading gives what was put, and no bytes break the reader.
 * What it takes, protobuf-c takes too, and tells the same of it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "common/base/fields.h"
#include "placements/entry.h"
#include "support/events.h"

#define TRIALS 20000

static uint64_t seed;
static struct mj_arena *arena;
static struct mj_buf ours, theirs;

static uint32_t below(uint32_t n)        /* splitmix64 */
{
    uint64_t z = seed += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ (z >> 31)) % n);
}

static uint64_t figure(void)             /* of any length, often 0 */
{
    return below(3) == 0 ? 0 : ((uint64_t)below(UINT32_MAX) << 32 | below(UINT32_MAX)) >> below(64);
}

static void random_tag(uint8_t tag[MJ_TAG])
{
    for (unsigned i = 0; i < MJ_TAG; i++)
        tag[i] = (uint8_t)below(256);
}

static const char *random_text(void)
{
    static const char *const texts[] = { "", "HOST_IS_AGENCY", "started.host_siret", "corrected.ended.on" };
    return texts[below(4)];
}

/* ---- entries, as values and as messages ---- */

static void random_numbered(struct pl_numbered *n, uint32_t type, const struct made *event)
{
    *n = (struct pl_numbered){ .number = figure(), .key = (uint32_t)figure(), .reason = "", .field = "" };
    events_siret(n->stream, 41234567, below(1000));
    random_tag(n->tag);
    if (type != PL_ENTRY_KNOWN) {
        n->reason = random_text();
        n->field = random_text();
    }
    if (type != PL_ENTRY_ACCEPTED) {
        n->same_as = figure();
        return;
    }
    random_tag(n->name);
    n->unmatched = below(2);
    n->implied_start = below(2);
    n->registry_position = figure();
    n->late_days = (uint32_t)figure();
    assert_int_equal(pl_event_read(event->bytes, event->len, &n->event, NULL), 0);
}

static void pack_accepted(const struct pl_numbered *n)
{
    EventAccepted m = MISSIONJEUNES__PLACEMENTS__V1__EVENT_ACCEPTED__INIT;
    m.stream = (char *)n->stream;
    m.sequence = n->number;
    m.payload_hash = (ProtobufCBinaryData){ MJ_TAG, (uint8_t *)n->tag };
    m.key = n->key;
    m.placement = (ProtobufCBinaryData){ MJ_TAG, (uint8_t *)n->name };
    m.event = (ProtobufCBinaryData){ n->event.rest_len, (uint8_t *)(uintptr_t)n->event.rest };
    m.unmatched = n->unmatched;
    m.registry_position = n->registry_position;
    m.implied_start = n->implied_start;
    m.warning = (char *)(uintptr_t)n->reason;
    m.warning_field = (char *)(uintptr_t)n->field;
    m.late_days = n->late_days;
    mj_buf_pack(&theirs, &m.base);
}

static void pack_other(uint32_t type, const struct pl_numbered *n)
{
    EventKnown k = MISSIONJEUNES__PLACEMENTS__V1__EVENT_KNOWN__INIT;
    EventRejected r = MISSIONJEUNES__PLACEMENTS__V1__EVENT_REJECTED__INIT;
    k.stream = r.stream = (char *)n->stream;
    k.sequence = r.sequence = n->number;
    k.payload_hash = r.payload_hash = (ProtobufCBinaryData){ MJ_TAG, (uint8_t *)n->tag };
    k.key = r.key = n->key;
    k.same_as = r.same_as = n->same_as;
    r.reason = (char *)(uintptr_t)n->reason;
    r.field = (char *)(uintptr_t)n->field;
    mj_buf_pack(&theirs, type == PL_ENTRY_KNOWN ? &k.base : &r.base);
}

static const struct made *random_event(void)
{
    static struct made m;
    static struct draft d;
    static const char *const weeks[] = { "2026-W46", "2026-W47" };
    enum pl_kind kind = (enum pl_kind)(PL_PROPOSED + below(8));
    draft_make(&d, "M-1", kind, kind == PL_HOURS ? weeks[below(2)] : "2026-11-16", "2026-11-20");
    if (below(4) == 0)
        draft_correct(&d);
    m = draft_pack(&d);
    return &m;
}

/* Puts a random entry in `ours` and `theirs`; its value. */
static void *random_entry(uint32_t type)
{
    static struct pl_numbered n;
    static struct pl_matched m;
    static struct pl_quality q;
    mj_buf_clear(&ours);
    mj_buf_clear(&theirs);
    if (type == PL_ENTRY_MATCHED) {
        PlacementMatched out = MISSIONJEUNES__PLACEMENTS__V1__PLACEMENT_MATCHED__INIT;
        m = (struct pl_matched){ .registry_position = figure() };
        random_tag(m.name);
        events_siret(m.stream, 41234567, below(1000));
        events_person(m.young_person, below(1000));
        pl_matched_put(&ours, &m);
        out.placement = (ProtobufCBinaryData){ MJ_TAG, m.name };
        out.stream = m.stream;
        out.young_person = m.young_person;
        out.registry_position = m.registry_position;
        mj_buf_pack(&theirs, &out.base);
        return &m;
    }
    if (type == PL_ENTRY_QUALITY) {
        StreamQuality out = MISSIONJEUNES__PLACEMENTS__V1__STREAM_QUALITY__INIT;
        q = (struct pl_quality){ .resends = figure(), .conflicts = figure() };
        events_siret(q.stream, 41234567, below(1000));
        pl_quality_put(&ours, &q);
        out.stream = q.stream;
        out.resends = q.resends;
        out.conflicts = q.conflicts;
        mj_buf_pack(&theirs, &out.base);
        return &q;
    }
    random_numbered(&n, type, random_event());
    pl_numbered_put(&ours, type, &n);
    if (type == PL_ENTRY_ACCEPTED)
        pack_accepted(&n);
    else
        pack_other(type, &n);
    return &n;
}

/* ---- comparing ---- */

static void same_numbered(const struct pl_numbered *a, const struct pl_numbered *b)
{
    assert_string_equal(a->stream, b->stream);
    assert_int_equal(a->number, b->number);
    assert_memory_equal(a->tag, b->tag, MJ_TAG);
    assert_int_equal(a->key, b->key);
    assert_string_equal(a->reason, b->reason);
    assert_string_equal(a->field, b->field);
    assert_int_equal(a->same_as, b->same_as);
    assert_memory_equal(a->name, b->name, MJ_TAG);
    assert_int_equal(a->unmatched, b->unmatched);
    assert_int_equal(a->implied_start, b->implied_start);
    assert_int_equal(a->registry_position, b->registry_position);
    assert_int_equal(a->late_days, b->late_days);
    assert_int_equal(a->event.rest_len, b->event.rest_len);
    if (a->event.rest_len > 0)
        assert_memory_equal(a->event.rest, b->event.rest, a->event.rest_len);
    assert_string_equal(a->event.young_person, b->event.young_person);
    assert_int_equal(a->event.occurred_at_ms, b->event.occurred_at_ms);
    assert_int_equal(a->event.correction, b->event.correction);
    assert_int_equal(a->event.fact.kind, b->event.fact.kind);
    assert_int_equal(a->event.fact.part, b->event.fact.part);
    assert_int_equal(a->event.fact.tag, b->event.fact.tag);
    assert_int_equal(a->event.fact.on, b->event.fact.on);
}

static void same_value(uint32_t type, const void *a, const void *b)
{
    if (type == PL_ENTRY_MATCHED)
        assert_memory_equal(a, b, sizeof(struct pl_matched));
    else if (type == PL_ENTRY_QUALITY)
        assert_memory_equal(a, b, sizeof(struct pl_quality));
    else
        same_numbered(a, b);
}

static int read_ours(struct mj_entry *e, uint32_t type, mj_error *err)
{
    *e = (struct mj_entry){ .position = 7, .type = type, .payload = ours.data, .payload_len = ours.len };
    mj_arena_reset(arena, 0);
    return pl_entry_read(e, arena, err);
}

static void our_bytes_are_protobufs_and_read_as_what_was_put(void **state)
{
    (void)state;
    for (unsigned i = 0; i < TRIALS; i++) {
        uint32_t type = PL_ENTRY_ACCEPTED + below(5);
        const void *value = random_entry(type);
        struct mj_entry e;
        mj_error err = { 0 };
        assert_int_equal(ours.len, theirs.len);
        assert_memory_equal(ours.data, theirs.data, ours.len);
        assert_int_equal(read_ours(&e, type, &err), 0);
        same_value(type, value, e.value);
    }
}

/* ---- bytes that somebody spoiled ---- */

static void mutate(void)
{
    for (unsigned n = 1 + below(3); n > 0 && ours.len > 0; n--) {
        uint8_t *at = ours.data + below((uint32_t)ours.len);
        switch (below(3)) {
        case 0: *at ^= (uint8_t)(1u << below(8)); break;
        case 1: *at = (uint8_t)below(256); break;
        default: ours.len = (size_t)(at - ours.data); break;
        }
    }
}

static const ProtobufCMessageDescriptor *descriptor(uint32_t type)
{
    switch (type) {
    case PL_ENTRY_ACCEPTED: return &missionjeunes__placements__v1__event_accepted__descriptor;
    case PL_ENTRY_KNOWN: return &missionjeunes__placements__v1__event_known__descriptor;
    case PL_ENTRY_REJECTED: return &missionjeunes__placements__v1__event_rejected__descriptor;
    case PL_ENTRY_MATCHED: return &missionjeunes__placements__v1__placement_matched__descriptor;
    default: return &missionjeunes__placements__v1__stream_quality__descriptor;
    }
}

/* A value as protobuf-c would pack it: its own unpacking comes to the same bytes, but for fields it does not know. */
static void protobuf_agrees(uint32_t type, const void *value)
{
    ProtobufCMessage *m = protobuf_c_message_unpack(descriptor(type), NULL, ours.len, ours.data);
    struct mj_buf again = MJ_BUF_INIT;
    assert_non_null(m);
    for (unsigned i = 0; i < m->n_unknown_fields; i++)
        free(m->unknown_fields[i].data);
    free(m->unknown_fields);
    m->unknown_fields = NULL;
    m->n_unknown_fields = 0;
    mj_buf_clear(&theirs);
    mj_buf_pack(&theirs, m);
    if (type == PL_ENTRY_MATCHED)
        pl_matched_put(&again, value);
    else if (type == PL_ENTRY_QUALITY)
        pl_quality_put(&again, value);
    else
        pl_numbered_put(&again, type, value);
    assert_int_equal(again.len, theirs.len);
    assert_memory_equal(again.data, theirs.data, again.len);
    protobuf_c_message_free_unpacked(m, NULL);
    mj_buf_free(&again);
}

static void spoiled_bytes_are_refused_or_read_as_protobuf_does(void **state)
{
    unsigned refused = 0, taken = 0;
    (void)state;
    for (unsigned i = 0; i < TRIALS; i++) {
        uint32_t type = PL_ENTRY_ACCEPTED + below(5);
        struct mj_entry e;
        mj_error err = { 0 };
        (void)random_entry(type);
        mutate();
        if (read_ours(&e, type, &err) < 0) {
            assert_int_equal(err.code, MJ_DATA_LOSS);
            assert_string_equal(err.reason, "ENTRY_BROKEN");
            assert_null(e.value);
            refused++;
        } else {
            protobuf_agrees(type, e.value);
            taken++;
        }
    }
    assert_true(refused > TRIALS / 10 && taken > TRIALS / 10);
}

static void a_field_of_a_newer_writer_is_passed_over(void **state)
{
    (void)state;
    for (uint32_t type = PL_ENTRY_ACCEPTED; type <= PL_ENTRY_QUALITY; type++) {
        const void *value = random_entry(type);
        struct mj_entry e;
        mj_error err = { 0 };
        mj_put_text(&ours, 99, "new");
        assert_int_equal(read_ours(&e, type, &err), 0);
        same_value(type, value, e.value);
    }
}

static void a_type_without_a_value_has_none(void **state)
{
    struct mj_entry e;
    mj_error err = { 0 };
    (void)state;
    (void)random_entry(PL_ENTRY_ACCEPTED);
    assert_int_equal(read_ours(&e, MJ_ENTRY_OPENED, &err), 0);
    assert_null(e.value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_bytes_are_protobufs_and_read_as_what_was_put),
        cmocka_unit_test(spoiled_bytes_are_refused_or_read_as_protobuf_does),
        cmocka_unit_test(a_field_of_a_newer_writer_is_passed_over),
        cmocka_unit_test(a_type_without_a_value_has_none),
    };
    const char *given = getenv("MJ_SEED");
    seed = given ? strtoull(given, NULL, 10) : 20261121;
    print_message("MJ_SEED=%llu\n", (unsigned long long)seed);
    arena = mj_arena_create(0);
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    mj_arena_destroy(arena);
    mj_buf_free(&ours);
    mj_buf_free(&theirs);
    return rc;
}
