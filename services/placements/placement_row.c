/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a placement in its table row: a version, then fixed-size figures, little-endian. Ours alone: a change
 * of shape is a new schema name, and the tables are folded anew. */
#include <string.h>

#include "placements/placement.h"

#define ROW_VERSION 1
#define HEAD_BYTES (2 + MJ_SIRET_LEN + 1 + MJ_PERSON_TEXT + 4)
#define FACT_BYTES (2 + 8 + 4 + 4 + 4 + MJ_TAG + 8 + MJ_TAG + 8)

static uint8_t *put(uint8_t *at, uint64_t v, int bytes)
{
    for (int i = 0; i < bytes; i++)
        *at++ = (uint8_t)(v >> (8 * i));
    return at;
}

static const uint8_t *get(const uint8_t *at, uint64_t *v, int bytes)
{
    *v = 0;
    for (int i = 0; i < bytes; i++)
        *v |= (uint64_t)*at++ << (8 * i);
    return at;
}

static uint8_t *put_fact(uint8_t *at, const struct pl_held *h)
{
    *at++ = (uint8_t)h->now.kind;
    *at++ = h->now.code;
    at = put(at, (uint64_t)h->now.part, 8);
    at = put(at, (uint32_t)h->now.on, 4);
    at = put(at, (uint32_t)h->now.until, 4);
    at = put(at, h->now.minutes, 4);
    memcpy(at, h->now.tag, MJ_TAG);
    at = put(at + MJ_TAG, h->number, 8);
    memcpy(at, h->first_tag, MJ_TAG);
    return put(at + MJ_TAG, h->first_number, 8);
}

static const uint8_t *get_fact(const uint8_t *at, struct pl_held *h)
{
    uint64_t part, on, until, minutes;
    h->now.kind = (enum pl_kind)*at++;
    h->now.code = *at++;
    at = get(at, &part, 8);
    at = get(at, &on, 4);
    at = get(at, &until, 4);
    at = get(at, &minutes, 4);
    h->now.part = (int64_t)part;
    h->now.on = (mj_date)(uint32_t)on;
    h->now.until = (mj_date)(uint32_t)until;
    h->now.minutes = (uint32_t)minutes;
    memcpy(h->now.tag, at, MJ_TAG);
    at = get(at + MJ_TAG, &h->number, 8);
    memcpy(h->first_tag, at, MJ_TAG);
    return get(at + MJ_TAG, &h->first_number, 8);
}

void pl_placement_encode(const struct pl_placement *p, struct mj_buf *out)
{
    uint8_t *at = mj_buf_grow(out, HEAD_BYTES + (size_t)p->count * FACT_BYTES);
    *at++ = ROW_VERSION;
    *at++ = p->matched;
    memcpy(at, p->stream, MJ_SIRET_LEN + 1);
    at += MJ_SIRET_LEN + 1;
    memcpy(at, p->young_person, MJ_PERSON_TEXT);
    at = put(at + MJ_PERSON_TEXT, p->count, 4);
    for (uint32_t i = 0; i < p->count; i++)
        at = put_fact(at, &p->facts[i]);
}

static int broken(mj_error *err)
{
    return mj_fail(err, MJ_DATA_LOSS, "PLACEMENT_ROW", NULL,
                   "expected a placement as this version writes it, got other bytes; refold the tables");
}

int pl_placement_decode(struct pl_placement **ret, const uint8_t *bytes, size_t len, mj_error *err)
{
    uint64_t count;
    if (bytes == NULL || len < HEAD_BYTES || bytes[0] != ROW_VERSION || bytes[2 + MJ_SIRET_LEN] != '\0' ||
        bytes[2 + MJ_SIRET_LEN + MJ_PERSON_TEXT] != '\0')
        return broken(err);
    const uint8_t *at = get(bytes + HEAD_BYTES - 4, &count, 4);
    if (count > PL_HELD_MAX || len != HEAD_BYTES + count * FACT_BYTES)
        return broken(err);
    struct pl_placement *p = pl_placement_create((const char *)bytes + 2);
    memcpy(p->young_person, bytes + 2 + MJ_SIRET_LEN + 1, MJ_PERSON_TEXT);
    p->matched = bytes[1] != 0;
    p->count = p->room = (uint32_t)count;
    p->facts = count == 0 ? NULL : mj_calloc(count, sizeof *p->facts);
    for (uint64_t i = 0; i < count; i++)
        at = get_fact(at, &p->facts[i]);
    *ret = p;
    return 0;
}
