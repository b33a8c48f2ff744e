/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "common/wire/frame.h"

#include <stdbool.h>
#include <string.h>

#include "common/base/utf8.h"
#include "missionjeunes/common/v1/common.pb-c.h"

#define HEADER_VERSION_FIELD 1
#define HEADER_CORRELATION_FIELD 3
#define VARINT_MAX 10                            /* bytes */

/* ---- what can be read of any header ---- */

/* Reads a varint at *at; false where there is none within the frame. */
static bool read_varint(const struct mj_frame *f, size_t *at, uint64_t *value)
{
    *value = 0;
    for (unsigned i = 0; i < VARINT_MAX && *at < f->len; i++) {
        uint8_t byte = f->data[(*at)++];

        *value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if ((byte & 0x80) == 0)
            return true;
    }
    return false;
}

/* Passes over the value of a field of that wire type; a varint is given back. */
static bool read_value(const struct mj_frame *f, size_t *at, unsigned type, uint64_t *value)
{
    uint64_t skip;

    switch (type) {
    case PROTOBUF_C_WIRE_TYPE_VARINT:
        return read_varint(f, at, value);
    case PROTOBUF_C_WIRE_TYPE_64BIT:
        skip = 8;
        break;
    case PROTOBUF_C_WIRE_TYPE_32BIT:
        skip = 4;
        break;
    case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED:
        if (!read_varint(f, at, &skip))
            return false;
        break;
    default:
        return false;
    }
    if (skip > f->len - *at)
        return false;
    *at += (size_t)skip;
    return true;
}

/* Version and correlation of a header of any version, whatever else it holds: an answer needs the second, and says
 * by the first that the rest is not ours to read. Returns whether the frame was read to its end. */
static bool peek(struct mj_header *ret, const struct mj_frame *f)
{
    uint64_t tag, value = 0;
    size_t at = 0;

    while (at < f->len) {
        if (!read_varint(f, &at, &tag) || !read_value(f, &at, tag & 7, &value))
            return false;
        if (tag == (HEADER_VERSION_FIELD << 3 | PROTOBUF_C_WIRE_TYPE_VARINT))
            ret->version = value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
        if (tag == (HEADER_CORRELATION_FIELD << 3 | PROTOBUF_C_WIRE_TYPE_VARINT))
            ret->correlation = value;
    }
    return true;
}

/* ---- header ---- */

/* Texts of a header go to logs and metrics: printing ASCII only. */
static int copy_text(char *out, size_t size, const char *text, const char *field, mj_error *err)
{
    size_t len = strlen(text);

    if (len >= size)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "HEADER_FIELD", field, "expected at most %zu characters, got %zu; "
                       "correct the header", size - 1, len);
    for (size_t i = 0; i < len; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return mj_fail(err, MJ_INVALID_ARGUMENT, "HEADER_FIELD", field, "expected printing ASCII characters "
                           "without spaces, got another; correct the header");
    memcpy(out, text, len + 1);
    return 0;
}

static int copy_region(struct mj_header *ret, const char *region, mj_error *err)
{
    if (copy_text(ret->region, sizeof(ret->region), region, "header.region", err) < 0)
        return -1;
    if (ret->region[0] != '\0' && ret->region[1] == '\0')
        return mj_fail(err, MJ_INVALID_ARGUMENT, "HEADER_FIELD", "header.region", "expected two characters or none, "
                       "got one; correct the header");
    return 0;
}

static int copy_key(struct mj_header *ret, const ProtobufCBinaryData *key, mj_error *err)
{
    if (key->len == 0)
        return 0;
    if (key->len != MJ_COMMAND_KEY)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "KEY_LENGTH", "header.idempotency_key", "expected 16 bytes or none, "
                       "got %zu; draw 16 random bytes for each command", key->len);
    memcpy(ret->key, key->data, MJ_COMMAND_KEY);
    ret->has_key = true;
    return 0;
}

static int copy_header(struct mj_header *ret, const Missionjeunes__Common__V1__Header *m, mj_error *err)
{
    if (copy_text(ret->method, sizeof(ret->method), m->method, "header.method", err) < 0
        || copy_text(ret->traceparent, sizeof(ret->traceparent), m->traceparent, "header.traceparent", err) < 0
        || copy_region(ret, m->region, err) < 0 || copy_key(ret, &m->idempotency_key, err) < 0)
        return -1;
    ret->version = m->version;
    ret->correlation = m->correlation;
    ret->timeout_ms = m->timeout_ms;
    ret->code = (mj_code)m->code;                /* same numbers; unpacking checked that it is one of them */
    return 0;
}

int mj_header_decode(struct mj_header *ret, const struct mj_frame *f, struct mj_arena *scratch, mj_error *err)
{
    ProtobufCMessage *m;
    bool whole;

    memset(ret, 0, sizeof(*ret));
    if (f->len > MJ_HEADER_MAX)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "HEADER_SIZE", "header", "expected at most %d bytes, got %zu; shorten "
                       "the header", MJ_HEADER_MAX, f->len);
    whole = peek(ret, f);
    if (whole && ret->version != MJ_PROTOCOL_VERSION)
        return mj_fail(err, MJ_UNIMPLEMENTED, "PROTOCOL_VERSION", "header.version", "expected protocol version %d, got "
                       "%u; use a client of that version", MJ_PROTOCOL_VERSION, ret->version);
    if (mj_unpack(&m, &missionjeunes__common__v1__header__descriptor, f->data, f->len, scratch, err) < 0)
        return mj_fail_in(err, "header");
    return copy_header(ret, (const Missionjeunes__Common__V1__Header *)m, err);
}

void mj_header_encode(struct mj_buf *out, const struct mj_header *h)
{
    Missionjeunes__Common__V1__Header m = MISSIONJEUNES__COMMON__V1__HEADER__INIT;

    m.version = h->version;
    m.method = (char *)h->method;
    m.correlation = h->correlation;
    if (h->has_key) {
        m.idempotency_key.len = MJ_COMMAND_KEY;
        m.idempotency_key.data = (uint8_t *)h->key;
    }
    m.timeout_ms = h->timeout_ms;
    m.traceparent = (char *)h->traceparent;
    m.region = (char *)h->region;
    m.code = (Missionjeunes__Common__V1__Code)h->code;
    mj_buf_pack(out, &m.base);
}

/* ---- error ---- */

/* Our own texts are valid UTF-8 already; where one is not, it is left out rather than the whole error be refused. */
static char *valid_or_empty(const char *text)
{
    return (char *)(mj_utf8_text((const uint8_t *)text, strlen(text)) ? text : "");
}

void mj_error_encode(struct mj_buf *out, const mj_error *e, const char *moved_to)
{
    Missionjeunes__Common__V1__Error m = MISSIONJEUNES__COMMON__V1__ERROR__INIT;

    m.code = (Missionjeunes__Common__V1__Code)e->code;
    m.reason = valid_or_empty(e->reason);
    m.field = valid_or_empty(e->field);
    m.message = valid_or_empty(e->text);
    m.retry_after_ms = e->retry_after_ms;
    m.moved_to = valid_or_empty(moved_to != NULL ? moved_to : "");
    mj_buf_pack(out, &m.base);
}

static void copy_cut(char *out, size_t size, const char *text)
{
    size_t len = mj_utf8_cut(text, strlen(text), size - 1);

    memcpy(out, text, len);
    out[len] = '\0';
}

void mj_error_decode(mj_error *ret, const struct mj_frame *f, struct mj_arena *scratch)
{
    const Missionjeunes__Common__V1__Error *m;
    ProtobufCMessage *base;

    memset(ret, 0, sizeof(*ret));
    if (mj_unpack(&base, &missionjeunes__common__v1__error__descriptor, f->data, f->len, scratch, NULL) < 0 ||
        ((const Missionjeunes__Common__V1__Error *)base)->code == MISSIONJEUNES__COMMON__V1__CODE__CODE_UNSPECIFIED) {
        mj_fail(ret, MJ_INTERNAL, "BAD_ERROR", NULL, "expected an error from the service, got something that is none; "
                "report it to its operator");
        return;
    }
    m = (const Missionjeunes__Common__V1__Error *)base;
    ret->code = (mj_code)m->code;
    ret->retry_after_ms = m->retry_after_ms;
    copy_cut(ret->reason, sizeof(ret->reason), m->reason);
    copy_cut(ret->field, sizeof(ret->field), m->field);
    copy_cut(ret->text, sizeof(ret->text), m->message);
}
