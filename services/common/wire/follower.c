/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Following one log into a model: ask, take the commits one after another, ask again. The next question goes out as
 * soon as little is left to fold, so that reading and folding overlap; at most about two answers are in memory. Who has
 * caught up asks again after a pause: what is written after a rest comes at once, and what comes thick and fast comes
 * many commits an answer.
 *
 * A call and a commit being folded each hold a ticket, which outlives the follower if it must. */
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/service/logging.h"
#include "common/wire/follow.h"
#include "missionjeunes/log/v1/log.pb-c.h"

#define WAIT_MS 10000                    /* the server's long poll */
#define CALL_MS 15000
#define ASK_BELOW (512u * 1024u)         /* bytes left to fold that let the next question go */
#define PACE_MS 5                        /* between questions of one that has caught up */
#define BACKOFF_MIN_MS 100
#define BACKOFF_MAX_MS 2000              /* services are ready again within 5 s of the last fault of a network */

typedef Missionjeunes__Log__V1__FollowRequest follow_request;
typedef Missionjeunes__Log__V1__FollowResponse follow_response;
typedef Missionjeunes__Log__V1__LogCommit log_commit;

struct ticket { struct mj_follower *follower; };  /* NULL: the follower went, or the result is not wanted any more */

struct held {                            /* a commit that waits for its fold; its block follows */
    struct mj_commit commit;
    struct held *next;
};

struct mj_follower {
    struct mj_loop *loop;
    struct mj_resolver *resolver;
    struct mj_model *model;
    struct mj_timer *timer;              /* the next try after a failure */
    struct mj_follower_state state;
    char service[16], region[3];
    uint8_t epoch[16];                   /* the model's when next and hash were read from it */
    uint64_t next;                       /* position after the last commit held */
    uint8_t hash[MJ_HASH];
    uint64_t asked_ms, backoff_ms;
    struct ticket *asking, *folding;     /* NULL: none outstanding */
    struct held *first, **last;
    size_t held_bytes;
    bool running, feeding;
    bool in_vain, waits;                 /* the last question got no answer; it asked the server to wait */
};

static void ask(void *arg);
static void feed(struct mj_follower *f);

/* ---- tickets and what is held ---- */

static struct ticket *make_ticket(struct mj_follower *f)
{
    struct ticket *t = mj_calloc(1, sizeof *t);
    t->follower = f;
    return t;
}

static void drop_ticket(struct ticket **t)
{
    if (*t)
        (*t)->follower = NULL;
    *t = NULL;
}

static void drop_held(struct mj_follower *f)
{
    struct held *h;
    while ((h = f->first) != NULL) {
        f->first = h->next;
        free(h);
    }
    f->last = &f->first;
    f->held_bytes = 0;
}

static void hold(struct mj_follower *f, const log_commit *c)
{
    struct held *h = mj_alloc(sizeof *h + c->block.len);
    h->commit = (struct mj_commit){ .first = c->first, .count = c->count, .block = (uint8_t *)(h + 1),
                                    .block_len = c->block.len };
    memcpy(h->commit.hash, c->hash.data, MJ_HASH);
    memcpy(h + 1, c->block.data, c->block.len);
    h->next = NULL;
    *f->last = h;
    f->last = &h->next;
    f->held_bytes += c->block.len;
}

/* Where the model stands. */
static void read_model(struct mj_follower *f)
{
    drop_held(f);
    memcpy(f->epoch, mj_model_epoch(f->model), sizeof f->epoch);
    f->next = mj_model_next(f->model, f->service, f->region, f->hash);
    f->state.position = f->next - 1;
}

/* The model was started over, by this follower or by another one: what is held belongs to the old one. */
static bool model_is_other(const struct mj_follower *f)
{
    return memcmp(f->epoch, mj_model_epoch(f->model), sizeof f->epoch) != 0;
}

static void later(struct mj_follower *f)
{
    uint32_t random;
    mj_random(mj_loop_env(f->loop), &random, sizeof random);
    mj_timer_start(f->timer, f->backoff_ms / 2 + random % (f->backoff_ms / 2 + 1), 0);
    f->backoff_ms = 2 * f->backoff_ms < BACKOFF_MAX_MS ? 2 * f->backoff_ms : BACKOFF_MAX_MS;
}

/* From where the model stands, after a while; what is under way is for nobody any more. */
static void start_again(struct mj_follower *f)
{
    drop_ticket(&f->asking);
    drop_ticket(&f->folding);
    read_model(f);
    later(f);
}

static void log_trouble(const struct mj_follower *f, enum mj_level level, const char *event, const mj_error *err)
{
    if (mj_log_sampled(event))
        mj_log(level, event, "followed=%s region=%s reason=%s text=%s", f->service, f->region, err->reason, err->text);
}

/* ---- folding ---- */

static void on_folded(void *arg)
{
    struct ticket *t = arg;
    struct mj_follower *f = t->follower;
    free(t);
    if (!f)
        return;
    f->folding = NULL;
    if (model_is_other(f)) {
        start_again(f);
        return;
    }
    struct held *h = f->first;
    f->state.position = h->commit.first + h->commit.count - 1;
    f->first = h->next;
    if (!f->first)
        f->last = &f->first;
    f->held_bytes -= h->commit.block_len;
    free(h);
    feed(f);
}

/* Gives the first held commit to the model; false where it did not take it. */
static bool fold_first(struct mj_follower *f)
{
    mj_error err;
    f->folding = make_ticket(f);
    if (mj_model_take(f->model, f->service, f->region, &f->first->commit, on_folded, f->folding, &err) == 0)
        return true;
    free(f->folding);
    f->folding = NULL;
    if (err.code != MJ_ABORTED)          /* ABORTED: it is being started over */
        log_trouble(f, MJ_ERR, "follow_commit_refused", &err);
    return false;
}

static void ask_in_turn(struct mj_follower *f)
{
    uint64_t since = mj_loop_now_ms(f->loop) - f->asked_ms;
    if (f->next < f->state.end || since >= PACE_MS)
        ask(f);
    else
        mj_timer_start(f->timer, PACE_MS - since, 0);
}

/* A loop, since the model may call back before it returns. */
static void feed(struct mj_follower *f)
{
    if (f->feeding)
        return;
    f->feeding = true;
    bool taken = true;
    while (f->running && taken && f->first && !f->folding)
        taken = fold_first(f);
    f->feeding = false;
    if (!taken)
        start_again(f);
    else if (f->running && !f->asking && f->held_bytes < ASK_BELOW)
        ask_in_turn(f);
}

/* ---- asking ---- */

/* Takes a page of commits; each must follow the last. That it fits the chain the model checks when it takes it. */
static int hold_page(struct mj_follower *f, const follow_response *m, mj_error *err)
{
    for (size_t i = 0; i < m->n_commits; i++) {
        const log_commit *c = m->commits[i];
        if (c->first != f->next || c->count == 0 || c->hash.len != MJ_HASH || c->block.len == 0)
            return mj_fail(err, MJ_DATA_LOSS, "COMMIT_ORDER", NULL, "expected a commit at %llu, got one at %llu",
                           (unsigned long long)f->next, (unsigned long long)c->first);
        hold(f, c);
        f->next = c->first + c->count;
        memcpy(f->hash, c->hash.data, MJ_HASH);
    }
    return 0;
}

static void take_answer(struct mj_follower *f, const follow_response *m)
{
    uint64_t now = mj_loop_now_ms(f->loop);
    mj_error err;
    f->in_vain = false;
    f->state.end = m->end;
    f->state.heard_ms = now != 0 ? now : 1;
    f->state.clock_skew_ms = (int64_t)m->now_ms - mj_wall_ms(mj_loop_env(f->loop));
    if (hold_page(f, m, &err) != 0) {
        log_trouble(f, MJ_ERR, "follow_answer_wrong", &err);
        start_again(f);
        return;
    }
    if (f->waits && m->n_commits == 0 && now - f->asked_ms < BACKOFF_MIN_MS) {
        later(f);                        /* the server is stopping: it answers at once */
        return;
    }
    f->backoff_ms = BACKOFF_MIN_MS;
    feed(f);
}

static void take_error(struct mj_follower *f, const struct mj_reply *r)
{
    bool diverged = r->outcome == MJ_CALL_REFUSED && strcmp(r->err->reason, "DIVERGED") == 0;
    log_trouble(f, diverged ? MJ_ERR : MJ_WARN, diverged ? "follow_diverged" : "follow_failed", r->err);
    mj_error err;
    f->in_vain = true;
    if (diverged) {
        f->state.diverged = true;
        if (mj_model_start_over(f->model, &err) != 0)
            log_trouble(f, MJ_ERR, "follow_start_over_failed", &err);
    }
    later(f);
}

static void on_reply(void *arg, const struct mj_reply *r)
{
    struct ticket *t = arg;
    struct mj_follower *f = t->follower;
    free(t);
    if (!f)
        return;
    f->asking = NULL;
    if (model_is_other(f)) {             /* an answer to the old model's question */
        start_again(f);
        return;
    }
    if (r->outcome == MJ_CALL_OK)
        take_answer(f, r->body);
    else
        take_error(f, r);
}

static void ask(void *arg)
{
    struct mj_follower *f = arg;
    follow_request m = MISSIONJEUNES__LOG__V1__FOLLOW_REQUEST__INIT;
    struct mj_call call = { .method = "log.v1.Follow", .region = f->region, .body = &m.base, .timeout_ms = CALL_MS,
                            .answer = &missionjeunes__log__v1__follow_response__descriptor };
    mj_error err;
    if (!f->running || f->asking)
        return;
    mj_timer_stop(f->timer);
    if (!f->first && !f->folding)
        read_model(f);
    m.from = f->next;
    if (f->next > 1)
        m.hash = (ProtobufCBinaryData){ MJ_HASH, f->hash };
    /* The first answer, and the first after trouble, tells at once whether we are behind and that somebody is there. */
    f->waits = f->state.heard_ms != 0 && !f->in_vain;
    m.wait_ms = f->waits ? WAIT_MS : 0;
    m.region = f->region;
    f->asking = make_ticket(f);
    f->asked_ms = mj_loop_now_ms(f->loop);
    if (mj_resolver_call(f->resolver, f->service, &call, on_reply, f->asking, &err) == 0)
        return;
    free(f->asking);
    f->asking = NULL;
    f->backoff_ms = BACKOFF_MIN_MS;      /* nothing left this process: to try again soon costs nobody anything */
    later(f);
}

/* ---- life ---- */

int mj_follower_create(struct mj_follower **ret, struct mj_loop *l, struct mj_resolver *r, struct mj_model *m,
                       const char *service, const char *region, mj_error *err)
{
    struct mj_follower *f = mj_calloc(1, sizeof *f);
    f->loop = l;
    f->resolver = r;
    f->model = m;
    strncpy(f->service, service, sizeof f->service - 1);
    strncpy(f->region, region, sizeof f->region - 1);
    f->state.service = f->service;
    f->state.region = f->region;
    f->last = &f->first;
    f->backoff_ms = BACKOFF_MIN_MS;
    if (mj_timer_create(&f->timer, l, ask, f, err) != 0) {
        free(f);
        return -1;
    }
    read_model(f);
    *ret = f;
    return 0;
}

void mj_follower_start(struct mj_follower *f)
{
    if (f->running)
        return;
    f->running = true;
    ask(f);
}

void mj_follower_stop(struct mj_follower *f)
{
    f->running = false;
    mj_timer_stop(f->timer);
    drop_ticket(&f->asking);
    drop_ticket(&f->folding);
    drop_held(f);
}

void mj_follower_destroy(struct mj_follower *f)
{
    if (!f)
        return;
    mj_follower_stop(f);
    mj_timer_destroy(f->timer);
    free(f);
}

const struct mj_follower_state *mj_follower_state(const struct mj_follower *f)
{
    return &f->state;
}
