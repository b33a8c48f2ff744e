/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "reporting/fold.h"

#include <missionjeunes/placements/v1/entries.pb-c.h>
#include <missionjeunes/registry/v1/entries.pb-c.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "reporting/tables.h"

#define PLACEMENTS(name) MISSIONJEUNES__PLACEMENTS__V1__ENTRY_TYPE__ENTRY_TYPE_##name
#define REGISTRY(name) MISSIONJEUNES__REGISTRY__V1__ENTRY_TYPE__ENTRY_TYPE_##name

typedef Missionjeunes__Placements__V1__EventAccepted event_accepted;
typedef Missionjeunes__Placements__V1__PlacementEvent placement_event;
typedef Missionjeunes__Placements__V1__PlacementMatched placement_matched;
typedef Missionjeunes__Registry__V1__PersonEnrolled person_enrolled;

struct mj_rep_fold {
    struct mj_rep_cells *cells;
    struct mj_rep_fold_events events;
    struct mj_arena *scratch;            /* one entry's messages */
    struct mj_rep_positions commits;     /* where the last commit folded of each log ended */
    struct mj_rep_contribution before, after;
};

struct mj_rep_fold *mj_rep_fold_create(struct mj_rep_cells *cells, const struct mj_rep_fold_events *events)
{
    struct mj_rep_fold *f = mj_calloc(1, sizeof *f);

    f->cells = cells;
    f->events = *events;
    f->scratch = mj_arena_create(0);
    return f;
}

void mj_rep_fold_destroy(struct mj_rep_fold *f)
{
    if (f == NULL) {
        return;
    }
    mj_arena_destroy(f->scratch);
    mj_rep_contribution_free(&f->before);
    mj_rep_contribution_free(&f->after);
    free(f);
}

/* One entry on its way into rows and cells. */
struct step {
    struct mj_rep_fold *fold;
    struct mj_rows *rows;
    const char *region;                  /* of the log */
    const struct mj_entry *entry;
    mj_error *err;
};

static int cannot_read(const struct step *s, const char *what)
{
    return mj_fail(s->err, MJ_DATA_LOSS, "ENTRY_BROKEN", NULL, "entry %llu of type %u in region %s: %s",
                   (unsigned long long)s->entry->position, s->entry->type, s->region, what);
}

/* Fields that a newer writer added are passed over: entries evolve by addition. */
static void *unpack(const struct step *s, const ProtobufCMessageDescriptor *d, const uint8_t *bytes, size_t len)
{
    void *message = protobuf_c_message_unpack(d, mj_arena_protobuf(s->fold->scratch), len, bytes);

    if (message == NULL) {
        cannot_read(s, "its payload does not unpack");
    }
    return message;
}

static void *payload(const struct step *s, const ProtobufCMessageDescriptor *d)
{
    return unpack(s, d, s->entry->payload, s->entry->payload_len);
}

static bool is_siret(const char *text)
{
    return strlen(text) == MJ_SIRET_LEN;
}

/* ---- cells ---- */

static void put_number(struct mj_rows *rows, const struct mj_row_kind *kind, const struct mj_row_key *key,
                       int64_t value)
{
    mj_rows_put(rows, kind, key, mj_memdup(&value, sizeof value));
}

static void apply_cell(void *arg, const struct mj_rep_cell *delta)
{
    const struct step *s = arg;
    int64_t value = mj_rep_cells_add(s->fold->cells, delta);
    struct mj_row_key key = mj_rep_cell_key(delta);

    if (value == 0) {
        mj_rows_put(s->rows, &mj_rep_cell_rows, &key, NULL);     /* equal figures, equal tables */
    } else {
        put_number(s->rows, &mj_rep_cell_rows, &key, value);
    }
}

/* ---- quality ---- */

static struct mj_rep_quality *quality_of(const struct step *s, const char *stream)
{
    struct mj_row_key key = mj_rep_quality_key(s->region, stream);
    struct mj_rep_quality *q = mj_rows_get(s->rows, &mj_rep_quality_rows, &key);

    if (q == NULL) {
        q = mj_calloc(1, sizeof *q);
        mj_rows_put(s->rows, &mj_rep_quality_rows, &key, q);
    } else {
        mj_rows_touch(s->rows, &mj_rep_quality_rows, &key);
    }
    return q;
}

static void quality_change(struct step *s, const char *stream, const struct mj_rep_quality *add)
{
    struct mj_rep_quality *q = quality_of(s, stream);
    struct mj_rep_quality before = *q;

    q->events += add->events;
    q->known += add->known;
    q->rejected += add->rejected;
    q->late += add->late;
    q->unmatched += add->unmatched;      /* minus one is all ones: unsigned arithmetic wraps */
    mj_rep_quality_difference(&before, q, s->region, stream, apply_cell, s);
}

/* ---- young people ---- */

static struct mj_rep_person *person_of(const struct step *s, const char *id)
{
    struct mj_row_key key = mj_rep_person_key(id);
    struct mj_rep_person *p = mj_rows_get(s->rows, &mj_rep_person_rows, &key);

    if (p == NULL) {
        p = mj_rep_person_create();
        mj_rows_put(s->rows, &mj_rep_person_rows, &key, p);
    }
    return p;
}

/* The old contribution off, the new one on. */
static void person_changed(struct step *s, const char *id, const struct mj_rep_person *p)
{
    struct mj_row_key key = mj_rep_person_key(id);

    mj_rows_touch(s->rows, &mj_rep_person_rows, &key);   /* first: what is changed cannot be evicted meanwhile */
    mj_rep_contribution_of(p, &s->fold->after);
    mj_rep_contribution_difference(&s->fold->before, &s->fold->after, apply_cell, s);
}

static int fold_enrolled(struct step *s)
{
    const person_enrolled *e = payload(s, &missionjeunes__registry__v1__person_enrolled__descriptor);

    if (e == NULL) {
        return -1;
    }
    if (mj_person_check(e->young_person, NULL, NULL) < 0 || !is_siret(e->mission_locale) ||
        mj_rep_region(s->region) == MJ_REP_FR) {
        return cannot_read(s, "no enrolment of a region's young person by a Mission Locale");
    }
    struct mj_rep_person *p = person_of(s, e->young_person);
    mj_rep_contribution_of(p, &s->fold->before);
    mj_rep_person_enrol(p, e->mission_locale, s->region);
    person_changed(s, e->young_person, p);
    return 0;
}

/* ---- placements ---- */

static struct mj_rep_placement *placement_of(const struct step *s, const uint8_t *name, const char *stream)
{
    struct mj_row_key key = mj_rep_placement_key(s->region, name);
    struct mj_rep_placement *p = mj_rows_get(s->rows, &mj_rep_placement_rows, &key);

    if (p == NULL) {
        p = mj_calloc(1, sizeof *p);
        mj_rep_placement_init(p, stream);
        mj_rows_put(s->rows, &mj_rep_placement_rows, &key, p);
    } else {
        mj_rows_touch(s->rows, &mj_rep_placement_rows, &key);
    }
    return p;
}

/* After a placement changed: its young person's figures, and its stream's waiting placements. */
static void placement_changed(struct step *s, const uint8_t *name, const struct mj_rep_placement *p, bool waited,
                              struct mj_rep_quality *add)
{
    bool waits = mj_rep_placement_waits(p);

    add->unmatched = (uint64_t)((int64_t)waits - (int64_t)waited);
    quality_change(s, p->stream, add);
    if (p->person[0] == '\0') {
        return;
    }
    struct mj_rep_person *person = person_of(s, p->person);
    mj_rep_contribution_of(person, &s->fold->before);
    if (mj_rep_person_set(person, s->region, name, p)) {
        person_changed(s, p->person, person);
    }
}

static int fold_accepted(struct step *s)
{
    const event_accepted *e = payload(s, &missionjeunes__placements__v1__event_accepted__descriptor);

    if (e == NULL) {
        return -1;
    }
    if (!is_siret(e->stream) || e->placement.len != MJ_TAG) {
        return cannot_read(s, "no event of a placement in an agency's stream");
    }
    const placement_event *event = unpack(s, &missionjeunes__placements__v1__placement_event__descriptor,
                                          e->event.data, e->event.len);
    if (event == NULL) {
        return -1;
    }
    struct mj_rep_placement *p = placement_of(s, e->placement.data, e->stream);
    bool waited = mj_rep_placement_waits(p);
    if (mj_rep_placement_accept(p, e, event, s->err) < 0) {
        return -1;
    }
    struct mj_rep_quality add = { .events = 1, .late = e->late_days > 0 };
    placement_changed(s, e->placement.data, p, waited, &add);
    return 0;
}

static int fold_matched(struct step *s)
{
    const placement_matched *e = payload(s, &missionjeunes__placements__v1__placement_matched__descriptor);

    if (e == NULL) {
        return -1;
    }
    if (!is_siret(e->stream) || e->placement.len != MJ_TAG || mj_person_check(e->young_person, NULL, NULL) < 0) {
        return cannot_read(s, "no match of a placement with a young person");
    }
    struct mj_rep_placement *p = placement_of(s, e->placement.data, e->stream);
    struct mj_rep_quality add = { 0 };
    bool waited = mj_rep_placement_waits(p);
    mj_rep_placement_match(p, e->young_person);
    placement_changed(s, e->placement.data, p, waited, &add);
    return 0;
}

static int fold_numbered(struct step *s, const char *stream, bool known)
{
    if (!is_siret(stream)) {
        return cannot_read(s, "its stream is no SIRET");
    }
    quality_change(s, stream, &(struct mj_rep_quality){ .events = 1, .known = known, .rejected = !known });
    return 0;
}

static int fold_known(struct step *s)
{
    const Missionjeunes__Placements__V1__EventKnown *e =
        payload(s, &missionjeunes__placements__v1__event_known__descriptor);

    return e == NULL ? -1 : fold_numbered(s, e->stream, true);
}

static int fold_rejected(struct step *s)
{
    const Missionjeunes__Placements__V1__EventRejected *e =
        payload(s, &missionjeunes__placements__v1__event_rejected__descriptor);

    return e == NULL ? -1 : fold_numbered(s, e->stream, false);
}

/* Totals: what they are now, whatever entry came before. */
static int fold_quality(struct step *s)
{
    const Missionjeunes__Placements__V1__StreamQuality *e =
        payload(s, &missionjeunes__placements__v1__stream_quality__descriptor);

    if (e == NULL) {
        return -1;
    }
    if (!is_siret(e->stream)) {
        return cannot_read(s, "its stream is no SIRET");
    }
    struct mj_rep_quality *q = quality_of(s, e->stream);
    struct mj_rep_quality before = *q;
    q->resends = e->resends;
    q->conflicts = e->conflicts;
    mj_rep_quality_difference(&before, q, s->region, e->stream, apply_cell, s);
    return 0;
}

/* ---- the model's domain ---- */

static int unknown_type(const struct step *s, const char *service)
{
    return mj_fail(s->err, MJ_UNIMPLEMENTED, "ENTRY_TYPE_UNKNOWN", NULL,
                   "entry %llu of %s/%s is of type %u, which this version does not know; install a newer reporting",
                   (unsigned long long)s->entry->position, service, s->region, s->entry->type);
}

static int fold_placements(struct step *s)
{
    switch (s->entry->type) {
    case MJ_ENTRY_OPENED:
        return 0;
    case PLACEMENTS(EVENT_ACCEPTED):
        return fold_accepted(s);
    case PLACEMENTS(EVENT_KNOWN):
        return fold_known(s);
    case PLACEMENTS(EVENT_REJECTED):
        return fold_rejected(s);
    case PLACEMENTS(PLACEMENT_MATCHED):
        return fold_matched(s);
    case PLACEMENTS(STREAM_QUALITY):
        return fold_quality(s);
    default:
        return unknown_type(s, "placements");
    }
}

static int fold_registry(struct step *s)
{
    switch (s->entry->type) {
    case REGISTRY(PERSON_ENROLLED):
        return fold_enrolled(s);
    case MJ_ENTRY_OPENED:
    case REGISTRY(ORGANISATION_DECLARED):
    case REGISTRY(PRINCIPAL_DECLARED):
    case REGISTRY(KEY_ADDED):
    case REGISTRY(KEY_REVOKED):
    case REGISTRY(RULE_SET):
        return 0;                        /* who may ask is auth/who's business */
    default:
        return unknown_type(s, "registry");
    }
}

static int fold(void *app, struct mj_model *m, const char *service, const char *region, const struct mj_entry *e,
                mj_error *err)
{
    struct mj_rep_fold *f = app;
    struct step s = { f, mj_model_rows(m), region, e, err };
    int log = mj_rep_log(service, region);

    if (log < 0) {
        return mj_fail(err, MJ_INTERNAL, "LOG_UNKNOWN", NULL, "reporting folds no log %s/%s", service, region);
    }
    mj_arena_reset(f->scratch, 0);
    if ((log < MJ_REP_REGIONS ? fold_registry(&s) : fold_placements(&s)) < 0) {
        return -1;
    }
    mj_rep_cells_positions(f->cells)->at[log] = e->position;
    mj_rep_cells_set_as_of(f->cells, e->recorded_at_ms);
    return 0;
}

static void folded(void *app, struct mj_model *m, const char *service, const char *region, uint64_t position,
                   uint64_t recorded_at_ms)
{
    struct mj_rep_fold *f = app;
    struct mj_rep_positions *positions = mj_rep_cells_positions(f->cells);
    struct mj_row_key key = mj_rep_clock_key();
    int log = mj_rep_log(service, region);
    uint32_t entries = (uint32_t)(position - f->commits.at[log]);

    f->commits.at[log] = position;
    positions->at[log] = position;
    mj_rep_cells_set_as_of(f->cells, recorded_at_ms);
    put_number(mj_model_rows(m), &mj_rep_clock_rows, &key, (int64_t)mj_rep_cells_as_of(f->cells));
    f->events.folded(f->events.arg, region, entries);
}

/* ---- which rows an entry needs ---- */

/* Asks for a row; the young person's can be named only once the placement's is here, and is asked for again then. */
static bool need(struct step *s, const struct mj_row_kind *kind, struct mj_row_key key, struct mj_row_waiter *w)
{
    return mj_rows_need(s->rows, kind, &key, w);
}

static bool need_placement(struct step *s, const char *stream, const ProtobufCBinaryData *name, const char *person,
                           struct mj_row_waiter *w)
{
    struct mj_row_key key = mj_rep_placement_key(s->region, name->data);
    bool here = need(s, &mj_rep_quality_rows, mj_rep_quality_key(s->region, stream), w);

    if (!need(s, &mj_rep_placement_rows, key, w)) {
        here = false;
    } else if (person[0] == '\0') {
        const struct mj_rep_placement *p = mj_rows_get(s->rows, &mj_rep_placement_rows, &key);
        person = p == NULL ? "" : p->person;
    }
    return person[0] == '\0' ? here : need(s, &mj_rep_person_rows, mj_rep_person_key(person), w) && here;
}

/* An entry that cannot be read needs nothing: folding it tells. */
static bool needs_accepted(struct step *s, struct mj_row_waiter *w)
{
    const event_accepted *e = payload(s, &missionjeunes__placements__v1__event_accepted__descriptor);

    if (e == NULL || e->placement.len != MJ_TAG) {
        return true;
    }
    const placement_event *event = unpack(s, &missionjeunes__placements__v1__placement_event__descriptor,
                                          e->event.data, e->event.len);
    return event == NULL || need_placement(s, e->stream, &e->placement, event->young_person, w);
}

static bool needs_matched(struct step *s, struct mj_row_waiter *w)
{
    const placement_matched *e = payload(s, &missionjeunes__placements__v1__placement_matched__descriptor);

    return e == NULL || e->placement.len != MJ_TAG ||
           need_placement(s, e->stream, &e->placement, e->young_person, w);
}

static bool needs_enrolled(struct step *s, struct mj_row_waiter *w)
{
    const person_enrolled *e = payload(s, &missionjeunes__registry__v1__person_enrolled__descriptor);

    return e == NULL || need(s, &mj_rep_person_rows, mj_rep_person_key(e->young_person), w);
}

/* Known facts, rejected events and totals touch their stream's row alone, which is nearly always here. */
static bool needs(void *app, struct mj_model *m, const char *service, const char *region, const struct mj_entry *e,
                  struct mj_row_waiter *w)
{
    struct mj_rep_fold *f = app;
    struct step s = { f, mj_model_rows(m), region, e, NULL };
    bool placements = strcmp(service, "placements") == 0;

    mj_arena_reset(f->scratch, 0);
    if (placements && e->type == PLACEMENTS(EVENT_ACCEPTED)) {
        return needs_accepted(&s, w);
    }
    if (placements && e->type == PLACEMENTS(PLACEMENT_MATCHED)) {
        return needs_matched(&s, w);
    }
    return placements || e->type != REGISTRY(PERSON_ENROLLED) || needs_enrolled(&s, w);
}

static int ready(void *app, struct mj_model *m, mj_error *err)
{
    struct mj_rep_fold *f = app;
    struct mj_rows *rows = mj_model_rows(m);

    mj_rep_cells_clear(f->cells);
    if (mj_rep_tables_load(mj_rows_readers(rows), f->cells, err) < 0) {
        return -1;
    }
    mj_rep_tables_positions(rows, &f->commits);
    *mj_rep_cells_positions(f->cells) = f->commits;
    f->events.ready(f->events.arg, mj_model_epoch(m));
    return 0;
}

const struct mj_model_domain mj_rep_domain = {
    .schema_name = mj_rep_schema_name, .schema = mj_rep_schema, .needs = needs, .fold = fold, .folded = folded,
    .ready = ready, .app = NULL,
};
