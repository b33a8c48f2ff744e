/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* A message's first frame, common.v1 Header: what is read is printing, within its limits, and what protobuf-c reads;
 * written again and read again it is the same. And the body of an error answer. */
#include "common/wire/frame.h"
#include "fuzz.h"
#include "missionjeunes/common/v1/common.pb-c.h"

typedef Missionjeunes__Common__V1__Header header_message;

static bool printing(const char *text, size_t size)
{
    size_t len = strnlen(text, size);
    for (size_t i = 0; i < len; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    return len < size;
}

static void hold_as_protobuf_reads(const struct mj_header *h, const struct mj_frame *f)
{
    header_message *m = (header_message *)protobuf_c_message_unpack(&missionjeunes__common__v1__header__descriptor,
                                                                    NULL, f->len, f->data);
    if (m == NULL)
        return;                          /* it refuses some lengths of tags that ours takes */
    HOLD(h->version == m->version && h->correlation == m->correlation && h->timeout_ms == m->timeout_ms);
    HOLD(strcmp(h->method, m->method) == 0 && strcmp(h->region, m->region) == 0);
    HOLD(strcmp(h->traceparent, m->traceparent) == 0 && (int)h->code == (int)m->code);
    HOLD(h->has_key == (m->idempotency_key.len > 0));
    HOLD(!h->has_key || memcmp(h->key, m->idempotency_key.data, MJ_COMMAND_KEY) == 0);
    protobuf_c_message_free_unpacked(&m->base, NULL);
}

static void hold_written_again(const struct mj_header *h)
{
    struct mj_buf out = MJ_BUF_INIT;
    struct mj_header again;
    mj_header_encode(&out, h);
    struct mj_frame frame = { out.data, out.len };
    HOLD(out.len <= MJ_HEADER_MAX);
    HOLD(mj_header_decode(&again, &frame, NULL) == 0);
    HOLD(strcmp(again.method, h->method) == 0 && again.correlation == h->correlation && again.code == h->code);
    HOLD(again.has_key == h->has_key && strcmp(again.region, h->region) == 0);
    mj_buf_free(&out);
}

static void try_error(const struct mj_frame *f)
{
    static struct mj_arena *arena;
    mj_error err;
    if (arena == NULL)
        arena = mj_arena_create(0);
    mj_arena_reset(arena, mj_arena_ceiling(f->len));
    mj_error_decode(&err, f, arena);
    HOLD(err.code != MJ_OK);
    HOLD(strnlen(err.text, sizeof err.text) < sizeof err.text);
    HOLD(strnlen(err.field, sizeof err.field) < sizeof err.field);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mj_frame frame = { data, size };
    struct mj_header h;
    mj_error err = { 0 };
    if (mj_header_decode(&h, &frame, &err) == 0) {
        HOLD(size <= MJ_HEADER_MAX && h.version == MJ_PROTOCOL_VERSION);
        HOLD(printing(h.method, sizeof h.method) && printing(h.traceparent, sizeof h.traceparent));
        HOLD(printing(h.region, sizeof h.region) && strlen(h.region) != 1);
        hold_as_protobuf_reads(&h, &frame);
        hold_written_again(&h);
    } else {
        HOLD(err.code == MJ_INVALID_ARGUMENT || err.code == MJ_UNIMPLEMENTED);
        HOLD(err.reason[0] != '\0');
    }
    try_error(&frame);
    return 0;
}
