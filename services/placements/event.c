/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "placements/event.h"

#include <stdio.h>
#include <string.h>

#include "common/base/codes.h"
#include "common/base/ids.h"

#define LATE_AFTER_DAYS 2

static const struct { const char *name; } kinds[] = {
    { "" }, { "proposed" }, { "refused" }, { "confirmed" }, { "started" }, { "hours" }, { "extended" }, { "ended" },
    { "cancelled" },
};

const char *pl_kind_name(enum pl_kind k)
{
    return k <= PL_CANCELLED ? kinds[k].name : "";
}

/* The message that tells the fact, its kind, and whether it stands in a correction. NULL where none is set. */
static const ProtobufCMessage *told(const PlacementEvent *ev, enum pl_kind *kind, bool *correction)
{
    int number = (int)ev->fact_case;
    *correction = number == PL_CASE_CORRECTED;
    if (*correction) {
        *kind = (enum pl_kind)ev->corrected->value_case;
        return *kind == PL_NONE ? NULL : &ev->corrected->proposed->base;    /* a union: all members start alike */
    }
    *kind = number == 0 ? PL_NONE : (enum pl_kind)(number - PL_CASE_OF_EVENT);
    return *kind == PL_NONE ? NULL : &ev->proposed->base;
}

/* ---- single fields ---- */

static void warn(struct pl_warning *w, const char *name, const char *field)
{
    if (w->name[0] != '\0')
        return;                          /* the first one stands */
    w->name = name;
    (void)snprintf(w->field, sizeof w->field, "%s", field);
}

static int check_enum(int value, int last, const char *field, mj_error *err)
{
    if (value < 1 || value > last)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "UNKNOWN_ENUM", field,
                       "expected 1 to %d, got %d; see placements.proto", last, value);
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

static int check_host(const char *host, const char *stream, struct pl_warning *w, mj_error *err)
{
    if (mj_siret_check(host, "host_siret", err) < 0)
        return -1;
    if (strncmp(host, stream, MJ_SIREN_LEN) == 0)
        warn(w, "HOST_IS_AGENCY", "host_siret");
    return 0;
}

/* A planned first and last day. open_end: a contract without a term. */
static int check_span(const char *start, const char *end, bool open_end, struct pl_warning *w, mj_error *err)
{
    mj_date from, to;
    if (mj_date_parse(&from, start, "planned_start", err) < 0)
        return -1;
    if (open_end && end[0] != '\0')
        return mj_fail(err, MJ_INVALID_ARGUMENT, "CDI_HAS_NO_END", "planned_end",
                       "expected no planned end for a CDI, got one; leave it empty or correct the kind");
    if (open_end)
        return 0;
    if (end[0] == '\0')
        return mj_fail(err, MJ_INVALID_ARGUMENT, "END_REQUIRED", "planned_end",
                       "expected a planned end, YYYY-MM-DD, got none; only a CDI has none");
    if (mj_date_parse(&to, end, "planned_end", err) < 0)
        return -1;
    if (to < from)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "END_BEFORE_START", "planned_end",
                       "expected a day not before planned_start, got an earlier one; check both");
    if (to >= mj_date_add_months(from, PL_WARN_MONTHS))
        warn(w, "DURATION_OVER_18_MONTHS", "planned_end");
    return 0;
}

/* ---- one check for each kind of fact ---- */

static int check_proposed(const Proposed *m, const char *stream, struct pl_warning *w, mj_error *err)
{
    if (check_host(m->host_siret, stream, w, err) < 0 || mj_rome_check(m->rome, "rome", err) < 0)
        return -1;
    return check_span(m->planned_start, m->planned_end, false, w, err);
}

static int check_refused(const Refused *m, mj_error *err)
{
    mj_date day;
    if (check_enum((int)m->by, PL_BY_LAST, "by", err) < 0)
        return -1;
    return mj_date_parse(&day, m->on, "on", err);
}

static int check_confirmed(const Confirmed *m, const char *stream, struct pl_warning *w, mj_error *err)
{
    if (check_enum((int)m->contract_kind, PL_CONTRACT_LAST, "contract_kind", err) < 0 ||
        check_host(m->host_siret, stream, w, err) < 0 || mj_rome_check(m->rome, "rome", err) < 0 ||
        check_span(m->planned_start, m->planned_end, (int)m->contract_kind == PL_CONTRACT_CDI, w, err) < 0)
        return -1;
    return check_minutes(m->weekly_minutes, "weekly_minutes", w, err);
}

static int check_started(const Started *m, const char *stream, struct pl_warning *w, mj_error *err)
{
    mj_date day;
    if (mj_date_parse(&day, m->on, "on", err) < 0 ||
        check_enum((int)m->contract_kind, PL_CONTRACT_LAST, "contract_kind", err) < 0 ||
        check_host(m->host_siret, stream, w, err) < 0)
        return -1;
    return mj_rome_check(m->rome, "rome", err);
}

static int check_hours(const HoursReported *m, struct pl_warning *w, mj_error *err)
{
    mj_date monday;
    if (mj_week_parse(&monday, m->week, "week", err) < 0 || check_enum((int)m->kind, PL_HOURS_LAST, "kind", err) < 0)
        return -1;
    return check_minutes(m->minutes, "minutes", w, err);
}

static int check_extended(const Extended *m, struct pl_warning *w, mj_error *err)
{
    mj_date day;
    if (m->number < 1)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "NUMBER_RANGE", "number",
                       "expected 1 or more, got 0; the first renewal is 1");
    if (m->number > PL_WARN_RENEWALS)
        warn(w, "RENEWALS_OVER_2", "number");
    return mj_date_parse(&day, m->new_end, "new_end", err);
}

static int check_ended(const Ended *m, mj_error *err)
{
    mj_date day;
    if (mj_date_parse(&day, m->on, "on", err) < 0)
        return -1;
    return check_enum((int)m->motive, PL_MOTIVE_LAST, "motive", err);
}

static int check_fact(enum pl_kind kind, const ProtobufCMessage *m, const char *stream, struct pl_warning *w,
                      mj_error *err)
{
    mj_date day;
    switch (kind) {
    case PL_PROPOSED: return check_proposed((const Proposed *)m, stream, w, err);
    case PL_REFUSED: return check_refused((const Refused *)m, err);
    case PL_CONFIRMED: return check_confirmed((const Confirmed *)m, stream, w, err);
    case PL_STARTED: return check_started((const Started *)m, stream, w, err);
    case PL_HOURS: return check_hours((const HoursReported *)m, w, err);
    case PL_EXTENDED: return check_extended((const Extended *)m, w, err);
    case PL_ENDED: return check_ended((const Ended *)m, err);
    case PL_CANCELLED: return mj_date_parse(&day, ((const Cancelled *)m)->on, "on", err);
    case PL_NONE: break;
    }
    return mj_fail(err, MJ_INTERNAL, "FACT", NULL, "expected a known fact, got number %d; report it", (int)kind);
}

/* ---- the envelope ---- */

static int check_person(const char *id, enum pl_kind kind, bool correction, mj_error *err)
{
    bool needed = !correction && (kind == PL_PROPOSED || kind == PL_CONFIRMED || kind == PL_STARTED);
    if (id[0] != '\0')
        return mj_person_check(id, "young_person", err);
    if (needed)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "PERSON_REQUIRED", "young_person",
                       "expected the young person's id with %s, got none; send the id given at enrolment",
                       pl_kind_name(kind));
    return 0;
}

static int check_envelope(const PlacementEvent *ev, int64_t now_ms, mj_error *err)
{
    if (ev->placement_ref.len < 1 || ev->placement_ref.len > PL_REF_MAX)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "REF_LENGTH", "placement_ref",
                       "expected 1 to %d bytes, got %zu; send your own reference of the placement", PL_REF_MAX,
                       ev->placement_ref.len);
    if (ev->occurred_at_ms == 0)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "OCCURRED_AT_REQUIRED", "occurred_at_ms",
                       "expected UTC milliseconds since 1970, got none; send when your system recorded it");
    if (ev->occurred_at_ms > INT64_MAX || (int64_t)ev->occurred_at_ms > now_ms + PL_AHEAD_MS)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "CLOCK_AHEAD", "occurred_at_ms",
                       "expected at most 24 h ahead of the service's clock, got more; check clock and unit (ms)");
    return 0;
}

/* Puts the path of the fact before the fields that its check named. */
static void in_fact(char field[static 48], enum pl_kind kind, bool correction)
{
    char inner[48];
    memcpy(inner, field, sizeof inner);
    (void)snprintf(field, 48, "%s%s.%.24s", correction ? "corrected." : "", pl_kind_name(kind), inner);
}

int pl_event_check(const uint8_t *bytes, size_t len, const char *stream, int64_t now_ms, struct mj_arena *a,
                   PlacementEvent **ret, struct pl_warning *w, mj_error *err)
{
    ProtobufCMessage *m;
    enum pl_kind kind;
    bool correction;
    *w = (struct pl_warning){ "", "" };
    if (len > PL_EVENT_MAX)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "EVENT_SIZE", NULL, "expected at most %u bytes, got %zu; send less",
                       PL_EVENT_MAX, len);
    if (mj_unpack_canonical(&m, &missionjeunes__placements__v1__placement_event__descriptor, bytes, len, a, err) < 0)
        return -1;
    PlacementEvent *ev = (PlacementEvent *)m;
    if (check_envelope(ev, now_ms, err) < 0)
        return -1;
    const ProtobufCMessage *fact = told(ev, &kind, &correction);
    if (fact == NULL)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "FACT_REQUIRED", correction ? "corrected" : "fact",
                       "expected exactly one fact, got none; set one of proposed to corrected");
    if (check_person(ev->young_person, kind, correction, err) < 0)
        return -1;
    if (check_fact(kind, fact, stream, w, err) < 0) {
        (void)mj_fail_in(err, pl_kind_name(kind));
        return correction ? mj_fail_in(err, "corrected") : -1;
    }
    if (w->name[0] != '\0')
        in_fact(w->field, kind, correction);
    *ret = ev;
    return 0;
}

/* ---- what a checked event tells ---- */

/* Text that was checked: a failure here is a defect, and gives no date. */
static mj_date date_of(const char *text)
{
    mj_date d = MJ_NO_DATE;
    return text[0] != '\0' && mj_date_parse(&d, text, NULL, NULL) == 0 ? d : MJ_NO_DATE;
}

static void read_hours(const HoursReported *m, struct pl_fact *f)
{
    mj_date monday = 0;
    (void)mj_week_parse(&monday, m->week, NULL, NULL);   /* checked text */
    f->on = monday;
    f->code = (uint8_t)m->kind;
    f->minutes = m->minutes;
    f->part = 4 * (int64_t)monday + f->code;
}

static void read_planned(struct pl_fact *f, const char *start, const char *end)
{
    f->on = date_of(start);
    f->until = date_of(end);
}

static void read_confirmed(const Confirmed *m, struct pl_fact *f)
{
    read_planned(f, m->planned_start, m->planned_end);
    f->code = (uint8_t)m->contract_kind;
    f->minutes = m->weekly_minutes;
}

static void read_dated(struct pl_fact *f, const char *on, int code)
{
    f->on = date_of(on);
    f->code = (uint8_t)code;
}

/* Values are compared by a hash of their packed bytes; the key is no secret. */
static void tag_value(const ProtobufCMessage *m, uint8_t out[MJ_TAG])
{
    static const uint8_t no_key[MJ_KEY];
    uint8_t packed[1024];
    size_t len = protobuf_c_message_get_packed_size(m);
    if (len > sizeof packed)
        len = 0;                         /* cannot be: checked fields are short */
    else
        (void)protobuf_c_message_pack(m, packed);
    mj_tag(out, no_key, packed, len, NULL, 0);
}

void pl_event_fact(const PlacementEvent *ev, struct pl_fact *f, bool *correction)
{
    enum pl_kind kind;
    const ProtobufCMessage *m = told(ev, &kind, correction);
    *f = (struct pl_fact){ .kind = kind, .on = MJ_NO_DATE, .until = MJ_NO_DATE };
    switch (kind) {
    case PL_PROPOSED: read_planned(f, ((const Proposed *)m)->planned_start, ((const Proposed *)m)->planned_end); break;
    case PL_REFUSED: read_dated(f, ((const Refused *)m)->on, (int)((const Refused *)m)->by); break;
    case PL_CONFIRMED: read_confirmed((const Confirmed *)m, f); break;
    case PL_STARTED: read_dated(f, ((const Started *)m)->on, (int)((const Started *)m)->contract_kind); break;
    case PL_HOURS: read_hours((const HoursReported *)m, f); break;
    case PL_EXTENDED: read_dated(f, ((const Extended *)m)->new_end, 0); f->part = ((const Extended *)m)->number; break;
    case PL_ENDED: read_dated(f, ((const Ended *)m)->on, (int)((const Ended *)m)->motive); break;
    case PL_CANCELLED: read_dated(f, ((const Cancelled *)m)->on, 0); break;
    case PL_NONE: return;
    }
    tag_value(m, f->tag);
}

const uint8_t *pl_event_cut(const uint8_t *bytes, size_t len, const PlacementEvent *ev, size_t *cut_len)
{
    size_t ref = 2 + ev->placement_ref.len;      /* tag, one byte of length (at most 64), the reference */
    *cut_len = len - ref;
    return bytes + ref;
}

uint32_t pl_event_late_days(const PlacementEvent *ev, int64_t now_ms, const char *region)
{
    struct pl_fact f;
    bool correction;
    pl_event_fact(ev, &f, &correction);
    mj_date told_on = mj_local_day((int64_t)ev->occurred_at_ms, region);
    if (!correction) {
        if (f.kind == PL_HOURS)
            told_on = f.on + 6;          /* a week is over on its Sunday */
        else if (f.kind == PL_REFUSED || f.kind == PL_STARTED || f.kind == PL_ENDED || f.kind == PL_CANCELLED)
            told_on = f.on;
    }
    int64_t days = (int64_t)mj_local_day(now_ms, region) - told_on;
    return days > LATE_AFTER_DAYS ? (uint32_t)days : 0;
}
