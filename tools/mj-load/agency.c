/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* One agency: its stream, what it has told and not yet heard of, and whether what it hears is what was expected. */
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "run_state.h"

#define REOPEN_MS 500
#define REOPEN_UNTIL_MS 30000            /* a key that was just added has got round by then */

/* ---- what is not acknowledged yet ---- */

static struct load_pending *pending_at(struct load_agency *a, unsigned i)
{
    return &a->pending[(a->head + i) & (a->room - 1)];
}

static void pending_push(struct load_agency *a, uint64_t number, enum load_expect expect)
{
    if (a->count == a->room) {
        unsigned room = a->room ? 2 * a->room : 64;
        struct load_pending *grown = mj_calloc(room, sizeof *grown);
        for (unsigned i = 0; i < a->count; i++)
            grown[i] = *pending_at(a, i);
        free(a->pending);
        a->pending = grown;
        a->room = room;
        a->head = 0;
    }
    if (a->count == 0)
        a->first = number;
    *pending_at(a, a->count++) = (struct load_pending){ .expect = expect, .sent_ns = mj_mono_ns(&mj_env_real) };
    a->line->outstanding++;
}

static bool as_expected(const struct load_run *run, const struct load_pending *p, enum mj_event_outcome got)
{
    if ((int)got == (int)p->expect)
        return true;
    if (got == MJ_EVENT_DUPLICATE && p->resend)          /* its first answer was lost */
        return true;
    return got == MJ_EVENT_UNMATCHED && p->expect == LOAD_EXPECT_ACCEPTED && !run->o->strict;
}

static void count_outcome(struct load_counts *c, const struct load_pending *p, enum mj_event_outcome got)
{
    switch (got) {
    case MJ_EVENT_ACCEPTED: c->accepted++; break;
    case MJ_EVENT_DUPLICATE: c->duplicates++; break;
    case MJ_EVENT_UNMATCHED: c->unmatched++; break;
    case MJ_EVENT_CONFLICT: c->conflicts++; break;
    case MJ_EVENT_REJECTED: c->rejected++; break;
    }
    c->warned += p->warned;
    c->early += got == MJ_EVENT_UNMATCHED && p->expect == LOAD_EXPECT_ACCEPTED;
}

static void settle(struct load_agency *a, uint64_t through)
{
    struct load_run *run = a->run;
    uint64_t now = mj_mono_ns(&mj_env_real);

    while (a->count && a->first <= through) {
        struct load_pending *p = pending_at(a, 0);
        enum mj_event_outcome got = p->got ? p->got : MJ_EVENT_ACCEPTED;

        count_outcome(&run->counts, p, got);
        load_hist_add(&run->latency, now - p->sent_ns, 1);
        if (!as_expected(run, p, got))
            load_run_unexpected(run, a->siret, a->first, mj_event_outcome_name((enum mj_event_outcome)p->expect),
                                mj_event_outcome_name(got), "");
        run->counts.acknowledged++;
        a->line->outstanding--;
        a->first++;
        a->head = (a->head + 1) & (a->room - 1);
        a->count--;
    }
    load_run_soon(run);
}

/* ---- what the stream says ---- */

static void on_result(void *arg, const struct mj_event_result *r)
{
    struct load_agency *a = arg;

    load_history_result(a->run->history, a->siret, r);
    if (!a->count || r->sequence < a->first || r->sequence >= a->first + a->count)
        return;                          /* of a run before this one */
    struct load_pending *p = pending_at(a, (unsigned)(r->sequence - a->first));
    if (p->got)
        return;                          /* heard once already */
    p->got = r->outcome;
    p->resend = strcmp(r->reason, "RESEND") == 0;
    p->warned = r->outcome == MJ_EVENT_ACCEPTED;
}

static void on_durable(void *arg, uint64_t through)
{
    struct load_agency *a = arg;

    load_history_through(a->run->history, "durable", a->siret, through);
    settle(a, through);
}

/* What an earlier run of this same year told is drawn and passed over. */
static int place(struct load_agency *a, mj_error *err)
{
    uint64_t before, last = mj_stream_last(a->stream);
    struct load_event e;

    if (load_places_find(a->run->places, a->siret, last, &before, err) < 0)
        return -1;
    for (uint64_t n = before; n < last; n++)
        if (!load_agenda_next(a->agenda, &e))
            break;
    a->placed = true;
    return 0;
}

/* What the service has and did not answer is sent again by the stream: its outcome is still to come. */
static void on_ready(void *arg, uint64_t last)
{
    struct load_agency *a = arg;
    mj_error err;

    load_history_through(a->run->history, "resumed", a->siret, last);
    if (!a->placed && place(a, &err) < 0)
        load_run_fail(a->run, &err);
}

static bool for_good(const mj_error *err)
{
    return err->code == MJ_PERMISSION_DENIED || err->code == MJ_UNAUTHENTICATED || err->code == MJ_INVALID_ARGUMENT ||
           err->code == MJ_UNIMPLEMENTED;
}

static void on_trouble(void *arg, const mj_error *err)
{
    struct load_agency *a = arg;
    uint64_t now = mj_loop_now_ms(a->run->loop);

    load_history_trouble(a->run->history, a->siret, err);
    a->run->counts.troubles++;
    if (!for_good(err))
        return;
    if (!a->placed && mj_mono_ns(&mj_env_real) - a->run->began_ns < REOPEN_UNTIL_MS * UINT64_C(1000000)) {
        a->reopen_ms = now + REOPEN_MS;
        return;
    }
    a->failed = true;
    fprintf(stderr, "mj-load: agency %s stopped: %s %s %s\n", a->siret, mj_code_name(err->code), err->reason,
            err->text);
    load_run_soon(a->run);
}

/* ---- telling ---- */

/* For probes. One that is not acknowledged yet keeps its place: only what is acknowledged can be sent again. */
static void remember(struct load_agency *a, uint64_t number, const struct load_event *e)
{
    struct load_recent *r = &a->recent[number % RECENT];

    if (r->number > mj_stream_durable(a->stream))
        return;
    r->number = number;
    r->len = e->len;
    r->expect = e->expect;
    memcpy(r->bytes, e->bytes, e->len);
}

unsigned load_agency_tell(struct load_agency *a, unsigned n)
{
    struct load_run *run = a->run;
    struct load_event e;
    mj_error err;
    unsigned sent = 0;

    if (run->interrupts) {
        a->told_all = true;
        load_probe_drop(a);
    }
    while (sent < n && a->placed && !a->told_all && !a->failed && a->line->outstanding < run->o->window) {
        if (!load_agenda_next(a->agenda, &e)) {
            a->told_all = true;
            break;
        }
        uint64_t number = mj_stream_last(a->stream) + 1;
        load_history_event(run->history, a->siret, number, &e);
        if (mj_stream_send(a->stream, e.bytes, e.len, &number, &err) < 0) {
            load_run_fail(run, &err);
            return sent;
        }
        pending_push(a, number, e.expect);
        remember(a, number, &e);
        run->counts.events++;
        run->counts.starts += e.starts;
        sent++;
        load_probe_draw(a);
    }
    load_probe_send(a);
    return sent;
}

bool load_agency_is_done(const struct load_agency *a)
{
    return a->failed || (a->told_all && a->count == 0 && load_probe_none(a));
}

/* ---- lifetime ---- */

static int make_spool(struct load_agency *a, struct mj_spool **ret, mj_error *err)
{
    char path[512];

    if (!a->run->o->spool)
        return mj_spool_memory(ret, err);
    snprintf(path, sizeof path, "%s/%s.spool", a->run->o->spool, a->siret);
    return mj_spool_disk(ret, path, a->siret, err);
}

static int open_stream(struct load_agency *a, mj_error *err)
{
    struct mj_stream_options o = { .siret = a->siret, .region = a->region, .result = on_result, .durable = on_durable,
                                   .ready = on_ready, .trouble = on_trouble, .arg = a };

    if (make_spool(a, &o.spool, err) < 0)
        return -1;
    if (mj_stream_open(&a->stream, a->line->client, &o, err) < 0) {
        o.spool->close(o.spool);
        return -1;
    }
    return 0;
}

int load_agency_open(struct load_agency *a, struct load_run *run, unsigned number, mj_error *err)
{
    struct load_organisation o;

    load_world_agency(run->world, number, &o);
    a->run = run;
    a->number = number;
    a->line = &run->lines[load_world_ett_of(run->world, number)];
    snprintf(a->siret, sizeof a->siret, "%s", o.id);
    snprintf(a->region, sizeof a->region, "%s", mj_regions[o.region].code);
    a->chance = load_draw_of(run->o->demand.seed, LOAD_OF_STREAM, UINT64_MAX, number);
    a->agenda = load_agenda_create(run->world, &run->o->demand, &run->shares, number);
    return open_stream(a, err);
}

void load_agency_again(struct load_agency *a)
{
    mj_error err;

    if (!a->reopen_ms || mj_loop_now_ms(a->run->loop) < a->reopen_ms)
        return;
    a->reopen_ms = 0;
    mj_stream_close(a->stream);
    a->stream = NULL;
    if (open_stream(a, &err) < 0)
        load_run_fail(a->run, &err);
}

void load_agency_close(struct load_agency *a)
{
    load_probe_drop(a);
    mj_stream_close(a->stream);
    load_agenda_free(a->agenda);
    free(a->pending);
}
