/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "common/wire/frame.h"

#include <string.h>

#include "common/base/fields.h"
#include "common/base/utf8.h"
#include "missionjeunes/common/v1/common.pb-c.h"

enum { VERSION = 1, METHOD, CORRELATION, KEY, TIMEOUT, TRACEPARENT, REGION, CODE };      /* fields of Header */

/* ---- reading a header ----
 * One comes with every message: it is read field by field, into its struct and nothing else. */

/* Texts of a header go to logs and metrics: printing ASCII only. */
static int take_text(char *out, size_t size, const struct mj_field *f, const char *name, mj_error *err)
{
    if (f->len >= size)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "HEADER_FIELD", name, "expected at most %zu characters, got %zu; "
                       "correct the header", size - 1, f->len);
    for (size_t i = 0; i < f->len; i++)
        if (f->data[i] <= ' ' || f->data[i] > '~')
            return mj_fail(err, MJ_INVALID_ARGUMENT, "HEADER_FIELD", name, "expected printing ASCII characters "
                           "without spaces, got another; correct the header");
    memcpy(out, f->data, f->len);
    out[f->len] = '\0';
    return 0;
}

static int take_region(struct mj_header *ret, const struct mj_field *f, mj_error *err)
{
    if (f->len == 1)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "HEADER_FIELD", "header.region", "expected two characters or none, "
                       "got one; correct the header");
    return take_text(ret->region, sizeof(ret->region), f, "header.region", err);
}

static int take_key(struct mj_header *ret, const struct mj_field *f, mj_error *err)
{
    if (f->len != 0 && f->len != MJ_COMMAND_KEY)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "KEY_LENGTH", "header.idempotency_key", "expected 16 bytes or none, "
                       "got %zu; draw 16 random bytes for each command", f->len);
    ret->has_key = f->len != 0;
    if (ret->has_key)
        memcpy(ret->key, f->data, MJ_COMMAND_KEY);
    return 0;
}

static int take_code(struct mj_header *ret, const struct mj_field *f, mj_error *err)
{
    if (f->value > INT32_MAX ||
        !protobuf_c_enum_descriptor_get_value(&missionjeunes__common__v1__code__descriptor, (int)f->value))
        return mj_fail(err, MJ_INVALID_ARGUMENT, "UNKNOWN_ENUM", "header.code", "expected a number of Code, got another; see "
                       "the schema for those that exist");
    ret->code = (mj_code)f->value;               /* same numbers */
    return 0;
}

static int malformed(mj_error *err)
{
    return mj_fail(err, MJ_INVALID_ARGUMENT, "MALFORMED", "header", "expected a Header, got bytes that are none; check "
                   "the encoder");
}

static int take_field(struct mj_header *ret, const struct mj_field *f, mj_error *err)
{
    static const enum mj_wire wires[] = {
        [VERSION] = MJ_WIRE_NUMBER, [METHOD] = MJ_WIRE_BYTES, [CORRELATION] = MJ_WIRE_NUMBER, [KEY] = MJ_WIRE_BYTES,
        [TIMEOUT] = MJ_WIRE_NUMBER, [TRACEPARENT] = MJ_WIRE_BYTES, [REGION] = MJ_WIRE_BYTES, [CODE] = MJ_WIRE_NUMBER };

    if (f->number > CODE)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "UNKNOWN_FIELD", "header", "expected the fields of Header, got field "
                       "number %u; send the schema version that this service knows", f->number);
    if (f->wire != wires[f->number])
        return malformed(err);
    switch (f->number) {
    case VERSION: ret->version = f->value > UINT32_MAX ? UINT32_MAX : (uint32_t)f->value; return 0;
    case CORRELATION: ret->correlation = f->value; return 0;
    case METHOD: return take_text(ret->method, sizeof(ret->method), f, "header.method", err);
    case KEY: return take_key(ret, f, err);
    case TIMEOUT: ret->timeout_ms = (uint32_t)f->value; return 0;
    case TRACEPARENT: return take_text(ret->traceparent, sizeof(ret->traceparent), f, "header.traceparent", err);
    case REGION: return take_region(ret, f, err);
    default: return take_code(ret, f, err);
    }
}

/* A header of any version is read to its end, whatever it holds: an answer needs the correlation, and the version says
 * whether the rest is ours to read. */
int mj_header_decode(struct mj_header *ret, const struct mj_frame *frame, mj_error *err)
{
    struct mj_fields f = mj_fields_of(frame->data, frame->len);
    struct mj_field field;
    int more, taken = 0;

    memset(ret, 0, sizeof(*ret));
    if (frame->len > MJ_HEADER_MAX)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "HEADER_SIZE", "header", "expected at most %d bytes, got %zu; shorten "
                       "the header", MJ_HEADER_MAX, frame->len);
    while ((more = mj_fields_next(&f, &field)) == 1)
        if (taken == 0 || field.number == VERSION || field.number == CORRELATION)
            taken |= take_field(ret, &field, err);
    if (more < 0)
        return malformed(err);
    if (ret->version != MJ_PROTOCOL_VERSION)
        return mj_fail(err, MJ_UNIMPLEMENTED, "PROTOCOL_VERSION", "header.version", "expected protocol version %d, got "
                       "%u; use a client of that version", MJ_PROTOCOL_VERSION, ret->version);
    return taken;
}

void mj_header_encode(struct mj_buf *out, const struct mj_header *h)
{
    mj_put_number(out, VERSION, h->version);
    mj_put_text(out, METHOD, h->method);
    mj_put_number(out, CORRELATION, h->correlation);
    mj_put_bytes(out, KEY, h->key, h->has_key ? MJ_COMMAND_KEY : 0);
    mj_put_number(out, TIMEOUT, h->timeout_ms);
    mj_put_text(out, TRACEPARENT, h->traceparent);
    mj_put_text(out, REGION, h->region);
    mj_put_number(out, CODE, h->code);
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
