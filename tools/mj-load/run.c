/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "run.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/crypto.h"
#include "keys.h"
#include "run_state.h"

#define TICK_MS 10
#define AT_ONCE 100                      /* events of an agency before it is another's turn */
#define COMPLAINTS 10                    /* unexpected outcomes that are shown */

/* ---- what the parts call ---- */

void load_run_soon(struct load_run *run)
{
    mj_defer_schedule(run->turn);
}

static void finish(struct load_run *run)
{
    run->over = true;
    mj_loop_stop(run->loop);
}

void load_run_fail(struct load_run *run, const mj_error *err)
{
    if (!run->over)
        run->err = *err;
    finish(run);
}

void load_run_unexpected(struct load_run *run, const char *stream, uint64_t number, const char *expected,
                         const char *got, const char *reason)
{
    run->counts.unexpected++;
    if (run->shown++ < COMPLAINTS)
        fprintf(stderr, "mj-load: %s/%llu: expected %s, got %s %s\n", stream, (unsigned long long)number, expected, got,
                reason);
}

/* ---- turns ---- */

/* How many events may go now; the rate is kept over a tenth of a second, not made up for after a pause. */
static unsigned allowance(struct load_run *run)
{
    uint64_t now = mj_loop_now_ms(run->loop);
    double rate = run->o->rate, most = rate / 10 + 1;

    if (rate <= 0)
        return UINT32_MAX;
    run->tokens += rate * (double)(now - run->token_ms) / 1000;
    if (run->tokens > most)
        run->tokens = most;
    run->token_ms = now;
    return (unsigned)run->tokens;
}

/* All agencies in turn until none has anything to send or the rate is used up. */
static void tell_all(struct load_run *run)
{
    unsigned left = allowance(run), told, n;

    do {
        told = 0;
        for (unsigned i = 0; i < run->count && !run->over; i++) {
            n = load_agency_tell(&run->agencies[(run->turn_at + i) % run->count], left < AT_ONCE ? left : AT_ONCE);
            told += n;
            left -= n;
        }
        run->turn_at = (run->turn_at + 1) % run->count;
        run->tokens -= told;
    } while (told && left && !run->over);
}

static bool all_done(const struct load_run *run)
{
    for (unsigned i = 0; i < run->count; i++)
        if (!load_agency_is_done(&run->agencies[i]))
            return false;
    return true;
}

static void on_turn(void *arg)
{
    struct load_run *run = arg;
    mj_error err;

    if (run->over)
        return;
    tell_all(run);
    if (load_history_flush(run->history, &err) < 0)      /* before the streams' own turns send */
        load_run_fail(run, &err);
    else if (all_done(run))
        finish(run);
}

static void on_tick(void *arg)
{
    struct load_run *run = arg;

    for (unsigned i = 0; i < run->count; i++)
        load_agency_again(&run->agencies[i]);
    on_turn(run);
}

static void on_second(void *arg)
{
    load_report_progress(arg);
}

static void on_signal(void *arg)
{
    struct load_run *run = arg;

    if (++run->interrupts == 1)
        fprintf(stderr, "\nmj-load: no more events; waiting for what is on its way (again: stop at once)\n");
    else
        finish(run);
}

/* ---- lifetime ---- */

static int open_line(struct load_run *run, unsigned ett, mj_error *err)
{
    struct load_organisation o;
    struct mj_curve keys;

    if (run->lines[ett].client)
        return 0;
    load_world_ett(run->world, ett, &o);
    if (load_key_read(&keys, run->o->dir, o.principal, err) < 0)
        return -1;
    struct mj_client_options c = { .registry = run->o->registry, .keys = &keys, .loop = run->loop };
    return mj_client_open(&run->lines[ett].client, &c, err);
}

static int open_agencies(struct load_run *run, mj_error *err)
{
    run->agencies = mj_calloc(run->world->agencies, sizeof *run->agencies);
    run->lines = mj_calloc(run->world->etts, sizeof *run->lines);
    for (size_t r = 0; r < mj_region_count; r++)
        for (unsigned i = 0; i < run->shares.agencies[r]; i++) {
            unsigned number = run->world->parts[r].agencies.first + i;
            if (open_line(run, load_world_ett_of(run->world, number), err) < 0 ||
                load_agency_open(&run->agencies[run->count++], run, number, err) < 0)
                return -1;
        }
    if (run->count == 0)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "NO_AGENCY", "regions", "no agency of this world is in those regions");
    return 0;
}

/* A year's missions of the people that take part, where it was not said how many. */
static void share(struct load_run *run)
{
    struct load_demand *d = &run->own.demand;
    uint64_t people = 0;

    for (size_t r = 0; r < mj_region_count; r++)
        if (run->world->parts[r].in && load_region_listed(d->regions, mj_regions[r].code))
            people += run->world->parts[r].people.count;
    if (!run->own.has_missions)
        d->missions = (unsigned)(people * LOAD_YEAR_MISSIONS / LOAD_YEAR_PEOPLE);
    if (!run->own.has_seed)
        d->seed = run->world->figures.seed;
    load_demand_share(d, run->world, &run->shares);
}

static int open_loop(struct load_run *run, mj_error *err)
{
    if (mj_crypto_init(err) < 0 || mj_loop_create(&run->loop, &mj_env_real, err) < 0 ||
        mj_defer_create(&run->turn, run->loop, on_turn, run, err) < 0 ||
        mj_timer_create(&run->tick, run->loop, on_tick, run, err) < 0 ||
        mj_timer_create(&run->second, run->loop, on_second, run, err) < 0 ||
        mj_loop_on_signal(run->loop, SIGINT, on_signal, run, err) < 0)
        return -1;
    return mj_loop_on_signal(run->loop, SIGTERM, on_signal, run, err);
}

static int prepare(struct load_run *run, mj_error *err)
{
    if (open_loop(run, err) < 0 || load_world_open(&run->world, run->o->dir, NULL, err) < 0)
        return -1;
    share(run);
    if (load_history_open(&run->history, run->o->history, err) < 0 ||
        load_places_open(&run->places, run->o->dir, &run->o->demand, err) < 0)
        return -1;
    load_history_run(run->history, run->world, &run->o->demand);
    run->began_ns = mj_mono_ns(&mj_env_real);
    run->token_ms = mj_loop_now_ms(run->loop);
    if (open_agencies(run, err) < 0)
        return -1;
    if (run->world->enrolled < run->world->people)
        fprintf(stderr, "mj-load: only %u of %u young people are enrolled; the others have no missions (mj-load seed "
                "goes on)\n", run->world->enrolled, run->world->people);
    mj_timer_start(run->tick, 0, TICK_MS);
    mj_timer_start(run->second, 1000, 1000);
    return 0;
}

static void put_away(struct load_run *run)
{
    for (unsigned i = 0; i < run->count; i++)
        load_agency_close(&run->agencies[i]);
    for (unsigned i = 0; run->lines && i < run->world->etts; i++)
        mj_client_close(run->lines[i].client);   /* probes outstanding end here, as unknown */
    if (run->loop) {
        mj_timer_destroy(run->tick);
        mj_timer_destroy(run->second);
        mj_defer_destroy(run->turn);
        mj_loop_destroy(run->loop);
    }
    load_history_through(run->history, "end", "", run->counts.acknowledged);
    load_history_close(run->history);
    load_places_close(run->places);
    load_world_free(run->world);
    free(run->agencies);
    free(run->lines);
    free(run);
}

int load_run(const struct load_options *o)
{
    struct load_run *run = mj_calloc(1, sizeof *run);
    int status = EXIT_FAILURE;

    run->own = *o;
    run->o = &run->own;
    if (prepare(run, &run->err) == 0)
        while (!run->over)
            mj_loop_run(run->loop);
    if (run->err.code != MJ_OK)
        fprintf(stderr, "\nmj-load: %s %s %s\n", mj_code_name(run->err.code), run->err.reason, run->err.text);
    if (run->count)
        status = load_report_end(run);
    put_away(run);
    return status;
}
