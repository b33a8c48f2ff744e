/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* A commit's bytes, log.v1 LogBlock: whatever they are, what is read is what protobuf-c unpacks, or nothing; put again
 * and read again it is the same. The first byte is the count that the commit is said to have. */
#include "common/base/crypto.h"
#include "common/store/log.h"
#include "fuzz.h"
#include "missionjeunes/log/v1/log.pb-c.h"

#define FIRST 1000

typedef Missionjeunes__Log__V1__LogEntry entry_message;
typedef Missionjeunes__Log__V1__LogBlock block_message;

static struct mj_arena *arena, *second;

struct reading {
    const block_message *m;              /* NULL: protobuf-c refuses the bytes */
    struct mj_buf put;                   /* what was read, put again */
    uint32_t count;
};

static bool same_bytes(const uint8_t *a, size_t a_len, const ProtobufCBinaryData *b)
{
    return a_len == b->len && (a_len == 0 || memcmp(a, b->data, a_len) == 0);
}

static int on_entry(void *arg, const struct mj_entry *e)
{
    struct reading *r = arg;
    HOLD(e->position == FIRST + r->count && e->principal != NULL);
    if (r->m != NULL) {
        HOLD(r->count < r->m->n_entries);
        const entry_message *m = r->m->entries[r->count];
        HOLD(e->recorded_at_ms == m->recorded_at_ms && e->type == m->type);
        HOLD(strcmp(e->principal, m->principal) == 0);
        HOLD(same_bytes(e->payload, e->payload_len, &m->payload));
        HOLD(same_bytes(e->command_key, e->command_key != NULL ? MJ_TAG : 0, &m->command_key));
        HOLD(same_bytes(e->command_hash, e->command_hash != NULL ? MJ_TAG : 0, &m->command_hash));
        HOLD(same_bytes(e->command_answer, e->command_answer_len, &m->command_answer));
    }
    mj_block_add(&r->put, e);
    r->count++;
    return 0;
}

static int count_entry(void *arg, const struct mj_entry *e)
{
    (void)e;
    ++*(uint32_t *)arg;
    return 0;
}

static void hold_put_again(const struct reading *r)
{
    struct mj_commit c = { .first = FIRST, .count = r->count, .block = r->put.data, .block_len = r->put.len };
    uint32_t count = 0;
    HOLD(mj_block_each(&c, second, count_entry, &count, NULL) == 0 && count == r->count);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    HOLD(mj_crypto_init(NULL) == 0);
    arena = mj_arena_create(0);
    second = mj_arena_create(0);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reading r = { .put = MJ_BUF_INIT };
    mj_error err = { 0 };
    if (size == 0)
        return 0;
    struct mj_commit c = { .first = FIRST, .count = data[0], .block = data + 1, .block_len = size - 1 };
    mj_arena_reset(arena, 0);
    mj_arena_reset(second, 0);
    r.m = (const block_message *)protobuf_c_message_unpack(&missionjeunes__log__v1__log_block__descriptor,
                                                           mj_arena_protobuf(second), c.block_len, c.block);
    if (mj_block_each(&c, arena, on_entry, &r, &err) == 0) {
        HOLD(r.count == c.count && (r.m == NULL || r.count == r.m->n_entries));
        hold_put_again(&r);
    } else {
        HOLD(err.code == MJ_DATA_LOSS && strcmp(err.reason, "BLOCK_BROKEN") == 0);
    }
    (void)mj_commit_fits(&c, (const uint8_t[MJ_HASH]){ 0 });
    mj_buf_free(&r.put);
    return 0;
}
