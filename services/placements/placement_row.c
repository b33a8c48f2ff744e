/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a placement in its table row: a version, the young person, then the facts, about 17 bytes each: figures
 * as varints, dates and numbers as differences to the fact before, the first value only where a correction replaced it.
 * Ours alone: a change of shape is a new schema name, and the tables are folded anew. */
#include <string.h>

#include "common/base/fields.h"
#include "placements/placement.h"

#define ROW_VERSION 2
#define HEAD_MAX (2 + 2 + MJ_PERSON_RANDOM + MJ_VARINT)
#define FACT_MAX (2 + 6 * MJ_VARINT + 2 * sizeof(uint64_t))
/* A fact's first byte: its kind, and what is told of it besides. */
enum { KIND = 0x0f, HAS_UNTIL = 0x10, HAS_PART = 0x20, HAS_MINUTES = 0x40, CORRECTED = 0x80 };

/* Small differences, of either sign, in few bytes. */
static uint8_t *put_difference(uint8_t *at, int64_t d)
{
    return mj_varint_put(at, (uint64_t)d << 1 ^ (uint64_t)(d >> 63));
}

static const uint8_t *get_difference(const uint8_t *at, const uint8_t *end, int64_t *ret)
{
    uint64_t v = 0;
    at = mj_varint_get(at, end, &v);
    *ret = (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
    return at;
}

static uint8_t *put_tag(uint8_t *at, uint64_t tag)
{
    memcpy(at, &tag, sizeof tag);        /* these bytes never leave the machine */
    return at + sizeof tag;
}

static const uint8_t *get_tag(const uint8_t *at, const uint8_t *end, uint64_t *ret)
{
    if (at == NULL || (size_t)(end - at) < sizeof *ret)
        return NULL;
    memcpy(ret, at, sizeof *ret);
    return at + sizeof *ret;
}

/* Hours have a part that their week and kind give. */
static uint32_t usual_part(const struct pl_held *h)
{
    return h->kind == PL_HOURS ? (uint32_t)(4 * (int64_t)h->on + h->code) : 0;
}

static uint8_t *put_fact(uint8_t *at, const struct pl_held *h, const struct pl_held *before)
{
    uint8_t *head = at++;
    *head = h->kind;
    *at++ = h->code;
    at = put_difference(at, (int64_t)h->on - before->on);
    if (h->until != MJ_NO_DATE) {
        *head |= HAS_UNTIL;
        at = put_difference(at, (int64_t)h->until - h->on);
    }
    if (h->part != usual_part(h)) {
        *head |= HAS_PART;
        at = mj_varint_put(at, h->part);
    }
    if (h->minutes != 0) {
        *head |= HAS_MINUTES;
        at = mj_varint_put(at, h->minutes);
    }
    at = put_tag(at, h->tag);
    at = put_difference(at, (int64_t)(h->number - before->number));
    if (h->first_tag != h->tag || h->first_number != h->number) {
        *head |= CORRECTED;
        at = put_tag(at, h->first_tag);
        at = put_difference(at, (int64_t)(h->number - h->first_number));
    }
    return at;
}

/* NULL at the end of the bytes, as all that reads here. */
static const uint8_t *get_fact(const uint8_t *at, const uint8_t *end, struct pl_held *h, const struct pl_held *before)
{
    int64_t on, until = 0, number, first = 0;
    uint64_t part, minutes = 0;
    if (end - at < 2)
        return NULL;
    uint8_t head = *at++;
    h->kind = head & KIND;
    h->code = *at++;
    at = get_difference(at, end, &on);
    h->on = (mj_date)((uint64_t)before->on + (uint64_t)on);
    if (head & HAS_UNTIL)
        at = get_difference(at, end, &until);
    h->until = head & HAS_UNTIL ? (mj_date)((uint64_t)h->on + (uint64_t)until) : MJ_NO_DATE;
    part = usual_part(h);
    if (head & HAS_PART)
        at = mj_varint_get(at, end, &part);
    if (head & HAS_MINUTES)
        at = mj_varint_get(at, end, &minutes);
    at = get_tag(at, end, &h->tag);
    at = get_difference(at, end, &number);
    h->part = (uint32_t)part;
    h->minutes = (uint16_t)minutes;
    h->first_tag = h->tag;
    h->number = before->number + (uint64_t)number;
    if (head & CORRECTED)
        at = get_difference(get_tag(at, end, &h->first_tag), end, &first);
    h->first_number = h->number - (uint64_t)first;
    return at;
}

static uint8_t *put_person(uint8_t *at, const char *id)
{
    *at++ = id[0] != '\0';
    if (id[0] == '\0')
        return at;
    memcpy(at, id + 1, 2);               /* the region */
    mj_person_random(id, at + 2);
    return at + 2 + MJ_PERSON_RANDOM;
}

static const uint8_t *get_person(const uint8_t *at, const uint8_t *end, char id[MJ_PERSON_TEXT])
{
    char region[3] = { 0 };
    id[0] = '\0';
    if (at == end || *at++ == 0)
        return at;
    if (end - at < 2 + MJ_PERSON_RANDOM)
        return NULL;
    memcpy(region, at, 2);
    mj_person_make(id, region, at + 2);
    return at + 2 + MJ_PERSON_RANDOM;
}

static const struct pl_held nothing = { 0 };     /* before the first fact */

void pl_placement_encode(const struct pl_placement *p, struct mj_buf *out)
{
    uint8_t *at = mj_buf_room(out, HEAD_MAX + p->count * FACT_MAX);
    *at++ = ROW_VERSION;
    at = put_person(at, p->young_person);
    at = mj_varint_put(at, p->count);
    for (uint32_t i = 0; i < p->count; i++)
        at = put_fact(at, &p->facts[i], i > 0 ? &p->facts[i - 1] : &nothing);
    mj_buf_end(out, at);
}

static int broken(struct pl_placement *p, mj_error *err)
{
    pl_placement_free(p);
    return mj_fail(err, MJ_DATA_LOSS, "PLACEMENT_ROW", NULL,
                   "expected a placement as this version writes it, got other bytes; refold the tables");
}

int pl_placement_decode(struct pl_placement **ret, const uint8_t *bytes, size_t len, mj_error *err)
{
    const uint8_t *end = bytes + len;
    char person[MJ_PERSON_TEXT];
    uint64_t count = 0;
    if (len < 1 || bytes[0] != ROW_VERSION)
        return broken(NULL, err);
    const uint8_t *at = mj_varint_get(get_person(bytes + 1, end, person), end, &count);
    if (at == NULL || count > PL_HELD_MAX)
        return broken(NULL, err);
    struct pl_placement *p = pl_placement_create("", (uint32_t)count);
    memcpy(p->young_person, person, sizeof person);
    for (; p->count < count && at != NULL; p->count++)
        at = get_fact(at, end, &p->facts[p->count], p->count > 0 ? &p->facts[p->count - 1] : &nothing);
    if (at != end)
        return broken(p, err);
    *ret = p;
    return 0;
}
