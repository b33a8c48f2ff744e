/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Live counters against a real redis-server on a unix socket: filled, moved, flushed, killed, replaced by an older
 * snapshot, and written by somebody who is ahead. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "reporting/live.h"
#include "reporting/live_plan.h"

#define WAIT_MS 10000

static const uint8_t epoch[16] = { 0xab };
static const uint8_t other_epoch[16] = { 0xcd };
#define EPOCH_TEXT "ab000000000000000000000000000000-1"

struct bench {
    char directory[64], socket[96];
    pid_t server;
    struct mj_loop *loop;
    struct mj_rep_cells *cells;
    struct mj_rep_live *live;
    redisContext *eye;                   /* our own look at Redis */
};

/* ---- the server ---- */

static redisContext *look(const struct bench *b)
{
    for (int i = 0; i < 1000; i++) {
        redisContext *c = redisConnectUnix(b->socket);
        if (c != NULL && c->err == 0) {
            redisReply *r = redisCommand(c, "PING");
            bool up = r != NULL && r->type == REDIS_REPLY_STATUS;
            if (r != NULL) {
                freeReplyObject(r);
            }
            if (up) {
                return c;
            }
        }
        redisFree(c);
        usleep(10000);                   /* there is nothing to wait on until the server listens */
    }
    fail_msg("redis-server does not answer on %s", b->socket);
    return NULL;
}

static void server_start(struct bench *b)
{
    b->server = fork();
    if (b->server == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, 1);
        dup2(null, 2);
        execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", b->socket, "--dir", b->directory,
               "--save", "", "--appendonly", "no", (char *)NULL);
        _exit(127);
    }
    assert_true(b->server > 0);
    b->eye = look(b);
}

static void server_kill(struct bench *b)
{
    redisFree(b->eye);
    b->eye = NULL;
    kill(b->server, SIGKILL);
    waitpid(b->server, NULL, 0);
    unlink(b->socket);
}

static char *ask(struct bench *b, const char *format, ...)
{
    static char text[512];
    va_list ap;

    va_start(ap, format);
    redisReply *r = redisvCommand(b->eye, format, ap);
    va_end(ap);
    assert_non_null(r);
    if (r->type == REDIS_REPLY_INTEGER) {
        snprintf(text, sizeof text, "%lld", r->integer);
    } else {
        snprintf(text, sizeof text, "%s", r->str == NULL ? "" : r->str);
    }
    freeReplyObject(r);
    return text;
}

static char *pointer(struct bench *b)
{
    static char text[128];

    snprintf(text, sizeof text, "%s", ask(b, "GET live:{52}:pointer"));
    return text;
}

static char *field(struct bench *b, const char *name)
{
    return ask(b, "HGET %s %s", pointer(b), name);
}

/* ---- the projector ---- */

static int region(void)
{
    return mj_rep_region("52");
}

static void live_start(struct bench *b, const uint8_t *fold)
{
    const struct mj_rep_live_options o = { .loop = b->loop, .cells = b->cells,
                                           .regions = UINT64_C(1) << region() | UINT64_C(1) << 63,
                                           .redis = { NULL, "", "" } };
    struct mj_rep_live_options with = o;
    char address[128];
    mj_error err = { 0 };

    snprintf(address, sizeof address, "unix:%s", b->socket);
    with.redis.address = address;
    assert_int_equal(0, mj_rep_live_create(&b->live, &with, &err));
    mj_rep_live_epoch(b->live, fold);
    mj_rep_live_caught_up(b->live, true);
}

static void set_up_at(struct bench *b)
{
    mj_error err = { 0 };

    memset(b, 0, sizeof *b);
    snprintf(b->directory, sizeof b->directory, "/tmp/mj-live-XXXXXX");
    assert_non_null(mkdtemp(b->directory));
    snprintf(b->socket, sizeof b->socket, "%s/redis.sock", b->directory);
    server_start(b);
    assert_int_equal(0, mj_loop_create(&b->loop, &mj_env_real, &err));
    b->cells = mj_rep_cells_create(1);
}

static int set_up(void **state)
{
    static struct bench bench;

    set_up_at(&bench);
    live_start(&bench, epoch);
    *state = &bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    char path[128];

    mj_rep_live_destroy(b->live);
    mj_rep_cells_destroy(b->cells);
    mj_loop_destroy(b->loop);
    server_kill(b);
    snprintf(path, sizeof path, "%s/dump.rdb", b->directory);
    unlink(path);
    rmdir(b->directory);
    return 0;
}

/* An entry that adds by to the region's missions: a new position with it. */
static void count(struct bench *b, int64_t by)
{
    struct mj_rep_cell cell = { .region = region(), .name = mj_rep_name_of(MJ_REP_MISSIONS, 0), .value = by };

    mj_rep_cells_add(b->cells, &cell);
    mj_rep_cells_positions(b->cells)->at[mj_rep_log("placements", "52")]++;
}

static void turn_until(struct bench *b, bool (*fn)(struct bench *b))
{
    uint64_t deadline = mj_loop_now_ms(b->loop) + WAIT_MS;

    while (!fn(b)) {
        assert_true(mj_loop_now_ms(b->loop) < deadline);
        mj_loop_run_for(b->loop, 5);
    }
}

static bool fresh(struct bench *b)
{
    return !mj_rep_live_stale(b->live, region());
}

static bool country_too(struct bench *b)
{
    return fresh(b) && !mj_rep_live_stale(b->live, MJ_REP_FR);
}

static bool stale(struct bench *b)
{
    return mj_rep_live_stale(b->live, region());
}

/* Filled anew since note_rebuilds; being stale in between may be over within a turn of the loop. */
static uint64_t rebuilds_due;
static void note_rebuilds(struct bench *b, unsigned regions)
{
    turn_until(b, country_too);
    rebuilds_due = mj_rep_live_stats(b->live)->rebuilds + regions;
}

static bool rebuilt(struct bench *b)
{
    return mj_rep_live_stats(b->live)->rebuilds >= rebuilds_due && fresh(b);
}

static bool sent(struct bench *b)
{
    return fresh(b) && !mj_rep_cells_are_dirty(b->cells, region());
}

static void assert_held(struct bench *b, const char *missions, const char *position)
{
    assert_string_equal(missions, field(b, "missions:total"));
    assert_string_equal(position, field(b, "pos:placements/52"));
    assert_string_equal(EPOCH_TEXT, field(b, "epoch"));
}

/* ---- tests ---- */

static void all_values_are_filled_at_start(void **state)
{
    struct bench *b = *state;
    struct mj_rep_cell row = { .region = region(), .row = mj_rep_row(MJ_REP_AGENCY, "73282932000074"),
                               .name = mj_rep_name_of(MJ_REP_MISSIONS, 2026), .value = 3 };

    count(b, 7);
    mj_rep_cells_add(b->cells, &row);
    assert_true(stale(b));
    turn_until(b, fresh);
    assert_held(b, "7", "1");
    assert_string_equal("3", field(b, "agency/73282932000074|missions:2026"));
}

/* The value has reached Redis where the transaction was answered: dirty is cleared when it is sent. */
static uint64_t sends_before;
static bool sent_once_more(struct bench *b)
{
    return mj_rep_live_stats(b->live)->sends > sends_before && sent(b) && atoi(field(b, "missions:total")) != 7;
}

static void changes_go_out_as_values_and_corrections_lower_them(void **state)
{
    struct bench *b = *state;

    count(b, 7);
    turn_until(b, fresh);
    char key[128];
    snprintf(key, sizeof key, "%s", pointer(b));
    sends_before = mj_rep_live_stats(b->live)->sends;
    count(b, 2);
    count(b, -5);
    turn_until(b, sent_once_more);
    assert_held(b, "4", "3");
    assert_string_equal(key, pointer(b));        /* in place: no refill for a change */
    assert_int_equal(2, mj_rep_live_stats(b->live)->rebuilds);   /* the region's and the country's first fill */
}

static void a_flush_is_noticed_while_idle_and_refilled(void **state)
{
    struct bench *b = *state;

    count(b, 7);
    turn_until(b, fresh);
    note_rebuilds(b, 2);
    ask(b, "FLUSHALL");
    turn_until(b, rebuilt);
    assert_held(b, "7", "1");
}

static void a_killed_server_makes_figures_stale_until_it_is_filled_again(void **state)
{
    struct bench *b = *state;

    count(b, 7);
    turn_until(b, fresh);
    server_kill(b);
    turn_until(b, stale);
    count(b, 1);                         /* life goes on without Redis */
    server_start(b);
    turn_until(b, fresh);
    assert_held(b, "8", "2");
}

static void an_older_snapshot_is_noticed_and_replaced(void **state)
{
    struct bench *b = *state;
    char old[128];

    count(b, 7);
    turn_until(b, fresh);
    snprintf(old, sizeof old, "%s", pointer(b));
    ask(b, "SAVE");
    sends_before = mj_rep_live_stats(b->live)->sends;
    count(b, 5);
    turn_until(b, sent_once_more);
    server_kill(b);
    turn_until(b, stale);
    server_start(b);
    assert_string_equal("7", ask(b, "HGET %s missions:total", old));     /* the dump is the old one */
    turn_until(b, fresh);
    assert_held(b, "12", "2");
    assert_string_not_equal(old, pointer(b));
    assert_string_equal("0", ask(b, "EXISTS %s", old));
}

/* The same without losing the connection: what stands there is simply older than what was sent. */
static void a_position_lower_than_sent_is_doubt_enough(void **state)
{
    struct bench *b = *state;

    count(b, 7);
    count(b, 1);
    turn_until(b, fresh);
    note_rebuilds(b, 1);
    ask(b, "HSET %s pos:placements/52 1 missions:total 5", pointer(b));
    turn_until(b, rebuilt);
    assert_held(b, "8", "2");
}

static uint64_t looks;
static bool looked_enough(struct bench *b)
{
    (void)b;
    return looks++ > 60;                 /* turns of 5 ms: several ticks have passed */
}

static void nothing_is_sent_while_redis_is_ahead_of_the_fold(void **state)
{
    struct bench *b = *state;
    char key[128];

    count(b, 7);
    turn_until(b, fresh);
    snprintf(key, sizeof key, "%s", pointer(b));
    ask(b, "HSET %s pos:placements/52 3 missions:total 9", key);
    turn_until(b, stale);
    looks = 0;
    turn_until(b, looked_enough);
    assert_string_equal("9", ask(b, "HGET %s missions:total", key));
    count(b, 1);
    count(b, 1);
    turn_until(b, fresh);
    assert_held(b, "9", "3");
}

static void another_fold_takes_over_with_a_new_key(void **state)
{
    struct bench *b = *state;

    count(b, 7);
    turn_until(b, fresh);
    mj_rep_live_epoch(b->live, other_epoch);
    assert_true(stale(b));
    turn_until(b, fresh);
    assert_string_equal("7", field(b, "missions:total"));
    assert_string_equal("cd000000000000000000000000000000-1", field(b, "epoch"));
}

static void keys_of_another_type_are_replaced(void **state)
{
    struct bench *b = *state;

    count(b, 7);
    turn_until(b, fresh);
    note_rebuilds(b, 1);
    ask(b, "SET %s spoilt", pointer(b));
    turn_until(b, rebuilt);
    assert_held(b, "7", "1");
    note_rebuilds(b, 1);
    ask(b, "DEL live:{52}:pointer");
    ask(b, "RPUSH live:{52}:pointer spoilt");
    turn_until(b, rebuilt);
    assert_held(b, "7", "1");
}

/* ---- the plan alone ---- */

static void the_plan_sends_only_on_top_of_what_was_sent(void **state)
{
    (void)state;
    struct mj_rep_found found = { .present = true, .epoch = "a" };
    struct mj_rep_positions ours = { { 5, 5 } }, were = { { 5, 4 } };

    found.positions = were;
    assert_int_equal(MJ_REP_SEND, mj_rep_judge(&found, "a", &ours, &were, true));
    assert_int_equal(MJ_REP_REFILL, mj_rep_judge(&found, "a", &ours, NULL, true));
    assert_int_equal(MJ_REP_REFILL, mj_rep_judge(&found, "b", &ours, &were, true));
    found.positions.at[1] = 3;
    assert_int_equal(MJ_REP_REFILL, mj_rep_judge(&found, "a", &ours, &were, true));
    found.positions.at[1] = 6;
    assert_int_equal(MJ_REP_WAIT, mj_rep_judge(&found, "a", &ours, &were, true));
    assert_int_equal(MJ_REP_WAIT, mj_rep_judge(&found, "b", &ours, NULL, false));
    assert_int_equal(MJ_REP_REFILL, mj_rep_judge(&found, "b", &ours, NULL, true));
    found.present = false;
    assert_int_equal(MJ_REP_REFILL, mj_rep_judge(&found, "a", &ours, &were, true));
}

static void only_our_own_keys_are_taken_for_hashes(void **state)
{
    (void)state;
    char key[MJ_REP_LIVE_KEY];
    uint64_t number = 0;

    mj_rep_hash_key(key, region(), EPOCH_TEXT, 12);
    assert_string_equal("live:{52}:" EPOCH_TEXT ":12", key);
    assert_true(mj_rep_hash_key_is(key, region(), &number));
    assert_int_equal(12, number);
    assert_false(mj_rep_hash_key_is(key, MJ_REP_FR, &number));
    assert_false(mj_rep_hash_key_is("live:{52}:pointer", region(), &number));
    assert_false(mj_rep_hash_key_is("somebody:else", region(), &number));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_values_are_filled_at_start),
        TEST(changes_go_out_as_values_and_corrections_lower_them),
        TEST(a_flush_is_noticed_while_idle_and_refilled),
        TEST(a_killed_server_makes_figures_stale_until_it_is_filled_again),
        TEST(an_older_snapshot_is_noticed_and_replaced),
        TEST(a_position_lower_than_sent_is_doubt_enough),
        TEST(nothing_is_sent_while_redis_is_ahead_of_the_fold),
        TEST(another_fold_takes_over_with_a_new_key),
        TEST(keys_of_another_type_are_replaced),
        cmocka_unit_test(the_plan_sends_only_on_top_of_what_was_sent),
        cmocka_unit_test(only_our_own_keys_are_taken_for_hashes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
