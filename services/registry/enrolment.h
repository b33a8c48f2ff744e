/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* enrolment: may this young person enter the programme on that day? Pure.
 *
 * Age is counted in whole years on the civil birthday (Code civil), at the day of entry; nothing that happens later
 * changes the answer (lifecycle e.3). Birth date and sex appear in no error text. */
#ifndef MJ_REGISTRY_ENROLMENT_H
#define MJ_REGISTRY_ENROLMENT_H

#include <stdbool.h>

#include "common/auth/who.h"
#include "registry/messages.h"

#define MJ_ENTRY_AHEAD_DAYS 90           /* an entry may be decided so long before its day */

struct mj_enrolment {
    int programme, sex;
    bool rqth;
    mj_date birth, entry_on;
};

/* Checks the request alone; today is the local day of the Mission Locale's region. INVALID_ARGUMENT DATE_FORMAT or
 * DATE_RANGE, PROGRAMME_UNKNOWN, SEX_UNKNOWN, ENTRY_TOO_FAR, BIRTH_DATE_IMPLAUSIBLE. */
int mj_enrolment_check(struct mj_enrolment *ret, const pb_enrol *in, mj_date today, mj_error *err);
/* Decides with the rule in force on entry_on (NULL: none is). *age gets the age in whole years at entry.
 * FAILED_PRECONDITION RULE_MISSING, AGE_OUTSIDE_RULE (field birth_date; names the rule and its bounds only). */
int mj_enrolment_decide(const struct mj_enrolment *e, const struct mj_age_rule *rule, unsigned *age, mj_error *err);

#endif
