/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "reporting/entry.h"

#include <missionjeunes/placements/v1/entries.pb-c.h>
#include <missionjeunes/placements/v1/placements.pb-c.h>
#include <missionjeunes/registry/v1/entries.pb-c.h>
#include <string.h>

#include "common/base/fields.h"
#include "reporting/positions.h"

#define PLACEMENTS(name) MISSIONJEUNES__PLACEMENTS__V1__ENTRY_TYPE__ENTRY_TYPE_##name
#define REGISTRY(name) MISSIONJEUNES__REGISTRY__V1__ENTRY_TYPE__ENTRY_TYPE_##name

/* Takes one field; false where it cannot be what it should. The numbers are those of the .proto files. */
typedef bool take_fn(struct mj_rep_told *t, const struct mj_field *f);

static bool each_field(struct mj_rep_told *t, const uint8_t *bytes, size_t len, take_fn *take)
{
    struct mj_fields fields = mj_fields_of(bytes, len);
    struct mj_field f;
    int more;

    while ((more = mj_fields_next(&fields, &f)) == 1) {
        if (!take(t, &f)) {
            return false;
        }
    }
    return more == 0;
}

static bool take_siret(struct mj_rep_told *t, const struct mj_field *f)
{
    return mj_field_text(f, t->siret, sizeof t->siret) && f->len == MJ_SIRET_LEN;
}

static bool take_person(struct mj_rep_told *t, const struct mj_field *f)
{
    return mj_field_text(f, t->person, sizeof t->person);
}

static bool take_name(struct mj_rep_told *t, const struct mj_field *f)
{
    if (f->wire != MJ_WIRE_BYTES || f->len != MJ_TAG) {
        return false;
    }
    memcpy(t->name, f->data, MJ_TAG);
    return true;
}

static bool take_number(uint64_t *ret, const struct mj_field *f)
{
    *ret = f->value;
    return f->wire == MJ_WIRE_NUMBER;
}

static bool take_truth(bool *ret, const struct mj_field *f)
{
    *ret = f->wire == MJ_WIRE_NUMBER && f->value != 0;
    return f->wire == MJ_WIRE_NUMBER;
}

/* ---- the facts of an event ---- */

/* Where each fact has its day and its kind of contract: field numbers; 0 for none. */
static const struct layout { uint32_t day, contract; bool week, may_lack; } layouts[MJ_REP_CANCELLED + 1] = {
    [MJ_REP_PROPOSED] = { .day = 3, .may_lack = true },
    [MJ_REP_CONFIRMED] = { .day = 4, .contract = 1, .may_lack = true },
    [MJ_REP_STARTED] = { .day = 1, .contract = 2 },
    [MJ_REP_HOURS] = { .day = 1, .week = true },
    [MJ_REP_ENDED] = { .day = 1 },
};

static bool take_day(struct mj_rep_told *t, const struct mj_field *f, bool week)
{
    char text[MJ_DATE_TEXT];

    return mj_field_text(f, text, sizeof text) &&
           (week ? mj_week_parse(&t->day, text, NULL, NULL) : mj_date_parse(&t->day, text, NULL, NULL)) == 0;
}

static bool take_of_fact(struct mj_rep_told *t, const struct mj_field *f)
{
    const struct layout *l = &layouts[t->fact];

    if (f->number == l->day) {
        return (f->wire == MJ_WIRE_BYTES && f->len == 0 && l->may_lack) || take_day(t, f, l->week);
    }
    if (f->number == l->contract) {
        t->contract = (uint8_t)f->value;
        return f->wire == MJ_WIRE_NUMBER;
    }
    return true;
}

static bool take_fact(struct mj_rep_told *t, const struct mj_field *f, uint32_t fact)
{
    if (fact < MJ_REP_PROPOSED || fact > MJ_REP_CANCELLED) {
        return true;
    }
    t->fact = fact;
    return layouts[fact].day == 0 ||
           (f->wire == MJ_WIRE_BYTES && each_field(t, f->data, f->len, take_of_fact) &&
            (layouts[fact].may_lack || t->day != MJ_NO_DATE));
}

static bool take_of_correction(struct mj_rep_told *t, const struct mj_field *f)
{
    return take_fact(t, f, f->number);
}

static bool take_of_event(struct mj_rep_told *t, const struct mj_field *f)
{
    switch (f->number) {
    case 2:
        return take_person(t, f);
    case MISSIONJEUNES__PLACEMENTS__V1__PLACEMENT_EVENT__FACT_CORRECTED:
        return f->wire == MJ_WIRE_BYTES && each_field(t, f->data, f->len, take_of_correction);
    default:                             /* an event numbers its facts from 10, a correction from 1 */
        return f->number < 10 || take_fact(t, f, f->number - 9);
    }
}

/* ---- the entries ---- */

static bool take_of_accepted(struct mj_rep_told *t, const struct mj_field *f)
{
    switch (f->number) {
    case 1:
        return take_siret(t, f);
    case 5:
        return take_name(t, f);
    case 6:
        return f->wire == MJ_WIRE_BYTES && each_field(t, f->data, f->len, take_of_event);
    case 7:
        return take_truth(&t->unmatched, f);
    case 9:
        return take_truth(&t->implied_start, f);
    case 12:
        return take_truth(&t->late, f);  /* days late */
    default:
        return true;
    }
}

static bool take_of_matched(struct mj_rep_told *t, const struct mj_field *f)
{
    switch (f->number) {
    case 1:
        return take_name(t, f);
    case 2:
        return take_siret(t, f);
    case 3:
        return take_person(t, f);
    default:
        return true;
    }
}

static bool take_of_numbered(struct mj_rep_told *t, const struct mj_field *f)
{
    return f->number != 1 || take_siret(t, f);
}

static bool take_of_totals(struct mj_rep_told *t, const struct mj_field *f)
{
    switch (f->number) {
    case 1:
        return take_siret(t, f);
    case 2:
        return take_number(&t->resends, f);
    case 3:
        return take_number(&t->conflicts, f);
    default:
        return true;
    }
}

static bool take_of_enrolled(struct mj_rep_told *t, const struct mj_field *f)
{
    switch (f->number) {
    case 1:
        return take_person(t, f);
    case 2:
        return take_siret(t, f);
    default:
        return true;
    }
}

/* What must stand in an entry, and how it is read. A name is never all zeroes. */
struct reader { uint32_t type; enum mj_rep_telling what; take_fn *take; bool name, person; };
static const struct reader readers[2][5] = {
    { { REGISTRY(PERSON_ENROLLED), MJ_REP_TELLS_ENROLLED, take_of_enrolled, false, true } },
    { { PLACEMENTS(EVENT_ACCEPTED), MJ_REP_TELLS_ACCEPTED, take_of_accepted, true, false },
      { PLACEMENTS(EVENT_KNOWN), MJ_REP_TELLS_KNOWN, take_of_numbered, false, false },
      { PLACEMENTS(EVENT_REJECTED), MJ_REP_TELLS_REJECTED, take_of_numbered, false, false },
      { PLACEMENTS(PLACEMENT_MATCHED), MJ_REP_TELLS_MATCHED, take_of_matched, true, true },
      { PLACEMENTS(STREAM_QUALITY), MJ_REP_TELLS_TOTALS, take_of_totals, false, false } },
};

static bool moves_no_figure(bool placements, uint32_t type)
{
    return !placements && (type == REGISTRY(ORGANISATION_DECLARED) || type == REGISTRY(PRINCIPAL_DECLARED) ||
                           type == REGISTRY(KEY_ADDED) || type == REGISTRY(KEY_REVOKED) || type == REGISTRY(RULE_SET));
}

static bool complete(const struct mj_rep_told *t, const struct reader *r)
{
    static const uint8_t none[MJ_TAG];

    return t->siret[0] != '\0' && (!r->name || memcmp(t->name, none, MJ_TAG) != 0) &&
           (!r->person || mj_person_check(t->person, NULL, NULL) == 0) &&
           (t->what != MJ_REP_TELLS_ENROLLED || t->log != MJ_REP_FR);
}

int mj_rep_entry_read(struct mj_rep_told *ret, int log, const struct mj_entry *e, mj_error *err)
{
    bool placements = log >= MJ_REP_REGIONS;
    const struct reader *r = readers[placements], *end = r + 5;

    if (moves_no_figure(placements, e->type)) {
        return 0;
    }
    while (r < end && (r->take == NULL || r->type != e->type)) {
        r++;
    }
    if (r == end) {
        return mj_fail(err, MJ_UNIMPLEMENTED, "ENTRY_TYPE_UNKNOWN", NULL,
                       "entry %llu of %s/%s is of type %u, which this version does not know; install a newer reporting",
                       (unsigned long long)e->position, mj_rep_log_service(log), mj_rep_log_region(log), e->type);
    }
    *ret = (struct mj_rep_told){ .what = r->what, .log = log, .position = e->position, .day = MJ_NO_DATE };
    if (!each_field(ret, e->payload, e->payload_len, r->take) || !complete(ret, r)) {
        return mj_fail(err, MJ_DATA_LOSS, "ENTRY_BROKEN", NULL,
                       "entry %llu of type %u in %s/%s cannot be read, or lacks what it must tell",
                       (unsigned long long)e->position, e->type, mj_rep_log_service(log), mj_rep_log_region(log));
    }
    return 1;
}
