/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* buf: bytes or text that grow. A failed growth aborts the process: only our own, bounded output goes here. */
#ifndef MJ_BASE_BUF_H
#define MJ_BASE_BUF_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

struct mj_buf {
    uint8_t *data;                       /* always NUL-terminated once anything was put */
    size_t len, cap;
};
#define MJ_BUF_INIT { NULL, 0, 0 }

void mj_buf_free(struct mj_buf *b);                              /* ready for use again */
void mj_buf_clear(struct mj_buf *b);                             /* keeps its memory */
void mj_buf_put(struct mj_buf *b, const void *data, size_t n);
void mj_buf_printf(struct mj_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void mj_buf_json(struct mj_buf *b, const char *text);            /* a JSON string with its quotes */
void mj_buf_pack(struct mj_buf *b, const ProtobufCMessage *m);   /* appends the packed message */
void *mj_buf_grow(struct mj_buf *b, size_t n);                   /* n more bytes to write into */
/* Room for n bytes that do not count yet; mj_buf_end: what was written there ends at `end`, and counts. */
uint8_t *mj_buf_room(struct mj_buf *b, size_t n);
void mj_buf_end(struct mj_buf *b, const uint8_t *end);

/* malloc, calloc, realloc, strdup that end the process when memory is short (said in one line on stderr). For our own
 * bounded state; foreign sizes go through an arena with a ceiling. */
void *mj_alloc(size_t n);
void *mj_calloc(size_t n, size_t size);
void *mj_realloc(void *p, size_t n);
char *mj_strdup(const char *s);
void *mj_memdup(const void *p, size_t n);

#endif
