/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* What a client's connection gets: answers of any bytes, late, twice, to nobody, and the connection's loss between.
 * Socket, timer and clock are ours (the linker's --wrap). Every call ends exactly once, with one of three outcomes; an
 * answer that was taken is one, of no more memory than its bytes allow.
 *
 * An input: steps, each a byte that says what happens (a call of the method that the next byte picks, an answer, the
 * connection is lost, time passes, the socket is full); an answer is a count of frames, then each with two bytes of
 * length and its bytes. */
#include "common/base/crypto.h"
#include "common/wire/call.h"
#include "fuzz.h"
#include "methods.h"

#define CALLS_MAX 64

enum { CALL, ANSWER, LOST, PASSES, FULL, HAPPENINGS };

static struct mj_method methods[METHODS_MAX];
static size_t method_count;
static mj_message_fn *on_message;
static void *on_message_arg;
static void (*on_lost)(void *arg);
static void *on_lost_arg;
static mj_loop_fn *on_timer;
static void *on_timer_arg;
static bool timer_runs, full;
static uint64_t now;
static struct { const ProtobufCMessageDescriptor *answer; unsigned ends; } calls[CALLS_MAX];
static unsigned call_count;

int __wrap_mj_timer_create(struct mj_timer **ret, struct mj_loop *l, mj_loop_fn *fn, void *arg, mj_error *err);
void __wrap_mj_timer_start(struct mj_timer *t, uint64_t after_ms, uint64_t repeat_ms);
void __wrap_mj_timer_destroy(struct mj_timer *t);
uint64_t __wrap_mj_loop_now_ms(struct mj_loop *l);
int __wrap_mj_sock_open(struct mj_sock **ret, struct mj_loop *l, enum mj_sock_kind kind, const struct mj_curve *keys,
                        mj_message_fn *fn, void *arg, mj_error *err);
int __wrap_mj_sock_on_lost(struct mj_sock *s, void (*fn)(void *arg), void *arg, mj_error *err);
int __wrap_mj_sock_connect(struct mj_sock *s, const char *endpoint, const uint8_t key[MJ_CURVE_KEY], mj_error *err);
enum mj_sent __wrap_mj_sock_send(struct mj_sock *s, const struct mj_route *route, const struct mj_frame *frames,
                                 unsigned count);
void __wrap_mj_sock_close(struct mj_sock *s);

static uint8_t nothing;                  /* what our timer and our socket point to */

int __wrap_mj_timer_create(struct mj_timer **ret, struct mj_loop *l, mj_loop_fn *fn, void *arg, mj_error *err)
{
    (void)l, (void)err;
    on_timer = fn;
    on_timer_arg = arg;
    *ret = (struct mj_timer *)(void *)&nothing;
    return 0;
}

void __wrap_mj_timer_start(struct mj_timer *t, uint64_t after_ms, uint64_t repeat_ms)
{
    (void)t;
    HOLD(after_ms <= 5000 && repeat_ms == 0);
    timer_runs = true;
}

void __wrap_mj_timer_destroy(struct mj_timer *t)
{
    (void)t;
    timer_runs = false;
}

uint64_t __wrap_mj_loop_now_ms(struct mj_loop *l)
{
    (void)l;
    return now;
}

int __wrap_mj_sock_open(struct mj_sock **ret, struct mj_loop *l, enum mj_sock_kind kind, const struct mj_curve *keys,
                        mj_message_fn *fn, void *arg, mj_error *err)
{
    (void)l, (void)keys, (void)err;
    HOLD(kind == MJ_SOCK_DEALER);
    on_message = fn;
    on_message_arg = arg;
    *ret = (struct mj_sock *)(void *)&nothing;
    return 0;
}

int __wrap_mj_sock_on_lost(struct mj_sock *s, void (*fn)(void *arg), void *arg, mj_error *err)
{
    (void)s, (void)err;
    on_lost = fn;
    on_lost_arg = arg;
    return 0;
}

int __wrap_mj_sock_connect(struct mj_sock *s, const char *endpoint, const uint8_t key[MJ_CURVE_KEY], mj_error *err)
{
    (void)s, (void)endpoint, (void)key, (void)err;
    return 0;
}

enum mj_sent __wrap_mj_sock_send(struct mj_sock *s, const struct mj_route *route, const struct mj_frame *frames,
                                 unsigned count)
{
    (void)s, (void)frames;
    HOLD(route == NULL && count == 2);
    return full ? MJ_SENT_FULL : MJ_SENT;
}

void __wrap_mj_sock_close(struct mj_sock *s)
{
    (void)s;
}

/* ---- what happens ---- */

static void on_reply(void *arg, const struct mj_reply *r)
{
    unsigned i = (unsigned)(uintptr_t)arg;
    HOLD(i < call_count && calls[i].ends++ == 0);
    HOLD((r->outcome == MJ_CALL_OK) == (r->err == NULL) && r->moved_to != NULL);
    if (r->err != NULL)
        HOLD(r->err->code != MJ_OK);
    else if (calls[i].answer != NULL)
        HOLD(protobuf_c_message_get_packed_size(r->body) <= 2 * r->bytes->len + 64);
}

static void call(struct mj_peer *peer, uint8_t method, bool bytes_only)
{
    static const Missionjeunes__Placements__V1__ResumeRequest body =
        MISSIONJEUNES__PLACEMENTS__V1__RESUME_REQUEST__INIT;
    const struct mj_method *m = &methods[method % method_count];
    struct mj_call c = { .method = m->name, .region = "52", .body = &body.base,
                         .answer = bytes_only ? NULL : m->answer };
    mj_error err;
    if (call_count == CALLS_MAX)
        return;
    calls[call_count].answer = c.answer;
    calls[call_count].ends = 0;
    if (mj_peer_call(peer, &c, on_reply, (void *)(uintptr_t)call_count, &err) == 0)
        call_count++;
    else
        HOLD(full && err.code == MJ_UNAVAILABLE);
}

static void answer(struct fuzz_bytes *b)
{
    struct mj_message m = { .count = fuzz_byte(b) % 4u };
    uint8_t *copies[MJ_FRAMES_MAX] = { 0 };
    for (unsigned i = 0; i < m.count; i++) {
        size_t len = fuzz_byte(b);
        len |= (size_t)fuzz_byte(b) << 8;
        copies[i] = fuzz_take(b, len, &m.frames[i].len);
        m.frames[i].data = copies[i];
    }
    on_message(on_message_arg, &m);
    for (unsigned i = 0; i < MJ_FRAMES_MAX; i++)
        free(copies[i]);
}

static void one_step(struct mj_peer *peer, struct fuzz_bytes *b)
{
    uint8_t what = fuzz_byte(b);
    switch (what % HAPPENINGS) {
    case CALL: call(peer, fuzz_byte(b), what >= 128); break;
    case ANSWER: answer(b); break;
    case LOST: on_lost(on_lost_arg); break;
    case FULL: full = !full; break;
    default:
        now += (uint64_t)what * 10;
        if (timer_runs) {
            timer_runs = false;
            on_timer(on_timer_arg);
        }
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    HOLD(mj_crypto_init(NULL) == 0);
    method_count = methods_copy(methods);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_bytes b = { data, data + size };
    const struct mj_curve keys = { { 0 }, { 0 } };
    struct mj_peer *peer;
    now = 1;
    full = timer_runs = false;
    call_count = 0;
    HOLD(mj_peer_open(&peer, NULL, "tcp://127.0.0.1:1", keys.public_key, &keys, NULL) == 0);
    while (b.at < b.end)
        one_step(peer, &b);
    mj_peer_close(peer);
    for (unsigned i = 0; i < call_count; i++)
        HOLD(calls[i].ends == 1);
    return 0;
}
