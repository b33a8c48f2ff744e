/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* A message to JSON. */
#include <stdlib.h>
#include <string.h>

#include "client/json_private.h"
#include "common/base/buf.h"
#include "common/base/ids.h"
#include "common/base/utf8.h"

typedef ProtobufCFieldDescriptor field_d;

static json_t *hex_text(const ProtobufCBinaryData *b)
{
    char *text = mj_alloc(2 * b->len + 1);
    json_t *value = json_string(mj_hex(text, b->data, b->len));
    free(text);
    return value;
}

static json_t *bytes_of(const field_d *f, const ProtobufCBinaryData *b)
{
    if (strcmp(f->name, "placement_ref") != 0)
        return hex_text(b);
    if (mj_utf8_text(b->data, b->len))
        return json_stringn((const char *)b->data, b->len);
    return json_pack("{s:o}", "hex", hex_text(b));
}

static json_t *enum_of(const field_d *f, int value)
{
    const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(f->descriptor, value);
    return v ? json_string(v->name) : json_integer(value);
}

static json_t *value_of(const field_d *f, const void *at)
{
    switch (f->type) {
    case PROTOBUF_C_TYPE_UINT32: return json_integer(*(const uint32_t *)at);
    case PROTOBUF_C_TYPE_UINT64: return json_sprintf("%llu", (unsigned long long)*(const uint64_t *)at);
    case PROTOBUF_C_TYPE_INT64: return json_sprintf("%lld", (long long)*(const int64_t *)at);
    case PROTOBUF_C_TYPE_BOOL: return json_boolean(*(const protobuf_c_boolean *)at);
    case PROTOBUF_C_TYPE_ENUM: return enum_of(f, *(const int *)at);
    case PROTOBUF_C_TYPE_STRING: return json_string(*(char *const *)at);
    case PROTOBUF_C_TYPE_BYTES: return bytes_of(f, at);
    case PROTOBUF_C_TYPE_MESSAGE: return mj_json_of_message(*(ProtobufCMessage *const *)at);
    default: return json_null();         /* a type that no message of ours has */
    }
}

static bool is_default(const field_d *f, const void *at)
{
    switch (f->type) {
    case PROTOBUF_C_TYPE_UINT32: return *(const uint32_t *)at == 0;
    case PROTOBUF_C_TYPE_BOOL: return !*(const protobuf_c_boolean *)at;
    case PROTOBUF_C_TYPE_ENUM: return *(const int *)at == 0;
    case PROTOBUF_C_TYPE_STRING: return !*(char *const *)at || **(char *const *)at == '\0';
    case PROTOBUF_C_TYPE_BYTES: return ((const ProtobufCBinaryData *)at)->len == 0;
    case PROTOBUF_C_TYPE_MESSAGE: return !*(ProtobufCMessage *const *)at;
    default: return *(const uint64_t *)at == 0;
    }
}

static json_t *array_of(const field_d *f, const char *message)
{
    const char *elements;
    size_t n;
    json_t *array = json_array();
    memcpy(&n, message + f->quantifier_offset, sizeof n);
    memcpy(&elements, message + f->offset, sizeof elements);
    for (size_t i = 0; i < n; i++)
        json_array_append_new(array, value_of(f, elements + i * json_size_of(f->type)));
    return array;
}

static bool is_there(const field_d *f, const char *message)
{
    size_t n;
    if (f->label == PROTOBUF_C_LABEL_REPEATED) {
        memcpy(&n, message + f->quantifier_offset, sizeof n);
        return n != 0;
    }
    if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
        return *(const uint32_t *)(message + f->quantifier_offset) == f->id;
    return !is_default(f, message + f->offset);
}

json_t *mj_json_of_message(const ProtobufCMessage *m)
{
    json_t *object = json_object();
    const char *message = (const char *)m;
    for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
        const field_d *f = &m->descriptor->fields[i];
        if (is_there(f, message))
            json_object_set_new(object, f->name, f->label == PROTOBUF_C_LABEL_REPEATED
                                                     ? array_of(f, message) : value_of(f, message + f->offset));
    }
    return object;
}
