/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* log_block: entries to the bytes of a commit and back, field by field: every event passes here, in its writer and
 * in each follower. What is written is what protobuf-c packs; what is read is never more than it would unpack
 * (tests/property/prop_log_block.c). */
#include <string.h>

#include "common/base/fields.h"
#include "common/store/log.h"

#define ENTRIES 1                        /* LogBlock.entries */
#define USUAL_HEAD 3                     /* of an entry of 128 to 16,383 bytes */

enum { RECORDED_AT = 1, TYPE, PRINCIPAL, PAYLOAD, COMMAND_KEY, COMMAND_HASH, COMMAND_ANSWER };   /* of LogEntry */

static uint8_t *write(uint8_t *at, uint32_t field, const void *data, size_t len)
{
    return mj_write_bytes(at, field, data, data != NULL ? len : 0);
}

/* A packed message is the packing of its fields one after the other, so a block grows by appending. An entry is written
 * where it stands if its head takes USUAL_HEAD bytes, as nearly always; else it is moved. */
void mj_block_add(struct mj_buf *block, const struct mj_entry *e)
{
    size_t principal = strlen(e->principal);
    size_t most = (COMMAND_ANSWER + 1) * MJ_FIELD + principal + e->payload_len + 2 * MJ_TAG + e->command_answer_len;
    uint8_t head[MJ_FIELD], *place = mj_buf_room(block, most), *entry = place + USUAL_HEAD, *at = entry;
    at = mj_write_number(at, RECORDED_AT, e->recorded_at_ms);
    at = mj_write_number(at, TYPE, e->type);
    at = mj_write_bytes(at, PRINCIPAL, e->principal, principal);
    at = write(at, PAYLOAD, e->payload, e->payload_len);
    at = write(at, COMMAND_KEY, e->command_key, MJ_TAG);
    at = write(at, COMMAND_HASH, e->command_hash, MJ_TAG);
    at = write(at, COMMAND_ANSWER, e->command_answer, e->command_answer_len);
    size_t len = (size_t)(at - entry), head_len = (size_t)(mj_write_head(head, ENTRIES, len) - head);
    if (head_len != USUAL_HEAD)
        memmove(place + head_len, entry, len);
    memcpy(place, head, head_len);
    mj_buf_end(block, place + head_len + len);
}

/* ---- reading ---- */

static int broken(const struct mj_commit *c, mj_error *err, const char *what)
{
    return mj_fail(err, MJ_DATA_LOSS, "BLOCK_BROKEN", NULL, "the commit at position %llu %s; restore the log",
                   (unsigned long long)c->first, what);
}

/* As mj_fields_next; numbers longer than need be, which protobuf-c takes in some places, are not ours and refused. */
static int next_field(struct mj_fields *f, struct mj_field *field)
{
    int rc = mj_fields_next(f, field);
    return rc == 1 && !field->shortest ? -1 : rc;
}

/* How many entries a block holds; false where it is none. */
static bool count_entries(struct mj_fields f, uint32_t *count)
{
    struct mj_field field;
    int rc;
    *count = 0;
    while ((rc = next_field(&f, &field)) == 1) {
        if (field.number != ENTRIES) {
            continue;
        }
        if (field.wire != MJ_WIRE_BYTES || ++*count == UINT32_MAX) {
            return false;
        }
    }
    return rc == 0;
}

/* A principal as text. Entries of one commit are mostly of one principal: it is copied where it is another one. */
struct principal { const char *text; size_t len; struct mj_arena *arena; };

static const char *principal_of(struct principal *last, const struct mj_field *f)
{
    if (f->len == last->len && memcmp(f->data, last->text, f->len) == 0) {
        return last->text;
    }
    char *text = mj_arena_alloc(last->arena, f->len + 1);
    if (text != NULL) {
        memcpy(text, f->data, f->len);
        text[f->len] = '\0';
        *last = (struct principal){ text, f->len, last->arena };
    }
    return text;
}

static enum mj_wire wire_of(uint32_t field)
{
    return field == RECORDED_AT || field == TYPE ? MJ_WIRE_NUMBER : MJ_WIRE_BYTES;
}

static const uint8_t *bytes_of(const struct mj_field *f)
{
    return f->len != 0 ? f->data : NULL;
}

/* False where the field is not as its message says; keys and hashes are 16 bytes or absent. */
static bool take_field(struct mj_entry *e, const struct mj_field *f, struct principal *last)
{
    if (f->number > COMMAND_ANSWER) {
        return true;                     /* of a newer writer */
    }
    if (f->wire != wire_of(f->number)) {
        return false;
    }
    switch (f->number) {
    case RECORDED_AT: e->recorded_at_ms = f->value; return true;
    case TYPE: e->type = (uint32_t)f->value; return true;
    case PRINCIPAL: return (e->principal = principal_of(last, f)) != NULL;
    case PAYLOAD: e->payload = bytes_of(f); e->payload_len = f->len; return true;
    case COMMAND_KEY: e->command_key = bytes_of(f); return f->len == 0 || f->len == MJ_TAG;
    case COMMAND_HASH: e->command_hash = bytes_of(f); return f->len == 0 || f->len == MJ_TAG;
    default: e->command_answer = bytes_of(f); e->command_answer_len = f->len; return true;
    }
}

static bool read_entry(struct mj_entry *e, const struct mj_field *entry, struct principal *last)
{
    struct mj_fields f = mj_fields_of(entry->data, entry->len);
    struct mj_field field;
    int rc;
    while ((rc = next_field(&f, &field)) == 1) {
        if (!take_field(e, &field, last)) {
            return false;
        }
    }
    return rc == 0;
}

int mj_block_each(const struct mj_commit *c, struct mj_arena *a, mj_entry_fn *each, void *arg, mj_error *err)
{
    struct mj_fields f = mj_fields_of(c->block, c->block_len);
    struct principal last = { "", 0, a };
    struct mj_field field;
    uint32_t count;
    if (!count_entries(f, &count)) {
        return broken(c, err, "does not decode");
    }
    if (count != c->count) {
        return broken(c, err, "holds another number of entries than it says");
    }
    for (uint64_t position = c->first; next_field(&f, &field) == 1;) {
        if (field.number != ENTRIES) {
            continue;
        }
        struct mj_entry e = { .position = position++, .principal = "" };
        if (!read_entry(&e, &field, &last)) {
            return broken(c, err, "holds an entry that does not decode, or a command key or hash of another length "
                          "than 16");
        }
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
