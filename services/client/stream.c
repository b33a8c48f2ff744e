/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* A stream's life: find the region, resume, run; on trouble pause and resume again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/client_private.h"
#include "common/base/codes.h"

#define PAUSE_FIRST_MS 100
#define PAUSE_LAST_MS 2000               /* every event is acknowledged within 5 s of the last fault of a network */
#define SETTLING_MS 60000                /* what was declared before a stream was opened has got round by then */

typedef Missionjeunes__Placements__V1__ResumeRequest resume_request;
typedef Missionjeunes__Placements__V1__ResumeResponse resume_response;

/* ---- outstanding calls ---- */

struct stream_call *stream_call_make(struct mj_stream *s)
{
    struct stream_call *c = mj_calloc(1, sizeof *c);

    c->stream = s;
    c->client = s->client;
    c->run = s->run;
    c->next = s->calls;
    s->calls = c;
    return c;
}

void stream_call_free(struct stream_call *c)
{
    c->client->credit.out_events -= c->events;
    c->client->credit.out_bytes -= c->bytes;
    stream_feed(c->client);
    if (c->stream)
        for (struct stream_call **at = &c->stream->calls; *at; at = &(*at)->next)
            if (*at == c) {
                *at = c->next;
                break;
            }
    free(c);
}

/* ---- trouble ---- */

/* A stream that was just opened may be told that it may not: its key or agency is so new that the service has not heard
 * of them from registry. */
static bool for_good(const struct mj_stream *s, const mj_error *err)
{
    if (err->code == MJ_PERMISSION_DENIED || err->code == MJ_UNAUTHENTICATED)
        return strcmp(err->reason, "KEY_REVOKED") == 0 || mj_mono_ms(s->client->env) - s->opened_ms >= SETTLING_MS;
    return err->code == MJ_INVALID_ARGUMENT || err->code == MJ_UNIMPLEMENTED;
}

/* Doubling with full jitter, so that ten thousand agencies do not come back at one instant (pitfalls Z10). */
static uint64_t pause_ms(struct mj_stream *s, const mj_error *err)
{
    uint64_t most = PAUSE_FIRST_MS << (s->failures < 8 ? s->failures : 8), r;

    if (most > PAUSE_LAST_MS)
        most = PAUSE_LAST_MS;
    mj_random(s->client->env, &r, sizeof r);
    most = most / 2 + r % (most / 2 + 1);
    return most > err->retry_after_ms ? most : err->retry_after_ms;
}

void stream_trouble(struct mj_stream *s, const mj_error *err)
{
    if (s->state == STREAM_STOPPED)
        return;
    s->run++;
    s->state = for_good(s, err) ? STREAM_STOPPED : STREAM_PAUSED;
    if (s->state == STREAM_PAUSED)
        mj_timer_start(s->pause, pause_ms(s, err), 0);
    s->failures++;
    if (s->o.trouble)
        s->o.trouble(s->o.arg, err);
}

static void on_pause_over(void *arg)
{
    struct mj_stream *s = arg;

    if (s->spool->region[0])
        stream_resume(s);
    else
        stream_find_region(s);
}

/* ---- resuming ---- */

/* The service's word decides where to go on. It is behind a spool when it was restored from a backup: what it lost is
 * sent again. It is ahead when answers were lost: what was not answered is sent again all the same, so that its
 * outcome is heard; or when the spool was lost: numbers go on behind the service's. */
static void resumed(struct mj_stream *s, uint64_t last)
{
    struct mj_spool *p = s->spool;

    if (last > p->durable && p->durable == p->last)
        p->durable = last;                       /* nothing here waits for its answer */
    if (last > p->last)
        p->last = s->synced = last;
    if (last > s->sent_through)
        s->sent_through = last;
    s->taken = last;
    s->next = (last < p->durable ? last : p->durable) + 1;
    s->state = STREAM_RUNNING;
    s->resumed_once = true;
    s->failures = 0;
    s->stats.resumes++;
    mj_defer_schedule(s->turn);
    if (s->o.ready)
        s->o.ready(s->o.arg, last);
}

static void on_resume(void *arg, const struct mj_reply *r)
{
    struct stream_call *c = arg;
    struct mj_stream *s = c->stream;
    bool old = !s || c->run != s->run;

    stream_call_free(c);
    if (old)
        return;
    if (r->outcome != MJ_CALL_OK) {
        stream_trouble(s, r->err);
        return;
    }
    const resume_response *answer = r->body;
    stream_take_credit(s->client, answer->credit);
    resumed(s, answer->last_sequence);
}

void stream_resume(struct mj_stream *s)
{
    resume_request rq = MISSIONJEUNES__PLACEMENTS__V1__RESUME_REQUEST__INIT;
    struct mj_call call = { .method = "placements.v1.Resume", .region = s->spool->region, .body = &rq.base,
                            .answer = &missionjeunes__placements__v1__resume_response__descriptor };
    struct stream_call *c = stream_call_make(s);
    mj_error err;

    s->state = STREAM_RESUMING;
    rq.stream = s->siret;
    if (mj_client_call(s->client, NULL, &call, on_resume, c, &err) < 0) {
        stream_call_free(c);
        stream_trouble(s, &err);
    }
}

/* ---- lifetime ---- */

static void on_turn(void *arg)
{
    stream_pump(arg);
}

int mj_stream_open(struct mj_stream **ret, struct mj_client *c, const struct mj_stream_options *o, mj_error *err)
{
    struct mj_stream *s = mj_calloc(1, sizeof *s);

    s->client = c;
    s->o = *o;
    s->opened_ms = mj_mono_ms(c->env);
    s->spool = o->spool;
    s->synced = s->spool->last;
    s->next = s->spool->durable + 1;
    s->sent_through = s->spool->durable;
    snprintf(s->siret, sizeof s->siret, "%s", o->siret);
    snprintf(s->commune, sizeof s->commune, "%s", o->commune ? o->commune : "");
    if (mj_siret_check(s->siret, "siret", err) < 0 || mj_defer_create(&s->turn, c->loop, on_turn, s, err) < 0 ||
        mj_timer_create(&s->pause, c->loop, on_pause_over, s, err) < 0 ||
        (o->region && s->spool->set_region(s->spool, o->region, err) < 0)) {
        s->spool = NULL;                         /* the caller's still */
        mj_stream_close(s);
        return -1;
    }
    on_pause_over(s);
    *ret = s;
    return 0;
}

void mj_stream_close(struct mj_stream *s)
{
    if (!s)
        return;
    for (struct stream_call *c = s->calls; c; c = c->next)
        c->stream = NULL;
    for (struct mj_stream **at = &s->client->hungry; *at; at = &(*at)->next_hungry)
        if (*at == s) {
            *at = s->next_hungry;
            break;
        }
    mj_defer_destroy(s->turn);
    mj_timer_destroy(s->pause);
    if (s->spool)
        s->spool->close(s->spool);
    free(s);
}

bool mj_stream_is_ready(const struct mj_stream *s) { return s->state == STREAM_RUNNING; }
uint64_t mj_stream_last(const struct mj_stream *s) { return s->spool->last; }
uint64_t mj_stream_durable(const struct mj_stream *s) { return s->spool->durable; }
const char *mj_stream_region(const struct mj_stream *s) { return s->spool->region; }
const struct mj_stream_stats *mj_stream_stats(const struct mj_stream *s) { return &s->stats; }
