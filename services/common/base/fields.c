/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "common/base/fields.h"

#include <string.h>

/* ---- reading ---- */

static bool read_long_number(const uint8_t **at, const uint8_t *end, uint64_t *ret, bool *shortest)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 70 && *at < end; shift += 7) {
        uint8_t c = *(*at)++;
        v |= (uint64_t)(c & 0x7F) << shift;
        if (c < 0x80) {
            *shortest &= c != 0 || shift == 0;
            *ret = v;
            return shift < 63 || c <= 1; /* ten bytes hold 70 bits, a number 64 */
        }
    }
    return false;
}

/* Nearly every tag and length we see is one byte. */
static inline bool read_number(const uint8_t **at, const uint8_t *end, uint64_t *ret, bool *shortest)
{
    if (*at == end || **at >= 0x80)
        return read_long_number(at, end, ret, shortest);
    *ret = *(*at)++;
    return true;
}

const uint8_t *mj_varint_get(const uint8_t *at, const uint8_t *end, uint64_t *ret)
{
    bool shortest = true;
    return at != NULL && read_number(&at, end, ret, &shortest) ? at : NULL;
}

static uint64_t little_endian(const uint8_t *at, size_t n)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++)
        v |= (uint64_t)at[i] << (8 * i);
    return v;
}

int mj_fields_next(struct mj_fields *f, struct mj_field *ret)
{
    uint64_t tag, size = 0;
    if (f->at == f->end)
        return 0;
    ret->shortest = true;
    if (!read_number(&f->at, f->end, &tag, &ret->shortest) || tag > UINT32_MAX || tag >> 3 == 0)
        return -1;
    ret->number = (uint32_t)(tag >> 3);
    ret->wire = (enum mj_wire)(tag & 7);
    switch (ret->wire) {
    case MJ_WIRE_NUMBER: return read_number(&f->at, f->end, &ret->value, &ret->shortest) ? 1 : -1;
    case MJ_WIRE_BYTES:
        if (!read_number(&f->at, f->end, &size, &ret->shortest))
            return -1;
        break;
    case MJ_WIRE_FIXED64: size = 8; break;
    case MJ_WIRE_FIXED32: size = 4; break;
    default: return -1;                  /* groups, and the two that do not exist */
    }
    if (size > (uint64_t)(f->end - f->at))
        return -1;
    if (ret->wire != MJ_WIRE_BYTES)
        ret->value = little_endian(f->at, (size_t)size);
    ret->data = f->at;
    ret->len = (size_t)size;
    f->at += size;
    return 1;
}

bool mj_field_text(const struct mj_field *f, char *out, size_t size)
{
    if (f->wire != MJ_WIRE_BYTES || f->len >= size || memchr(f->data, '\0', f->len) != NULL)
        return false;
    memcpy(out, f->data, f->len);
    out[f->len] = '\0';
    return true;
}

/* ---- writing ---- */

void mj_put_number(struct mj_buf *b, uint32_t field, uint64_t value)
{
    mj_buf_end(b, mj_write_number(mj_buf_room(b, MJ_FIELD), field, value));
}

void mj_put_bytes(struct mj_buf *b, uint32_t field, const void *data, size_t len)
{
    mj_buf_end(b, mj_write_bytes(mj_buf_room(b, MJ_FIELD + len), field, data, len));
}

void mj_put_text(struct mj_buf *b, uint32_t field, const char *text)
{
    mj_put_bytes(b, field, text, strlen(text));
}

/* The length is written once it is known; the bytes behind it are moved by as much as it takes. */
size_t mj_put_open(struct mj_buf *b, uint32_t field)
{
    mj_buf_end(b, mj_write_head(mj_buf_room(b, MJ_FIELD), field, 0));
    return b->len;
}

void mj_put_close(struct mj_buf *b, size_t opened)
{
    uint8_t head[MJ_VARINT];
    size_t len = b->len - opened, more = (size_t)(mj_varint_put(head, len) - head) - 1;
    if (more > 0) {
        (void)mj_buf_grow(b, more);
        memmove(b->data + opened + more, b->data + opened, len);
    }
    memcpy(b->data + opened - 1, head, more + 1);
}
