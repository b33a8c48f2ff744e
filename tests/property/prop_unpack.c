/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/scan.h"
#include "missionjeunes/placements/v1/placements.pb-c.h"

#define EVENT (&missionjeunes__placements__v1__placement_event__descriptor)
#define RESPONSE (&missionjeunes__placements__v1__ingest_response__descriptor)

static uint64_t seed = 42;
static uint32_t next(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33);
}

static void pack_event(struct mj_buf *b)
{
    Missionjeunes__Placements__V1__PlacementEvent e = MISSIONJEUNES__PLACEMENTS__V1__PLACEMENT_EVENT__INIT;
    Missionjeunes__Placements__V1__Started s = MISSIONJEUNES__PLACEMENTS__V1__STARTED__INIT;
    Missionjeunes__Placements__V1__Corrected c = MISSIONJEUNES__PLACEMENTS__V1__CORRECTED__INIT;
    e.placement_ref = (ProtobufCBinaryData){ 1 + next() % 8, (uint8_t *)"M-2026-001" };
    e.young_person = next() % 2 ? "R52-0123456789ABCDEFW" : "";
    e.occurred_at_ms = next() % 3 ? (uint64_t)next() << next() % 20 : 0;
    s.on = next() % 2 ? "2026-02-28" : "é";
    s.contract_kind = next() % 6;
    c.value_case = MISSIONJEUNES__PLACEMENTS__V1__CORRECTED__VALUE_STARTED;
    c.started = &s;
    e.fact_case = next() % 2 ? MISSIONJEUNES__PLACEMENTS__V1__PLACEMENT_EVENT__FACT_STARTED
                             : MISSIONJEUNES__PLACEMENTS__V1__PLACEMENT_EVENT__FACT_CORRECTED;
    if (e.fact_case == MISSIONJEUNES__PLACEMENTS__V1__PLACEMENT_EVENT__FACT_STARTED)
        e.started = &s;
    else
        e.corrected = &c;
    mj_buf_pack(b, &e.base);
}

static void pack_response(struct mj_buf *b)
{
    Missionjeunes__Placements__V1__IngestResponse r = MISSIONJEUNES__PLACEMENTS__V1__INGEST_RESPONSE__INIT;
    Missionjeunes__Placements__V1__Exception x[3], *all[3];
    r.n_exceptions = next() % 4;
    r.exceptions = all;
    r.durable_through = next();
    for (size_t i = 0; i < r.n_exceptions; i++) {
        missionjeunes__placements__v1__exception__init(&x[i]);
        x[i].outcome = next() % 6;
        x[i].reason = "SIRET_CHECKSUM";
        x[i].sequence = next();
        all[i] = &x[i];
    }
    mj_buf_pack(b, &r.base);
}

static void what_we_pack_is_canonical(void **state)
{
    (void)state;
    for (int i = 0; i < 20000; i++) {
        struct mj_buf b = MJ_BUF_INIT;
        const ProtobufCMessageDescriptor *d = i % 2 ? EVENT : RESPONSE;
        if (i % 2)
            pack_event(&b);
        else
            pack_response(&b);
        struct mj_arena *a = mj_arena_create(mj_arena_ceiling(b.len));
        ProtobufCMessage *m;
        mj_error err = { 0 };
        if (mj_unpack_canonical(&m, d, b.data, b.len, a, &err) < 0)
            fail_msg("%s %s: %s", err.reason, err.field, err.text);
        mj_arena_destroy(a);
        mj_buf_free(&b);
    }
}

static void mutate(struct mj_buf *b)
{
    for (uint32_t n = 1 + next() % 3; n && b->len; n--)
        switch (next() % 4) {
        case 0: b->data[next() % b->len] ^= (uint8_t)(1u << next() % 8); break;
        case 1: b->data[next() % b->len] = (uint8_t)next(); break;
        case 2: b->len = next() % b->len; break;
        default: {
            uint8_t piece[16];
            size_t from = next() % b->len, len = b->len - from < sizeof piece ? b->len - from : sizeof piece;
            memcpy(piece, b->data + from, len);
            mj_buf_put(b, piece, len);
        }
        }
}

/* Strings in the struct end where they ended on the wire: what protobuf-c packs again is not shorter for a NUL. */
static void check_accepted(const ProtobufCMessageDescriptor *d, const struct mj_buf *bytes, struct mj_arena *a,
                           const ProtobufCMessage *m)
{
    struct mj_buf again = MJ_BUF_INIT;
    ProtobufCMessage *m2;
    mj_error err;
    assert_int_equal(m->n_unknown_fields, 0);
    mj_buf_pack(&again, m);
    assert_int_equal(mj_scan(d, again.data, again.len, &err), 0);
    bool same = again.len == bytes->len && (again.len == 0 || memcmp(again.data, bytes->data, again.len) == 0);
    assert_int_equal(mj_unpack_canonical(&m2, d, bytes->data, bytes->len, a, &err), same ? 0 : -1);
    if (!same)
        assert_string_equal(err.reason, "NOT_CANONICAL");
    mj_buf_free(&again);
}

static void canonical_is_exactly_what_packs_to_the_same_bytes(void **state)
{
    (void)state;
    int accepted = 0, refused = 0;
    for (int i = 0; i < 60000; i++) {
        struct mj_buf b = MJ_BUF_INIT;
        const ProtobufCMessageDescriptor *d = i % 2 ? EVENT : RESPONSE;
        if (i % 2)
            pack_event(&b);
        else
            pack_response(&b);
        mutate(&b);
        struct mj_arena *a = mj_arena_create(2 * mj_arena_ceiling(b.len));
        ProtobufCMessage *m;
        mj_error err = { 0 };
        if (mj_unpack(&m, d, b.data, b.len, a, &err) == 0) {
            accepted++;
            check_accepted(d, &b, a, m);
        } else {
            refused++;
            assert_int_equal(err.code, MJ_INVALID_ARGUMENT);
            assert_true(err.reason[0] && err.text[0]);
        }
        mj_arena_destroy(a);
        mj_buf_free(&b);
    }
    assert_in_range(accepted, 3000, 57000);                  /* both kinds were seen often */
    assert_in_range(refused, 3000, 57000);
}

static void random_ceilings_refuse_and_never_crash(void **state)
{
    (void)state;
    for (int i = 0; i < 20000; i++) {
        struct mj_buf b = MJ_BUF_INIT;
        pack_response(&b);
        struct mj_arena *a = mj_arena_create(16 + next() % 1024);
        ProtobufCMessage *m;
        mj_error err = { 0 };
        if (mj_unpack(&m, RESPONSE, b.data, b.len, a, &err) < 0)
            assert_string_equal(err.reason, "MALFORMED");
        mj_arena_destroy(a);
        mj_buf_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_we_pack_is_canonical),
        cmocka_unit_test(canonical_is_exactly_what_packs_to_the_same_bytes),
        cmocka_unit_test(random_ceilings_refuse_and_never_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
