/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* mj send: a file of events into the agency's numbered stream, and a receipt for each. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "common/base/codes.h"
#include "common/store/lock.h"
#include "events.h"

struct result {                          /* what the service said of an event; the rest was accepted */
    uint64_t sequence, same_as;
    enum mj_event_outcome outcome;
    char reason[40], field[64], message[256];
};

struct sending {
    struct cli *cli;
    const char *siret;
    struct events events;
    struct mj_stream *stream;
    bool ready, stopped;
    mj_error trouble;                    /* the last; code MJ_OK: none */
    uint64_t first, last;                /* numbers taken now; 0: none yet */
    size_t printed;                      /* items whose receipt is out */
    int worst;
    size_t count[4];
    bool held_back;                      /* something that could have been sent all the same */
    struct mj_arena *arena;              /* results, until their receipts are out */
    struct result *results[1024];        /* by number modulo: an answer holds at most 1,000 */
};

/* ---- receipts ---- */

static void put_out(struct sending *s, const struct receipt *r)
{
    receipt_print(r, s->cli->json);
    s->count[r->level]++;
    s->worst = r->level > s->worst ? r->level : s->worst;
}

static void print_taken(struct sending *s, const struct event_item *item, const struct result *x)
{
    char event[48], same[48] = "";
    struct receipt r = { .event = event, .line = item->line, .outcome = "accepted", .same_as = same };

    snprintf(event, sizeof event, "%s/%" PRIu64, s->siret, item->sequence);
    if (x) {
        r.outcome = mj_event_outcome_name(x->outcome);
        r.level = mj_event_level(x->outcome, x->reason);
        r.reason = x->reason;
        r.field = x->field;
        r.message = x->message;
        if (x->same_as)
            snprintf(same, sizeof same, "%s/%" PRIu64, s->siret, x->same_as);
    }
    put_out(s, &r);
}

static void print_refused(struct sending *s, const struct event_item *item)
{
    struct receipt r = { .line = item->line, .level = 3, .outcome = "not sent", .reason = item->wrong->reason,
                         .field = item->wrong->field, .message = item->wrong->text };
    s->held_back = s->held_back || item->bytes;
    put_out(s, &r);
}

static void print_unknown(struct sending *s, const struct event_item *item)
{
    char event[48] = "";
    struct receipt r = { .event = event, .line = item->line, .level = 2, .outcome = "not acknowledged yet" };

    if (item->sequence)
        snprintf(event, sizeof event, "%s/%" PRIu64, s->siret, item->sequence);
    r.message = item->sequence ? "it is in the spool and goes out with the next mj send" : s->trouble.text;
    r.reason = item->sequence ? "SPOOLED" : "NOT_SENT";
    put_out(s, &r);
}

/* In the file's order, as far as what became of the events is known. */
static void print_through(struct sending *s, uint64_t durable)
{
    for (; s->printed < s->events.count; s->printed++) {
        const struct event_item *item = &s->events.items[s->printed];
        if (!item->sequence && item->wrong) {
            print_refused(s, item);
            continue;
        }
        if (!item->sequence || item->sequence > durable)
            return;
        struct result *x = s->results[item->sequence % 1024];
        print_taken(s, item, x && x->sequence == item->sequence ? x : NULL);
    }
}

/* ---- what the stream says ---- */

static void on_result(void *arg, const struct mj_event_result *r)
{
    struct sending *s = arg;
    if (!s->first || r->sequence < s->first)
        return;                          /* of an earlier mj send, whose receipt said that it was in the spool */
    struct result *x = s->results[r->sequence % 1024];
    if (!x)
        x = s->results[r->sequence % 1024] = mj_arena_alloc(s->arena, sizeof *x);
    *x = (struct result){ .sequence = r->sequence, .same_as = r->same_as, .outcome = r->outcome };
    snprintf(x->reason, sizeof x->reason, "%s", r->reason);
    snprintf(x->field, sizeof x->field, "%s", r->field);
    snprintf(x->message, sizeof x->message, "%s", r->message);
}

static void on_durable(void *arg, uint64_t through)
{
    struct sending *s = arg;
    print_through(s, through);
    if (through >= s->last)
        mj_client_wake(s->cli->client);
}

static void on_ready(void *arg, uint64_t last)
{
    struct sending *s = arg;
    (void)last;
    s->ready = true;
    mj_client_wake(s->cli->client);
}

static void on_trouble(void *arg, const mj_error *err)
{
    struct sending *s = arg;
    s->trouble = *err;
    s->stopped = err->code == MJ_PERMISSION_DENIED || err->code == MJ_UNAUTHENTICATED ||
                 err->code == MJ_INVALID_ARGUMENT || err->code == MJ_UNIMPLEMENTED;
    if (s->stopped)
        mj_client_wake(s->cli->client);
}

/* ---- sending ---- */

static uint64_t now_ms(const struct sending *s)
{
    return mj_loop_now_ms(mj_client_loop(s->cli->client));
}

/* Hands every right event to the stream, waiting while its spool is full. */
static int hand_over(struct sending *s, uint64_t deadline, mj_error *err)
{
    for (size_t i = 0; i < s->events.count && !s->stopped; i++) {
        struct event_item *item = &s->events.items[i];
        if (item->wrong && (!item->bytes || !cli_option(s->cli, "no-check")))
            continue;
        while (mj_stream_send(s->stream, item->bytes, item->len, &item->sequence, err) < 0) {
            item->sequence = 0;
            if (err->code != MJ_RESOURCE_EXHAUSTED || now_ms(s) >= deadline)
                return -1;
            mj_client_run_for(s->cli->client, 50);
        }
        s->last = item->sequence;
        if (!s->first)
            s->first = s->last;
    }
    return 0;
}

static void wait_until(struct sending *s, uint64_t deadline, bool (*done)(const struct sending *s))
{
    while (!done(s) && !s->stopped && now_ms(s) < deadline)
        mj_client_run_for(s->cli->client, deadline - now_ms(s));
}

static bool is_ready(const struct sending *s)
{
    return s->ready;
}

static bool all_acknowledged(const struct sending *s)
{
    return mj_stream_durable(s->stream) >= mj_stream_last(s->stream);
}

static int send_all(struct sending *s)
{
    uint64_t deadline = now_ms(s) + s->cli->timeout_ms;
    mj_error err;

    wait_until(s, deadline, is_ready);
    if (!s->ready && s->trouble.code == MJ_OK)
        mj_fail(&s->trouble, MJ_UNAVAILABLE, "NOT_REACHED", NULL, "the platform did not answer in time; try again");
    if (!s->ready)
        return cli_fail(s->cli, &s->trouble);
    s->trouble.code = MJ_OK;
    int rc = hand_over(s, deadline, &err) < 0 ? cli_fail(s->cli, &err) : EXIT_OK;
    wait_until(s, deadline, all_acknowledged);
    print_through(s, mj_stream_durable(s->stream));
    for (; s->printed < s->events.count; s->printed++) {
        const struct event_item *item = &s->events.items[s->printed];
        if (item->wrong && !item->sequence)
            print_refused(s, item);
        else
            print_unknown(s, item);
    }
    if (s->trouble.code != MJ_OK && !all_acknowledged(s))
        rc = cli_fail(s->cli, &s->trouble);
    return rc > s->worst ? rc : s->worst;
}

static int open_spool(struct sending *s, struct mj_spool **spool, mj_error *err)
{
    char path[600], folder[512];
    const char *given = cli_option(s->cli, "spool");

    snprintf(folder, sizeof folder, "%s/spool", s->cli->data);
    if (!given && mj_directory_make(folder, err) < 0)
        return -1;
    snprintf(path, sizeof path, "%s/%s.db", folder, s->siret);
    return mj_spool_disk(spool, given ? given : path, s->siret, err);
}

static int open_stream(struct sending *s, mj_error *err)
{
    struct mj_stream_options o = { .siret = s->siret, .result = on_result, .durable = on_durable, .ready = on_ready,
                                   .trouble = on_trouble, .arg = s };
    const char *commune = cli_option(s->cli, "commune");

    o.commune = commune ? commune : s->cli->profile.commune[0] ? s->cli->profile.commune : NULL;
    if (open_spool(s, &o.spool, err) < 0)
        return -1;
    if (mj_stream_open(&s->stream, s->cli->client, &o, err) == 0)
        return 0;
    o.spool->close(o.spool);
    return -1;
}

static int check_siret(struct sending *s, mj_error *err)
{
    const char *given = cli_option(s->cli, "siret");
    s->siret = given ? given : s->cli->profile.siret;
    if (!s->siret[0])
        return mj_fail(err, MJ_FAILED_PRECONDITION, "NO_SIRET", NULL,
                       "it is not said whose stream this is; give --siret SIRET, or write siret= in the profile");
    return mj_siret_check(s->siret, "siret", err);
}

static void say_sum(const struct sending *s)
{
    if (!s->cli->json)
        printf("%zu event%s: %zu taken, %zu with a warning or unmatched, %zu to try again, %zu refused%s\n",
               s->events.count, s->events.count == 1 ? "" : "s", s->count[0], s->count[1], s->count[2], s->count[3],
               s->held_back ? "; mj send --no-check sends what was held back" : "");
}

/* Nothing that could be sent: the platform is not asked. */
static bool nothing_to_send(const struct sending *s)
{
    for (size_t i = 0; i < s->events.count; i++)
        if (!s->events.items[i].wrong || (s->events.items[i].bytes && cli_option(s->cli, "no-check")))
            return false;
    return s->events.count != 0;
}

static int send_file(struct cli *cli)
{
    struct sending s = { .cli = cli };
    mj_error err;
    int rc;

    if (!cli_words(cli, 1, 1))
        return EXIT_USAGE;
    if (check_siret(&s, &err) < 0 || events_read(&s.events, cli->words[0], cli_option(cli, "young-person"), &err) < 0)
        return cli_fail(cli, &err);
    events_check(&s.events, s.siret, mj_wall_ms(&mj_env_real));
    s.arena = mj_arena_create(0);
    if (nothing_to_send(&s)) {
        print_through(&s, 0);
        rc = s.worst;
    } else if ((rc = cli_connect(cli)) == EXIT_OK) {
        rc = open_stream(&s, &err) < 0 ? cli_fail(cli, &err) : send_all(&s);
    }
    if (s.count[0] + s.count[1] + s.count[2] + s.count[3])
        say_sum(&s);
    mj_stream_close(s.stream);
    mj_arena_destroy(s.arena);
    events_free(&s.events);
    return rc;
}

static const struct option_row options[] = {
    { "siret", "SIRET", "the agency's, whose stream it is; else the profile's" },
    { "commune", "INSEE", "of the agency: declares it where it is not yet; else the profile's" },
    { "young-person", "ID", "in place of every young_person that the file names" },
    { "spool", "FILE", "where events wait for their acknowledgement (MJ_DATA/spool/SIRET.db)" },
    { "no-check", NULL, "sends what the offline check finds wrong, to see the service's own answer" },
    { NULL, NULL, NULL },
};
const struct command command_send = {
    "send", "sends a file of events, with a receipt for each", "FILE|- [--siret SIRET] [--commune INSEE] [--no-check]",
    "  mj send tools/examples/mission.json             # ten events, from proposal to end\n"
    "  mj send tools/examples/mauvaise-date.json       # level 3: what is wrong, and how to put it right\n"
    "  export-events | mj send - --json\n", options, send_file,
};
