/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* redis: reporting/redis.h without Redis: the commands that reporting sends, on keys in memory. It may be flushed, be
 * gone for a while, come back as it was before, or not answer. */
#include "reporting/redis.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loop_sim.h"

#define CONNECT_AGAIN (300 * SIM_MS)
#define PATIENCE (2 * SIM_S)

struct field { char *name, *value; struct field *next; };
struct key { char *name, *text; struct field *fields; uint64_t version; struct key *next; };     /* text: a string */

struct reply {                                   /* on its way to the service */
    struct sim_event event;
    struct mj_redis *redis;
    mj_redis_fn *fn;
    void *arg;
    redisReply *reply;
};

struct mj_redis {
    struct sim_process *process;
    struct mj_redis_events events;
    struct sim_event connect, drop;
    bool up, multi;
    uint64_t generation;                         /* of the connection: replies of an older one are lost */
    uint64_t last_at;
    char **queued[MJ_REDIS_ARGS_MAX];            /* commands of MULTI: NULL-ended */
    unsigned queue_count;
    struct { char *name; uint64_t version; } watched[4];
    unsigned watch_count;
    struct reply *waiting[4096];
    unsigned waiting_count;
};

static struct {
    struct key *keys, *snapshot;
    uint64_t version, away_until, silent_until;
    struct mj_redis *client;
} server;

/* ---- keys ---- */

static struct key *find_key(const char *name)
{
    struct key *k = server.keys;

    while (k && strcmp(k->name, name) != 0)
        k = k->next;
    return k;
}

static struct key *make_key(const char *name)
{
    struct key *k = find_key(name);

    if (!k) {
        k = mj_calloc(1, sizeof *k);
        k->name = strdup(name);
        k->next = server.keys;
        server.keys = k;
    }
    k->version = ++server.version;
    return k;
}

static bool drop_key(const char *name)
{
    for (struct key **k = &server.keys; *k; k = &(*k)->next)
        if (strcmp((*k)->name, name) == 0) {
            *k = (*k)->next;                     /* leaked: the seed's process ends soon */
            return true;
        }
    return false;
}

static void set_field(struct key *k, const char *name, const char *value)
{
    struct field **f = &k->fields;

    while (*f && strcmp((*f)->name, name) != 0)
        f = &(*f)->next;
    if (!*f) {
        *f = mj_calloc(1, sizeof **f);
        (*f)->name = strdup(name);
    }
    free((*f)->value);
    (*f)->value = strdup(value);
}

static const char *field_of(const struct key *k, const char *name)
{
    for (const struct field *f = k ? k->fields : NULL; f; f = f->next)
        if (strcmp(f->name, name) == 0)
            return f->value;
    return NULL;
}

static struct key *copy_keys(const struct key *keys)
{
    struct key *copies = NULL;

    for (const struct key *k = keys; k; k = k->next) {
        struct key *c = mj_calloc(1, sizeof *c);
        c->name = strdup(k->name);
        c->text = k->text ? strdup(k->text) : NULL;
        c->version = ++server.version;
        for (const struct field *f = k->fields; f; f = f->next)
            set_field(c, f->name, f->value);
        c->next = copies;
        copies = c;
    }
    return copies;
}

/* ---- replies ---- */

static redisReply *reply_make(int type)
{
    redisReply *r = mj_calloc(1, sizeof *r);

    r->type = type;
    return r;
}

static redisReply *reply_text(int type, const char *text)
{
    redisReply *r = reply_make(text ? type : REDIS_REPLY_NIL);

    if (text) {
        r->str = strdup(text);
        r->len = strlen(text);
    }
    return r;
}

static redisReply *reply_array(size_t n)
{
    redisReply *r = reply_make(REDIS_REPLY_ARRAY);

    r->elements = n;
    r->element = mj_calloc(n ? n : 1, sizeof *r->element);
    return r;
}

static redisReply *reply_number(long long n)
{
    redisReply *r = reply_make(REDIS_REPLY_INTEGER);

    r->integer = n;
    return r;
}

static void reply_free(redisReply *r)
{
    for (size_t i = 0; r && i < r->elements; i++)
        reply_free(r->element[i]);
    if (r) {
        free(r->element);
        free(r->str);
    }
    free(r);
}

/* ---- commands ---- */

static redisReply *run(char **words)
{
    if (strcmp(words[0], "GET") == 0) {
        const struct key *k = find_key(words[1]);
        return reply_text(REDIS_REPLY_STRING, k ? k->text : NULL);
    }
    if (strcmp(words[0], "SET") == 0) {
        struct key *k = make_key(words[1]);
        k->text = strdup(words[2]);
        return reply_text(REDIS_REPLY_STATUS, "OK");
    }
    if (strcmp(words[0], "HSET") == 0) {
        struct key *k = make_key(words[1]);
        for (int i = 2; words[i] && words[i + 1]; i += 2)
            set_field(k, words[i], words[i + 1]);
        return reply_number(1);
    }
    if (strcmp(words[0], "DEL") == 0 || strcmp(words[0], "UNLINK") == 0)
        return reply_number(drop_key(words[1]));
    if (strcmp(words[0], "PUBLISH") == 0)
        return reply_number(0);
    if (strcmp(words[0], "HMGET") == 0) {
        size_t n = 0;
        while (words[2 + n])
            n++;
        redisReply *r = reply_array(n);
        for (size_t i = 0; i < n; i++)
            r->element[i] = reply_text(REDIS_REPLY_STRING, field_of(find_key(words[1]), words[2 + i]));
        return r;
    }
    return reply_text(REDIS_REPLY_ERROR, "ERR unknown command of the simulator");
}

static void forget_transaction(struct mj_redis *r)
{
    r->multi = false;
    r->queue_count = r->watch_count = 0;
}

static redisReply *exec(struct mj_redis *r)
{
    redisReply *all;
    bool changed = false;

    for (unsigned i = 0; i < r->watch_count; i++) {
        const struct key *k = find_key(r->watched[i].name);
        changed |= (k ? k->version : 0) != r->watched[i].version;
    }
    if (changed) {
        forget_transaction(r);
        return reply_make(REDIS_REPLY_NIL);
    }
    all = reply_array(r->queue_count);
    for (unsigned i = 0; i < r->queue_count; i++)
        all->element[i] = run(r->queued[i]);
    forget_transaction(r);
    return all;
}

static redisReply *take(struct mj_redis *r, char **words)
{
    if (strcmp(words[0], "EXEC") == 0)
        return exec(r);
    if (r->multi && r->queue_count < MJ_REDIS_ARGS_MAX) {
        r->queued[r->queue_count++] = words;
        return reply_text(REDIS_REPLY_STATUS, "QUEUED");
    }
    if (strcmp(words[0], "MULTI") == 0) {
        r->multi = true;
    } else if (strcmp(words[0], "UNWATCH") == 0) {
        r->watch_count = 0;
    } else if (strcmp(words[0], "WATCH") == 0 && r->watch_count < 4) {
        const struct key *k = find_key(words[1]);
        r->watched[r->watch_count].name = words[1];
        r->watched[r->watch_count++].version = k ? k->version : 0;
    } else {
        return run(words);
    }
    return reply_text(REDIS_REPLY_STATUS, "OK");
}

/* ---- the connection ---- */

static void on_connect(void *arg)
{
    struct mj_redis *r = arg;

    if (sim_now() < server.away_until || sim_now() < server.silent_until) {
        sim_event_set(&r->connect, sim_now() + CONNECT_AGAIN);
        return;
    }
    r->up = true;
    r->generation++;
    forget_transaction(r);
    r->events.up(r->events.arg);
}

static void lose(struct mj_redis *r, bool tell)
{
    struct reply *all[4096];
    unsigned n = r->waiting_count;
    bool was_up = r->up;

    memcpy(all, r->waiting, n * sizeof *all);
    r->waiting_count = 0;
    r->up = false;
    for (unsigned i = 0; i < n; i++) {
        sim_event_clear(&all[i]->event);
        if (all[i]->fn)
            all[i]->fn(all[i]->arg, NULL);
        reply_free(all[i]->reply);
        free(all[i]);
    }
    if (!tell)
        return;
    sim_event_set(&r->connect, sim_now() + sim_below(CONNECT_AGAIN) + SIM_MS);
    if (was_up)
        r->events.down(r->events.arg);
}

static void on_drop(void *arg) { lose(arg, true); }

static void on_reply(void *arg)
{
    struct reply *p = arg;
    struct mj_redis *r = p->redis;
    unsigned i = 0;

    while (i < r->waiting_count && r->waiting[i] != p)
        i++;
    memmove(&r->waiting[i], &r->waiting[i + 1], (r->waiting_count - i - 1) * sizeof *r->waiting);
    r->waiting_count--;
    if (p->fn)
        p->fn(p->arg, p->reply);
    reply_free(p->reply);
    free(p);
}

int mj_redis_create(struct mj_redis **ret, struct mj_loop *l, const struct mj_redis_settings *settings,
                    const struct mj_redis_events *events, mj_error *err)
{
    struct mj_redis *r = mj_calloc(1, sizeof *r);

    (void)settings, (void)err;
    r->process = l->process;
    r->events = *events;
    r->connect = (struct sim_event){ .process = l->process, .fn = on_connect, .arg = r };
    r->drop = (struct sim_event){ .process = l->process, .fn = on_drop, .arg = r };
    sim_event_set(&r->connect, sim_now() + SIM_MS);
    server.client = r;
    *ret = r;
    return 0;
}

void mj_redis_destroy(struct mj_redis *r)
{
    if (!r)
        return;
    lose(r, false);
    sim_event_clear(&r->connect);
    sim_event_clear(&r->drop);
    if (server.client == r)
        server.client = NULL;
}

bool mj_redis_up(const struct mj_redis *r) { return r->up; }

void mj_redis_drop(struct mj_redis *r, const char *why)
{
    (void)why;
    sim_event_set(&r->drop, sim_now() + SIM_US);
}

static char **words_of(const struct mj_redis_args *a)
{
    char **words = mj_calloc((size_t)a->count + 1, sizeof *words);
    const char *p = (const char *)a->bytes.data;

    for (int i = 0; i < a->count; p += a->lengths[i++])
        words[i] = strndup(p, a->lengths[i]);
    return words;
}

int mj_redis_send(struct mj_redis *r, const struct mj_redis_args *a, mj_redis_fn *fn, void *arg)
{
    struct reply *p;
    uint64_t at = sim_now() + 20 * SIM_US + sim_below(200 * SIM_US);

    if (!r->up || r->waiting_count == 4096)
        return -1;
    p = mj_calloc(1, sizeof *p);
    *p = (struct reply){ { .process = r->process, .fn = on_reply, .arg = p }, r, fn, arg, NULL };
    p->reply = take(r, words_of(a));
    if (at < server.silent_until) {              /* it answers late, or the connection is given up before */
        at = server.silent_until;
        if (server.silent_until > sim_now() + PATIENCE && r->drop.place == 0)
            sim_event_set(&r->drop, sim_now() + PATIENCE);
    }
    if (at <= r->last_at)
        at = r->last_at + 1;
    r->last_at = at;
    r->waiting[r->waiting_count++] = p;
    sim_event_set(&p->event, at);
    return 0;
}

/* ---- arguments, as reporting/redis.c has them ---- */

void mj_redis_args_add(struct mj_redis_args *a, const char *text)
{
    if (a->count < MJ_REDIS_ARGS_MAX) {
        a->lengths[a->count++] = strlen(text);
        mj_buf_put(&a->bytes, text, strlen(text));
    }
}

void mj_redis_args_start(struct mj_redis_args *a, const char *command)
{
    mj_buf_clear(&a->bytes);
    a->count = 0;
    mj_redis_args_add(a, command);
}

void mj_redis_args_free(struct mj_redis_args *a) { mj_buf_free(&a->bytes); }

/* ---- what may become of it ---- */

static void drop_client(void)
{
    struct mj_redis *r = server.client;

    if (r && r->process->alive && r->up)
        sim_event_set(&r->drop, sim_now() + SIM_US);
}

void sim_redis_flush(void) { server.keys = NULL; }
void sim_redis_remember(void) { server.snapshot = copy_keys(server.keys); }
void sim_redis_go_back(void) { server.keys = copy_keys(server.snapshot); }
void sim_redis_hang(uint64_t ns) { server.silent_until = sim_now() + ns; }

void sim_redis_stop(uint64_t ns)
{
    server.away_until = sim_now() + ns;
    server.keys = NULL;
    drop_client();
}
