/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Any order in which the same facts can be told, with any of them told again, gives the same placement, and each
 * fact counts once. Corrections follow what they correct, in their own order: they are the only facts with one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "placements/placement.h"
#include "support/events.h"

#define TRIALS 3000
#define FACTS_MAX 24

static uint64_t seed;

static uint32_t below(uint32_t n)        /* splitmix64 */
{
    uint64_t z = seed += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ (z >> 31)) % n);
}

struct story {
    struct draft drafts[FACTS_MAX];
    int after[FACTS_MAX];                /* -1, or whom it follows */
    size_t count;
};

static struct draft *add(struct story *s, enum pl_kind kind, mj_date on, mj_date until, int after)
{
    char from[MJ_DATE_TEXT], to[MJ_DATE_TEXT], week[MJ_WEEK_TEXT];
    struct draft *d = &s->drafts[s->count];
    mj_date_format(on, from);
    mj_date_format(until, to);
    mj_week_format(on, week);
    draft_make(d, "M-1", kind, kind == PL_HOURS ? week : from, to);
    s->after[s->count++] = after;
    if (after >= 0)
        draft_correct(d);
    return d;
}

/* A mission whose dates agree, with corrections that keep them so. */
static void write_story(struct story *s)
{
    mj_date start = mj_date_of(2026, 1, 1) + (mj_date)below(300), end = start + 14 + (mj_date)below(60);
    s->count = 0;
    if (below(2))
        add(s, PL_PROPOSED, start, end, -1);
    if (below(2))
        add(s, PL_CONFIRMED, start, end, -1);
    if (below(3)) {
        add(s, PL_STARTED, start, end, -1);
        if (below(2)) {
            add(s, PL_STARTED, start - 1, end, (int)s->count - 1);
            if (below(2))
                add(s, PL_STARTED, start - 2, end, (int)s->count - 1);
        }
    }
    for (mj_date monday = start, weeks = (mj_date)below(5); weeks > 0 && monday <= end; weeks--, monday += 7) {
        add(s, PL_HOURS, monday, end, -1)->hours.minutes = 60 * (1 + below(40));
        if (below(4) == 0)
            add(s, PL_HOURS, monday, end, (int)s->count - 1)->hours.minutes = 7;
    }
    if (below(3) == 0)
        add(s, PL_EXTENDED, end + 7, end, -1);
    if (below(2))
        add(s, PL_ENDED, end, end, -1)->ended.motive = (Missionjeunes__Placements__V1__EndMotive)(1 + below(5));
    if (s->count > 0 && below(6) == 0) {                 /* the mission never took place: after all the others */
        add(s, PL_CANCELLED, start, end, 0);
        s->after[s->count - 1] = FACTS_MAX;
    }
}

static bool may_come(const struct story *s, const bool told[FACTS_MAX], size_t i)
{
    if (told[i] || s->after[i] < 0)
        return !told[i];
    if (s->after[i] < FACTS_MAX)
        return told[s->after[i]];
    for (size_t k = 0; k < s->count; k++)
        if (k != i && !told[k])
            return false;
    return true;
}

static bool is_replaced(const struct story *s, const bool told[FACTS_MAX], size_t i)
{
    for (size_t k = 0; k < s->count; k++)
        if (told[k] && s->after[k] == (int)i)
            return true;
    return false;
}

static struct pl_placement *apply(struct pl_placement *before, uint64_t number, const struct pl_event *ev)
{
    struct pl_placement *p = pl_placement_apply(before, number, ev);
    if (p != before)
        pl_placement_free(before);
    return p;
}

/* Tells the story in a random order with random repeats; says how many were taken. */
static size_t tell(const struct story *s, struct pl_placement **placement)
{
    struct pl_placement *p = *placement;
    bool told[FACTS_MAX] = { false };
    size_t taken = 0;
    uint64_t number = 0;
    for (size_t left = s->count; left > 0;) {
        size_t i = below((uint32_t)s->count);
        bool again = told[i] && !(s->after[i] >= 0 && is_replaced(s, told, i));
        struct pl_verdict v;
        struct pl_event ev;
        struct made m;
        mj_error err;
        if (!again && !may_come(s, told, i))
            continue;
        assert_true(draft_read(&s->drafts[i], &m, &ev));
        assert_int_equal(pl_placement_judge(p->count ? p : NULL, &ev, &v, &err), 0);
        assert_int_equal(v.judgement, again ? PL_KNOW : PL_TAKE);
        number++;
        if (again)
            continue;
        p = apply(p, number, &ev);
        told[i] = true;
        left--;
        taken++;
    }
    *placement = p;
    return taken;
}

static void same_facts(const struct pl_placement *a, const struct pl_placement *b)
{
    struct pl_summary x, y;
    pl_placement_sum(a, &x);
    pl_placement_sum(b, &y);
    assert_int_equal(x.state, y.state);
    assert_int_equal(x.started_on, y.started_on);
    assert_int_equal(x.start_implied, y.start_implied);
    assert_int_equal(x.ended_on, y.ended_on);
    assert_int_equal(x.contract_kind, y.contract_kind);
    assert_int_equal(x.minutes, y.minutes);
    assert_int_equal(a->count, b->count);
    assert_string_equal(a->young_person, b->young_person);
    for (uint32_t i = 0; i < a->count; i++)
        assert_true(a->facts[i].tag == b->facts[i].tag);
}

static void any_order_and_any_repeat_gives_the_same_placement(void **state)
{
    static struct story s;
    (void)state;
    for (unsigned trial = 0; trial < TRIALS; trial++) {
        struct pl_placement *a = pl_placement_create("41234567100011", 1);
        struct pl_placement *b = pl_placement_create("41234567100011", PL_ROOM);
        write_story(&s);
        assert_int_equal(tell(&s, &a), s.count);
        assert_int_equal(tell(&s, &b), s.count);
        same_facts(a, b);
        pl_placement_free(a);
        pl_placement_free(b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(any_order_and_any_repeat_gives_the_same_placement) };
    const char *given = getenv("MJ_SEED");
    seed = given ? strtoull(given, NULL, 10) : 20261121;
    print_message("MJ_SEED=%llu\n", (unsigned long long)seed);
    if (mj_crypto_init(NULL) < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
