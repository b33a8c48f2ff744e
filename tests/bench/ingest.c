/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* bench-ingest: a load on placements that costs the machine as little as it can, and checks every answer. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "client/mj_client.h"
#include "common/base/crypto.h"
#include "mj-load/keys.h"
#include "sending.h"
#include "visible.h"

#define FIND_MS 15000

static const char help[] =
    "bench-ingest: streams packed events to placements and checks every answer; prints one JSON object\n"
    "  --registry ADDRESS    as mj-load\n"
    "  --dir DIR             world.tsv and keys/ of mj-load seed\n"
    "  --region 52           INSEE code\n"
    "  --events N            distinct events (100,000)\n"
    "  --streams N           agencies that send (4); stream i goes over connection i % links\n"
    "  --links N             connections (4), each with the key of an ETT\n"
    "  --batch N             events a message (100); 1: single events\n"
    "  --window N            events outstanding on a connection at most (2,000), and never more than the credit\n"
    "  --open N              placements a stream has open at a time (50)\n"
    "  --seed N              another one gives other events\n"
    "  --rate N              messages a second in all, open loop: latency from when each was due; 0: no limit\n"
    "  --visible SOCKET      Redis: also from acknowledged to visible in the live counters\n"
    "  --write-events FILE   writes the same events for the peers and sends nothing\n";

struct options {
    const char *registry, *dir, *region, *visible, *write;
    uint64_t events, seed;
    unsigned streams, links, batch, window, open;
    double rate;
};

struct bench {
    struct options o;
    struct load_world *world;
    struct mj_curve *keys;
    struct bench_links *links;
    struct bench_cast cast;
    struct bench_shard shards[BENCH_LINKS_MAX];
    uint64_t *last;
    struct bench_sending sending;
    struct load_hist seen;
    double cpu_s;
};

/* ---- options ---- */

static int wrong(void)
{
    fputs(help, stderr);
    return -1;
}

static int read_options(struct options *o, int argc, char **argv)
{
    static const struct option rows[] = {
        { "registry", 1, NULL, 'r' }, { "dir", 1, NULL, 'd' }, { "region", 1, NULL, 'R' }, { "events", 1, NULL, 'e' },
        { "streams", 1, NULL, 's' }, { "links", 1, NULL, 'l' }, { "batch", 1, NULL, 'b' }, { "window", 1, NULL, 'w' },
        { "open", 1, NULL, 'o' }, { "seed", 1, NULL, 'S' }, { "rate", 1, NULL, 'q' }, { "visible", 1, NULL, 'v' },
        { "write-events", 1, NULL, 'W' }, { NULL, 0, NULL, 0 },
    };
    int c;

    *o = (struct options){ .region = "52", .events = 100000, .seed = 1, .streams = 4, .links = 4, .batch = 100,
                           .window = 2000, .open = BENCH_OPEN };
    while ((c = getopt_long(argc, argv, "", rows, NULL)) != -1)
        switch (c) {
        case 'r': o->registry = optarg; break;
        case 'd': o->dir = optarg; break;
        case 'R': o->region = optarg; break;
        case 'v': o->visible = optarg; break;
        case 'W': o->write = optarg; break;
        case 'e': o->events = strtoull(optarg, NULL, 10); break;
        case 'S': o->seed = strtoull(optarg, NULL, 10); break;
        case 's': o->streams = (unsigned)atoi(optarg); break;
        case 'l': o->links = (unsigned)atoi(optarg); break;
        case 'b': o->batch = (unsigned)atoi(optarg); break;
        case 'w': o->window = (unsigned)atoi(optarg); break;
        case 'o': o->open = (unsigned)atoi(optarg); break;
        case 'q': o->rate = atof(optarg); break;
        default: return wrong();
        }
    if (!o->dir || (!o->registry && !o->write) || o->links < 1 || o->links > BENCH_LINKS_MAX || o->streams < o->links ||
        o->batch < 1 || o->batch > BENCH_BATCH_MAX || o->open < 1 || strlen(o->region) != 2)
        return wrong();
    return 0;
}

/* ---- who sends ---- */

static int read_keys(struct bench *b, mj_error *err)
{
    struct load_organisation ett;

    b->keys = mj_calloc(b->o.links, sizeof *b->keys);
    for (unsigned i = 0; i < b->o.links; i++) {
        load_world_ett(b->world, i, &ett);
        if (load_key_read(&b->keys[i], b->o.dir, ett.principal, err) < 0)
            return -1;
    }
    return 0;
}

static int cast_streams(struct bench *b, mj_error *err)
{
    struct bench_cast *c = &b->cast;

    *c = (struct bench_cast){ .stream_count = b->o.streams, .links = b->o.links, .batch = b->o.batch };
    c->streams = mj_calloc(c->stream_count, sizeof *c->streams);
    b->last = mj_calloc(c->stream_count, sizeof *b->last);
    for (unsigned i = 0; i < c->stream_count; i++) {
        struct load_organisation agency;
        if (i >= b->world->agencies || load_world_ett_of(b->world, i) % b->world->etts != i % b->o.links)
            return mj_fail(err, MJ_INVALID_ARGUMENT, "STREAMS", NULL, "expected --streams agencies of --links ETTs in "
                           "the world, got %u of %u; seed it with --agencies and --etts", b->world->agencies,
                           b->world->etts);
        load_world_agency(b->world, i, &agency);
        memcpy(c->streams[i].siret, agency.id, sizeof agency.id);
    }
    return 0;
}

static int prepare(struct bench *b, mj_error *err)
{
    if (mj_crypto_init(err) < 0 || load_world_open(&b->world, b->o.dir, NULL, err) < 0)
        return -1;
    if (b->world->enrolled < b->world->people)
        return mj_fail(err, MJ_FAILED_PRECONDITION, "WORLD", NULL, "expected everybody to be enrolled, got %u of %u; "
                       "run mj-load seed again", b->world->enrolled, b->world->people);
    return read_keys(b, err) < 0 ? -1 : cast_streams(b, err);
}

static void pack(struct bench *b)
{
    struct bench_tale_options o = { .world = b->world, .streams = b->o.streams, .open = b->o.open, .seed = b->o.seed,
                                    .now_ms = (int64_t)time(NULL) * 1000 };

    for (o.stream = 0; o.stream < b->o.streams; o.stream++) {
        b->cast.streams[o.stream].last = b->last[o.stream];
        b->cast.streams[o.stream].tale = bench_tale_create(&o);
    }
    bench_pack(&b->cast, b->shards, b->o.events);
}

/* ---- where placements is ---- */

static int find_placements(const struct bench *b, struct mj_instance *ret, mj_error *err)
{
    struct mj_client_options o = { .registry = b->o.registry, .keys = &b->keys[0] };
    struct mj_client *c;
    const struct mj_instance *rows;
    bool found = false;

    if (mj_client_open(&c, &o, err) < 0)
        return -1;
    for (unsigned ms = 0; !found && ms < FIND_MS; ms += 20) {
        (void)mj_resolver_peer(mj_client_resolver(c), "placements", b->o.region);
        mj_client_run_for(c, 20);
        size_t count = mj_resolver_list(mj_client_resolver(c), &rows);
        for (size_t i = 0; i < count; i++)
            if (strcmp(rows[i].service, "placements") == 0 && strcmp(rows[i].region, b->o.region) == 0) {
                *ret = rows[i];
                found = true;
            }
    }
    mj_client_close(c);
    return found ? 0 : mj_fail(err, MJ_UNAVAILABLE, "NO_INSTANCE", NULL,
                               "the directory names no placements of region %s", b->o.region);
}

/* ---- the run ---- */

static double cpu_now(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static int check_ends(struct bench *b, mj_error *err)
{
    if (bench_resume_all(b->links, &b->cast, b->o.region, b->last, err) < 0)
        return -1;
    for (unsigned i = 0; i < b->cast.stream_count; i++)
        if (b->last[i] != b->cast.streams[i].last)
            return mj_fail(err, MJ_DATA_LOSS, "RESUME", NULL, "stream %s: %llu sent, the service says %llu",
                           b->cast.streams[i].siret, (unsigned long long)b->cast.streams[i].last,
                           (unsigned long long)b->last[i]);
    return 0;
}

static int stream_all(struct bench *b, mj_error *err)
{
    struct bench_visible *v = NULL;
    struct mj_instance where = { 0 };

    if (find_placements(b, &where, err) < 0 ||
        bench_links_open(&b->links, where.endpoint, where.server_key, b->keys, b->o.links, err) < 0 ||
        bench_resume_all(b->links, &b->cast, b->o.region, b->last, err) < 0)
        return -1;
    pack(b);
    b->sending = (struct bench_sending){ .links = b->links, .cast = &b->cast, .shards = b->shards,
                                         .region = b->o.region, .window = b->o.window, .rate = b->o.rate,
                                         .keep_acks = b->o.visible != NULL };
    if (b->o.visible && bench_visible_start(&v, b->o.visible, b->o.region, err) < 0)
        return -1;
    double before = cpu_now();
    int rc = bench_send_all(&b->sending, err);
    b->cpu_s = cpu_now() - before;
    if (rc == 0 && v)
        rc = bench_visible_stop(v, &b->sending, &b->seen, err);
    return rc < 0 ? -1 : check_ends(b, err);
}

/* ---- what came of it ---- */

static double ms(const struct load_hist *h, double share)
{
    return (double)load_hist_quantile(h, share) / 1e6;
}

static void print(const struct bench *b)
{
    const struct bench_sending *s = &b->sending;
    double wall_s = (double)(s->end_ns - s->begin_ns) / 1e9;
    size_t messages = 0;

    for (unsigned i = 0; i < b->cast.links; i++)
        messages += b->shards[i].count;
    printf("{\"events\":%llu,\"resends\":%llu,\"messages\":%zu,\"streams\":%u,\"links\":%u,\"batch\":%u,"
           "\"event_bytes\":%.1f,\"wire_bytes_per_event\":%.1f,\"rounds\":%u", (unsigned long long)b->cast.fresh,
           (unsigned long long)b->cast.resent, messages, b->o.streams, b->o.links, b->o.batch,
           (double)b->cast.payload_bytes / (double)b->cast.fresh, (double)b->cast.body_bytes / (double)b->cast.fresh,
           bench_tale_rounds(b->cast.streams[0].tale));
    if (!b->o.write)
        printf(",\"begin_ns\":%llu,\"end_ns\":%llu,\"wall_s\":%.3f,\"events_per_s\":%.0f,\"client_cpu_s\":%.3f,"
               "\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f,\"duplicates\":%llu,\"warned\":%llu,\"refused\":%llu,"
               "\"position\":%llu", (unsigned long long)s->begin_ns, (unsigned long long)s->end_ns, wall_s,
               (double)b->cast.fresh / wall_s, b->cpu_s, ms(&s->latency, 0.5), ms(&s->latency, 0.99),
               (double)s->latency.max / 1e6, (unsigned long long)s->duplicates, (unsigned long long)s->warned,
               (unsigned long long)s->refused, (unsigned long long)s->position);
    if (b->o.visible)
        printf(",\"visible_p50_ms\":%.3f,\"visible_p99_ms\":%.3f,\"visible_max_ms\":%.3f", ms(&b->seen, 0.5),
               ms(&b->seen, 0.99), (double)b->seen.max / 1e6);
    printf("}\n");
}

static void put_away(struct bench *b)
{
    bench_links_close(b->links);
    for (unsigned i = 0; i < BENCH_LINKS_MAX; i++)
        bench_shard_free(&b->shards[i]);
    for (unsigned i = 0; i < b->cast.stream_count; i++)
        bench_tale_free(b->cast.streams[i].tale);
    free(b->cast.streams);
    free(b->sending.acks);
    free(b->last);
    free(b->keys);
    load_world_free(b->world);
    free(b);
}

int main(int argc, char **argv)
{
    struct bench *b = mj_calloc(1, sizeof *b);
    mj_error err = { 0 };
    int rc;

    if (read_options(&b->o, argc, argv) < 0)
        return 64;
    rc = prepare(b, &err);
    if (rc == 0 && b->o.write) {
        pack(b);
        rc = bench_write_events(b->shards, &b->cast, b->o.write, &err);
    } else if (rc == 0) {
        rc = stream_all(b, &err);
    }
    if (rc < 0)
        fprintf(stderr, "bench-ingest: %s %s %s\n", mj_code_name(err.code), err.reason, err.text);
    else
        print(b);
    put_away(b);
    return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
