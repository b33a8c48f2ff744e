/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <string.h>

#include "common/base/arena.h"
#include "common/base/scan.h"

int mj_unpack(ProtobufCMessage **ret, const ProtobufCMessageDescriptor *d, const uint8_t *bytes, size_t len,
              struct mj_arena *a, mj_error *err)
{
    if (mj_scan(d, bytes, len, err) < 0)
        return -1;
    ProtobufCMessage *m = protobuf_c_message_unpack(d, mj_arena_protobuf(a), len, bytes);
    if (!m)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "MALFORMED", NULL,
                       "expected a %s, got %zu bytes that are none or would unpack to far more; check the encoder",
                       d->short_name, len);
    *ret = m;
    return 0;
}

/* A protobuf-c buffer that compares what is packed into it with the bytes that came. */
struct comparison {
    ProtobufCBuffer base;
    const uint8_t *at, *end;
    bool same;
};

static void compare(ProtobufCBuffer *buffer, size_t len, const uint8_t *data)
{
    struct comparison *c = (struct comparison *)buffer;
    if (!c->same || len == 0)
        return;
    c->same = len <= (size_t)(c->end - c->at) && memcmp(c->at, data, len) == 0;
    if (c->same)
        c->at += len;
}

static int fail_not_canonical(const ProtobufCMessageDescriptor *d, const uint8_t *bytes, size_t len, size_t from,
                              mj_error *err)
{
    char path[sizeof err->field];
    mj_scan_path(path, sizeof path, d, bytes, len, from);
    return mj_fail(err, MJ_INVALID_ARGUMENT, "NOT_CANONICAL", path,
                   "expected fields in ascending order, each once, defaults left out, got another encoding from "
                   "byte %zu on; use an ordinary protobuf encoder", from);
}

int mj_unpack_canonical(ProtobufCMessage **ret, const ProtobufCMessageDescriptor *d, const uint8_t *bytes, size_t len,
                        struct mj_arena *a, mj_error *err)
{
    ProtobufCMessage *m;
    if (mj_unpack(&m, d, bytes, len, a, err) < 0)
        return -1;
    struct comparison c = { .base = { compare }, .at = bytes, .end = len ? bytes + len : bytes, .same = true };
    protobuf_c_message_pack_to_buffer(m, &c.base);
    if (!c.same || c.at != c.end)
        return fail_not_canonical(d, bytes, len, (size_t)(c.at - bytes), err);
    *ret = m;
    return 0;
}
