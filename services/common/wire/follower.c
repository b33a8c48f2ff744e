/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Following one log into a model: ask, take the commits one after another, ask again. The next question goes out as
 * soon as little is left to fold, so that reading and folding overlap; at most about two answers are in memory. Who has
 * caught up asks again after a pause: what is written after a rest comes at once, and what comes thick and fast comes
 * many commits an answer.
 *
 * An answer is kept as it came, as one page of bytes, until the last of its commits is folded; nothing is unpacked.
 * A call holds a ticket, which outlives the follower if it must, as a commit being folded does. */
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/fields.h"
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

struct ticket { struct mj_follower *follower; };  /* NULL: the follower went, or the result is not wanted any more */

struct page {                            /* the bytes of an answer */
    unsigned held;                       /* by how many of its commits, and by who reads it */
    uint8_t bytes[];
};

struct held {                            /* a commit that waits for its fold, or is being folded */
    struct mj_follower *follower;        /* NULL: as a ticket's */
    struct mj_commit commit;             /* its block stands in the page */
    struct page *page;
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
    struct ticket *asking;               /* NULL: none outstanding */
    struct held *folding;                /* what the model has; or NULL */
    struct held *first, **last;          /* what waits behind it */
    size_t held_bytes;                   /* of blocks, the one being folded included */
    bool running, feeding;
    bool absent;                         /* the directory knows nobody who serves the log */
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

static void drop_asking(struct mj_follower *f)
{
    if (f->asking)
        f->asking->follower = NULL;
    f->asking = NULL;
}

static void release_page(struct page *p)
{
    if (--p->held == 0)
        free(p);
}

static void free_held(struct held *h)
{
    release_page(h->page);
    free(h);
}

/* What the model has it keeps until it is done with it; then it is for nobody. */
static void drop_held(struct mj_follower *f)
{
    struct held *h;
    if (f->folding)
        f->folding->follower = NULL;
    f->folding = NULL;
    while ((h = f->first) != NULL) {
        f->first = h->next;
        free_held(h);
    }
    f->last = &f->first;
    f->held_bytes = 0;
}

static void hold(struct mj_follower *f, struct page *p, const struct mj_commit *c)
{
    struct held *h = mj_alloc(sizeof *h);
    *h = (struct held){ .follower = f, .commit = *c, .page = p };
    p->held++;
    *f->last = h;
    f->last = &h->next;
    f->held_bytes += c->block_len;
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
    drop_asking(f);
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
    struct held *h = arg;
    struct mj_follower *f = h->follower;
    struct mj_commit commit = h->commit;
    free_held(h);
    if (!f)
        return;
    f->folding = NULL;
    if (model_is_other(f)) {
        start_again(f);
        return;
    }
    f->state.position = commit.first + commit.count - 1;
    f->held_bytes -= commit.block_len;
    feed(f);
}

/* Gives the first held commit to the model; false where it did not take it. */
static bool fold_first(struct mj_follower *f)
{
    struct held *h = f->first;
    mj_error err;
    f->first = h->next;
    if (!f->first)
        f->last = &f->first;
    f->folding = h;
    if (mj_model_take(f->model, f->service, f->region, &h->commit, on_folded, h, &err) == 0)
        return true;
    f->folding = NULL;
    free_held(h);
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

/* What an answer tells besides its commits. */
struct told { uint64_t end, now_ms; bool commits; };

enum { COMMITS = 1, END, NOW_MS };       /* fields of FollowResponse */
enum { FIRST = 1, COUNT, HASH, BLOCK };  /* fields of LogCommit */

static int malformed(mj_error *err)
{
    return mj_fail(err, MJ_DATA_LOSS, "ANSWER_MALFORMED", NULL, "the service's answer cannot be read");
}

static bool read_commit(struct mj_commit *c, const struct mj_field *commit)
{
    struct mj_fields fields = mj_fields_of(commit->data, commit->len);
    struct mj_field f;
    bool hash = false;
    int more;
    *c = (struct mj_commit){ 0 };
    while ((more = mj_fields_next(&fields, &f)) == 1) {
        if (f.number <= BLOCK && f.wire != (f.number <= COUNT ? MJ_WIRE_NUMBER : MJ_WIRE_BYTES))
            return false;
        switch (f.number) {
        case FIRST: c->first = f.value; break;
        case COUNT: c->count = (uint32_t)f.value; break;
        case HASH:
            hash = f.len == MJ_HASH;
            if (hash)
                memcpy(c->hash, f.data, MJ_HASH);
            break;
        case BLOCK: c->block = f.data; c->block_len = f.len; break;
        default: break;                  /* of a newer service */
        }
    }
    return more == 0 && hash;
}

/* Each must follow the last. That it fits the chain the model checks when it takes it. */
static int hold_commit(struct mj_follower *f, struct page *p, const struct mj_field *field, mj_error *err)
{
    struct mj_commit c;
    if (field->wire != MJ_WIRE_BYTES || !read_commit(&c, field))
        return malformed(err);
    if (c.first != f->next || c.count == 0 || c.block_len == 0)
        return mj_fail(err, MJ_DATA_LOSS, "COMMIT_ORDER", NULL, "expected a commit at %llu, got one at %llu",
                       (unsigned long long)f->next, (unsigned long long)c.first);
    hold(f, p, &c);
    f->next = c.first + c.count;
    memcpy(f->hash, c.hash, MJ_HASH);
    return 0;
}

static int hold_page(struct mj_follower *f, struct page *p, size_t len, struct told *told, mj_error *err)
{
    struct mj_fields fields = mj_fields_of(p->bytes, len);
    struct mj_field field;
    int more;
    *told = (struct told){ 0 };
    while ((more = mj_fields_next(&fields, &field)) == 1) {
        if (field.number == COMMITS && hold_commit(f, p, &field, err) != 0)
            return -1;
        told->commits |= field.number == COMMITS;
        if (field.wire == MJ_WIRE_NUMBER && field.number == END)
            told->end = field.value;
        if (field.wire == MJ_WIRE_NUMBER && field.number == NOW_MS)
            told->now_ms = field.value;
    }
    return more == 0 ? 0 : malformed(err);
}

static void take_answer(struct mj_follower *f, const struct mj_frame *bytes)
{
    uint64_t now = mj_loop_now_ms(f->loop);
    struct page *page = mj_alloc(sizeof *page + bytes->len);
    struct told told;
    mj_error err;
    f->in_vain = false;
    page->held = 1;
    memcpy(page->bytes, bytes->data, bytes->len);
    int rc = hold_page(f, page, bytes->len, &told, &err);
    release_page(page);
    if (rc != 0) {
        log_trouble(f, MJ_ERR, "follow_answer_wrong", &err);
        start_again(f);
        return;
    }
    f->state.end = told.end;
    f->state.heard_ms = now != 0 ? now : 1;
    f->state.clock_skew_ms = (int64_t)told.now_ms - mj_wall_ms(mj_loop_env(f->loop));
    if (f->waits && !told.commits && now - f->asked_ms < BACKOFF_MIN_MS) {
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
        take_answer(f, r->bytes);
    else
        take_error(f, r);
}

static void ask(void *arg)
{
    struct mj_follower *f = arg;
    follow_request m = MISSIONJEUNES__LOG__V1__FOLLOW_REQUEST__INIT;
    struct mj_call call = { .method = "log.v1.Follow", .region = f->region, .body = &m.base, .timeout_ms = CALL_MS };
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
    /* Nothing left this process: to try again soon costs nobody else anything. But a service that follows 40 regions of
     * which nobody serves 39 shall not look for each of them ten times a second: the directory's news wakes it. */
    f->absent = strcmp(err.reason, "NO_INSTANCE") == 0;
    if (!f->absent)
        f->backoff_ms = BACKOFF_MIN_MS;
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

void mj_follower_look(struct mj_follower *f)
{
    if (!f->absent)
        return;
    f->absent = false;
    f->backoff_ms = BACKOFF_MIN_MS;
    ask(f);
}

void mj_follower_stop(struct mj_follower *f)
{
    f->running = false;
    mj_timer_stop(f->timer);
    drop_asking(f);
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
