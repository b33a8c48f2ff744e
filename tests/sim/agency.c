/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* agency: an agency's system on libmj: it tells what happens, some of it wrong or twice, with its spool on a disk of
 * its own; and beside the stream it sends numbers again, with the same bytes, with others, and too far ahead. What it tried
 * is kept in the world, so that it outlives the agency's process. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mj-load/mission.h"
#include "missionjeunes/placements/v1/placements.pb-c.h"
#include "tale.h"
#include "world.h"

#define BURST 10                         /* events at a time, at most */
#define TELL_EVERY_MS 2600               /* between two bursts, at most */
#define PROBE_EVERY_MS 4000
#define AHEAD 1000

typedef Missionjeunes__Placements__V1__IngestRequest ingest_request;
typedef Missionjeunes__Placements__V1__IngestResponse ingest_response;

/* ---- what it tried ---- */

static struct world_attempt *attempt(struct world_agency *a, uint64_t number)
{
    return &a->attempts[number - 1];
}

static void note(struct world_agency *a, uint64_t number, const struct world_attempt *tried)
{
    if (number > a->room) {
        a->room = a->room ? 2 * a->room : 1024;
        a->attempts = realloc(a->attempts, a->room * sizeof *a->attempts);
        a->kinds = realloc(a->kinds, a->room + 1);
        if (!a->attempts || !a->kinds)
            exit(2);
    }
    *attempt(a, number) = *tried;
    attempt(a, number)->bytes = memcpy(mj_alloc(tried->len), tried->bytes, tried->len);
    a->last = number;
}

/* What the spool lost was never sent, and its numbers are free again. */
static void give_back(struct world_agency *a)
{
    uint64_t last = mj_stream_last(a->stream);

    if (last >= a->last)
        return;
    sim_say("%s: numbers above %llu were not spooled", a->siret, (unsigned long long)last);
    if (last < a->durable || last < a->stored)
        world_wrong("I1", "%s: the spool ends at %llu, but %llu are stored", a->siret, (unsigned long long)last,
                    (unsigned long long)a->stored);
    a->last = last;
}

static bool may_repeat(struct world_agency *a, uint64_t number)
{
    return number <= a->durable && (attempt(a, number)->told == MJ_EVENT_ACCEPTED ||
                                    attempt(a, number)->told == MJ_EVENT_UNMATCHED);
}

static void tell_one(struct world_agency *a)
{
    uint8_t bytes[LOAD_EVENT_ROOM];
    struct world_attempt tried = { .bytes = bytes };
    uint64_t number = a->durable ? 1 + sim_below(a->durable) : 0;
    mj_error err;

    if (number && sim_chance(40) && may_repeat(a, number)) {
        tried.len = attempt(a, number)->len;
        memcpy(bytes, attempt(a, number)->bytes, tried.len);
        tried.repeated = true;
    } else {
        tried.len = bench_tale_next(a->tale, bytes);
        tried.malformed = sim_chance(20);
        if (tried.malformed)
            tried.len = load_event_spoil(bytes, tried.len, (unsigned)sim_below(LOAD_SPOILS));
    }
    if (mj_stream_send(a->stream, bytes, tried.len, &number, &err) == 0)
        note(a, number, &tried);
}

static void on_tell(void *arg)
{
    struct world_agency *a = arg;

    mj_timer_start(a->tell, 1 + sim_below(TELL_EVERY_MS), 0);
    give_back(a);
    if (!world.telling || !mj_stream_is_ready(a->stream))
        return;
    for (uint64_t n = 1 + sim_below(BURST); n > 0; n--)
        tell_one(a);
}

/* ---- what the stream says ---- */

static void on_result(void *arg, const struct mj_event_result *r)
{
    struct world_agency *a = arg;
    uint8_t *told;

    if (r->sequence == 0 || r->sequence > a->last) {
        world_wrong("I2", "%s: an outcome for number %llu, which was not given", a->siret,
                    (unsigned long long)r->sequence);
        return;
    }
    told = &attempt(a, r->sequence)->told;
    if (r->outcome == MJ_EVENT_CONFLICT)
        world_wrong("P2", "%s: number %llu is in conflict with itself", a->siret, (unsigned long long)r->sequence);
    if (strcmp(r->reason, "RESEND") == 0)
        *told = *told ? *told : WORLD_TOLD_RESEND;
    else if (*told == 0 || *told == WORLD_TOLD_RESEND)
        *told = (uint8_t)r->outcome;
    else if (*told != (uint8_t)r->outcome)
        world_wrong("P2", "%s: number %llu was told %u, now %u", a->siret, (unsigned long long)r->sequence, *told,
                    (unsigned)r->outcome);
}

static void on_durable(void *arg, uint64_t through)
{
    world_check_durable(arg, through);
}

/* I6: never before what was acknowledged, never beyond what is on disk. */
static void on_ready(void *arg, uint64_t last)
{
    struct world_agency *a = arg;

    a->resumes++;
    if (last < a->durable || last > a->stored)
        world_wrong("I6", "%s resumes at %llu: %llu acknowledged, %llu on disk", a->siret, (unsigned long long)last,
                    (unsigned long long)a->durable, (unsigned long long)a->stored);
}

static void on_trouble(void *arg, const mj_error *err)
{
    struct world_agency *a = arg;

    sim_say("%s: %s %s", a->siret, err->reason, err->text);
}

/* ---- beside the stream ---- */

enum probe_kind { PROBE_RESEND, PROBE_CONFLICT, PROBE_GAP };
struct probe { struct world_agency *agency; enum probe_kind kind; uint64_t number; size_t len; };

static void judge(const struct probe *p, const ingest_response *m)
{
    const Missionjeunes__Placements__V1__Exception *x = m->n_exceptions ? m->exceptions[0] : NULL;

    if (p->kind == PROBE_GAP)
        world_wrong("I2", "%s: number %llu was taken over a gap", p->agency->siret, (unsigned long long)p->number);
    else if (!x || x->sequence != p->number || x->outcome == MISSIONJEUNES__PLACEMENTS__V1__OUTCOME__OUTCOME_ACCEPTED)
        world_wrong("P2", "%s: number %llu was taken again", p->agency->siret, (unsigned long long)p->number);
    else if ((x->outcome == MISSIONJEUNES__PLACEMENTS__V1__OUTCOME__OUTCOME_CONFLICT) != (p->kind == PROBE_CONFLICT))
        world_wrong("P2", "%s: number %llu: %s is answered outcome %d %s", p->agency->siret,
                    (unsigned long long)p->number, p->kind == PROBE_CONFLICT ? "a conflict" : "a resend",
                    (int)x->outcome, x->reason);
    p->kind == PROBE_RESEND ? p->agency->resends++ : p->agency->conflicts++;
}

static void on_probed(void *arg, const struct mj_reply *r)
{
    struct probe *p = arg;

    mj_client_give_credit(p->agency->client, 1, (uint32_t)p->len);
    if (r->outcome == MJ_CALL_OK)
        judge(p, r->body);
    else if (p->kind == PROBE_GAP && r->outcome == MJ_CALL_REFUSED)
        p->agency->gaps++;
    free(p);
}

static void send_probe(struct world_agency *a, enum probe_kind kind)
{
    ingest_request m = MISSIONJEUNES__PLACEMENTS__V1__INGEST_REQUEST__INIT;
    uint64_t number = 1 + sim_below(a->durable);
    const struct world_attempt *t = attempt(a, number);
    uint8_t bytes[LOAD_EVENT_ROOM];
    ProtobufCBinaryData event = { t->len, bytes };
    struct mj_call call = { .method = "placements.v1.Ingest", .region = WORLD_REGION, .body = &m.base,
                            .answer = &missionjeunes__placements__v1__ingest_response__descriptor };
    struct probe *p;
    mj_error err;

    memcpy(bytes, t->bytes, t->len);
    if (kind == PROBE_CONFLICT)
        bytes[sim_below(t->len)] ^= (uint8_t)(1 + sim_below(255));
    m.stream = a->siret;
    m.first_sequence = kind == PROBE_GAP ? a->last + AHEAD : number;
    m.events = &event;
    m.n_events = 1;
    if (!mj_client_take_credit(a->client, 1, (uint32_t)t->len))
        return;
    p = mj_calloc(1, sizeof *p);
    *p = (struct probe){ a, kind, m.first_sequence, t->len };
    if (mj_client_call(a->client, NULL, &call, on_probed, p, &err) < 0) {
        mj_client_give_credit(a->client, 1, (uint32_t)t->len);
        free(p);
    }
}

static void on_probe(void *arg)
{
    struct world_agency *a = arg;

    mj_timer_start(a->probe, 1 + sim_below(PROBE_EVERY_MS), 0);
    if (world.telling && a->durable)
        send_probe(a, (enum probe_kind)sim_below(3));
}

/* ---- lives ---- */

static int open_stream(struct world_agency *a, mj_error *err)
{
    struct load_organisation o;
    struct mj_stream_options options = { .siret = a->siret, .result = on_result, .durable = on_durable,
                                         .ready = on_ready, .trouble = on_trouble, .arg = a };
    char path[64];

    load_world_agency(world.load, a->number, &o);
    options.commune = o.commune;
    snprintf(path, sizeof path, "/sim/%s/spool", a->machine->name);
    if (mj_spool_disk(&options.spool, path, a->siret, err) < 0)
        return -1;
    return mj_stream_open(&a->stream, a->client, &options, err);
}

static void start(void *arg)
{
    struct world_agency *a = arg;
    mj_error err;

    if (world_client(&a->client, a->key_file, &err) < 0 || open_stream(a, &err) < 0 ||
        mj_timer_create(&a->tell, mj_client_loop(a->client), on_tell, a, &err) < 0 ||
        mj_timer_create(&a->probe, mj_client_loop(a->client), on_probe, a, &err) < 0) {
        sim_say("%s does not start: %s %s", a->machine->name, err.reason, err.text);
        world_agency_end(a, false, 500 * SIM_MS);
        return;
    }
    give_back(a);
    mj_timer_start(a->tell, 1, 0);
    mj_timer_start(a->probe, PROBE_EVERY_MS, 0);
}

void world_agency_start(struct world_agency *a)
{
    if (a->machine->process)
        return;
    world.last_start_ns = sim_now();
    sim_enter(sim_process_make(a->machine), start, a);
}

static void on_again(void *arg)
{
    world_agency_start(arg);
}

void world_agency_end(struct world_agency *a, bool power, uint64_t again_after)
{
    if (a->machine->process)
        sim_process_kill(a->machine->process, power);
    sim_event_clear(&a->again);
    a->again = (struct sim_event){ .fn = on_again, .arg = a };
    sim_event_set(&a->again, sim_now() + again_after);
}
