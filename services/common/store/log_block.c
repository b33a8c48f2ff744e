/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* log_block: entries to the bytes of a commit and back. */
#include <string.h>

#include "common/store/log.h"
#include "missionjeunes/log/v1/log.pb-c.h"

typedef Missionjeunes__Log__V1__LogEntry entry_message;
typedef Missionjeunes__Log__V1__LogBlock block_message;

#define ENTRIES_TAG 0x0a                 /* LogBlock.entries: field 1, length-delimited */

static ProtobufCBinaryData bytes_of(const uint8_t *data, size_t len)
{
    return (ProtobufCBinaryData){ .len = data != NULL ? len : 0, .data = (uint8_t *)(uintptr_t)data };
}

static void put_varint(struct mj_buf *b, uint64_t value)
{
    uint8_t bytes[10];
    size_t n = 0;
    do {
        bytes[n++] = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
        value >>= 7;
    } while (value != 0);
    mj_buf_put(b, bytes, n);
}

/* A packed message is the packing of its fields one after the other, so a block grows by appending. */
void mj_block_add(struct mj_buf *block, const struct mj_entry *e)
{
    static const uint8_t tag = ENTRIES_TAG;
    entry_message m;
    missionjeunes__log__v1__log_entry__init(&m);
    m.recorded_at_ms = e->recorded_at_ms;
    m.type = e->type;
    m.principal = (char *)(uintptr_t)e->principal;
    m.payload = bytes_of(e->payload, e->payload_len);
    m.command_key = bytes_of(e->command_key, MJ_TAG);
    m.command_hash = bytes_of(e->command_hash, MJ_TAG);
    m.command_answer = bytes_of(e->command_answer, e->command_answer_len);
    mj_buf_put(block, &tag, 1);
    put_varint(block, protobuf_c_message_get_packed_size(&m.base));
    mj_buf_pack(block, &m.base);
}

static int broken(const struct mj_commit *c, mj_error *err, const char *what)
{
    return mj_fail(err, MJ_DATA_LOSS, "BLOCK_BROKEN", NULL, "the commit at position %llu %s; restore the log",
                   (unsigned long long)c->first, what);
}

/* Keys and hashes are 16 bytes or absent. */
static bool sound(const entry_message *m)
{
    return (m->command_key.len == 0 || m->command_key.len == MJ_TAG) &&
           (m->command_hash.len == 0 || m->command_hash.len == MJ_TAG);
}

static struct mj_entry entry_of(const entry_message *m, uint64_t position)
{
    return (struct mj_entry){
        .position = position,
        .recorded_at_ms = m->recorded_at_ms,
        .type = m->type,
        .principal = m->principal,
        .payload = m->payload.data,
        .payload_len = m->payload.len,
        .command_key = m->command_key.len != 0 ? m->command_key.data : NULL,
        .command_hash = m->command_hash.len != 0 ? m->command_hash.data : NULL,
        .command_answer = m->command_answer.len != 0 ? m->command_answer.data : NULL,
        .command_answer_len = m->command_answer.len,
    };
}

int mj_block_each(const struct mj_commit *c, struct mj_arena *a, mj_entry_fn *each, void *arg, mj_error *err)
{
    block_message *block = missionjeunes__log__v1__log_block__unpack(mj_arena_protobuf(a), c->block_len, c->block);
    if (block == NULL) {
        return broken(c, err, "does not decode");
    }
    if (block->n_entries != c->count) {
        return broken(c, err, "holds another number of entries than it says");
    }
    for (size_t i = 0; i < block->n_entries; i++) {
        if (!sound(block->entries[i])) {
            return broken(c, err, "holds a command key or hash of another length than 16");
        }
        struct mj_entry e = entry_of(block->entries[i], c->first + i);
        if (each(arg, &e) != 0) {
            return 0;
        }
    }
    return 0;
}

bool mj_commit_fits(const struct mj_commit *c, const uint8_t prev[MJ_HASH])
{
    uint8_t hash[MJ_HASH];
    mj_chain(hash, prev, c->first, c->count, c->block, c->block_len);
    return memcmp(hash, c->hash, MJ_HASH) == 0;
}
