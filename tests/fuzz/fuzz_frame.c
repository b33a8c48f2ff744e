/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* What a service's ROUTER hands to its dispatcher: messages of any count of frames, of any bytes, from any caller,
 * against the method tables of all services. The socket is ours (the linker's --wrap): what is sent is looked at.
 *
 * Without a proved key there is never an answer; else exactly one, at once or when the handler gives it, with the
 * correlation that was asked, and an error that can be read. Afterwards nothing is in work, and a right request of
 * another connection is still answered.
 *
 * An input is up to 8 messages, each: caller (0: no proved key; else a role's, or a key that nobody has), connection,
 * what the handler does, how many frames, then for each a length of two bytes and the bytes. */
#include "callers.h"
#include "common/base/crypto.h"
#include "common/loop/loop.h"
#include "common/service/logging.h"
#include "common/wire/server.h"
#include "methods.h"
#include "missionjeunes/directory/v1/directory.pb-c.h"

#define MESSAGES_MAX 8

enum handler_does { ANSWERS, REFUSES, SAYS_MOVED, HOLDS, DOINGS };

static struct mj_server *server;
static mj_message_fn *on_message;        /* the dispatcher's, as the socket got it */
static void *on_message_arg;
static enum handler_does doing;
static struct mj_request *held[MESSAGES_MAX];
static unsigned held_count;

/* ---- what was sent since it was last looked at ---- */

static unsigned sent;
static struct mj_header sent_header;
static struct mj_arena *scratch;

int __wrap_mj_sock_open(struct mj_sock **ret, struct mj_loop *l, enum mj_sock_kind kind, const struct mj_curve *keys,
                        mj_message_fn *fn, void *arg, mj_error *err);
int __wrap_mj_sock_bind(struct mj_sock *s, const char *host, int port, char bound[MJ_ENDPOINT_MAX], mj_error *err);
enum mj_sent __wrap_mj_sock_send(struct mj_sock *s, const struct mj_route *route, const struct mj_frame *frames,
                                 unsigned count);
void __wrap_mj_sock_close(struct mj_sock *s);

int __wrap_mj_sock_open(struct mj_sock **ret, struct mj_loop *l, enum mj_sock_kind kind, const struct mj_curve *keys,
                        mj_message_fn *fn, void *arg, mj_error *err)
{
    static uint8_t nothing;
    (void)l, (void)kind, (void)keys, (void)err;
    on_message = fn;
    on_message_arg = arg;
    *ret = (struct mj_sock *)(void *)&nothing;
    return 0;
}

int __wrap_mj_sock_bind(struct mj_sock *s, const char *host, int port, char bound[MJ_ENDPOINT_MAX], mj_error *err)
{
    (void)s, (void)host, (void)port, (void)err;
    bound[0] = '\0';
    return 0;
}

enum mj_sent __wrap_mj_sock_send(struct mj_sock *s, const struct mj_route *route, const struct mj_frame *frames,
                                 unsigned count)
{
    mj_error told;
    (void)s;
    HOLD(route != NULL && count == 2);
    HOLD(mj_header_decode(&sent_header, &frames[0], NULL) == 0);
    if (sent_header.code != MJ_OK) {
        mj_arena_reset(scratch, mj_arena_ceiling(frames[1].len));
        mj_error_decode(&told, &frames[1], scratch);
        HOLD(told.code == sent_header.code && strcmp(told.reason, "BAD_ERROR") != 0);
    }
    sent++;
    return sent % 3 == 0 ? MJ_SENT_GONE : MJ_SENT;
}

void __wrap_mj_sock_close(struct mj_sock *s)
{
    (void)s;
}

/* ---- the handlers ---- */

static int on_request(void *app, struct mj_request *rq, mj_error *err)
{
    Missionjeunes__Directory__V1__ResolveResponse answer = MISSIONJEUNES__DIRECTORY__V1__RESOLVE_RESPONSE__INIT;
    const struct mj_method *reads = app;     /* NULL: the table states the request, which is unpacked by now */
    HOLD(mj_request_who(rq)->role != MJ_ROLE_NONE && (reads == NULL) == (mj_request_body(rq) != NULL));
    if (reads != NULL && mj_request_unpack(rq, methods_request(reads), err) == NULL)
        return -1;
    switch (doing) {
    case REFUSES: return mj_fail(err, MJ_INVALID_ARGUMENT, "REFUSED", "field", "expected something else");
    case SAYS_MOVED: return mj_fail(err, MJ_UNAVAILABLE, "MOVED", NULL, "elsewhere");
    case HOLDS: held[held_count++] = rq; return 0;
    default:
        mj_reply(rq, &answer.base);
        return 0;
    }
}

static void answer_held(void)
{
    mj_error err;
    for (unsigned i = 0; i < held_count; i++) {
        unsigned before = sent;
        mj_fail(&err, MJ_UNKNOWN, "LATER", NULL, "answered later");
        mj_reply_error(held[i], &err);
        HOLD(sent == before + 1);
    }
    held_count = 0;
}

/* ---- messages ---- */

static void give(const struct mj_message *m)
{
    unsigned before = sent, held_before = held_count;
    struct mj_header asked = { 0 };
    if (m->count > 0)
        (void)mj_header_decode(&asked, &m->frames[0], NULL);
    on_message(on_message_arg, m);
    unsigned answers = sent - before + (held_count - held_before);
    HOLD(answers == (m->user != NULL ? 1u : 0u));
    if (sent > before)
        HOLD(sent_header.correlation == asked.correlation);
}

static void one_message(struct fuzz_bytes *b)
{
    uint8_t key[CALLER_KEY], *copies[MJ_FRAMES_MAX] = { 0 };
    struct mj_message m = { .route = { .len = 5 } };
    unsigned caller = fuzz_byte(b) % 16;
    caller_key(key, caller);
    m.user = caller == 0 ? NULL : key;
    m.route.id[1] = fuzz_byte(b) % 4;
    doing = (enum handler_does)(fuzz_byte(b) % DOINGS);
    m.count = fuzz_byte(b) % (MJ_FRAMES_MAX + 3);
    for (unsigned i = 0; i < m.count && i < MJ_FRAMES_MAX; i++) {
        size_t len = fuzz_byte(b);
        len |= (size_t)fuzz_byte(b) << 8;
        copies[i] = fuzz_take(b, len, &m.frames[i].len);
        m.frames[i].data = copies[i];
    }
    give(&m);
    for (unsigned i = 0; i < MJ_FRAMES_MAX; i++)
        free(copies[i]);
}

/* However the others behaved, an ordinary request is answered: directory.v1.Resolve of nothing. */
static void one_right_request(void)
{
    static struct mj_buf head = MJ_BUF_INIT;
    const struct mj_header h = { .version = MJ_PROTOCOL_VERSION, .method = "directory.v1.Resolve", .correlation = 7 };
    uint8_t key[CALLER_KEY];
    caller_key(key, MJ_ROLE_OPERATOR);
    mj_buf_clear(&head);
    mj_header_encode(&head, &h);
    struct mj_message m = { .route = { .len = 5, .id = { 0, 9 } }, .user = key, .count = 2,
                            .frames = { { head.data, head.len }, { NULL, 0 } } };
    doing = ANSWERS;
    give(&m);
    HOLD(sent_header.code == MJ_OK && sent_header.correlation == 7);
}

/* The tables of all services with our handler; the method that reads its request itself in a table of its own. */
static const struct mj_server_tables *fill_tables(void)
{
    static struct mj_method all[METHODS_MAX], states[METHODS_MAX], reads[METHODS_MAX];
    static const struct mj_server_tables tables[] = { { states, NULL }, { reads, reads }, { NULL, NULL } };
    size_t n = methods_copy(all), stating = 0, reading = 0;
    for (size_t i = 0; i < n; i++) {
        struct mj_method *m = all[i].request != NULL ? &states[stating++] : &reads[reading++];
        *m = all[i];
        m->run = on_request;
    }
    return tables;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct mj_curve keys = { { 0 }, { 0 } };
    struct mj_loop *loop;
    char bound[MJ_ENDPOINT_MAX];
    (void)argc, (void)argv;
    mj_logging_init("fuzz", &mj_env_real, MJ_ERR);
    scratch = mj_arena_create(0);
    HOLD(mj_crypto_init(NULL) == 0);
    HOLD(mj_loop_create(&loop, &mj_env_real, NULL) == 0);
    HOLD(mj_server_create(&server, loop, callers_make(), &keys, fill_tables(), NULL, NULL) == 0);
    HOLD(mj_server_bind(server, "127.0.0.1", 0, bound, NULL) == 0);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_bytes b = { data, data + size };
    for (unsigned i = 0; i < MESSAGES_MAX && b.at < b.end; i++)
        one_message(&b);
    answer_held();
    HOLD(mj_server_in_work(server) == 0);
    one_right_request();
    return 0;
}
