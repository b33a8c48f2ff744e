/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "registry/instances.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"

struct claim {
    struct mj_instance is;
    char principal[40];
    uint64_t until_ms;
};

struct mj_instances {                    /* few hundred rows: a sorted array is enough */
    struct claim *claims;
    size_t count, cap;
};

struct mj_instances *mj_instances_create(void)
{
    return mj_calloc(1, sizeof(struct mj_instances));
}

void mj_instances_destroy(struct mj_instances *x)
{
    if (!x)
        return;
    free(x->claims);
    free(x);
}

static int by_partition(const struct mj_instance *a, const struct mj_instance *b)
{
    int order = strcmp(a->service, b->service);

    return order ? order : strcmp(a->region, b->region);
}

static int by_place(const void *a, const void *b)
{
    const struct claim *l = a, *r = b;
    int order = by_partition(&l->is, &r->is);

    if (order == 0)
        order = strcmp(l->is.endpoint, r->is.endpoint);
    return order ? order : strcmp(l->principal, r->principal);
}

/* Drops what is too old. */
static void expire(struct mj_instances *x, uint64_t now_ms)
{
    size_t kept = 0;

    for (size_t i = 0; i < x->count; i++)
        if (x->claims[i].until_ms > now_ms)
            x->claims[kept++] = x->claims[i];
    x->count = kept;
}

static void forget(struct mj_instances *x, const char *principal, const char *endpoint)
{
    size_t kept = 0;

    for (size_t i = 0; i < x->count; i++) {
        const struct claim *c = &x->claims[i];

        if (strcmp(c->principal, principal) != 0 || (*endpoint && strcmp(c->is.endpoint, endpoint) != 0))
            x->claims[kept++] = x->claims[i];
    }
    x->count = kept;
}

static void reserve(struct mj_instances *x, size_t count)
{
    struct claim *grown;

    if (count <= x->cap)
        return;
    x->cap = count * 2;
    grown = mj_calloc(x->cap, sizeof *grown);
    if (x->count)
        memcpy(grown, x->claims, x->count * sizeof *grown);
    free(x->claims);
    x->claims = grown;
}

int mj_instances_announce(struct mj_instances *x, const char *principal, const char *endpoint,
                          const struct mj_instance *rows, size_t count, uint64_t now_ms, mj_error *err)
{
    expire(x, now_ms);
    forget(x, principal, endpoint);
    if (x->count + count > MJ_INSTANCES_MAX)
        return mj_fail(err, MJ_RESOURCE_EXHAUSTED, "DIRECTORY_FULL", "instances", "the directory holds %d rows at most",
                       MJ_INSTANCES_MAX);
    reserve(x, x->count + count);
    for (size_t i = 0; i < count; i++) {
        struct claim *c = &x->claims[x->count++];

        c->is = rows[i];
        snprintf(c->principal, sizeof c->principal, "%s", principal);
        c->until_ms = now_ms + MJ_INSTANCE_KEPT_MS;
    }
    if (x->count)
        qsort(x->claims, x->count, sizeof x->claims[0], by_place);
    return 0;
}

static bool has_log(const struct mj_instance *i)
{
    static const uint8_t none[sizeof i->lineage];

    return i->epoch != 0 || memcmp(i->lineage, none, sizeof none) != 0;
}

/* The one of a partition's claims that is served, NULL where two stand against each other. */
static const struct mj_instance *winner(const struct claim *claims, size_t count)
{
    const struct mj_instance *best = &claims[0].is;
    bool tie = false;

    for (size_t i = 1; i < count; i++) {
        const struct mj_instance *c = &claims[i].is;

        if (memcmp(c->lineage, best->lineage, sizeof best->lineage) != 0)
            return NULL;
        if (c->epoch > best->epoch) {
            best = c;
            tie = false;
        } else if (c->epoch == best->epoch) {
            tie = true;
        }
    }
    return tie ? NULL : best;
}

/* Number of claims from at on that speak of the same partition. */
static size_t run_of(const struct mj_instances *x, size_t at)
{
    size_t n = 1;

    while (at + n < x->count && by_partition(&x->claims[at].is, &x->claims[at + n].is) == 0)
        n++;
    return n;
}

size_t mj_instances_resolve(struct mj_instances *x, const char *service, const char *region, uint64_t now_ms,
                            struct mj_instance *out, size_t max)
{
    size_t found = 0, n;

    expire(x, now_ms);
    for (size_t at = 0; at < x->count; at += n) {
        const struct mj_instance *first = &x->claims[at].is, *best;

        n = run_of(x, at);
        if ((*service && strcmp(service, first->service) != 0) || (*region && strcmp(region, first->region) != 0))
            continue;
        if (!has_log(first)) {
            for (size_t i = 0; i < n && found < max; i++)
                out[found++] = x->claims[at + i].is;
            continue;
        }
        best = winner(&x->claims[at], n);
        if (best && found < max)
            out[found++] = *best;
    }
    return found;
}

size_t mj_instances_live(struct mj_instances *x, uint64_t now_ms)
{
    expire(x, now_ms);
    return x->count;
}

size_t mj_instances_conflicts(struct mj_instances *x, uint64_t now_ms, struct mj_instance *example)
{
    size_t conflicts = 0, n;

    expire(x, now_ms);
    for (size_t at = 0; at < x->count; at += n) {
        n = run_of(x, at);
        if (!has_log(&x->claims[at].is) || winner(&x->claims[at], n))
            continue;
        if (example && conflicts == 0)
            *example = x->claims[at].is;
        conflicts++;
    }
    return conflicts;
}
