/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "common/base/scan.h"

#include <stdbool.h>
#include <stdio.h>

#include "common/base/utf8.h"

enum wire { VARINT = 0, FIXED64 = 1, LENGTH = 2, FIXED32 = 5 };

/* A message being read, and the messages around it. */
struct level {
    const struct level *around;          /* NULL for the outermost */
    const ProtobufCMessageDescriptor *d;
    const uint8_t *begin, *at, *end;
    const uint8_t *tag_at;               /* the current field's tag, and what follows it */
    const ProtobufCFieldDescriptor *field;   /* NULL where not known */
    enum wire wire;
    uint64_t number;                     /* the value of a varint; the byte count of a LENGTH */
    const uint8_t *value;
    size_t element;                      /* in a packed list */
    unsigned depth;
};

static bool read_varint(const uint8_t **at, const uint8_t *end, uint64_t *ret)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 70 && *at < end; shift += 7) {
        uint8_t c = *(*at)++;
        v |= (uint64_t)(c & 0x7F) << shift;
        if (c < 0x80) {
            *ret = v;
            return true;
        }
    }
    return false;
}

/* Tag and value of the next field, whatever it is. False where the bytes are no message. */
static bool next_field(struct level *l)
{
    uint64_t tag, size = 0;
    l->tag_at = l->at;
    if (!read_varint(&l->at, l->end, &tag) || tag > UINT32_MAX || tag >> 3 == 0)
        return false;
    l->wire = (enum wire)(tag & 7);
    l->field = protobuf_c_message_descriptor_get_field(l->d, (unsigned)(tag >> 3));
    if ((l->wire == VARINT || l->wire == LENGTH) && !read_varint(&l->at, l->end, &l->number))
        return false;
    switch (l->wire) {
    case VARINT: break;
    case FIXED64: size = 8; break;
    case LENGTH: size = l->number; break;
    case FIXED32: size = 4; break;
    default: return false;                                  /* groups, and the two that do not exist */
    }
    if (size > (uint64_t)(l->end - l->at))
        return false;
    l->value = l->at;
    l->at += size;
    return true;
}

/* How often the current field came before in its message: only asked for when an error is told. */
static size_t times_before(const struct level *l)
{
    struct level again = { .d = l->d, .at = l->begin, .end = l->end };
    size_t n = 0;
    while (again.at < l->tag_at && next_field(&again))
        n += again.tag_at < l->tag_at && again.field == l->field;
    return n;
}

static size_t put_path(const struct level *l, char *out, size_t size, size_t at)
{
    if (l->around)
        at = put_path(l->around, out, size, at);
    if (!l->field || at >= size)
        return at;
    int n = snprintf(out + at, size - at, "%s%s", at ? "." : "", l->field->name);
    at += n > 0 ? (size_t)n : 0;
    if (l->field->label != PROTOBUF_C_LABEL_REPEATED || at >= size)
        return at;
    n = snprintf(out + at, size - at, "[%zu]", times_before(l) + l->element);
    return at + (n > 0 ? (size_t)n : 0);
}

static int fail_here(const struct level *l, mj_error *err, const char *reason, const char *text)
{
    char path[sizeof err->field] = "";
    put_path(l, path, sizeof path, 0);
    return mj_fail(err, MJ_INVALID_ARGUMENT, reason, path, "%s", text);
}

static int fail_unknown_field(const struct level *l, mj_error *err)
{
    char text[160];
    const uint8_t *at = l->tag_at;
    uint64_t tag = 0;
    (void)read_varint(&at, l->end, &tag);
    snprintf(text, sizeof text, "expected the fields of %s, got field number %u; send the schema version that this "
             "service knows", l->d->name, (unsigned)(tag >> 3));
    return fail_here(l, err, "UNKNOWN_FIELD", text);
}

static enum wire wire_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE: return LENGTH;
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT: return FIXED32;
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE: return FIXED64;
    default: return VARINT;
    }
}

static int check_enum(const struct level *l, uint64_t number, mj_error *err)
{
    const ProtobufCEnumDescriptor *e = l->field->descriptor;
    int32_t value = (int32_t)(uint32_t)number;              /* as protobuf-c reads it */
    if (protobuf_c_enum_descriptor_get_value(e, value))
        return 0;
    char text[160];
    snprintf(text, sizeof text, "expected a number of %s, got %d; see the schema for those that exist", e->name, value);
    return fail_here(l, err, "UNKNOWN_ENUM", text);
}

static int check_packed(struct level *l, mj_error *err)
{
    if (l->field->type != PROTOBUF_C_TYPE_ENUM)
        return 0;                                           /* the unpacker sees to the others */
    const uint8_t *at = l->value, *end = l->value + l->number;
    for (l->element = 0; at < end; l->element++) {
        uint64_t number;
        if (!read_varint(&at, end, &number))
            return fail_here(l, err, "MALFORMED", "expected a packed list of numbers, got cut bytes");
        if (check_enum(l, number, err) < 0)
            return -1;
    }
    l->element = 0;
    return 0;
}

static int scan_level(struct level *l, mj_error *err);

static int scan_inner(const struct level *l, mj_error *err)
{
    if (l->depth + 1 >= MJ_SCAN_DEPTH)
        return fail_here(l, err, "MALFORMED", "expected a message, got one nested deeper than any of ours");
    struct level inner = { .around = l, .d = l->field->descriptor, .begin = l->value, .at = l->value,
                           .end = l->value + l->number, .depth = l->depth + 1 };
    return scan_level(&inner, err);
}

static int check_field(struct level *l, mj_error *err)
{
    ProtobufCType type = l->field->type;
    enum wire expected = wire_of(type);
    if (l->wire == LENGTH && expected != LENGTH && l->field->label == PROTOBUF_C_LABEL_REPEATED)
        return check_packed(l, err);
    if (l->wire != expected)
        return fail_here(l, err, "MALFORMED", "expected the field's wire type, got another; check the schema");
    if (type == PROTOBUF_C_TYPE_STRING && !mj_utf8_text(l->value, l->number))
        return fail_here(l, err, "INVALID_UTF8", "expected UTF-8 text without NUL, got other bytes; encode as UTF-8");
    if (type == PROTOBUF_C_TYPE_ENUM)
        return check_enum(l, l->number, err);
    return type == PROTOBUF_C_TYPE_MESSAGE ? scan_inner(l, err) : 0;
}

static int scan_level(struct level *l, mj_error *err)
{
    while (l->at < l->end) {
        if (!next_field(l)) {
            l->field = NULL;
            return fail_here(l, err, "MALFORMED", "expected a protobuf message, got bytes that are none");
        }
        if (!l->field)
            return fail_unknown_field(l, err);
        if (check_field(l, err) < 0)
            return -1;
    }
    return 0;
}

int mj_scan(const ProtobufCMessageDescriptor *d, const uint8_t *bytes, size_t len, mj_error *err)
{
    if (len == 0)
        return 0;
    struct level outermost = { .d = d, .begin = bytes, .at = bytes, .end = bytes + len };
    return scan_level(&outermost, err);
}

static void find_byte(struct level *l, const uint8_t *wanted, char *path, size_t size)
{
    while (l->at < l->end && next_field(l)) {
        if (wanted >= l->at)
            continue;
        if (!l->field || l->field->type != PROTOBUF_C_TYPE_MESSAGE || l->wire != LENGTH || wanted < l->value) {
            put_path(l, path, size, 0);
            return;
        }
        struct level inner = {.around = l, .d = l->field->descriptor, .begin = l->value, .at = l->value, .end = l->at};
        find_byte(&inner, wanted, path, size);
        return;
    }
}

void mj_scan_path(char *path, size_t size, const ProtobufCMessageDescriptor *d, const uint8_t *bytes, size_t len,
                  size_t offset)
{
    path[0] = '\0';
    if (offset >= len)
        return;
    struct level outermost = { .d = d, .begin = bytes, .at = bytes, .end = bytes + len };
    find_byte(&outermost, bytes + offset, path, size);
}
