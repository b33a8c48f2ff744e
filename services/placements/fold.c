/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* The fold of placements' log. Each function reads its entry and the rows that the entry names, and nothing else: no
 * clock, no other log, no setting. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "placements/app.h"

static bool knows(uint32_t type)
{
    return type == MJ_ENTRY_OPENED || (type >= PL_ENTRY_ACCEPTED && type <= PL_ENTRY_QUALITY);
}

static int broken(mj_error *err, const struct mj_entry *e, const char *what)
{
    return mj_fail(err, MJ_DATA_LOSS, "ENTRY_BROKEN", NULL, "position %" PRIu64 ": expected %s; run mj log verify",
                   e->position, what);
}

/* ---- parts that all events share ---- */

static struct pl_stream *stream_of(struct mj_rows *rows, const char *siret)
{
    struct mj_row_key key = pl_stream_key(siret);
    struct pl_stream *s = mj_rows_get(rows, &pl_stream_kind, &key);
    if (s == NULL) {
        s = mj_calloc(1, sizeof *s);
        mj_rows_put(rows, &pl_stream_kind, &key, s);
    }
    return s;
}

/* The number is taken: stream and run say so. */
static int take_number(struct pl_app *app, struct mj_rows *rows, const struct mj_entry *e, const char *siret,
                       uint64_t number, mj_error *err)
{
    struct pl_fate fate;
    struct mj_row_key stream_key = pl_stream_key(siret), run_key = pl_run_key(siret, pl_run_of(number));
    struct pl_stream *s = stream_of(rows, siret);
    if (number != s->last + 1)
        return broken(err, e, "the stream's next number");
    if (pl_fate_of(e, app->arena, &fate, err) < 0)
        return -1;
    struct pl_run *run = mj_rows_get(rows, &pl_run_kind, &run_key);
    if (run == NULL) {
        run = pl_run_create();
        mj_rows_put(rows, &pl_run_kind, &run_key, run);
    }
    if (run->count != pl_run_index(number))
        return broken(err, e, "the run's next number");
    pl_run_add(run, e->position, &fate);
    s->last = number;
    mj_rows_touch(rows, &pl_run_kind, &run_key);
    mj_rows_touch(rows, &pl_stream_kind, &stream_key);
    return 0;
}

/* A row of the sender's list of exceptions. */
static struct pl_exception *list(struct mj_rows *rows, const struct mj_entry *e, const char *siret, uint64_t number,
                                 enum pl_outcome outcome, const char *reason, const char *field)
{
    struct mj_row_key key = pl_exception_key(siret, number);
    struct pl_exception *x = mj_calloc(1, sizeof *x);
    x->outcome = (uint8_t)outcome;
    x->recorded_at_ms = e->recorded_at_ms;
    (void)snprintf(x->reason, sizeof x->reason, "%s", reason);
    (void)snprintf(x->field, sizeof x->field, "%s", field);
    mj_rows_put(rows, &pl_exception_kind, &key, x);
    return x;
}

/* ---- accepted ---- */

static struct pl_placement *placement_of(struct mj_rows *rows, const struct mj_row_key *key, const char *siret)
{
    struct pl_placement *p = mj_rows_get(rows, &pl_placement_kind, key);
    if (p == NULL) {
        p = pl_placement_create(siret);
        mj_rows_put(rows, &pl_placement_kind, key, p);
    }
    return p;
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

static void list_accepted(struct mj_rows *rows, const struct mj_entry *e, const EventAccepted *x)
{
    if (!x->unmatched && x->warning[0] == '\0' && x->late_days == 0)
        return;
    bool plain = x->unmatched && x->warning[0] == '\0';
    struct pl_exception *row = list(rows, e, x->stream, x->sequence, x->unmatched ? PL_UNMATCHED : PL_ACCEPTED,
                                    plain ? "PERSON_UNKNOWN" : x->warning, plain ? "young_person" : x->warning_field);
    row->late_days = x->late_days;
    memcpy(row->placement, x->placement.data, MJ_TAG);
}

static int fold_accepted(struct pl_part *part, struct mj_rows *rows, const struct mj_entry *e, mj_error *err)
{
    struct pl_app *app = part->app;
    ProtobufCMessage *m, *event;
    if (pl_entry_unpack(&m, &missionjeunes__placements__v1__event_accepted__descriptor, e->payload, e->payload_len,
                        app->arena, err) < 0)
        return -1;
    const EventAccepted *x = (const EventAccepted *)m;
    if (strlen(x->stream) != MJ_SIRET_LEN || x->placement.len != MJ_TAG)
        return broken(err, e, "a SIRET and a placement's name");
    if (pl_entry_unpack(&event, &missionjeunes__placements__v1__placement_event__descriptor, x->event.data,
                        x->event.len, app->arena, err) < 0 ||
        take_number(app, rows, e, x->stream, x->sequence, err) < 0)
        return -1;
    struct mj_row_key key = pl_placement_key(x->placement.data);
    struct pl_placement *p = placement_of(rows, &key, x->stream);
    bool waited = waits(p);
    pl_placement_apply(p, x->sequence, (const PlacementEvent *)event);
    p->matched = p->matched || !x->unmatched;
    mj_rows_touch(rows, &pl_placement_kind, &key);
    link_unmatched(part, rows, p, x->placement.data, waited);
    list_accepted(rows, e, x);
    return 0;
}

/* ---- the others ---- */

static int fold_known(struct pl_part *part, struct mj_rows *rows, const struct mj_entry *e, mj_error *err)
{
    ProtobufCMessage *m;
    if (pl_entry_unpack(&m, &missionjeunes__placements__v1__event_known__descriptor, e->payload, e->payload_len,
                        part->app->arena, err) < 0)
        return -1;
    const EventKnown *x = (const EventKnown *)m;
    if (strlen(x->stream) != MJ_SIRET_LEN)
        return broken(err, e, "a SIRET");
    if (take_number(part->app, rows, e, x->stream, x->sequence, err) < 0)
        return -1;
    list(rows, e, x->stream, x->sequence, PL_DUPLICATE, "KNOWN_FACT", "")->same_as = x->same_as;
    return 0;
}

static int fold_rejected(struct pl_part *part, struct mj_rows *rows, const struct mj_entry *e, mj_error *err)
{
    ProtobufCMessage *m;
    if (pl_entry_unpack(&m, &missionjeunes__placements__v1__event_rejected__descriptor, e->payload, e->payload_len,
                        part->app->arena, err) < 0)
        return -1;
    const EventRejected *x = (const EventRejected *)m;
    if (strlen(x->stream) != MJ_SIRET_LEN)
        return broken(err, e, "a SIRET");
    if (take_number(part->app, rows, e, x->stream, x->sequence, err) < 0)
        return -1;
    list(rows, e, x->stream, x->sequence, PL_REJECTED, x->reason, x->field)->same_as = x->same_as;
    return 0;
}

static int fold_matched(struct pl_part *part, struct mj_rows *rows, const struct mj_entry *e, mj_error *err)
{
    ProtobufCMessage *m;
    if (pl_entry_unpack(&m, &missionjeunes__placements__v1__placement_matched__descriptor, e->payload, e->payload_len,
                        part->app->arena, err) < 0)
        return -1;
    const PlacementMatched *x = (const PlacementMatched *)m;
    if (x->placement.len != MJ_TAG)
        return broken(err, e, "a placement's name");
    struct mj_row_key key = pl_placement_key(x->placement.data);
    struct pl_placement *p = mj_rows_get(rows, &pl_placement_kind, &key);
    if (p == NULL)
        return broken(err, e, "a placement that was told of before");
    bool waited = waits(p);
    p->matched = true;
    mj_rows_touch(rows, &pl_placement_kind, &key);
    link_unmatched(part, rows, p, x->placement.data, waited);
    return 0;
}

static int fold_quality(struct pl_part *part, struct mj_rows *rows, const struct mj_entry *e, mj_error *err)
{
    ProtobufCMessage *m;
    if (pl_entry_unpack(&m, &missionjeunes__placements__v1__stream_quality__descriptor, e->payload, e->payload_len,
                        part->app->arena, err) < 0)
        return -1;
    const StreamQuality *x = (const StreamQuality *)m;
    if (strlen(x->stream) != MJ_SIRET_LEN)
        return broken(err, e, "a SIRET");
    struct mj_row_key key = pl_stream_key(x->stream);
    struct pl_stream *s = stream_of(rows, x->stream);
    s->resends = x->resends;
    s->conflicts = x->conflicts;
    mj_rows_touch(rows, &pl_stream_kind, &key);
    return 0;
}

static int fold(void *arg, struct mj_partition *p, const struct mj_entry *e, mj_error *err)
{
    struct pl_part *part = pl_part_of(arg, p);
    struct mj_rows *rows = mj_partition_rows(p);
    mj_arena_reset(part->app->arena, 0);
    switch (e->type) {
    case PL_ENTRY_ACCEPTED: return fold_accepted(part, rows, e, err);
    case PL_ENTRY_KNOWN: return fold_known(part, rows, e, err);
    case PL_ENTRY_REJECTED: return fold_rejected(part, rows, e, err);
    case PL_ENTRY_MATCHED: return fold_matched(part, rows, e, err);
    case PL_ENTRY_QUALITY: return fold_quality(part, rows, e, err);
    default: return e->type == MJ_ENTRY_OPENED ? 0 : broken(err, e, "a type that this program knows");
    }
}

/* The name key is made here, before the log can hold an entry that uses it; after a reset it is read again. */
static int ready(void *arg, struct mj_partition *p, mj_error *err)
{
    return pl_part_key(pl_part_of(arg, p), err);
}

const struct mj_domain pl_domain = {
    .service = "placements",
    .schema_name = PL_SCHEMA_NAME,
    .schema = pl_schema,
    .knows = knows,
    .fold = fold,
    .ready = ready,
};
