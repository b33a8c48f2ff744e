/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* A batch's way: events are checked and hashed as they come (pure); the rows that their fate hangs on are fetched;
 * then each number is judged in order and gets its entry: accepted, known or rejected. Resends are compared by hash
 * and write nothing. */
#include "placements/intake.h"

#include <stdlib.h>
#include <string.h>

#include "common/seams/failpoint.h"
#include "placements/entry.h"
#include "placements/reasons.h"

#define RESUME_BYTES 256

struct checked {                         /* one event of the batch */
    struct pl_numbered entry;            /* what it becomes; its rows from needs to decide, which follows in that turn */
    const mj_error *err;                 /* why it was refused; NULL: it was not, and its event and name hold */
    const struct pl_warning *warning;    /* NULL: none */
};

struct intake {
    struct mj_command command;           /* first: the partition's callbacks cast back */
    struct pl_part *part;
    struct pl_batch batch;               /* count 0: Resume */
    pl_taken_fn *fn;
    void *arg;
    char stream[MJ_SIRET_LEN + 1];
    struct mj_arena *arena;              /* what is not plainly accepted; NULL while there is nothing */
    EventException **exceptions;
    size_t exception_count;
    uint64_t through;
    uint64_t resends;                    /* same number, same bytes */
    uint64_t outcomes[PL_COUNTERS];
    struct mj_row *stream_row;           /* as those of the entries */
    char registry[MJ_REGION_TEXT];       /* the region whose log was last asked for its position in decide */
    uint64_t registry_position;
    mj_date today;                       /* of decide, in the region */
    struct checked events[];             /* zeroed */
};

/* ---- on arrival ---- */

static void *must(void *p)               /* the intake's arena has no ceiling: it holds what was found right */
{
    if (p == NULL)
        abort();
    return p;
}

static void *keep(struct intake *in, const void *data, size_t len)
{
    if (in->arena == NULL)
        in->arena = must(mj_arena_create(0));
    return must(mj_arena_copy(in->arena, data, len));
}

struct tag_keys { struct mj_tag_key payload, name; };    /* of one stream */

/* The scratch has the ceiling that foreign bytes have, so that one that swells costs no other. */
static void check_one(struct intake *in, size_t i, const struct tag_keys *keys, mj_error *err)
{
    const ProtobufCBinaryData *e = &in->batch.events[i];
    struct checked *c = &in->events[i];
    struct mj_arena *scratch = in->part->app->arena;
    struct pl_numbered *n = &c->entry;
    struct pl_warning warning;
    memcpy(n->stream, in->stream, sizeof n->stream);
    n->number = in->batch.first + i;
    n->key = in->part->key_number;
    n->reason = n->field = "";
    mj_tag_under(n->tag, &keys->payload, e->data, e->len);
    mj_arena_reset(scratch, mj_arena_ceiling(e->len));
    if (pl_event_check(e->data, e->len, in->stream, in->batch.now_ms, scratch, &n->event, &warning, err) < 0) {
        c->err = keep(in, err, sizeof *err);
        return;
    }
    if (warning.name[0] != '\0')
        c->warning = keep(in, &warning, sizeof warning);
    mj_tag_under(n->name, &keys->name, n->event.ref, n->event.ref_len);
}

static size_t bytes_of(const struct pl_batch *b)
{
    size_t bytes = 0;
    for (size_t i = 0; i < b->count; i++)
        bytes += b->events[i].len;
    return bytes;
}

/* ---- the rows a batch needs ---- */

/* The run that holds a number: the stream's last one, or a row of its own. */
static const struct pl_run *run_of(const struct intake *in, struct mj_rows *rows, uint32_t run)
{
    struct mj_row_key key = pl_run_key(in->stream, run);
    const struct pl_run *last = pl_stream_run(mj_row_value(in->stream_row), run);
    return last != NULL ? last : mj_rows_get(rows, &pl_run_kind, &key);
}

static bool want_resends(const struct intake *in, struct mj_rows *rows, size_t resends, struct mj_row_waiter *w)
{
    uint64_t first = in->batch.first, last = first + resends - 1;
    bool here = true;
    for (uint32_t r = pl_run_of(first); resends > 0 && r <= pl_run_of(last); r++) {
        struct mj_row_key key = pl_run_key(in->stream, r);
        if (pl_stream_run(mj_row_value(in->stream_row), r) == NULL && !mj_rows_need(rows, &pl_run_kind, &key, w)) {
            here = false;
            continue;
        }
        const struct pl_run *run = run_of(in, rows, r);
        uint32_t from = r == pl_run_of(first) ? pl_run_index(first) : 0;
        if (run == NULL || from >= run->remembered)
            continue;
        key = pl_fates_key(in->stream, r, run->remembered);
        here &= mj_rows_need(rows, &pl_fates_kind, &key, w);
    }
    return here;
}

static bool want_new(struct intake *in, struct mj_rows *rows, size_t from, struct mj_row_waiter *w)
{
    bool here = true;
    for (size_t i = from; i < in->batch.count; i++) {
        struct checked *c = &in->events[i];
        if (c->err != NULL)
            continue;
        struct mj_row_key key = pl_placement_key(c->entry.name);
        c->entry.placement_row = mj_rows_want(rows, &pl_placement_kind, &key, w);
        here &= c->entry.placement_row != NULL;
    }
    return here;
}

static uint64_t last_number(const struct intake *in)
{
    const struct pl_stream *s = mj_row_value(in->stream_row);
    return s != NULL ? s->last : 0;
}

static bool needs(struct mj_command *command, struct mj_partition *p, struct mj_row_waiter *w)
{
    struct intake *in = (struct intake *)command;
    struct mj_rows *rows = mj_partition_rows(p);
    struct mj_row_key key = pl_stream_key(in->stream);
    size_t resends;
    in->stream_row = mj_rows_want(rows, &pl_stream_kind, &key, w);
    if (in->stream_row == NULL) {
        (void)want_new(in, rows, 0, w);      /* most likely all of it is new: fetched together */
        return false;
    }
    if (in->batch.count == 0 ||
        pl_batch_place(last_number(in), in->batch.first, in->batch.count, &resends, NULL) < 0)
        return true;                     /* Resume; or a gap, which decide says */
    bool old = want_resends(in, rows, resends, w), new = want_new(in, rows, resends, w);
    return old && new;
}

/* ---- exceptions ---- */

/* The texts live as long as the intake: constants, or kept. */
static EventException *except(struct intake *in, size_t i, enum pl_outcome outcome, const char *reason,
                              const char *field, const char *message)
{
    EventException x = MISSIONJEUNES__PLACEMENTS__V1__EXCEPTION__INIT;
    x.sequence = in->batch.first + i;
    x.outcome = (Missionjeunes__Placements__V1__Outcome)outcome;
    x.reason = (char *)(uintptr_t)reason;
    x.field = (char *)(uintptr_t)field;
    x.message = (char *)(uintptr_t)message;
    EventException *kept = keep(in, &x, sizeof x);
    if (in->exceptions == NULL)
        in->exceptions = must(mj_arena_alloc(in->arena, in->batch.count * sizeof *in->exceptions));
    in->exceptions[in->exception_count++] = kept;
    return kept;
}

/* ---- resends ---- */

/* What became of a number: the tag of its bytes, and more where it was not accepted. NULL: not known. */
static const uint8_t *fate_of(const struct intake *in, struct mj_rows *rows, uint64_t number,
                              const struct pl_fate **odd)
{
    uint32_t i = pl_run_index(number);
    const struct pl_run *run = run_of(in, rows, pl_run_of(number));
    if (run == NULL)
        return NULL;
    if (i >= run->remembered) {
        *odd = pl_run_odd(run, i);
        return pl_run_tag(run, i);
    }
    struct mj_row_key key = pl_fates_key(in->stream, pl_run_of(number), run->remembered);
    const struct pl_fates *fates = mj_rows_get(rows, &pl_fates_kind, &key);
    if (fates == NULL)
        return NULL;
    *odd = pl_fates_odd(fates, i);
    return pl_fates_tag(fates, i);
}

static int judge_resend(struct intake *in, struct mj_rows *rows, size_t i, mj_error *err)
{
    const struct pl_fate *odd = NULL;
    const uint8_t *tag = fate_of(in, rows, in->batch.first + i, &odd);
    if (tag == NULL)
        return mj_fail(err, MJ_INTERNAL, "FATE_MISSING", NULL, "expected to know what became of number %llu; report it",
                       (unsigned long long)(in->batch.first + i));
    if (memcmp(tag, in->events[i].entry.tag, MJ_TAG) != 0) {
        (void)except(in, i, PL_CONFLICT, "NUMBER_TAKEN", "",
                     "expected the bytes first sent under this number, got others; nothing changed; use a new number");
        in->outcomes[PL_C_CONFLICTS]++;
        return 0;
    }
    in->resends++;
    in->outcomes[PL_C_DUPLICATES]++;
    if (odd == NULL)
        (void)except(in, i, PL_DUPLICATE, "RESEND", "", "already received");
    else if (odd->outcome == PL_REJECTED)
        except(in, i, PL_REJECTED, keep(in, odd->reason, strlen(odd->reason) + 1),
               keep(in, odd->field, strlen(odd->field) + 1),
               "this event was rejected when it first came; send a corrected one under a new number")
            ->same_as = odd->same_as;
    else
        except(in, i, PL_DUPLICATE, "KNOWN_FACT", "", "already received")->same_as = odd->same_as;
    return 0;
}

/* ---- new numbers ---- */

static void emit(struct intake *in, struct mj_partition *p, uint32_t type, struct pl_numbered *n)
{
    struct mj_buf *payload = &in->part->app->payload;
    n->stream_row = in->stream_row;
    mj_buf_clear(payload);
    pl_numbered_put(payload, type, n);
    (void)mj_partition_emit_value(p, type, payload, n);
}

/* why is kept. */
static void reject(struct intake *in, struct mj_partition *p, size_t i, const mj_error *why, uint64_t same_as)
{
    struct pl_numbered *n = &in->events[i].entry;
    n->reason = why->reason;
    n->field = why->field;
    n->same_as = same_as;
    emit(in, p, PL_ENTRY_REJECTED, n);
    except(in, i, PL_REJECTED, why->reason, why->field, why->text)->same_as = same_as;
    in->outcomes[PL_C_REJECTED]++;
}

static void know(struct intake *in, struct mj_partition *p, size_t i, uint64_t same_as)
{
    in->events[i].entry.same_as = same_as;
    emit(in, p, PL_ENTRY_KNOWN, &in->events[i].entry);
    except(in, i, PL_DUPLICATE, "KNOWN_FACT", "", pl_reason_text("KNOWN_FACT"))->same_as = same_as;
    in->outcomes[PL_C_DUPLICATES]++;
}

/* Position of registry's log in the region of an id; nothing moves it while a batch is decided. */
static uint64_t stands_on(struct intake *in, const char *id)
{
    char region[MJ_REGION_TEXT];
    mj_person_region(id, region);
    if (memcmp(region, in->registry, sizeof region) != 0) {
        memcpy(in->registry, region, sizeof region);
        in->registry_position = pl_registry_position(in->part->app, id);
    }
    return in->registry_position;
}

/* Does the placement wait for its young person after this event? */
static bool is_unmatched(struct intake *in, const struct pl_placement *before, const char *id, uint64_t *position)
{
    if (before != NULL && before->matched)
        return false;
    if (id[0] == '\0')
        return true;
    *position = stands_on(in, id);
    return !pl_person_known(in->part->app, id);
}

static void except_accepted(struct intake *in, size_t i, const struct pl_numbered *n)
{
    const char *field = n->field[0] != '\0' ? keep(in, n->field, strlen(n->field) + 1) : "";
    bool warned = n->reason[0] != '\0';
    if (n->unmatched) {
        (void)except(in, i, PL_UNMATCHED, warned ? n->reason : "PERSON_UNKNOWN", warned ? field : "young_person",
                     "stored; it counts once the young person is enrolled; check the id if it should be known");
        in->outcomes[PL_C_UNMATCHED]++;
    } else if (warned) {
        (void)except(in, i, PL_ACCEPTED, n->reason, field, pl_reason_text(n->reason));
    }
}

static void accept(struct intake *in, struct mj_partition *p, size_t i, const struct pl_placement *before,
                   const struct pl_verdict *v)
{
    struct checked *c = &in->events[i];
    struct pl_numbered *n = &c->entry;
    const struct pl_warning *w = c->warning != NULL ? c->warning : &v->warning;
    n->reason = w->name;
    n->field = w->field;
    n->implied_start = v->implied_start;
    n->unmatched = is_unmatched(in, before, n->event.young_person, &n->registry_position);
    n->late_days = pl_event_late_days(&n->event, in->today, in->part->region);
    emit(in, p, PL_ENTRY_ACCEPTED, n);
    except_accepted(in, i, n);
}

/* why: room for the cause of a refusal. */
static void judge_new(struct intake *in, struct mj_partition *p, size_t i, mj_error *why)
{
    const struct checked *c = &in->events[i];
    struct pl_verdict v;
    if (c->err != NULL) {
        reject(in, p, i, c->err, 0);
        return;
    }
    const struct pl_placement *before = mj_row_value(c->entry.placement_row);
    if (pl_placement_judge(before, &c->entry.event, &v, why) < 0)
        reject(in, p, i, keep(in, why, sizeof *why), v.same_as);
    else if (v.judgement == PL_KNOW)
        know(in, p, i, v.same_as);
    else
        accept(in, p, i, before, &v);
}

/* ---- the command ---- */

static int decide(struct mj_command *command, struct mj_partition *p, mj_error *err)
{
    struct intake *in = (struct intake *)command;
    uint64_t last = last_number(in), end = in->batch.first + in->batch.count - 1;
    size_t resends;
    mj_error why;
    in->through = last;
    if (in->batch.count == 0)
        return 0;                        /* Resume: what was read is on disk when done is called */
    if (pl_batch_place(last, in->batch.first, in->batch.count, &resends, err) < 0)
        return -1;
    in->registry[0] = '\0';
    in->today = mj_local_day(in->batch.now_ms, in->part->region);
    for (size_t i = 0; i < resends; i++)
        if (judge_resend(in, mj_partition_rows(p), i, err) < 0)
            return -1;
    for (size_t i = resends; i < in->batch.count; i++)
        judge_new(in, p, i, &why);
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

static struct intake *intake_create(struct pl_part *part, const struct pl_batch *batch, pl_taken_fn *fn, void *arg)
{
    struct intake *in = mj_calloc(1, sizeof *in + batch->count * sizeof *in->events);
    in->part = part;
    in->batch = *batch;
    in->fn = fn;
    in->arg = arg;
    in->command.needs = needs;
    in->command.decide = decide;
    in->command.done = done;
    in->command.principal = batch->principal;
    in->command.deadline_ms = batch->deadline_ms;
    memcpy(in->stream, batch->stream, MJ_SIRET_LEN);
    memcpy(in->command.order, batch->stream, MJ_SIRET_LEN);
    return in;
}

void pl_intake(struct pl_part *part, const struct pl_batch *batch, pl_taken_fn *fn, void *arg)
{
    struct intake *in = intake_create(part, batch, fn, arg);
    mj_error err;
    in->command.bytes = bytes_of(batch) + batch->count * sizeof *in->events;
    const struct tag_keys keys = { mj_tag_key(part->key, "payload", 7),
                                   mj_tag_key(part->key, in->stream, MJ_SIRET_LEN) };
    for (size_t i = 0; i < batch->count; i++)
        check_one(in, i, &keys, &err);
    mj_partition_submit(part->partition, &in->command);
}

void pl_resume(struct pl_part *part, const char *stream, const char *principal, pl_taken_fn *fn, void *arg)
{
    struct pl_batch nothing = { .stream = stream, .principal = principal };
    struct intake *in = intake_create(part, &nothing, fn, arg);
    in->command.bytes = RESUME_BYTES;
    mj_partition_submit(part->partition, &in->command);
}
