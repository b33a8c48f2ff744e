/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "reporting/live.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/ids.h"
#include "common/seams/failpoint.h"
#include "common/service/logging.h"
#include "reporting/live_plan.h"

#define SHAPE 1                          /* of the hash: another one is another epoch */
#define TICK_MS 50                       /* how often it is looked whether something is due */
#define REST_MS 5                        /* what changed goes out at once, but for a rest after what went out before, */
#define PAIRS_A_REST_MS 50               /* longer the more it was: a storm of events costs few rounds */
#define CHECK_MS 500                     /* how often what did not change is read back */
#define RETRY_MS 500                     /* after Redis answered an error */
#define CALM_MS 10000                    /* refills that are closer than this slow each other down */
#define PAUSE_LEAST_MS 100
#define PAUSE_MOST_MS 5000
#define PAIRS_A_COMMAND 1000

struct place {                           /* one region's counters in Redis */
    bool served;
    bool holds;                          /* Redis holds what we sent: not stale */
    char key[MJ_REP_LIVE_KEY];
    uint64_t number;                     /* of the last key used */
    struct mj_rep_positions sent;
    uint64_t checked_ms, refilled_ms, not_before_ms;
    uint64_t pause_ms;
};

struct mj_rep_live {
    struct mj_loop *loop;
    struct mj_rep_cells *cells;
    struct mj_redis *redis;              /* NULL: none */
    struct mj_timer *tick;               /* the next round */
    bool moved, soon;                    /* figures moved since the round began; the tick comes for that */
    unsigned told;                       /* pairs of the round */
    uint64_t rest_until_ms;
    char epoch[MJ_REP_EPOCH_TEXT];       /* "" until it is known */
    unsigned fold;                       /* counts epochs */
    bool caught_up;
    struct place places[MJ_REP_REGIONS];
    struct mj_rep_live_stats stats;
    struct mj_redis_args args;
    /* the transaction under way; one at a time, since WATCH is the connection's */
    bool busy;
    int region;
    char pointer[MJ_REP_LIVE_KEY];       /* what the pointer names; "" where it names nothing of ours */
    char pairs_key[MJ_REP_LIVE_KEY];     /* hash being written */
    int pairs;
    struct mj_rep_positions sending;
    unsigned sending_fold;
};

static void next_region(struct mj_rep_live *l);

/* ---- commands ---- */

/* Sends what stands in l->args. Where the connection is gone, down() starts everything again. */
static void send(struct mj_rep_live *l, mj_redis_fn *fn)
{
    mj_redis_send(l->redis, &l->args, fn, l);
}

static void send_words(struct mj_rep_live *l, mj_redis_fn *fn, const char *a, const char *b, const char *c)
{
    mj_redis_args_start(&l->args, a);
    if (b != NULL) {
        mj_redis_args_add(&l->args, b);
    }
    if (c != NULL) {
        mj_redis_args_add(&l->args, c);
    }
    send(l, fn);
}

static void flush_pairs(struct mj_rep_live *l)
{
    if (l->pairs > 0) {
        send(l, NULL);
        l->pairs = 0;
    }
}

static void add_pair(struct mj_rep_live *l, const char *field, const char *value)
{
    if (l->pairs == 0) {
        mj_redis_args_start(&l->args, "HSET");
        mj_redis_args_add(&l->args, l->pairs_key);
    }
    mj_redis_args_add(&l->args, field);
    mj_redis_args_add(&l->args, value);
    l->told++;
    if (++l->pairs == PAIRS_A_COMMAND) {
        flush_pairs(l);
    }
}

static void add_cell(void *arg, const char *row, mj_rep_name name, int64_t value)
{
    char field[MJ_REP_ROW_TEXT + MJ_REP_NAME_TEXT];
    char text[MJ_REP_NAME_TEXT];
    char count[24];

    snprintf(field, sizeof field, "%s%s%s", row, row[0] == '\0' ? "" : "|", mj_rep_name_text(name, text));
    snprintf(count, sizeof count, "%" PRId64, value);
    add_pair(arg, field, count);
}

/* Positions that differ from what Redis has; NULL: all that are not 0. */
static void add_positions(struct mj_rep_live *l, const struct mj_rep_positions *has)
{
    char log[MJ_REP_LOG_TEXT];
    char field[MJ_REP_LOG_TEXT + 4];
    char position[24];

    for (int i = 0; i < MJ_REP_LOGS; i++) {
        if (l->sending.at[i] == (has == NULL ? 0 : has->at[i])) {
            continue;
        }
        snprintf(field, sizeof field, "pos:%s", mj_rep_log_text(i, log));
        snprintf(position, sizeof position, "%" PRIu64, l->sending.at[i]);
        add_pair(l, field, position);
    }
}

/* ---- the end of a transaction ---- */

static void set_holds(struct mj_rep_live *l, int region, bool holds)
{
    if (l->places[region].holds != holds) {
        l->places[region].holds = holds;
        mj_rep_cells_touch(l->cells, region);    /* whoever watches learns that it is stale, or no more */
    }
}

static void finish(struct mj_rep_live *l)
{
    l->places[l->region].checked_ms = mj_loop_now_ms(l->loop);
    l->region++;
    next_region(l);
}

/* Redis answers, but not as it should: loading, out of memory, a right that is missing. */
static void refused(struct mj_rep_live *l, const redisReply *reply)
{
    l->stats.refused++;
    if (mj_log_sampled("redis_refused")) {
        mj_log(MJ_WARN, "redis_refused", "region=%s answer=%s", mj_rep_region_code(l->region),
               reply->type == REDIS_REPLY_ERROR ? reply->str : "not what the command answers");
    }
    set_holds(l, l->region, false);
    l->places[l->region].not_before_ms = mj_loop_now_ms(l->loop) + RETRY_MS;
    send_words(l, NULL, "UNWATCH", NULL, NULL);
    finish(l);
}

static bool all_well(const redisReply *reply)
{
    for (size_t i = 0; i < reply->elements; i++) {
        if (reply->element[i]->type == REDIS_REPLY_ERROR) {
            return false;
        }
    }
    return true;
}

static const redisReply *first_error(const redisReply *reply)
{
    for (size_t i = 0; i < reply->elements; i++) {
        if (reply->element[i]->type == REDIS_REPLY_ERROR) {
            return reply->element[i];
        }
    }
    return reply;
}

static void on_exec(void *arg, const redisReply *reply)
{
    struct mj_rep_live *l = arg;
    struct place *p = &l->places[l->region];

    if (reply == NULL) {
        return;                          /* down() follows */
    }
    if (MJ_FAILPOINT("proj.after_exec")) {
        mj_redis_drop(l->redis, "fail point proj.after_exec");
        return;
    }
    if (reply->type == REDIS_REPLY_NIL) {
        l->stats.aborted++;              /* another writer; what was to be sent is forgotten, so refill */
        set_holds(l, l->region, false);
        finish(l);
        return;
    }
    if (reply->type != REDIS_REPLY_ARRAY || !all_well(reply)) {
        refused(l, reply->type == REDIS_REPLY_ARRAY ? first_error(reply) : reply);
        return;
    }
    p->sent = l->sending;
    memcpy(p->key, l->pairs_key, sizeof p->key);
    set_holds(l, l->region, l->sending_fold == l->fold);
    finish(l);
}

/* MULTI is open; closes it. */
static void commit(struct mj_rep_live *l)
{
    char channel[MJ_REP_LIVE_KEY];

    flush_pairs(l);
    snprintf(channel, sizeof channel, "live:{%s}", mj_rep_region_code(l->region));
    send_words(l, NULL, "PUBLISH", channel, l->pairs_key);
    mj_rep_cells_clean(l->cells, l->region);
    l->sending_fold = l->fold;
    if (MJ_FAILPOINT("proj.before_exec")) {
        mj_redis_drop(l->redis, "fail point proj.before_exec");
        return;
    }
    send_words(l, on_exec, "EXEC", NULL, NULL);
}

/* ---- what to send ---- */

static void send_changes(struct mj_rep_live *l)
{
    struct place *p = &l->places[l->region];

    l->sending = *mj_rep_cells_positions(l->cells);
    if (!mj_rep_cells_are_dirty(l->cells, l->region) && memcmp(&l->sending, &p->sent, sizeof l->sending) == 0) {
        send_words(l, NULL, "UNWATCH", NULL, NULL);
        finish(l);
        return;
    }
    memcpy(l->pairs_key, p->key, sizeof l->pairs_key);
    send_words(l, NULL, "MULTI", NULL, NULL);
    mj_rep_cells_dirty(l->cells, l->region, add_cell, l);
    add_positions(l, &p->sent);
    l->stats.sends++;
    commit(l);
}

static void refill(struct mj_rep_live *l)
{
    struct place *p = &l->places[l->region];
    char pointer_key[MJ_REP_LIVE_KEY];
    uint64_t now = mj_loop_now_ms(l->loop);
    uint64_t number = 0;

    if (l->pointer[0] != '\0' && mj_rep_hash_key_is(l->pointer, l->region, &number) && number > p->number) {
        p->number = number;
    }
    mj_rep_hash_key(l->pairs_key, l->region, l->epoch, ++p->number);
    l->sending = *mj_rep_cells_positions(l->cells);
    send_words(l, NULL, "MULTI", NULL, NULL);
    send_words(l, NULL, "DEL", l->pairs_key, NULL);
    add_pair(l, "epoch", l->epoch);
    add_positions(l, NULL);
    mj_rep_cells_each(l->cells, l->region, NULL, add_cell, l);
    flush_pairs(l);
    mj_rep_pointer_key(pointer_key, l->region);
    send_words(l, NULL, "SET", pointer_key, l->pairs_key);
    if (l->pointer[0] != '\0' && strcmp(l->pointer, l->pairs_key) != 0) {
        send_words(l, NULL, "UNLINK", l->pointer, NULL);
    }
    bool again_soon = p->refilled_ms != 0 && now - p->refilled_ms < CALM_MS;
    p->pause_ms = !again_soon ? PAUSE_LEAST_MS : p->pause_ms * 2 > PAUSE_MOST_MS ? PAUSE_MOST_MS : p->pause_ms * 2;
    p->refilled_ms = now;
    p->not_before_ms = now + p->pause_ms;
    l->stats.rebuilds++;
    commit(l);
}

static void act(struct mj_rep_live *l, const struct mj_rep_found *found)
{
    struct place *p = &l->places[l->region];
    bool ours = p->holds && strcmp(l->pointer, p->key) == 0;
    enum mj_rep_verdict verdict = mj_rep_judge(found, l->epoch, mj_rep_cells_positions(l->cells),
                                               ours ? &p->sent : NULL, l->caught_up);

    if (verdict == MJ_REP_SEND) {
        send_changes(l);
        return;
    }
    set_holds(l, l->region, false);
    if (verdict == MJ_REP_REFILL && mj_loop_now_ms(l->loop) >= p->not_before_ms) {
        refill(l);
        return;
    }
    send_words(l, NULL, "UNWATCH", NULL, NULL);
    finish(l);
}

/* ---- reading back ---- */

static bool wrong_type(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_ERROR && strncmp(reply->str, "WRONGTYPE", 9) == 0;
}

static void on_hash(void *arg, const redisReply *reply)
{
    struct mj_rep_live *l = arg;
    struct mj_rep_found found = { .present = false };

    if (reply == NULL) {
        return;
    }
    if (!wrong_type(reply) && (reply->type != REDIS_REPLY_ARRAY || reply->elements != 1 + MJ_REP_LOGS)) {
        refused(l, reply);
        return;
    }
    if (reply->type == REDIS_REPLY_ARRAY && reply->element[0]->type == REDIS_REPLY_STRING) {
        found.present = true;
        snprintf(found.epoch, sizeof found.epoch, "%s", reply->element[0]->str);
        for (int i = 0; i < MJ_REP_LOGS; i++) {
            const redisReply *position = reply->element[1 + i];
            found.positions.at[i] = position->type == REDIS_REPLY_STRING ? strtoull(position->str, NULL, 10) : 0;
        }
    }
    act(l, &found);
}

static void read_hash(struct mj_rep_live *l)
{
    char log[MJ_REP_LOG_TEXT];
    char field[MJ_REP_LOG_TEXT + 4];

    send_words(l, NULL, "WATCH", l->pointer, NULL);
    mj_redis_args_start(&l->args, "HMGET");
    mj_redis_args_add(&l->args, l->pointer);
    mj_redis_args_add(&l->args, "epoch");
    for (int i = 0; i < MJ_REP_LOGS; i++) {
        snprintf(field, sizeof field, "pos:%s", mj_rep_log_text(i, log));
        mj_redis_args_add(&l->args, field);
    }
    send(l, on_hash);
}

static void on_pointer(void *arg, const redisReply *reply)
{
    struct mj_rep_live *l = arg;
    struct mj_rep_found nothing = { .present = false };
    uint64_t number;

    if (reply == NULL) {
        return;
    }
    l->pointer[0] = '\0';
    if (reply->type == REDIS_REPLY_STRING && mj_rep_hash_key_is(reply->str, l->region, &number)) {
        snprintf(l->pointer, sizeof l->pointer, "%s", reply->str);
        read_hash(l);
    } else if (reply->type == REDIS_REPLY_NIL || reply->type == REDIS_REPLY_STRING || wrong_type(reply)) {
        act(l, &nothing);
    } else {
        refused(l, reply);
    }
}

/* ---- rounds over the regions ---- */

static bool due(const struct mj_rep_live *l, const struct place *p, int region, uint64_t now)
{
    if (!p->served) {
        return false;
    }
    if (!p->holds) {
        return now >= p->not_before_ms;
    }
    return mj_rep_cells_are_dirty(l->cells, region) || now - p->checked_ms >= CHECK_MS;
}

static void plan_round(struct mj_rep_live *l)
{
    uint64_t now = mj_loop_now_ms(l->loop);
    uint64_t rest = l->rest_until_ms > now ? l->rest_until_ms - now : 0;

    l->soon = l->moved;
    mj_timer_start(l->tick, l->moved ? rest : TICK_MS, 0);
}

static void next_region(struct mj_rep_live *l)
{
    char key[MJ_REP_LIVE_KEY];
    uint64_t now = mj_loop_now_ms(l->loop);

    while (l->region < MJ_REP_REGIONS && !due(l, &l->places[l->region], l->region, now)) {
        l->region++;
    }
    l->busy = l->region < MJ_REP_REGIONS;
    if (!l->busy) {
        uint64_t rest = REST_MS + l->told / PAIRS_A_REST_MS;
        l->rest_until_ms = now + (l->told == 0 ? 0 : rest > TICK_MS ? TICK_MS : rest);
        plan_round(l);
        return;
    }
    l->pairs = 0;
    mj_rep_pointer_key(key, l->region);
    send_words(l, NULL, "WATCH", key, NULL);
    send_words(l, on_pointer, "GET", key, NULL);
}

static void on_tick(void *arg)
{
    struct mj_rep_live *l = arg;

    if (l->busy) {
        return;                          /* its end plans the next one */
    }
    l->moved = false;
    if (!mj_redis_up(l->redis) || l->epoch[0] == '\0') {
        plan_round(l);
        return;
    }
    l->region = 0;
    l->told = 0;
    next_region(l);
}

static void on_up(void *arg)
{
    struct mj_rep_live *l = arg;

    l->stats.up = true;
    mj_log(MJ_INFO, "redis_connected", "epoch=%s", l->epoch);
    on_tick(l);
}

static void forget_all(struct mj_rep_live *l)
{
    for (int i = 0; i < MJ_REP_REGIONS; i++) {
        set_holds(l, i, false);
        l->places[i].not_before_ms = 0;
    }
}

static void on_down(void *arg)
{
    struct mj_rep_live *l = arg;

    l->stats.up = false;
    l->busy = false;
    forget_all(l);
    plan_round(l);
}

/* ---- making it ---- */

int mj_rep_live_create(struct mj_rep_live **ret, const struct mj_rep_live_options *o, mj_error *err)
{
    struct mj_rep_live *l = mj_calloc(1, sizeof *l);
    const struct mj_redis_events events = { on_up, on_down, l };

    l->loop = o->loop;
    l->cells = o->cells;
    for (int i = 0; i < MJ_REP_REGIONS; i++) {
        l->places[i].served = mj_rep_region_in(o->regions, i);
    }
    if (o->redis.address[0] != '\0' &&
        (mj_timer_create(&l->tick, o->loop, on_tick, l, err) < 0 ||
         mj_redis_create(&l->redis, o->loop, &o->redis, &events, err) < 0)) {
        mj_rep_live_destroy(l);
        return -1;
    }
    if (l->redis != NULL) {
        mj_timer_start(l->tick, TICK_MS, 0);
    }
    *ret = l;
    return 0;
}

void mj_rep_live_destroy(struct mj_rep_live *l)
{
    if (l == NULL) {
        return;
    }
    mj_redis_destroy(l->redis);
    mj_timer_destroy(l->tick);
    mj_redis_args_free(&l->args);
    free(l);
}

void mj_rep_live_epoch(struct mj_rep_live *l, const uint8_t epoch[16])
{
    char hex[33];

    snprintf(l->epoch, sizeof l->epoch, "%s-%d", mj_hex(hex, epoch, 16), SHAPE);
    l->fold++;
    forget_all(l);
}

void mj_rep_live_folded(struct mj_rep_live *l)
{
    l->moved = true;
    if (l->redis != NULL && !l->busy && !l->soon) {
        plan_round(l);
    }
}

void mj_rep_live_caught_up(struct mj_rep_live *l, bool caught_up)
{
    if (l->caught_up == caught_up) {
        return;
    }
    l->caught_up = caught_up;
    for (int i = 0; i < MJ_REP_REGIONS; i++) {
        mj_rep_cells_touch(l->cells, i);
    }
}

bool mj_rep_live_stale(const struct mj_rep_live *l, int region)
{
    const struct place *p = &l->places[region];

    return !l->caught_up || (l->redis != NULL && p->served && !p->holds);
}

const struct mj_rep_live_stats *mj_rep_live_stats(const struct mj_rep_live *l)
{
    return &l->stats;
}
