/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "messages.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "placements/messages.h"

#define RESEND_EVERY 50                          /* 2 % */
#define MESSAGES_FIRST 1024

struct draft { ProtobufCBinaryData events[BENCH_BATCH_MAX]; uint8_t bytes[BENCH_BATCH_MAX][LOAD_EVENT_ROOM]; };

/* ---- one message ---- */

static struct bench_message *add(struct bench_shard *s)
{
    if (s->count == s->room) {
        size_t room = s->room ? s->room * 2 : MESSAGES_FIRST;
        struct bench_message *grown = mj_alloc(room * sizeof *grown);
        if (s->count > 0)
            memcpy(grown, s->messages, s->count * sizeof *grown);
        free(s->messages);
        s->messages = grown;
        s->room = room;
    }
    return &s->messages[s->count++];
}

static void keep_recent(struct bench_stream *s, const struct draft *d, unsigned total, unsigned recent)
{
    for (unsigned i = 0; i < recent; i++) {
        const ProtobufCBinaryData *e = &d->events[total - recent + i];
        memcpy(s->recent[i].bytes, e->data, e->len);
        s->recent[i].len = e->len;
    }
}

static void pack_one(struct bench_cast *c, struct bench_shard *shard, unsigned stream, struct draft *d,
                     unsigned resent, unsigned fresh)
{
    struct bench_stream *s = &c->streams[stream];
    IngestRequest in = MISSIONJEUNES__PLACEMENTS__V1__INGEST_REQUEST__INIT;
    struct bench_message *m = add(shard);

    *m = (struct bench_message){ .at = shard->bytes.len, .stream = stream, .resent = (uint16_t)resent,
                                 .fresh = (uint16_t)fresh, .first = s->last + 1 - resent };
    for (unsigned i = 0; i < resent + fresh; i++) {
        size_t len = i < resent ? s->recent[i].len : bench_tale_next(s->tale, d->bytes[i]);
        d->events[i] = (ProtobufCBinaryData){ len, i < resent ? s->recent[i].bytes : d->bytes[i] };
        m->payload += (uint32_t)len;
        c->payload_bytes += i < resent ? 0 : len;
    }
    s->last += fresh;
    in.stream = s->siret;
    in.first_sequence = m->first;
    in.n_events = resent + fresh;
    in.events = d->events;
    mj_buf_pack(&shard->bytes, &in.base);
    m->len = (uint32_t)(shard->bytes.len - m->at);
    c->fresh += fresh;
    c->resent += resent;
    c->body_bytes += m->len;
}

/* ---- all of them ---- */

static void pack_turn(struct bench_cast *c, struct bench_shard *shard, unsigned stream, struct draft *d,
                      uint64_t *turns)
{
    bool begun = c->streams[stream].last > 0;
    unsigned resent = c->batch / RESEND_EVERY;

    if (c->batch < RESEND_EVERY) {               /* singly: this event once more, now and then */
        bool again = begun && ++*turns % (RESEND_EVERY / c->batch) == 0;
        pack_one(c, shard, stream, d, again ? 1 : 0, again ? 0 : c->batch);
        keep_recent(&c->streams[stream], d, again ? 1 : c->batch, again ? 0 : 1);
        return;
    }
    pack_one(c, shard, stream, d, begun ? resent : 0, c->batch - (begun ? resent : 0));
    keep_recent(&c->streams[stream], d, c->batch, resent);
}

void bench_pack(struct bench_cast *c, struct bench_shard *shards, uint64_t events)
{
    struct draft *d = mj_calloc(1, sizeof *d);
    uint64_t turns = 0;

    /* A stream that was written to before begins with new events: nothing of it is recent here. */
    for (unsigned round = 0; c->fresh < events; round++)
        for (unsigned i = 0; i < c->stream_count && c->fresh < events; i++) {
            uint64_t stood = c->streams[i].last;
            if (round == 0 && stood > 0) {
                pack_one(c, &shards[i % c->links], i, d, 0, c->batch);
                keep_recent(&c->streams[i], d, c->batch, c->batch < RESEND_EVERY ? 1 : c->batch / RESEND_EVERY);
                continue;
            }
            pack_turn(c, &shards[i % c->links], i, d, &turns);
        }
    free(d);
}

void bench_shard_free(struct bench_shard *s)
{
    mj_buf_free(&s->bytes);
    free(s->messages);
}

/* ---- for the peers ---- */

static bool write_message(FILE *f, const struct bench_shard *s, const struct bench_message *m)
{
    IngestRequest *in = missionjeunes__placements__v1__ingest_request__unpack(NULL, m->len, s->bytes.data + m->at);
    bool good = in != NULL;

    for (unsigned i = m->resent; good && i < in->n_events; i++) {
        uint32_t len = htole32((uint32_t)in->events[i].len);
        uint64_t number = htole64(m->first + i);
        good = fwrite(&len, sizeof len, 1, f) == 1 && fwrite(in->stream, MJ_SIRET_LEN, 1, f) == 1 &&
               fwrite(&number, sizeof number, 1, f) == 1 &&
               fwrite(in->events[i].data, in->events[i].len, 1, f) == 1;
    }
    missionjeunes__placements__v1__ingest_request__free_unpacked(in, NULL);
    return good;
}

int bench_write_events(const struct bench_shard *shards, const struct bench_cast *c, const char *path, mj_error *err)
{
    FILE *f = fopen(path, "we");
    bool good = f != NULL;
    bool more = true;

    for (size_t i = 0; good && more; i++) {
        more = false;
        for (unsigned l = 0; good && l < c->links; l++)
            if (i < shards[l].count) {
                more = true;
                good = write_message(f, &shards[l], &shards[l].messages[i]);
            }
    }
    if (f != NULL && fclose(f) != 0)
        good = false;
    return good ? 0 : mj_fail(err, MJ_FAILED_PRECONDITION, "WRITE", NULL, "cannot write %s: %s", path, strerror(errno));
}
