/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* The methods of placements.v1. A sender's own streams only: what is missing and what is forbidden are answered
 * alike. */
#include <stdio.h>
#include <string.h>

#include "common/seams/failpoint.h"
#include "placements/ingest_message.h"
#include "placements/queries.h"

#define NOT_DECLARED_RETRY_MS 500
#define BEHIND_RETRY_MS 1000

/* ---- whose stream ---- */

static bool may_be_own(const struct mj_principal *who, const char *siret)
{
    size_t len = strlen(who->organisation);
    return (len == MJ_SIRET_LEN || len == MJ_SIREN_LEN) && strncmp(who->organisation, siret, len) == 0;
}

static int part_of_agency(struct pl_app *app, const struct mj_organisation *agency, struct pl_part **ret, mj_error *err)
{
    struct mj_partition *p;
    if (mj_daemon_partition_for(app->daemon, agency->region, &p, err) < 0)
        return -1;
    *ret = pl_part_of(app, p);
    return 0;
}

/* A stream that the caller may write to. */
static int own_stream(struct pl_app *app, const struct mj_request *rq, const char *siret, struct pl_part **ret,
                      mj_error *err)
{
    const struct mj_principal *who = mj_request_who(rq);
    if (mj_siret_check(siret, "stream", err) < 0)
        return -1;
    const struct mj_organisation *agency = mj_who_own_stream(mj_daemon_who(app->daemon), who, siret);
    if (agency != NULL)
        return part_of_agency(app, agency, ret, err);
    if (!may_be_own(who, siret))
        return mj_fail(err, MJ_PERMISSION_DENIED, "STREAM", "stream",
                       "expected a stream of your own agencies, got another; check the SIRET and the key you use");
    (void)mj_fail(err, MJ_UNAVAILABLE, "AGENCY_NOT_DECLARED", "stream",
                  "expected an agency that registry knows, got one not declared or not yet followed; declare it, try"
                  " again");
    err->retry_after_ms = NOT_DECLARED_RETRY_MS;
    return -1;
}

/* A stream that the caller may look at. */
static int seen_stream(struct pl_app *app, const struct mj_request *rq, const char *siret, struct pl_part **ret,
                       mj_error *err)
{
    const struct mj_who *known = mj_daemon_who(app->daemon);
    const struct mj_principal *who = mj_request_who(rq);
    if (mj_siret_check(siret, "stream", err) < 0)
        return -1;
    bool demo = who->role == MJ_ROLE_DEMO;
    const struct mj_organisation *agency = demo ? mj_who_organisation(known, siret)
                                                : mj_who_own_stream(known, who, siret);
    if (agency == NULL || (demo && mj_region_find(agency->region) == NULL))
        return mj_fail(err, MJ_NOT_FOUND, "STREAM", "stream",
                       "expected a stream that you may see, got none; check the SIRET");
    return part_of_agency(app, agency, ret, err);
}

/* ---- Ingest and Resume ---- */

struct call { struct pl_part *part; struct mj_request *rq; uint32_t events, bytes; };

static bool may_take(const struct pl_part *part)
{
    return mj_partition_accepting(part->partition) && !mj_rows_full(mj_partition_rows(part->partition));
}

static void fill_credit(const struct call *c, Credit *credit)
{
    pl_credit_window(c->part->app->credit, mj_request_outstanding(c->rq), may_take(c->part), &credit->events,
                     &credit->bytes);
}

static void on_ingested(void *arg, const struct pl_taken *t)
{
    struct call *c = arg;
    Credit credit;
    pl_credit_give(c->part->app->credit, mj_request_outstanding(c->rq), c->events, c->bytes);
    if (t->err != NULL) {
        mj_reply_error(c->rq, t->err);
        return;
    }
    if (MJ_FAILPOINT("ev.before_reply")) {
        mj_error lost;
        (void)mj_fail(&lost, MJ_UNKNOWN, "REPLY_LOST", NULL, "the answer was lost on purpose; send the batch again");
        mj_reply_error(c->rq, &lost);
        return;
    }
    fill_credit(c, &credit);
    pl_ingest_answer(mj_reply_begin(c->rq), t, credit.events, credit.bytes);
    mj_reply_end(c->rq);
}

static struct call *call_of(struct pl_part *part, struct mj_request *rq)
{
    struct call *c = mj_arena_alloc(mj_request_arena(rq), sizeof *c);
    if (c != NULL)
        *c = (struct call){ part, rq, 0, 0 };
    return c;
}

static int no_memory(mj_error *err)
{
    return mj_fail(err, MJ_RESOURCE_EXHAUSTED, "REQUEST_SIZE", NULL,
                   "this request unpacks to more than its limit; send a smaller one");
}

static const IngestRequest *ingest_request(struct mj_request *rq, mj_error *err)
{
    const struct mj_frame *f = mj_request_bytes(rq);
    const IngestRequest *in = pl_ingest_read(f->data, f->len, mj_request_arena(rq));
    return in != NULL ? in : mj_request_unpack(rq, &missionjeunes__placements__v1__ingest_request__descriptor, err);
}

static int ingest(void *arg, struct mj_request *rq, mj_error *err)
{
    struct pl_app *app = arg;
    const IngestRequest *in = ingest_request(rq, err);
    struct pl_part *part;
    size_t bytes = 0;
    if (in == NULL || own_stream(app, rq, in->stream, &part, err) < 0)
        return -1;
    for (size_t i = 0; i < in->n_events; i++)
        bytes += in->events[i].len;
    if (pl_batch_check(in->first_sequence, in->n_events, bytes, err) < 0)
        return -1;
    struct call *c = call_of(part, rq);
    if (c == NULL)
        return no_memory(err);
    c->events = (uint32_t)in->n_events;
    c->bytes = (uint32_t)bytes;
    if (pl_credit_take(app->credit, mj_request_outstanding(rq), may_take(part), c->events, c->bytes, err) < 0)
        return -1;
    struct pl_batch batch = { in->stream, mj_request_who(rq)->id, in->first_sequence, in->events, in->n_events,
                              mj_wall_ms(app->env), mj_request_deadline_ms(rq) };
    pl_intake(part, &batch, on_ingested, c);
    return 0;
}

static void on_resumed(void *arg, const struct pl_taken *t)
{
    struct call *c = arg;
    Credit credit = MISSIONJEUNES__PLACEMENTS__V1__CREDIT__INIT;
    ResumeResponse out = MISSIONJEUNES__PLACEMENTS__V1__RESUME_RESPONSE__INIT;
    if (t->err != NULL) {
        mj_reply_error(c->rq, t->err);
        return;
    }
    fill_credit(c, &credit);
    out.last_sequence = t->through;
    out.credit = &credit;
    mj_reply(c->rq, &out.base);
}

static int resume(void *arg, struct mj_request *rq, mj_error *err)
{
    const ResumeRequest *in = mj_request_body(rq);
    struct pl_part *part;
    if (own_stream(arg, rq, in->stream, &part, err) < 0)
        return -1;
    struct call *c = call_of(part, rq);
    if (c == NULL)
        return no_memory(err);
    pl_resume(part, in->stream, mj_request_who(rq)->id, on_resumed, c);
    return 0;
}

/* ---- queries: tables are brought up to what is on disk, then read on the read thread ---- */

struct question {
    struct mj_row_query query;           /* first: the callbacks cast back */
    struct pl_part *part;
    struct mj_request *rq;
    struct mj_arena *arena;              /* the answer's, filled by the read thread */
    int (*ask)(const struct question *q, const struct mj_readers *r, mj_error *err);
    union {
        GetEventResponse event;
        ListExceptionsResponse exceptions;
        ListPlacementsResponse placements;
    } out;
    struct pl_exceptions_query filter;
    uint64_t after;
    bool late;                           /* the tables did not reach what was on disk when it was asked */
};

/* All that a page shows is one state of the tables. */
static int ask_tables(struct mj_row_query *query, const struct mj_readers *r, mj_error *err)
{
    struct question *q = (struct question *)query;
    uint64_t generation;
    if (mj_tables_begin(r->tables, &generation, err) < 0)
        return -1;
    int rc = q->ask(q, r, err);
    mj_tables_end(r->tables);
    return rc;
}

/* An event that is acknowledged and not yet in the tables must not be told as one that never came. */
static void reply_behind(const struct question *q)
{
    mj_error err;
    (void)mj_fail(&err, MJ_UNAVAILABLE, "BEHIND", NULL,
                  "the tables have not reached what is on disk; whether the number was taken is not known here yet; "
                  "ask again");
    err.retry_after_ms = BEHIND_RETRY_MS;
    mj_reply_error(q->rq, &err);
}

static void on_asked(struct mj_row_query *query, const mj_error *err)
{
    struct question *q = (struct question *)query;
    struct mj_arena *arena = q->arena;
    if (err != NULL && q->late && strcmp(err->reason, "EVENT") == 0)
        reply_behind(q);
    else if (err != NULL)
        mj_reply_error(q->rq, err);
    else
        mj_reply(q->rq, &q->out.event.base);     /* a union: all answers start alike */
    mj_arena_destroy(arena);             /* holds q */
}

static void on_tables(void *arg, bool late)
{
    struct question *q = arg;
    q->late = late;                      /* a page says at which position it was read; absence must be certain */
    if (mj_request_expired(q->rq)) {
        mj_reply_late(q->rq);
        mj_arena_destroy(q->arena);      /* holds q */
        return;
    }
    mj_rows_query(mj_partition_rows(q->part->partition), &q->query);
}

static struct question *question(struct pl_part *part, struct mj_request *rq)
{
    struct mj_arena *arena = mj_arena_create(0);
    struct question *q = arena != NULL ? mj_arena_alloc(arena, sizeof *q) : NULL;
    if (q == NULL) {
        mj_arena_destroy(arena);
        return NULL;
    }
    memset(q, 0, sizeof *q);
    q->query.run = ask_tables;
    q->query.done = on_asked;
    q->part = part;
    q->rq = rq;
    q->arena = arena;
    return q;
}

static int ask(struct question *q, int (*fn)(const struct question *q, const struct mj_readers *r, mj_error *err))
{
    q->ask = fn;
    mj_partition_at_least(q->part->partition, mj_partition_durable(q->part->partition), on_tables, q);
    return 0;
}

static int ask_event(const struct question *q, const struct mj_readers *r, mj_error *err)
{
    const GetEventRequest *in = mj_request_body(q->rq);
    return pl_query_event(r, in->stream, in->sequence, q->arena, (GetEventResponse *)(uintptr_t)&q->out.event, err);
}

static int get_event(void *arg, struct mj_request *rq, mj_error *err)
{
    const GetEventRequest *in = mj_request_body(rq);
    struct pl_part *part;
    struct question *q;
    if (seen_stream(arg, rq, in->stream, &part, err) < 0)
        return -1;
    if ((q = question(part, rq)) == NULL)
        return no_memory(err);
    missionjeunes__placements__v1__get_event_response__init(&q->out.event);
    return ask(q, ask_event);
}

static int ask_exceptions(const struct question *q, const struct mj_readers *r, mj_error *err)
{
    return pl_query_exceptions(r, &q->filter, q->arena, (ListExceptionsResponse *)(uintptr_t)&q->out.exceptions, err);
}

static int exceptions_filter(const ListExceptionsRequest *in, struct pl_exceptions_query *f, mj_error *err)
{
    *f = (struct pl_exceptions_query){ .siret = in->stream, .late = in->late };
    for (size_t i = 0; i < in->n_outcomes; i++) {
        int outcome = (int)in->outcomes[i];
        if (outcome != PL_REJECTED && outcome != PL_DUPLICATE && outcome != PL_UNMATCHED)
            return mj_fail(err, MJ_INVALID_ARGUMENT, "UNKNOWN_ENUM", "outcomes",
                           "expected REJECTED, DUPLICATE or UNMATCHED, got %d", outcome);
        f->outcomes |= 1u << outcome;
    }
    f->size = in->page != NULL ? in->page->size : 0;
    return in->page != NULL ? pl_token_number(&in->page->token, &f->after, err) : 0;
}

static int list_exceptions(void *arg, struct mj_request *rq, mj_error *err)
{
    const ListExceptionsRequest *in = mj_request_body(rq);
    struct pl_exceptions_query filter;
    struct pl_part *part;
    struct question *q;
    if (seen_stream(arg, rq, in->stream, &part, err) < 0 || exceptions_filter(in, &filter, err) < 0)
        return -1;
    if ((q = question(part, rq)) == NULL)
        return no_memory(err);
    q->filter = filter;
    missionjeunes__placements__v1__list_exceptions_response__init(&q->out.exceptions);
    return ask(q, ask_exceptions);
}

static int ask_placements(const struct question *q, const struct mj_readers *r, mj_error *err)
{
    const ListPlacementsRequest *in = mj_request_body(q->rq);
    return pl_query_placements(r, in->stream, q->after, in->page != NULL ? in->page->size : 0, q->arena,
                               (ListPlacementsResponse *)(uintptr_t)&q->out.placements, err);
}

static int list_placements(void *arg, struct mj_request *rq, mj_error *err)
{
    const ListPlacementsRequest *in = mj_request_body(rq);
    uint64_t after = 0;
    struct pl_part *part;
    struct question *q;
    if (seen_stream(arg, rq, in->stream, &part, err) < 0 ||
        (in->page != NULL && pl_token_number(&in->page->token, &after, err) < 0))
        return -1;
    if ((q = question(part, rq)) == NULL)
        return no_memory(err);
    q->after = after;
    missionjeunes__placements__v1__list_placements_response__init(&q->out.placements);
    return ask(q, ask_placements);
}

#define AGENCY MJ_ROLE_BIT(MJ_ROLE_AGENCY)
#define LOOKERS (MJ_ROLE_BIT(MJ_ROLE_AGENCY) | MJ_ROLE_BIT(MJ_ROLE_DEMO))
#define TYPES(name) &missionjeunes__placements__v1__##name##_request__descriptor, \
                    &missionjeunes__placements__v1__##name##_response__descriptor

#define INGEST_ANSWER &missionjeunes__placements__v1__ingest_response__descriptor

/* Numbered streams need no idempotency key: their numbers are one. */
const struct mj_method pl_methods[] = {
    /* method                         request, answer          who      key    handler */
    { "placements.v1.Ingest",         NULL, INGEST_ANSWER,     AGENCY,  false, ingest },
    { "placements.v1.Resume",         TYPES(resume),           AGENCY,  false, resume },
    { "placements.v1.GetEvent",       TYPES(get_event),        LOOKERS, false, get_event },
    { "placements.v1.ListExceptions", TYPES(list_exceptions),  LOOKERS, false, list_exceptions },
    { "placements.v1.ListPlacements", TYPES(list_placements),  LOOKERS, false, list_placements },
    MJ_METHODS_END
};
