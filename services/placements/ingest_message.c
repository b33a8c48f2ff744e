/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "placements/ingest_message.h"

#include "common/base/fields.h"

enum { STREAM = 1, FIRST, EVENTS };                              /* fields of IngestRequest */
enum { THROUGH = 1, EXCEPTIONS, CREDIT, POSITION };              /* of IngestResponse */
enum { CREDIT_EVENTS = 1, CREDIT_BYTES };                        /* of Credit */

/* ---- request ---- */

static bool is_digits(const struct mj_field *f)
{
    for (size_t i = 0; i < f->len; i++)
        if (f->data[i] < '0' || f->data[i] > '9')
            return false;
    return f->len == MJ_SIRET_LEN;
}

/* Takes all but the events, and counts those; false where the bytes are not plainly a request. */
static bool read_plain(IngestRequest *in, struct mj_fields f, struct mj_arena *arena)
{
    struct mj_field field;
    int more;
    while ((more = mj_fields_next(&f, &field)) == 1) {
        if (field.number > EVENTS || field.wire != (field.number == FIRST ? MJ_WIRE_NUMBER : MJ_WIRE_BYTES))
            return false;
        if (field.number == EVENTS) {
            in->n_events++;
        } else if (field.number == FIRST) {
            in->first_sequence = field.value;
        } else {
            char *stream = is_digits(&field) ? mj_arena_alloc(arena, MJ_SIRET_LEN + 1) : NULL;
            if (stream == NULL || !mj_field_text(&field, stream, MJ_SIRET_LEN + 1))
                return false;
            in->stream = stream;
        }
    }
    return more == 0;
}

static void take_events(ProtobufCBinaryData *events, struct mj_fields f)
{
    struct mj_field field;
    while (mj_fields_next(&f, &field) == 1)
        if (field.number == EVENTS)
            *events++ = (ProtobufCBinaryData){ field.len, (uint8_t *)(uintptr_t)field.data };
}

const IngestRequest *pl_ingest_read(const uint8_t *bytes, size_t len, struct mj_arena *arena)
{
    struct mj_fields f = mj_fields_of(bytes, len);
    IngestRequest *in = mj_arena_alloc(arena, sizeof *in);
    if (in == NULL)
        return NULL;
    missionjeunes__placements__v1__ingest_request__init(in);
    if (!read_plain(in, f, arena))
        return NULL;
    in->events = mj_arena_alloc(arena, in->n_events * sizeof *in->events);
    if (in->events == NULL)
        return NULL;
    take_events(in->events, f);
    return in;
}

/* ---- answer ---- */

void pl_ingest_answer(struct mj_buf *out, const struct pl_taken *t, uint32_t credit_events, uint32_t credit_bytes)
{
    size_t opened;
    mj_put_number(out, THROUGH, t->through);
    for (size_t i = 0; i < t->exception_count; i++) {
        opened = mj_put_open(out, EXCEPTIONS);
        mj_buf_pack(out, &t->exceptions[i]->base);
        mj_put_close(out, opened);
    }
    opened = mj_put_open(out, CREDIT);
    mj_put_number(out, CREDIT_EVENTS, credit_events);
    mj_put_number(out, CREDIT_BYTES, credit_bytes);
    mj_put_close(out, opened);
    mj_put_number(out, POSITION, t->position);
}
