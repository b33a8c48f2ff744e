/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Answers of log.v1.Follow, as a follower takes them from another service: resolver, model and timer are ours (the
 * linker's --wrap). Whatever comes, the model is offered commits one after another, in order, without a hole, each with
 * a block; what the follower held is freed when it goes.
 *
 * An input: steps, each a byte that says what happens (an answer, an error, the model is done, it is started over, time
 * passes), and for an answer a length of two bytes and the bytes. */
#include "common/service/logging.h"
#include "common/store/model.h"
#include "common/wire/follow.h"
#include "fuzz.h"

#define QUESTIONS_MAX 8

enum { ANSWER, REFUSED, UNKNOWN, DIVERGED, DONE, OVER, PASSES, HAPPENINGS };

static struct { mj_reply_fn *fn; void *arg; } questions[QUESTIONS_MAX];   /* that are out, the oldest first */
static unsigned question_count;
static mj_loop_fn *on_timer;
static void *on_timer_arg;
static bool timer_runs;
static uint64_t now, next;               /* position the model wants next */
static uint8_t epoch[16], hash[MJ_HASH];
static void (*on_done)(void *arg);       /* the model has a commit */
static void *on_done_arg;

int __wrap_mj_timer_create(struct mj_timer **ret, struct mj_loop *l, mj_loop_fn *fn, void *arg, mj_error *err);
void __wrap_mj_timer_start(struct mj_timer *t, uint64_t after_ms, uint64_t repeat_ms);
void __wrap_mj_timer_stop(struct mj_timer *t);
void __wrap_mj_timer_destroy(struct mj_timer *t);
uint64_t __wrap_mj_loop_now_ms(struct mj_loop *l);
const struct mj_env *__wrap_mj_loop_env(const struct mj_loop *l);
int __wrap_mj_resolver_call(struct mj_resolver *r, const char *service, const struct mj_call *c, mj_reply_fn *fn,
                            void *arg, mj_error *err);
uint64_t __wrap_mj_model_next(struct mj_model *m, const char *service, const char *region, uint8_t ret[MJ_HASH]);
int __wrap_mj_model_take(struct mj_model *m, const char *service, const char *region, const struct mj_commit *c,
                         void (*done)(void *arg), void *arg, mj_error *err);
int __wrap_mj_model_start_over(struct mj_model *m, mj_error *err);
const uint8_t *__wrap_mj_model_epoch(const struct mj_model *m);

/* ---- timer and clock ---- */

int __wrap_mj_timer_create(struct mj_timer **ret, struct mj_loop *l, mj_loop_fn *fn, void *arg, mj_error *err)
{
    static uint8_t nothing;
    (void)l, (void)err;
    on_timer = fn;
    on_timer_arg = arg;
    *ret = (struct mj_timer *)(void *)&nothing;
    return 0;
}

void __wrap_mj_timer_start(struct mj_timer *t, uint64_t after_ms, uint64_t repeat_ms)
{
    (void)t;
    HOLD(after_ms <= 10000 && repeat_ms == 0);
    timer_runs = true;
}

void __wrap_mj_timer_stop(struct mj_timer *t)
{
    (void)t;
    timer_runs = false;
}

void __wrap_mj_timer_destroy(struct mj_timer *t)
{
    __wrap_mj_timer_stop(t);
}

uint64_t __wrap_mj_loop_now_ms(struct mj_loop *l)
{
    (void)l;
    return now;
}

const struct mj_env *__wrap_mj_loop_env(const struct mj_loop *l)
{
    (void)l;
    return &mj_env_real;
}

/* ---- resolver and model ---- */

int __wrap_mj_resolver_call(struct mj_resolver *r, const char *service, const struct mj_call *c, mj_reply_fn *fn,
                            void *arg, mj_error *err)
{
    (void)r, (void)service;
    HOLD(strcmp(c->method, "log.v1.Follow") == 0);
    if (question_count == QUESTIONS_MAX)
        return mj_fail(err, MJ_UNAVAILABLE, "QUEUE", NULL, "too many questions are out");
    questions[question_count].fn = fn;
    questions[question_count++].arg = arg;
    return 0;
}

uint64_t __wrap_mj_model_next(struct mj_model *m, const char *service, const char *region, uint8_t ret[MJ_HASH])
{
    (void)m, (void)service, (void)region;
    memcpy(ret, hash, MJ_HASH);
    return next;
}

int __wrap_mj_model_take(struct mj_model *m, const char *service, const char *region, const struct mj_commit *c,
                         void (*done)(void *arg), void *arg, mj_error *err)
{
    (void)m, (void)service, (void)region;
    HOLD(on_done == NULL && c->first == next && c->count > 0 && c->block_len > 0);
    uint8_t sum = 0;
    for (size_t i = 0; i < c->block_len; i++)
        sum ^= c->block[i];              /* reads all of it */
    if (sum == 7)
        return mj_fail(err, MJ_DATA_LOSS, "CHAIN_BROKEN", NULL, "the chain is broken");
    next += c->count;
    memcpy(hash, c->hash, MJ_HASH);
    on_done = done;
    on_done_arg = arg;
    return 0;
}

int __wrap_mj_model_start_over(struct mj_model *m, mj_error *err)
{
    (void)m, (void)err;
    epoch[0]++;
    next = 1;
    return 0;
}

const uint8_t *__wrap_mj_model_epoch(const struct mj_model *m)
{
    (void)m;
    return epoch;
}

/* ---- what happens ---- */

static void finish_fold(void)
{
    void (*fn)(void *arg) = on_done;
    on_done = NULL;
    if (fn != NULL)
        fn(on_done_arg);
}

static void reply(enum mj_outcome outcome, const char *reason, const uint8_t *data, size_t len)
{
    const struct mj_frame bytes = { data, len };
    mj_error err;
    if (question_count == 0)
        return;
    mj_reply_fn *fn = questions[0].fn;
    void *arg = questions[0].arg;
    memmove(questions, questions + 1, --question_count * sizeof *questions);
    (void)mj_fail(&err, MJ_UNAVAILABLE, reason, NULL, "as the input says");
    const struct mj_reply r = { .outcome = outcome, .err = outcome == MJ_CALL_OK ? NULL : &err, .moved_to = "",
                                .bytes = outcome == MJ_CALL_OK ? &bytes : NULL };
    fn(arg, &r);
}

static void answer(struct fuzz_bytes *b)
{
    size_t len = fuzz_byte(b);
    len |= (size_t)fuzz_byte(b) << 8;
    uint8_t *data = fuzz_take(b, len, &len);
    reply(MJ_CALL_OK, "", data, len);
    free(data);                          /* the follower keeps what it needs */
}

static void one_step(struct fuzz_bytes *b)
{
    switch (fuzz_byte(b) % HAPPENINGS) {
    case ANSWER: answer(b); break;
    case REFUSED: reply(MJ_CALL_REFUSED, "FOLLOW", NULL, 0); break;
    case UNKNOWN: reply(MJ_CALL_UNKNOWN, "NO_ANSWER", NULL, 0); break;
    case DIVERGED: reply(MJ_CALL_REFUSED, "DIVERGED", NULL, 0); break;
    case DONE: finish_fold(); break;
    case OVER: (void)__wrap_mj_model_start_over(NULL, NULL); break;
    default:
        now += 1000;
        if (timer_runs) {
            timer_runs = false;
            on_timer(on_timer_arg);
        }
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    mj_logging_init("fuzz", &mj_env_real, MJ_ERR + 1);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_bytes b = { data, data + size };
    struct mj_follower *f;
    now = next = 1;
    HOLD(mj_follower_create(&f, NULL, NULL, NULL, "placements", "52", NULL) == 0);
    mj_follower_start(f);
    while (b.at < b.end)
        one_step(&b);
    HOLD(mj_follower_state(f)->position < next || mj_follower_state(f)->diverged || epoch[0] != 0);
    mj_follower_destroy(f);
    finish_fold();                       /* the model may be done later than that */
    while (question_count > 0)
        reply(MJ_CALL_UNKNOWN, "CLOSED", NULL, 0);
    memset(epoch, 0, sizeof epoch);
    return 0;
}
