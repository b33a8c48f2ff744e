/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* json: messages to and from JSON, read off their descriptors: the proto3 JSON mapping, but for bytes.
 *
 *   members     named as in the .proto ("young_person"); "youngPerson" is read too
 *   numbers     read as numbers or as texts of digits; 64-bit ones are written as texts (JavaScript has 53 bits)
 *   enums       written in full, "CONTRACT_KIND_CTT"; "CTT" and the number are read too
 *   bytes       hexadecimal; but placement_ref is the text itself, or {"hex": "..."} where it is no text
 *   defaults    left out, as on the wire; null is read as "not there" */
#ifndef MJ_CLIENT_JSON_H
#define MJ_CLIENT_JSON_H

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>

#include "common/base/arena.h"
#include "common/base/error.h"

/* One JSON value from the start of text; *used gets how many bytes it took, the error's line counts from 1 at the
 * start of text. JSON_SYNTAX, JSON_DUPLICATE (a member twice). The value is the caller's, as jansson's are. */
int mj_json_parse(json_t **ret, const char *text, size_t len, size_t *used, unsigned *line, mj_error *err);

/* The message lives in the arena. INVALID_ARGUMENT, with the path of the field: UNKNOWN_FIELD (names the nearest),
 * JSON_DUPLICATE (both spellings of one), FACT_TWICE (two members of one choice), FIELD_TYPE, FIELD_RANGE,
 * UNKNOWN_ENUM (names the nearest), BAD_HEX. */
int mj_json_to_message(ProtobufCMessage **ret, const ProtobufCMessageDescriptor *d, const json_t *object,
                       struct mj_arena *a, mj_error *err);

/* The caller's, as jansson's are. */
json_t *mj_json_of_message(const ProtobufCMessage *m);

#endif
