/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* fields: a packed message field by field, without unpacking it; and back. For the bytes that every event passes
 * through: what comes less often goes through protobuf-c (arena.h, buf.h).
 *
 * Source: protobuf.dev, "Encoding" (varints, tags, length-delimited fields). */
#ifndef MJ_BASE_FIELDS_H
#define MJ_BASE_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/base/buf.h"

enum mj_wire { MJ_WIRE_NUMBER = 0, MJ_WIRE_FIXED64 = 1, MJ_WIRE_BYTES = 2, MJ_WIRE_FIXED32 = 5 };

struct mj_fields { const uint8_t *at, *end; };
struct mj_field {
    uint32_t number;
    enum mj_wire wire;
    uint64_t value;                      /* MJ_WIRE_NUMBER, FIXED64, FIXED32 */
    const uint8_t *data;                 /* MJ_WIRE_BYTES; not NUL-terminated, within the message's bytes */
    size_t len;
    bool shortest;                       /* every varint of it was as short as it can be */
};
/* bytes may be NULL where len is 0. */
static inline struct mj_fields mj_fields_of(const void *bytes, size_t len)
{
    return (struct mj_fields){ bytes, len != 0 ? (const uint8_t *)bytes + len : bytes };
}
/* 1: a field; 0: the message ends; -1: the bytes are no message. */
int mj_fields_next(struct mj_fields *f, struct mj_field *ret);
/* The field holds bytes and fits: copies them with a NUL. False otherwise, or where they hold a NUL. */
bool mj_field_text(const struct mj_field *f, char *out, size_t size);

/* A number as varint, MJ_VARINT bytes at most; gives what is behind it. get: NULL where no number stands there, or at
 * is NULL, so that several can be read in a row and checked once. */
#define MJ_VARINT 10
static inline uint8_t *mj_varint_put(uint8_t *at, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        *at++ = (uint8_t)(v | 0x80);
    *at++ = (uint8_t)v;
    return at;
}
const uint8_t *mj_varint_get(const uint8_t *at, const uint8_t *end, uint64_t *ret);

/* Writes a field where the caller made room: MJ_FIELD, and for bytes len more; nothing where the value is 0, or len is
 * 0 (proto3's defaults). Gives what is behind it. */
#define MJ_FIELD (2 * MJ_VARINT)
static inline uint8_t *mj_write_number(uint8_t *at, uint32_t field, uint64_t value)
{
    return value == 0 ? at : mj_varint_put(mj_varint_put(at, (uint64_t)field << 3 | MJ_WIRE_NUMBER), value);
}
/* What stands before the bytes of a field. */
static inline uint8_t *mj_write_head(uint8_t *at, uint32_t field, size_t len)
{
    return mj_varint_put(mj_varint_put(at, (uint64_t)field << 3 | MJ_WIRE_BYTES), len);
}
static inline uint8_t *mj_write_bytes(uint8_t *at, uint32_t field, const void *data, size_t len)
{
    return len == 0 ? at : (uint8_t *)memcpy(mj_write_head(at, field, len), data, len) + len;
}

/* The same, appended. */
void mj_put_number(struct mj_buf *b, uint32_t field, uint64_t value);
void mj_put_bytes(struct mj_buf *b, uint32_t field, const void *data, size_t len);
void mj_put_text(struct mj_buf *b, uint32_t field, const char *text);
/* Appends a length-delimited field whose bytes the caller writes next: put_open tells where, put_close sets the
 * length. */
size_t mj_put_open(struct mj_buf *b, uint32_t field);
void mj_put_close(struct mj_buf *b, size_t opened);

#endif
