/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* person: what is known of a young person, and what it adds to the figures. Pure.
 *
 * A person is an enrolment and a set of missions, summed up by agency and year. What it adds to the figures is a
 * function of these alone; each change tells by how much every cell moves, so neither order nor repetition can matter,
 * and a correction lowers what it must. */
#ifndef MJ_REPORTING_PERSON_H
#define MJ_REPORTING_PERSON_H

#include "common/base/buf.h"
#include "common/base/error.h"
#include "common/base/codes.h"
#include "reporting/figure.h"

struct mj_rep_missions {                 /* of one agency that began in one year */
    char stream[MJ_SIRET_LEN + 1];
    uint16_t year;                       /* 0 where not known */
    uint32_t count;                      /* never 0 */
};

struct mj_rep_person {
    int64_t born;                        /* its number in the tables (tables.h) */
    char mission_locale[MJ_SIRET_LEN + 1];       /* "" until the enrolment is known: nothing counts before */
    char region[MJ_REGION_TEXT];         /* of the Mission Locale */
    uint32_t groups, capacity;
    struct mj_rep_missions *missions;    /* by stream, then year: few, whatever the number of placements */
};

struct mj_rep_person *mj_rep_person_create(void);
void mj_rep_person_free(struct mj_rep_person *p);
/* change is called for every cell that moves. */
void mj_rep_person_enrol(struct mj_rep_person *p, const char *mission_locale, const char *region,
                         mj_rep_change_fn *change, void *arg);
/* by: missions more, or fewer; never below none. */
void mj_rep_person_add(struct mj_rep_person *p, const char *stream, int year, int64_t by, mj_rep_change_fn *change,
                       void *arg);

/* All but born as bytes for a table, and back; DATA_LOSS PERSON_ROW. */
void mj_rep_person_pack(const struct mj_rep_person *p, struct mj_buf *out);
int mj_rep_person_unpack(struct mj_rep_person *p, const uint8_t *bytes, size_t len, mj_error *err);

#endif
