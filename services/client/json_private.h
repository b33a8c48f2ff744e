/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Shared by json_read.c and json_write.c. Nobody else includes it. */
#ifndef MJ_CLIENT_JSON_PRIVATE_H
#define MJ_CLIENT_JSON_PRIVATE_H

#include "client/json.h"

/* Bytes that one value takes in protobuf-c's structs: the step of a repeated field's array. */
static inline size_t json_size_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_UINT32: return sizeof(uint32_t);
    case PROTOBUF_C_TYPE_BOOL: return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_ENUM: return sizeof(int);
    case PROTOBUF_C_TYPE_BYTES: return sizeof(ProtobufCBinaryData);
    default: return 8;                   /* 64-bit numbers; texts and messages are pointers */
    }
}

#endif
