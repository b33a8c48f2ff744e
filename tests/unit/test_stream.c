/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* A stream against a service that does what the test tells it to: lost answers, a spool that fell behind, a disk of
 * the sender's that fails. */
#include "support/town.h"

#include <stdio.h>
#include <stdlib.h>

#include "client/client_private.h"
#include "common/base/buf.h"
#include "common/base/ids.h"
#include "missionjeunes/directory/v1/directory.pb-c.h"
#include "missionjeunes/placements/v1/placements.pb-c.h"

#define SIRET "73282932000074"
#define HELD_MAX 64

typedef Missionjeunes__Directory__V1__ResolveResponse resolve_response;
typedef Missionjeunes__Directory__V1__Instance instance;
typedef Missionjeunes__Placements__V1__IngestRequest ingest_request;
typedef Missionjeunes__Placements__V1__IngestResponse ingest_response;
typedef Missionjeunes__Placements__V1__ResumeResponse resume_response;
typedef Missionjeunes__Placements__V1__Exception exception;

struct world {
    struct town town;
    struct mj_curve keys;
    struct mj_server *server;
    char endpoint[MJ_ENDPOINT_MAX];
    uint8_t held[HELD_MAX];              /* first byte of each event taken; 'r' is rejected */
    uint64_t last;
    unsigned lose;                       /* answers to Ingest */
    unsigned deny;                       /* Resumes that are refused */
    unsigned closed;                     /* answers that give no credit */
    struct mj_client *client;
    struct mj_stream *stream;
    struct mj_spool *spool;
    int (*real_sync)(struct mj_spool *s, mj_error *err);
    unsigned results, troubles, durable;
    int outcome[HELD_MAX];
};
static struct world *world;
static unsigned sync_fails;
static uint64_t later_ms;                /* of the client's clock */

static uint64_t client_clock(void *ctx)
{
    (void)ctx;
    return mj_mono_ns(&mj_env_real) + later_ms * 1000000;
}

/* ---- the service ---- */

static int run_resolve(void *app, struct mj_request *rq, mj_error *err)
{
    struct world *w = app;
    instance row = MISSIONJEUNES__DIRECTORY__V1__INSTANCE__INIT, *list[] = { &row };
    resolve_response m = MISSIONJEUNES__DIRECTORY__V1__RESOLVE_RESPONSE__INIT;
    uint8_t lineage[16] = { 1 };

    (void)err;
    row.service = "placements";
    row.region = "52";
    row.endpoint = w->endpoint;
    row.server_key = (ProtobufCBinaryData){ MJ_CURVE_KEY, w->town.server_keys.public_key };
    row.lineage = (ProtobufCBinaryData){ sizeof lineage, lineage };
    row.epoch = 1;
    m.instances = list;
    m.n_instances = 1;
    mj_reply(rq, &m.base);
    return 0;
}

#define CREDIT(events, bytes) { PROTOBUF_C_MESSAGE_INIT(&missionjeunes__placements__v1__credit__descriptor), events, bytes }
static Missionjeunes__Placements__V1__Credit credit = CREDIT(1000, 1u << 20), no_credit = CREDIT(0, 0);

static Missionjeunes__Placements__V1__Credit *credit_now(struct world *w)
{
    if (w->closed == 0)
        return &credit;
    w->closed--;
    return &no_credit;
}

static int run_resume(void *app, struct mj_request *rq, mj_error *err)
{
    resume_response m = MISSIONJEUNES__PLACEMENTS__V1__RESUME_RESPONSE__INIT;

    if (((struct world *)app)->deny > 0) {
        ((struct world *)app)->deny--;
        return mj_fail(err, MJ_PERMISSION_DENIED, "STREAM", "stream", "as the test wants it");
    }
    m.last_sequence = ((struct world *)app)->last;
    m.credit = credit_now(app);
    mj_reply(rq, &m.base);
    return 0;
}

/* The outcome of one event, by the rules of numbered streams. */
static int judge(struct world *w, uint64_t number, uint8_t first_byte)
{
    if (number > w->last) {
        w->held[number] = first_byte;
        w->last = number;
        return first_byte == 'r' ? MJ_EVENT_REJECTED : MJ_EVENT_ACCEPTED;
    }
    if (w->held[number] != first_byte)
        return MJ_EVENT_CONFLICT;
    return first_byte == 'r' ? MJ_EVENT_REJECTED : MJ_EVENT_DUPLICATE;
}

static int run_ingest(void *app, struct mj_request *rq, mj_error *err)
{
    struct world *w = app;
    const ingest_request *in = mj_request_body(rq);
    ingest_response m = MISSIONJEUNES__PLACEMENTS__V1__INGEST_RESPONSE__INIT;
    exception rows[HELD_MAX], *list[HELD_MAX];

    if (in->first_sequence > w->last + 1)
        return mj_fail(err, MJ_FAILED_PRECONDITION, "GAP", "first_sequence", "a gap");
    for (size_t i = 0; i < in->n_events; i++) {
        int outcome = judge(w, in->first_sequence + i, in->events[i].data[0]);
        if (outcome == MJ_EVENT_ACCEPTED)
            continue;
        missionjeunes__placements__v1__exception__init(&rows[m.n_exceptions]);
        rows[m.n_exceptions].sequence = in->first_sequence + i;
        rows[m.n_exceptions].outcome = (Missionjeunes__Placements__V1__Outcome)outcome;
        list[m.n_exceptions] = &rows[m.n_exceptions];
        m.n_exceptions++;
    }
    if (w->lose) {
        w->lose--;
        return mj_fail(err, MJ_UNKNOWN, "REPLY_LOST", NULL, "the answer was lost");
    }
    m.exceptions = list;
    m.durable_through = w->last;
    m.credit = credit_now(w);
    mj_reply(rq, &m.base);
    return 0;
}

#define TYPES(package, name) &missionjeunes__##package##__v1__##name##_request__descriptor, \
                             &missionjeunes__##package##__v1__##name##_response__descriptor
static const struct mj_method methods[] = {
    { "directory.v1.Resolve", TYPES(directory, resolve), MJ_ROLES_ALL, false, run_resolve },
    { "placements.v1.Resume", TYPES(placements, resume), MJ_ROLES_ALL, false, run_resume },
    { "placements.v1.Ingest", TYPES(placements, ingest), MJ_ROLES_ALL, false, run_ingest },
    MJ_METHODS_END
};

/* ---- the sender ---- */

static void on_result(void *arg, const struct mj_event_result *r)
{
    struct world *w = arg;

    w->results++;
    w->outcome[r->sequence] = r->outcome;
}

static void on_durable(void *arg, uint64_t through)
{
    ((struct world *)arg)->durable = (unsigned)through;
}

static void on_trouble(void *arg, const mj_error *err)
{
    (void)err;
    ((struct world *)arg)->troubles++;
}

static int sync_or_fail(struct mj_spool *s, mj_error *err)
{
    if (sync_fails == 0)
        return world->real_sync(s, err);
    sync_fails--;
    return mj_fail(err, MJ_RESOURCE_EXHAUSTED, "DISK_FULL", NULL, "as the test wants it");
}

/* Events of an earlier life of the sender, unacknowledged. */
static void spooled(struct world *w, const char *events)
{
    mj_error err;

    for (; *events != '\0'; events++)
        assert_int_equal(w->spool->add(w->spool, ++w->spool->last, (const uint8_t *)events, 1, &err), 0);
}

static void begin_stream(struct world *w)
{
    struct mj_stream_options o = { .siret = SIRET, .region = "52", .spool = w->spool, .result = on_result,
                                   .durable = on_durable, .trouble = on_trouble, .arg = w };

    w->real_sync = w->spool->sync;
    w->spool->sync = sync_or_fail;
    assert_int_equal(mj_stream_open(&w->stream, w->client, &o, NULL), 0);
}

static void open_stream(struct world *w)
{
    begin_stream(w);
    for (unsigned i = 0; !mj_stream_is_ready(w->stream); i++) {
        assert_true(i < TOWN_LIMIT_MS);
        mj_loop_run_for(w->town.loop, 1);
    }
}

static uint64_t tell(struct world *w, const char *event)
{
    uint64_t number = 0;

    assert_int_equal(mj_stream_send(w->stream, (const uint8_t *)event, 1, &number, NULL), 0);
    return number;
}

static int setup(void **state)
{
    struct world *w = *state = world = mj_calloc(1, sizeof *w);
    struct mj_server_tables tables[] = { { methods, w }, { NULL, NULL } };
    char key[65], registry[256];
    static struct mj_env env;
    struct mj_client_options o = { .registry = registry, .keys = &w->keys, .env = &env };

    env = mj_env_real;
    env.mono_ns = client_clock;
    later_ms = 0;
    sync_fails = 0;
    town_up(&w->town);
    town_principal(&w->town, "agency-1", MJ_ROLE_AGENCY, NULL, &w->keys);
    assert_int_equal(mj_server_create(&w->server, w->town.loop, w->town.who, &w->town.server_keys, tables, NULL, NULL),
                     0);
    assert_int_equal(mj_server_bind(w->server, "127.0.0.1", 0, w->endpoint, NULL), 0);
    snprintf(registry, sizeof registry, "%s/%s", w->endpoint,
             mj_hex(key, w->town.server_keys.public_key, MJ_CURVE_KEY));
    o.loop = w->town.loop;
    assert_int_equal(mj_client_open(&w->client, &o, NULL), 0);
    return mj_spool_memory(&w->spool, NULL);
}

static int teardown(void **state)
{
    struct world *w = *state;

    mj_stream_close(w->stream);
    mj_client_close(w->client);
    mj_server_destroy(w->server);
    town_down(&w->town);
    free(w);
    return 0;
}

/* ---- facts ---- */

static void what_became_of_an_event_is_told_though_its_answer_was_lost(void **state)
{
    struct world *w = *state;

    open_stream(w);
    w->lose = 1;
    tell(w, "a");
    tell(w, "r");
    tell(w, "c");
    town_until(&w->town, &w->durable, 3);
    assert_int_equal(w->outcome[2], MJ_EVENT_REJECTED);
    assert_int_equal(mj_stream_durable(w->stream), 3);
}

static void a_spool_that_fell_behind_is_told_of_the_conflict(void **state)
{
    struct world *w = *state;

    memcpy(w->held, "-abcde", 6);
    w->last = 5;
    spooled(w, "axc");
    open_stream(w);
    assert_int_equal(tell(w, "f"), 6);
    town_until(&w->town, &w->durable, 6);
    assert_int_equal(w->outcome[1], MJ_EVENT_DUPLICATE);
    assert_int_equal(w->outcome[2], MJ_EVENT_CONFLICT);
    assert_int_equal(w->outcome[3], MJ_EVENT_DUPLICATE);
    assert_int_equal(w->last, 6);
    assert_memory_equal(w->held, "-abcdef", 7);
}

static void a_lost_spool_goes_on_after_the_services_last_number(void **state)
{
    struct world *w = *state;

    w->last = 40;
    open_stream(w);
    assert_int_equal(mj_stream_durable(w->stream), 40);
    assert_int_equal(tell(w, "a"), 41);
    town_until(&w->town, &w->durable, 41);
    assert_int_equal(w->results, 0);
}

static void a_restored_service_is_sent_again_what_it_lost(void **state)
{
    struct world *w = *state;

    spooled(w, "abc");
    w->spool->durable = 3;
    memcpy(w->held, "-a", 2);
    w->last = 1;
    open_stream(w);
    assert_int_equal(tell(w, "d"), 4);
    town_until(&w->town, &w->durable, 4);
    assert_memory_equal(w->held, "-abcd", 5);
}

/* What the sender's disk did not take is not taken: its number goes to the next event. */
static void an_event_that_the_spool_lost_gives_its_number_back(void **state)
{
    struct world *w = *state;

    open_stream(w);
    w->troubles = 0;                     /* connecting may have taken a second try */
    sync_fails = 1;
    assert_int_equal(tell(w, "x"), 1);
    town_until(&w->town, &w->troubles, 1);
    assert_int_equal(mj_stream_last(w->stream), 0);
}

/* The service has not heard yet of a key or an agency that was just declared. */
static void a_stream_that_was_just_opened_asks_again_where_it_is_denied(void **state)
{
    struct world *w = *state;

    w->deny = 2;
    open_stream(w);
    assert_int_equal(w->deny, 0);
    assert_int_equal(tell(w, "a"), 1);
    town_until(&w->town, &w->durable, 1);
}

static void a_stream_that_is_denied_later_stops(void **state)
{
    struct world *w = *state;

    w->deny = 1000;
    begin_stream(w);
    for (unsigned i = 0; w->deny == 1000; i++) {
        assert_true(i < TOWN_LIMIT_MS);
        mj_loop_run_for(w->town.loop, 1);
    }
    assert_int_not_equal(w->stream->state, STREAM_STOPPED);
    later_ms = 60000;
    for (unsigned i = 0; w->stream->state != STREAM_STOPPED; i++) {
        assert_true(i < TOWN_LIMIT_MS);
        mj_loop_run_for(w->town.loop, 1);
    }
}

/* With nothing outstanding no answer would ever open it: the client must ask by itself, again and again. */
static void credit_that_closed_with_nothing_outstanding_is_asked_for_again(void **state)
{
    struct world *w = *state;

    open_stream(w);
    w->closed = 3;
    tell(w, "a");
    town_until(&w->town, &w->durable, 1);
    assert_int_equal(w->closed, 2);
    tell(w, "b");
    for (unsigned i = 0; w->durable < 2; i++) {
        assert_true(i < TOWN_LIMIT_MS);
        later_ms += 10;
        mj_loop_run_for(w->town.loop, 1);
    }
    assert_int_equal(w->closed, 0);
}

static void outside_of_a_stream_credit_is_taken_though_closed_where_nothing_is_outstanding(void **state)
{
    struct world *w = *state;

    w->closed = 2;
    open_stream(w);
    assert_true(mj_client_take_credit(w->client, 1, 100));
    assert_false(mj_client_take_credit(w->client, 1, 100));
    mj_client_give_credit(w->client, 1, 100);
    assert_true(mj_client_take_credit(w->client, 1, 100));
    mj_client_give_credit(w->client, 1, 100);
}

#define FACT(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FACT(what_became_of_an_event_is_told_though_its_answer_was_lost),
        FACT(a_spool_that_fell_behind_is_told_of_the_conflict),
        FACT(a_lost_spool_goes_on_after_the_services_last_number),
        FACT(a_restored_service_is_sent_again_what_it_lost),
        FACT(a_stream_that_was_just_opened_asks_again_where_it_is_denied),
        FACT(a_stream_that_is_denied_later_stops),
        FACT(an_event_that_the_spool_lost_gives_its_number_back),
        FACT(credit_that_closed_with_nothing_outstanding_is_asked_for_again),
        FACT(outside_of_a_stream_credit_is_taken_though_closed_where_nothing_is_outstanding),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
