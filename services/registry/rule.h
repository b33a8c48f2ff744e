/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* rule: age rules of the programmes, as rows of data. Pure.
 *
 * A rule is for entries from valid_from on; a later row, or a higher version from the same date, takes its place.
 * Setting one changes the next decision and none before. */
#ifndef MJ_REGISTRY_RULE_H
#define MJ_REGISTRY_RULE_H

#include "common/auth/who.h"
#include "registry/messages.h"

/* Checks a row. INVALID_ARGUMENT PROGRAMME_UNKNOWN, SET_BY_REGISTRY (version filled in), DATE_*, AGE_RANGE, TEXT_*
 * (source). ret->version stays 0: registry gives last + 1. */
int mj_rule_check(struct mj_age_rule *ret, const pb_rule *in, mj_error *err);

/* The rows a new platform starts with, in order; programme NONE ends them. */
struct mj_default_rule {
    enum mj_programme programme;
    const char *valid_from, *source;
    uint32_t age_min, age_limit, age_limit_rqth;
};
extern const struct mj_default_rule mj_default_rules[];
/* "PACEA" ... */
const char *mj_programme_name(int programme);

#endif
