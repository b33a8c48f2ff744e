/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Probes: single events sent beside a stream, on purpose: an acknowledged number again, with its bytes (a resend) or
 * with others (a conflict), or a number that leaves some out (a gap). */
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "missionjeunes/placements/v1/placements.pb-c.h"
#include "run_state.h"

#define PROBES_MAX 64                    /* of an agency at a time */
#define GAP 1000

typedef Missionjeunes__Placements__V1__IngestRequest ingest_request;
typedef Missionjeunes__Placements__V1__IngestResponse ingest_response;

static const char *const names[] = { "resend", "conflict", "gap" };

struct load_probe {
    struct load_agency *agency;
    enum load_probe_kind kind;
    uint64_t id, number;
    enum load_expect expect;             /* 0: refused */
    size_t len;
    struct load_probe *next;
    uint8_t bytes[LOAD_EVENT_ROOM];
};

/* ---- making ---- */

/* Other bytes that are an event too: the reference's first letter is another. */
static void alter(struct load_probe *p)
{
    p->bytes[2] ^= 1;
}

/* An event that is acknowledged; NULL: there is none. */
static const struct load_recent *choose(struct load_agency *a)
{
    unsigned from = load_draw_below(&a->chance, RECENT);

    for (unsigned i = 0; i < RECENT; i++) {
        const struct load_recent *r = &a->recent[(from + i) % RECENT];
        if (r->number && r->number <= mj_stream_durable(a->stream))
            return r;
    }
    return NULL;
}

static void make(struct load_agency *a, enum load_probe_kind kind, const struct load_recent *r)
{
    struct load_probe *p = mj_calloc(1, sizeof *p);

    *p = (struct load_probe){ .agency = a, .kind = kind, .number = r->number, .len = r->len, .next = a->waiting };
    memcpy(p->bytes, r->bytes, r->len);
    if (kind == LOAD_RESEND)
        p->expect = r->expect == LOAD_EXPECT_REJECTED ? LOAD_EXPECT_REJECTED : LOAD_EXPECT_DUPLICATE;
    if (kind == LOAD_CONFLICT) {
        p->expect = LOAD_EXPECT_CONFLICT;
        alter(p);
    }
    a->waiting = p;
    a->probes++;
}

void load_probe_draw(struct load_agency *a)
{
    const struct load_rates *r = &a->run->o->demand.rates;

    a->owed[LOAD_RESEND] += load_draw_chance(&a->chance, r->resends);
    a->owed[LOAD_CONFLICT] += load_draw_chance(&a->chance, r->conflicts);
    a->owed[LOAD_GAP] += load_draw_chance(&a->chance, r->gaps);
}

static void make_owed(struct load_agency *a)
{
    for (int kind = 0; kind < LOAD_PROBE_KINDS; kind++)
        while (a->owed[kind] && a->probes < PROBES_MAX) {
            const struct load_recent *r = choose(a);
            if (!r)
                return;
            make(a, (enum load_probe_kind)kind, r);
            a->owed[kind]--;
        }
}

/* ---- its end ---- */

static void count(struct load_run *run, const struct load_probe *p)
{
    uint64_t *of[] = { &run->counts.resends, &run->counts.conflict_probes, &run->counts.gaps };

    ++*of[p->kind];
}

static void answered(struct load_probe *p, const ingest_response *a)
{
    struct load_run *run = p->agency->run;
    enum mj_event_outcome got = MJ_EVENT_ACCEPTED;
    const char *reason = "";

    if (a->n_exceptions) {
        got = (enum mj_event_outcome)a->exceptions[0]->outcome;
        reason = a->exceptions[0]->reason;
    }
    load_history_probed(run->history, p->agency->siret, p->id, "ok", mj_event_outcome_name(got), reason);
    count(run, p);
    if ((int)got != (int)p->expect)
        load_run_unexpected(run, p->agency->siret, p->number,
                            p->expect ? mj_event_outcome_name((enum mj_event_outcome)p->expect) : "refused",
                            mj_event_outcome_name(got), reason);
}

static void refused(struct load_probe *p, const mj_error *err)
{
    struct load_run *run = p->agency->run;

    load_history_probed(run->history, p->agency->siret, p->id, "refused", NULL, err->reason);
    if (p->kind == LOAD_GAP && strcmp(err->reason, "GAP") == 0)
        count(run, p);
    else if (err->code == MJ_RESOURCE_EXHAUSTED || err->code == MJ_UNAVAILABLE || err->code == MJ_FAILED_PRECONDITION)
        run->counts.put_off++;           /* the service is full, or moved */
    else
        load_run_unexpected(run, p->agency->siret, p->number, names[p->kind], mj_code_name(err->code), err->reason);
}

static void on_reply(void *arg, const struct mj_reply *r)
{
    struct load_probe *p = arg;
    struct load_agency *a = p->agency;

    mj_client_give_credit(a->line->client, 1, (uint32_t)p->len);
    if (r->outcome == MJ_CALL_OK) {
        answered(p, r->body);
    } else if (r->outcome == MJ_CALL_REFUSED) {
        refused(p, r->err);
    } else {
        load_history_probed(a->run->history, a->siret, p->id, "unknown", NULL, r->err->reason);
        a->run->counts.unknown++;
    }
    a->probes--;
    free(p);
    load_run_soon(a->run);
}

/* ---- sending ---- */

/* False: not now. */
static bool send_one(struct load_agency *a, struct load_probe *p)
{
    ingest_request rq = MISSIONJEUNES__PLACEMENTS__V1__INGEST_REQUEST__INIT;
    ProtobufCBinaryData event = { p->len, p->bytes };
    struct mj_call call = { .method = "placements.v1.Ingest", .region = a->region, .body = &rq.base,
                            .answer = &missionjeunes__placements__v1__ingest_response__descriptor,
                            .timeout_ms = 10000 };
    mj_error err;

    if (!mj_client_take_credit(a->line->client, 1, (uint32_t)p->len))
        return false;
    p->id = ++a->run->probe_id;
    rq.stream = a->siret;
    rq.first_sequence = p->kind == LOAD_GAP ? mj_stream_last(a->stream) + GAP : p->number;
    rq.events = &event;
    rq.n_events = 1;
    load_history_probe(a->run->history, a->siret, p->id, names[p->kind], rq.first_sequence, p->bytes, p->len,
                       p->expect);
    if (load_history_flush(a->run->history, &err) < 0)
        load_run_fail(a->run, &err);
    else if (mj_client_call(a->line->client, NULL, &call, on_reply, p, &err) == 0)
        return true;
    load_history_probed(a->run->history, a->siret, p->id, "refused", NULL, err.reason);
    mj_client_give_credit(a->line->client, 1, (uint32_t)p->len);
    return false;
}

void load_probe_send(struct load_agency *a)
{
    struct load_probe *p;

    if (a->stream)
        make_owed(a);
    while ((p = a->waiting) && a->stream && mj_stream_is_ready(a->stream)) {
        a->waiting = p->next;
        if (send_one(a, p))
            continue;
        p->next = a->waiting;
        a->waiting = p;
        return;
    }
}

bool load_probe_none(const struct load_agency *a)
{
    return a->probes == 0 && a->owed[LOAD_RESEND] == 0 && a->owed[LOAD_CONFLICT] == 0 && a->owed[LOAD_GAP] == 0;
}

void load_probe_drop(struct load_agency *a)
{
    struct load_probe *p;

    memset(a->owed, 0, sizeof a->owed);
    while ((p = a->waiting)) {
        a->waiting = p->next;
        a->probes--;
        free(p);
    }
}
