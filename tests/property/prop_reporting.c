/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Any interleaving of the followed logs, cut into any commits, with any restart between them, folds to the same
 * figures, byte for byte; and they are those of a plain count over what the agencies told. Seeds are printed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <missionjeunes/placements/v1/entries.pb-c.h>
#include <missionjeunes/placements/v1/placements.pb-c.h>
#include <missionjeunes/registry/v1/entries.pb-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/base/crypto.h"
#include "common/base/ids.h"
#include "reporting/fold.h"
#include "support/cache.h"

#define TYPE(name) MISSIONJEUNES__PLACEMENTS__V1__ENTRY_TYPE__ENTRY_TYPE_##name
#define FACT(name) MISSIONJEUNES__PLACEMENTS__V1__PLACEMENT_EVENT__FACT_##name
#define VALUE(name) MISSIONJEUNES__PLACEMENTS__V1__CORRECTED__VALUE_##name
#define PERSONS 15
#define PLACEMENTS 50
#define STREAMS 5
#define LOGS 4
#define ENTRIES 2000
#define INTERLEAVINGS 12

typedef Missionjeunes__Placements__V1__PlacementEvent placement_event;

static uint64_t random_state;

static unsigned draw(unsigned below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state >> 33) % below;
}

/* ---- the history: what was told, and what it adds up to ---- */

struct told { uint32_t type; struct mj_buf payload; };
struct log_of { const char *service, *region; struct told entries[ENTRIES]; size_t count; };
static struct log_of logs[LOGS] = { { .service = "registry", .region = "52" },
                                    { .service = "registry", .region = "75" },
                                    { .service = "placements", .region = "52" },
                                    { .service = "placements", .region = "75" } };

struct young { char id[MJ_PERSON_TEXT]; int home; bool enrolled; };
static struct young persons[PERSONS];

struct mission {                         /* a placement, and where its story stands */
    uint8_t name[MJ_TAG];
    int stream, person, step, year, kind;
    bool confirmed, started, implied, cancelled, unmatched, matched, ended;
};
static struct mission missions[PLACEMENTS];

static const char *const sirets[STREAMS] = { "73282932000074", "73282932000082", "39027183600018", "44306184100047",
                                             "73282932000090" };
static const int homes[STREAMS] = { 0, 0, 0, 1, 1 };             /* region of the stream's log */
static const char *const regions[2] = { "52", "75" };
static const char *const mission_locale[2] = { "39027183600026", "39027183600034" };

struct tally { int64_t events, rejected, known, resends, late; };
static struct tally tallies[STREAMS];

static void tell(struct log_of *log, uint32_t type, const ProtobufCMessage *m)
{
    struct told *t = &log->entries[log->count++];

    assert_true(log->count < ENTRIES);
    t->type = type;
    mj_buf_pack(&t->payload, m);
}

static bool mission_kind(int kind)
{
    return kind >= 1 && kind <= 3;
}

static void accept(struct mission *m, placement_event *event, bool implied)
{
    Missionjeunes__Placements__V1__EventAccepted e = MISSIONJEUNES__PLACEMENTS__V1__EVENT_ACCEPTED__INIT;
    uint8_t bytes[512];

    event->young_person = persons[m->person].id;
    e.event = (ProtobufCBinaryData){ protobuf_c_message_pack(&event->base, bytes), bytes };
    e.stream = (char *)sirets[m->stream];
    e.placement = (ProtobufCBinaryData){ MJ_TAG, m->name };
    e.unmatched = m->unmatched && !m->matched;
    m->matched = m->matched || !m->unmatched;
    e.implied_start = implied;
    m->implied = m->implied || implied;
    e.late_days = draw(5) == 0 ? 4 : 0;
    tallies[m->stream].events++;
    tallies[m->stream].late += e.late_days != 0;
    tell(&logs[2 + homes[m->stream]], TYPE(EVENT_ACCEPTED), &e.base);
}

static void tell_confirmed(struct mission *m, bool correction)
{
    placement_event event = MISSIONJEUNES__PLACEMENTS__V1__PLACEMENT_EVENT__INIT;
    Missionjeunes__Placements__V1__Corrected c = MISSIONJEUNES__PLACEMENTS__V1__CORRECTED__INIT;
    Missionjeunes__Placements__V1__Confirmed fact = MISSIONJEUNES__PLACEMENTS__V1__CONFIRMED__INIT;
    char day[16];

    int kind = 1 + (int)draw(5), year = 2024 + (int)draw(3);
    snprintf(day, sizeof day, "%d-02-03", year);
    fact.planned_start = day;
    fact.contract_kind = kind;
    event.confirmed = c.confirmed = &fact;
    event.fact_case = FACT(CONFIRMED);
    if (correction) {
        c.value_case = VALUE(CONFIRMED);
        event.corrected = &c;
        event.fact_case = FACT(CORRECTED);
    }
    m->confirmed = true;
    if (!m->started) {
        m->kind = kind;
        m->year = year;
    }
    accept(m, &event, false);
}

static void tell_started(struct mission *m, bool correction)
{
    placement_event event = MISSIONJEUNES__PLACEMENTS__V1__PLACEMENT_EVENT__INIT;
    Missionjeunes__Placements__V1__Corrected c = MISSIONJEUNES__PLACEMENTS__V1__CORRECTED__INIT;
    Missionjeunes__Placements__V1__Started fact = MISSIONJEUNES__PLACEMENTS__V1__STARTED__INIT;
    char day[16];

    m->kind = 1 + (int)draw(5);
    m->year = 2024 + (int)draw(3);
    m->started = true;
    snprintf(day, sizeof day, "%d-02-04", m->year);
    fact.on = day;
    fact.contract_kind = m->kind;
    event.started = c.started = &fact;
    event.fact_case = FACT(STARTED);
    if (correction) {
        c.value_case = VALUE(STARTED);
        event.corrected = &c;
        event.fact_case = FACT(CORRECTED);
    }
    accept(m, &event, false);
}

static void tell_ended(struct mission *m)
{
    placement_event event = MISSIONJEUNES__PLACEMENTS__V1__PLACEMENT_EVENT__INIT;
    Missionjeunes__Placements__V1__Ended fact = MISSIONJEUNES__PLACEMENTS__V1__ENDED__INIT;

    fact.on = "2026-12-30";              /* after any start and plan: the plan sets an implied start's year */
    fact.motive = 1;
    event.ended = &fact;
    event.fact_case = FACT(ENDED);
    m->ended = true;
    accept(m, &event, !m->started && !m->implied);
}

static void tell_cancelled(struct mission *m)
{
    placement_event event = MISSIONJEUNES__PLACEMENTS__V1__PLACEMENT_EVENT__INIT;
    Missionjeunes__Placements__V1__Corrected c = MISSIONJEUNES__PLACEMENTS__V1__CORRECTED__INIT;
    Missionjeunes__Placements__V1__Cancelled fact = MISSIONJEUNES__PLACEMENTS__V1__CANCELLED__INIT;

    fact.on = "2026-02-03";
    c.cancelled = &fact;
    c.value_case = VALUE(CANCELLED);
    event.corrected = &c;
    event.fact_case = FACT(CORRECTED);
    m->cancelled = true;
    accept(m, &event, false);
}

static void tell_matched(struct mission *m)
{
    Missionjeunes__Placements__V1__PlacementMatched e = MISSIONJEUNES__PLACEMENTS__V1__PLACEMENT_MATCHED__INIT;

    if (m->matched || !m->unmatched || m->step == 1) {
        return;
    }
    e.placement = (ProtobufCBinaryData){ MJ_TAG, m->name };
    e.stream = (char *)sirets[m->stream];
    e.young_person = persons[m->person].id;
    m->matched = true;
    tell(&logs[2 + homes[m->stream]], TYPE(PLACEMENT_MATCHED), &e.base);
}

static void tell_known_or_rejected(int stream)
{
    Missionjeunes__Placements__V1__EventKnown k = MISSIONJEUNES__PLACEMENTS__V1__EVENT_KNOWN__INIT;
    Missionjeunes__Placements__V1__EventRejected r = MISSIONJEUNES__PLACEMENTS__V1__EVENT_REJECTED__INIT;
    Missionjeunes__Placements__V1__StreamQuality q = MISSIONJEUNES__PLACEMENTS__V1__STREAM_QUALITY__INIT;
    struct log_of *log = &logs[2 + homes[stream]];
    struct tally *t = &tallies[stream];

    k.stream = r.stream = q.stream = (char *)sirets[stream];
    switch (draw(3)) {
    case 0:
        t->known++;
        t->events++;
        tell(log, TYPE(EVENT_KNOWN), &k.base);
        break;
    case 1:
        t->rejected++;
        t->events++;
        tell(log, TYPE(EVENT_REJECTED), &r.base);
        break;
    default:
        t->resends += draw(4);
        q.resends = (uint64_t)t->resends;
        tell(log, TYPE(STREAM_QUALITY), &q.base);
    }
}

/* The next thing that happens to a placement, out of those that its state allows. */
static void go_on(struct mission *m)
{
    m->step++;
    switch (draw(8)) {
    case 0:
        if (m->confirmed) {
            tell_confirmed(m, true);
        }
        break;
    case 1:
        if (m->started) {
            tell_started(m, true);
        }
        break;
    case 2:
        if (m->step > 3 && draw(3) == 0) {
            tell_cancelled(m);
        }
        break;
    case 3:
        tell_matched(m);
        break;
    case 4:
        if (m->confirmed && !m->ended && !m->cancelled) {
            tell_ended(m);
        }
        break;
    default:
        if (!m->confirmed && !m->cancelled) {
            tell_confirmed(m, false);
        } else if (!m->started && !m->cancelled && draw(2) == 0) {
            tell_started(m, false);
        }
    }
}

static void enrol(struct young *p)
{
    Missionjeunes__Registry__V1__PersonEnrolled e = MISSIONJEUNES__REGISTRY__V1__PERSON_ENROLLED__INIT;

    e.young_person = p->id;
    e.mission_locale = (char *)mission_locale[p->home];
    e.entry_on = "2026-01-05";
    tell(&logs[p->home], MISSIONJEUNES__REGISTRY__V1__ENTRY_TYPE__ENTRY_TYPE_PERSON_ENROLLED, &e.base);
}

static void make_history(uint64_t seed)
{
    random_state = seed * 2654435761u + 88172645463325252u;
    memset(tallies, 0, sizeof tallies);
    memset(missions, 0, sizeof missions);
    for (int i = 0; i < PERSONS; i++) {
        /* Ids that share the 8 characters by which the tables look for them. */
        const uint8_t bytes[MJ_PERSON_RANDOM] = { (uint8_t)seed, [MJ_PERSON_RANDOM - 1] = (uint8_t)i };
        persons[i].home = (int)draw(2);
        mj_person_make(persons[i].id, regions[persons[i].home], bytes);
        persons[i].enrolled = draw(5) != 0;
        if (persons[i].enrolled) {
            enrol(&persons[i]);
        }
    }
    for (int i = 0; i < PLACEMENTS; i++) {
        /* Names that share their first 8 bytes: the tables look for names by these. */
        missions[i] = (struct mission){ .name = { (uint8_t)(i % 7), 1, [8] = (uint8_t)i }, .stream = (int)draw(STREAMS),
                                        .person = (int)draw(PERSONS), .unmatched = draw(4) == 0 };
    }
    for (int i = 0; i < PLACEMENTS * 8; i++) {
        if (draw(6) == 0) {
            tell_known_or_rejected((int)draw(STREAMS));
        } else {
            go_on(&missions[draw(PLACEMENTS)]);
        }
    }
}

static void forget_history(void)
{
    for (int i = 0; i < LOGS; i++) {
        for (size_t j = 0; j < logs[i].count; j++) {
            mj_buf_free(&logs[i].entries[j].payload);
        }
        logs[i].count = 0;
    }
}

/* ---- the fold under test ---- */

struct bench {
    char directory[64];
    struct mj_loop *loop;
    struct mj_threads threads;
    struct mj_rep_cells *cells;
    struct mj_rep_fold *fold;
    struct mj_model *model;
    size_t at[LOGS];                     /* entries of each log given so far */
    uint8_t hash[LOGS][MJ_HASH];
    bool taken;
};

static void ignore_ready(void *arg, const uint8_t epoch[16])
{
    (void)arg, (void)epoch;
}

static void ignore_folded(void *arg, const char *region, uint32_t entries)
{
    (void)arg, (void)region, (void)entries;
}

static void set_true(void *arg)
{
    *(bool *)arg = true;
}

static void turn_until(struct bench *b, const bool *done)
{
    while (!*done) {
        mj_loop_run_for(b->loop, 1);
    }
}

static void model_open(struct bench *b)
{
    const struct mj_rep_fold_events events = { ignore_ready, ignore_folded, NULL };
    struct mj_model_domain domain = mj_rep_domain;
    mj_error err = { 0 };

    b->cells = mj_rep_cells_create(1);
    b->fold = mj_rep_fold_create(b->cells, &events);
    domain.app = b->fold;
    if (mj_model_open(&b->model, &b->threads, b->directory, &domain, &err) < 0) {
        fail_msg("%s: %s", err.reason, err.text);
    }
}

static void model_close(struct bench *b)
{
    bool drained = false;

    mj_model_drain(b->model, set_true, &drained);
    turn_until(b, &drained);
    /* Every row was asked for before it was folded, but for the fold's own name, at the start. */
    assert_true(mj_rows_stats(mj_model_rows(b->model))->inline_loads <= 1);
    mj_model_close(b->model);
    mj_rep_fold_destroy(b->fold);
    mj_rep_cells_destroy(b->cells);
}

static void bench_open(struct bench *b)
{
    mj_error err = { 0 };

    memset(b, 0, sizeof *b);
    snprintf(b->directory, sizeof b->directory, "/tmp/mj-prop-XXXXXX");
    assert_non_null(mkdtemp(b->directory));
    assert_int_equal(0, mj_loop_create(&b->loop, &mj_env_real, &err));
    b->threads.loop = b->loop;
    assert_int_equal(0, mj_worker_create(&b->threads.tables, b->loop, "tables", MJ_WORKER_INLINE, &err));
    assert_int_equal(0, mj_worker_create(&b->threads.read, b->loop, "read", MJ_WORKER_INLINE, &err));
    assert_int_equal(0, cache_up(&b->threads, 8192));    /* a small one: rows are evicted and fetched */
    model_open(b);
}

static void bench_close(struct bench *b)
{
    const char *const files[] = { "tables.db", "tables.db-wal", "tables.db-shm", "LOCK" };
    char path[128];

    model_close(b);
    mj_worker_destroy(b->threads.tables);
    mj_worker_destroy(b->threads.read);
    cache_down(&b->threads);
    mj_loop_destroy(b->loop);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", b->directory, files[i]);
        unlink(path);
    }
    rmdir(b->directory);
}

/* Gives the next n entries of a log as one commit. */
static void give(struct bench *b, int i, size_t n)
{
    struct mj_buf block = MJ_BUF_INIT;
    struct mj_commit commit = { .first = b->at[i] + 1, .count = (uint32_t)n };
    mj_error err = { 0 };

    for (size_t j = 0; j < n; j++) {
        const struct told *t = &logs[i].entries[b->at[i] + j];
        const struct mj_entry e = { .recorded_at_ms = 1000 + b->at[i] + j, .type = t->type, .principal = "test",
                                    .payload = t->payload.data, .payload_len = t->payload.len };
        mj_block_add(&block, &e);
    }
    mj_chain(commit.hash, b->hash[i], commit.first, commit.count, block.data, block.len);
    memcpy(b->hash[i], commit.hash, MJ_HASH);
    commit.block = block.data;
    commit.block_len = block.len;
    b->taken = false;
    if (mj_model_take(b->model, logs[i].service, logs[i].region, &commit, set_true, &b->taken, &err) < 0) {
        fail_msg("%s: %s", err.reason, err.text);
    }
    turn_until(b, &b->taken);
    b->at[i] += n;
    mj_buf_free(&block);
}

static void restart(struct bench *b)
{
    model_close(b);
    model_open(b);
}

static bool give_some(struct bench *b)
{
    size_t left = 0;

    for (int i = 0; i < LOGS; i++) {
        left += logs[i].count - b->at[i];
    }
    if (left == 0) {
        return false;
    }
    int i = (int)draw(LOGS);
    size_t most = logs[i].count - b->at[i];
    if (most > 0) {
        size_t n = 1 + draw(draw(4) == 0 ? 60 : 5);
        give(b, i, n < most ? n : most);
    }
    return true;
}

struct lines { char *line[20000]; size_t count; int region; };

static void dump_cell(void *arg, const char *row, mj_rep_name name, int64_t value)
{
    struct lines *l = arg;
    char text[160], name_text[MJ_REP_NAME_TEXT];

    snprintf(text, sizeof text, "%s %s %s %lld\n", mj_rep_region_code(l->region), row,
             mj_rep_name_text(name, name_text), (long long)value);
    l->line[l->count++] = mj_strdup(text);
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void dump(const struct mj_rep_cells *cells, struct mj_buf *out)
{
    static struct lines lines;

    lines.count = 0;
    for (lines.region = 0; lines.region < MJ_REP_REGIONS; lines.region++) {
        mj_rep_cells_each(cells, lines.region, NULL, dump_cell, &lines);
    }
    qsort(lines.line, lines.count, sizeof *lines.line, compare_lines);
    for (size_t i = 0; i < lines.count; i++) {
        mj_buf_put(out, lines.line[i], strlen(lines.line[i]));
        free(lines.line[i]);
    }
}

/* ---- a plain count ---- */

static bool counts(const struct mission *m)
{
    return (m->started || m->implied) && !m->cancelled && m->matched && mission_kind(m->kind) &&
           persons[m->person].enrolled;
}

static void expect(const struct mj_rep_cells *cells, const char *region, const char *row, enum mj_rep_figure figure,
                   int year, int64_t value)
{
    char text[MJ_REP_NAME_TEXT];
    mj_rep_name name = mj_rep_name_of(figure, year);
    int64_t got = mj_rep_cells_value(cells, mj_rep_region(region), row, name);

    if (got != value) {
        fail_msg("%s %s %s: counted %lld, folded %lld", region, row, mj_rep_name_text(name, text), (long long)value,
                 (long long)got);
    }
}

static void agency_row(char out[MJ_REP_ROW_TEXT], int stream)
{
    struct mj_rep_row row = mj_rep_row(MJ_REP_AGENCY, sirets[stream]);

    mj_rep_row_text(&row, out);
}

static void expect_missions(const struct mj_rep_cells *cells, int home, int stream, int year)
{
    int64_t count = 0, people = 0;
    bool seen[PERSONS] = { false };
    char row[MJ_REP_ROW_TEXT] = "";

    for (int i = 0; i < PLACEMENTS; i++) {
        const struct mission *m = &missions[i];
        if (!counts(m) || (home >= 0 && persons[m->person].home != home) || (stream >= 0 && m->stream != stream) ||
            (year != 0 && m->year != year)) {
            continue;
        }
        count++;
        people += !seen[m->person];
        seen[m->person] = true;
    }
    if (stream >= 0) {
        agency_row(row, stream);
    }
    expect(cells, home < 0 ? "FR" : regions[home], row, MJ_REP_MISSIONS, year, count);
    expect(cells, home < 0 ? "FR" : regions[home], row, MJ_REP_YOUNG_PEOPLE, year, people);
}

static void expect_quality(const struct mj_rep_cells *cells, int stream)
{
    const struct tally *t = &tallies[stream];
    const char *const where[] = { regions[homes[stream]], "FR" };
    int64_t unmatched = 0;
    char row[MJ_REP_ROW_TEXT];

    for (int i = 0; i < PLACEMENTS; i++) {
        const struct mission *m = &missions[i];
        bool told = m->confirmed || m->started || m->cancelled;
        unmatched += m->stream == stream && m->unmatched && !m->matched && told;
    }
    agency_row(row, stream);
    for (int i = 0; i < 2; i++) {
        expect(cells, where[i], row, MJ_REP_EVENTS, 0, t->events);
        expect(cells, where[i], row, MJ_REP_REJECTED, 0, t->rejected);
        expect(cells, where[i], row, MJ_REP_DUPLICATES, 0, t->known + t->resends);
        expect(cells, where[i], row, MJ_REP_LATE, 0, t->late);
        expect(cells, where[i], row, MJ_REP_UNMATCHED, 0, unmatched);
    }
}

static void expect_plain_count(const struct mj_rep_cells *cells)
{
    for (int home = -1; home < 2; home++) {
        for (int stream = -1; stream < STREAMS; stream++) {
            for (int year = 2023; year <= 2026; year++) {
                expect_missions(cells, home, stream, year == 2023 ? 0 : year);
            }
        }
    }
    for (int stream = 0; stream < STREAMS; stream++) {
        expect_quality(cells, stream);
    }
}

/* ---- the tables ---- */

static int dump_row(void *arg, const struct mj_result_row *r)
{
    mj_buf_printf(arg, "%s\n", mj_col_text(r, 0));
    return 0;
}

/* All that the tables hold, in the order of their keys. */
static void dump_tables(struct bench *b, struct mj_buf *out)
{
    static const struct mj_sql all[] = {
        { "SELECT born || ' ' || hex(name) || ' ' || hex(told) FROM placement ORDER BY born" },
        { "SELECT hash || ' ' || born FROM placement_name ORDER BY hash, born" },
        { "SELECT born || ' ' || id || ' ' || hex(told) FROM person ORDER BY born" },
        { "SELECT hash || ' ' || born FROM person_name ORDER BY hash, born" },
        { "SELECT region || siret || ' ' || events || ' ' || known || ' ' || resends || ' ' || conflicts || ' ' ||"
          " rejected || ' ' || late || ' ' || unmatched FROM stream ORDER BY region, siret" },
        { "SELECT region || ' ' || line || ' ' || name || ' ' || value FROM cell ORDER BY region, line, name" },
        { "SELECT as_of_ms FROM clock" },
        { "SELECT source || ' ' || position FROM mj_positions ORDER BY source" },
    };
    const struct mj_readers *readers = mj_rows_readers(mj_model_rows(b->model));
    mj_error err = { 0 };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        size_t before = out->len;
        if (mj_tables_query(readers->tables, &all[i], NULL, 0, dump_row, out, &err) < 0) {
            fail_msg("%s: %s", err.reason, err.text);
        }
        assert_true(out->len > before);
    }
}

/* ---- the properties ---- */

static void fold_once(uint64_t seed, bool with_restarts, struct mj_buf *out)
{
    struct bench b;

    random_state = seed * 6364136223846793005u + 1442695040888963407u;
    bench_open(&b);
    while (give_some(&b)) {
        if (with_restarts && draw(40) == 0) {
            restart(&b);
        }
    }
    expect_plain_count(b.cells);
    dump(b.cells, out);
    if (with_restarts) {                 /* and the tables hold the same */
        struct mj_buf again = MJ_BUF_INIT;
        restart(&b);
        dump(b.cells, &again);
        assert_int_equal(out->len, again.len);
        assert_memory_equal(out->data, again.data, out->len);
        mj_buf_free(&again);
    }
    bench_close(&b);
}

/* every: commits from one restart to the next; 0 for none. */
static void fold_to_tables(uint64_t seed, int every, struct mj_buf *out)
{
    struct bench b;

    random_state = seed * 6364136223846793005u + 1442695040888963407u;
    bench_open(&b);
    for (int commits = 1; give_some(&b); commits++) {
        if (every != 0 && commits % every == 0) {
            restart(&b);
        }
    }
    restart(&b);                         /* all is written */
    dump_tables(&b, out);
    bench_close(&b);
}

static uint64_t first_seed;

static void any_interleaving_folds_to_the_same_bytes(void **state)
{
    (void)state;
    for (uint64_t seed = first_seed; seed < first_seed + 4; seed++) {
        struct mj_buf first = MJ_BUF_INIT;
        print_message("history of seed %llu\n", (unsigned long long)seed);
        make_history(seed);
        fold_once(1, false, &first);
        assert_true(first.len > 0);
        for (uint64_t i = 2; i < INTERLEAVINGS; i++) {
            struct mj_buf other = MJ_BUF_INIT;
            fold_once(seed + i, i % 3 == 0, &other);
            assert_int_equal(first.len, other.len);
            assert_memory_equal(first.data, other.data, first.len);
            mj_buf_free(&other);
        }
        mj_buf_free(&first);
        forget_history();
    }
}

static void tables_are_equal_whatever_the_restarts(void **state)
{
    (void)state;
    struct mj_buf first = MJ_BUF_INIT;

    make_history(first_seed);
    fold_to_tables(first_seed, 0, &first);
    for (int every = 1; every < 100; every = every * 3 + 1) {
        struct mj_buf other = MJ_BUF_INIT;
        fold_to_tables(first_seed, every, &other);
        assert_int_equal(first.len, other.len);
        assert_memory_equal(first.data, other.data, first.len);
        mj_buf_free(&other);
    }
    mj_buf_free(&first);
    forget_history();
}

/* Every mission cancelled by correction: the figures of missions are those of nobody having worked. */
static void cancelling_everything_lowers_everything(void **state)
{
    (void)state;
    struct mj_buf out = MJ_BUF_INIT;

    make_history(first_seed);
    for (int i = 0; i < PLACEMENTS; i++) {
        tell_cancelled(&missions[i]);
    }
    fold_once(3, false, &out);
    assert_null(strstr((const char *)out.data, "missions:"));
    assert_null(strstr((const char *)out.data, "young_people:"));
    assert_non_null(strstr((const char *)out.data, "events:total"));
    mj_buf_free(&out);
    forget_history();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_interleaving_folds_to_the_same_bytes),
        cmocka_unit_test(tables_are_equal_whatever_the_restarts),
        cmocka_unit_test(cancelling_everything_lowers_everything),
    };
    const char *given = getenv("MJ_SEED");

    first_seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
