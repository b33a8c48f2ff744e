/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "common/store/log_segment.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RECORD_MARK 0x434a4d01u
#define AHEAD (32u * 1024)               /* bytes read at a time, where no more are asked for */

static const uint8_t segment_mark[8] = { 'M', 'J', 'L', 'O', 'G', 0, 1, 0 };

static void put32(uint8_t *out, uint32_t v)
{
    v = htole32(v);
    memcpy(out, &v, sizeof v);
}

static void put64(uint8_t *out, uint64_t v)
{
    v = htole64(v);
    memcpy(out, &v, sizeof v);
}

static uint32_t get32(const uint8_t *in)
{
    uint32_t v;
    memcpy(&v, in, sizeof v);
    return le32toh(v);
}

static uint64_t get64(const uint8_t *in)
{
    uint64_t v;
    memcpy(&v, in, sizeof v);
    return le64toh(v);
}

/* ---- names and heads ---- */

void segment_name(char ret[SEGMENT_NAME], uint64_t first)
{
    snprintf(ret, SEGMENT_NAME, "%020" PRIu64 ".log", first);
}

bool segment_named(const char *name, uint64_t *first)
{
    char same[SEGMENT_NAME];
    *first = strtoull(name, NULL, 10);
    segment_name(same, *first);
    return strcmp(name, same) == 0;
}

void segment_put_head(uint8_t out[SEGMENT_HEAD], const struct segment_head *h)
{
    memcpy(out, segment_mark, sizeof segment_mark);
    put64(out + 8, h->first);
    put64(out + 16, h->epoch);
    memcpy(out + 24, h->lineage, MJ_LINEAGE);
    memcpy(out + 40, h->key, SEGMENT_KEY);
    memcpy(out + 56, h->hash, MJ_HASH);
    put64(out + 88, mj_check(h->key, out, 88));
}

static int read_failed(mj_error *err)
{
    return mj_fail(err, MJ_INTERNAL, "STORE_FAILED", NULL, "reading the log: %s", strerror(errno));
}

int segment_read_head(struct segment_head *ret, int fd, uint64_t first, mj_error *err)
{
    uint8_t in[SEGMENT_HEAD] = { 0 };
    if (pread(fd, in, sizeof in, 0) < 0) {
        return read_failed(err);
    }
    if (memcmp(in, segment_mark, sizeof segment_mark) != 0) {
        return mj_fail(err, MJ_DATA_LOSS, "OTHER_FILE", NULL,
                       "the file named as the log's segment of position %llu is none of version 1; is the path right?",
                       (unsigned long long)first);
    }
    struct segment_head h = { .first = get64(in + 8), .epoch = get64(in + 16) };
    memcpy(h.lineage, in + 24, MJ_LINEAGE);
    memcpy(h.key, in + 40, SEGMENT_KEY);
    memcpy(h.hash, in + 56, MJ_HASH);
    if (h.first != first || get64(in + 88) != mj_check(h.key, in, 88)) {
        return mj_fail(err, MJ_DATA_LOSS, "CHAIN_BROKEN", NULL,
                       "the head of the log's segment of position %llu is damaged; restore the log",
                       (unsigned long long)first);
    }
    *ret = h;
    return 0;
}

/* ---- records ---- */

void segment_put_record(uint8_t out[RECORD_HEAD], const struct mj_commit *c, uint64_t epoch, const uint8_t *key)
{
    put32(out, RECORD_MARK);
    put32(out + 4, (uint32_t)c->block_len);
    put64(out + 8, c->first);
    put32(out + 16, c->count);
    put32(out + 20, 0);
    put64(out + 24, epoch);
    memcpy(out + 32, c->hash, MJ_HASH);
    put64(out + 64, mj_check(key, out, 64));
}

/* False where it is none. */
static bool get_record(struct mj_commit *c, uint64_t *epoch, const uint8_t in[RECORD_HEAD], const uint8_t *key)
{
    if (get32(in) != RECORD_MARK || get64(in + 64) != mj_check(key, in, 64)) {
        return false;
    }
    *c = (struct mj_commit){ .first = get64(in + 8), .count = get32(in + 16), .block_len = get32(in + 4) };
    memcpy(c->hash, in + 32, MJ_HASH);
    *epoch = get64(in + 24);
    return c->count > 0 && c->block_len > 0 && c->block_len <= MJ_COMMIT_MAX;
}

/* ---- reading ---- */

void segment_window_free(struct segment_window *w)
{
    free(w->data);
    w->data = NULL;
    w->len = w->cap = 0;
}

/* Reads on until len bytes are there or the file ends. */
static int fill(struct segment_window *w, size_t len, mj_error *err)
{
    while (w->len < len) {
        ssize_t n = pread(w->fd, w->data + w->len, len - w->len, (off_t)(w->at + w->len));
        if (n == 0) {
            return 0;
        }
        if (n < 0 && errno != EINTR) {
            return read_failed(err);
        }
        w->len += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

static int move_to(struct segment_window *w, uint64_t at, size_t n, mj_error *err)
{
    size_t kept = at >= w->at && at < w->at + w->len ? (size_t)(w->at + w->len - at) : 0;
    size_t wanted = n > AHEAD ? n : AHEAD;
    if (kept > 0) {
        memmove(w->data, w->data + (at - w->at), kept);
    }
    w->at = at;
    w->len = kept;
    if (w->cap < wanted) {
        w->data = mj_realloc(w->data, wanted);
        w->cap = wanted;
    }
    return fill(w, wanted, err);
}

int segment_bytes(struct segment_window *w, uint64_t at, size_t n, const uint8_t **ret, size_t *got, mj_error *err)
{
    if ((at < w->at || at + n > w->at + w->len) && move_to(w, at, n, err) != 0) {
        return -1;
    }
    *ret = w->data + (at - w->at);
    size_t there = w->len - (size_t)(at - w->at);
    *got = n < there ? n : there;
    return 0;
}

int segment_commit(struct segment_window *w, const uint8_t *key, uint64_t at, uint64_t position, struct mj_commit *ret,
                   uint64_t *epoch, mj_error *err)
{
    const uint8_t *in;
    size_t got;
    if (segment_bytes(w, at, RECORD_HEAD, &in, &got, err) != 0) {
        return -1;
    }
    return got == RECORD_HEAD && get_record(ret, epoch, in, key) && ret->first == position;
}

int segment_block(struct segment_window *w, uint64_t at, struct mj_commit *c, mj_error *err)
{
    const uint8_t *in;
    size_t got;
    if (segment_bytes(w, at, RECORD_HEAD + c->block_len, &in, &got, err) != 0) {
        return -1;
    }
    c->block = in + RECORD_HEAD;
    return got == RECORD_HEAD + c->block_len;
}

/* ---- the end ---- */

/* To the last record whose hash fits, from a stand that is known to be sound. */
static int walk(struct segment_end *e, struct segment_window *w, const uint8_t *key, mj_error *err)
{
    struct segment_end before = *e;
    struct mj_commit c, last = { 0 };
    uint64_t epoch;
    int rc;
    while ((rc = segment_commit(w, key, e->stand.at, e->stand.position, &c, &epoch, err)) == 1) {
        before = *e;
        last = c;
        e->last_at = e->stand.at;
        e->stand.at += segment_record_size(c.block_len);
        e->stand.position += c.count;
        e->stand.epoch = epoch;
        memcpy(e->stand.hash, c.hash, MJ_HASH);
    }
    if (rc < 0 || last.count == 0) {
        return rc;
    }
    rc = segment_block(w, e->last_at, &last, err);
    if (rc >= 0 && (rc == 0 || !mj_commit_fits(&last, before.stand.hash))) {
        *e = before;
    }
    return rc < 0 ? -1 : 0;
}

/* Looks at what stands behind the end: *damaged, where records do; else *torn is how much is not zero. */
static int look_behind(struct segment_window *w, const uint8_t *key, const struct segment_stand *end, bool *damaged,
                       uint64_t *torn, mj_error *err)
{
    static const uint8_t zeros[RECORD_ALIGN];
    const uint8_t *in;
    size_t got;
    struct mj_commit c;
    uint64_t epoch;
    *damaged = false;
    *torn = 0;
    for (uint64_t at = end->at; !*damaged; at += RECORD_ALIGN) {
        if (segment_bytes(w, at, RECORD_HEAD, &in, &got, err) != 0) {
            return -1;
        }
        if (got == 0) {
            return 0;
        }
        size_t n = got < RECORD_ALIGN ? got : RECORD_ALIGN;
        if (memcmp(in, zeros, n) != 0) {
            *torn = at + n - end->at;
            *damaged = at > end->at && got == RECORD_HEAD && get_record(&c, &epoch, in, key) &&
                       c.first >= end->position;
        }
    }
    return 0;
}

/* A writer may add records between the walk and the look behind: then the next walk gets further. */
int segment_find_end(struct segment_end *ret, int fd, const struct segment_head *h, mj_error *err)
{
    struct segment_end e = { .stand = { SEGMENT_HEAD, h->first, h->epoch, { 0 } } };
    struct segment_window w = { .fd = fd };
    bool damaged = true;
    uint64_t reached = 0;
    int rc = 0;
    memcpy(e.stand.hash, h->hash, MJ_HASH);
    while (rc == 0 && damaged && e.stand.at != reached) {
        reached = e.stand.at;
        w.len = 0;
        rc = walk(&e, &w, h->key, err);
        if (rc == 0) {
            rc = look_behind(&w, h->key, &e.stand, &damaged, &e.torn, err);
        }
    }
    segment_window_free(&w);
    if (rc == 0 && damaged) {
        rc = mj_fail(err, MJ_DATA_LOSS, "CHAIN_BROKEN", NULL,
                     "the commit at position %llu is damaged, and others stand behind it; restore the log",
                     (unsigned long long)e.stand.position);
    }
    if (rc == 0) {
        *ret = e;
    }
    return rc;
}
