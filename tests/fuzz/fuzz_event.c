/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* One placement event. Two readers of its bytes agree: the one that every event passes, in one pass, and protobuf-c's,
 * whose word is law; they take the same bytes and read the same in them. What the check takes is read again from the
 * stored part of the bytes as the same event, and says how late it came without fault. */
#include "common/base/crypto.h"
#include "fuzz.h"
#include "placements/event_read.h"

#define NOW INT64_C(1795000000000)       /* 18 November 2026 */
#define STREAM "41234567000019"

static struct mj_arena *arena;

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

static void hold_same_fact(const struct pl_reading *r, const ProtobufCMessage *m)
{
    const struct pl_shape *shape = &pl_shapes[r->event.fact.kind];
    HOLD(m->descriptor->n_fields == shape->count);
    for (unsigned i = 0; i < shape->count; i++) {
        const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
        const struct pl_member *member = &shape->members[i];
        if (member->says < PL_TEXTS)
            HOLD(strcmp(r->texts[member->says], text_of(m, f)) == 0);
        else
            HOLD((member->says == PL_SAYS_CODE ? r->event.fact.code : r->figure) == number_of(m, f));
    }
}

static void hold_same_event(const struct pl_reading *r, const PlacementEvent *ev, const uint8_t *bytes, size_t len)
{
    bool correction = (int)ev->fact_case == PL_CASE_CORRECTED;
    int kind = correction ? (int)ev->corrected->value_case : (int)ev->fact_case - PL_CASE_OF_EVENT;
    const ProtobufCMessage *fact = NULL;
    if (correction && kind != 0)
        fact = &ev->corrected->proposed->base;
    else if (!correction && ev->fact_case != 0)
        fact = &ev->proposed->base;
    HOLD(r->event.correction == correction);
    HOLD((int)r->event.fact.kind == (fact == NULL ? PL_NONE : kind));
    HOLD(r->event.ref_len == ev->placement_ref.len);
    HOLD(r->event.ref_len == 0 || memcmp(r->event.ref, ev->placement_ref.data, r->event.ref_len) == 0);
    HOLD(strcmp(r->texts[PL_SAYS_PERSON], ev->young_person) == 0);
    HOLD(r->event.occurred_at_ms == ev->occurred_at_ms);
    HOLD(r->event.rest + r->event.rest_len == bytes + len);
    if (fact != NULL)
        hold_same_fact(r, fact);
}

static void hold_readers_agree(const uint8_t *bytes, size_t len)
{
    struct pl_reading r;
    ProtobufCMessage *m;
    mj_error err;
    mj_arena_reset(arena, 2 * mj_arena_ceiling(len));
    bool fast = pl_reading_take(&r, bytes, len, arena);
    bool lawful = mj_unpack_canonical(&m, &missionjeunes__placements__v1__placement_event__descriptor, bytes, len,
                                      arena, &err) == 0;
    HOLD(fast == lawful);
    if (fast)
        hold_same_event(&r, (const PlacementEvent *)m, bytes, len);
}

/* ---- checked, stored, read ---- */

static void hold_stored_the_same(const struct pl_event *checked)
{
    struct pl_event stored;
    HOLD(pl_event_read(checked->rest, checked->rest_len, &stored, NULL) == 0);
    HOLD(stored.ref == NULL && strcmp(stored.young_person, checked->young_person) == 0);
    HOLD(stored.occurred_at_ms == checked->occurred_at_ms && stored.correction == checked->correction);
    HOLD(stored.fact.kind == checked->fact.kind && stored.fact.code == checked->fact.code);
    HOLD(stored.fact.minutes == checked->fact.minutes && stored.fact.part == checked->fact.part);
    HOLD(stored.fact.on == checked->fact.on && stored.fact.until == checked->fact.until);
    HOLD(stored.fact.tag == checked->fact.tag);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    HOLD(mj_crypto_init(NULL) == 0);
    arena = mj_arena_create(0);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pl_event ev;
    struct pl_warning w;
    mj_error err = { 0 };
    hold_readers_agree(data, size);
    mj_arena_reset(arena, mj_arena_ceiling(size));
    if (pl_event_check(data, size, STREAM, NOW, arena, &ev, &w, &err) == 0) {
        HOLD(ev.ref_len >= 1 && ev.ref_len <= PL_REF_MAX && ev.fact.kind != PL_NONE);
        hold_stored_the_same(&ev);
        HOLD(pl_event_late_days(&ev, mj_local_day(NOW, "52"), "52") != 1);
    } else {
        HOLD(err.code == MJ_INVALID_ARGUMENT && err.reason[0] != '\0');
    }
    (void)pl_event_read(data, size, &ev, &err);      /* any bytes, as a broken log may hold */
    return 0;
}
