/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* log_segment: the format of a log in flat files, byte for byte, and how the end of one file is found. Private to
 * store/; tests/observer/dump.py reads the same bytes from this description alone.
 *
 * A log is a directory. Its segments are the files named by the first position they hold, in 20 decimal digits, and
 * ".log": 00000000000000000001.log is the first. LOCK is held by the writer; next.tmp is a segment being made and
 * probe.tmp a try for room: neither means anything once no writer lives. All numbers are little-endian.
 *
 *   segment  a head of 96 bytes, then records one after the other, then zeros or nothing
 *     0  8   "MJLOG", 0, and the version: 1, 0
 *     8  8   first position: the file's name
 *    16  8   epoch of the commit before; 0 at position 1
 *    24 16   lineage of the log
 *    40 16   key: random, drawn for this segment
 *    56 32   hash of the commit before; zeros at position 1
 *    88  8   check: SipHash-2-4 (64 bits, as a number) of the 88 bytes before, under the key
 *   record   a head of 72 bytes, the block, zeros up to a multiple of 8
 *     0  4   0x434a4d01
 *     4  4   bytes of the block, 1 to 1,048,576
 *     8  8   first position of the commit: the one behind the record before
 *    16  4   count of its entries
 *    20  4   0
 *    24  8   epoch of the writer
 *    32 32   the chain's hash: BLAKE2b-256(hash of the commit before, first, count, block), first and count as 8 bytes
 *            big-endian; it covers the block, which has no other checksum
 *    64  8   check: SipHash-2-4 of the 64 bytes before, under the segment's key. Nobody outside knows the key, so no
 *            bytes that a client puts into a block look like a record
 *
 * Where a log ends. Records are sound while their check fits and their positions follow; the last of them only if its
 * hash fits too. What stands behind is one of three: zeros, room made ahead of the records; the torn record of an
 * append that nobody was answered for (one at most can be under way), which the next writer cuts off; or a record whose
 * check fits further on: then something in between is damaged, and nobody opens the log. What cannot be told apart: a
 * last record that rotted and one that was torn. Followers tell, who hold its hash; SQLite's write-ahead log ends
 * alike. As SQLite and PostgreSQL do, this trusts a disk not to damage bytes of a page that it is given unchanged. */
#ifndef MJ_STORE_LOG_SEGMENT_H
#define MJ_STORE_LOG_SEGMENT_H

#include "common/store/log.h"

#define SEGMENT_HEAD 96
#define RECORD_HEAD 72
#define RECORD_ALIGN 8
#define SEGMENT_KEY 16
#define SEGMENT_NAME 25                  /* bytes of a name, with its NUL */

struct segment_head {
    uint64_t first, epoch;
    uint8_t lineage[MJ_LINEAGE], key[SEGMENT_KEY], hash[MJ_HASH];
};

void segment_name(char ret[SEGMENT_NAME], uint64_t first);
bool segment_named(const char *name, uint64_t *first);   /* false where it names no segment */
void segment_put_head(uint8_t out[SEGMENT_HEAD], const struct segment_head *h);
/* Reads the head of the segment named first. DATA_LOSS OTHER_FILE, CHAIN_BROKEN. */
int segment_read_head(struct segment_head *ret, int fd, uint64_t first, mj_error *err);

void segment_put_record(uint8_t out[RECORD_HEAD], const struct mj_commit *c, uint64_t epoch, const uint8_t *key);
static inline size_t segment_record_size(size_t block_len)
{
    return (RECORD_HEAD + block_len + RECORD_ALIGN - 1) & ~(size_t)(RECORD_ALIGN - 1);
}

/* ---- reading ---- */

/* Bytes of a file, read ahead by some. Zeroed but for fd is empty; free it with segment_window_free. */
struct segment_window { int fd; uint64_t at; uint8_t *data; size_t len, cap; };
void segment_window_free(struct segment_window *w);
/* The n bytes from at on, valid until the next call: *got of them, fewer where the file ends. INTERNAL STORE_FAILED. */
int segment_bytes(struct segment_window *w, uint64_t at, size_t n, const uint8_t **ret, size_t *got, mj_error *err);
/* The commit at this place and position, without its block (NULL): 1, or 0 where none stands there, or -1. */
int segment_commit(struct segment_window *w, const uint8_t *key, uint64_t at, uint64_t position, struct mj_commit *ret,
                   uint64_t *epoch, mj_error *err);
/* Finds the block of a commit that was found there: 1; 0 where the file ends within; or -1. */
int segment_block(struct segment_window *w, uint64_t at, struct mj_commit *c, mj_error *err);

/* Where a log stands behind a commit: the place and position of the next one, and what the next one follows. */
struct segment_stand { uint64_t at, position, epoch; uint8_t hash[MJ_HASH]; };
struct segment_end {
    struct segment_stand stand;          /* behind the last sound record */
    uint64_t last_at;                    /* where that record stands; 0: none does */
    uint64_t torn;                       /* bytes behind it up to the last that is not zero */
};
/* Walks a segment from head to end; with a writer at work too. DATA_LOSS CHAIN_BROKEN where it is damaged. */
int segment_find_end(struct segment_end *ret, int fd, const struct segment_head *h, mj_error *err);

#endif
