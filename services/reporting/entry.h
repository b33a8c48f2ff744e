/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* entry: what an entry of a followed log tells, as far as figures need it; read once, straight from the packed bytes.
 * Pure. Fields that a newer writer added are passed over: entries evolve by addition. */
#ifndef MJ_REPORTING_ENTRY_H
#define MJ_REPORTING_ENTRY_H

#include "common/base/dates.h"
#include "common/base/ids.h"
#include "common/store/log.h"
#include "reporting/figure.h"

enum mj_rep_telling {
    MJ_REP_TELLS_ENROLLED,               /* person, siret (the Mission Locale's) */
    MJ_REP_TELLS_ACCEPTED,               /* siret (the stream's), name, and the fact */
    MJ_REP_TELLS_MATCHED,                /* siret, name, person */
    MJ_REP_TELLS_KNOWN,                  /* siret */
    MJ_REP_TELLS_REJECTED,               /* siret */
    MJ_REP_TELLS_TOTALS,                 /* siret, resends, conflicts */
};

/* What an accepted event tells; a correction tells what it corrects to. Numbers of placements.v1 Corrected. */
enum mj_rep_fact {
    MJ_REP_PROPOSED = 1, MJ_REP_REFUSED, MJ_REP_CONFIRMED, MJ_REP_STARTED, MJ_REP_HOURS, MJ_REP_EXTENDED, MJ_REP_ENDED,
    MJ_REP_CANCELLED,
};

struct mj_row;
struct mj_rep_told {
    enum mj_rep_telling what;
    enum mj_rep_fact fact;               /* 0: one that is not known here */
    int log;                             /* number of the log it stands in (positions.h) */
    uint64_t position;
    mj_date day;                         /* planned_start, on, or the week's Monday; MJ_NO_DATE */
    uint8_t contract;                    /* placements.v1 ContractKind */
    bool unmatched, implied_start, late;
    char siret[MJ_SIRET_LEN + 1];
    char person[MJ_PERSON_TEXT];         /* "" where none is named */
    uint8_t name[MJ_TAG];                /* the placement's */
    uint64_t resends, conflicts;
    /* The rows it is folded into, held from when they were found until it is folded (fold.c). */
    struct mj_row *stream_row, *placement_row, *person_row;
    bool rows_here;                      /* those that it needs */
};

/* Reads e->payload, of the log of that number (positions.h): 1; 0 for an entry that moves no figure. DATA_LOSS
 * ENTRY_BROKEN, ENTRY_DATE; UNIMPLEMENTED ENTRY_TYPE_UNKNOWN. */
int mj_rep_entry_read(struct mj_rep_told *ret, int log, const struct mj_entry *e, mj_error *err);

#endif
