/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "registry/rule.h"

#include "registry/text.h"

#define AGE_MIN 10
#define AGE_MAX 99

/* Codes of law in force at the first release; later ones are set by the operator, as data. */
const struct mj_default_rule mj_default_rules[] = {
    { MJ_PACEA, "2017-01-01", "Code du travail, art. L.5131-4", 16, 26, 26 },
    { MJ_CEJ, "2022-03-01",
      "Code du travail, art. L.5131-6; accord régional Pays de la Loire du 15/11/2022, préambule", 16, 26, 30 },
    { MJ_PROGRAMME_NONE, NULL, NULL, 0, 0, 0 },
};

const char *mj_programme_name(int programme)
{
    return programme == MJ_PACEA ? "PACEA" : programme == MJ_CEJ ? "CEJ" : "unknown";
}

int mj_rule_check(struct mj_age_rule *ret, const pb_rule *in, mj_error *err)
{
    struct mj_age_rule r = { .programme = (int)in->programme };

    if (r.programme <= MJ_PROGRAMME_NONE || r.programme >= MJ_PROGRAMME_COUNT)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "PROGRAMME_UNKNOWN", "programme",
                       "expected PACEA (1) or CEJ (2), got %d", r.programme);
    if (in->version != 0)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "SET_BY_REGISTRY", "version",
                       "expected 0: registry gives the version");
    if (mj_date_parse(&r.valid_from, in->valid_from, "valid_from", err) < 0)
        return -1;
    if (in->age_min < AGE_MIN || in->age_min > AGE_MAX)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "AGE_RANGE", "age_min", "expected %d to %d years, got %u", AGE_MIN,
                       AGE_MAX, in->age_min);
    if (in->age_limit <= in->age_min || in->age_limit > AGE_MAX)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "AGE_RANGE", "age_limit", "expected %u to %d years, got %u",
                       in->age_min + 1, AGE_MAX, in->age_limit);
    if (in->age_limit_rqth < in->age_limit || in->age_limit_rqth > AGE_MAX)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "AGE_RANGE", "age_limit_rqth", "expected %u to %d years, got %u",
                       in->age_limit, AGE_MAX, in->age_limit_rqth);
    if (mj_text_check(in->source, "source", err) < 0)
        return -1;
    r.age_min = (int)in->age_min;
    r.age_limit = (int)in->age_limit;
    r.age_limit_rqth = (int)in->age_limit_rqth;
    *ret = r;
    return 0;
}
