/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "reporting/watch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "common/base/buf.h"

#define LOOK_MS 100
#define WATCH_MOST_MS 10000
#define AT_LEAST_MS 2000
#define TOKEN_BYTES (8 * MJ_REP_REGIONS) /* each region's version, big-endian; 0 for none had */

typedef Missionjeunes__Reporting__V1__CountersRequest counters_request;
typedef Missionjeunes__Reporting__V1__CountersResponse counters_response;
typedef Missionjeunes__Reporting__V1__WatchRequest watch_request;
typedef Missionjeunes__Reporting__V1__WatchResponse watch_response;
typedef Missionjeunes__Reporting__V1__RegionCounters region_counters;

struct wait {                            /* a call that has not been answered */
    LIST_ENTRY(wait) link;
    struct mj_request *rq;
    struct mj_rep_view view;
    bool asked[MJ_REP_REGIONS];
    bool named;                          /* the regions were named: they are given even where they are empty */
    bool counters;                       /* Counters: waits for at_least; else Watch: for a change of versions */
    struct mj_rep_positions at_least;
    uint64_t versions[MJ_REP_REGIONS];
    uint64_t deadline_ms;
};

struct mj_rep_watch {
    const struct mj_rep_sources *sources;
    uint64_t regions;
    LIST_HEAD(, wait) waits;
    struct mj_timer *look;
    struct mj_defer *folded;
    bool stopped;
};

/* ---- requests ---- */

static bool serves(const struct mj_rep_watch *w, int region)
{
    return mj_rep_region_in(w->regions, region);
}

static int take_region(const struct mj_rep_watch *w, struct wait *x, const struct mj_principal *who, const char *code,
                       mj_error *err)
{
    int region = mj_rep_region(code);

    if (region < 0) {
        return mj_fail(err, MJ_INVALID_ARGUMENT, "REGION_UNKNOWN", "regions",
                       "expected INSEE region codes or FR, got another");
    }
    if (!mj_principal_in(who, code)) {
        return mj_fail(err, MJ_PERMISSION_DENIED, "REGION_NOT_YOURS", "regions",
                       "expected regions of your own, got %s; leave them out for all of yours", code);
    }
    if (!serves(w, region)) {
        return mj_fail(err, MJ_NOT_FOUND, "REGION_NOT_SERVED", "regions",
                       "this instance does not serve region %s; ask the one that the directory names", code);
    }
    x->asked[region] = true;
    return 0;
}

static int take_regions(const struct mj_rep_watch *w, struct wait *x, const struct mj_principal *who, char **codes,
                        size_t count, mj_error *err)
{
    x->named = count > 0;
    for (size_t i = 0; i < count; i++) {
        if (take_region(w, x, who, codes[i], err) < 0) {
            return -1;
        }
    }
    for (int i = 0; i < MJ_REP_REGIONS && count == 0; i++) {
        x->asked[i] = serves(w, i) && mj_principal_in(who, mj_rep_region_code(i));
    }
    return 0;
}

static int take_at_least(struct wait *x, const counters_request *body, mj_error *err)
{
    for (size_t i = 0; i < body->n_at_least; i++) {
        int log = mj_rep_log(body->at_least[i]->service, body->at_least[i]->region);
        if (log < 0 || strcmp(mj_rep_log_region(log), "FR") == 0) {      /* no figure hangs on the national logs */
            return mj_fail(err, MJ_INVALID_ARGUMENT, "LOG_UNKNOWN", "at_least",
                           "expected logs of registry or placements of a region, got another");
        }
        if (body->at_least[i]->position > x->at_least.at[log]) {
            x->at_least.at[log] = body->at_least[i]->position;
        }
    }
    return 0;
}

static int take_token(struct wait *x, const ProtobufCBinaryData *token, mj_error *err)
{
    if (token->len != 0 && token->len != TOKEN_BYTES) {
        return mj_fail(err, MJ_INVALID_ARGUMENT, "TOKEN", "token",
                       "expected the last answer's token, unchanged, got something else; send none to begin again");
    }
    for (size_t i = 0; i < token->len; i++) {
        x->versions[i / 8] = x->versions[i / 8] << 8 | token->data[i];
    }
    return 0;
}

/* ---- answers ---- */

/* Regions without a figure are left out unless they were named; the country never is. */
static bool given(const struct mj_rep_watch *w, const struct wait *x, int region)
{
    return x->asked[region] &&
           (x->named || region == MJ_REP_FR || !mj_rep_cells_none(w->sources->cells, region));
}

static bool moved(const struct mj_rep_watch *w, const struct wait *x, int region)
{
    return given(w, x, region) && x->versions[region] != mj_rep_cells_version(w->sources->cells, region);
}

/* The regions to answer with: all given ones, or those that moved. */
static int build(const struct mj_rep_watch *w, struct wait *x, region_counters **out, size_t *count, mj_error *err)
{
    size_t budget = MJ_REP_COUNTERS_MAX;

    *count = 0;
    for (int i = 0; i < MJ_REP_REGIONS; i++) {
        if (!(x->counters ? given(w, x, i) : moved(w, x, i))) {
            continue;
        }
        if (mj_rep_answer(&out[*count], w->sources, i, &x->view, mj_request_arena(x->rq), &budget, err) < 0) {
            return -1;
        }
        x->versions[i] = mj_rep_cells_version(w->sources->cells, i);
        ++*count;
    }
    return 0;
}

static int by_code(const void *a, const void *b)
{
    const region_counters *x = *(region_counters *const *)a;
    const region_counters *y = *(region_counters *const *)b;

    return strcmp(x->region, y->region);
}

static void reply_watch(struct wait *x, region_counters **regions, size_t count)
{
    watch_response answer = MISSIONJEUNES__REPORTING__V1__WATCH_RESPONSE__INIT;
    uint8_t token[TOKEN_BYTES];

    for (size_t i = 0; i < TOKEN_BYTES; i++) {
        token[i] = (uint8_t)(x->versions[i / 8] >> (56 - 8 * (i % 8)));
    }
    answer.regions = regions;
    answer.n_regions = count;
    answer.token = (ProtobufCBinaryData){ sizeof token, token };
    mj_reply(x->rq, &answer.base);
}

static void reply_counters(struct wait *x, region_counters **regions, size_t count)
{
    counters_response answer = MISSIONJEUNES__REPORTING__V1__COUNTERS_RESPONSE__INIT;

    answer.regions = regions;
    answer.n_regions = count;
    mj_reply(x->rq, &answer.base);
}

/* Answers and forgets it. */
static void answer(struct mj_rep_watch *w, struct wait *x)
{
    region_counters *regions[MJ_REP_REGIONS];
    size_t count;
    mj_error err = { 0 };

    LIST_REMOVE(x, link);
    if (build(w, x, regions, &count, &err) < 0) {
        mj_reply_error(x->rq, &err);
    } else {
        qsort(regions, count, sizeof *regions, by_code);
        if (x->counters) {
            reply_counters(x, regions, count);
        } else {
            reply_watch(x, regions, count);
        }
    }
    free(x);
}

/* ---- waiting ---- */

static bool reached(const struct mj_rep_watch *w, const struct wait *x)
{
    const struct mj_rep_positions *now = mj_rep_cells_positions(w->sources->cells);

    for (int i = 0; i < MJ_REP_LOGS; i++) {
        if (now->at[i] < x->at_least.at[i]) {
            return false;
        }
    }
    return true;
}

static bool any_moved(const struct mj_rep_watch *w, const struct wait *x)
{
    for (int i = 0; i < MJ_REP_REGIONS; i++) {
        if (moved(w, x, i)) {
            return true;
        }
    }
    return false;
}

static void on_look(void *arg)
{
    struct mj_rep_watch *w = arg;
    uint64_t now = mj_loop_now_ms(w->sources->loop);
    struct wait *next;

    for (struct wait *x = LIST_FIRST(&w->waits); x != NULL; x = next) {
        next = LIST_NEXT(x, link);
        if (now >= x->deadline_ms || (x->counters ? reached(w, x) : any_moved(w, x))) {
            answer(w, x);
        }
    }
    if (LIST_EMPTY(&w->waits)) {
        mj_timer_stop(w->look);
    }
}

/* A caller that waits for its own write is not kept until the next look. */
static void on_folded(void *arg)
{
    struct mj_rep_watch *w = arg;
    struct wait *next;

    for (struct wait *x = LIST_FIRST(&w->waits); x != NULL; x = next) {
        next = LIST_NEXT(x, link);
        if (x->counters && reached(w, x)) {
            answer(w, x);
        }
    }
}

static void begin(struct mj_rep_watch *w, struct wait *x, bool now, uint64_t wait_ms)
{
    if (LIST_EMPTY(&w->waits)) {
        mj_timer_start(w->look, LOOK_MS, LOOK_MS);
    }
    LIST_INSERT_HEAD(&w->waits, x, link);
    x->deadline_ms = mj_loop_now_ms(w->sources->loop) + wait_ms;
    if (now || w->stopped || wait_ms == 0) {
        answer(w, x);
    }
}

int mj_rep_watch_counters(struct mj_rep_watch *w, struct mj_request *rq, mj_error *err)
{
    const counters_request *body = mj_request_body(rq);
    struct wait *x = mj_calloc(1, sizeof *x);

    x->rq = rq;
    x->counters = true;
    if (mj_rep_view_of(&x->view, mj_request_who(rq), body->row, err) < 0 || take_at_least(x, body, err) < 0 ||
        take_regions(w, x, mj_request_who(rq), body->regions, body->n_regions, err) < 0) {
        free(x);
        return -1;
    }
    begin(w, x, reached(w, x), AT_LEAST_MS);
    return 0;
}

int mj_rep_watch_watch(struct mj_rep_watch *w, struct mj_request *rq, mj_error *err)
{
    const watch_request *body = mj_request_body(rq);
    struct wait *x = mj_calloc(1, sizeof *x);

    x->rq = rq;
    if (mj_rep_view_of(&x->view, mj_request_who(rq), body->row, err) < 0 || take_token(x, &body->token, err) < 0 ||
        take_regions(w, x, mj_request_who(rq), body->regions, body->n_regions, err) < 0) {
        free(x);
        return -1;
    }
    begin(w, x, body->token.len == 0, body->wait_ms > WATCH_MOST_MS ? WATCH_MOST_MS : body->wait_ms);
    return 0;
}

void mj_rep_watch_folded(struct mj_rep_watch *w)
{
    if (!LIST_EMPTY(&w->waits)) {
        mj_defer_schedule(w->folded);
    }
}

void mj_rep_watch_stop(struct mj_rep_watch *w)
{
    w->stopped = true;
    while (!LIST_EMPTY(&w->waits)) {
        answer(w, LIST_FIRST(&w->waits));
    }
    mj_timer_stop(w->look);
}

/* ---- making it ---- */

int mj_rep_watch_create(struct mj_rep_watch **ret, const struct mj_rep_sources *sources, uint64_t regions,
                        mj_error *err)
{
    struct mj_rep_watch *w = mj_calloc(1, sizeof *w);

    w->sources = sources;
    w->regions = regions;
    LIST_INIT(&w->waits);
    if (mj_timer_create(&w->look, sources->loop, on_look, w, err) < 0 ||
        mj_defer_create(&w->folded, sources->loop, on_folded, w, err) < 0) {
        mj_rep_watch_destroy(w);
        return -1;
    }
    *ret = w;
    return 0;
}

void mj_rep_watch_destroy(struct mj_rep_watch *w)
{
    struct wait *x;

    if (w == NULL) {
        return;
    }
    while ((x = LIST_FIRST(&w->waits)) != NULL) {
        LIST_REMOVE(x, link);
        free(x);
    }
    mj_timer_destroy(w->look);
    mj_defer_destroy(w->folded);
    free(w);
}
