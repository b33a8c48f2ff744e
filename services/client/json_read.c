/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* JSON to a message. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/json_private.h"
#include "common/base/ids.h"
#include "common/base/nearest.h"

typedef ProtobufCFieldDescriptor field_d;

static int no_memory(mj_error *err)
{
    return mj_fail(err, MJ_RESOURCE_EXHAUSTED, "MEMORY", NULL, "not enough memory for the message");
}

int mj_json_parse(json_t **ret, const char *text, size_t len, size_t *used, unsigned *line, mj_error *err)
{
    json_error_t e;
    json_t *value = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK | JSON_DECODE_ANY, &e);
    *line = 1;
    if (value) {
        *used = (size_t)e.position;
        *ret = value;
        return 0;
    }
    *line = e.line > 0 ? (unsigned)e.line : 1;
    if (json_error_code(&e) == json_error_duplicate_key)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "JSON_DUPLICATE", NULL, "expected each member once, got: %.150s",
                       e.text);
    return mj_fail(err, MJ_INVALID_ARGUMENT, "JSON_SYNTAX", NULL, "expected a JSON object, got: %.150s (line %d of "
                   "it, column %d)", e.text, e.line, e.column);
}

/* ---- which field ---- */

/* "young_person" is also "youngPerson". */
static bool is_name(const char *snake, const char *key)
{
    if (strcmp(snake, key) == 0)
        return true;
    for (; *key; key++, snake++) {
        if (isupper((unsigned char)*key) && *snake++ != '_')
            return false;
        if (*snake != tolower((unsigned char)*key))
            return false;
    }
    return *snake == '\0';
}

static const field_d *find_field(const ProtobufCMessageDescriptor *d, const char *key)
{
    for (unsigned i = 0; i < d->n_fields; i++)
        if (is_name(d->fields[i].name, key))
            return &d->fields[i];
    return NULL;
}

static int unknown_field(const ProtobufCMessageDescriptor *d, const char *key, mj_error *err)
{
    struct mj_nearest n = mj_nearest_to(key);
    for (unsigned i = 0; i < d->n_fields; i++)
        mj_nearest_try(&n, d->fields[i].name);
    return mj_fail(err, MJ_INVALID_ARGUMENT, "UNKNOWN_FIELD", NULL, "%s has no member \"%.60s\"%s%s%s", d->short_name,
                   key, n.name ? "; did you mean \"" : "; see its .proto file", n.name ? n.name : "",
                   n.name ? "\"?" : "");
}

/* ---- values ---- */

static int wrong_type(const json_t *value, const char *expected, mj_error *err)
{
    static const char *const names[] = { "an object", "an array", "a text", "a number", "a number with decimals",
                                         "true", "false", "null" };
    return mj_fail(err, MJ_INVALID_ARGUMENT, "FIELD_TYPE", NULL, "expected %s, got %s", expected,
                   names[json_typeof(value)]);
}

static int out_of_range(const char *text, uint64_t max, mj_error *err)
{
    return mj_fail(err, MJ_INVALID_ARGUMENT, "FIELD_RANGE", NULL,
                   "expected a whole number from 0 to %llu, got \"%.24s\"", (unsigned long long)max, text);
}

static int read_unsigned(uint64_t *ret, const json_t *value, uint64_t max, mj_error *err)
{
    char number[32];
    const char *text = number;
    char *end;

    if (json_is_integer(value))
        snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
    else if (json_is_string(value))
        text = json_string_value(value);
    else
        return wrong_type(value, "a whole number", err);
    errno = 0;
    *ret = strtoull(text, &end, 10);
    if (!isdigit((unsigned char)text[0]) || *end || errno || *ret > max)
        return out_of_range(text, max, err);
    return 0;
}

static int read_int64(int64_t *ret, const json_t *value, mj_error *err)
{
    char *end;
    if (json_is_integer(value)) {
        *ret = json_integer_value(value);
        return 0;
    }
    if (!json_is_string(value))
        return wrong_type(value, "a whole number", err);
    const char *text = json_string_value(value);
    errno = 0;
    *ret = strtoll(text, &end, 10);
    if (!isdigit((unsigned char)text[text[0] == '-']) || *end || errno)
        return out_of_range(text, INT64_MAX, err);
    return 0;
}

/* "CONTRACT_KIND_CTT" or "CTT": all values of an enum start with what stands before UNSPECIFIED in its first. */
static size_t enum_prefix(const ProtobufCEnumDescriptor *d)
{
    static const char tail[] = "UNSPECIFIED";
    const char *first = d->values[0].name;
    size_t n = strlen(first), cut = sizeof tail - 1;
    return n > cut && strcmp(first + n - cut, tail) == 0 ? n - cut : 0;
}

/* Names the nearest value, or all of them. */
static int unknown_value(const ProtobufCEnumDescriptor *d, const char *name, mj_error *err)
{
    struct mj_nearest near = mj_nearest_to(name);
    char all[160] = "";
    size_t prefix = enum_prefix(d), n = 0;
    for (unsigned i = 0; i < d->n_values; i++) {
        mj_nearest_try(&near, d->values[i].name);
        mj_nearest_try(&near, d->values[i].name + prefix);
        if (d->values[i].value != 0 && n < sizeof all)
            n += (size_t)snprintf(all + n, sizeof all - n, "%s%s", n ? ", " : "", d->values[i].name + prefix);
    }
    return mj_fail(err, MJ_INVALID_ARGUMENT, "UNKNOWN_ENUM", NULL, "%s has no value \"%.40s\"; %s %s%s", d->short_name,
                   name, near.name ? "did you mean" : "it has", near.name ? near.name : all, near.name ? "?" : "");
}

static int read_enum(int *ret, const field_d *f, const json_t *value, mj_error *err)
{
    const ProtobufCEnumDescriptor *d = f->descriptor;
    size_t prefix = enum_prefix(d);
    if (json_is_integer(value) && json_integer_value(value) >= 0 && json_integer_value(value) <= INT32_MAX) {
        *ret = (int)json_integer_value(value);
        return 0;
    }
    if (!json_is_string(value))
        return wrong_type(value, "the name of a value", err);
    const char *name = json_string_value(value);
    for (unsigned i = 0; i < d->n_values; i++)
        if (strcmp(d->values[i].name, name) == 0 || strcmp(d->values[i].name + prefix, name) == 0) {
            *ret = d->values[i].value;
            return 0;
        }
    return unknown_value(d, name, err);
}

static int read_text(char **ret, const json_t *value, struct mj_arena *a, mj_error *err)
{
    if (!json_is_string(value))
        return wrong_type(value, "a text", err);
    *ret = mj_arena_strdup(a, json_string_value(value));
    return *ret ? 0 : no_memory(err);
}

static int read_bytes(ProtobufCBinaryData *ret, const char *field, const json_t *value, struct mj_arena *a,
                      mj_error *err)
{
    bool plain = strcmp(field, "placement_ref") == 0;
    const json_t *hex = plain && json_is_object(value) ? json_object_get(value, "hex") : NULL;
    if (hex) {
        value = hex;
        plain = false;
    }
    if (!json_is_string(value))
        return wrong_type(value, plain ? "a text" : "a text of hexadecimal digits", err);
    size_t n = json_string_length(value);
    ret->len = plain ? n : n / 2;
    ret->data = mj_arena_alloc(a, n + 1);
    if (!ret->data)
        return no_memory(err);
    if (plain)
        memcpy(ret->data, json_string_value(value), n);
    else if (n % 2)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "BAD_HEX", NULL,
                       "expected an even number of hexadecimal digits, got %zu", n);
    else if (mj_unhex(ret->data, ret->len, json_string_value(value), NULL, err) < 0)
        return -1;
    return 0;
}

static int read_bool(protobuf_c_boolean *ret, const json_t *value, mj_error *err)
{
    if (!json_is_boolean(value))
        return wrong_type(value, "true or false", err);
    *ret = json_is_true(value);
    return 0;
}

/* ---- members ---- */

/* One value of the field's type, written at: a member, or an element of an array. */
static int read_value(void *at, const field_d *f, const json_t *value, struct mj_arena *a, mj_error *err)
{
    uint64_t n;
    switch (f->type) {
    case PROTOBUF_C_TYPE_UINT32:
        if (read_unsigned(&n, value, UINT32_MAX, err) < 0)
            return -1;
        *(uint32_t *)at = (uint32_t)n;
        return 0;
    case PROTOBUF_C_TYPE_UINT64: return read_unsigned(at, value, UINT64_MAX, err);
    case PROTOBUF_C_TYPE_INT64: return read_int64(at, value, err);
    case PROTOBUF_C_TYPE_BOOL: return read_bool(at, value, err);
    case PROTOBUF_C_TYPE_ENUM: return read_enum(at, f, value, err);
    case PROTOBUF_C_TYPE_STRING: return read_text(at, value, a, err);
    case PROTOBUF_C_TYPE_BYTES: return read_bytes(at, f->name, value, a, err);
    case PROTOBUF_C_TYPE_MESSAGE: return mj_json_to_message(at, f->descriptor, value, a, err);
    default:
        return mj_fail(err, MJ_UNIMPLEMENTED, "FIELD_TYPE", NULL, "this type of field has no JSON form here");
    }
}

static int read_array(char *message, const field_d *f, const json_t *value, struct mj_arena *a, mj_error *err)
{
    if (!json_is_array(value))
        return wrong_type(value, "an array", err);
    size_t n = json_array_size(value), size = json_size_of(f->type);
    char *elements = mj_arena_alloc(a, n * size + 1), place[32];
    if (!elements)
        return no_memory(err);
    memset(elements, 0, n * size);
    for (size_t i = 0; i < n; i++)
        if (read_value(elements + i * size, f, json_array_get(value, i), a, err) < 0) {
            snprintf(place, sizeof place, "[%zu]", i);
            return mj_fail_in(err, place);
        }
    memcpy(message + f->offset, &elements, sizeof elements);
    memcpy(message + f->quantifier_offset, &n, sizeof n);
    return 0;
}

static int read_member(char *message, const field_d *f, const json_t *value, struct mj_arena *a, mj_error *err)
{
    if (f->label == PROTOBUF_C_LABEL_REPEATED)
        return read_array(message, f, value, a, err);
    if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
        uint32_t *chosen = (uint32_t *)(message + f->quantifier_offset);
        if (*chosen && *chosen != f->id)
            return mj_fail(err, MJ_INVALID_ARGUMENT, "FACT_TWICE", NULL,
                           "expected one of the members that exclude each other, got two; send two events");
        *chosen = f->id;
    }
    return read_value(message + f->offset, f, value, a, err);
}

static int read_object(char *message, const ProtobufCMessageDescriptor *d, const json_t *object, struct mj_arena *a,
                       mj_error *err)
{
    const char *key;
    json_t *value;
    uint64_t seen = 0;                   /* by the field's index; no message of ours has more than 64 */

    json_object_foreach((json_t *)object, key, value) {
        const field_d *f = find_field(d, key);
        if (!f)
            return unknown_field(d, key, err);
        uint64_t bit = 1ull << (f - d->fields);
        if (seen & bit)
            return mj_fail(err, MJ_INVALID_ARGUMENT, "JSON_DUPLICATE", f->name,
                           "expected the member once, got it in two spellings");
        seen |= bit;
        if (!json_is_null(value) && read_member(message, f, value, a, err) < 0)
            return mj_fail_in(err, f->name);
    }
    return 0;
}

int mj_json_to_message(ProtobufCMessage **ret, const ProtobufCMessageDescriptor *d, const json_t *object,
                       struct mj_arena *a, mj_error *err)
{
    if (!json_is_object(object))
        return wrong_type(object, "an object", err);
    ProtobufCMessage *m = mj_arena_alloc(a, d->sizeof_message);
    if (!m || d->n_fields > 64)
        return no_memory(err);
    protobuf_c_message_init(d, m);
    if (read_object((char *)m, d, object, a, err) < 0)
        return -1;
    *ret = m;
    return 0;
}
