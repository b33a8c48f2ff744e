/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* A segment of a log on disk, damaged. The input says how long the records of a sound segment are, then what befalls
 * its bytes: some are changed, a stretch is zeroed, moved or cut off, others come behind. Then its end is looked for.
 *
 * What is found is always one of the ends that the segment once had: nothing is made up. No record before the first
 * damage is lost without a word, and where a sound record stands behind what is found, the segment is refused.
 *
 * The first byte says which: 0 (mod 4) this; else the bytes behind the head are the input's own, with 2 the head as
 * well. */
#include <sys/mman.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/crypto.h"
#include "common/store/log_segment.h"
#include "fuzz.h"

#define FIRST 1000
#define EPOCH 3
#define RECORDS_MAX 12
#define BYTES_MAX 65536

static int fd;
static const struct segment_head head = { .first = FIRST, .epoch = EPOCH, .lineage = { 1 }, .key = { 2 },
                                          .hash = { 3 } };
static struct mj_buf file = MJ_BUF_INIT;
static struct segment_stand stands[RECORDS_MAX + 1];     /* before each record, and behind the last */
static size_t records;
static size_t first_damage, last_damage; /* bytes: first changed one, one past the last */
static bool moved;                       /* bytes were moved: records may stand where none was written */

/* ---- a sound segment ---- */

static void put_record(struct fuzz_bytes *b)
{
    uint8_t block[512], in[RECORD_HEAD];
    const struct segment_stand *before = &stands[records];
    struct segment_stand *after = &stands[records + 1];
    struct mj_commit c = { .first = before->position, .count = 1u + fuzz_byte(b) % 3, .block = block,
                           .block_len = 1u + 2u * fuzz_byte(b) };
    memset(block, (int)records + 'a', c.block_len);
    mj_chain(c.hash, before->hash, c.first, c.count, c.block, c.block_len);
    segment_put_record(in, &c, EPOCH, head.key);
    mj_buf_put(&file, in, sizeof in);
    mj_buf_put(&file, block, c.block_len);
    size_t size = segment_record_size(c.block_len), pad = size - RECORD_HEAD - c.block_len;
    memset(mj_buf_grow(&file, pad), 0, pad);
    *after = (struct segment_stand){ before->at + size, before->position + c.count, EPOCH, { 0 } };
    memcpy(after->hash, c.hash, MJ_HASH);
    records++;
}

static void make_sound(struct fuzz_bytes *b)
{
    uint8_t in[SEGMENT_HEAD];
    mj_buf_clear(&file);
    segment_put_head(in, &head);
    mj_buf_put(&file, in, sizeof in);
    stands[0] = (struct segment_stand){ SEGMENT_HEAD, FIRST, EPOCH, { 0 } };
    memcpy(stands[0].hash, head.hash, MJ_HASH);
    records = 0;
    for (unsigned n = fuzz_byte(b) % (RECORDS_MAX + 1); n > 0; n--)
        put_record(b);
    memset(mj_buf_grow(&file, 256), 0, 256);             /* room made ahead */
    first_damage = SIZE_MAX;
    last_damage = 0;
    moved = false;
}

/* ---- what befalls it ---- */

static void note_damage(size_t from, size_t to)
{
    if (from < to && from < first_damage)
        first_damage = from;
    if (from < to && to > last_damage)
        last_damage = to;
}

static void zero(size_t at, size_t n)
{
    memset(file.data + at, 0, n);
    note_damage(at, at + n);
}

static void move(size_t from, size_t to, size_t n)
{
    n = file.len - to < n ? file.len - to : n;
    memmove(file.data + to, file.data + from, n);
    note_damage(to, to + n);
    moved = true;
}

static void one_damage(struct fuzz_bytes *b)
{
    uint8_t what = fuzz_byte(b);
    size_t at = fuzz_byte(b);
    at = (at << 8 | fuzz_byte(b)) % (file.len - SEGMENT_HEAD) + SEGMENT_HEAD;
    size_t n = 1u + fuzz_byte(b), left = file.len - at;
    n = n < left ? n : left;
    switch (what % 5) {
    case 0: file.data[at] ^= (uint8_t)(1u << (what >> 5)); note_damage(at, at + 1); break;
    case 1: zero(at, n); break;
    case 2: move(at, (size_t)(fuzz_byte(b) * 64) % (file.len - SEGMENT_HEAD) + SEGMENT_HEAD, n); break;
    case 3: note_damage(at, file.len); file.len = at + 1; break;
    default: note_damage(file.len, file.len + n); memset(mj_buf_grow(&file, n), what, n);
    }
}

static void put_in_file(void)
{
    HOLD(ftruncate(fd, 0) == 0);
    HOLD(pwrite(fd, file.data, file.len, 0) == (ssize_t)file.len);
}

/* ---- what must hold ---- */

/* Which end of the sound segment this is. */
static size_t known_end(const struct segment_stand *s)
{
    for (size_t i = 0; i <= records; i++)
        if (stands[i].at == s->at && stands[i].position == s->position && stands[i].epoch == s->epoch &&
            memcmp(stands[i].hash, s->hash, MJ_HASH) == 0)
            return i;
    bool segment_once_had_this_end = false;
    HOLD(segment_once_had_this_end);
    return 0;
}

static void hold_end(void)
{
    struct segment_end e;
    struct segment_head h;
    mj_error err = { 0 };
    HOLD(segment_read_head(&h, fd, FIRST, &err) == 0 && memcmp(&h, &head, sizeof h) == 0);
    if (segment_find_end(&e, fd, &head, &err) < 0) {
        HOLD(err.code == MJ_DATA_LOSS && first_damage != SIZE_MAX);
        return;
    }
    size_t found = known_end(&e.stand);
    for (size_t i = 0; i < records; i++) {
        if (stands[i + 1].at <= first_damage)
            HOLD(found > i);             /* whole, and nothing before it is damaged */
        if (stands[i].at >= last_damage && !moved)
            HOLD(found > i);             /* sound, behind all damage: found, or the segment would be refused */
    }
    HOLD(first_damage != SIZE_MAX || (found == records && e.torn == 0));
}

/* Any bytes at all behind a right head, or as the head itself. */
static void try_raw(const uint8_t *data, size_t size, bool own_head)
{
    struct segment_end e;
    struct segment_head h;
    uint8_t in[SEGMENT_HEAD];
    mj_error err = { 0 };
    mj_buf_clear(&file);
    segment_put_head(in, &head);
    if (!own_head)
        mj_buf_put(&file, in, sizeof in);
    mj_buf_put(&file, data, size);
    put_in_file();
    int rc = segment_read_head(&h, fd, FIRST, &err);
    HOLD((rc == 0) == (file.len >= sizeof in && memcmp(file.data, in, sizeof in) == 0));
    if (rc == 0 && segment_find_end(&e, fd, &head, &err) == 0)
        HOLD(e.stand.at <= file.len && e.stand.position >= FIRST);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    HOLD(mj_crypto_init(NULL) == 0);
    fd = memfd_create("segment", 0);
    HOLD(fd >= 0);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_bytes b = { data, data + size };
    uint8_t how = fuzz_byte(&b);
    if (how % 4 != 0) {
        try_raw(b.at, (size_t)(b.end - b.at), how % 4 == 2);
        return 0;
    }
    make_sound(&b);
    while (b.at < b.end && file.len < BYTES_MAX)
        one_damage(&b);
    put_in_file();
    hold_end();
    return 0;
}
