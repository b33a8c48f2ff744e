/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "placements/event.h"

#include <stdio.h>
#include <string.h>

#include "common/base/codes.h"
#include "placements/event_read.h"

#define LATE_AFTER_DAYS 2

const char *pl_kind_name(enum pl_kind k)
{
    return k <= PL_CANCELLED ? pl_shapes[k].name : "";
}

/* ---- single fields ---- */

static void warn(struct pl_warning *w, const char *name, const char *field)
{
    if (w->name[0] != '\0')
        return;                          /* the first one stands */
    w->name = name;
    (void)snprintf(w->field, sizeof w->field, "%s", field);
}

static int check_code(int value, const struct pl_member *m, mj_error *err)
{
    if (value < 1 || value > m->last)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "UNKNOWN_ENUM", m->name,
                       "expected 1 to %d, got %d; see placements.proto", m->last, value);
    return 0;
}

static int check_minutes(uint32_t minutes, const char *field, struct pl_warning *w, mj_error *err)
{
    if (minutes < 1 || minutes > PL_WEEK_MINUTES)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "MINUTES_RANGE", field,
                       "expected 1 to %d minutes a week, got %u; send whole minutes", PL_WEEK_MINUTES, minutes);
    if (minutes > PL_WARN_WEEK_MINUTES)
        warn(w, "HOURS_OVER_48", field);
    return 0;
}

static int check_renewal(uint32_t number, struct pl_warning *w, mj_error *err)
{
    if (number < 1)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "NUMBER_RANGE", "number",
                       "expected 1 or more, got 0; the first renewal is 1");
    if (number > PL_WARN_RENEWALS)
        warn(w, "RENEWALS_OVER_2", "number");
    return 0;
}

static int check_host(const char *host, const char *stream, struct pl_warning *w, mj_error *err)
{
    if (mj_siret_check(host, "host_siret", err) < 0)
        return -1;
    if (strncmp(host, stream, MJ_SIREN_LEN) == 0)
        warn(w, "HOST_IS_AGENCY", "host_siret");
    return 0;
}

/* A day, or the first of a week. */
static int read_on(const struct pl_reading *r, mj_date *ret, const char *field, mj_error *err)
{
    const char *text = r->texts[PL_SAYS_ON];
    return r->event.fact.kind == PL_HOURS ? mj_week_parse(ret, text, field, err)
                                          : mj_date_parse(ret, text, field, err);
}

/* The planned last day; the first was read before it. */
static int check_until(const struct pl_reading *r, struct pl_fact *f, struct pl_warning *w, mj_error *err)
{
    const char *text = r->texts[PL_SAYS_UNTIL];
    bool open_end = f->kind == PL_CONFIRMED && f->code == PL_CONTRACT_CDI;
    if (open_end && text[0] != '\0')
        return mj_fail(err, MJ_INVALID_ARGUMENT, "CDI_HAS_NO_END", "planned_end",
                       "expected no planned end for a CDI, got one; leave it empty or correct the kind");
    if (open_end)
        return 0;
    if (text[0] == '\0')
        return mj_fail(err, MJ_INVALID_ARGUMENT, "END_REQUIRED", "planned_end",
                       "expected a planned end, YYYY-MM-DD, got none; only a CDI has none");
    if (mj_date_parse(&f->until, text, "planned_end", err) < 0)
        return -1;
    if (f->until < f->on)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "END_BEFORE_START", "planned_end",
                       "expected a day not before planned_start, got an earlier one; check both");
    if (f->until >= mj_date_add_months(f->on, PL_WARN_MONTHS))
        warn(w, "DURATION_OVER_18_MONTHS", "planned_end");
    return 0;
}

/* ---- the fact ---- */

static int check_member(struct pl_reading *r, const struct pl_member *m, const char *stream, struct pl_warning *w,
                        mj_error *err)
{
    struct pl_fact *f = &r->event.fact;
    switch (m->says) {
    case PL_SAYS_HOST: return check_host(r->texts[PL_SAYS_HOST], stream, w, err);
    case PL_SAYS_ROME: return mj_rome_check(r->texts[PL_SAYS_ROME], m->name, err);
    case PL_SAYS_ON: return read_on(r, &f->on, m->name, err);
    case PL_SAYS_UNTIL: return check_until(r, f, w, err);
    case PL_SAYS_CODE: return check_code(f->code, m, err);
    case PL_SAYS_FIGURE:
        return f->kind == PL_EXTENDED ? check_renewal(r->figure, w, err) : check_minutes(r->figure, m->name, w, err);
    case PL_SAYS_PERSON: break;
    }
    return mj_fail(err, MJ_INTERNAL, "FACT", m->name, "expected a member of a fact, got another; report it");
}

static int check_members(struct pl_reading *r, const char *stream, struct pl_warning *w, mj_error *err)
{
    const struct pl_shape *shape = &pl_shapes[r->event.fact.kind];
    for (uint8_t i = 0; i < shape->count; i++)
        if (check_member(r, &shape->members[i], stream, w, err) < 0)
            return -1;
    return 0;
}

/* Puts the path of the fact before the field that a warning names. */
static void in_fact(char field[static 48], const char *kind, bool correction)
{
    char inner[48];
    memcpy(inner, field, sizeof inner);
    (void)snprintf(field, 48, "%s%s.%.24s", correction ? "corrected." : "", kind, inner);
}

static int check_fact(struct pl_reading *r, const char *stream, struct pl_warning *w, mj_error *err)
{
    const char *kind = pl_shapes[r->event.fact.kind].name;
    if (check_members(r, stream, w, err) < 0) {
        (void)mj_fail_in(err, kind);
        return r->event.correction ? mj_fail_in(err, "corrected") : -1;
    }
    if (w->name[0] != '\0')
        in_fact(w->field, kind, r->event.correction);
    return 0;
}

/* What follows once all texts were found right: the young person, which of its kind the fact is, its figure. */
static void finish(struct pl_reading *r)
{
    struct pl_fact *f = &r->event.fact;
    if (r->texts[PL_SAYS_PERSON][0] != '\0')
        memcpy(r->event.young_person, r->texts[PL_SAYS_PERSON], MJ_PERSON_TEXT);
    if (f->kind == PL_EXTENDED)
        f->part = r->figure;
    else
        f->minutes = r->figure;
    if (f->kind == PL_HOURS)
        f->part = 4 * (int64_t)f->on + f->code;
}

/* ---- the envelope ---- */

static int check_person(const struct pl_reading *r, mj_error *err)
{
    const char *id = r->texts[PL_SAYS_PERSON];
    enum pl_kind kind = r->event.fact.kind;
    bool needed = !r->event.correction && (kind == PL_PROPOSED || kind == PL_CONFIRMED || kind == PL_STARTED);
    if (id[0] != '\0')
        return mj_person_check(id, "young_person", err);
    if (needed)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "PERSON_REQUIRED", "young_person",
                       "expected the young person's id with %s, got none; send the id given at enrolment",
                       pl_kind_name(kind));
    return 0;
}

static int check_envelope(const struct pl_event *ev, int64_t now_ms, mj_error *err)
{
    if (ev->ref_len < 1 || ev->ref_len > PL_REF_MAX)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "REF_LENGTH", "placement_ref",
                       "expected 1 to %d bytes, got %u; send your own reference of the placement", PL_REF_MAX,
                       ev->ref_len);
    if (ev->occurred_at_ms == 0)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "OCCURRED_AT_REQUIRED", "occurred_at_ms",
                       "expected UTC milliseconds since 1970, got none; send when your system recorded it");
    if (ev->occurred_at_ms > INT64_MAX || (int64_t)ev->occurred_at_ms > now_ms + PL_AHEAD_MS)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "CLOCK_AHEAD", "occurred_at_ms",
                       "expected at most 24 h ahead of the service's clock, got more; check clock and unit (ms)");
    if (ev->fact.kind == PL_NONE)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "FACT_REQUIRED", ev->correction ? "corrected" : "fact",
                       "expected exactly one fact, got none; set one of proposed to corrected");
    return 0;
}

/* Bytes that are not plainly an event: what is wrong with them. */
static int say_why(const uint8_t *bytes, size_t len, struct mj_arena *scratch, mj_error *err)
{
    ProtobufCMessage *m;
    if (mj_unpack_canonical(&m, &missionjeunes__placements__v1__placement_event__descriptor, bytes, len, scratch,
                            err) < 0)
        return -1;
    return mj_fail(err, MJ_INTERNAL, "EVENT_READER", NULL,
                   "expected two readers of these bytes to agree, they do not; report it");
}

int pl_event_check(const uint8_t *bytes, size_t len, const char *stream, int64_t now_ms, struct mj_arena *scratch,
                   struct pl_event *ret, struct pl_warning *w, mj_error *err)
{
    struct pl_reading r;
    *w = (struct pl_warning){ "", "" };
    if (len > PL_EVENT_MAX)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "EVENT_SIZE", NULL, "expected at most %u bytes, got %zu; send less",
                       PL_EVENT_MAX, len);
    if (!pl_reading_take(&r, bytes, len, scratch))
        return say_why(bytes, len, scratch, err);
    if (check_envelope(&r.event, now_ms, err) < 0 || check_person(&r, err) < 0 || check_fact(&r, stream, w, err) < 0)
        return -1;
    finish(&r);
    *ret = r.event;
    return 0;
}

/* ---- what a stored event tells ---- */

int pl_event_read(const uint8_t *bytes, size_t len, struct pl_event *ret, mj_error *err)
{
    struct pl_reading r;
    bool right = pl_reading_take(&r, bytes, len, NULL) && r.event.fact.kind != PL_NONE;
    struct pl_fact *f = &r.event.fact;
    const char *until = r.texts[PL_SAYS_UNTIL], *person = r.texts[PL_SAYS_PERSON];
    right = right && read_on(&r, &f->on, NULL, NULL) == 0 &&
            (person[0] == '\0' || strlen(person) == MJ_PERSON_TEXT - 1) &&
            (until[0] == '\0' || mj_date_parse(&f->until, until, NULL, NULL) == 0);
    if (!right)
        return mj_fail(err, MJ_DATA_LOSS, "ENTRY_BROKEN", NULL,
                       "expected an event that was found right, got %zu bytes that are none; run mj log verify", len);
    finish(&r);
    *ret = r.event;
    return 0;
}

/* ---- how late it came ---- */

uint32_t pl_event_late_days(const struct pl_event *ev, mj_date today, const char *region)
{
    const struct pl_fact *f = &ev->fact;
    mj_date told_on;
    if (!ev->correction && f->kind == PL_HOURS)
        told_on = f->on + 6;             /* a week is over on its Sunday */
    else if (!ev->correction &&
             (f->kind == PL_REFUSED || f->kind == PL_STARTED || f->kind == PL_ENDED || f->kind == PL_CANCELLED))
        told_on = f->on;
    else
        told_on = mj_local_day((int64_t)ev->occurred_at_ms, region);
    int64_t days = (int64_t)today - told_on;
    return days > LATE_AFTER_DAYS ? (uint32_t)days : 0;
}
