/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/base/buf.h"
#include "placements/ingest_message.h"

#define REQUEST (&missionjeunes__placements__v1__ingest_request__descriptor)
#define ROUNDS 40000

static uint64_t seed = 7;
static uint32_t next(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33);
}

static void pack_request(struct mj_buf *b)
{
    static const char *const streams[] = { "", "12345678900011", "1234567890001", "123456789000111", "é2345678900011" };
    ProtobufCBinaryData events[5];
    uint8_t bytes[200];
    IngestRequest in = MISSIONJEUNES__PLACEMENTS__V1__INGEST_REQUEST__INIT;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)next();
    in.stream = (char *)(uintptr_t)streams[next() % 4 != 0 ? 1 : next() % 5];
    in.first_sequence = next() % 5 != 0 ? next() : 0;
    in.n_events = next() % 5;
    in.events = events;
    for (size_t i = 0; i < in.n_events; i++)
        events[i] = (ProtobufCBinaryData){ next() % sizeof bytes, bytes };
    mj_buf_pack(b, &in.base);
}

/* Changes, cuts or doubles some of the bytes. */
static void spoil(struct mj_buf *b)
{
    uint32_t kind = next() % 6;
    if (b->len == 0 || kind < 2)
        return;
    size_t at = next() % (next() % 2 ? b->len : b->len < 20 ? b->len : 20);
    if (kind == 2)
        b->len = at;
    else if (kind == 3)
        mj_buf_put(b, (uint8_t[3]){ 0x0a, 1, '1' }, 3);
    else
        b->data[at] = (uint8_t)(kind == 4 ? next() : b->data[at] ^ 1u << next() % 8);
}

static bool same(const IngestRequest *a, const IngestRequest *b)
{
    if (strcmp(a->stream, b->stream) != 0 || a->first_sequence != b->first_sequence || a->n_events != b->n_events)
        return false;
    for (size_t i = 0; i < a->n_events; i++)
        if (a->events[i].len != b->events[i].len ||
            (a->events[i].len > 0 && memcmp(a->events[i].data, b->events[i].data, a->events[i].len) != 0))
            return false;
    return true;
}

static void what_the_quick_reader_takes_is_what_unpacking_gives(void **state)
{
    unsigned taken = 0, left = 0;
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        struct mj_buf b = MJ_BUF_INIT;
        pack_request(&b);
        mj_buf_put(&b, "", 1);           /* some memory, whatever was packed */
        b.len--;
        spoil(&b);
        struct mj_arena *a = mj_arena_create(mj_arena_ceiling(b.len));
        const IngestRequest *quick = pl_ingest_read(b.data, b.len, a);
        ProtobufCMessage *slow = NULL;
        mj_error err = { 0 };
        int rc = mj_unpack(&slow, REQUEST, b.data, b.len, a, &err);
        if (quick != NULL && (rc < 0 || !same(quick, (const IngestRequest *)slow)))
            fail_msg("round %d: the readers disagree: %s %s", i, err.reason, err.text);
        taken += quick != NULL;
        left += quick == NULL && rc == 0;
        mj_arena_destroy(a);
        mj_buf_free(&b);
    }
    assert_true(taken > ROUNDS / 3);     /* both ways were gone */
    assert_true(left > 100);
}

static void the_answer_is_what_packing_its_message_gives(void **state)
{
    EventException first = MISSIONJEUNES__PLACEMENTS__V1__EXCEPTION__INIT, second = first, *both[2] = { &first, &second };
    (void)state;
    first.reason = "RESEND";
    first.message = "a text that takes its exception beyond the 127 bytes whose length is one byte: it is long, longer, "
                    "and yet longer than that";
    second.sequence = UINT64_MAX;
    for (unsigned i = 0; i < 12; i++) {
        struct pl_taken t = { NULL, i % 2 ? 300 : 0, i % 2 ? 0 : UINT64_MAX, both, i % 3 };
        Credit credit = MISSIONJEUNES__PLACEMENTS__V1__CREDIT__INIT;
        IngestResponse out = MISSIONJEUNES__PLACEMENTS__V1__INGEST_RESPONSE__INIT;
        struct mj_buf quick = MJ_BUF_INIT, slow = MJ_BUF_INIT;
        credit.events = i % 4 ? 0 : 4000;
        credit.bytes = i % 4 < 2 ? 0 : UINT32_MAX;
        out.durable_through = t.through;
        out.position = t.position;
        out.exceptions = both;
        out.n_exceptions = t.exception_count;
        out.credit = &credit;
        pl_ingest_answer(&quick, &t, credit.events, credit.bytes);
        mj_buf_pack(&slow, &out.base);
        assert_int_equal(quick.len, slow.len);
        assert_memory_equal(quick.data, slow.data, slow.len);
        mj_buf_free(&quick);
        mj_buf_free(&slow);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_quick_reader_takes_is_what_unpacking_gives),
        cmocka_unit_test(the_answer_is_what_packing_its_message_gives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
