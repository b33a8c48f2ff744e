/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Where every stream stands, before and after. */
#include <string.h>

#include "placements/messages.h"
#include "sending.h"

#define WINDOW 256u
#define TIMEOUT_MS 10000
#define GIVE_UP_NS UINT64_C(30000000000)
#define NAP_NS UINT64_C(10000000)
#define BODY_MAX 32

struct asking {
    const struct bench_cast *cast;
    uint64_t *last;
    unsigned next, answered;
    unsigned again[BENCH_LINKS_MAX * 1024];      /* streams that the service did not know yet */
    unsigned again_count;
};

static struct asking now;                        /* one at a time: this is a program's start and end */

static int on_answer(void *arg, const struct bench_answer *a, mj_error *err)
{
    struct asking *k = arg;
    mj_error why;
    struct mj_arena *arena;

    if (a->code == MJ_OK) {
        ResumeResponse *r = missionjeunes__placements__v1__resume_response__unpack(NULL, a->body.len, a->body.data);
        if (r == NULL)
            return mj_fail(err, MJ_INTERNAL, "ANSWER", NULL, "an answer that does not unpack");
        k->last[a->correlation - 1] = r->last_sequence;
        k->answered++;
        missionjeunes__placements__v1__resume_response__free_unpacked(r, NULL);
        return 0;
    }
    arena = mj_arena_create(0);
    mj_error_decode(&why, &a->body, arena);
    mj_arena_destroy(arena);
    if (why.code != MJ_UNAVAILABLE && why.code != MJ_UNAUTHENTICATED) {
        *err = why;
        return -1;
    }
    k->again[k->again_count++] = (unsigned)a->correlation - 1;
    return 0;
}

static bool ask(struct bench_links *l, unsigned stream, const char *region)
{
    static uint8_t bodies[BENCH_LINKS_MAX * 1024][BODY_MAX];
    ResumeRequest in = MISSIONJEUNES__PLACEMENTS__V1__RESUME_REQUEST__INIT;

    in.stream = now.cast->streams[stream].siret;
    struct bench_question q = { "placements.v1.Resume", region, stream + 1, TIMEOUT_MS, bodies[stream],
                                missionjeunes__placements__v1__resume_request__pack(&in, bodies[stream]) };
    return bench_links_send(l, stream % now.cast->links, &q);
}

/* What was not known is asked for once everything else was answered. */
static void ask_more(struct bench_links *l, const char *region)
{
    while (now.next < now.cast->stream_count && now.next - now.answered - now.again_count < WINDOW) {
        if (!ask(l, now.next, region))
            return;
        now.next++;
    }
    if (now.next < now.cast->stream_count || now.next - now.answered > now.again_count)
        return;
    while (now.again_count > 0 && ask(l, now.again[now.again_count - 1], region))
        now.again_count--;
}

int bench_resume_all(struct bench_links *l, const struct bench_cast *c, const char *region, uint64_t *last,
                     mj_error *err)
{
    uint64_t begin_ns = bench_now_ns();

    now = (struct asking){ .cast = c, .last = last };
    if (c->stream_count > BENCH_LINKS_MAX * 1024)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "STREAMS", NULL, "too many streams");
    while (now.answered < c->stream_count) {
        ask_more(l, region);
        bench_links_sleep(l, NAP_NS);
        if (bench_links_take(l, on_answer, &now, err) < 0)
            return -1;
        if (bench_now_ns() - begin_ns > GIVE_UP_NS)
            return mj_fail(err, MJ_DEADLINE_EXCEEDED, "RESUME", NULL, "%u of %u streams answered in 30 s", now.answered,
                           c->stream_count);
    }
    return 0;
}
