/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* fuzz: what the targets share. A target is a function that takes any bytes; it may do nothing but return: a crash, a
 * leak, undefined behaviour, a HOLD that does not hold, or no end within the time allowed are all findings. */
#ifndef MJ_FUZZ_H
#define MJ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libFuzzer's two entries: once at start, where a target has something to set up; then once an input. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void fuzz_hold(bool holds, const char *fact, const char *file, int line)
{
    if (holds)
        return;
    fprintf(stderr, "%s:%d: expected that %s\n", file, line, fact);
    abort();
}
/* What must be true of every input; libFuzzer keeps the input where it is not. */
#define HOLD(fact) fuzz_hold(fact, #fact, __FILE__, __LINE__)

/* Reads an input from its start. Beyond its end there are zeros, so that every input is one. */
struct fuzz_bytes { const uint8_t *at, *end; };

static inline uint8_t fuzz_byte(struct fuzz_bytes *b)
{
    return b->at < b->end ? *b->at++ : 0;
}

/* The next n bytes, or as many as there are, in a block of exactly their size: what reads past them is seen. The
 * caller's to free. */
static inline uint8_t *fuzz_take(struct fuzz_bytes *b, size_t n, size_t *len)
{
    size_t left = (size_t)(b->end - b->at);
    *len = n < left ? n : left;
    uint8_t *copy = malloc(*len > 0 ? *len : 1);
    if (copy == NULL)
        abort();
    memcpy(copy, b->at, *len);
    b->at += *len;
    return copy;
}

#endif
