/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* mj watch: long polls of every reporting process, and what they say as one table. */
#include "watch.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "missionjeunes/reporting/v1/reporting.pb-c.h"
#include "words.h"

#define WAIT_MS 1000                     /* of a poll where nothing moves */
#define PAUSE_MS 500                     /* after a failed one */
#define OPENING_MS 1000                  /* while the connection opens, polls fail without a word */
#define OPENING_PAUSE_MS 20
#define WHOLE_REGION "region"            /* the row "" alone */

typedef Missionjeunes__Reporting__V1__WatchRequest watch_request;
typedef Missionjeunes__Reporting__V1__WatchResponse watch_response;
typedef Missionjeunes__Reporting__V1__RegionCounters region_counters;

struct watching;
struct poll {                            /* one process, or one region that was named */
    struct watching *w;
    char place[3];                       /* a region that leads to the process */
    char *region;                        /* NULL: all that the caller may see */
    bool national;                       /* takes FR: one of them does, though all say it */
    bool answered;                       /* once at least */
    const char *row;                     /* asked for last */
    uint8_t token[512];
    size_t token_len;
    struct mj_timer *pause;
};

struct watching {
    struct cli *cli;
    struct view view;
    struct poll polls[FIGURES_MAX];
    size_t count;
    const char *row;
    bool row_given, terminal, once, over;
    uint64_t began_ms;
    int rc;
};

static void ask(void *arg);

static void stop(struct watching *w, int rc)
{
    w->over = true;
    w->rc = rc;
    mj_client_wake(w->cli->client);
}

static void on_signal(void *arg)
{
    stop(arg, EXIT_OK);
}

/* ---- figures ---- */

/* The caller sees one row of a region, or several: the widest of them is shown. */
static const char *widest_row(const region_counters *r)
{
    const char *best = NULL;
    for (size_t i = 0; i < r->n_counters; i++) {
        const char *row = r->counters[i]->row;
        if (!best || strlen(row) < strlen(best))         /* "", "ett/SIREN", "ml/SIRET", "agency/SIRET" */
            best = row;
    }
    return best;
}

static void take_counter(struct figures *f, const char *name, int64_t value)
{
    const struct { const char *name; int64_t *at; } rows[] = {
        { "missions:total", &f->missions }, { "young_people:total", &f->young_people },
        { "duplicates:total", &f->duplicates }, { "rejected:total", &f->rejected }, { "unmatched:now", &f->unmatched },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].name, name) == 0)
            *rows[i].at = value;
}

/* True where the figures moved. */
static bool take_region(struct view *v, const region_counters *r)
{
    struct figures *f = view_region(v, r->region), was;
    const char *row = widest_row(r);
    if (!f)
        return false;
    was = *f;
    *f = (struct figures){ .events_per_second = r->events_per_second, .lag = r->lag_entries, .as_of_ms = r->as_of_ms,
                           .version = r->version, .stale = r->stale, .seen = row != NULL };
    memcpy(f->region, was.region, sizeof f->region);
    for (size_t i = 0; i < r->n_counters; i++)
        if (strcmp(r->counters[i]->row, row) == 0)
            take_counter(f, r->counters[i]->name, r->counters[i]->value);
    return f->version != was.version || f->stale != was.stale;
}

static void show(struct watching *w, const char *region)
{
    const struct figures *f = view_region(&w->view, region);
    if (w->once || !f)
        return;
    if (w->cli->json)
        view_json(f);
    else if (!w->terminal)
        view_line(f);
}

static bool all_answered(const struct watching *w)
{
    for (size_t i = 0; i < w->count; i++)
        if (!w->polls[i].answered)
            return false;
    return true;
}

static void take_answer(struct poll *p, const watch_response *a)
{
    struct watching *w = p->w;
    for (size_t i = 0; i < a->n_regions; i++)
        if (p->national || strcmp(a->regions[i]->region, "FR") != 0)
            if (take_region(&w->view, a->regions[i]))
                show(w, a->regions[i]->region);
    /* Where nothing moved, rates still fall and lag still shrinks: everything is asked for once. */
    p->token_len = a->n_regions && a->token.len <= sizeof p->token ? a->token.len : 0;
    if (p->token_len)
        memcpy(p->token, a->token.data, p->token_len);
    p->answered = true;
    w->view.trouble[0] = '\0';
    if (w->once && all_answered(w))
        stop(w, EXIT_OK);
    if (w->terminal && !w->once && !w->cli->json)
        view_draw(&w->view);
}

/* ---- polls ---- */

static void trouble(struct poll *p, const mj_error *err)
{
    struct watching *w = p->w;
    bool for_good = err->code == MJ_PERMISSION_DENIED || err->code == MJ_INVALID_ARGUMENT || err->code == MJ_NOT_FOUND;

    if (for_good && !w->row_given && p->row[0]) {        /* the whole region is not for this caller: its own rows */
        w->row = "";
        ask(p);
        return;
    }
    if (for_good) {
        stop(w, cli_fail(w->cli, err));
        return;
    }
    p->token_len = 0;
    if (mj_loop_now_ms(mj_client_loop(w->cli->client)) < w->began_ms + OPENING_MS) {
        mj_timer_start(p->pause, OPENING_PAUSE_MS, 0);
        return;
    }
    snprintf(w->view.trouble, sizeof w->view.trouble, "waiting for reporting: %s", err->text);
    if (w->terminal && !w->once && !w->cli->json)
        view_draw(&w->view);
    mj_timer_start(p->pause, PAUSE_MS, 0);
}

static void on_reply(void *arg, const struct mj_reply *r)
{
    struct poll *p = arg;
    if (p->w->over)
        return;
    if (r->outcome != MJ_CALL_OK) {
        trouble(p, r->err);
        return;
    }
    take_answer(p, r->body);
    if (!p->w->over)
        ask(p);
}

static void ask(void *arg)
{
    struct poll *p = arg;
    watch_request rq = MISSIONJEUNES__REPORTING__V1__WATCH_REQUEST__INIT;
    struct mj_call call = { .method = "reporting.v1.Watch", .region = p->place, .body = &rq.base,
                            .answer = &missionjeunes__reporting__v1__watch_response__descriptor };
    mj_error err;

    p->row = p->w->row;
    rq.row = (char *)p->row;
    rq.wait_ms = WAIT_MS;
    rq.token = (ProtobufCBinaryData){ p->token_len, p->token };
    rq.regions = &p->region;
    rq.n_regions = p->region ? 1 : 0;
    if (mj_client_call(p->w->cli->client, NULL, &call, on_reply, p, &err) < 0)
        trouble(p, &err);
}

static int add_poll(struct watching *w, const char *place, char *region, bool national, mj_error *err)
{
    struct poll *p = &w->polls[w->count];
    if (w->count == FIGURES_MAX)
        return 0;
    *p = (struct poll){ .w = w, .region = region, .national = national };
    snprintf(p->place, sizeof p->place, "%s", place);
    if (mj_timer_create(&p->pause, mj_client_loop(w->cli->client), ask, p, err) < 0)
        return -1;
    w->count++;
    return 0;
}

static int add_polls(struct watching *w, const struct words *regions, mj_error *err)
{
    struct mj_instance *at;
    size_t count;

    if (cli_processes(w->cli, "reporting", &at, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < regions->count; i++) {
        char *region = regions->list[i];
        if (add_poll(w, strcmp(region, "FR") == 0 ? at[0].region : region, region, true, err) < 0)
            return -1;
    }
    for (size_t i = 0; regions->count == 0 && i < count; i++)
        if (add_poll(w, at[i].region, NULL, i == 0, err) < 0)
            return -1;
    return 0;
}

/* ---- the command ---- */

static void watch_on(struct watching *w)
{
    struct mj_loop *loop = mj_client_loop(w->cli->client);
    uint64_t deadline = mj_loop_now_ms(loop) + w->cli->timeout_ms;

    w->began_ms = mj_loop_now_ms(loop);
    for (size_t i = 0; i < w->count; i++)
        ask(&w->polls[i]);
    while (!w->over) {
        mj_client_run_for(w->cli->client, 1000);
        if (w->once && !w->over && mj_loop_now_ms(loop) >= deadline) {
            fprintf(stderr, "mj watch: %s\n",
                    w->view.trouble[0] ? w->view.trouble : "reporting did not answer in time");
            stop(w, EXIT_AGAIN);
        }
    }
}

static void show_once(const struct watching *w)
{
    for (size_t i = 0; w->cli->json && i < w->view.count; i++)
        view_json(&w->view.list[i]);
    if (!w->cli->json)
        view_print(&w->view);
}

static int watch(struct cli *cli)
{
    struct watching w = { .cli = cli, .view.demo = cli->profile.demo };
    struct words regions;
    mj_error err;

    if (!cli_words(cli, 0, 0))
        return EXIT_USAGE;
    words_split(&regions, cli_option(cli, "region"));
    w.once = cli_option(cli, "once") != NULL;
    w.row_given = cli_option(cli, "row") != NULL;
    w.row = w.row_given ? cli_option(cli, "row") : WHOLE_REGION;
    w.terminal = isatty(STDOUT_FILENO);
    if ((w.rc = cli_connect(cli)) != EXIT_OK)
        return w.rc;
    struct mj_loop *loop = mj_client_loop(cli->client);
    if (mj_loop_on_signal(loop, SIGINT, on_signal, &w, &err) < 0 ||
        mj_loop_on_signal(loop, SIGTERM, on_signal, &w, &err) < 0 || add_polls(&w, &regions, &err) < 0)
        w.rc = cli_fail(cli, &err);
    bool live = w.terminal && !w.once && !cli->json;
    if (live)
        view_open();
    if (w.rc == EXIT_OK)
        watch_on(&w);
    if (w.once && w.rc == EXIT_OK)
        show_once(&w);
    if (live)
        view_close();
    w.over = true;                       /* what is still outstanding ends without a word */
    for (size_t i = 0; i < w.count; i++)
        mj_timer_destroy(w.polls[i].pause);
    cli_disconnect(cli);
    return w.rc;
}

static const struct option_row options[] = {
    { "region", "CODES", "52 or 52,FR; all that you may see where not given" },
    { "row", "ROW", "agency/SIRET, ett/SIREN or ml/SIRET; the whole region, or your own, where not given" },
    { "once", NULL, "prints the table once, and ends" },
    { NULL, NULL, NULL },
};
const struct command command_watch = {
    "watch", "shows the figures of each region, live", "[--region CODES] [--row ROW] [--once]",
    "  mj watch\n  mj watch --once --region 52,FR\n  mj watch --row agency/73282932000074\n", options, watch,
};
