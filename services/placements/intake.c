/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* A batch's way: events are checked and hashed as they come (pure); the rows that their fate hangs on are fetched;
 * then each number is judged in order and gets its entry: accepted, known or rejected. Resends are compared by hash
 * and write nothing. */
#include "placements/intake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/seams/failpoint.h"
#include "placements/reasons.h"

#define RESUME_BYTES 256

struct checked {                         /* one event of the batch */
    uint8_t tag[MJ_TAG], name[MJ_TAG];
    PlacementEvent *event;               /* NULL: refused */
    struct pl_warning warning;
    mj_error *err;                       /* why it was refused */
};

struct intake {
    struct mj_command command;           /* first: the partition's callbacks cast back */
    struct pl_part *part;
    struct pl_batch batch;
    pl_taken_fn *fn;
    void *arg;
    char stream[MJ_SIRET_LEN + 1];
    struct mj_arena *arena;
    struct checked *events;
    EventException **exceptions;
    size_t exception_count;
    uint64_t through;
    uint64_t resends;                    /* same number, same bytes */
    uint64_t outcomes[PL_COUNTERS];
};

/* ---- on arrival ---- */

static void *must(void *p)               /* the intake's arena has no ceiling: it holds what was found right */
{
    if (p == NULL)
        abort();
    return p;
}

/* Foreign bytes are unpacked in an arena of their own, with its ceiling, so that one that swells costs no other; what
 * was found canonical cannot swell, and is unpacked again where it is kept. */
static void check_one(struct intake *in, size_t i)
{
    const ProtobufCBinaryData *e = &in->batch.events[i];
    struct checked *c = &in->events[i];
    const struct pl_part *part = in->part;
    struct mj_arena *scratch = part->app->arena;
    PlacementEvent *found;
    mj_error err;
    memset(&err, 0, sizeof err);
    mj_tag(c->tag, part->key, "payload", 7, e->data, e->len);
    mj_arena_reset(scratch, mj_arena_ceiling(e->len));
    if (pl_event_check(e->data, e->len, in->stream, in->batch.now_ms, scratch, &found, &c->warning, &err) < 0) {
        c->err = must(mj_arena_copy(in->arena, &err, sizeof err));
        return;
    }
    c->event = must(missionjeunes__placements__v1__placement_event__unpack(mj_arena_protobuf(in->arena), e->len,
                                                                           e->data));
    mj_tag(c->name, part->key, in->stream, MJ_SIRET_LEN, found->placement_ref.data, found->placement_ref.len);
}

static size_t bytes_of(const struct pl_batch *b)
{
    size_t bytes = 0;
    for (size_t i = 0; i < b->count; i++)
        bytes += b->events[i].len;
    return bytes;
}

/* ---- the rows a batch needs ---- */

static bool want(struct mj_rows *rows, const struct mj_row_kind *kind, struct mj_row_key key, struct mj_row_waiter *w)
{
    return mj_rows_need(rows, kind, &key, w);
}

static bool want_resends(const struct intake *in, struct mj_rows *rows, size_t resends, struct mj_row_waiter *w)
{
    uint64_t first = in->batch.first, last = first + resends - 1;
    bool here = true;
    for (uint32_t r = pl_run_of(first); resends > 0 && r <= pl_run_of(last); r++) {
        struct mj_row_key key = pl_run_key(in->stream, r);
        if (!want(rows, &pl_run_kind, key, w)) {
            here = false;
            continue;
        }
        const struct pl_run *run = mj_rows_get(rows, &pl_run_kind, &key);
        uint32_t from = r == pl_run_of(first) ? pl_run_index(first) : 0;
        if (run != NULL && from < run->remembered)
            here &= want(rows, &pl_fates_kind, pl_fates_key(in->stream, r, run->remembered), w);
    }
    return here;
}

static bool want_new(const struct intake *in, struct mj_rows *rows, size_t from, struct mj_row_waiter *w)
{
    uint64_t first = in->batch.first + from, last = in->batch.first + in->batch.count - 1;
    bool here = true;
    if (from == in->batch.count)
        return true;
    for (uint32_t r = pl_run_of(first); r <= pl_run_of(last); r++)
        here &= want(rows, &pl_run_kind, pl_run_key(in->stream, r), w);
    for (size_t i = from; i < in->batch.count; i++) {
        const struct checked *c = &in->events[i];
        if (c->event == NULL)
            continue;
        here &= want(rows, &pl_placement_kind, pl_placement_key(c->name), w);
        if (c->event->young_person[0] != '\0')
            here &= pl_person_need(in->part->app, c->event->young_person, w);
    }
    return here;
}

static bool needs(struct mj_command *command, struct mj_partition *p, struct mj_row_waiter *w)
{
    struct intake *in = (struct intake *)command;
    struct mj_rows *rows = mj_partition_rows(p);
    struct mj_row_key key = pl_stream_key(in->stream);
    size_t resends;
    if (!mj_rows_need(rows, &pl_stream_kind, &key, w))
        return false;
    const struct pl_stream *s = mj_rows_get(rows, &pl_stream_kind, &key);
    if (in->events == NULL || pl_batch_place(s != NULL ? s->last : 0, in->batch.first, in->batch.count, &resends,
                                             NULL) < 0)
        return true;                     /* Resume; or a gap, which decide says */
    bool old = want_resends(in, rows, resends, w), new = want_new(in, rows, resends, w);
    return old && new;
}

/* ---- exceptions ---- */

static EventException *except(struct intake *in, size_t i, enum pl_outcome outcome, const char *reason,
                              const char *field, const char *message)
{
    EventException *x = must(mj_arena_alloc(in->arena, sizeof *x));
    missionjeunes__placements__v1__exception__init(x);
    x->sequence = in->batch.first + i;
    x->outcome = (Missionjeunes__Placements__V1__Outcome)outcome;
    x->reason = must(mj_arena_strdup(in->arena, reason));
    x->field = must(mj_arena_strdup(in->arena, field));
    x->message = must(mj_arena_strdup(in->arena, message));
    in->exceptions[in->exception_count++] = x;
    return x;
}

/* ---- resends ---- */

static const struct pl_fate *fate_of(struct intake *in, struct mj_partition *p, uint64_t number)
{
    struct mj_rows *rows = mj_partition_rows(p);
    struct mj_row_key key = pl_run_key(in->stream, pl_run_of(number));
    const struct pl_run *run = mj_rows_get(rows, &pl_run_kind, &key);
    uint32_t i = pl_run_index(number);
    if (run == NULL || i >= run->count)
        return NULL;
    if (i >= run->remembered)
        return run->fates[i];
    struct mj_row_key fates_key = pl_fates_key(in->stream, pl_run_of(number), run->remembered);
    const struct pl_fates *fates = mj_rows_get(rows, &pl_fates_kind, &fates_key);
    return fates != NULL && i < fates->count ? fates->fates[i] : NULL;
}

static int judge_resend(struct intake *in, struct mj_partition *p, size_t i, mj_error *err)
{
    const struct pl_fate *fate = fate_of(in, p, in->batch.first + i);
    if (fate == NULL)
        return mj_fail(err, MJ_INTERNAL, "FATE_MISSING", NULL, "expected to know what became of number %llu; report it",
                       (unsigned long long)(in->batch.first + i));
    if (memcmp(fate->tag, in->events[i].tag, MJ_TAG) != 0) {
        (void)except(in, i, PL_CONFLICT, "NUMBER_TAKEN", "",
                     "expected the bytes first sent under this number, got others; nothing changed; use a new number");
        in->outcomes[PL_C_CONFLICTS]++;
        return 0;
    }
    in->resends++;
    in->outcomes[PL_C_DUPLICATES]++;
    EventException *x;
    if (fate->outcome == PL_REJECTED)
        x = except(in, i, PL_REJECTED, fate->reason, fate->field,
                   "this event was rejected when it first came; send a corrected one under a new number");
    else
        x = except(in, i, PL_DUPLICATE, fate->outcome == PL_DUPLICATE ? "KNOWN_FACT" : "RESEND", "",
                   "already received");
    x->same_as = fate->same_as;
    return 0;
}

/* ---- new numbers ---- */

static void reject(struct intake *in, struct mj_partition *p, size_t i, const mj_error *why, uint64_t same_as)
{
    EventRejected out = MISSIONJEUNES__PLACEMENTS__V1__EVENT_REJECTED__INIT;
    mj_error copy = *why;
    out.stream = in->stream;
    out.sequence = in->batch.first + i;
    out.payload_hash = (ProtobufCBinaryData){ MJ_TAG, in->events[i].tag };
    out.key = in->part->key_number;
    out.reason = copy.reason;
    out.field = copy.field;
    out.same_as = same_as;
    (void)mj_partition_emit(p, PL_ENTRY_REJECTED, &out.base);
    except(in, i, PL_REJECTED, copy.reason, copy.field, copy.text)->same_as = same_as;
    in->outcomes[PL_C_REJECTED]++;
}

static void know(struct intake *in, struct mj_partition *p, size_t i, uint64_t same_as)
{
    EventKnown out = MISSIONJEUNES__PLACEMENTS__V1__EVENT_KNOWN__INIT;
    out.stream = in->stream;
    out.sequence = in->batch.first + i;
    out.payload_hash = (ProtobufCBinaryData){ MJ_TAG, in->events[i].tag };
    out.key = in->part->key_number;
    out.same_as = same_as;
    (void)mj_partition_emit(p, PL_ENTRY_KNOWN, &out.base);
    except(in, i, PL_DUPLICATE, "KNOWN_FACT", "", pl_reason_text("KNOWN_FACT"))->same_as = same_as;
    in->outcomes[PL_C_DUPLICATES]++;
}

/* Does the placement wait for its young person after this event? */
static bool is_unmatched(struct intake *in, const struct pl_placement *before, const PlacementEvent *ev,
                         uint64_t *stands_on)
{
    const struct pl_app *app = in->part->app;
    *stands_on = 0;
    if (before != NULL && before->matched)
        return false;
    if (ev->young_person[0] == '\0')
        return true;
    *stands_on = pl_registry_position(app, ev->young_person);
    return pl_person_get(app, ev->young_person) == NULL;
}

static void accept(struct intake *in, struct mj_partition *p, size_t i, const struct pl_placement *before,
                   const struct pl_verdict *v)
{
    struct checked *c = &in->events[i];
    const ProtobufCBinaryData *bytes = &in->batch.events[i];
    const struct pl_warning *w = c->warning.name[0] != '\0' ? &c->warning : &v->warning;
    EventAccepted out = MISSIONJEUNES__PLACEMENTS__V1__EVENT_ACCEPTED__INIT;
    char reason[40], field[48];
    (void)snprintf(reason, sizeof reason, "%s", w->name);
    (void)snprintf(field, sizeof field, "%s", w->field);
    out.stream = in->stream;
    out.sequence = in->batch.first + i;
    out.payload_hash = (ProtobufCBinaryData){ MJ_TAG, c->tag };
    out.key = in->part->key_number;
    out.placement = (ProtobufCBinaryData){ MJ_TAG, c->name };
    out.event.data = (uint8_t *)(uintptr_t)pl_event_cut(bytes->data, bytes->len, c->event, &out.event.len);
    out.unmatched = is_unmatched(in, before, c->event, &out.registry_position);
    out.implied_start = v->implied_start;
    out.warning = reason;
    out.warning_field = field;
    out.late_days = pl_event_late_days(c->event, in->batch.now_ms, in->part->region);
    (void)mj_partition_emit(p, PL_ENTRY_ACCEPTED, &out.base);
    if (out.unmatched) {
        (void)except(in, i, PL_UNMATCHED, reason[0] != '\0' ? reason : "PERSON_UNKNOWN",
                     reason[0] != '\0' ? field : "young_person",
                     "stored; it counts once the young person is enrolled; check the id if it should be known");
        in->outcomes[PL_C_UNMATCHED]++;
    } else if (reason[0] != '\0') {
        (void)except(in, i, PL_ACCEPTED, reason, field, pl_reason_text(reason));
    }
}

static void judge_new(struct intake *in, struct mj_partition *p, size_t i)
{
    const struct checked *c = &in->events[i];
    if (c->event == NULL) {
        reject(in, p, i, c->err, 0);
        return;
    }
    struct mj_row_key key = pl_placement_key(c->name);
    const struct pl_placement *before = mj_rows_get(mj_partition_rows(p), &pl_placement_kind, &key);
    struct pl_verdict v;
    mj_error why;
    memset(&why, 0, sizeof why);
    if (pl_placement_judge(before, c->event, &v, &why) < 0)
        reject(in, p, i, &why, v.same_as);
    else if (v.judgement == PL_KNOW)
        know(in, p, i, v.same_as);
    else
        accept(in, p, i, before, &v);
}

/* ---- the command ---- */

static int decide(struct mj_command *command, struct mj_partition *p, mj_error *err)
{
    struct intake *in = (struct intake *)command;
    struct mj_row_key key = pl_stream_key(in->stream);
    const struct pl_stream *s = mj_rows_get(mj_partition_rows(p), &pl_stream_kind, &key);
    uint64_t last = s != NULL ? s->last : 0, end = in->batch.first + in->batch.count - 1;
    size_t resends;
    in->through = last;
    if (in->events == NULL)
        return 0;                        /* Resume: what was read is on disk when done is called */
    if (pl_batch_place(last, in->batch.first, in->batch.count, &resends, err) < 0)
        return -1;
    for (size_t i = 0; i < resends; i++)
        if (judge_resend(in, p, i, err) < 0)
            return -1;
    for (size_t i = resends; i < in->batch.count; i++)
        judge_new(in, p, i);
    in->through = end > last ? end : last;
    in->outcomes[PL_C_ACKS] = in->batch.count;
    (void)MJ_FAILPOINT("ev.after_decide");
    return 0;
}

static void count_outcomes(struct intake *in)
{
    for (int c = 0; c < PL_COUNTERS; c++)
        pl_count(in->part, (enum pl_counter)c, in->outcomes[c]);
    pl_quality_moved(in->part, in->stream, in->resends, in->outcomes[PL_C_CONFLICTS]);
}

static void done(struct mj_command *command, struct mj_partition *p, const mj_error *err)
{
    struct intake *in = (struct intake *)command;
    struct pl_taken taken = { err, in->through, command->position, in->exceptions, in->exception_count };
    (void)p;
    if (err == NULL)
        count_outcomes(in);
    in->fn(in->arg, &taken);
    mj_arena_destroy(in->arena);
    free(in);
}

static struct intake *intake_create(struct pl_part *part, const char *stream, const char *principal, pl_taken_fn *fn,
                                    void *arg)
{
    struct intake *in = mj_calloc(1, sizeof *in);
    in->command = (struct mj_command){ .needs = needs, .decide = decide, .done = done, .principal = principal };
    in->part = part;
    in->fn = fn;
    in->arg = arg;
    (void)snprintf(in->stream, sizeof in->stream, "%s", stream);
    (void)snprintf(in->command.order, sizeof in->command.order, "%s", stream);
    return in;
}

void pl_intake(struct pl_part *part, const struct pl_batch *batch, pl_taken_fn *fn, void *arg)
{
    struct intake *in = intake_create(part, batch->stream, batch->principal, fn, arg);
    in->batch = *batch;
    in->command.deadline_ms = batch->deadline_ms;
    in->command.bytes = bytes_of(batch) + batch->count * sizeof *in->events;
    in->arena = must(mj_arena_create(0));
    in->events = must(mj_arena_alloc(in->arena, batch->count * sizeof *in->events));
    in->exceptions = must(mj_arena_alloc(in->arena, batch->count * sizeof(EventException *)));
    memset(in->events, 0, batch->count * sizeof *in->events);
    for (size_t i = 0; i < batch->count; i++)
        check_one(in, i);
    mj_partition_submit(part->partition, &in->command);
}

void pl_resume(struct pl_part *part, const char *stream, const char *principal, pl_taken_fn *fn, void *arg)
{
    struct intake *in = intake_create(part, stream, principal, fn, arg);
    in->command.bytes = RESUME_BYTES;
    mj_partition_submit(part->partition, &in->command);
}
