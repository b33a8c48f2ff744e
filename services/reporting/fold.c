/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "reporting/fold.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "reporting/entry.h"
#include "reporting/tables.h"

#define NO_MISSION (-1)

struct mj_rep_fold {
    struct mj_rep_cells *cells;
    struct mj_rep_fold_events events;
    struct mj_rep_positions commits;     /* where the last commit folded of each log ended */
    struct mj_rep_stream *moved;         /* streams that this commit told of, and the cells not yet */
    int reading;                         /* number of the log that the last entry stood in */
    const struct mj_rep_told *asked;     /* what a stream's row was asked for last; NULL after each commit folded */
    struct mj_rep_unsaved names;
};

struct mj_rep_fold *mj_rep_fold_create(struct mj_rep_cells *cells, const struct mj_rep_fold_events *events)
{
    struct mj_rep_fold *f = mj_calloc(1, sizeof *f);

    f->cells = cells;
    f->reading = -1;
    f->events = *events;
    return f;
}

void mj_rep_fold_destroy(struct mj_rep_fold *f)
{
    if (f == NULL) {
        return;
    }
    mj_rep_unsaved_clear(&f->names);
    free(f);
}

/* One entry on its way into rows and cells. */
struct step {
    struct mj_rep_fold *fold;
    struct mj_rows *rows;
    struct mj_rep_told *told;
    int region;                          /* of the log */
    int64_t born;                        /* of what is told of for the first time */
};

static struct step step_of(struct mj_rep_fold *f, struct mj_model *m, const struct mj_entry *e)
{
    struct mj_rep_told *t = e->value;

    return (struct step){ f, mj_model_rows(m), t, t->log % MJ_REP_REGIONS, mj_rep_born(t->log, t->position) };
}

static void change_cell(void *arg, const struct mj_rep_cell *change)
{
    mj_rep_cells_add(arg, change);
}

/* ---- streams ---- */

/* Thousands of a commit's entries may be of one stream: cells are told once, at the commit's end. */
static struct mj_rep_quality *quality_of(struct step *s)
{
    struct mj_rep_fold *f = s->fold;
    struct mj_rep_stream *stream = mj_row_value(s->told->stream_row);

    if (stream == NULL) {
        stream = mj_rep_stream_create(s->region, s->told->siret);
        mj_row_put(s->rows, s->told->stream_row, stream);
    }
    if (!stream->moved) {
        mj_row_touch(s->rows, s->told->stream_row);      /* what is changed cannot be evicted meanwhile */
        stream->moved = true;
        stream->next = f->moved;
        f->moved = stream;
    }
    return &stream->now;
}

static void tell_cells_of_streams(struct mj_rep_fold *f)
{
    struct mj_rep_stream *s;

    while ((s = f->moved) != NULL) {
        f->moved = s->next;
        s->moved = false;
        mj_rep_quality_difference(&s->counted, &s->now, s->region, s->siret, change_cell, f->cells);
        s->counted = s->now;
    }
}

/* ---- young people ---- */

static struct mj_rep_person *person_of(struct step *s, struct mj_row *row, const char *id)
{
    struct mj_rep_person *p = mj_row_value(row);

    if (p == NULL) {
        p = mj_rep_person_create();
        p->born = s->born;
        mj_rep_name_person(&s->fold->names, id, p->born);
        mj_row_put(s->rows, row, p);
    }
    return p;
}

static void fold_enrolled(struct step *s)
{
    const struct mj_rep_told *t = s->told;
    struct mj_rep_person *p = person_of(s, t->person_row, t->person);

    mj_rep_person_enrol(p, t->siret, mj_rep_region_code(s->region), change_cell, s->fold->cells);
    mj_row_touch(s->rows, t->person_row);
}

/* ---- placements ---- */

static struct mj_rep_placement *placement_of(struct step *s)
{
    const struct mj_rep_told *t = s->told;
    struct mj_rep_placement *p = mj_row_value(t->placement_row);

    if (p == NULL) {
        p = mj_calloc(1, sizeof *p);
        mj_rep_placement_init(p, t->siret);
        p->born = s->born;
        mj_rep_name_placement(&s->fold->names, t->name, p->born);
        mj_row_put(s->rows, t->placement_row, p);
    }
    return p;
}

/* The row that was asked for, where the placement's young person is who the entry names. Another one's is in memory
 * too: an earlier entry of the commit named it. */
static struct mj_row *person_row_of(struct step *s, const struct mj_rep_placement *p)
{
    const struct mj_rep_told *t = s->told;

    if (t->person_row != NULL && strcmp(t->person, p->person) == 0) {
        return t->person_row;
    }
    struct mj_row_key key = mj_rep_person_key(p->person);
    return mj_rows_at(s->rows, &mj_rep_person_rows, &key);
}

/* The year a placement counts in as a mission; 0 where it is not known. */
static int year_of(const struct mj_rep_placement *p)
{
    return mj_rep_placement_is_mission(p) ? mj_rep_placement_year(p) : NO_MISSION;
}

/* After a placement changed: its stream's waiting placements, and its young person's figures. */
static void placement_changed(struct step *s, const struct mj_rep_placement *was, const struct mj_rep_placement *p)
{
    int before = year_of(was);
    int after = year_of(p);

    mj_row_touch(s->rows, s->told->placement_row);
    if (mj_rep_placement_waits(was) != mj_rep_placement_waits(p)) {
        quality_of(s)->unmatched += mj_rep_placement_waits(p) ? 1 : UINT64_MAX;  /* minus one: unsigned, it wraps */
    }
    if (before == after) {
        return;
    }
    struct mj_row *row = person_row_of(s, p);
    struct mj_rep_person *person = person_of(s, row, p->person);
    if (before != NO_MISSION) {
        mj_rep_person_add(person, p->stream, before, -1, change_cell, s->fold->cells);
    }
    if (after != NO_MISSION) {
        mj_rep_person_add(person, p->stream, after, 1, change_cell, s->fold->cells);
    }
    mj_row_touch(s->rows, row);
}

static int fold_accepted(struct step *s, mj_error *err)
{
    struct mj_rep_placement *p = placement_of(s);
    struct mj_rep_quality *q = quality_of(s);
    struct mj_rep_placement was;

    memcpy(&was, p, sizeof was);
    if (mj_rep_placement_accept(p, s->told, err) < 0) {
        return -1;
    }
    q->events++;
    q->late += s->told->late;
    if (memcmp(&was, p, sizeof was) != 0) {
        placement_changed(s, &was, p);
    }
    return 0;
}

static void fold_matched(struct step *s)
{
    struct mj_rep_placement *p = placement_of(s);
    struct mj_rep_placement was = *p;

    mj_rep_placement_match(p, s->told->person);
    placement_changed(s, &was, p);
}

/* ---- the model's domain ---- */

static int fold_told(struct step *s, mj_error *err)
{
    const struct mj_rep_told *t = s->told;
    struct mj_rep_quality *q = t->what == MJ_REP_TELLS_ENROLLED ? NULL : quality_of(s);

    switch (t->what) {
    case MJ_REP_TELLS_ENROLLED:
        fold_enrolled(s);
        return 0;
    case MJ_REP_TELLS_ACCEPTED:
        return fold_accepted(s, err);
    case MJ_REP_TELLS_MATCHED:
        fold_matched(s);
        return 0;
    case MJ_REP_TELLS_KNOWN:
        q->events++;
        q->known++;
        return 0;
    case MJ_REP_TELLS_REJECTED:
        q->events++;
        q->rejected++;
        return 0;
    case MJ_REP_TELLS_TOTALS:            /* what they are now, whatever entry came before */
        q->resends = t->resends;
        q->conflicts = t->conflicts;
        return 0;
    }
    return 0;
}

static int fold(void *app, struct mj_model *m, const char *service, const char *region, const struct mj_entry *e,
                mj_error *err)
{
    struct step s = step_of(app, m, e);
    struct mj_row *const held[] = { s.told->stream_row, s.told->placement_row, s.told->person_row };
    int rc = fold_told(&s, err);

    (void)service, (void)region;
    for (size_t i = 0; i < 3; i++) {
        if (held[i] != NULL) {
            mj_row_release(held[i]);
        }
    }
    return rc;
}

static void folded(void *app, struct mj_model *m, const char *service, const char *region, uint64_t position,
                   uint64_t recorded_at_ms)
{
    struct mj_rep_fold *f = app;
    int log = mj_rep_log(service, region);
    uint32_t entries = (uint32_t)(position - f->commits.at[log]);

    (void)m;
    f->asked = NULL;
    tell_cells_of_streams(f);
    f->commits.at[log] = position;
    mj_rep_cells_positions(f->cells)->at[log] = position;
    mj_rep_cells_set_as_of(f->cells, recorded_at_ms);
    f->events.folded(f->events.arg, region, entries);
}

static bool is_log(int log, const char *service, const char *region)
{
    return log >= 0 && strcmp(mj_rep_log_region(log), region) == 0 && strcmp(mj_rep_log_service(log), service) == 0;
}

static int read(void *app, const char *service, const char *region, const struct mj_entry *e, void *value,
                mj_error *err)
{
    struct mj_rep_fold *f = app;

    if (!is_log(f->reading, service, region)) {
        f->reading = mj_rep_log(service, region);
    }
    if (f->reading < 0) {
        return mj_fail(err, MJ_INTERNAL, "LOG_UNKNOWN", NULL, "reporting folds no log %s/%s", service, region);
    }
    return mj_rep_entry_read(value, f->reading, e, err);
}

/* ---- which rows an entry needs: each is looked for until it is here, and held until the entry is folded ---- */

static bool hold(struct mj_row **held, struct mj_row *row)
{
    if (row != NULL) {
        mj_row_hold(row);
        *held = row;
    }
    return row != NULL;
}

static bool need(struct step *s, struct mj_row **held, const struct mj_row_kind *kind, struct mj_row_key key,
                 struct mj_row_waiter *w)
{
    return hold(held, mj_rows_want(s->rows, kind, &key, w));
}

/* Entries of one stream come in a row. */
static bool need_stream(struct step *s, struct mj_row_waiter *w)
{
    struct mj_rep_told *t = s->told;
    const struct mj_rep_told *last = s->fold->asked;

    if (t->stream_row != NULL) {
        return true;
    }
    s->fold->asked = t;
    if (last != NULL && last->stream_row != NULL && last->log == t->log &&
        memcmp(last->siret, t->siret, sizeof t->siret) == 0) {
        return hold(&t->stream_row, last->stream_row);
    }
    return need(s, &t->stream_row, &mj_rep_stream_rows, mj_rep_stream_key(s->region, t->siret), w);
}

/* The young person of an entry that names none can be named only once the placement is here, and is asked for then.
 * Most entries move no figure of a person. */
static bool tells_of_person(struct mj_rep_told *t)
{
    const struct mj_rep_placement *p = mj_row_value(t->placement_row);

    if (p != NULL && p->person[0] != '\0') {
        memcpy(t->person, p->person, sizeof t->person);  /* the first that was named holds */
    }
    return t->person[0] != '\0' && (p == NULL || !mj_rep_placement_settled(p, t));
}

static bool need_placement(struct step *s, struct mj_row_waiter *w)
{
    struct mj_rep_told *t = s->told;

    if (t->placement_row != NULL ||
        need(s, &t->placement_row, &mj_rep_placement_rows, mj_rep_placement_key(s->region, t->name), w)) {
        return true;
    }
    if (t->person[0] != '\0') {          /* most likely it is who the placement names: fetched in the same job */
        struct mj_row_key key = mj_rep_person_key(t->person);
        (void)mj_rows_want(s->rows, &mj_rep_person_rows, &key, w);
    }
    return false;
}

static bool need_person(struct step *s, struct mj_row_waiter *w)
{
    struct mj_rep_told *t = s->told;

    return t->person_row != NULL || need(s, &t->person_row, &mj_rep_person_rows, mj_rep_person_key(t->person), w);
}

static bool needs(void *app, struct mj_model *m, const char *service, const char *region, const struct mj_entry *e,
                  struct mj_row_waiter *w)
{
    struct step s = step_of(app, m, e);
    struct mj_rep_told *t = s.told;
    bool stream;

    (void)service, (void)region;
    if (t->rows_here) {
        return true;
    }
    switch (t->what) {
    case MJ_REP_TELLS_ENROLLED:
        t->rows_here = need_person(&s, w);
        break;
    case MJ_REP_TELLS_ACCEPTED:
    case MJ_REP_TELLS_MATCHED:
        stream = need_stream(&s, w);
        t->rows_here = need_placement(&s, w) && (!tells_of_person(t) || need_person(&s, w)) && stream;
        break;
    default:
        t->rows_here = need_stream(&s, w);
    }
    return t->rows_here;
}

/* ---- what stands besides rows ---- */

static bool unsaved(void *arg)
{
    const struct mj_rep_fold *f = arg;

    return mj_rep_cells_are_unsaved(f->cells);
}

static void save(void *arg, struct mj_batch *b)
{
    struct mj_rep_fold *f = arg;

    mj_rep_tables_save(b, &f->names, f->cells);
}

static int ready(void *app, struct mj_model *m, mj_error *err)
{
    struct mj_rep_fold *f = app;
    struct mj_rows *rows = mj_model_rows(m);
    const struct mj_rows_extra extra = { unsaved, save, f };

    mj_rep_cells_clear(f->cells);
    mj_rep_unsaved_clear(&f->names);
    f->moved = NULL;
    f->asked = NULL;
    if (mj_rep_tables_load(mj_rows_readers(rows), f->cells, err) < 0 ||
        mj_rows_learn(rows, &mj_rep_placement_rows, err) < 0 || mj_rows_learn(rows, &mj_rep_person_rows, err) < 0) {
        return -1;
    }
    mj_rows_on_gather(rows, &extra);
    mj_rep_tables_positions(rows, &f->commits);
    *mj_rep_cells_positions(f->cells) = f->commits;
    f->events.ready(f->events.arg, mj_model_epoch(m));
    return 0;
}

const struct mj_model_domain mj_rep_domain = {
    .schema_name = mj_rep_schema_name, .schema = mj_rep_schema, .read = read, .value_size = sizeof(struct mj_rep_told),
    .needs = needs, .fold = fold, .folded = folded, .ready = ready, .app = NULL,
};
