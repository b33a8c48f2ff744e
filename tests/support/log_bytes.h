/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* log_bytes: a log's files as bytes, to be cut, changed and put back; and appends of blocks of a chosen length. */
#ifndef MJ_TESTS_LOG_BYTES_H
#define MJ_TESTS_LOG_BYTES_H

#include "common/store/log_segment.h"
#include "support/scratch.h"

struct bytes { uint8_t *data; size_t len; };

/* The path of the segment that begins at first. */
static inline const char *segment_path(const struct scratch *dir, uint64_t first)
{
    static char path[160];
    char name[SEGMENT_NAME];
    segment_name(name, first);
    snprintf(path, sizeof path, "%s/log/%s", dir->path, name);
    return path;
}

static inline struct bytes bytes_read(const char *path)
{
    struct bytes b = { NULL, 0 };
    struct stat st;
    FILE *f = fopen(path, "rb");
    if (f != NULL && fstat(fileno(f), &st) == 0) {
        b.data = malloc((size_t)st.st_size + 1);
        b.len = fread(b.data, 1, (size_t)st.st_size, f);
    }
    if (f != NULL) {
        fclose(f);
    }
    assert_non_null(b.data);
    return b;
}

static inline void bytes_write(const char *path, struct bytes b)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(b.data, 1, b.len, f), b.len);
    assert_int_equal(fclose(f), 0);
}

/* One entry whose payload has this many bytes of this value. */
static inline enum mj_append log_append(struct mj_log *l, size_t bytes, int value, mj_error *err)
{
    struct mj_buf block = MJ_BUF_INIT;
    uint8_t *payload = malloc(bytes + 1);
    memset(payload, value, bytes);
    const struct mj_entry e = { .type = 16, .principal = "p", .payload = payload, .payload_len = bytes };
    mj_block_add(&block, &e);
    enum mj_append stored = mj_log_append(l, mj_log_end(l), 1, block.data, block.len, err);
    mj_buf_free(&block);
    free(payload);
    return stored;
}

static inline int count_one(void *arg, const struct mj_commit *c)
{
    (void)c;
    (*(unsigned *)arg)++;
    return 0;
}

/* Commits that a reader finds. */
static inline unsigned log_commits(const char *url)
{
    struct mj_log_reader *r;
    unsigned n = 0;
    mj_error err;
    assert_int_equal(mj_log_reader_open(&r, url, &err), 0);
    assert_int_equal(mj_log_read(r, 1, SIZE_MAX, count_one, &n, &err), 0);
    mj_log_reader_close(r);
    return n;
}

#endif
