/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "common/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/utf8.h"

static _Noreturn void out_of_memory(size_t n)
{
    fprintf(stderr, "mission-jeunes: out of memory (%zu bytes asked for); ending\n", n);
    abort();
}

void *mj_alloc(size_t n)
{
    void *p = malloc(n ? n : 1);
    if (!p)
        out_of_memory(n);
    return p;
}

void *mj_calloc(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size ? size : 1);
    if (!p)
        out_of_memory(n);
    return p;
}

void *mj_realloc(void *p, size_t n)
{
    void *grown = realloc(p, n ? n : 1);
    if (!grown)
        out_of_memory(n);
    return grown;
}

char *mj_strdup(const char *s)
{
    return mj_memdup(s, strlen(s) + 1);
}

void *mj_memdup(const void *p, size_t n)
{
    void *copy = mj_alloc(n);
    if (n)
        memcpy(copy, p, n);
    return copy;
}

/* Room for n more bytes and the NUL. */
static void reserve(struct mj_buf *b, size_t n)
{
    if (n >= SIZE_MAX / 4 - b->len)
        out_of_memory(n);
    size_t need = b->len + n + 1;
    if (need <= b->cap)
        return;
    size_t cap = b->cap ? b->cap : 64;
    while (cap < need)
        cap *= 2;
    uint8_t *data = realloc(b->data, cap);
    if (!data)
        out_of_memory(cap);
    b->data = data;
    b->cap = cap;
}

void mj_buf_free(struct mj_buf *b)
{
    free(b->data);
    *b = (struct mj_buf)MJ_BUF_INIT;
}

void mj_buf_clear(struct mj_buf *b)
{
    b->len = 0;
    if (b->data)
        b->data[0] = '\0';
}

uint8_t *mj_buf_room(struct mj_buf *b, size_t n)
{
    reserve(b, n);
    return b->data + b->len;
}

void mj_buf_end(struct mj_buf *b, const uint8_t *end)
{
    b->len = (size_t)(end - b->data);
    b->data[b->len] = '\0';
}

void *mj_buf_grow(struct mj_buf *b, size_t n)
{
    uint8_t *at = mj_buf_room(b, n);
    mj_buf_end(b, at + n);
    return at;
}

void mj_buf_put(struct mj_buf *b, const void *data, size_t n)
{
    uint8_t *at = mj_buf_grow(b, n);
    if (n)
        memcpy(at, data, n);
}

void mj_buf_printf(struct mj_buf *b, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    reserve(b, 64);
    int n = vsnprintf((char *)b->data + b->len, b->cap - b->len, fmt, args);
    if (n < 0)
        abort();                                             /* only a wrong format of ours gets here */
    if ((size_t)n >= b->cap - b->len) {
        reserve(b, (size_t)n);
        if (vsnprintf((char *)b->data + b->len, b->cap - b->len, fmt, again) != n)
            abort();
    }
    va_end(again);
    va_end(args);
    b->len += (size_t)n;
}

/* One character, n bytes. <, > and & are escaped so that the text may stand in a page (pitfalls W2). */
static void put_json_char(struct mj_buf *b, const uint8_t *s, size_t n)
{
    static const char shorts[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    for (const char *p = shorts; n == 1 && *p; p += 2)
        if ((uint8_t)p[0] == s[0]) {
            mj_buf_printf(b, "\\%c", p[1]);
            return;
        }
    if (n == 1 && (s[0] < 0x20 || s[0] == 0x7F || strchr("<>&", s[0])))
        mj_buf_printf(b, "\\u%04x", s[0]);
    else if (n == 3 && s[0] == 0xE2 && s[1] == 0x80 && (s[2] == 0xA8 || s[2] == 0xA9))
        mj_buf_printf(b, "\\u20%02x", s[2] - 0x80);          /* U+2028, U+2029 end a line in JavaScript */
    else
        mj_buf_put(b, s, n);
}

void mj_buf_json(struct mj_buf *b, const char *text)
{
    const uint8_t *s = (const uint8_t *)(text ? text : "");
    size_t left = strlen((const char *)s);
    mj_buf_put(b, "\"", 1);
    while (left) {
        size_t n = mj_utf8_char(s, left);
        if (n)
            put_json_char(b, s, n);
        else
            mj_buf_put(b, "\xEF\xBF\xBD", 3);                /* U+FFFD for a byte that is no UTF-8 */
        s += n ? n : 1;
        left -= n ? n : 1;
    }
    mj_buf_put(b, "\"", 1);
}

void mj_buf_pack(struct mj_buf *b, const ProtobufCMessage *m)
{
    size_t n = protobuf_c_message_get_packed_size(m);
    uint8_t *at = mj_buf_grow(b, n);
    if (protobuf_c_message_pack(m, at) != n)
        abort();                                             /* somebody changed the message meanwhile */
}
