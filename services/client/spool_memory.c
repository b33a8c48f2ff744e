/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/spool.h"
#include "common/base/buf.h"

struct kept { uint64_t sequence; size_t len; struct kept *next; uint8_t event[]; };
struct memory { struct mj_spool spool; struct kept *first, **tail, *cursor; };

static int add(struct mj_spool *spool, uint64_t sequence, const uint8_t *event, size_t len, mj_error *err)
{
    struct memory *m = (struct memory *)spool;
    struct kept *k = mj_alloc(sizeof *k + len);

    (void)err;
    k->sequence = sequence;
    k->len = len;
    k->next = NULL;
    memcpy(k->event, event, len);
    *m->tail = k;
    m->tail = &k->next;
    return 0;
}

static int sync_nothing(struct mj_spool *spool, mj_error *err)
{
    (void)spool, (void)err;
    return 0;
}

/* Reads go forward as a rule: the cursor remembers where the last one ended. */
static int read_events(struct mj_spool *spool, uint64_t from, uint64_t through, mj_spooled_fn *each, void *arg,
                       mj_error *err)
{
    struct memory *m = (struct memory *)spool;
    struct kept *k = m->cursor && m->cursor->sequence <= from ? m->cursor : m->first;

    (void)err;
    while (k && k->sequence < from)
        k = k->next;
    for (; k && k->sequence <= through; k = k->next) {
        m->cursor = k;
        if (each(arg, k->sequence, k->event, k->len))
            break;
    }
    return 0;
}

static int acknowledged(struct mj_spool *spool, uint64_t through, int64_t now_ms, mj_error *err)
{
    struct memory *m = (struct memory *)spool;
    struct kept *k;

    (void)now_ms, (void)err;
    while ((k = m->first) && k->sequence <= through) {
        m->first = k->next;
        if (!m->first)
            m->tail = &m->first;
        if (m->cursor == k)
            m->cursor = NULL;
        free(k);
    }
    return 0;
}

static int set_region(struct mj_spool *spool, const char *region, mj_error *err)
{
    (void)err;
    snprintf(spool->region, sizeof spool->region, "%s", region);
    return 0;
}

static void close_spool(struct mj_spool *spool)
{
    acknowledged(spool, UINT64_MAX, 0, NULL);
    free(spool);
}

int mj_spool_memory(struct mj_spool **ret, mj_error *err)
{
    struct memory *m = mj_calloc(1, sizeof *m);

    (void)err;
    m->spool = (struct mj_spool){ .add = add, .sync = sync_nothing, .read = read_events, .acknowledged = acknowledged,
                                  .set_region = set_region, .close = close_spool };
    m->tail = &m->first;
    *ret = &m->spool;
    return 0;
}
