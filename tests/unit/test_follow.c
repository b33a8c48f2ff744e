/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* A partition of numbers that are added up, followed over a real socket into a model that adds them up again. It is
 * called registry/FR, so that the resolver knows it from the registry's address. */
#include "support/town.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/base/buf.h"
#include "common/base/ids.h"
#include "common/wire/follow.h"
#include "missionjeunes/common/v1/common.pb-c.h"
#include "missionjeunes/log/v1/log.pb-c.h"
#include "support/cache.h"
#include "support/scratch.h"

typedef Missionjeunes__Common__V1__PageRequest number;   /* size: what is added */
typedef Missionjeunes__Log__V1__FollowRequest follow_request;
typedef Missionjeunes__Log__V1__FollowResponse follow_response;
#define ADDED 16

struct world {
    struct town town;
    struct scratch scratch;
    struct mj_threads threads;
    struct mj_curve follower_keys, other_keys, agency_keys;
    struct mj_partition *partition;
    struct mj_follow_server *follow;
    struct mj_server *server;
    char endpoint[MJ_ENDPOINT_MAX];
    struct mj_resolver *resolver;
    struct mj_model *model;
    struct mj_follower *follower;
    unsigned sum, folds, readies;        /* of the model */
    unsigned done;                       /* commands */
    struct mj_command command;
    uint32_t add;
    unsigned times;
    /* the last reply to a raw Follow */
    unsigned replies, drained;
    enum mj_outcome outcome;
    mj_error err;
    uint64_t end, first, next;
    unsigned commits;
    size_t bytes;
    uint8_t hash[MJ_HASH];
    /* questions that came to the door */
    bool away;
    unsigned refused, served;
    uint32_t waits[8];                   /* for how long each of those served is willing to wait, in turn */
};

/* ---- the partition ---- */

static bool knows(uint32_t type)
{
    return type == ADDED;
}

static int fold_nothing(void *app, struct mj_partition *p, const struct mj_entry *e, mj_error *err)
{
    (void)app, (void)p, (void)e, (void)err;
    return 0;
}

static const struct mj_domain domain = { .service = "registry", .schema_name = "numbers-1", .knows = knows,
    .schema = "CREATE TABLE unused(x INTEGER PRIMARY KEY);\n", .fold = fold_nothing };

static void open_partition(struct world *w, const char *name)
{
    char directory[128];
    mj_error err;
    snprintf(directory, sizeof directory, "%s/%s", w->scratch.path, name);
    struct mj_partition_options o = { &w->threads, directory, "FR", "test", 1u << 20 };
    if (mj_partition_open(&w->partition, &domain, &o, &err) != 0)
        fail_msg("%s %s", err.reason, err.text);
    assert_int_equal(mj_follow_server_create(&w->follow, &w->threads, "registry", NULL), 0);
    assert_int_equal(mj_follow_server_add(w->follow, w->partition, NULL), 0);
}

static void on_drained(void *arg)
{
    ++*(unsigned *)arg;
}

static void close_partition(struct world *w)
{
    unsigned drained = 0;
    mj_follow_server_destroy(w->follow);
    w->follow = NULL;
    mj_partition_drain(w->partition, on_drained, &drained);
    town_until(&w->town, &drained, 1);
    mj_partition_close(w->partition);
    w->partition = NULL;
}

static int decide(struct mj_command *c, struct mj_partition *p, mj_error *err)
{
    struct world *w = (struct world *)((char *)c - offsetof(struct world, command));
    number m = MISSIONJEUNES__COMMON__V1__PAGE_REQUEST__INIT;
    (void)err;
    m.size = w->add;
    for (unsigned i = 0; i < w->times; i++)
        mj_partition_emit(p, ADDED, &m.base);
    return 0;
}

static void decided(struct mj_command *c, struct mj_partition *p, const mj_error *err)
{
    struct world *w = (struct world *)((char *)c - offsetof(struct world, command));
    (void)p;
    assert_null(err);
    w->done++;
}

/* One commit of so many entries, on disk on return. */
static void add(struct world *w, uint32_t number, unsigned times)
{
    w->command = (struct mj_command){ .decide = decide, .done = decided, .principal = "tester", .bytes = 64 };
    w->add = number;
    w->times = times;
    mj_partition_submit(w->partition, &w->command);
    town_until(&w->town, &w->done, w->done + 1);
}

/* ---- the model ---- */

static int fold_sum(void *app, struct mj_model *m, const char *service, const char *region, const struct mj_entry *e,
                    mj_error *err)
{
    struct world *w = app;
    number *n = missionjeunes__common__v1__page_request__unpack(NULL, e->payload_len, e->payload);
    (void)m, (void)err;
    assert_string_equal(service, "registry");
    assert_string_equal(region, "FR");
    w->sum += n->size;
    w->folds++;
    missionjeunes__common__v1__page_request__free_unpacked(n, NULL);
    return 0;
}

static int ready(void *app, struct mj_model *m, mj_error *err)
{
    struct world *w = app;
    (void)m, (void)err;
    w->sum = 0;
    w->readies++;
    return 0;
}

static void open_model(struct world *w)
{
    struct mj_model_domain d = { .schema_name = "sum-1", .schema = "CREATE TABLE unused(x INTEGER PRIMARY KEY);\n",
                                 .fold = fold_sum, .ready = ready, .app = w };
    char directory[128];
    mj_error err;
    snprintf(directory, sizeof directory, "%s/model", w->scratch.path);
    if (mj_model_open(&w->model, &w->threads, directory, &d, &err) != 0)
        fail_msg("%s %s", err.reason, err.text);
}

static void follow(struct world *w)
{
    assert_int_equal(mj_follower_create(&w->follower, w->town.loop, w->resolver, w->model, "registry", "FR", NULL), 0);
    mj_follower_start(w->follower);
}

/* ---- the door ---- */

static int run_follow(void *app, struct mj_request *rq, mj_error *err)
{
    struct world *w = app;
    const follow_request *m = mj_request_body(rq);
    if (w->away) {
        w->refused++;
        return mj_fail(err, MJ_UNAVAILABLE, "AWAY", NULL, "it is not there for a while");
    }
    w->waits[w->served++ % 8] = m->wait_ms;
    if (!w->follow)
        return mj_fail(err, MJ_UNAVAILABLE, "STOPPING", NULL, "it is being replaced");
    return mj_follow_handle(w->follow, rq, err);
}

static const struct mj_method methods[] = {
    { "log.v1.Follow", &missionjeunes__log__v1__follow_request__descriptor,
      &missionjeunes__log__v1__follow_response__descriptor, MJ_ROLES_ALL, false, run_follow },
    MJ_METHODS_END
};

static void write_bootstrap(struct world *w)
{
    char path[128], one[65], two[65];
    mj_error err;
    mj_curve_make(&w->follower_keys);
    mj_curve_make(&w->other_keys);
    snprintf(path, sizeof path, "%s/bootstrap", w->scratch.path);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fprintf(file, "reporting service %s follows=placements,registry\nplacements service %s follows=registryx\n",
            mj_hex(one, w->follower_keys.public_key, 32), mj_hex(two, w->other_keys.public_key, 32));
    fclose(file);
    if (mj_who_bootstrap(w->town.who, path, &err) != 0)
        fail_msg("%s %s", err.reason, err.text);
}

static void open_door(struct world *w)
{
    struct mj_server_tables tables[] = { { methods, w }, { NULL, NULL } };
    struct mj_registry_address address;
    assert_int_equal(mj_server_create(&w->server, w->town.loop, w->town.who, &w->town.server_keys, tables, NULL, NULL),
                     0);
    assert_int_equal(mj_server_bind(w->server, "127.0.0.1", 0, w->endpoint, NULL), 0);
    memset(&address, 0, sizeof address);
    strcpy(address.endpoint, w->endpoint);
    memcpy(address.server_key, w->town.server_keys.public_key, MJ_CURVE_KEY);
    assert_int_equal(mj_resolver_create(&w->resolver, w->town.loop, &address, 1, &w->follower_keys, NULL), 0);
}

static int setup(void **state)
{
    struct world *w = mj_calloc(1, sizeof *w);
    assert_int_equal(scratch_make(&w->scratch), 0);
    town_up(&w->town);
    write_bootstrap(w);
    town_principal(&w->town, "agency", MJ_ROLE_AGENCY, NULL, &w->agency_keys);
    w->threads.loop = w->town.loop;
    assert_int_equal(mj_worker_create(&w->threads.log, w->town.loop, "log", MJ_WORKER_THREAD, NULL), 0);
    assert_int_equal(mj_worker_create(&w->threads.tables, w->town.loop, "tables", MJ_WORKER_THREAD, NULL), 0);
    assert_int_equal(mj_worker_create(&w->threads.read, w->town.loop, "read", MJ_WORKER_THREAD, NULL), 0);
    assert_int_equal(cache_up(&w->threads, 1u << 20), 0);
    open_partition(w, "one");
    open_door(w);
    open_model(w);
    *state = w;
    return 0;
}

static void close_model(struct world *w)
{
    unsigned drained = 0;
    mj_follower_destroy(w->follower);
    w->follower = NULL;
    mj_model_drain(w->model, on_drained, &drained);
    town_until(&w->town, &drained, 1);
    mj_model_close(w->model);
}

static int teardown(void **state)
{
    struct world *w = *state;
    close_model(w);
    if (w->partition)
        close_partition(w);
    mj_resolver_destroy(w->resolver);
    mj_server_destroy(w->server);
    mj_worker_destroy(w->threads.log);
    mj_worker_destroy(w->threads.tables);
    mj_worker_destroy(w->threads.read);
    cache_down(&w->threads);
    town_down(&w->town);
    scratch_remove(&w->scratch);
    free(w);
    return 0;
}

/* ---- raw questions ---- */

static void on_answer(void *arg, const struct mj_reply *r)
{
    struct world *w = arg;
    const follow_response *m = r->body;
    w->replies++;
    w->outcome = r->outcome;
    w->commits = 0;
    w->bytes = 0;
    if (r->err)
        w->err = *r->err;
    if (!m)
        return;
    w->end = m->end;
    w->commits = (unsigned)m->n_commits;
    assert_true(m->now_ms > 1700000000000u);
    for (size_t i = 0; i < m->n_commits; i++) {
        if (i == 0)
            w->first = m->commits[i]->first;
        w->bytes += m->commits[i]->block.len;
        w->next = m->commits[i]->first + m->commits[i]->count;
        memcpy(w->hash, m->commits[i]->hash.data, MJ_HASH);
    }
}

struct question {
    uint64_t from;
    const uint8_t *hash;
    size_t hash_len;
    uint32_t max_bytes, wait_ms;
    const char *region;
};

static void send_question(struct world *w, struct mj_peer *peer, const struct question *q)
{
    follow_request m = MISSIONJEUNES__LOG__V1__FOLLOW_REQUEST__INIT;
    struct mj_call c = { .method = "log.v1.Follow", .body = &m.base, .timeout_ms = 15000,
                         .answer = &missionjeunes__log__v1__follow_response__descriptor };
    m.from = q->from;
    m.hash = (ProtobufCBinaryData){ q->hash_len, (uint8_t *)q->hash };
    m.max_bytes = q->max_bytes;
    m.wait_ms = q->wait_ms;
    m.region = (char *)(q->region ? q->region : "FR");
    town_call(&w->town, peer, &c, on_answer, w);
}

static void question(struct world *w, const struct mj_curve *keys, const struct question *q)
{
    struct mj_peer *peer = town_peer(&w->town, w->endpoint, keys);
    send_question(w, peer, q);
    town_until(&w->town, &w->replies, w->replies + 1);
    town_leave(&w->town, peer);
}

static void assert_refused(const struct world *w, mj_code code, const char *reason)
{
    assert_int_equal(w->outcome, MJ_CALL_REFUSED);
    assert_string_equal(w->err.reason, reason);
    assert_int_equal(w->err.code, code);
}

/* ---- serving ---- */

static void whole_commits_are_served_from_the_position_asked_for(void **state)
{
    struct world *w = *state;
    for (unsigned i = 0; i < 5; i++)
        add(w, 1, 3);
    question(w, &w->follower_keys, &(struct question){ .from = 1 });
    assert_int_equal(w->outcome, MJ_CALL_OK);
    assert_int_equal(w->first, 1);
    assert_int_equal(w->next, w->end);
    assert_int_equal(w->end, mj_partition_durable(w->partition) + 1);
    assert_int_equal(w->commits, 6);     /* with OPENED */
    assert_memory_equal(w->hash, mj_partition_head(w->partition), MJ_HASH);
}

static void a_small_limit_still_gives_a_commit_at_a_time(void **state)
{
    struct world *w = *state;
    uint64_t end;
    for (unsigned i = 0; i < 4; i++)
        add(w, 1, 3);
    end = mj_partition_durable(w->partition) + 1;
    question(w, &w->follower_keys, &(struct question){ .from = 1, .max_bytes = 1 });
    for (unsigned pages = 1; w->next < end; pages++) {
        assert_int_equal(w->commits, 1);
        assert_true(pages < 6);
        uint8_t hash[MJ_HASH];
        memcpy(hash, w->hash, MJ_HASH);
        question(w, &w->follower_keys, &(struct question){ w->next, hash, MJ_HASH, 1, 0, NULL });
    }
    assert_memory_equal(w->hash, mj_partition_head(w->partition), MJ_HASH);
}

static void only_a_service_with_the_right_may_follow(void **state)
{
    struct world *w = *state;
    question(w, &w->agency_keys, &(struct question){ .from = 1 });
    assert_refused(w, MJ_PERMISSION_DENIED, "FOLLOW");
    question(w, &w->other_keys, &(struct question){ .from = 1 });
    assert_refused(w, MJ_PERMISSION_DENIED, "FOLLOW");
}

static void a_question_that_is_wrong_is_refused(void **state)
{
    struct world *w = *state;
    uint8_t hash[MJ_HASH] = { 0 };
    question(w, &w->follower_keys, &(struct question){ .from = 0 });
    assert_refused(w, MJ_INVALID_ARGUMENT, "POSITION");
    question(w, &w->follower_keys, &(struct question){ .from = 2 });
    assert_refused(w, MJ_INVALID_ARGUMENT, "HASH_LENGTH");
    question(w, &w->follower_keys, &(struct question){ .from = 1, .hash = hash, .hash_len = MJ_HASH });
    assert_refused(w, MJ_INVALID_ARGUMENT, "HASH_LENGTH");
    question(w, &w->follower_keys, &(struct question){ .from = 1, .region = "52" });
    assert_refused(w, MJ_UNAVAILABLE, "MOVED");
}

static void another_hash_or_a_position_beyond_the_end_is_diverged(void **state)
{
    struct world *w = *state;
    uint8_t wrong[MJ_HASH] = { 1 };
    add(w, 1, 2);
    add(w, 1, 2);
    uint64_t end = mj_partition_durable(w->partition) + 1;
    question(w, &w->follower_keys, &(struct question){ 2, wrong, MJ_HASH, 0, 0, NULL });
    assert_refused(w, MJ_DATA_LOSS, "DIVERGED");
    question(w, &w->follower_keys, &(struct question){ end, wrong, MJ_HASH, 0, 5000, NULL });
    assert_refused(w, MJ_DATA_LOSS, "DIVERGED");
    question(w, &w->follower_keys, &(struct question){ 3, mj_partition_head(w->partition), MJ_HASH, 0, 0, NULL });
    assert_refused(w, MJ_DATA_LOSS, "DIVERGED");         /* within a commit */
    question(w, &w->follower_keys, &(struct question){ end + 1, mj_partition_head(w->partition), MJ_HASH, 0, 0, NULL });
    assert_refused(w, MJ_DATA_LOSS, "DIVERGED");
}

static void a_poll_waits_for_the_next_commit(void **state)
{
    struct world *w = *state;
    struct mj_peer *peer;
    uint64_t end = mj_partition_durable(w->partition) + 1;
    uint8_t hash[MJ_HASH];
    memcpy(hash, mj_partition_head(w->partition), MJ_HASH);
    question(w, &w->follower_keys, &(struct question){ end, hash, MJ_HASH, 0, 30, NULL });
    assert_int_equal(w->outcome, MJ_CALL_OK);
    assert_int_equal(w->commits, 0);
    assert_int_equal(w->end, end);
    peer = town_peer(&w->town, w->endpoint, &w->follower_keys);
    uint64_t since = mj_loop_now_ms(w->town.loop);
    send_question(w, peer, &(struct question){ end, hash, MJ_HASH, 0, 10000, NULL });
    while (mj_server_in_work(w->server) == 0)
        mj_loop_run_for(w->town.loop, 1);
    assert_int_equal(w->replies, 1);
    add(w, 1, 1);
    town_until(&w->town, &w->replies, 2);
    assert_int_equal(w->commits, 1);
    assert_int_equal(w->first, end);
    assert_true(mj_loop_now_ms(w->town.loop) - since < 5000);
    town_leave(&w->town, peer);
}

static void polls_are_answered_when_the_server_of_logs_goes(void **state)
{
    struct world *w = *state;
    struct mj_peer *peer;
    uint64_t end = mj_partition_durable(w->partition) + 1;
    add(w, 1, 1);
    peer = town_peer(&w->town, w->endpoint, &w->follower_keys);
    send_question(w, peer, &(struct question){ end + 1, mj_partition_head(w->partition), MJ_HASH, 0, 10000, NULL });
    send_question(w, peer, &(struct question){ .from = 1 });
    while (mj_server_in_work(w->server) == 0)
        mj_loop_run_for(w->town.loop, 1);
    close_partition(w);
    town_until(&w->town, &w->replies, 2);
    assert_int_equal(mj_server_in_work(w->server), 0);
    town_leave(&w->town, peer);
}

/* ---- following ---- */

static void a_model_follows_what_was_and_what_comes(void **state)
{
    struct world *w = *state;
    for (unsigned i = 0; i < 20; i++)
        add(w, 1, 5);
    follow(w);
    town_until(&w->town, &w->sum, 100);
    for (unsigned i = 0; i < 20; i++) {
        add(w, 10, 1);
        town_until(&w->town, &w->sum, 100 + 10 * (i + 1));
    }
    assert_int_equal(w->folds, 120);
    const struct mj_follower_state *s = mj_follower_state(w->follower);
    while (s->position < mj_partition_durable(w->partition))
        mj_loop_run_for(w->town.loop, 1);
    assert_int_equal(s->end, s->position + 1);
    assert_true(s->heard_ms > 0);
    assert_true(s->clock_skew_ms > -1000 && s->clock_skew_ms < 1000);
    assert_false(s->diverged);
}

static void more_than_a_page_is_followed_in_order(void **state)
{
    struct world *w = *state;
    for (unsigned i = 0; i < 6; i++)
        add(w, 1, 20000);                /* half a MiB or so a commit */
    follow(w);
    town_until(&w->town, &w->folds, 120000);
    assert_int_equal(w->sum, 120000);
}

static void a_model_opened_again_goes_on_where_it_stood(void **state)
{
    struct world *w = *state;
    add(w, 1, 10);
    follow(w);
    town_until(&w->town, &w->sum, 10);
    close_model(w);
    add(w, 1, 5);
    open_model(w);
    follow(w);
    town_until(&w->town, &w->sum, 5);
    assert_int_equal(w->folds, 15);
    assert_false(mj_follower_state(w->follower)->diverged);
}

static void a_log_that_is_another_one_is_followed_from_its_start(void **state)
{
    struct world *w = *state;
    add(w, 1, 10);
    add(w, 1, 10);
    follow(w);
    town_until(&w->town, &w->sum, 20);
    close_partition(w);
    open_partition(w, "two");
    add(w, 1, 7);
    add(w, 1, 30);
    town_until(&w->town, &w->readies, 2);
    town_until(&w->town, &w->sum, 37);
    assert_int_equal(w->sum, 37);
    assert_true(mj_follower_state(w->follower)->diverged);
    add(w, 3, 1);
    town_until(&w->town, &w->sum, 40);
}

static void a_follower_may_stop_and_start_at_any_time(void **state)
{
    struct world *w = *state;
    for (unsigned i = 0; i < 10; i++)
        add(w, 1, 5);
    follow(w);
    while (w->sum < 50) {
        mj_follower_stop(w->follower);
        mj_follower_start(w->follower);
        for (unsigned before = w->sum, turns = 0; w->sum == before && turns < 200; turns++)
            mj_loop_run_for(w->town.loop, 1);
    }
    assert_int_equal(w->folds, 50);
}

/* Else who was cut off stays silent for as long as the server waits for something new. */
static void the_first_question_after_trouble_does_not_wait(void **state)
{
    struct world *w = *state;
    add(w, 1, 1);
    follow(w);
    town_until(&w->town, &w->sum, 1);
    w->away = true;
    add(w, 1, 1);
    town_until(&w->town, &w->refused, 1);
    w->away = false;
    unsigned first = w->served;
    town_until(&w->town, &w->served, first + 2);
    assert_int_equal(w->waits[first % 8], 0);
    assert_true(w->waits[(first + 1) % 8] > 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(whole_commits_are_served_from_the_position_asked_for), T(a_small_limit_still_gives_a_commit_at_a_time),
        T(only_a_service_with_the_right_may_follow), T(a_question_that_is_wrong_is_refused),
        T(another_hash_or_a_position_beyond_the_end_is_diverged), T(a_poll_waits_for_the_next_commit),
        T(polls_are_answered_when_the_server_of_logs_goes), T(a_model_follows_what_was_and_what_comes),
        T(more_than_a_page_is_followed_in_order), T(a_model_opened_again_goes_on_where_it_stood),
        T(a_log_that_is_another_one_is_followed_from_its_start), T(a_follower_may_stop_and_start_at_any_time),
        T(the_first_question_after_trouble_does_not_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
