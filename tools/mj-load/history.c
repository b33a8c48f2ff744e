/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "history.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/buf.h"

#define HASH_BYTES 32

struct load_history { int fd; struct mj_buf buf; };

int load_history_open(struct load_history **ret, const char *path, mj_error *err)
{
    *ret = NULL;
    if (!path)
        return 0;
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0)
        return mj_fail(err, MJ_FAILED_PRECONDITION, "HISTORY", NULL, "cannot write %s: %s", path, strerror(errno));
    struct load_history *h = mj_calloc(1, sizeof *h);
    h->fd = fd;
    *ret = h;
    return 0;
}

int load_history_flush(struct load_history *h, mj_error *err)
{
    size_t at = 0;

    if (!h)
        return 0;
    while (at < h->buf.len) {
        ssize_t n = write(h->fd, h->buf.data + at, h->buf.len - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return mj_fail(err, MJ_RESOURCE_EXHAUSTED, "HISTORY", NULL, "the history cannot be written: %s",
                           strerror(errno));
        at += (size_t)n;
    }
    mj_buf_clear(&h->buf);
    return 0;
}

void load_history_close(struct load_history *h)
{
    if (!h)
        return;
    (void)load_history_flush(h, NULL);   /* only what came after the last turn */
    close(h->fd);
    mj_buf_free(&h->buf);
    free(h);
}

/* ---- lines ---- */

static void begin(struct load_history *h, const char *op)
{
    mj_buf_printf(&h->buf, "{\"t\":%llu,\"op\":\"%s\"", (unsigned long long)mj_mono_ns(&mj_env_real), op);
}

static void text(struct load_history *h, const char *name, const char *value)
{
    if (!value || !value[0])
        return;
    mj_buf_printf(&h->buf, ",\"%s\":", name);
    mj_buf_json(&h->buf, value);
}

static void number(struct load_history *h, const char *name, uint64_t value)
{
    mj_buf_printf(&h->buf, ",\"%s\":%llu", name, (unsigned long long)value);
}

static void hash(struct load_history *h, const uint8_t *bytes, size_t len)
{
    uint8_t sum[HASH_BYTES];
    char hex[2 * HASH_BYTES + 1];

    if (crypto_generichash(sum, sizeof sum, bytes, len, NULL, 0) == 0)
        text(h, "blake2b", mj_hex(hex, sum, sizeof sum));
}

static void end(struct load_history *h)
{
    mj_buf_put(&h->buf, "}\n", 2);
}

void load_history_run(struct load_history *h, const struct load_world *w, const struct load_demand *d)
{
    if (!h)
        return;
    begin(h, "run");
    number(h, "format", 1);
    number(h, "world_seed", w->figures.seed);
    number(h, "seed", d->seed);
    number(h, "missions", d->missions);
    end(h);
}

void load_history_event(struct load_history *h, const char *stream, uint64_t n, const struct load_event *e)
{
    if (!h)
        return;
    begin(h, "event");
    text(h, "stream", stream);
    number(h, "n", n);
    hash(h, e->bytes, e->len);
    text(h, "kind", e->kind);
    text(h, "key", e->key);
    text(h, "ref", e->ref);
    text(h, "person", e->person);
    text(h, "expect", mj_event_outcome_name((enum mj_event_outcome)e->expect));
    end(h);
}

void load_history_result(struct load_history *h, const char *stream, const struct mj_event_result *r)
{
    if (!h)
        return;
    begin(h, "result");
    text(h, "stream", stream);
    number(h, "n", r->sequence);
    text(h, "outcome", mj_event_outcome_name(r->outcome));
    text(h, "reason", r->reason);
    text(h, "field", r->field);
    if (r->same_as)
        number(h, "same_as", r->same_as);
    end(h);
}

void load_history_through(struct load_history *h, const char *op, const char *stream, uint64_t through)
{
    if (!h)
        return;
    begin(h, op);
    text(h, "stream", stream);
    number(h, "through", through);
    end(h);
}

void load_history_trouble(struct load_history *h, const char *stream, const mj_error *err)
{
    if (!h)
        return;
    begin(h, "trouble");
    text(h, "stream", stream);
    text(h, "code", mj_code_name(err->code));
    text(h, "reason", err->reason);
    end(h);
}

void load_history_probe(struct load_history *h, const char *stream, uint64_t id, const char *what, uint64_t n,
                        const uint8_t *bytes, size_t len, enum load_expect expect)
{
    if (!h)
        return;
    begin(h, "probe");
    text(h, "stream", stream);
    number(h, "id", id);
    text(h, "what", what);
    number(h, "n", n);
    hash(h, bytes, len);
    if (expect)
        text(h, "expect", mj_event_outcome_name((enum mj_event_outcome)expect));
    else
        text(h, "expect", "refused");
    end(h);
}

void load_history_probed(struct load_history *h, const char *stream, uint64_t id, const char *how, const char *outcome,
                         const char *reason)
{
    if (!h)
        return;
    begin(h, "probed");
    text(h, "stream", stream);
    number(h, "id", id);
    text(h, "end", how);
    text(h, "outcome", outcome);
    text(h, "reason", reason);
    end(h);
}
