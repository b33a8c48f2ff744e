/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* log_files_read: finds positions and gives commits. The segments used last are kept open, each with marks of places;
 * bytes are read anew at each call, and no longer than it lasts. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/store/log_files.h"

#define MARK_EVERY (16u * 1024)

/* ---- segments at hand ---- */

static void forget(struct open_segment *s)
{
    if (s->fd >= 0) {
        close(s->fd);
    }
    free(s->marks);
    *s = (struct open_segment){ .fd = -1 };
}

void log_files_forget(struct log_files *l)
{
    for (size_t i = 0; i < OPEN_SEGMENTS; i++) {
        forget(&l->open[i]);
    }
}

/* The one of that position, or the one to give up for it. */
static struct open_segment *slot_of(struct log_files *l, uint64_t first)
{
    struct open_segment *oldest = &l->open[0];
    for (size_t i = 0; i < OPEN_SEGMENTS; i++) {
        struct open_segment *s = &l->open[i];
        if (s->fd >= 0 && s->head.first == first) {
            return s;
        }
        if (s->used < oldest->used) {
            oldest = s;
        }
    }
    forget(oldest);
    return oldest;
}

static struct open_segment *segment_at(struct log_files *l, size_t index, mj_error *err)
{
    struct open_segment *s = slot_of(l, l->firsts[index]);
    char name[SEGMENT_NAME];
    s->used = ++l->clock;
    if (s->fd >= 0) {
        return s;
    }
    segment_name(name, l->firsts[index]);
    s->fd = openat(l->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (s->fd < 0) {
        log_files_failed(err, "opening a segment of the log");
        return NULL;
    }
    if (segment_read_head(&s->head, s->fd, l->firsts[index], err) != 0) {
        forget(s);
        return NULL;
    }
    return s;
}

/* The last of the ascending values that is not above; 0 where all are. */
static size_t last_not_above(const struct log_files *l, uint64_t position)
{
    size_t low = 0, high = l->count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (l->firsts[middle] <= position) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

/* ---- marks ---- */

static void add_mark(struct open_segment *s, uint64_t position, uint64_t at)
{
    if (at < (s->count > 0 ? s->marks[s->count - 1].at : SEGMENT_HEAD) + (uint64_t)MARK_EVERY) {
        return;
    }
    if (s->count == s->cap) {
        s->cap = s->cap > 0 ? 2 * s->cap : 64;
        s->marks = mj_realloc(s->marks, s->cap * sizeof *s->marks);
    }
    s->marks[s->count++] = (struct mark){ (uint32_t)(position - s->head.first), (uint32_t)at };
}

/* The last mark at or before the position; the segment's first record where none is. */
static struct mark mark_before(const struct open_segment *s, uint64_t position)
{
    size_t low = 0, high = s->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (s->head.first + s->marks[middle].position <= position) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low > 0 ? s->marks[low - 1] : (struct mark){ 0, SEGMENT_HEAD };
}

/* ---- from commit to commit ---- */

struct cursor {
    struct log_files *l;
    struct open_segment *s;
    size_t index;                        /* of s in l's firsts */
    uint64_t at, position;               /* of the next commit */
    struct segment_window w;
    struct mj_commit c;                  /* the one it stands at, and its place */
    uint64_t c_at;
};

static int enter(struct cursor *u, size_t index, uint64_t position, mj_error *err)
{
    u->s = segment_at(u->l, index, err);
    if (u->s == NULL) {
        return -1;
    }
    struct mark m = mark_before(u->s, position);
    u->index = index;
    u->at = m.at;
    u->position = u->s->head.first + m.position;
    u->w.fd = u->s->fd;
    u->w.len = 0;
    return 0;
}

/* Is there a segment behind the one it is in? 1, 0 or -1. One that came since the list was made begins here. */
static int has_next(struct cursor *u, mj_error *err)
{
    char name[SEGMENT_NAME];
    if (u->index + 1 < u->l->count) {
        return 1;
    }
    segment_name(name, u->position);
    if (u->position == u->s->head.first || faccessat(u->l->dir, name, F_OK, 0) != 0) {
        return 0;
    }
    return log_files_list(u->l, err) == 0 ? u->index + 1 < u->l->count : -1;
}

/* To the next commit: 1, 0 at the end of the log, or -1. Where one is missing it goes on behind the hole. */
static int next(struct cursor *u, mj_error *err)
{
    uint64_t epoch;
    int rc;
    while ((rc = segment_commit(&u->w, u->s->head.key, u->at, u->position, &u->c, &epoch, err)) == 0) {
        rc = has_next(u, err);
        if (rc != 1 || enter(u, u->index + 1, 0, err) != 0) {
            return rc == 1 ? -1 : rc;
        }
    }
    if (rc == 1) {
        add_mark(u->s, u->position, u->at);
        u->c_at = u->at;
        u->at += segment_record_size(u->c.block_len);
        u->position += u->c.count;
    }
    return rc;
}

/* To the commit that holds the position, or the first behind it: as next. */
static int find(struct cursor *u, struct log_files *l, uint64_t position, mj_error *err)
{
    int rc;
    *u = (struct cursor){ .l = l, .w = { .fd = -1 } };
    if (l->count == 0 && log_files_list(l, err) != 0) {
        return -1;
    }
    if (l->count == 0) {
        return 0;
    }
    if (enter(u, last_not_above(l, position), position, err) != 0) {
        return -1;
    }
    do {
        rc = next(u, err);
    } while (rc == 1 && u->position <= position);
    return rc;
}

/* ---- what others ask ---- */

int log_files_read(void *engine, uint64_t position, size_t max_bytes, mj_commit_fn *each, void *arg, mj_error *err)
{
    struct cursor u;
    size_t given = 0;
    int rc = find(&u, engine, position, err);
    while (rc == 1 && (given == 0 || (given < max_bytes && u.c.block_len <= max_bytes - given))) {
        rc = segment_block(&u.w, u.c_at, &u.c, err);
        if (rc != 1 || each(arg, &u.c) != 0) {
            break;
        }
        given += u.c.block_len;
        rc = next(&u, err);
    }
    segment_window_free(&u.w);
    return rc < 0 ? -1 : 0;
}

int log_files_hash_before(void *engine, uint64_t position, uint8_t ret[MJ_HASH], bool *found, mj_error *err)
{
    struct cursor u;
    int rc = position > 1 ? find(&u, engine, position - 1, err) : 0;
    if (position > 1) {
        segment_window_free(&u.w);
    }
    if (rc < 0) {
        return -1;
    }
    *found = rc == 1 && u.position == position;
    if (*found) {
        memcpy(ret, u.c.hash, MJ_HASH);
    }
    return 0;
}
