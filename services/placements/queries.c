/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "placements/queries.h"

#include <stdlib.h>
#include <string.h>

#include "placements/reasons.h"

#define TOKEN 8                          /* bytes of a page token */

uint32_t pl_page_size(uint32_t asked)
{
    return asked == 0 ? PL_PAGE_DEFAULT : asked > PL_PAGE_MAX ? PL_PAGE_MAX : asked;
}

static void *must(void *p)               /* arenas of answers have no ceiling: pages are bounded */
{
    if (p == NULL)
        abort();
    return p;
}

/* ---- page tokens ---- */

static int bad_token(mj_error *err)
{
    return mj_fail(err, MJ_INVALID_ARGUMENT, "PAGE_TOKEN", "page.token",
                   "expected next_token of the last answer, unchanged, got other bytes; start again without one");
}

int pl_token_number(const ProtobufCBinaryData *token, uint64_t *after, mj_error *err)
{
    *after = 0;
    if (token->len == 0)
        return 0;
    if (token->len != TOKEN)
        return bad_token(err);
    for (size_t i = 0; i < TOKEN; i++)
        *after = *after << 8 | token->data[i];
    return *after > INT64_MAX ? bad_token(err) : 0;
}

static uint8_t *token_of(uint64_t last, uint8_t token[TOKEN])
{
    for (int i = 0; i < TOKEN; i++)
        token[i] = (uint8_t)(last >> (8 * (TOKEN - 1 - i)));
    return token;
}

/* The page with its position, and the number after which it goes on (0: it does not). */
static int page_of(const struct mj_readers *r, uint64_t last, struct mj_arena *a,
                   Missionjeunes__Common__V1__PageResponse **ret, mj_error *err)
{
    uint8_t hash[MJ_HASH];
    Missionjeunes__Common__V1__PageResponse *page = must(mj_arena_alloc(a, sizeof *page));
    missionjeunes__common__v1__page_response__init(page);
    if (mj_tables_position(r->tables, "own", &page->at_position, hash, err) < 0)
        return -1;
    if (last != 0)
        page->next_token = (ProtobufCBinaryData){ TOKEN, token_of(last, must(mj_arena_alloc(a, TOKEN))) };
    *ret = page;
    return 0;
}

/* ---- one event ---- */

struct event_query { struct mj_arena *arena; GetEventResponse *out; struct pl_fate fate; uint8_t name[MJ_TAG];
                     bool named; mj_error *err; };

static int on_entry(void *arg, const struct mj_entry *e)
{
    struct event_query *q = arg;
    q->out->position = e->position;
    q->out->recorded_at_ms = e->recorded_at_ms;
    if (pl_fate_of(e, &q->fate, q->err) < 0)
        return -1;
    q->named = e->type == PL_ENTRY_ACCEPTED;
    if (q->named)
        memcpy(q->name, ((const struct pl_numbered *)e->value)->name, MJ_TAG);
    return 0;
}

/* What was unmatched is accepted once its placement is matched. */
static int with_placement(const struct mj_readers *r, struct event_query *q)
{
    struct pl_placement *p = NULL;
    struct pl_summary sum;
    if (!q->named)
        return 0;
    if (pl_placement_read(r->tables, q->name, &p, q->err) < 0)
        return -1;
    if (p == NULL)
        return 0;
    pl_placement_sum(p, &sum);
    q->out->placement = (Missionjeunes__Placements__V1__PlacementState)sum.state;
    if (p->matched && q->fate.outcome == PL_UNMATCHED)
        q->fate.outcome = PL_ACCEPTED;
    pl_placement_free(p);
    return 0;
}

int pl_query_event(const struct mj_readers *r, const char *siret, uint64_t number, struct mj_arena *a,
                   GetEventResponse *out, mj_error *err)
{
    struct event_query q = { .arena = a, .out = out, .err = err };
    struct pl_run run = { 0 };
    uint64_t positions[PL_RUN];
    if (number > 0 && pl_run_read(r->tables, siret, pl_run_of(number), &run, err) < 0)
        return -1;
    uint32_t count = run.count;
    pl_run_positions(&run, positions);
    pl_run_clear(&run);
    if (number == 0 || pl_run_index(number) >= count)
        return mj_fail(err, MJ_NOT_FOUND, "EVENT", "sequence",
                       "expected a number that this stream took, got a higher one or 0");
    if (pl_log_entry(r->log, positions[pl_run_index(number)], a, on_entry, &q, err) < 0 || with_placement(r, &q) < 0)
        return -1;
    EventException *x = must(mj_arena_alloc(a, sizeof *x));
    missionjeunes__placements__v1__exception__init(x);
    x->sequence = number;
    if (q.fate.outcome == PL_UNMATCHED && q.fate.reason[0] == '\0') {
        q.fate.reason = "PERSON_UNKNOWN";
        q.fate.field = "young_person";
    }
    x->outcome = (Missionjeunes__Placements__V1__Outcome)q.fate.outcome;
    x->reason = must(mj_arena_strdup(a, q.fate.reason));
    x->field = must(mj_arena_strdup(a, q.fate.field));
    x->message = (char *)(uintptr_t)pl_reason_text(x->reason);   /* constant; answers are packed, not freed */
    x->same_as = q.fate.same_as;
    out->state = x;
    return 0;
}

/* ---- exceptions ---- */

/* What was unmatched is accepted once its placement is matched. */
static const struct mj_sql list_exceptions = {
    "SELECT number, now, reason, field, same_as, recorded_at, late_days FROM ("
    " SELECT x.*, CASE WHEN outcome = 3 AND"
    " EXISTS(SELECT 1 FROM placements p WHERE p.id = x.placement AND p.matched = 1)"
    " THEN 1 ELSE outcome END AS now FROM exceptions x WHERE siret = $1 AND number > $2) AS listed"
    " WHERE ($3 >> now) & 1 = 1 AND ($4 = 0 OR late_days > 0) ORDER BY number LIMIT $5" };

struct exceptions_page { struct mj_arena *arena; ListExceptionsResponse *out; uint32_t size; bool more; };

static int exception_row(void *arg, const struct mj_result_row *r)
{
    struct exceptions_page *p = arg;
    if (p->out->n_exceptions == p->size) {
        p->more = true;
        return 1;
    }
    ListedException *row = must(mj_arena_alloc(p->arena, sizeof *row));
    EventException *x = must(mj_arena_alloc(p->arena, sizeof *x));
    missionjeunes__placements__v1__listed_exception__init(row);
    missionjeunes__placements__v1__exception__init(x);
    x->sequence = (uint64_t)mj_col_int(r, 0);
    x->outcome = (Missionjeunes__Placements__V1__Outcome)mj_col_int(r, 1);
    x->reason = must(mj_arena_strdup(p->arena, mj_col_text(r, 2)));
    x->field = must(mj_arena_strdup(p->arena, mj_col_text(r, 3)));
    x->message = (char *)(uintptr_t)pl_reason_text(x->reason);
    x->same_as = (uint64_t)mj_col_int(r, 4);
    row->state = x;
    row->recorded_at_ms = (uint64_t)mj_col_int(r, 5);
    row->late_days = (uint32_t)mj_col_int(r, 6);
    p->out->exceptions[p->out->n_exceptions++] = row;
    return 0;
}

int pl_query_exceptions(const struct mj_readers *r, const struct pl_exceptions_query *q, struct mj_arena *a,
                        ListExceptionsResponse *out, mj_error *err)
{
    struct exceptions_page p = { a, out, pl_page_size(q->size), false };
    unsigned all = 1u << PL_REJECTED | 1u << PL_DUPLICATE | 1u << PL_UNMATCHED | (q->late ? 1u << PL_ACCEPTED : 0);
    struct mj_value v[] = { mj_vt(q->siret), mj_vi((int64_t)q->after), mj_vi(q->outcomes != 0 ? q->outcomes : all),
                            mj_vi(q->late), mj_vi((int64_t)p.size + 1) };
    out->exceptions = must(mj_arena_alloc(a, p.size * sizeof *out->exceptions));
    if (mj_tables_query(r->tables, &list_exceptions, v, 5, exception_row, &p, err) < 0)
        return -1;
    uint64_t last = out->n_exceptions > 0 ? out->exceptions[out->n_exceptions - 1]->state->sequence : 0;
    return page_of(r, p.more ? last : 0, a, &out->page, err);
}

/* ---- placements ---- */

/* A placement's id is the position of its first entry: the stream's runs say where to look. */
static const struct mj_sql placement_at = { "SELECT name, matched, value FROM placements WHERE id = $1" };

/* A page looks at so many runs at most: numbers may tell of one placement for long, or of none. */
#define PAGE_RUNS 32

struct placements_page {
    struct mj_arena *arena;
    ListPlacementsResponse *out;
    uint32_t size;
    uint64_t after;                      /* up to this number all are listed */
    bool more;
    mj_error *err;
    int rc;
};

static char *date_text(struct mj_arena *a, mj_date d)
{
    char text[MJ_DATE_TEXT];
    return must(mj_arena_strdup(a, mj_date_format(d, text)));
}

static ListedPlacement *listed(struct mj_arena *a, const void *name, const struct pl_placement *p)
{
    struct pl_summary sum;
    ListedPlacement *row = must(mj_arena_alloc(a, sizeof *row));
    pl_placement_sum(p, &sum);
    missionjeunes__placements__v1__placement__init(row);
    row->name = (ProtobufCBinaryData){ MJ_TAG, must(mj_arena_copy(a, name, MJ_TAG)) };
    row->state = (Missionjeunes__Placements__V1__PlacementState)sum.state;
    row->young_person = must(mj_arena_strdup(a, p->young_person));
    row->unmatched = !p->matched;
    row->started_on = date_text(a, sum.started_on);
    row->start_implied = sum.start_implied;
    row->ended_on = date_text(a, sum.ended_on);
    row->contract_kind = (Missionjeunes__Placements__V1__ContractKind)sum.contract_kind;
    row->minutes = sum.minutes;
    return row;
}

static int placement_row(void *arg, const struct mj_result_row *r)
{
    struct placements_page *p = arg;
    struct pl_placement *placement = NULL;
    size_t name_len, len;
    const void *name = mj_col_blob(r, 0, &name_len), *bytes = mj_col_blob(r, 2, &len);
    if (p->out->n_placements == p->size) {
        p->more = true;
        return 1;
    }
    if (name_len != MJ_TAG)
        return 0;                        /* not a row of ours */
    p->rc = pl_placement_decode(&placement, bytes, len, p->err);
    if (p->rc < 0)
        return 1;
    placement->matched = mj_col_int(r, 1) != 0;
    p->out->placements[p->out->n_placements++] = listed(p->arena, name, placement);
    pl_placement_free(placement);
    return 0;
}

/* Lists what the rest of the run of p->after + 1 told of first; *ended: no run follows. */
static int list_run(struct mj_tables *t, const char *siret, struct placements_page *p, bool *ended)
{
    struct pl_run run = { 0 };
    uint64_t positions[PL_RUN];
    if (pl_run_read(t, siret, pl_run_of(p->after + 1), &run, p->err) < 0)
        return -1;
    uint32_t count = run.count;
    pl_run_positions(&run, positions);
    pl_run_clear(&run);
    for (uint32_t i = pl_run_index(p->after + 1); i < count; i++, p->after++) {
        struct mj_value id = mj_vi((int64_t)positions[i]);
        if (mj_tables_query(t, &placement_at, &id, 1, placement_row, p, p->err) < 0 || p->rc < 0)
            return -1;
        if (p->more)
            return 0;
    }
    *ended = count < PL_RUN;
    return 0;
}

int pl_query_placements(const struct mj_readers *r, const char *siret, uint64_t after, uint32_t size,
                        struct mj_arena *a, ListPlacementsResponse *out, mj_error *err)
{
    struct placements_page p = { .arena = a, .out = out, .size = pl_page_size(size), .after = after, .err = err };
    bool ended = false;
    out->placements = must(mj_arena_alloc(a, p.size * sizeof *out->placements));
    for (int runs = 0; runs < PAGE_RUNS && !ended && !p.more; runs++)
        if (list_run(r->tables, siret, &p, &ended) < 0)
            return -1;
    return page_of(r, ended ? 0 : p.after, a, &out->page, err);
}
