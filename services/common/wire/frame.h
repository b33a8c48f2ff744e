/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* frame: the two frames of a message, header and body, to and from bytes. Layout: proto/PROTOCOL.md.
 * Decoding is total: any bytes give a header or a typed error. */
#ifndef MJ_WIRE_FRAME_H
#define MJ_WIRE_FRAME_H

#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/error.h"
#include "common/wire/sock.h"

#define MJ_PROTOCOL_VERSION 1
#define MJ_HEADER_MAX 512                /* bytes */
#define MJ_METHOD_MAX 64
#define MJ_COMMAND_KEY 16                /* bytes of an idempotency key */

struct mj_header {
    uint32_t version;
    char method[MJ_METHOD_MAX];          /* "placements.v1.Ingest" */
    uint64_t correlation;
    bool has_key;
    uint8_t key[MJ_COMMAND_KEY];
    uint32_t timeout_ms;
    char traceparent[64];
    char region[3];                      /* "" where none */
    mj_code code;                        /* answers: MJ_OK or the error's */
};

/* HEADER_SIZE, MALFORMED, PROTOCOL_VERSION (UNIMPLEMENTED; before all that another version may hold), KEY_LENGTH,
 * HEADER_FIELD (a text too long or not printing ASCII; a region of one character), UNKNOWN_FIELD, UNKNOWN_ENUM.
 * Where the correlation could be read it is set in *ret even when -1 is returned, so that an error can be sent. */
int mj_header_decode(struct mj_header *ret, const struct mj_frame *f, mj_error *err);
void mj_header_encode(struct mj_buf *out, const struct mj_header *h);
void mj_error_encode(struct mj_buf *out, const mj_error *e, const char *moved_to);
/* A body that is no valid Error gives INTERNAL. */
void mj_error_decode(mj_error *ret, const struct mj_frame *f, struct mj_arena *scratch);

#endif
