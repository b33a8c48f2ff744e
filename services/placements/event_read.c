/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "placements/event_read.h"

#include <sodium.h>
#include <string.h>

#include "common/base/fields.h"
#include "common/base/utf8.h"

/* Field numbers of PlacementEvent; a fact's is its kind + PL_CASE_OF_EVENT, and its kind within Corrected. */
enum { REF = 1, PERSON = 2, OCCURRED_AT = 3 };

const struct pl_shape pl_shapes[PL_CANCELLED + 1] = {
    [PL_NONE] = { "", 0, { { 0 } } },
    [PL_PROPOSED] = { "proposed", 4, { { "host_siret", PL_SAYS_HOST, 0 }, { "rome", PL_SAYS_ROME, 0 },
                                       { "planned_start", PL_SAYS_ON, 0 }, { "planned_end", PL_SAYS_UNTIL, 0 } } },
    [PL_REFUSED] = { "refused", 2, { { "by", PL_SAYS_CODE, PL_BY_LAST }, { "on", PL_SAYS_ON, 0 } } },
    [PL_CONFIRMED] = { "confirmed", 6, { { "contract_kind", PL_SAYS_CODE, PL_CONTRACT_LAST },
                                         { "host_siret", PL_SAYS_HOST, 0 }, { "rome", PL_SAYS_ROME, 0 },
                                         { "planned_start", PL_SAYS_ON, 0 }, { "planned_end", PL_SAYS_UNTIL, 0 },
                                         { "weekly_minutes", PL_SAYS_FIGURE, 0 } } },
    [PL_STARTED] = { "started", 4, { { "on", PL_SAYS_ON, 0 }, { "contract_kind", PL_SAYS_CODE, PL_CONTRACT_LAST },
                                     { "host_siret", PL_SAYS_HOST, 0 }, { "rome", PL_SAYS_ROME, 0 } } },
    [PL_HOURS] = { "hours", 3, { { "week", PL_SAYS_ON, 0 }, { "kind", PL_SAYS_CODE, PL_HOURS_LAST },
                                 { "minutes", PL_SAYS_FIGURE, 0 } } },
    [PL_EXTENDED] = { "extended", 2, { { "number", PL_SAYS_FIGURE, 0 }, { "new_end", PL_SAYS_ON, 0 } } },
    [PL_ENDED] = { "ended", 2, { { "on", PL_SAYS_ON, 0 }, { "motive", PL_SAYS_CODE, PL_MOTIVE_LAST } } },
    [PL_CANCELLED] = { "cancelled", 1, { { "on", PL_SAYS_ON, 0 } } },
};

/* ---- single fields ---- */

static bool take_text(struct pl_reading *r, enum pl_says says, const struct mj_field *f, struct mj_arena *a)
{
    if (f->wire != MJ_WIRE_BYTES || f->len == 0 || !mj_utf8_text(f->data, f->len))
        return false;
    char *to = f->len < PL_SHORT_TEXT ? r->short_texts[says] : a != NULL ? mj_arena_alloc(a, f->len + 1) : NULL;
    if (to == NULL)
        return false;
    memcpy(to, f->data, f->len);
    to[f->len] = '\0';
    r->texts[says] = to;
    return true;
}

static bool take_member(struct pl_reading *r, const struct pl_member *m, const struct mj_field *f, struct mj_arena *a)
{
    if (m->says < PL_TEXTS)
        return take_text(r, m->says, f, a);
    if (f->wire != MJ_WIRE_NUMBER || f->value == 0 || f->value > (m->says == PL_SAYS_CODE ? m->last : UINT32_MAX))
        return false;
    if (m->says == PL_SAYS_CODE)
        r->event.fact.code = (uint8_t)f->value;
    else
        r->figure = (uint32_t)f->value;
    return true;
}

/* ---- the fact ---- */

/* The key is no secret: the tag tells values apart, within one placement of one sender. */
static uint64_t tag_of(enum pl_kind kind, const uint8_t *data, size_t len)
{
    uint8_t key[crypto_shorthash_KEYBYTES] = { (uint8_t)kind }, hash[crypto_shorthash_BYTES];
    uint64_t tag;
    _Static_assert(sizeof tag == sizeof hash, "a tag is a whole hash");
    (void)crypto_shorthash(hash, data, len, key);
    memcpy(&tag, hash, sizeof tag);
    return tag;
}

/* Its bytes are canonical, so that equal values have equal bytes. */
static bool take_fact(struct pl_reading *r, uint32_t kind, const struct mj_field *message, struct mj_arena *a)
{
    const struct pl_shape *shape = &pl_shapes[kind];
    struct mj_field f;
    uint32_t before = 0;
    int rc;
    if (message->wire != MJ_WIRE_BYTES || r->event.fact.kind != PL_NONE)
        return false;
    struct mj_fields all = mj_fields_of(message->data, message->len);
    while ((rc = mj_fields_next(&all, &f)) > 0) {
        if (!f.shortest || f.number <= before || f.number > shape->count ||
            !take_member(r, &shape->members[f.number - 1], &f, a))
            return false;
        before = f.number;
    }
    r->event.fact.kind = (enum pl_kind)kind;
    r->event.fact.tag = tag_of((enum pl_kind)kind, message->data, message->len);
    return rc == 0;
}

static bool take_corrected(struct pl_reading *r, const struct mj_field *message, struct mj_arena *a)
{
    struct mj_field f;
    if (message->wire != MJ_WIRE_BYTES || r->event.fact.kind != PL_NONE)
        return false;
    struct mj_fields all = mj_fields_of(message->data, message->len);
    r->event.correction = true;
    int rc = mj_fields_next(&all, &f);
    if (rc <= 0)
        return rc == 0;                  /* a correction of nothing is still in form */
    return f.shortest && f.number <= PL_CANCELLED && take_fact(r, f.number, &f, a) && all.at == all.end;
}

/* ---- the envelope ---- */

static bool take_ref(struct pl_reading *r, const struct mj_field *f)
{
    if (f->wire != MJ_WIRE_BYTES || f->len == 0 || f->len > UINT32_MAX)
        return false;
    r->event.ref = f->data;
    r->event.ref_len = (uint32_t)f->len;
    return true;
}

static bool take_field(struct pl_reading *r, const struct mj_field *f, struct mj_arena *a)
{
    switch (f->number) {
    case REF: return take_ref(r, f);
    case PERSON: return take_text(r, PL_SAYS_PERSON, f, a);
    case OCCURRED_AT: r->event.occurred_at_ms = f->value; return f->wire == MJ_WIRE_NUMBER && f->value != 0;
    case PL_CASE_CORRECTED: return take_corrected(r, f, a);
    default:
        return f->number > PL_CASE_OF_EVENT && f->number < PL_CASE_CORRECTED &&
               take_fact(r, f->number - PL_CASE_OF_EVENT, f, a);
    }
}

bool pl_reading_take(struct pl_reading *r, const uint8_t *bytes, size_t len, struct mj_arena *a)
{
    struct mj_fields all = mj_fields_of(bytes, len);
    struct mj_field f;
    uint32_t before = 0;
    int rc;
    r->event = (struct pl_event){ .fact = { .on = MJ_NO_DATE, .until = MJ_NO_DATE } };
    r->figure = 0;
    for (int i = 0; i < PL_TEXTS; i++)
        r->texts[i] = "";
    while ((rc = mj_fields_next(&all, &f)) > 0) {
        if (!f.shortest || f.number <= before || !take_field(r, &f, a))
            return false;
        before = f.number;
    }
    r->event.rest = r->event.ref == NULL ? bytes : r->event.ref + r->event.ref_len;
    r->event.rest_len = (uint32_t)(all.end - r->event.rest);
    return rc == 0;
}
