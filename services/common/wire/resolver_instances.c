/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* What the directory said, kept as soft state. A directory that was just started knows nothing yet, so an instance
 * it does not list is kept for as long as an announcement lives; while no directory answers, for ever. */
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/wire/resolver_state.h"
#include "missionjeunes/directory/v1/directory.pb-c.h"

static int compare(const struct mj_instance *i, const char *service, const char *region)
{
    int order = strcmp(i->service, service);
    return order != 0 ? order : strcmp(i->region, region);
}

/* Index of the first instance not below the partition. */
static size_t place_of(const struct mj_resolver *r, const char *service, const char *region)
{
    size_t low = 0, high = r->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(&r->instances[middle], service, region) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

long mj_instances_find(const struct mj_resolver *r, const char *service, const char *region)
{
    size_t i = place_of(r, service, region);
    return i < r->count && compare(&r->instances[i], service, region) == 0 ? (long)i : -1;
}

void mj_instances_remove(struct mj_resolver *r, size_t i)
{
    r->count--;
    memmove(&r->instances[i], &r->instances[i + 1], (r->count - i) * sizeof *r->instances);
    memmove(&r->seen_ms[i], &r->seen_ms[i + 1], (r->count - i) * sizeof *r->seen_ms);
}

static void grow(struct mj_resolver *r)
{
    size_t cap = r->cap ? 2 * r->cap : 64;
    struct mj_instance *instances = mj_calloc(cap, sizeof *instances);
    uint64_t *seen = mj_calloc(cap, sizeof *seen);
    if (r->count > 0) {
        memcpy(instances, r->instances, r->count * sizeof *instances);
        memcpy(seen, r->seen_ms, r->count * sizeof *seen);
    }
    free(r->instances);
    free(r->seen_ms);
    r->instances = instances;
    r->seen_ms = seen;
    r->cap = cap;
}

static void insert(struct mj_resolver *r, const struct mj_instance *new, uint64_t now_ms)
{
    if (r->count >= RESOLVER_INSTANCES_MAX)
        return;
    if (r->count == r->cap)
        grow(r);
    size_t i = place_of(r, new->service, new->region);
    memmove(&r->instances[i + 1], &r->instances[i], (r->count - i) * sizeof *r->instances);
    memmove(&r->seen_ms[i + 1], &r->seen_ms[i], (r->count - i) * sizeof *r->seen_ms);
    r->instances[i] = *new;
    r->seen_ms[i] = now_ms;
    r->count++;
}

/* False where it is not well formed: it is passed over. */
static bool read_instance(struct mj_instance *to, const Missionjeunes__Directory__V1__Instance *from)
{
    memset(to, 0, sizeof *to);
    if (from->service[0] == '\0' || strlen(from->service) >= sizeof to->service ||
        strlen(from->region) != sizeof to->region - 1 || strlen(from->endpoint) >= sizeof to->endpoint ||
        from->server_key.len != sizeof to->server_key ||
        (from->lineage.len != 0 && from->lineage.len != sizeof to->lineage))
        return false;
    strcpy(to->service, from->service);
    strcpy(to->region, from->region);
    strcpy(to->endpoint, from->endpoint);
    memcpy(to->server_key, from->server_key.data, sizeof to->server_key);
    if (from->lineage.len > 0)
        memcpy(to->lineage, from->lineage.data, sizeof to->lineage);
    to->epoch = from->epoch;
    return true;
}

static bool take_one(struct mj_resolver *r, const struct mj_instance *new, uint64_t now_ms)
{
    long at = mj_instances_find(r, new->service, new->region);
    if (at < 0) {
        insert(r, new, now_ms);
        return true;
    }
    struct mj_instance *held = &r->instances[at];
    bool same_log = memcmp(held->lineage, new->lineage, sizeof held->lineage) == 0;
    if (same_log && new->epoch < held->epoch)
        return false;                    /* an older writer's announcement, from a directory that lags */
    r->seen_ms[at] = now_ms;
    if (memcmp(held, new, sizeof *held) == 0)
        return false;
    *held = *new;
    return true;
}

/* Time in which no directory answered ages nothing: the first one to answer after it may have just been started. */
static void skip_silence(struct mj_resolver *r, uint64_t now_ms)
{
    uint64_t silence = now_ms - r->answered_ms;
    if (r->answered_ms != 0 && silence > 2 * RESOLVER_POLL_MS)
        for (size_t i = 0; i < r->count; i++)
            r->seen_ms[i] += silence;
    r->answered_ms = now_ms;
}

static bool drop_unseen(struct mj_resolver *r, uint64_t now_ms)
{
    bool dropped = false;
    for (size_t i = r->count; i > 0; i--)
        if (r->seen_ms[i - 1] + RESOLVER_KEPT_MS < now_ms) {
            mj_instances_remove(r, i - 1);
            dropped = true;
        }
    return dropped;
}

bool mj_instances_take(struct mj_resolver *r, const void *answer, uint64_t now_ms)
{
    const Missionjeunes__Directory__V1__ResolveResponse *a = answer;
    struct mj_instance new;
    bool changed = false;
    skip_silence(r, now_ms);
    for (size_t i = 0; i < a->n_instances; i++)
        if (read_instance(&new, a->instances[i]) && take_one(r, &new, now_ms))
            changed = true;
    return drop_unseen(r, now_ms) || changed;
}
