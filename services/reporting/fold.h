/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* fold: entries of registry's and placements' logs into rows and cells, as the domain of reporting's model.
 *
 * What comes out is a function of the set of entries, whatever the order in which the logs arrive: a row is fed by
 * one log only, but for a young person's, which is a set of facts and one enrolment; and cells are sums over rows. */
#ifndef MJ_REPORTING_FOLD_H
#define MJ_REPORTING_FOLD_H

#include "common/store/model.h"
#include "reporting/cells.h"

struct mj_rep_fold;
struct mj_rep_fold_events {
    void (*ready)(void *arg, const uint8_t epoch[16]);   /* cells are loaded; epoch names this fold */
    void (*folded)(void *arg, const char *region, uint32_t entries);     /* a commit of that region is in the cells */
    void *arg;
};
struct mj_rep_fold *mj_rep_fold_create(struct mj_rep_cells *cells, const struct mj_rep_fold_events *events);
void mj_rep_fold_destroy(struct mj_rep_fold *f);

/* Template of the model's domain; app is a struct mj_rep_fold. */
extern const struct mj_model_domain mj_rep_domain;

#endif
