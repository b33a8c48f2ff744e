/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* model: a read model folded from logs of other services: rows and tables, with one position for each log followed.
 * Loop thread only. Figures in it must be a function of the set of entries folded, never of the order in which the
 * logs arrived (a property test folds random interleavings). */
#ifndef MJ_STORE_MODEL_H
#define MJ_STORE_MODEL_H

#include "common/store/rows.h"

struct mj_model;
struct mj_model_domain {
    const char *schema_name, *schema;
    /* Optional: reads an entry's payload once, before needs and fold, into value: e->value from then on, of value_size
     * bytes, not cleared. Pure. 1: it is read; 0: it tells nothing, and is passed over. -1: DATA_LOSS or UNIMPLEMENTED,
     * the commit is not taken. */
    int (*read)(void *app, const char *service, const char *region, const struct mj_entry *e, void *value,
                mj_error *err);
    size_t value_size;
    /* Asks for the rows that folding the entry will read; true when all are in memory. It is asked again, for every
     * entry of the commit, after rows were fetched; what it holds (mj_row_hold) it need not look for then. Optional. */
    bool (*needs)(void *app, struct mj_model *m, const char *service, const char *region, const struct mj_entry *e,
                  struct mj_row_waiter *w);
    /* Folds one entry of a followed log. -1 (DATA_LOSS, or UNIMPLEMENTED for an unknown type) ends the process. */
    int (*fold)(void *app, struct mj_model *m, const char *service, const char *region, const struct mj_entry *e,
                mj_error *err);
    /* Optional: after each commit folded. */
    void (*folded)(void *app, struct mj_model *m, const char *service, const char *region, uint64_t position,
                   uint64_t recorded_at_ms);
    /* Optional: after opening and after a reset, to build what the app keeps besides rows. */
    int (*ready)(void *app, struct mj_model *m, mj_error *err);
    void *app;
};

int mj_model_open(struct mj_model **ret, const struct mj_threads *threads, const char *directory,
                  const struct mj_model_domain *domain, mj_error *err);
/* Writes what is folded, then calls fn. */
void mj_model_drain(struct mj_model *m, void (*fn)(void *arg), void *arg);
void mj_model_close(struct mj_model *m);

/* The position and hash to follow a log from: next position (1 for none held). */
uint64_t mj_model_next(struct mj_model *m, const char *service, const char *region, uint8_t hash[MJ_HASH]);
/* Takes a commit that starts at next; fits the chain, or DATA_LOSS; holds no unknown type below 16, or UNIMPLEMENTED.
 * Its block must stay as it is until done is called: once, when it is folded and there is room for another
 * (back-pressure), or at the latest by mj_model_close: stop followers before it. */
int mj_model_take(struct mj_model *m, const char *service, const char *region, const struct mj_commit *c,
                  void (*done)(void *arg), void *arg, mj_error *err);
/* A followed log is not the one that was folded (DIVERGED): sets the tables aside for an operator and starts from
 * nothing; every log is followed from 1 again. */
int mj_model_start_over(struct mj_model *m, mj_error *err);
struct mj_rows *mj_model_rows(struct mj_model *m);
/* 16 random bytes made with the tables; changes on start_over: names this fold. */
const uint8_t *mj_model_epoch(const struct mj_model *m);

#endif
