/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* arena: memory with one lifetime, and the cap on what a foreign message may cost (pitfalls P2).
 *
 * Blocks grow as needed up to the ceiling; a request beyond it returns NULL. Everything goes at once. */
#ifndef MJ_BASE_ARENA_H
#define MJ_BASE_ARENA_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"

struct mj_arena;

/* ceiling in bytes; 0 means none (for our own data only). NULL when memory is short. */
struct mj_arena *mj_arena_create(size_t ceiling);
void mj_arena_destroy(struct mj_arena *a);                       /* NULL is allowed */
void mj_arena_reset(struct mj_arena *a, size_t ceiling);         /* empties it, keeps its first block */
void mj_arena_open(struct mj_arena *a);                          /* from now on without a ceiling */
void *mj_arena_alloc(struct mj_arena *a, size_t n); /* 16-byte aligned, not zeroed; NULL past the ceiling */
void *mj_arena_copy(struct mj_arena *a, const void *data, size_t n);
char *mj_arena_strdup(struct mj_arena *a, const char *s);
size_t mj_arena_used(const struct mj_arena *a);

/* An allocator over the arena for protobuf-c; frees are no-ops. Valid as long as the arena. */
ProtobufCAllocator *mj_arena_protobuf(struct mj_arena *a);

/* The ceiling for a message of wire_len bytes: 64 KiB + 8 x wire_len (pitfalls P2). */
size_t mj_arena_ceiling(size_t wire_len);

/* Unpacks foreign bytes into the arena. Checks: unpacks within the ceiling, no unknown field, every string valid
 * UTF-8 without NUL, enums in range, nesting as deep as the descriptors say. Errors: INVALID_ARGUMENT MALFORMED,
 * UNKNOWN_FIELD, UNKNOWN_ENUM (field names the path), INVALID_UTF8. The message lives in the arena. */
int mj_unpack(ProtobufCMessage **ret, const ProtobufCMessageDescriptor *d, const uint8_t *bytes, size_t len,
              struct mj_arena *a, mj_error *err);

/* As mj_unpack; also refuses bytes that are not what packing the message again gives: NOT_CANONICAL. */
int mj_unpack_canonical(ProtobufCMessage **ret, const ProtobufCMessageDescriptor *d, const uint8_t *bytes, size_t len,
                        struct mj_arena *a, mj_error *err);

#endif
