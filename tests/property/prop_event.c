/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Two readers of an event's bytes agree: the one that reads plain bytes in one pass, and the one whose word is law
 * (mj_unpack_canonical). They take the same bytes, and read the same in them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "placements/event_read.h"
#include "support/events.h"

#define TRIALS 300
#define BYTES (2 * EVENT_BYTES)

static uint64_t seed;
static struct mj_arena *arena;
static unsigned taken, refused;

static uint32_t below(uint32_t n)        /* splitmix64 */
{
    uint64_t z = seed += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ (z >> 31)) % n);
}

/* ---- what an unpacked event says, member by member ---- */

static const char *text_of(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
    const char *text;
    memcpy(&text, (const char *)m + f->offset, sizeof text);
    return text;
}

static uint32_t number_of(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
    uint32_t number;
    memcpy(&number, (const char *)m + f->offset, sizeof number);
    return number;
}

static void same_fact(const struct pl_reading *r, const ProtobufCMessage *m)
{
    const struct pl_shape *shape = &pl_shapes[r->event.fact.kind];
    assert_int_equal(m->descriptor->n_fields, shape->count);
    for (unsigned i = 0; i < shape->count; i++) {
        const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
        const struct pl_member *member = &shape->members[i];
        assert_int_equal(f->id, i + 1);
        assert_string_equal(f->name, member->name);
        if (member->says < PL_TEXTS)
            assert_string_equal(r->texts[member->says], text_of(m, f));
        else
            assert_int_equal(member->says == PL_SAYS_CODE ? r->event.fact.code : r->figure, number_of(m, f));
    }
}

static void same_event(const struct pl_reading *r, const PlacementEvent *ev, const uint8_t *bytes, size_t len)
{
    int kind = (int)ev->fact_case - PL_CASE_OF_EVENT;
    const ProtobufCMessage *fact = ev->fact_case == 0 ? NULL : &ev->proposed->base;
    bool correction = (int)ev->fact_case == PL_CASE_CORRECTED;
    if (correction) {
        kind = (int)ev->corrected->value_case;
        fact = kind == 0 ? NULL : &ev->corrected->proposed->base;
    }
    assert_int_equal(r->event.correction, correction);
    assert_int_equal(r->event.fact.kind, fact == NULL ? PL_NONE : kind);
    assert_int_equal(r->event.ref_len, ev->placement_ref.len);
    if (ev->placement_ref.len > 0)
        assert_memory_equal(r->event.ref, ev->placement_ref.data, ev->placement_ref.len);
    assert_string_equal(r->texts[PL_SAYS_PERSON], ev->young_person);
    assert_true(r->event.occurred_at_ms == ev->occurred_at_ms);
    assert_true(r->event.rest + r->event.rest_len == bytes + len);
    if (fact != NULL)
        same_fact(r, fact);
}

/* ---- both readers on the same bytes ---- */

static void agree(const uint8_t *bytes, size_t len)
{
    struct pl_reading r;
    ProtobufCMessage *m;
    mj_error err = { 0 };
    mj_arena_reset(arena, mj_arena_ceiling(len));
    bool fast = pl_reading_take(&r, bytes, len, arena);
    int rc = mj_unpack_canonical(&m, &missionjeunes__placements__v1__placement_event__descriptor, bytes, len, arena,
                                 &err);
    if (fast != (rc == 0))
        fail_msg("%zu bytes: one reader %s them, the other does not (%s %s)", len, fast ? "takes" : "refuses",
                 err.reason, err.field);
    if (fast)
        same_event(&r, (const PlacementEvent *)m, bytes, len);
    taken += fast;
    refused += !fast;
}

/* ---- events ---- */

static struct made any_event(void)
{
    static const char *const days[] = { "2026-11-02", "", "2026-W45", "soon", "a day that is told at some length",
                                        "\xc3\xa9t\xc3\xa9" };
    static const uint64_t moments[] = { 0, 1, (uint64_t)EVENTS_NOW, UINT64_MAX };
    struct draft d;
    draft_make(&d, "M-2026-1", (enum pl_kind)below(PL_CANCELLED + 1), "2026-11-02", "2026-12-02");
    if (below(2))
        d.extended.new_end = d.started.on = d.hours.week = d.confirmed.planned_start = (char *)days[below(6)];
    d.confirmed.planned_end = (char *)days[below(6)];
    d.hours.kind = (Missionjeunes__Placements__V1__HoursKind)below(3);
    d.started.contract_kind = (Missionjeunes__Placements__V1__ContractKind)below(6);
    d.extended.number = d.hours.minutes = below(3) ? below(20000) : UINT32_MAX * below(2);
    d.event.placement_ref.len = below(9);
    d.event.occurred_at_ms = moments[below(4)];
    if (below(4) == 0)
        d.event.young_person = below(2) ? d.person : (char *)days[below(6)];
    if (below(3) == 0) {
        char *person = d.event.young_person;
        draft_correct(&d);
        d.event.young_person = person;
    }
    return draft_pack(&d);
}

static void every_packed_event_is_taken(void **state)
{
    (void)state;
    refused = 0;
    for (unsigned i = 0; i < 20 * TRIALS; i++) {
        struct made m = any_event();
        agree(m.bytes, m.len);
    }
    assert_int_equal(refused, 0);
}

static void one_byte_changed_anywhere(void **state)
{
    (void)state;
    taken = refused = 0;
    for (unsigned i = 0; i < TRIALS; i++) {
        struct made m = any_event();
        for (size_t at = 0; at < m.len; at++)
            for (unsigned n = 0; n < 16; n++) {
                struct made other = m;
                other.bytes[at] = (uint8_t)(n < 8 ? m.bytes[at] ^ (1u << n) : below(256));
                agree(other.bytes, other.len);
            }
    }
    assert_true(taken > TRIALS && refused > TRIALS);     /* both were seen often */
}

static void cut_anywhere(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2 * TRIALS; i++) {
        struct made m = any_event();
        for (size_t len = 0; len < m.len; len++)
            agree(m.bytes, len);
    }
}

static void agree_with_more(const struct made *m, size_t at, const uint8_t *more, size_t n)
{
    uint8_t bytes[BYTES];
    memcpy(bytes, m->bytes, at);
    memcpy(bytes + at, more, n);
    memcpy(bytes + at + n, m->bytes + at, m->len - at);
    agree(bytes, m->len + n);
}

/* Bytes put in: random ones, a field of a known form, a piece of the event itself again. */
static void bytes_put_in_anywhere(void **state)
{
    static const uint8_t fields[][4] = { { 0x0a, 0x01, 'x' }, { 0x12, 0x00, 0 }, { 0x18, 0x00, 0 }, { 0x18, 0x80, 0 },
                                         { 0x52, 0x00, 0 }, { 0x92, 0x01, 0x00 }, { 0xa0, 0x06, 0x01 },
                                         { 0x1d, 0, 0 }, { 0x8a, 0x00, 0x00 } };
    (void)state;
    for (unsigned i = 0; i < TRIALS; i++) {
        struct made m = any_event();
        for (size_t at = 0; at <= m.len; at++) {
            uint8_t random[3] = { (uint8_t)below(256), (uint8_t)below(256), (uint8_t)below(256) };
            agree_with_more(&m, at, random, 1 + below(3));
            agree_with_more(&m, at, fields[below(9)], 2 + below(2));
            size_t from = m.len == 0 ? 0 : below((uint32_t)m.len);
            agree_with_more(&m, at, m.bytes + from, below((uint32_t)(m.len - from) + 1));
        }
    }
}

/* ---- what was checked is read the same when it is stored ---- */

static void a_stored_event_reads_as_it_was_checked(void **state)
{
    char agency[MJ_SIRET_LEN + 1];
    unsigned seen = 0;
    (void)state;
    events_siret(agency, 41234567, 1);
    for (unsigned i = 0; i < 40 * TRIALS; i++) {
        struct made m = any_event();
        struct pl_event checked, stored;
        struct pl_warning w;
        mj_arena_reset(arena, mj_arena_ceiling(m.len));
        if (pl_event_check(m.bytes, m.len, agency, EVENTS_NOW, arena, &checked, &w, NULL) < 0)
            continue;
        seen++;
        assert_int_equal(pl_event_read(checked.rest, checked.rest_len, &stored, NULL), 0);
        assert_null(stored.ref);
        assert_string_equal(stored.young_person, checked.young_person);
        assert_true(stored.occurred_at_ms == checked.occurred_at_ms && stored.correction == checked.correction);
        assert_true(stored.fact.kind == checked.fact.kind && stored.fact.code == checked.fact.code);
        assert_true(stored.fact.minutes == checked.fact.minutes && stored.fact.part == checked.fact.part);
        assert_true(stored.fact.on == checked.fact.on && stored.fact.until == checked.fact.until);
        assert_true(stored.fact.tag == checked.fact.tag);
    }
    assert_true(seen > TRIALS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_packed_event_is_taken),
        cmocka_unit_test(one_byte_changed_anywhere),
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(bytes_put_in_anywhere),
        cmocka_unit_test(a_stored_event_reads_as_it_was_checked),
    };
    const char *given = getenv("MJ_SEED");
    seed = given ? strtoull(given, NULL, 10) : 20261121;
    print_message("MJ_SEED=%llu\n", (unsigned long long)seed);
    if (mj_crypto_init(NULL) < 0)
        return 1;
    arena = mj_arena_create(0);
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    mj_arena_destroy(arena);
    return rc;
}
