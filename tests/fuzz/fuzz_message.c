/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Every message that comes from outside: the first byte picks one of the requests and answers of all method tables, the
 * rest is its bytes. Unpacking stays under its ceiling; what is taken packs to bytes that are taken again; canonical
 * is exactly what packs to the same bytes. What a handler checks of a request by itself is checked then. */
#include "callers.h"
#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/crypto.h"
#include "common/base/scan.h"
#include "methods.h"
#include "placements/event.h"
#include "placements/ingest_message.h"
#include "placements/queries.h"
#include "placements/stream.h"
#include "registry/commands.h"

#define NOW INT64_C(1795000000000)       /* 18 November 2026 */

static struct mj_method methods[METHODS_MAX];
static size_t method_count;
static struct mj_arena *arena, *again;
static struct mj_registry registry;

/* ---- what handlers check without a service ---- */

/* Ingest's own reader takes less than unpacking does, and reads the same. */
static void hold_ingest_read(const uint8_t *bytes, size_t len, const IngestRequest *m)
{
    const IngestRequest *in = pl_ingest_read(bytes, len, again);
    if (in == NULL)
        return;
    HOLD(in->first_sequence == m->first_sequence && strcmp(in->stream, m->stream) == 0);
    HOLD(in->n_events == m->n_events);
    for (size_t i = 0; i < in->n_events; i++) {
        HOLD(in->events[i].len == m->events[i].len);
        HOLD(in->events[i].len == 0 || memcmp(in->events[i].data, m->events[i].data, in->events[i].len) == 0);
    }
}

static void check_events(const IngestRequest *in)
{
    struct pl_event ev;
    struct pl_warning w;
    mj_error err;
    size_t bytes = 0;
    (void)mj_siret_check(in->stream, "stream", &err);
    for (size_t i = 0; i < in->n_events; i++) {
        bytes += in->events[i].len;
        (void)pl_event_check(in->events[i].data, in->events[i].len, "41234567000019", NOW, again, &ev, &w, &err);
    }
    (void)pl_batch_check(in->first_sequence, in->n_events, bytes, &err);
}

static void check_verb(const char *method, const ProtobufCMessage *m)
{
    static const struct mj_verb *const verbs[] = { &mj_declare_organisation, &mj_declare_agency, &mj_declare_principal,
                                                   &mj_add_key, &mj_revoke_key, &mj_set_rule, &mj_enrol };
    const struct mj_principal *caller = mj_who_by_id(registry.who, "caller-2");
    mj_error err;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        struct mj_registry_command c = { .registry = &registry, .caller = caller, .body = m, .region = "52" };
        if (strcmp(verbs[i]->method, method) == 0 && verbs[i]->check(&c, &err) < 0)
            HOLD(err.reason[0] != '\0' && err.text[0] != '\0');
    }
}

/* Enrol asks who the caller is first; here the request alone is checked. */
static void check_enrol(const pb_enrol *in)
{
    struct mj_enrolment e;
    mj_error err;
    if (mj_enrolment_check(&e, in, mj_date_of(2026, 11, 22), &err) == 0)
        HOLD(e.programme > MJ_PROGRAMME_NONE && e.programme < MJ_PROGRAMME_COUNT && e.birth != MJ_NO_DATE);
}

static void check_request(const struct mj_method *method, const ProtobufCMessage *m)
{
    const ListPlacementsRequest *list = (const ListPlacementsRequest *)m;
    uint64_t after;
    mj_error err;
    mj_arena_reset(again, mj_arena_ceiling(64 * 1024));
    if (strcmp(method->name, "placements.v1.Ingest") == 0)
        check_events((const IngestRequest *)m);
    else if (strcmp(method->name, "placements.v1.ListPlacements") == 0 && list->page != NULL)
        (void)pl_token_number(&list->page->token, &after, &err);
    else if (strcmp(method->name, "registry.v1.Enrol") == 0)
        check_enrol((const pb_enrol *)m);
    check_verb(method->name, m);
}

/* ---- the message itself ---- */

static void hold_packed_again(const ProtobufCMessageDescriptor *d, const uint8_t *bytes, size_t len,
                              const ProtobufCMessage *m)
{
    struct mj_buf packed = MJ_BUF_INIT;
    ProtobufCMessage *m2;
    mj_error err;
    char path[sizeof err.field];
    mj_buf_pack(&packed, m);
    HOLD(m->n_unknown_fields == 0 && mj_scan(d, packed.data, packed.len, &err) == 0);
    bool same = packed.len == len && (len == 0 || memcmp(packed.data, bytes, len) == 0);
    mj_arena_reset(again, 2 * mj_arena_ceiling(len));
    bool canonical = mj_unpack_canonical(&m2, d, bytes, len, again, &err) == 0;
    HOLD(canonical == same);
    HOLD(canonical || strcmp(err.reason, "NOT_CANONICAL") == 0);
    mj_scan_path(path, sizeof path, d, bytes, len, len / 2);
    HOLD(strnlen(path, sizeof path) < sizeof path);
    mj_buf_free(&packed);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    HOLD(mj_crypto_init(NULL) == 0);
    method_count = methods_copy(methods);
    arena = mj_arena_create(0);
    again = mj_arena_create(0);
    registry = (struct mj_registry){ .who = callers_make(), .env = &mj_env_real };
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ProtobufCMessage *m;
    mj_error err = { 0 };
    if (size == 0)
        return 0;
    mj_arena_reset(again, mj_arena_ceiling(size));
    (void)pl_ingest_read(data + 1, size - 1, again);     /* any bytes */
    const struct mj_method *method = &methods[data[0] / 2 % method_count];
    const ProtobufCMessageDescriptor *d = data[0] % 2 ? method->answer : methods_request(method);
    mj_arena_reset(arena, mj_arena_ceiling(size - 1));
    if (mj_unpack(&m, d, data + 1, size - 1, arena, &err) < 0) {
        HOLD(err.code == MJ_INVALID_ARGUMENT && err.reason[0] != '\0' && err.text[0] != '\0');
        return 0;
    }
    HOLD(mj_arena_used(arena) <= mj_arena_ceiling(size - 1));
    hold_packed_again(d, data + 1, size - 1, m);
    if (d != method->answer)
        check_request(method, m);
    if (d == &missionjeunes__placements__v1__ingest_request__descriptor)
        hold_ingest_read(data + 1, size - 1, (const IngestRequest *)m);
    return 0;
}
