/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* scan: reads a packed message along its descriptor before anything is allocated for it.
 *
 * protobuf-c keeps unknown fields and enum numbers, loses the length of strings, so that a NUL hides what follows
 * it, and has no limit on nesting (pitfalls P1, P4, P5, P7). All of this still stands in the bytes. */
#ifndef MJ_BASE_SCAN_H
#define MJ_BASE_SCAN_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"

#define MJ_SCAN_DEPTH 16                /* messages within messages; ours need 5 */

/* Well-formed, known fields of their wire type only, strings of strict UTF-8 without NUL, known enum numbers.
 * INVALID_ARGUMENT: MALFORMED, UNKNOWN_FIELD, UNKNOWN_ENUM, INVALID_UTF8, with the path ("events[3].started.on");
 * an unknown field's path is that of its message. No memory is allocated; depth is bounded. */
int mj_scan(const ProtobufCMessageDescriptor *d, const uint8_t *bytes, size_t len, mj_error *err);

/* The path of the innermost field that holds the byte at offset, in bytes that mj_scan passed; "" where none does. */
void mj_scan_path(char *path, size_t size, const ProtobufCMessageDescriptor *d, const uint8_t *bytes, size_t len,
                  size_t offset);

#endif
