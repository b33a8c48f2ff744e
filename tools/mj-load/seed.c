/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "seed.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/crypto.h"
#include "common/service/keyfile.h"
#include "keys.h"
#include "seed_steps.h"

#define SPEAKERS 32                      /* connections at a time */
#define WINDOW 64
#define TURN_MS 100

struct speaker {                         /* one connection under way */
    struct load_speaker is;              /* first: callbacks of steps get it */
    struct mj_client *client;
    struct load_pipe *pipe;
    bool over, failed;
    mj_error err;
};

struct seeding {
    struct load_seeding s;
    struct mj_loop *loop;
    struct speaker speakers[SPEAKERS];
    uint8_t key[MJ_KEY];
    bool interrupted;
};

static void on_signal(void *arg)
{
    struct seeding *g = arg;

    g->interrupted = true;
    mj_loop_stop(g->loop);
}

/* ---- one speaker ---- */

static void on_ended(void *arg, const mj_error *err)
{
    struct speaker *sp = arg;

    sp->over = true;
    sp->failed = err != NULL;
    if (err)
        sp->err = *err;
    mj_loop_stop(mj_client_loop(sp->client));
}

static void quiet(struct speaker *sp)
{
    load_pipe_stop(sp->pipe);
    mj_client_close(sp->client);         /* its outstanding calls end here */
    sp->pipe = NULL;
    sp->client = NULL;
}

static int speak(struct seeding *g, struct speaker *sp, const struct load_step *step, const struct mj_curve *keys,
                 unsigned number, mj_error *err)
{
    struct mj_client_options c = { .registry = g->s.options->registry, .keys = keys, .loop = g->loop };
    struct load_pipe_options o = { .make = step->make, .done = step->done, .forgive = step->forgive,
                                   .ended = on_ended, .arg = sp, .window = g->s.options->window };

    *sp = (struct speaker){ .is = { &g->s, number } };
    if (mj_client_open(&sp->client, &c, err) < 0)
        return -1;
    o.client = sp->client;
    o.count = step->count(&sp->is);
    o.window = o.window ? o.window : WINDOW;
    mj_tag(o.key, g->key, step->name, strlen(step->name), &number, sizeof number);
    return load_pipe_start(&sp->pipe, &o, err);
}

/* ---- a step, by all who speak in it ---- */

static void say(const char *name, unsigned done, unsigned all, bool last)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%s: %u of %u%s", name, done, all, last ? "\n" : "");
    else if (last)
        fprintf(stderr, "%s: %u\n", name, done);
}

/* Who speaks next: its keys. */
typedef int keys_fn(struct seeding *g, unsigned number, struct mj_curve *ret, mj_error *err);

static int operator_keys(struct seeding *g, unsigned number, struct mj_curve *ret, mj_error *err)
{
    (void)number;
    return mj_keyfile_read(ret, g->s.options->key_file, err);
}

static int ett_keys(struct seeding *g, unsigned number, struct mj_curve *ret, mj_error *err)
{
    struct load_organisation o;

    load_world_ett(g->s.world, number, &o);
    return load_key_read(ret, g->s.options->dir, o.principal, err);
}

static int locale_keys(struct seeding *g, unsigned number, struct mj_curve *ret, mj_error *err)
{
    struct load_organisation o;

    load_world_locale(g->s.world, number, &o);
    return load_key_read(ret, g->s.options->dir, o.principal, err);
}

static int start_one(struct seeding *g, struct speaker *sp, const struct load_step *step, keys_fn *keys_of,
                     unsigned number, mj_error *err)
{
    struct mj_curve keys;

    if (keys_of(g, number, &keys, err) < 0)
        return -1;
    return speak(g, sp, step, &keys, number, err);
}

/* Reaps who is over. Answers how many still speak, -1 where one failed. */
static int reap(struct seeding *g, unsigned *done, mj_error *err)
{
    int busy = 0;

    for (unsigned i = 0; i < SPEAKERS; i++) {
        struct speaker *sp = &g->speakers[i];
        if (!sp->client)
            continue;
        if (!sp->over) {
            busy++;
            continue;
        }
        quiet(sp);
        if (sp->failed) {
            *err = sp->err;
            return -1;
        }
        (*done)++;
    }
    return busy;
}

static int start_more(struct seeding *g, const struct load_step *step, keys_fn *keys_of, unsigned *next, unsigned all,
                      mj_error *err)
{
    for (unsigned i = 0; i < SPEAKERS && *next < all; i++)
        if (!g->speakers[i].client && start_one(g, &g->speakers[i], step, keys_of, (*next)++, err) < 0)
            return -1;
    return 0;
}

static unsigned figure_of(const struct seeding *g, const struct load_step *step, unsigned speakers_done)
{
    const struct load_world *w = g->s.world;

    if (step == &load_step_people)
        return w->enrolled;
    if (step == &load_step_agencies)
        return speakers_done == w->etts ? w->agencies : 0;
    return speakers_done ? w->locales + w->etts : 0;
}

static int run_step(struct seeding *g, const struct load_step *step, keys_fn *keys_of, unsigned speakers, unsigned all,
                    mj_error *err)
{
    unsigned next = 0, done = 0;

    while (done < speakers) {
        if (start_more(g, step, keys_of, &next, speakers, err) < 0)
            return -1;
        mj_loop_run_for(g->loop, TURN_MS);
        if (reap(g, &done, err) < 0)
            return -1;
        if (g->s.failed) {
            *err = g->s.err;
            return -1;
        }
        if (g->interrupted)
            return mj_fail(err, MJ_ABORTED, "INTERRUPTED", NULL, "interrupted; run it again to go on");
        say(step->name, figure_of(g, step, done), all, done == speakers);
    }
    return 0;
}

/* ---- all of it ---- */

static int run_steps(struct seeding *g, mj_error *err)
{
    const struct load_world *w = g->s.world;
    unsigned organisations = w->locales + w->etts;

    if (run_step(g, &load_step_organisations, operator_keys, 1, organisations, err) < 0 ||
        run_step(g, &load_step_principals, operator_keys, 1, organisations, err) < 0 ||
        run_step(g, &load_step_keys, operator_keys, 1, organisations, err) < 0 ||
        run_step(g, &load_step_agencies, ett_keys, w->etts, w->agencies, err) < 0)
        return -1;
    return run_step(g, &load_step_people, locale_keys, w->locales, w->people, err);
}

static int prepare(struct seeding *g, const struct load_options *o, mj_error *err)
{
    static const uint8_t plain[MJ_KEY];

    g->s.options = o;
    if (mj_crypto_init(err) < 0 || mj_loop_create(&g->loop, &mj_env_real, err) < 0 ||
        mj_loop_on_signal(g->loop, SIGINT, on_signal, g, err) < 0 ||
        mj_loop_on_signal(g->loop, SIGTERM, on_signal, g, err) < 0 ||
        load_world_open(&g->s.world, o->dir, &o->figures, err) < 0)
        return -1;
    g->s.file = load_world_append(o->dir, err);
    if (!g->s.file)
        return -1;
    /* Idempotency keys follow from the seed: the same world asks for the same things. */
    mj_tag(g->key, plain, "mj-load seed", 12, &g->s.world->figures.seed, sizeof g->s.world->figures.seed);
    return 0;
}

static void put_away(struct seeding *g)
{
    for (unsigned i = 0; i < SPEAKERS; i++)
        if (g->speakers[i].client)
            quiet(&g->speakers[i]);
    if (g->loop)
        mj_loop_destroy(g->loop);
    if (g->s.file)
        fclose(g->s.file);
    load_world_free(g->s.world);
    free(g);
}

int load_seed(const struct load_options *o)
{
    struct seeding *g = mj_calloc(1, sizeof *g);
    mj_error err = { 0 };
    int rc = prepare(g, o, &err);

    if (rc == 0)
        rc = run_steps(g, &err);
    if (rc < 0)
        fprintf(stderr, "mj-load: %s %s %s\n", mj_code_name(err.code), err.reason, err.text);
    else if (o->json)
        printf("{\"missions_locales\":%u,\"etts\":%u,\"agencies\":%u,\"young_people\":%u}\n", g->s.world->locales,
               g->s.world->etts, g->s.world->agencies, g->s.world->enrolled);
    put_away(g);
    return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
