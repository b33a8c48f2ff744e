/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Sending: from the spool in batches, as many outstanding as credit allows; and what the answers say. */
#include <string.h>

#include "client/client_private.h"
#include "common/base/codes.h"

#define BATCH_EVENTS 1000u               /* limits of the protocol */
#define BATCH_BYTES (512u * 1024u)
#define EVENT_BYTES (16u * 1024u)
#define UNACKNOWLEDGED_MAX 1000000u      /* events in the spool beyond what is acknowledged */
#define INGEST_TIMEOUT_MS 10000

typedef Missionjeunes__Placements__V1__IngestRequest ingest_request;
typedef Missionjeunes__Placements__V1__IngestResponse ingest_response;

void stream_untake(struct mj_stream *s)
{
    s->spool->last = s->synced;
}

int mj_stream_send(struct mj_stream *s, const uint8_t *event, size_t len, uint64_t *sequence, mj_error *err)
{
    if (len == 0 || len > EVENT_BYTES)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "EVENT_SIZE", NULL, "expected 1 to %u bytes of event, got %zu",
                       EVENT_BYTES, len);
    if (!s->resumed_once && s->spool->last == 0)
        return mj_fail(err, MJ_UNAVAILABLE, "NOT_RESUMED", NULL,
                       "the service has not said yet where stream %s stands; turn the loop until it is ready",
                       s->siret);
    if (s->spool->last - s->spool->durable >= UNACKNOWLEDGED_MAX)
        return mj_fail(err, MJ_RESOURCE_EXHAUSTED, "SPOOL_FULL", NULL,
                       "%u events are waiting to be acknowledged, the limit; wait for the service", UNACKNOWLEDGED_MAX);
    if (s->spool->add(s->spool, s->spool->last + 1, event, len, err) < 0) {
        stream_untake(s);
        return -1;
    }
    *sequence = ++s->spool->last;
    mj_defer_schedule(s->turn);
    return 0;
}

/* ---- answers ---- */

void stream_take_credit(struct mj_client *c, const Missionjeunes__Placements__V1__Credit *credit)
{
    if (!credit)
        return;
    c->credit.events = credit->events;
    c->credit.bytes = credit->bytes;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void count_result(struct mj_stream *s, const struct mj_event_result *r)
{
    switch (r->outcome) {
    case MJ_EVENT_ACCEPTED: s->stats.warned++; break;
    case MJ_EVENT_DUPLICATE: s->stats.duplicates++; break;
    case MJ_EVENT_UNMATCHED: s->stats.unmatched++; break;
    case MJ_EVENT_CONFLICT: s->stats.conflicts++; break;
    case MJ_EVENT_REJECTED: s->stats.rejected++; break;
    }
}

static void tell_results(struct mj_stream *s, const struct stream_call *c, const ingest_response *a)
{
    uint64_t now_accepted = c->events;

    for (size_t i = 0; i < a->n_exceptions; i++) {
        const Missionjeunes__Placements__V1__Exception *x = a->exceptions[i];
        struct mj_event_result r = { x->sequence, (enum mj_event_outcome)x->outcome, x->reason, x->field, x->message,
                                     x->same_as };

        count_result(s, &r);
        if (r.outcome != MJ_EVENT_ACCEPTED && now_accepted)
            now_accepted--;
        if (s->o.result)
            s->o.result(s->o.arg, &r);
    }
    s->stats.accepted += now_accepted;
}

static void pass_lost(struct mj_stream *s)
{
    if (s->spool->durable + 1 >= s->lost_from && s->spool->durable < s->lost_through)
        s->spool->durable = s->lost_through;
}

/* Durable here means answered too: the service may have more, and what became of that is still to be heard. */
static bool advance(struct mj_stream *s, const struct stream_call *c, uint64_t durable_through)
{
    uint64_t through = least(durable_through, c->first + c->events - 1);

    pass_lost(s);
    if (c->first > s->spool->durable + 1 || through <= s->spool->durable)
        return false;                            /* an answer before this one was lost, or all of it is known */
    s->spool->durable = through;
    pass_lost(s);
    return true;
}

static int take_answer(struct mj_stream *s, const struct stream_call *c, const ingest_response *a, mj_error *err)
{
    int rc = 0;

    tell_results(s, c, a);
    s->failures = 0;
    if (a->durable_through > s->taken)
        s->taken = a->durable_through;
    if (!advance(s, c, a->durable_through))
        return 0;
    if (s->spool->acknowledged(s->spool, s->spool->durable, mj_wall_ms(s->client->env), err) < 0) {
        stream_untake(s);                        /* what was taken in this turn shared its transaction */
        rc = -1;
    }
    if (s->o.durable)
        s->o.durable(s->o.arg, s->spool->durable);
    return rc;
}

static void on_ingested(void *arg, const struct mj_reply *r)
{
    struct stream_call *c = arg;
    struct mj_stream *s = c->stream;
    bool current = s && c->run == s->run;
    mj_error err;
    int rc = 0;

    if (s && r->outcome == MJ_CALL_OK) {
        stream_take_credit(s->client, ((const ingest_response *)r->body)->credit);
        rc = take_answer(s, c, r->body, &err);
        mj_defer_schedule(s->turn);
    }
    if (s && r->outcome == MJ_CALL_UNKNOWN)
        s->stats.unknown++;
    stream_call_free(c);
    if (current && r->outcome != MJ_CALL_OK)
        stream_trouble(s, r->err);
    else if (rc < 0)
        stream_trouble(s, &err);
}

/* ---- batches ---- */

struct batch {
    ProtobufCBinaryData events[BATCH_EVENTS];
    size_t count, bytes, max_events, max_bytes;
    uint64_t first, found;               /* number of the first event; the one that the spool holds first, 0: none */
    struct mj_arena *arena;
};

static int put_in_batch(void *arg, uint64_t sequence, const uint8_t *event, size_t len)
{
    struct batch *b = arg;

    if (b->found == 0)
        b->found = sequence;
    if (sequence != b->first + b->count || b->count == b->max_events || b->bytes + len > b->max_bytes)
        return 1;
    b->events[b->count++] = (ProtobufCBinaryData){ len, mj_arena_copy(b->arena, event, len) };
    b->bytes += len;
    return 0;
}

static void wait_for_credit(struct mj_stream *s)
{
    if (s->is_hungry)
        return;
    s->is_hungry = true;
    s->next_hungry = s->client->hungry;
    s->client->hungry = s;
}

void stream_feed(struct mj_client *c)
{
    struct mj_stream *s;

    while ((s = c->hungry)) {
        c->hungry = s->next_hungry;
        s->is_hungry = false;
        mj_defer_schedule(s->turn);
    }
}

bool mj_client_take_credit(struct mj_client *c, uint32_t events, uint32_t bytes)
{
    struct client_credit *k = &c->credit;

    /* With nothing outstanding no answer would ever bring credit: then it is taken, and the service says. */
    if (k->out_events > 0 && (k->events < k->out_events + events || k->bytes < k->out_bytes + bytes))
        return false;
    k->out_events += events;
    k->out_bytes += bytes;
    return true;
}

void mj_client_give_credit(struct mj_client *c, uint32_t events, uint32_t bytes)
{
    c->credit.out_events -= events;
    c->credit.out_bytes -= bytes;
    stream_feed(c);
}

/* No credit and nothing outstanding: no answer will bring any, so the resume question asks for it. */
static int no_credit_at_all(const struct mj_client *c, mj_error *err)
{
    if (c->credit.out_events)
        return 0;
    return mj_fail(err, MJ_RESOURCE_EXHAUSTED, "NO_CREDIT", NULL,
                   "the service takes nothing for now; it is asked again");
}

/* What credit leaves for one batch. */
static void size_batch(const struct mj_client *c, struct batch *b)
{
    const struct client_credit *k = &c->credit;

    b->max_events = k->events > k->out_events ? least(k->events - k->out_events, BATCH_EVENTS) : 0;
    b->max_bytes = k->bytes > k->out_bytes ? least(k->bytes - k->out_bytes, BATCH_BYTES) : 0;
}

static int send_batch(struct mj_stream *s, const struct batch *b, mj_error *err)
{
    ingest_request rq = MISSIONJEUNES__PLACEMENTS__V1__INGEST_REQUEST__INIT;
    struct mj_call call = { .method = "placements.v1.Ingest", .region = s->spool->region, .body = &rq.base,
                            .answer = &missionjeunes__placements__v1__ingest_response__descriptor,
                            .timeout_ms = INGEST_TIMEOUT_MS };
    struct stream_call *c = stream_call_make(s);

    rq.stream = s->siret;
    rq.first_sequence = c->first = s->next;
    rq.events = (ProtobufCBinaryData *)b->events;
    rq.n_events = b->count;
    c->events = (uint32_t)b->count;
    c->bytes = b->bytes;
    s->client->credit.out_events += c->events;
    s->client->credit.out_bytes += c->bytes;
    if (mj_client_call(s->client, NULL, &call, on_ingested, c, err) < 0) {
        stream_call_free(c);
        return -1;
    }
    if (s->next <= s->sent_through)
        s->stats.resent += least(b->count, s->sent_through - s->next + 1);
    s->next += b->count;
    if (s->next - 1 > s->sent_through)
        s->sent_through = s->next - 1;
    s->stats.sent += b->count;
    s->stats.batches++;
    return 0;
}

/* Numbers that the spool does not hold are passed over where the service has them, from a spool that was lost. */
static int pass_hole(struct mj_stream *s, uint64_t through, mj_error *err)
{
    if (through > s->taken)
        return mj_fail(err, MJ_DATA_LOSS, "SPOOL_HOLE", NULL,
                       "event %llu of stream %s is neither in the spool nor at the"
                       " service; restore the spool, or begin one anew",
                       (unsigned long long)s->next, s->siret);
    if (s->next != s->lost_through + 1)
        s->lost_from = s->next;
    s->lost_through = through;
    s->next = through + 1;
    pass_lost(s);
    return 0;
}

/* One batch from the spool; false where there is nothing to send, or no credit. */
static bool send_some(struct mj_stream *s, struct batch *b, mj_error *err)
{
    uint64_t through;

    b->count = b->bytes = 0;
    b->first = s->next;
    b->found = 0;
    mj_arena_reset(b->arena, 0);
    size_batch(s->client, b);
    if (s->next > s->synced)
        return false;
    if (b->max_events == 0 || b->max_bytes < EVENT_BYTES) {
        if (no_credit_at_all(s->client, err) < 0)
            stream_trouble(s, err);
        else
            wait_for_credit(s);
        return false;
    }
    through = least(s->synced, s->next + b->max_events - 1);
    if (s->spool->read(s->spool, s->next, through, put_in_batch, b, err) < 0 ||
        (b->count == 0 ? pass_hole(s, b->found ? b->found - 1 : through, err) : send_batch(s, b, err)) < 0) {
        stream_trouble(s, err);
        return false;
    }
    return true;
}

/* End of a turn: what was taken is made durable here, then sent as far as credit goes. */
void stream_pump(struct mj_stream *s)
{
    struct batch b;
    mj_error err = { 0 };

    if (s->spool->sync(s->spool, &err) < 0) {
        stream_untake(s);
        stream_trouble(s, &err);
        return;
    }
    s->synced = s->spool->last;
    if (s->state != STREAM_RUNNING)
        return;
    b.arena = mj_arena_create(0);
    while (send_some(s, &b, &err))
        continue;
    mj_arena_destroy(b.arena);
}
