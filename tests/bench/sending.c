/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "sending.h"

#include <stdlib.h>
#include <string.h>

#include "placements/messages.h"

#define TIMEOUT_MS 30000
#define SILENCE_NS UINT64_C(30000000000)         /* without any answer: something is wrong */
#define NAP_NS UINT64_C(50000000)                /* what only looks whether time has gone */
#define PAUSE_NS UINT64_C(20000000)              /* before asking for credit again */
#define NONE SIZE_MAX

struct way {                                     /* one connection under way */
    size_t next, refused_at;                     /* message to send; first that was refused, or NONE */
    uint32_t events, bytes;                      /* outstanding */
    uint32_t may_events, may_bytes;              /* credit */
    uint64_t not_before_ns;
};

struct state {
    struct bench_sending *s;
    struct way ways[BENCH_LINKS_MAX];
    struct mj_arena *arena;
    size_t left;                                 /* messages without an answer */
    uint64_t now_ns, heard_ns;
};

static uint32_t events_of(const struct bench_message *m)
{
    return (uint32_t)m->resent + m->fresh;
}

/* ---- answers ---- */

static int unexpected(const struct state *t, const struct bench_message *m, const EventException *x, mj_error *err)
{
    return mj_fail(err, MJ_INTERNAL, "EXCEPTION", NULL, "stream %s, number %llu of %llu to %llu: outcome %d %s %s %s",
                   t->s->cast->streams[m->stream].siret, (unsigned long long)x->sequence,
                   (unsigned long long)m->first, (unsigned long long)(m->first + events_of(m) - 1), (int)x->outcome,
                   x->reason, x->field, x->message);
}

static int check_answer(struct state *t, const struct bench_message *m, const IngestResponse *a, mj_error *err)
{
    unsigned resent = 0;

    for (size_t i = 0; i < a->n_exceptions; i++) {
        const EventException *x = a->exceptions[i];
        if (x->outcome == MISSIONJEUNES__PLACEMENTS__V1__OUTCOME__OUTCOME_ACCEPTED)
            t->s->warned++;
        else if (x->outcome == MISSIONJEUNES__PLACEMENTS__V1__OUTCOME__OUTCOME_DUPLICATE &&
                 strcmp(x->reason, "RESEND") == 0 && x->sequence < m->first + m->resent)
            resent++;
        else
            return unexpected(t, m, x, err);
    }
    if (a->durable_through < m->first + events_of(m) - 1 || resent != m->resent || a->credit == NULL)
        return mj_fail(err, MJ_INTERNAL, "ANSWER", NULL, "stream %s: durable through %llu with %u resends and %s "
                       "credit, expected %llu with %u", t->s->cast->streams[m->stream].siret,
                       (unsigned long long)a->durable_through, resent, a->credit ? "a" : "no",
                       (unsigned long long)(m->first + events_of(m) - 1), m->resent);
    t->s->duplicates += resent;
    return 0;
}

static void note(struct state *t, struct way *w, struct bench_message *m, const IngestResponse *a)
{
    struct bench_sending *s = t->s;

    w->may_events = a->credit->events;
    w->may_bytes = a->credit->bytes;
    if (m->fresh > 0)
        load_hist_add(&s->latency, t->now_ns - m->due_ns, m->fresh);
    if (a->position > s->position)
        s->position = a->position;
    if (s->keep_acks && m->fresh > 0)
        s->acks[s->ack_count++] = (struct bench_ack){ t->now_ns, a->position, m->fresh };
    m->acknowledged = true;
    t->left--;
}

/* What passes by waiting: no credit left, and the gaps that this tears for the messages behind. */
static int refused(struct state *t, struct way *w, size_t i, const struct bench_answer *a, mj_error *err)
{
    mj_error why;

    mj_arena_reset(t->arena, 0);
    mj_error_decode(&why, &a->body, t->arena);
    if (why.code != MJ_RESOURCE_EXHAUSTED && why.code != MJ_UNAVAILABLE && strcmp(why.reason, "GAP") != 0) {
        *err = why;
        return -1;
    }
    if (w->refused_at == NONE || i < w->refused_at)
        w->refused_at = i;
    w->not_before_ns = t->now_ns + PAUSE_NS;
    t->s->refused++;
    return 0;
}

static int on_answer(void *arg, const struct bench_answer *a, mj_error *err)
{
    struct state *t = arg;
    struct way *w = &t->ways[a->link];
    size_t i = (size_t)a->correlation - 1;

    if (i >= t->s->shards[a->link].count)
        return mj_fail(err, MJ_INTERNAL, "ANSWER", NULL, "an answer to nothing that was asked");
    struct bench_message *m = &t->s->shards[a->link].messages[i];
    t->now_ns = t->heard_ns = bench_now_ns();
    w->events -= events_of(m);
    w->bytes -= m->payload;
    if (a->code != MJ_OK)
        return refused(t, w, i, a, err);
    mj_arena_reset(t->arena, 0);
    IngestResponse *r = missionjeunes__placements__v1__ingest_response__unpack(mj_arena_protobuf(t->arena),
                                                                               a->body.len, a->body.data);
    if (r == NULL)
        return mj_fail(err, MJ_INTERNAL, "ANSWER", NULL, "an answer that does not unpack");
    if (check_answer(t, m, r, err) < 0)
        return -1;
    note(t, w, m, r);
    return 0;
}

/* ---- questions ---- */

/* When message i of a connection is due; messages of all connections take turns. */
static uint64_t due_of(const struct state *t, unsigned link, size_t i)
{
    double place = (double)i * t->s->cast->links + link;

    return t->s->begin_ns + (uint64_t)(place * 1e9 / t->s->rate);
}

/* Nothing is outstanding and nothing may be: one message finds out whether there is credit again. */
static bool may_send(const struct state *t, const struct way *w, const struct bench_message *m)
{
    uint32_t most = w->may_events < t->s->window ? w->may_events : t->s->window;

    if (w->events == 0)
        return t->now_ns >= w->not_before_ns;
    return w->refused_at == NONE && w->events + events_of(m) <= most && w->bytes + m->payload <= w->may_bytes;
}

/* After a refusal everything outstanding is waited for; then it goes on from there. */
static void go_back(struct way *w)
{
    if (w->refused_at == NONE || w->events > 0)
        return;
    w->next = w->refused_at;
    w->refused_at = NONE;
    w->may_events = 1;                           /* one by one until an answer says more */
}

/* Answers whether something was sent. *wake_ns: when the next message is due. */
static bool send_some(struct state *t, unsigned link, uint64_t *wake_ns)
{
    const struct bench_shard *shard = &t->s->shards[link];
    struct way *w = &t->ways[link];
    bool sent = false;

    go_back(w);
    for (; w->next < shard->count; w->next++) {
        struct bench_message *m = &shard->messages[w->next];
        uint64_t due_ns = t->s->rate > 0 ? due_of(t, link, w->next) : t->now_ns;
        if (m->acknowledged)
            continue;
        if (due_ns > t->now_ns && due_ns < *wake_ns)
            *wake_ns = due_ns;
        if (due_ns > t->now_ns || !may_send(t, w, m))
            break;
        if (m->due_ns == 0)
            m->due_ns = due_ns;
        struct bench_question q = { "placements.v1.Ingest", t->s->region, w->next + 1, TIMEOUT_MS,
                                    shard->bytes.data + m->at, m->len };
        if (!bench_links_send(t->s->links, link, &q))
            break;
        w->events += events_of(m);
        w->bytes += m->payload;
        sent = true;
    }
    return sent;
}

/* ---- all of it ---- */

static int turn(struct state *t, mj_error *err)
{
    int taken = bench_links_take(t->s->links, on_answer, t, err);
    bool sent = false;
    uint64_t wake_ns;

    t->now_ns = bench_now_ns();
    wake_ns = t->now_ns + NAP_NS;
    for (unsigned i = 0; taken >= 0 && i < t->s->cast->links; i++)
        sent |= send_some(t, i, &wake_ns);
    if (taken < 0)
        return -1;
    if (t->now_ns - t->heard_ns > SILENCE_NS)
        return mj_fail(err, MJ_DEADLINE_EXCEEDED, "SILENCE", NULL, "no answer for 30 s, %zu messages left", t->left);
    if (taken == 0 && !sent)
        bench_links_sleep(t->s->links, wake_ns - t->now_ns);
    return 0;
}

int bench_send_all(struct bench_sending *s, mj_error *err)
{
    struct state *t = mj_calloc(1, sizeof *t);
    int rc = 0;

    t->s = s;
    t->arena = mj_arena_create(0);
    for (unsigned i = 0; i < s->cast->links; i++) {
        t->ways[i] = (struct way){ .refused_at = NONE, .may_events = s->window, .may_bytes = UINT32_MAX };
        t->left += s->shards[i].count;
    }
    if (s->keep_acks)
        s->acks = mj_calloc(t->left, sizeof *s->acks);
    s->begin_ns = t->heard_ns = bench_now_ns();
    while (rc == 0 && t->left > 0)
        rc = turn(t, err);
    s->end_ns = bench_now_ns();
    mj_arena_destroy(t->arena);
    free(t);
    return rc;
}
