/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "common/service/metrics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Seconds. From half a millisecond, below which no answer of ours comes, to ten seconds, where callers give up. */
static const double bounds[] = { 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10 };
#define BOUNDS (sizeof bounds / sizeof *bounds)

struct mj_metric {
    struct mj_metric *next;              /* of the same name */
    enum mj_metric_kind kind;
    char *labels;
    double value;                        /* a histogram: the sum */
    uint64_t count;                      /* of observations */
    uint64_t buckets[BOUNDS];            /* observations at or below a bound and above the one before */
};

/* All metrics of one name: they must stand together in the text. */
struct family {
    struct family *next;
    enum mj_metric_kind kind;
    char *name, *help;
    struct mj_metric *first;
};

struct mj_metrics {
    struct family *first;
};

struct mj_metrics *mj_metrics_create(void)
{
    return mj_calloc(1, sizeof(struct mj_metrics));
}

static void free_family(struct family *f)
{
    for (struct mj_metric *x = f->first; x;) {
        struct mj_metric *next = x->next;
        free(x->labels);
        free(x);
        x = next;
    }
    free(f->name);
    free(f->help);
    free(f);
}

void mj_metrics_destroy(struct mj_metrics *m)
{
    if (!m)
        return;
    for (struct family *f = m->first; f;) {
        struct family *next = f->next;
        free_family(f);
        f = next;
    }
    free(m);
}

static struct family *family_of(struct mj_metrics *m, enum mj_metric_kind kind, const char *name, const char *help)
{
    struct family **at = &m->first;
    for (; *at; at = &(*at)->next)
        if (strcmp((*at)->name, name) == 0) {
            if ((*at)->kind == kind)
                return *at;
            fprintf(stderr, "metrics: %s is asked for as two kinds; give one of them another name\n", name);
            abort();
        }
    struct family *f = mj_calloc(1, sizeof *f);
    f->kind = kind;
    f->name = mj_strdup(name);
    f->help = mj_strdup(help);
    *at = f;
    return f;
}

struct mj_metric *mj_metric(struct mj_metrics *m, enum mj_metric_kind kind, const char *name, const char *labels,
                            const char *help)
{
    struct mj_metric **at = &family_of(m, kind, name, help)->first;
    for (; *at; at = &(*at)->next)
        if (strcmp((*at)->labels, labels) == 0)
            return *at;
    struct mj_metric *x = mj_calloc(1, sizeof *x);
    x->kind = kind;
    x->labels = mj_strdup(labels);
    *at = x;
    return x;
}

void mj_metric_add(struct mj_metric *x, double v)
{
    if (x->kind == MJ_GAUGE || v > 0)                        /* a counter never falls */
        x->value += v;
}

void mj_metric_set(struct mj_metric *x, double v)
{
    x->value = v;
}

void mj_metric_observe(struct mj_metric *x, double seconds)
{
    if (isnan(seconds))
        return;
    double v = seconds > 0 ? seconds : 0;
    size_t i = 0;
    while (i < BOUNDS && v > bounds[i])
        i++;
    if (i < BOUNDS)
        x->buckets[i]++;
    x->count++;
    x->value += v;
}

static void put_number(struct mj_buf *out, double v)
{
    if (isnan(v))
        mj_buf_printf(out, "NaN");
    else if (isinf(v))
        mj_buf_printf(out, v > 0 ? "+Inf" : "-Inf");
    else if (v == floor(v) && fabs(v) < 9007199254740992.0)  /* 2^53: whole numbers are exact below */
        mj_buf_printf(out, "%.0f", v);
    else
        mj_buf_printf(out, "%.9g", v);
}

static void put_sample(struct mj_buf *out, const char *name, const char *suffix, const char *labels, double v)
{
    const char *open = *labels ? "{" : "", *close = *labels ? "}" : "";
    mj_buf_printf(out, "%s%s%s%s%s ", name, suffix, open, labels, close);
    put_number(out, v);
    mj_buf_put(out, "\n", 1);
}

static void put_histogram(struct mj_buf *out, const char *name, const struct mj_metric *x)
{
    uint64_t below = 0;
    const char *comma = *x->labels ? "," : "";
    for (size_t i = 0; i < BOUNDS; i++) {
        below += x->buckets[i];
        mj_buf_printf(out, "%s_bucket{%s%sle=\"%g\"} %llu\n", name, x->labels, comma, bounds[i],
                      (unsigned long long)below);
    }
    mj_buf_printf(out, "%s_bucket{%s%sle=\"+Inf\"} %llu\n", name, x->labels, comma, (unsigned long long)x->count);
    put_sample(out, name, "_sum", x->labels, x->value);
    put_sample(out, name, "_count", x->labels, (double)x->count);
}

static void put_help(struct mj_buf *out, const struct family *f)
{
    static const char *const kinds[] = { [MJ_COUNTER] = "counter", [MJ_GAUGE] = "gauge", [MJ_HISTOGRAM] = "histogram" };
    mj_buf_printf(out, "# HELP %s ", f->name);
    for (const char *p = f->help; *p; p++)
        if (*p == '\n')
            mj_buf_put(out, "\\n", 2);
        else if (*p == '\\')
            mj_buf_put(out, "\\\\", 2);
        else
            mj_buf_put(out, p, 1);
    mj_buf_printf(out, "\n# TYPE %s %s\n", f->name, kinds[f->kind]);
}

void mj_metrics_write(const struct mj_metrics *m, struct mj_buf *out)
{
    for (const struct family *f = m->first; f; f = f->next) {
        put_help(out, f);
        for (const struct mj_metric *x = f->first; x; x = x->next)
            if (x->kind == MJ_HISTOGRAM)
                put_histogram(out, f->name, x);
            else
                put_sample(out, f->name, "", x->labels, x->value);
    }
}
