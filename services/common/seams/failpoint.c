/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "common/seams/failpoint.h"

#ifdef MJ_FAULT

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_POINTS 32

enum action { ACT_KILL, ACT_SLEEP, ACT_YIELD, ACT_ERROR };

struct point {
    char name[64];
    enum action action;
    unsigned long ms;                    /* of ACT_SLEEP */
    unsigned long at;                    /* the pass at which it happens, from 1 */
    bool always;                         /* and at every later one */
    atomic_ulong passes;
};

static struct point points[MAX_POINTS];
static size_t count;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static _Noreturn void refuse(const char *item)
{
    fprintf(stderr, "MJ_FAILPOINTS: expected name=kill|stop(ms)|delay(ms)|yield|error[@n[*]], got \"%s\"\n", item);
    abort();
}

/* Digits from *p on; moves *p behind them. */
static unsigned long read_number(char **p, const char *item)
{
    if (**p < '0' || **p > '9')
        refuse(item);
    errno = 0;
    unsigned long v = strtoul(*p, p, 10);
    if (errno)
        refuse(item);
    return v;
}

static void parse_action(struct point *x, char **p, const char *item)
{
    static const struct { const char *word; enum action action; } words[] = {
        { "kill", ACT_KILL }, { "stop(", ACT_SLEEP }, { "delay(", ACT_SLEEP }, { "yield", ACT_YIELD },
        { "error", ACT_ERROR },
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t n = strlen(words[i].word);
        if (strncmp(*p, words[i].word, n) != 0)
            continue;
        *p += n;
        x->action = words[i].action;
        if (x->action != ACT_SLEEP)
            return;
        x->ms = read_number(p, item);
        if (*(*p)++ != ')')
            refuse(item);
        return;
    }
    refuse(item);
}

static void parse_point(const char *item)
{
    char copy[128];
    char *equals = strchr(item, '=');
    if (count == MAX_POINTS || strlen(item) >= sizeof copy || !equals || equals == item ||
        (size_t)(equals - item) >= sizeof points->name)
        refuse(item);
    struct point *x = &points[count++];
    strcpy(copy, item);
    memcpy(x->name, item, (size_t)(equals - item));
    char *p = copy + (equals - item) + 1;
    parse_action(x, &p, item);
    x->at = 1;
    if (*p == '@') {
        p++;
        x->at = read_number(&p, item);
        x->always = *p == '*';
        p += x->always;
    }
    if (*p || x->at == 0)
        refuse(item);
}

static void parse_all(void)
{
    const char *set = getenv("MJ_FAILPOINTS");
    if (!set || !*set)
        return;
    char *copy = strdup(set), *rest = copy;
    if (!copy)
        abort();
    for (char *item; (item = strsep(&rest, ";"));)
        if (*item)
            parse_point(item);
    free(copy);
}

static void sleep_ms(unsigned long ms)
{
    struct timespec left = { (time_t)(ms / 1000), (long)(ms % 1000) * 1000000 };
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}

static int act(const struct point *x)
{
    switch (x->action) {
    case ACT_KILL:
        kill(getpid(), SIGKILL);
        for (;;)
            pause();                                         /* nothing more may happen in this process */
    case ACT_SLEEP: sleep_ms(x->ms); return 0;
    case ACT_YIELD: sched_yield(); return 0;
    case ACT_ERROR: return 1;
    }
    return 0;
}

int mj_failpoint(const char *name)
{
    if (pthread_once(&once, parse_all) != 0)
        abort();
    int failed = 0;
    for (size_t i = 0; i < count; i++) {
        struct point *x = &points[i];
        if (strcmp(x->name, name) != 0)
            continue;
        unsigned long pass = atomic_fetch_add(&x->passes, 1) + 1;
        if (pass == x->at || (x->always && pass > x->at))
            failed |= act(x);
    }
    return failed;
}

#endif
