/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* person: what is known of a young person, and what it adds to the figures. Pure.
 *
 * A contribution is a function of the person's facts alone: an entry that touches the person takes the old
 * contribution off and puts the new one on, so neither order nor repetition can matter, and a correction lowers
 * what it must. */
#ifndef MJ_REPORTING_PERSON_H
#define MJ_REPORTING_PERSON_H

#include "common/base/buf.h"
#include "common/base/crypto.h"
#include "common/base/ids.h"
#include "reporting/figure.h"
#include "reporting/placement.h"

struct mj_rep_fact {                     /* one placement of the person, as far as it counts */
    char region[MJ_REGION_TEXT];         /* of the log it stands in */
    uint8_t name[MJ_TAG];
    char stream[MJ_SIRET_LEN + 1];
    bool mission;
    uint16_t year;                       /* 0 where not known */
};

struct mj_rep_person {
    char mission_locale[MJ_SIRET_LEN + 1];       /* "" until the enrolment is known */
    char region[MJ_REGION_TEXT];         /* of the Mission Locale */
    struct mj_rep_fact *facts;           /* by region, then name */
    size_t count, capacity;
};

struct mj_rep_person *mj_rep_person_create(void);
void mj_rep_person_free(struct mj_rep_person *p);
void mj_rep_person_enrol(struct mj_rep_person *p, const char *mission_locale, const char *region);
/* Takes what a placement tells now. False where nothing changed. */
bool mj_rep_person_set(struct mj_rep_person *p, const char *region, const uint8_t name[MJ_TAG],
                       const struct mj_rep_placement *placement);

/* The facts as bytes for a table, and back; DATA_LOSS PERSON_ROW. */
void mj_rep_person_pack(const struct mj_rep_person *p, struct mj_buf *out);
int mj_rep_person_unpack(struct mj_rep_person *p, const uint8_t *bytes, size_t len, mj_error *err);

/* A sorted set of cells without zeroes, to be freed with mj_rep_contribution_free. */
struct mj_rep_contribution { struct mj_rep_cell *cells; size_t count, capacity; };
#define MJ_REP_CONTRIBUTION_INIT { NULL, 0, 0 }
/* Writes it anew into ret, whose memory is used again. */
void mj_rep_contribution_of(const struct mj_rep_person *p, struct mj_rep_contribution *ret);
void mj_rep_contribution_free(struct mj_rep_contribution *c);
/* Calls each for every cell that differs, with after - before as its value. */
void mj_rep_contribution_difference(const struct mj_rep_contribution *before, const struct mj_rep_contribution *after,
                                    void (*each)(void *arg, const struct mj_rep_cell *delta), void *arg);

#endif
