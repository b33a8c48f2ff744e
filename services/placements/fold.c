/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* The fold of placements' log. Each function reads its entry's value and the rows that it names, and nothing else: no
 * clock, no other log, no setting. */
#include <inttypes.h>
#include <string.h>

#include "placements/app.h"

static bool knows(uint32_t type)
{
    return type == MJ_ENTRY_OPENED || (type >= PL_ENTRY_ACCEPTED && type <= PL_ENTRY_QUALITY);
}

static int read_entry(void *app, struct mj_entry *e, struct mj_arena *a, mj_error *err)
{
    (void)app;
    return pl_entry_read(e, a, err);
}

static int broken(mj_error *err, const struct mj_entry *e, const char *what)
{
    return mj_fail(err, MJ_DATA_LOSS, "ENTRY_BROKEN", NULL, "position %" PRIu64 ": expected %s; run mj log verify",
                   e->position, what);
}

/* ---- parts that all events share ---- */

static struct mj_row *find(struct mj_rows *rows, const struct mj_row_kind *kind, struct mj_row_key key)
{
    return mj_rows_at(rows, kind, &key);
}

/* held: the row, where it is at hand. */
static struct mj_row *stream_row(struct mj_rows *rows, const char *siret, struct mj_row *held)
{
    struct mj_row *row = held != NULL ? held : find(rows, &pl_stream_kind, pl_stream_key(siret));
    if (mj_row_value(row) == NULL)
        mj_row_put(rows, row, mj_calloc(1, sizeof(struct pl_stream)));
    return row;
}

/* A full run gets a row of its own, which does not change any more. */
static void set_aside(struct mj_rows *rows, const char *siret, struct pl_stream *s)
{
    struct mj_row_key key = pl_run_key(siret, pl_run_of(s->last));
    mj_rows_put(rows, &pl_run_kind, &key, mj_memdup(&s->run, sizeof s->run));
    s->run = (struct pl_run){ 0 };
}

/* The number is taken: stream and run say so. */
static int take_number(struct mj_rows *rows, const struct mj_entry *e, const struct pl_numbered *n, mj_error *err)
{
    struct pl_fate fate;
    struct mj_row *row = stream_row(rows, n->stream, n->stream_row);
    struct pl_stream *s = mj_row_value(row);
    if (n->number != s->last + 1)
        return broken(err, e, "the stream's next number");
    if (pl_fate_of(e, &fate, err) < 0)
        return -1;
    if (s->run.count == PL_RUN)
        set_aside(rows, n->stream, s);
    if (s->run.count != pl_run_index(n->number))
        return broken(err, e, "the run's next number");
    pl_run_add(&s->run, e->position, &fate);
    s->last = n->number;
    mj_row_touch(rows, row);
    return 0;
}

/* A row of the sender's list of exceptions. */
static struct pl_exception *list(struct mj_rows *rows, const struct mj_entry *e, enum pl_outcome outcome,
                                 const char *reason, const char *field)
{
    const struct pl_numbered *n = e->value;
    struct mj_row_key key = pl_exception_key(n->stream, n->number);
    struct pl_exception *x = mj_calloc(1, sizeof *x);
    x->outcome = (uint8_t)outcome;
    x->same_as = n->same_as;
    x->recorded_at_ms = e->recorded_at_ms;
    x->late_days = n->late_days;
    (void)memccpy(x->reason, reason, '\0', sizeof x->reason - 1);
    (void)memccpy(x->field, field, '\0', sizeof x->field - 1);
    mj_rows_put(rows, &pl_exception_kind, &key, x);
    return x;
}

/* ---- accepted ---- */

static struct mj_row *placement_row(struct mj_rows *rows, const struct mj_entry *e, const struct pl_numbered *n)
{
    struct mj_row *row = n->placement_row;
    if (row == NULL)
        row = find(rows, &pl_placement_kind, pl_placement_key(n->name));
    if (mj_row_value(row) == NULL) {
        struct pl_placement *p = pl_placement_create(n->stream, PL_ROOM);
        p->born = e->position;
        mj_row_put(rows, row, p);
    }
    return row;
}

static bool waits(const struct pl_placement *p)
{
    return !p->matched && p->young_person[0] != '\0';
}

/* The table of unmatched follows the placement. */
static void link_unmatched(struct pl_part *part, struct mj_rows *rows, const struct pl_placement *p,
                           const uint8_t *name, bool waited)
{
    if (waited == waits(p))
        return;
    struct mj_row_key key = pl_unmatched_key(p->young_person, name);
    mj_rows_put(rows, &pl_unmatched_kind, &key, waited ? NULL : pl_link());
    if (!waited)
        pl_unmatched_add(part, p->young_person);
}

static void list_accepted(struct mj_rows *rows, const struct mj_entry *e, const struct pl_placement *p)
{
    const struct pl_numbered *n = e->value;
    if (!n->unmatched && n->reason[0] == '\0' && n->late_days == 0)
        return;
    bool plain = n->unmatched && n->reason[0] == '\0';
    list(rows, e, n->unmatched ? PL_UNMATCHED : PL_ACCEPTED, plain ? "PERSON_UNKNOWN" : n->reason,
         plain ? "young_person" : n->field)->placement = p->born;
}

static int fold_accepted(struct pl_part *part, struct mj_rows *rows, const struct mj_entry *e, mj_error *err)
{
    const struct pl_numbered *n = e->value;
    if (take_number(rows, e, n, err) < 0)
        return -1;
    struct mj_row *row = placement_row(rows, e, n);
    struct pl_placement *before = mj_row_value(row);
    bool waited = waits(before);
    struct pl_placement *p = pl_placement_apply(before, n->number, &n->event);
    p->matched = p->matched || !n->unmatched;
    if (p != before)
        mj_row_put(rows, row, p);
    else
        mj_row_touch(rows, row);
    link_unmatched(part, rows, p, n->name, waited);
    list_accepted(rows, e, p);
    return 0;
}

/* ---- the others ---- */

static int fold_known(struct mj_rows *rows, const struct mj_entry *e, mj_error *err)
{
    if (take_number(rows, e, e->value, err) < 0)
        return -1;
    (void)list(rows, e, PL_DUPLICATE, "KNOWN_FACT", "");
    return 0;
}

static int fold_rejected(struct mj_rows *rows, const struct mj_entry *e, mj_error *err)
{
    const struct pl_numbered *n = e->value;
    if (take_number(rows, e, n, err) < 0)
        return -1;
    (void)list(rows, e, PL_REJECTED, n->reason, n->field);
    return 0;
}

static int fold_matched(struct pl_part *part, struct mj_rows *rows, const struct mj_entry *e, mj_error *err)
{
    const struct pl_matched *m = e->value;
    struct mj_row *row = find(rows, &pl_placement_kind, pl_placement_key(m->name));
    struct pl_placement *p = mj_row_value(row);
    if (p == NULL)
        return broken(err, e, "a placement that was told of before");
    bool waited = waits(p);
    p->matched = true;
    mj_row_touch(rows, row);
    link_unmatched(part, rows, p, m->name, waited);
    return 0;
}

static void fold_quality(struct mj_rows *rows, const struct mj_entry *e)
{
    const struct pl_quality *q = e->value;
    struct mj_row *row = stream_row(rows, q->stream, NULL);
    struct pl_stream *s = mj_row_value(row);
    s->resends = q->resends;
    s->conflicts = q->conflicts;
    mj_row_touch(rows, row);
}

static int fold(void *arg, struct mj_partition *p, const struct mj_entry *e, mj_error *err)
{
    struct pl_part *part = pl_part_of(arg, p);
    struct mj_rows *rows = mj_partition_rows(p);
    switch (e->type) {
    case PL_ENTRY_ACCEPTED: return fold_accepted(part, rows, e, err);
    case PL_ENTRY_KNOWN: return fold_known(rows, e, err);
    case PL_ENTRY_REJECTED: return fold_rejected(rows, e, err);
    case PL_ENTRY_MATCHED: return fold_matched(part, rows, e, err);
    case PL_ENTRY_QUALITY: fold_quality(rows, e); return 0;
    default: return e->type == MJ_ENTRY_OPENED ? 0 : broken(err, e, "a type that this program knows");
    }
}

/* The name key is made here, before the log can hold an entry that uses it; after a reset it is read again. */
static int ready(void *arg, struct mj_partition *p, mj_error *err)
{
    if (mj_rows_learn(mj_partition_rows(p), &pl_placement_kind, err) < 0)
        return -1;
    return pl_part_key(pl_part_of(arg, p), err);
}

const struct mj_domain pl_domain = {
    .service = "placements",
    .schema_name = PL_SCHEMA_NAME,
    .schema = pl_schema,
    .knows = knows,
    .read = read_entry,
    .fold = fold,
    .ready = ready,
};
