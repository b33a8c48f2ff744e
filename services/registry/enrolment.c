/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "registry/enrolment.h"

#include "registry/rule.h"

#define AGE_PLAUSIBLE 110                /* years; more is a typing error */

static int check_birth(struct mj_enrolment *e, const pb_enrol *in, mj_error *err)
{
    /* The parser's own error would show what came: said again here without it. */
    if (mj_date_parse(&e->birth, in->birth_date, "birth_date", NULL) < 0)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "DATE_FORMAT", "birth_date",
                       "expected a civil date YYYY-MM-DD that exists; what came is not shown");
    if (e->birth > e->entry_on || mj_age_on(e->birth, e->entry_on) > AGE_PLAUSIBLE)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "BIRTH_DATE_IMPLAUSIBLE", "birth_date",
                       "expected a day before entry_on and at most %d years before it", AGE_PLAUSIBLE);
    return 0;
}

int mj_enrolment_check(struct mj_enrolment *ret, const pb_enrol *in, mj_date today, mj_error *err)
{
    struct mj_enrolment e = { .programme = (int)in->programme, .sex = (int)in->sex, .rqth = in->rqth };

    if (e.programme <= MJ_PROGRAMME_NONE || e.programme >= MJ_PROGRAMME_COUNT)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "PROGRAMME_UNKNOWN", "programme",
                       "expected PACEA (1) or CEJ (2), got %d", e.programme);
    if (e.sex < 0 || e.sex > 2)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "SEX_UNKNOWN", "sex", "expected 0 (not said), 1 or 2");
    if (mj_date_parse(&e.entry_on, in->entry_on, "entry_on", err) < 0)
        return -1;
    if (e.entry_on > today + MJ_ENTRY_AHEAD_DAYS)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "ENTRY_TOO_FAR", "entry_on",
                       "expected a day at most %d days ahead; enrol nearer to it", MJ_ENTRY_AHEAD_DAYS);
    if (check_birth(&e, in, err) < 0)
        return -1;
    *ret = e;
    return 0;
}

int mj_enrolment_decide(const struct mj_enrolment *e, const struct mj_age_rule *rule, unsigned *age, mj_error *err)
{
    int years, limit;

    if (!rule)
        return mj_fail(err, MJ_FAILED_PRECONDITION, "RULE_MISSING", "entry_on",
                       "no age rule of %s is in force on that day; check the day, or ask the operator for the rule",
                       mj_programme_name(e->programme));
    years = mj_age_on(e->birth, e->entry_on);
    limit = e->rqth ? rule->age_limit_rqth : rule->age_limit;
    if (years < rule->age_min || years >= limit)
        return mj_fail(err, MJ_FAILED_PRECONDITION, "AGE_OUTSIDE_RULE", "birth_date",
                       "rule %u of %s admits from %d to under %d years at entry (under %d with RQTH); the age at "
                       "entry_on lies outside", rule->version, mj_programme_name(e->programme), rule->age_min,
                       rule->age_limit, rule->age_limit_rqth);
    *age = (unsigned)years;
    return 0;
}
