/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* check: the invariants, over what the agencies tried and were told and what the logs' blocks hold, read by their
 * messages' descriptors. I1, I2, I6 and I7 are looked at with every commit and acknowledgement, the rest at the end. */
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/crypto.h"
#include "common/store/keystore.h"
#include "log_sim.h"
#include "missionjeunes/log/v1/log.pb-c.h"
#include "missionjeunes/reporting/v1/reporting.pb-c.h"
#include "recount.h"
#include "world.h"

#define ACCEPTED MISSIONJEUNES__PLACEMENTS__V1__ENTRY_TYPE__ENTRY_TYPE_EVENT_ACCEPTED
#define KNOWN MISSIONJEUNES__PLACEMENTS__V1__ENTRY_TYPE__ENTRY_TYPE_EVENT_KNOWN
#define REJECTED MISSIONJEUNES__PLACEMENTS__V1__ENTRY_TYPE__ENTRY_TYPE_EVENT_REJECTED
#define MATCHED MISSIONJEUNES__PLACEMENTS__V1__ENTRY_TYPE__ENTRY_TYPE_PLACEMENT_MATCHED
#define ENROLLED MISSIONJEUNES__REGISTRY__V1__ENTRY_TYPE__ENTRY_TYPE_PERSON_ENROLLED
#define UNMATCHED 64

typedef Missionjeunes__Log__V1__LogEntry log_entry;

void world_wrong(const char *invariant, const char *format, ...)
{
    char text[400];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    sim_say("WRONG %s: %s", invariant, text);
    if (world.wrong++ < 5)
        fprintf(stderr, "wrong at %.3f s: %s: %s\n", (double)sim_now() / 1e9, invariant, text);
}

/* ---- the chain (I7) ---- */

static void put_number(crypto_generichash_state *s, uint64_t v)
{
    uint8_t bytes[8];

    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(v >> (56 - 8 * i));
    crypto_generichash_update(s, bytes, sizeof bytes);
}

static void check_chain(const struct sim_log *g, const struct mj_commit *c)
{
    static const uint8_t nothing[MJ_HASH];
    const struct mj_commit *before = c > g->commits ? c - 1 : NULL;
    crypto_generichash_state s;
    uint8_t hash[MJ_HASH];

    crypto_generichash_init(&s, NULL, 0, sizeof hash);
    crypto_generichash_update(&s, before ? before->hash : nothing, MJ_HASH);
    put_number(&s, c->first);
    put_number(&s, c->count);
    crypto_generichash_update(&s, c->block, c->block_len);
    crypto_generichash_final(&s, hash, sizeof hash);
    if (memcmp(hash, c->hash, sizeof hash) != 0 || c->first != (before ? before->first + before->count : 1))
        world_wrong("I7", "%s: the commit at %llu does not fit", g->path, (unsigned long long)c->first);
}

/* ---- placements' log (I1, I2, I3) ---- */

static struct world_agency *agency_of(const char *siret)
{
    for (unsigned i = 0; i < WORLD_AGENCIES; i++)
        if (strcmp(world.agencies[i].siret, siret) == 0)
            return &world.agencies[i];
    return NULL;
}

/* The stored event is the sent one without its reference, which is its first field. */
static bool same_event(const struct world_attempt *t, const ProtobufCBinaryData *stored)
{
    size_t cut = t->len >= 2 ? 2u + t->bytes[1] : 0;

    return t->len >= cut && t->bytes[0] == 0x0a && t->len - cut == stored->len &&
           memcmp(t->bytes + cut, stored->data, stored->len) == 0;
}

static bool same_tag(const struct world_attempt *t, const ProtobufCBinaryData *tag)
{
    static uint8_t key[MJ_KEY];
    static bool have;
    uint8_t expected[MJ_TAG];
    struct mj_keystore *k;
    mj_error err;

    /* There was a key on disk before any entry: it is the one that stands there. */
    if (!have && mj_keystore_open(&k, "sqlite:/sim/placements/placements/52/keys.db", true, &err) == 0) {
        mj_keystore_get(k, "name/1", key, &have, &err);
        mj_keystore_close(k);
    }
    if (!have)
        return false;
    mj_tag(expected, key, "payload", 7, t->bytes, t->len);
    return tag->len == MJ_TAG && memcmp(expected, tag->data, MJ_TAG) == 0;
}

static void take_event(const char *siret, uint64_t sequence, uint8_t kind, const ProtobufCBinaryData *event,
                       const ProtobufCBinaryData *tag)
{
    struct world_agency *a = agency_of(siret);

    if (!a || sequence != a->stored + 1 || sequence > a->last) {
        world_wrong("I2", "%s: number %llu stands after %llu, %llu were given", siret, (unsigned long long)sequence,
                    a ? (unsigned long long)a->stored : 0, a ? (unsigned long long)a->last : 0);
        return;
    }
    const struct world_attempt *t = &a->attempts[sequence - 1];
    a->stored = sequence;
    a->kinds[sequence] = kind;
    if ((event && !same_event(t, event)) || !same_tag(t, tag))
        world_wrong("I1", "%s: number %llu is stored with other bytes", siret, (unsigned long long)sequence);
    if (t->malformed && kind != REJECTED)
        world_wrong("I3", "%s: number %llu is no event and was accepted", siret, (unsigned long long)sequence);
    if (t->repeated && event)
        world_wrong("P2", "%s: number %llu was told before and was accepted", siret, (unsigned long long)sequence);
}

static void count(uint64_t position, uint8_t kind, bool late)
{
    if (position >= world.positions_room) {
        world.positions_room = world.positions_room ? 2 * world.positions_room : 4096;
        world.figures = realloc(world.figures, world.positions_room * sizeof *world.figures);
        if (!world.figures)
            exit(2);
    }
    world.figures[position] = position > 1 ? world.figures[position - 1] : (struct world_figures){ 0 };
    world.figures[position].events += kind != 0;
    world.figures[position].known += kind == KNOWN;
    world.figures[position].rejected += kind == REJECTED;
    world.figures[position].late += late;
    world.positions = position;
}

static void take_placements(const log_entry *e, uint64_t position)
{
    bool late = false;

    if (e->type == ACCEPTED) {
        Missionjeunes__Placements__V1__EventAccepted *m =
            missionjeunes__placements__v1__event_accepted__unpack(NULL, e->payload.len, e->payload.data);
        late = m->late_days > 0;
        take_event(m->stream, m->sequence, (uint8_t)(ACCEPTED + (m->unmatched ? UNMATCHED : 0)), &m->event,
                   &m->payload_hash);
        recount_accepted(m);
        missionjeunes__placements__v1__event_accepted__free_unpacked(m, NULL);
    } else if (e->type == KNOWN) {
        Missionjeunes__Placements__V1__EventKnown *m =
            missionjeunes__placements__v1__event_known__unpack(NULL, e->payload.len, e->payload.data);
        take_event(m->stream, m->sequence, KNOWN, NULL, &m->payload_hash);
        missionjeunes__placements__v1__event_known__free_unpacked(m, NULL);
    } else if (e->type == REJECTED) {
        Missionjeunes__Placements__V1__EventRejected *m =
            missionjeunes__placements__v1__event_rejected__unpack(NULL, e->payload.len, e->payload.data);
        take_event(m->stream, m->sequence, REJECTED, NULL, &m->payload_hash);
        missionjeunes__placements__v1__event_rejected__free_unpacked(m, NULL);
    } else if (e->type == MATCHED) {
        Missionjeunes__Placements__V1__PlacementMatched *m =
            missionjeunes__placements__v1__placement_matched__unpack(NULL, e->payload.len, e->payload.data);
        recount_matched(m);
        world.matched++;
        missionjeunes__placements__v1__placement_matched__free_unpacked(m, NULL);
    }
    count(position, e->type >= ACCEPTED && e->type <= REJECTED ? (uint8_t)e->type : 0, late);
}

static void take_registry(const log_entry *e, uint64_t position)
{
    world.registry_position = position;
    if (e->type != ENROLLED)
        return;
    Missionjeunes__Registry__V1__PersonEnrolled *m =
        missionjeunes__registry__v1__person_enrolled__unpack(NULL, e->payload.len, e->payload.data);
    recount_enrolled(m);
    world.stored_persons++;
    missionjeunes__registry__v1__person_enrolled__free_unpacked(m, NULL);
}

static void on_commit(const struct sim_log *g, const struct mj_commit *c)
{
    Missionjeunes__Log__V1__LogBlock *b =
        missionjeunes__log__v1__log_block__unpack(NULL, c->block_len, c->block);

    check_chain(g, c);
    if (!b || b->n_entries != c->count) {
        world_wrong("I7", "%s: the block at %llu does not decode", g->path, (unsigned long long)c->first);
        return;
    }
    for (size_t i = 0; i < b->n_entries; i++) {
        if (strstr(g->path, "/placements/52/"))
            take_placements(b->entries[i], c->first + i);
        else if (strstr(g->path, "/registry/52/"))
            take_registry(b->entries[i], c->first + i);
    }
    missionjeunes__log__v1__log_block__free_unpacked(b, NULL);
}

void world_check_begin(void)
{
    sim_log_on_commit = on_commit;
}

/* ---- acknowledgements (I1, I12) ---- */

void world_check_durable(struct world_agency *a, uint64_t through)
{
    if (through < a->durable)
        world_wrong("I1", "%s: %llu were acknowledged, now %llu", a->siret, (unsigned long long)a->durable,
                    (unsigned long long)through);
    if (through > a->stored)
        world_wrong("I12", "%s: %llu acknowledged, %llu on disk", a->siret, (unsigned long long)through,
                    (unsigned long long)a->stored);
    for (uint64_t n = a->durable + 1; n <= through && n <= a->last; n++)
        if (a->attempts[n - 1].told == 0)
            a->attempts[n - 1].told = MJ_EVENT_ACCEPTED;
    if (through > a->durable)
        a->durable = through;
}

/* Each number's entry is what its sender was told (I1, I3). */
static void check_told(const struct world_agency *a, uint64_t n)
{
    static const uint8_t kinds[] = { [MJ_EVENT_ACCEPTED] = ACCEPTED, [MJ_EVENT_DUPLICATE] = KNOWN,
                                     [MJ_EVENT_UNMATCHED] = ACCEPTED + UNMATCHED, [MJ_EVENT_REJECTED] = REJECTED };
    uint8_t told = a->attempts[n - 1].told;

    if (told && told < sizeof kinds && kinds[told] != a->kinds[n])
        world_wrong("I1", "%s: number %llu was told outcome %u, stored is %u", a->siret, (unsigned long long)n, told,
                    a->kinds[n]);
}

/* ---- figures (I5) ---- */

static int64_t figure(const Missionjeunes__Reporting__V1__RegionCounters *r, const char *name)
{
    for (size_t i = 0; i < r->n_counters; i++)
        if (r->counters[i]->row[0] == '\0' && strcmp(r->counters[i]->name, name) == 0)
            return r->counters[i]->value;
    return 0;
}

static void compare(const Missionjeunes__Reporting__V1__RegionCounters *r, const char *name, uint64_t counted,
                    uint64_t position)
{
    if ((uint64_t)figure(r, name) != counted)
        world_wrong("I5", "%s is %lld, counted again %llu at %llu", name, (long long)figure(r, name),
                    (unsigned long long)counted, (unsigned long long)position);
}

static uint64_t position_in(const Missionjeunes__Reporting__V1__RegionCounters *r, const char *service)
{
    for (size_t i = 0; i < r->n_positions; i++)
        if (strcmp(r->positions[i]->service, service) == 0 && strcmp(r->positions[i]->region, WORLD_REGION) == 0)
            return r->positions[i]->position;
    return 0;
}

void world_check_reading(const void *counters)
{
    const Missionjeunes__Reporting__V1__RegionCounters *r = counters;
    uint64_t position = position_in(r, "placements"), enrolments = position_in(r, "registry");

    world.readings++;
    world.stale_readings += r->stale != 0;
    world.settled = !r->stale && position == world.positions && enrolments == world.registry_position;
    world.last_reading_ns = sim_now();
    if (position > world.positions) {
        world_wrong("I5", "figures at %llu, the log ends at %llu", (unsigned long long)position,
                    (unsigned long long)world.positions);
        return;
    }
    if (position == 0)
        return;
    compare(r, "events:total", world.figures[position].events, position);
    compare(r, "rejected:total", world.figures[position].rejected, position);
    compare(r, "late:total", world.figures[position].late, position);
    if (position == world.positions && enrolments == world.registry_position)
        compare(r, "missions:total", recount_missions(), position);
}

/* ---- the end (I10) ---- */

void world_say_restless(void)
{
    for (unsigned i = 0; i < WORLD_SERVICES; i++)
        if (!world_service_ready(&world.lives[i]))
            sim_say("restless: %s is not ready", world.lives[i].machine->name);
    for (unsigned i = 0; i < WORLD_AGENCIES; i++) {
        const struct world_agency *a = &world.agencies[i];
        if (!a->machine->process || a->durable != a->last || !mj_stream_is_ready(a->stream))
            sim_say("restless: %s, %llu of %llu acknowledged", a->machine->name, (unsigned long long)a->durable,
                    (unsigned long long)a->last);
    }
    if (!world.settled || world.locale_owes)
        sim_say("restless: %s", world.settled ? "the Mission Locale enrols" : "the counters");
}

bool world_is_quiet(void)
{
    bool quiet = world.settled;

    for (unsigned i = 0; i < WORLD_SERVICES; i++)
        quiet = quiet && world_service_ready(&world.lives[i]);
    for (unsigned i = 0; i < WORLD_AGENCIES; i++) {
        const struct world_agency *a = &world.agencies[i];
        quiet = quiet && a->machine->process && a->durable == a->last && mj_stream_is_ready(a->stream);
    }
    return quiet && !world.locale_owes;
}

void world_check_end(void)
{
    for (unsigned i = 0; i < WORLD_AGENCIES; i++) {
        const struct world_agency *a = &world.agencies[i];
        if (a->stored != a->last || a->durable != a->last)
            world_wrong("I1", "%s: %llu given, %llu on disk, %llu acknowledged", a->siret,
                        (unsigned long long)a->last, (unsigned long long)a->stored, (unsigned long long)a->durable);
        for (uint64_t n = 1; n <= a->stored && n <= a->last; n++)
            check_told(a, n);
    }
    for (unsigned i = 0; i < world.enrolling; i++)
        for (unsigned j = 0; j < i; j++)
            if (strcmp(world.persons[i], world.persons[j]) == 0)
                world_wrong("I2", "two enrolments gave one person");
    if (world.stored_persons != world.enrolling)
        world_wrong("I2", "%u enrolments acknowledged, %u stored", world.enrolling, world.stored_persons);
}
