/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "common/service/logging.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/dates.h"
#include "common/base/utf8.h"

#define MAX_TEXT 512                     /* bytes of one value */
#define SAMPLE_NAMES 64                  /* event names sampled apart; the rest share a count */
#define SAMPLE_LINES 10                  /* a minute */

static char service_name[32] = "mj";
static const struct mj_env *env = &mj_env_real;
static enum mj_level least_level = MJ_INFO;

void mj_logging_init(const char *service, const struct mj_env *e, enum mj_level least)
{
    size_t n = mj_utf8_cut(service, strlen(service), sizeof service_name - 1);
    memcpy(service_name, service, n);
    service_name[n] = '\0';
    env = e;
    least_level = least;
}

/* In a struct, so that a pointer to it can be handed on: va_list itself may be an array type. */
struct args {
    va_list list;
};

struct value {
    char text[MAX_TEXT + 1];
    size_t len;
    bool number, null;                   /* what the last conversion was */
    int pieces;                          /* conversions and other characters: a number stands alone */
};

static void add_text(struct value *v, const char *s, size_t n)
{
    size_t room = mj_utf8_cut(s, n, MAX_TEXT - v->len);
    memcpy(v->text + v->len, s, room);
    v->len += room;
    v->text[v->len] = '\0';
    v->pieces++;
}

struct conversion {
    char length;                         /* 0, 'l', 'L' for ll, 'z', 'j', 't'; shorter ones are promoted to int */
    int precision;                       /* -1: none */
    char letter;
};

/* Reads a conversion behind its %; flags and widths are for columns, of which a log has none: they are left out. */
static struct conversion read_conversion(const char **fmt, struct args *a)
{
    struct conversion c = { .precision = -1 };
    const char *p = *fmt + strspn(*fmt, "-+ #0123456789'");
    if (*p == '.' && p[1] == '*') {
        c.precision = va_arg(a->list, int);
        p += 2;
    } else if (*p == '.') {
        c.precision = 0;
        for (p++; *p >= '0' && *p <= '9'; p++)
            c.precision = c.precision < 1000 ? 10 * c.precision + (*p - '0') : c.precision;
    }
    for (; *p && strchr("hlzjt", *p); p++)
        c.length = *p == 'h' ? '\0' : c.length == 'l' ? 'L' : *p;
    c.letter = *p;
    *fmt = *p ? p + 1 : p;
    return c;
}

static long long take_signed(const struct conversion *c, struct args *a)
{
    switch (c->length) {
    case 'l': return va_arg(a->list, long);
    case 'L': return va_arg(a->list, long long);
    case 'z': return va_arg(a->list, ssize_t);
    case 'j': return va_arg(a->list, intmax_t);
    case 't': return va_arg(a->list, ptrdiff_t);
    default: return va_arg(a->list, int);
    }
}

static unsigned long long take_unsigned(const struct conversion *c, struct args *a)
{
    switch (c->length) {
    case 'l': return va_arg(a->list, unsigned long);
    case 'L': return va_arg(a->list, unsigned long long);
    case 'z': return va_arg(a->list, size_t);
    case 'j': return va_arg(a->list, uintmax_t);
    case 't': return (unsigned long long)va_arg(a->list, ptrdiff_t);
    default: return va_arg(a->list, unsigned);
    }
}

static void add_string(struct value *v, const struct conversion *c, struct args *a)
{
    const char *s = va_arg(a->list, const char *);
    v->null = s == NULL;
    size_t most = c->precision >= 0 ? (size_t)c->precision : MAX_TEXT + 1;   /* one more: to see that it is cut */
    add_text(v, s ? s : "", s ? strnlen(s, most) : 0);
}

static void add_double(struct value *v, const struct conversion *c, struct args *a)
{
    char text[400];
    double d = va_arg(a->list, double);
    v->number = isfinite(d);
    v->null = !v->number;
    int n = c->letter == 'f' ? snprintf(text, sizeof text, "%.*f", c->precision < 0 ? 6 : c->precision % 20, d)
                             : snprintf(text, sizeof text, "%.*g", c->precision < 0 ? 6 : c->precision % 20, d);
    add_text(v, text, n > 0 ? (size_t)n : 0);
}

/* False where the letter is none of ours: what follows in args cannot be known then. */
static bool add_conversion(struct value *v, const char **fmt, struct args *a)
{
    char text[32];
    int n = 0;
    struct conversion c = read_conversion(fmt, a);
    v->number = v->null = false;
    switch (c.letter) {
    case '%': add_text(v, "%", 1); return true;
    case 's': add_string(v, &c, a); return true;
    case 'f':
    case 'g': add_double(v, &c, a); return true;
    case 'c': n = snprintf(text, sizeof text, "%c", va_arg(a->list, int)); break;
    case 'd':
    case 'i': n = snprintf(text, sizeof text, "%lld", take_signed(&c, a)); break;
    case 'u': n = snprintf(text, sizeof text, "%llu", take_unsigned(&c, a)); break;
    case 'x': n = snprintf(text, sizeof text, "%llx", take_unsigned(&c, a)); break;
    default: return false;
    }
    v->number = c.letter == 'd' || c.letter == 'i' || c.letter == 'u';
    add_text(v, text, n > 0 ? (size_t)n : 0);
    return true;
}

static void put_member(struct mj_buf *line, const char *name, const struct value *v)
{
    mj_buf_put(line, ",", 1);
    mj_buf_json(line, name);
    mj_buf_put(line, ":", 1);
    if (v->pieces == 1 && v->number)
        mj_buf_put(line, v->text, v->len);
    else if (v->pieces == 1 && v->null)
        mj_buf_put(line, "null", 4);
    else
        mj_buf_json(line, v->text);
}

/* "name=%conv other=%conv": what stands between = and the next space is one member. */
static void put_members(struct mj_buf *line, const char *fmt, struct args *a)
{
    bool known = true;
    while (known && *(fmt += strspn(fmt, " "))) {
        char name[64];
        size_t n = strcspn(fmt, "= ");
        snprintf(name, sizeof name, "%.*s", (int)n, fmt);
        fmt += n + (fmt[n] == '=');
        struct value v = { .len = 0 };
        while (known && *fmt && *fmt != ' ')
            if (*fmt == '%') {
                fmt++;
                known = add_conversion(&v, &fmt, a);
            } else {
                add_text(&v, fmt++, 1);
            }
        put_member(line, name, &v);
    }
}

static void write_line(const struct mj_buf *line)
{
    for (size_t done = 0; done < line->len;) {
        ssize_t n = write(STDERR_FILENO, line->data + done, line->len - done);
        if (n < 0 && errno != EINTR)
            return;                                          /* nowhere left to say so */
        done += n > 0 ? (size_t)n : 0;
    }
}

static void begin_line(struct mj_buf *line, enum mj_level level, const char *event)
{
    static const char *const names[] = { "debug", "info", "warn", "error" };
    char at[25];
    mj_utc_format(mj_wall_ms(env), at);
    mj_buf_printf(line, "{\"at\":\"%s\",\"level\":\"%s\",\"service\":", at, names[level]);
    mj_buf_json(line, service_name);
    mj_buf_printf(line, ",\"event\":");
    mj_buf_json(line, event);
}

void mj_log(enum mj_level level, const char *event, const char *fmt, ...)
{
    if (level < least_level)
        return;
    struct mj_buf line = MJ_BUF_INIT;
    struct args a;
    begin_line(&line, level, event);
    va_start(a.list, fmt);
    put_members(&line, fmt ? fmt : "", &a);
    va_end(a.list);
    mj_buf_put(&line, "}\n", 2);
    write_line(&line);
    mj_buf_free(&line);
}

void mj_log_failure(enum mj_level level, const char *event, const mj_error *err)
{
    mj_log(level, event, "code=%s reason=%s field=%s text=%s", mj_code_name(err->code), err->reason, err->field,
           err->text);
}

struct sample {
    char event[48];
    uint64_t since_ms;
    unsigned lines;
};

static struct sample samples[SAMPLE_NAMES];
static size_t sampled;
static pthread_mutex_t samples_lock = PTHREAD_MUTEX_INITIALIZER;

/* Of this event; the last place is for all that find no other. */
static struct sample *sample_of(const char *event, uint64_t now_ms)
{
    for (size_t i = 0; i < sampled; i++)
        if (strncmp(samples[i].event, event, sizeof samples[i].event - 1) == 0)
            return &samples[i];
    if (sampled == SAMPLE_NAMES)
        return &samples[SAMPLE_NAMES - 1];
    struct sample *s = &samples[sampled++];
    snprintf(s->event, sizeof s->event, "%s", event);
    s->since_ms = now_ms;
    return s;
}

int mj_log_sampled(const char *event)
{
    uint64_t now = mj_mono_ms(env);
    pthread_mutex_lock(&samples_lock);
    struct sample *s = sample_of(event, now);
    if (now - s->since_ms >= 60000) {
        s->since_ms = now;
        s->lines = 0;
    }
    int yes = s->lines < SAMPLE_LINES;
    s->lines += (unsigned)yes;
    pthread_mutex_unlock(&samples_lock);
    return yes;
}
