/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "placements/entry.h"

#include <inttypes.h>
#include <string.h>

#include "common/base/fields.h"

/* Numbers of the fields (entries.proto). ACCEPTED, KNOWN and REJECTED begin alike. */
enum { F_STREAM = 1, F_NUMBER = 2, F_TAG = 3, F_KEY = 4 };
enum { F_NAME = 5, F_EVENT = 6, F_UNMATCHED = 7, F_REGISTRY = 8, F_IMPLIED = 9, F_WARNING = 10, F_WARNING_FIELD = 11,
       F_LATE = 12 };
enum { F_KNOWN_AS = 5 };
enum { F_REASON = 5, F_FIELD = 6, F_REJECTED_AS = 7 };
enum { F_M_NAME = 1, F_M_STREAM = 2, F_M_PERSON = 3, F_M_REGISTRY = 4 };
enum { F_Q_STREAM = 1, F_Q_RESENDS = 2, F_Q_CONFLICTS = 3 };

/* ---- to bytes ---- */

struct texts { size_t reason, field; };  /* lengths of an entry's */

static uint8_t *write_accepted(uint8_t *at, const struct pl_numbered *n, struct texts texts)
{
    at = mj_write_bytes(at, F_NAME, n->name, MJ_TAG);
    at = mj_write_bytes(at, F_EVENT, n->event.rest, n->event.rest_len);
    at = mj_write_number(at, F_UNMATCHED, n->unmatched);
    at = mj_write_number(at, F_REGISTRY, n->registry_position);
    at = mj_write_number(at, F_IMPLIED, n->implied_start);
    at = mj_write_bytes(at, F_WARNING, n->reason, texts.reason);
    at = mj_write_bytes(at, F_WARNING_FIELD, n->field, texts.field);
    return mj_write_number(at, F_LATE, n->late_days);
}

static uint8_t *write_rejected(uint8_t *at, const struct pl_numbered *n, struct texts texts)
{
    at = mj_write_bytes(at, F_REASON, n->reason, texts.reason);
    at = mj_write_bytes(at, F_FIELD, n->field, texts.field);
    return mj_write_number(at, F_REJECTED_AS, n->same_as);
}

void pl_numbered_put(struct mj_buf *out, uint32_t type, const struct pl_numbered *n)
{
    const struct texts texts = { strlen(n->reason), strlen(n->field) };
    size_t most = (F_LATE + 1) * MJ_FIELD + MJ_SIRET_LEN + 2 * MJ_TAG + n->event.rest_len + texts.reason + texts.field;
    uint8_t *at = mj_buf_room(out, most);
    at = mj_write_bytes(at, F_STREAM, n->stream, MJ_SIRET_LEN);
    at = mj_write_number(at, F_NUMBER, n->number);
    at = mj_write_bytes(at, F_TAG, n->tag, MJ_TAG);
    at = mj_write_number(at, F_KEY, n->key);
    at = type == PL_ENTRY_ACCEPTED ? write_accepted(at, n, texts)
         : type == PL_ENTRY_KNOWN  ? mj_write_number(at, F_KNOWN_AS, n->same_as)
                                   : write_rejected(at, n, texts);
    mj_buf_end(out, at);
}

void pl_matched_put(struct mj_buf *out, const struct pl_matched *m)
{
    mj_put_bytes(out, F_M_NAME, m->name, MJ_TAG);
    mj_put_text(out, F_M_STREAM, m->stream);
    mj_put_text(out, F_M_PERSON, m->young_person);
    mj_put_number(out, F_M_REGISTRY, m->registry_position);
}

void pl_quality_put(struct mj_buf *out, const struct pl_quality *q)
{
    mj_put_text(out, F_Q_STREAM, q->stream);
    mj_put_number(out, F_Q_RESENDS, q->resends);
    mj_put_number(out, F_Q_CONFLICTS, q->conflicts);
}

/* ---- from bytes: each reader takes one field; false: it is not what the field must be ---- */

static bool number(const struct mj_field *f, uint64_t *ret)
{
    *ret = f->value;
    return f->wire == MJ_WIRE_NUMBER;
}

static bool number32(const struct mj_field *f, uint32_t *ret)
{
    *ret = (uint32_t)f->value;
    return f->wire == MJ_WIRE_NUMBER;
}

static bool flag(const struct mj_field *f, bool *ret)
{
    *ret = f->value != 0;
    return f->wire == MJ_WIRE_NUMBER;
}

static bool tag(const struct mj_field *f, uint8_t ret[MJ_TAG])
{
    if (f->wire != MJ_WIRE_BYTES || f->len != MJ_TAG)
        return false;
    memcpy(ret, f->data, MJ_TAG);
    return true;
}

static bool siret(const struct mj_field *f, char ret[MJ_SIRET_LEN + 1])
{
    return mj_field_text(f, ret, MJ_SIRET_LEN + 1) && f->len == MJ_SIRET_LEN;
}

/* Short texts of our own making: names of reasons and paths of fields. */
static bool text(const struct mj_field *f, struct mj_arena *a, const char **ret)
{
    char *copy = f->wire == MJ_WIRE_BYTES ? mj_arena_alloc(a, f->len + 1) : NULL;
    *ret = copy;
    return copy != NULL && mj_field_text(f, copy, f->len + 1);
}

static bool event(const struct mj_field *f, struct pl_event *ret)
{
    return f->wire == MJ_WIRE_BYTES && pl_event_read(f->data, f->len, ret, NULL) == 0;
}

static bool read_accepted(const struct mj_field *f, struct pl_numbered *n, struct mj_arena *a)
{
    switch (f->number) {
    case F_NAME: return tag(f, n->name);
    case F_EVENT: return event(f, &n->event);
    case F_UNMATCHED: return flag(f, &n->unmatched);
    case F_REGISTRY: return number(f, &n->registry_position);
    case F_IMPLIED: return flag(f, &n->implied_start);
    case F_WARNING: return text(f, a, &n->reason);
    case F_WARNING_FIELD: return text(f, a, &n->field);
    case F_LATE: return number32(f, &n->late_days);
    default: return true;                /* a newer writer's */
    }
}

static bool read_known(const struct mj_field *f, struct pl_numbered *n)
{
    return f->number != F_KNOWN_AS || number(f, &n->same_as);
}

static bool read_rejected(const struct mj_field *f, struct pl_numbered *n, struct mj_arena *a)
{
    switch (f->number) {
    case F_REASON: return text(f, a, &n->reason);
    case F_FIELD: return text(f, a, &n->field);
    case F_REJECTED_AS: return number(f, &n->same_as);
    default: return true;
    }
}

static bool read_numbered(const struct mj_field *f, uint32_t type, struct pl_numbered *n, struct mj_arena *a)
{
    switch (f->number) {
    case F_STREAM: return siret(f, n->stream);
    case F_NUMBER: return number(f, &n->number);
    case F_TAG: return tag(f, n->tag);
    case F_KEY: return number32(f, &n->key);
    default: break;
    }
    return type == PL_ENTRY_ACCEPTED ? read_accepted(f, n, a)
           : type == PL_ENTRY_KNOWN ? read_known(f, n) : read_rejected(f, n, a);
}

static bool read_matched(const struct mj_field *f, struct pl_matched *m)
{
    switch (f->number) {
    case F_M_NAME: return tag(f, m->name);
    case F_M_STREAM: return siret(f, m->stream);
    case F_M_PERSON: return mj_field_text(f, m->young_person, sizeof m->young_person);
    case F_M_REGISTRY: return number(f, &m->registry_position);
    default: return true;
    }
}

static bool read_quality(const struct mj_field *f, struct pl_quality *q)
{
    switch (f->number) {
    case F_Q_STREAM: return siret(f, q->stream);
    case F_Q_RESENDS: return number(f, &q->resends);
    case F_Q_CONFLICTS: return number(f, &q->conflicts);
    default: return true;
    }
}

/* ---- whole entries ---- */

/* What an entry cannot be without, one bit a field; and the value's size. */
#define BIT(field) (1u << (field))
static const struct { uint32_t type, must; size_t size; } shapes[] = {
    { PL_ENTRY_ACCEPTED, BIT(F_STREAM) | BIT(F_TAG) | BIT(F_NAME) | BIT(F_EVENT), sizeof(struct pl_numbered) },
    { PL_ENTRY_KNOWN, BIT(F_STREAM) | BIT(F_TAG), sizeof(struct pl_numbered) },
    { PL_ENTRY_REJECTED, BIT(F_STREAM) | BIT(F_TAG), sizeof(struct pl_numbered) },
    { PL_ENTRY_MATCHED, BIT(F_M_NAME), sizeof(struct pl_matched) },
    { PL_ENTRY_QUALITY, BIT(F_Q_STREAM), sizeof(struct pl_quality) },
};

static bool read_field(const struct mj_field *f, uint32_t type, void *value, struct mj_arena *a)
{
    switch (type) {
    case PL_ENTRY_MATCHED: return read_matched(f, value);
    case PL_ENTRY_QUALITY: return read_quality(f, value);
    default: return read_numbered(f, type, value, a);
    }
}

static bool read_value(struct mj_entry *e, uint32_t must, void *value, struct mj_arena *a)
{
    struct mj_fields fields = mj_fields_of(e->payload, e->payload_len);
    struct mj_field f;
    uint32_t had = 0;
    int more;
    while ((more = mj_fields_next(&fields, &f)) > 0) {
        if (!read_field(&f, e->type, value, a))
            return false;
        had |= f.number < 32 ? BIT(f.number) : 0;
    }
    return more == 0 && (had & must) == must;
}

int pl_entry_read(struct mj_entry *e, struct mj_arena *a, mj_error *err)
{
    const size_t count = sizeof shapes / sizeof shapes[0];
    size_t i = 0;
    while (i < count && shapes[i].type != e->type)
        i++;
    e->value = NULL;
    if (i == count)
        return 0;
    void *value = mj_arena_alloc(a, shapes[i].size);
    if (value == NULL)
        return mj_fail(err, MJ_RESOURCE_EXHAUSTED, "MEMORY", NULL, "no memory to read an entry of %zu bytes",
                       e->payload_len);
    memset(value, 0, shapes[i].size);
    if (e->type <= PL_ENTRY_REJECTED)
        ((struct pl_numbered *)value)->reason = ((struct pl_numbered *)value)->field = "";
    if (!read_value(e, shapes[i].must, value, a))
        return mj_fail(err, MJ_DATA_LOSS, "ENTRY_BROKEN", NULL,
                       "position %" PRIu64 ": expected an entry of ours of type %u, got other bytes; run mj log verify",
                       e->position, e->type);
    e->value = value;
    return 0;
}
