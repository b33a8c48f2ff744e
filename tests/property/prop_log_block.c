/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Blocks are written and read field by field: what is written is what protobuf-c packs, and whatever bytes come, what
 * is read is what protobuf-c unpacks, or nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "common/store/log.h"
#include "missionjeunes/log/v1/log.pb-c.h"

#define BLOCKS 3000
#define MUTATIONS 60                             /* of each block */
#define ENTRIES_MAX 6
#define BYTES_MAX 300                            /* of a payload or an answer: lengths of one byte and of two */

typedef Missionjeunes__Log__V1__LogEntry entry_message;
typedef Missionjeunes__Log__V1__LogBlock block_message;

static uint64_t seed = 20260721;                 /* fixed: a failure comes again */

/* splitmix64 */
static uint64_t next_random(void)
{
    uint64_t z = (seed += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static size_t below(size_t n)
{
    return (size_t)(next_random() % n);
}

static uint8_t noise[BYTES_MAX];

static ProtobufCBinaryData some_bytes(size_t most)
{
    size_t len = below(3) ? below(most + 1) : 0;
    return (ProtobufCBinaryData){ len, len ? noise + below(sizeof noise - len + 1) : NULL };
}

/* One entry, as protobuf-c's message and as ours. */
static struct mj_entry make_entry(entry_message *m)
{
    static const char *const principals[] = { "", "service", "ett-123456789", "agence-52" };
    missionjeunes__log__v1__log_entry__init(m);
    m->recorded_at_ms = below(4) ? next_random() >> below(64) : 0;
    m->type = (uint32_t)(next_random() >> (32 + below(32)));
    m->principal = (char *)(uintptr_t)principals[below(4)];
    m->payload = some_bytes(BYTES_MAX);
    if (below(3) == 0) {
        m->command_key = (ProtobufCBinaryData){ MJ_TAG, noise + below(100) };
        m->command_hash = (ProtobufCBinaryData){ MJ_TAG, noise + below(100) };
        m->command_answer = some_bytes(BYTES_MAX);
    }
    return (struct mj_entry){ .recorded_at_ms = m->recorded_at_ms, .type = m->type, .principal = m->principal,
                              .payload = m->payload.data, .payload_len = m->payload.len,
                              .command_key = m->command_key.data, .command_hash = m->command_hash.data,
                              .command_answer = m->command_answer.data,
                              .command_answer_len = m->command_answer.len };
}

/* Fills block by mj_block_add, and checks it against protobuf-c's packing. */
static void make_block(struct mj_buf *block)
{
    entry_message rows[ENTRIES_MAX], *list[ENTRIES_MAX];
    block_message m = MISSIONJEUNES__LOG__V1__LOG_BLOCK__INIT;
    struct mj_buf packed = MJ_BUF_INIT;
    size_t n = 1 + below(ENTRIES_MAX);

    mj_buf_clear(block);
    for (size_t i = 0; i < n; i++) {
        struct mj_entry e = make_entry(&rows[i]);
        list[i] = &rows[i];
        mj_block_add(block, &e);
    }
    m.entries = list;
    m.n_entries = n;
    mj_buf_pack(&packed, &m.base);
    assert_int_equal(block->len, packed.len);
    assert_memory_equal(block->data, packed.data, packed.len);
    mj_buf_free(&packed);
}

/* ---- what protobuf-c makes of the same bytes ---- */

struct expected { const block_message *m; uint64_t position; size_t at; };

static void same_bytes(const uint8_t *data, size_t len, const ProtobufCBinaryData *expected)
{
    assert_int_equal(len, expected->len);
    assert_true((data == NULL) == (len == 0));
    if (len != 0)
        assert_memory_equal(data, expected->data, len);
}

static int compare_entry(void *arg, const struct mj_entry *e)
{
    struct expected *x = arg;
    assert_true(x->at < x->m->n_entries);
    const entry_message *m = x->m->entries[x->at];
    assert_int_equal(e->position, x->position + x->at);
    assert_int_equal(e->recorded_at_ms, m->recorded_at_ms);
    assert_int_equal(e->type, m->type);
    assert_string_equal(e->principal, m->principal);
    same_bytes(e->payload, e->payload_len, &m->payload);
    same_bytes(e->command_key, e->command_key ? MJ_TAG : 0, &m->command_key);
    same_bytes(e->command_hash, e->command_hash ? MJ_TAG : 0, &m->command_hash);
    same_bytes(e->command_answer, e->command_answer_len, &m->command_answer);
    assert_null(e->value);
    x->at++;
    return 0;
}

static int pass_over(void *arg, const struct mj_entry *e)
{
    (void)arg, (void)e;
    return 0;
}

/* m NULL: protobuf-c refuses the bytes, or they hold another number of entries. Entries before one that does not decode
 * are given all the same. */
static bool read_with(const uint8_t *bytes, size_t len, size_t count, const block_message *m)
{
    struct mj_arena *a = mj_arena_create(0);
    struct mj_commit c = { .first = 7, .count = (uint32_t)count, .block = bytes, .block_len = len };
    struct expected x = { .m = m, .position = c.first };
    mj_error err;
    bool read = mj_block_each(&c, a, m ? compare_entry : pass_over, &x, &err) == 0;

    assert_true(!read || !m || x.at == m->n_entries);
    if (!read)
        assert_string_equal(err.reason, "BLOCK_BROKEN");
    mj_arena_destroy(a);
    return read;
}

/* True where the bytes were read: then they are what protobuf-c finds in them, and never with another count. They are
 * given in memory of their own, so that a sanitizer sees one read too many. */
static bool read_as_protobuf_does(const uint8_t *bytes, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);
    memcpy(copy, bytes, len);
    block_message *m = missionjeunes__log__v1__log_block__unpack(NULL, len, copy);
    bool read = m && read_with(copy, len, m->n_entries, m);

    if (m) {
        assert_false(read_with(copy, len, m->n_entries + 1, NULL));
        missionjeunes__log__v1__log_block__free_unpacked(m, NULL);
    } else {
        for (size_t count = 0; count <= ENTRIES_MAX + 2; count++)
            assert_false(read_with(copy, len, count, NULL));
    }
    free(copy);
    return read;
}

static void a_block_is_read_as_it_was_written(void **state)
{
    struct mj_buf block = MJ_BUF_INIT;
    (void)state;
    for (int i = 0; i < BLOCKS; i++) {
        make_block(&block);
        assert_true(read_as_protobuf_does(block.data, block.len));
    }
    mj_buf_free(&block);
}

/* Makes the byte at a place go on for n more that add nothing, as a number written longer than need be. */
static void lengthen(struct mj_buf *b, size_t at, size_t n)
{
    (void)mj_buf_grow(b, n);
    memmove(b->data + at + n, b->data + at, b->len - n - at);
    memset(b->data + at + 1, 0x80, n - 1);
    b->data[at] |= 0x80;
    b->data[at + n] = 0;
}

/* Flips, overwrites, inserts, removes, lengthens or cuts at a random place. */
static void mutate(struct mj_buf *b)
{
    size_t at = below(b->len + 1), n = 1 + below(8);

    switch (below(6)) {
    case 0:
        if (at < b->len)
            b->data[at] ^= (uint8_t)(1u << below(8));
        return;
    case 1:
        for (size_t i = at; i < b->len && i < at + n; i++)
            b->data[i] = (uint8_t)next_random();
        return;
    case 2:
        (void)mj_buf_grow(b, n);
        memmove(b->data + at + n, b->data + at, b->len - n - at);
        memset(b->data + at, (int)below(256), n);
        return;
    case 3:
        n = n < b->len - at ? n : b->len - at;
        memmove(b->data + at, b->data + at + n, b->len - at - n);
        b->len -= n;
        return;
    case 4:
        if (at < b->len)
            lengthen(b, at, n);
        return;
    default:
        b->len = at;
        return;
    }
}

static void changed_bytes_are_read_as_protobuf_does_or_refused(void **state)
{
    struct mj_buf block = MJ_BUF_INIT, changed = MJ_BUF_INIT;
    unsigned taken = 0;
    (void)state;
    for (int i = 0; i < BLOCKS; i++) {
        make_block(&block);
        for (int j = 0; j < MUTATIONS; j++) {
            mj_buf_clear(&changed);
            mj_buf_put(&changed, block.data, block.len);
            for (size_t k = below(3) + 1; k > 0; k--)
                mutate(&changed);
            taken += read_as_protobuf_does(changed.data, changed.len);
        }
    }
    assert_true(taken > BLOCKS);                 /* the mutations are not all too coarse */
    mj_buf_free(&changed);
    mj_buf_free(&block);
}

static void a_field_of_a_newer_writer_is_passed_over(void **state)
{
    static const uint8_t bytes[] = { 0x0a, 0x0b, 0x10, 0x10, 0x1a, 0x01, 'p', 0x98, 0x06, 0x05, 0xa2, 0x06, 0x00,
                                     0x12, 0x01, 'x' };
    (void)state;
    assert_true(read_as_protobuf_does(bytes, sizeof bytes));
}

/* Around the lengths at which the length itself takes a byte more. */
static void an_entry_of_any_length_is_written_as_protobuf_does(void **state)
{
    static const size_t lengths[] = { 0, 1, 120, 128, 16370, 16384, 100000 };
    uint8_t *payload = calloc(1, 100000);

    (void)state;
    assert_non_null(payload);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        for (size_t len = lengths[i]; len < lengths[i] + 16 && len <= 100000; len++) {
            entry_message row = MISSIONJEUNES__LOG__V1__LOG_ENTRY__INIT, *list[] = { &row };
            block_message m = MISSIONJEUNES__LOG__V1__LOG_BLOCK__INIT;
            struct mj_entry e = { .type = 16, .principal = "", .payload = payload, .payload_len = len };
            struct mj_buf block = MJ_BUF_INIT, packed = MJ_BUF_INIT;
            payload[0] = payload[len > 0 ? len - 1 : 0] = 0x55;
            row.type = 16;
            row.payload = (ProtobufCBinaryData){ len, payload };
            m.entries = list;
            m.n_entries = 1;
            mj_buf_pack(&packed, &m.base);
            mj_block_add(&block, &e);
            assert_int_equal(block.len, packed.len);
            assert_memory_equal(block.data, packed.data, packed.len);
            mj_buf_free(&packed);
            mj_buf_free(&block);
        }
    free(payload);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_is_read_as_it_was_written),
        cmocka_unit_test(an_entry_of_any_length_is_written_as_protobuf_does),
        cmocka_unit_test(changed_bytes_are_read_as_protobuf_does_or_refused),
        cmocka_unit_test(a_field_of_a_newer_writer_is_passed_over),
    };
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (uint8_t)next_random();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
