/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* GetOrganisation, ListOrganisations, ListEnrolments: read from the tables, at a position that is on disk and holds all
 * that was acknowledged before the question came. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "registry/handlers.h"
#include "registry/messages.h"
#include "registry/registry.h"
#include "registry/tables.h"

#define AFTER_MAX 24                     /* bytes of a page token: an id and NUL */
#define PAGE_DEFAULT 100

typedef Missionjeunes__Common__V1__PageRequest pb_page_request;
typedef Missionjeunes__Common__V1__PageResponse pb_page_response;

/* One question, from its arrival to its answer. Made by question_create, freed by its done. */
struct question {
    struct mj_row_query query;           /* first */
    struct mj_request *rq;
    struct mj_partition *partition;
    char after[AFTER_MAX];               /* id asked for, or the page's token */
    char region[3], mission_locale[MJ_SIRET_LEN + 1];
    int kind;
    size_t max, count;                   /* max: one more than the page, to know whether there is more */
    uint64_t position;
    bool found;
    struct mj_organisation_row *organisations;
    struct mj_enrolment_row *enrolments;
};

static struct question *question_create(struct mj_request *rq, struct mj_partition *p)
{
    struct question *q = mj_calloc(1, sizeof *q);

    q->rq = rq;
    q->partition = p;
    return q;
}

static void question_destroy(struct question *q)
{
    free(q->organisations);
    free(q->enrolments);
    free(q);
}

static void ask_tables(void *arg, bool late)
{
    struct question *q = arg;

    (void)late;                          /* the answer names the position it was read at */
    mj_rows_query(mj_partition_rows(q->partition), &q->query);
}

static int ask(struct question *q, int (*run)(struct mj_row_query *, const struct mj_readers *, mj_error *),
               void (*done)(struct mj_row_query *, const mj_error *))
{
    q->query.run = run;
    q->query.done = done;
    mj_partition_at_least(q->partition, mj_partition_durable(q->partition), ask_tables, q);
    return 0;
}

/* Reads what read gives, with the position of the same state of the tables. */
static int read_at_once(struct question *q, const struct mj_readers *r,
                        int (*read)(struct question *q, struct mj_tables *t, mj_error *err), mj_error *err)
{
    uint8_t hash[MJ_HASH];
    uint64_t generation;
    int rc;

    if (mj_tables_begin(r->tables, &generation, err) < 0)
        return -1;
    rc = mj_tables_position(r->tables, "own", &q->position, hash, err);
    if (rc == 0)
        rc = read(q, r->tables, err);
    mj_tables_end(r->tables);
    return rc;
}

static int take_page(struct question *q, const pb_page_request *page, mj_error *err)
{
    size_t size = page && page->size ? page->size : PAGE_DEFAULT;

    q->max = (size > MJ_PAGE_MAX ? MJ_PAGE_MAX : size) + 1;
    if (!page || !page->token.len)
        return 0;
    if (page->token.len >= AFTER_MAX || memchr(page->token.data, 0, page->token.len))
        return mj_fail(err, MJ_INVALID_ARGUMENT, "PAGE_TOKEN", "page.token",
                       "expected the last answer's token, as it came");
    memcpy(q->after, page->token.data, page->token.len);
    return 0;
}

/* Cuts the extra row off and says where to go on. */
static void give_page(struct question *q, const char *last, pb_page_response *page)
{
    page->at_position = q->position;
    if (q->count < q->max)
        return;
    q->count--;
    page->next_token = (ProtobufCBinaryData){ strlen(last), (uint8_t *)last };
}

static pb_organisation to_wire(struct mj_organisation *o)
{
    pb_organisation m = MISSIONJEUNES__REGISTRY__V1__ORGANISATION__INIT;

    m.kind = (Missionjeunes__Registry__V1__OrganisationKind)o->kind;
    m.id = o->id;
    m.name = o->name;
    m.commune = o->commune;
    m.region = o->region;
    m.parent = o->parent;
    return m;
}

/* ---- GetOrganisation ---- */

static int read_organisation(struct question *q, struct mj_tables *t, mj_error *err)
{
    return mj_query_organisation(t, q->after, q->organisations, &q->found, err);
}

static int get_run(struct mj_row_query *query, const struct mj_readers *r, mj_error *err)
{
    return read_at_once((struct question *)query, r, read_organisation, err);
}

static void get_done(struct mj_row_query *query, const mj_error *err)
{
    struct question *q = (struct question *)query;
    Missionjeunes__Registry__V1__GetOrganisationResponse answer =
        MISSIONJEUNES__REGISTRY__V1__GET_ORGANISATION_RESPONSE__INIT;
    mj_error missing;

    if (!err && !q->found) {
        mj_fail(&missing, MJ_NOT_FOUND, "ORGANISATION_UNKNOWN", "id", "no organisation is declared under this id");
        err = &missing;
    }
    if (err) {
        mj_reply_error(q->rq, err);
    } else {
        pb_organisation organisation = to_wire(&q->organisations[0].is);

        answer.organisation = &organisation;
        mj_reply(q->rq, &answer.base);
    }
    question_destroy(q);
}

int mj_get_organisation(void *app, struct mj_request *rq, mj_error *err)
{
    const Missionjeunes__Registry__V1__GetOrganisationRequest *in = mj_request_body(rq);
    struct mj_registry *r = app;
    struct mj_partition *p;
    struct question *q;

    if (strlen(in->id) == MJ_SIREN_LEN ? mj_siren_check(in->id, "id", err) : mj_siret_check(in->id, "id", err))
        return -1;
    if (mj_daemon_partition_for(r->daemon, "FR", &p, err) < 0)
        return -1;
    q = question_create(rq, p);
    snprintf(q->after, sizeof q->after, "%s", in->id);
    q->organisations = mj_calloc(1, sizeof q->organisations[0]);
    return ask(q, get_run, get_done);
}

/* ---- ListOrganisations ---- */

static int read_organisations(struct question *q, struct mj_tables *t, mj_error *err)
{
    return mj_query_organisations(t, q->after, q->kind, q->region, q->organisations, q->max, &q->count, err);
}

static int organisations_run(struct mj_row_query *query, const struct mj_readers *r, mj_error *err)
{
    return read_at_once((struct question *)query, r, read_organisations, err);
}

static void reply_organisations(struct question *q)
{
    Missionjeunes__Registry__V1__ListOrganisationsResponse answer =
        MISSIONJEUNES__REGISTRY__V1__LIST_ORGANISATIONS_RESPONSE__INIT;
    pb_page_response page = MISSIONJEUNES__COMMON__V1__PAGE_RESPONSE__INIT;
    pb_organisation *rows = mj_calloc(q->count + 1, sizeof *rows), **list = mj_calloc(q->count + 1, sizeof *list);

    give_page(q, q->count > 1 ? q->organisations[q->count - 2].is.id : "", &page);
    for (size_t i = 0; i < q->count; i++) {
        rows[i] = to_wire(&q->organisations[i].is);
        list[i] = &rows[i];
    }
    answer.n_organisations = q->count;
    answer.organisations = list;
    answer.page = &page;
    mj_reply(q->rq, &answer.base);
    free(list);
    free(rows);
}

static void organisations_done(struct mj_row_query *query, const mj_error *err)
{
    struct question *q = (struct question *)query;

    if (err)
        mj_reply_error(q->rq, err);
    else
        reply_organisations(q);
    question_destroy(q);
}

int mj_list_organisations(void *app, struct mj_request *rq, mj_error *err)
{
    const Missionjeunes__Registry__V1__ListOrganisationsRequest *in = mj_request_body(rq);
    struct mj_registry *r = app;
    struct mj_partition *p;
    struct question *q;

    if (*in->region && mj_region_check(in->region, "region", err) < 0)
        return -1;
    if (mj_daemon_partition_for(r->daemon, "FR", &p, err) < 0)
        return -1;
    q = question_create(rq, p);
    if (take_page(q, in->page, err) < 0) {
        question_destroy(q);
        return -1;
    }
    q->kind = (int)in->kind;
    snprintf(q->region, sizeof q->region, "%s", in->region);
    q->organisations = mj_calloc(q->max, sizeof q->organisations[0]);
    return ask(q, organisations_run, organisations_done);
}

/* ---- ListEnrolments ---- */

static int read_enrolments(struct question *q, struct mj_tables *t, mj_error *err)
{
    return mj_query_enrolments(t, q->mission_locale, q->after, q->enrolments, q->max, &q->count, err);
}

static int enrolments_run(struct mj_row_query *query, const struct mj_readers *r, mj_error *err)
{
    return read_at_once((struct question *)query, r, read_enrolments, err);
}

struct wire_enrolment { pb_enrolment is; char entry_on[MJ_DATE_TEXT]; };

static void reply_enrolments(struct question *q)
{
    Missionjeunes__Registry__V1__ListEnrolmentsResponse answer =
        MISSIONJEUNES__REGISTRY__V1__LIST_ENROLMENTS_RESPONSE__INIT;
    pb_page_response page = MISSIONJEUNES__COMMON__V1__PAGE_RESPONSE__INIT;
    struct wire_enrolment *rows = mj_calloc(q->count + 1, sizeof *rows);
    pb_enrolment **list = mj_calloc(q->count + 1, sizeof *list);

    give_page(q, q->count > 1 ? q->enrolments[q->count - 2].id : "", &page);
    for (size_t i = 0; i < q->count; i++) {
        struct mj_enrolment_row *e = &q->enrolments[i];

        rows[i].is = (pb_enrolment)MISSIONJEUNES__REGISTRY__V1__ENROLMENT__INIT;
        rows[i].is.young_person = e->id;
        rows[i].is.programme = (Missionjeunes__Registry__V1__Programme)e->programme;
        rows[i].is.entry_on = mj_date_format(e->entry_on, rows[i].entry_on);
        rows[i].is.rule_version = e->rule_version;
        rows[i].is.mission_locale = e->mission_locale;
        list[i] = &rows[i].is;
    }
    answer.n_enrolments = q->count;
    answer.enrolments = list;
    answer.page = &page;
    mj_reply(q->rq, &answer.base);
    free(list);
    free(rows);
}

static void enrolments_done(struct mj_row_query *query, const mj_error *err)
{
    struct question *q = (struct question *)query;

    if (err)
        mj_reply_error(q->rq, err);
    else
        reply_enrolments(q);
    question_destroy(q);
}

int mj_list_enrolments(void *app, struct mj_request *rq, mj_error *err)
{
    const Missionjeunes__Registry__V1__ListEnrolmentsRequest *in = mj_request_body(rq);
    const struct mj_principal *caller = mj_request_who(rq);
    const char *region = mj_request_header(rq)->region;
    struct mj_registry *r = app;
    struct mj_partition *p;
    struct question *q;

    if (mj_region_check(region, "header.region", err) < 0)
        return -1;
    if (!mj_principal_in(caller, region))
        return mj_fail(err, MJ_PERMISSION_DENIED, "NOT_YOUR_REGION", "header.region",
                       "the caller is not entitled in region %s", region);
    if (mj_daemon_partition_for(r->daemon, region, &p, err) < 0)
        return -1;
    q = question_create(rq, p);
    if (take_page(q, in->page, err) < 0) {
        question_destroy(q);
        return -1;
    }
    snprintf(q->mission_locale, sizeof q->mission_locale, "%s", caller->organisation);
    q->enrolments = mj_calloc(q->max, sizeof q->enrolments[0]);
    return ask(q, enrolments_run, enrolments_done);
}
