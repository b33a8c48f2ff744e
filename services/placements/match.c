/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Matching: placements whose young person was not known are matched when registry enrols that person.
 *
 * The table `unmatched` holds who waits; memory holds their ids, up to a bound beyond which every enrolment is looked
 * for in the table. When an enrolment hits the set, or at start for the whole table, one job a partition at a
 * time: tables are brought up to date, what waits is read from them, and a Match command writes PlacementMatched for
 * each placement that is still unmatched and whose person is known by then. A job that cannot run (disk full, tables
 * late) is tried again by the timer. */
#include <stdlib.h>
#include <string.h>

#include "common/service/logging.h"
#include "placements/app.h"

#define ITEMS_MAX 256                    /* placements of one Match command */
#define PEOPLE_MAX 64                    /* people looked up at once */

struct item { char person[MJ_PERSON_TEXT]; uint8_t name[MJ_TAG]; };

struct pl_matching {
    struct mj_command command;           /* first: done casts back */
    struct mj_row_query query;
    struct pl_part *part;
    char (*queue)[MJ_PERSON_TEXT];       /* people enrolled, oldest first */
    size_t queued, room;
    bool scan;                           /* the whole table is being compared */
    bool running;
    struct item after;                   /* scan: where to go on */
    char people[PEOPLE_MAX][MJ_PERSON_TEXT];     /* what the read thread looks up */
    size_t people_count, people_read;    /* people_read: all of their placements are among the items */
    struct item items[ITEMS_MAX];
    size_t item_count;
    size_t emitted;                      /* of them, by the last Match command */
    bool unknown;                        /* one of their people is not known: the model is being folded anew */
};

static void kick(struct pl_matching *m);

void pl_unmatched_add(struct pl_part *part, const char *id)
{
    if (pl_people_count(part->unmatched) < part->app->unmatched_max)
        (void)pl_people_add(part->unmatched, id, 0);
    else if (!pl_people_find(part->unmatched, id, NULL))
        part->unmatched_left_out = true;
}

/* ---- the command ---- */

static bool needs(struct mj_command *c, struct mj_partition *p, struct mj_row_waiter *w)
{
    struct pl_matching *m = (struct pl_matching *)c;
    bool here = true;
    for (size_t i = 0; i < m->item_count; i++) {
        struct mj_row_key key = pl_placement_key(m->items[i].name);
        here &= mj_rows_need(mj_partition_rows(p), &pl_placement_kind, &key, w);
    }
    return here;
}

static void emit(struct pl_matching *m, struct mj_partition *p, const struct item *it, const char *stream,
                 uint64_t enrolled)
{
    struct pl_matched out = { .registry_position = enrolled };
    struct mj_buf packed = MJ_BUF_INIT;
    memcpy(out.name, it->name, MJ_TAG);
    memcpy(out.stream, stream, sizeof out.stream);
    memcpy(out.young_person, it->person, sizeof out.young_person);
    pl_matched_put(&packed, &out);
    (void)mj_partition_emit_value(p, PL_ENTRY_MATCHED, &packed, &out);
    mj_buf_free(&packed);
    pl_count(m->part, PL_C_MATCHED, 1);
    m->emitted++;
}

static int decide(struct mj_command *c, struct mj_partition *p, mj_error *err)
{
    struct pl_matching *m = (struct pl_matching *)c;
    (void)err;
    for (size_t i = 0; i < m->item_count; i++) {
        const struct item *it = &m->items[i];
        struct mj_row_key key = pl_placement_key(it->name);
        const struct pl_placement *placement = mj_rows_get(mj_partition_rows(p), &pl_placement_kind, &key);
        uint64_t enrolled;
        bool known = pl_people_find(m->part->app->known, it->person, &enrolled);
        m->unknown = m->unknown || !known;
        if (known && placement != NULL && !placement->matched)
            emit(m, p, it, placement->stream, enrolled);
    }
    return 0;
}

static void stop(struct pl_matching *m, const mj_error *err)
{
    m->running = false;                  /* the timer tries again */
    if (err != NULL && mj_log_sampled("match_put_off"))
        mj_log_failure(MJ_WARN, "match_put_off", err);
}

/* These people are done with. Whoever is not known any more stays in the set, and is matched when known again. */
static void leave_queue(struct pl_matching *m)
{
    for (size_t i = 0; i < m->people_read && !m->unknown; i++)
        pl_people_drop(m->part->unmatched, m->people[i]);
    m->queued -= m->people_read;
    memmove(m->queue, m->queue + m->people_read, m->queued * sizeof *m->queue);
}

/* What was looked up is done with; on to the rest. */
static void advance(struct pl_matching *m)
{
    if (m->people_count == 0) {          /* it was a step of the scan */
        m->scan = m->item_count == ITEMS_MAX;
        if (m->scan)
            m->after = m->items[m->item_count - 1];
    } else if (m->people_read == 0 && m->emitted == 0) {
        stop(m, NULL);                   /* one person's placements, all still waiting: the same would be read again */
        return;
    } else {
        leave_queue(m);
    }
    m->running = false;
    kick(m);
}

static void done(struct mj_command *c, struct mj_partition *p, const mj_error *err)
{
    (void)p;
    if (err != NULL)
        stop((struct pl_matching *)c, err);
    else
        advance((struct pl_matching *)c);
}

/* ---- looking up who waits: on the read thread ---- */

static const struct mj_sql of_person =
    { "SELECT person, name FROM unmatched WHERE person = $1 ORDER BY name LIMIT $2" };
static const struct mj_sql from_there = {
    "SELECT person, name FROM unmatched WHERE (person, name) > ($1, $2) ORDER BY person, name LIMIT $3" };

static int take_item(void *arg, const struct mj_result_row *r)
{
    struct pl_matching *m = arg;
    size_t len;
    const void *name = mj_col_blob(r, 1, &len);
    struct item *it = &m->items[m->item_count];
    if (len != MJ_TAG || m->item_count == ITEMS_MAX || mj_person_check(mj_col_text(r, 0), NULL, NULL) < 0)
        return 0;                        /* not a row of ours */
    memcpy(it->person, mj_col_text(r, 0), MJ_PERSON_TEXT);
    memcpy(it->name, name, MJ_TAG);
    m->item_count++;
    return 0;
}

static int look_up(struct mj_row_query *q, const struct mj_readers *readers, mj_error *err)
{
    struct pl_matching *m = (struct pl_matching *)((char *)q - offsetof(struct pl_matching, query));
    if (m->people_count == 0) {
        struct mj_value v[] = { mj_vt(m->after.person), mj_vb(m->after.name, MJ_TAG), mj_vi(ITEMS_MAX) };
        return mj_tables_query(readers->tables, &from_there, v, 3, take_item, m, err);
    }
    while (m->people_read < m->people_count && m->item_count < ITEMS_MAX) {
        struct mj_value v[] = { mj_vt(m->people[m->people_read]), mj_vi((int64_t)(ITEMS_MAX - m->item_count)) };
        if (mj_tables_query(readers->tables, &of_person, v, 2, take_item, m, err) < 0)
            return -1;
        if (m->item_count < ITEMS_MAX)
            m->people_read++;            /* else there may be more of this one: asked for again */
    }
    return 0;
}

static void looked_up(struct mj_row_query *q, const mj_error *err)
{
    struct pl_matching *m = (struct pl_matching *)((char *)q - offsetof(struct pl_matching, query));
    if (err != NULL) {
        stop(m, err);
        return;
    }
    if (m->item_count == 0) {
        advance(m);
        return;
    }
    for (size_t i = 0; i < m->item_count; i++)
        pl_unmatched_add(m->part, m->items[i].person);   /* the scan fills the set; for others it changes nothing */
    m->command = (struct mj_command){ .needs = needs, .decide = decide, .done = done, .principal = "service",
                                      .bytes = m->item_count * sizeof *m->items };
    mj_partition_submit(m->part->partition, &m->command);
}

static void on_tables(void *arg, bool late)
{
    struct pl_matching *m = arg;
    if (late) {
        stop(m, NULL);
        return;
    }
    m->item_count = m->people_read = m->emitted = 0;
    m->unknown = false;
    m->people_count = m->scan ? 0 : m->queued < PEOPLE_MAX ? m->queued : PEOPLE_MAX;
    if (m->people_count > 0)
        memcpy(m->people, m->queue, m->people_count * sizeof *m->people);
    m->query.run = look_up;
    m->query.done = looked_up;
    mj_rows_query(mj_partition_rows(m->part->partition), &m->query);
}

static void kick(struct pl_matching *m)
{
    struct mj_partition *p = m->part->partition;
    if (m->running || (m->queued == 0 && !m->scan) || !mj_partition_accepting(p))
        return;
    m->running = true;
    mj_partition_at_least(p, mj_partition_folded(p), on_tables, m);
}

/* ---- what the others call ---- */

static struct pl_matching *matching_of(struct pl_part *part)
{
    if (part->matching == NULL) {
        part->matching = mj_calloc(1, sizeof *part->matching);
        part->matching->part = part;
    }
    return part->matching;
}

static void enqueue(struct pl_matching *m, const char *id)
{
    if (m->queued == m->room) {
        size_t room = m->room == 0 ? 16 : m->room * 2;
        char (*grown)[MJ_PERSON_TEXT] = mj_calloc(room, sizeof *grown);
        if (m->queued > 0)
            memcpy(grown, m->queue, m->queued * sizeof *grown);
        free(m->queue);
        m->queue = grown;
        m->room = room;
    }
    memcpy(m->queue[m->queued++], id, MJ_PERSON_TEXT);
}

void pl_match_person(struct pl_app *app, const char *id)
{
    for (struct pl_part *part = app->parts; part != NULL; part = part->hh.next) {
        if (part->partition == NULL || (!part->unmatched_left_out && !pl_people_find(part->unmatched, id, NULL)))
            continue;
        enqueue(matching_of(part), id);
        kick(matching_of(part));
    }
}

void pl_match_all(struct pl_part *part)
{
    struct pl_matching *m = matching_of(part);
    m->scan = true;
    memset(&m->after, 0, sizeof m->after);
    kick(m);
}

void pl_match_again(struct pl_part *part)
{
    if (part->matching != NULL)
        kick(part->matching);
}

void pl_match_free(struct pl_part *part)
{
    if (part->matching == NULL)
        return;
    free(part->matching->queue);
    free(part->matching);
    part->matching = NULL;
}
