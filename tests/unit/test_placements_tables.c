/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Placements' rows in real tables: what was written is found again, by whatever leads there. */
#include "support/yard.h"

static struct yard yard;
static struct yard_answer answer;

static int up(void **state)
{
    (void)state;
    yard_up(&yard);
    return 0;
}

static int down(void **state)
{
    (void)state;
    yard_down(&yard);
    return 0;
}

static void send_range(uint64_t first, size_t count)
{
    static struct made batch[PL_BATCH_EVENTS];
    for (size_t i = 0; i < count; i++) {
        char ref[16];
        (void)snprintf(ref, sizeof ref, "M-%d", (int)(first + i));
        batch[i] = made_event(ref, PL_STARTED, "2026-11-16", NULL);
    }
    yard_send(&yard, &answer, first, batch, count);
    assert_false(answer.refused);
}

static void put_placement(const uint8_t name[MJ_TAG], uint64_t born)
{
    struct mj_row_key key = pl_placement_key(name);
    struct pl_placement *p = pl_placement_create(yard.agency, PL_ROOM);
    p->born = born;
    mj_rows_put(mj_partition_rows(yard.partition), &pl_placement_kind, &key, p);
}

static uint64_t born_of(const struct mj_readers *r, const uint8_t name[MJ_TAG])
{
    struct pl_placement *p = NULL;
    mj_error err = { 0 };
    assert_int_equal(pl_placement_read(r->tables, name, &p, &err), 0);
    uint64_t born = p != NULL ? p->born : 0;
    pl_placement_free(p);
    return born;
}

static void names_that_share_their_first_bytes_are_told_apart(void **state)
{
    const uint8_t a[MJ_TAG] = { [0] = 0xff, [7] = 1, [15] = 1 }, b[MJ_TAG] = { [0] = 0xff, [7] = 1, [15] = 2 };
    const uint8_t c[MJ_TAG] = { [0] = 0xff, [7] = 1, [15] = 3 };
    (void)state;
    send_range(1, 1);
    put_placement(a, 101);
    put_placement(b, 102);
    send_range(2, 1);
    const struct mj_readers *r = yard_flush(&yard);
    assert_int_equal(born_of(r, a), 101);
    assert_int_equal(born_of(r, b), 102);
    assert_int_equal(born_of(r, c), 0);
}

static const struct mj_sql count_names = { "SELECT count(*) FROM names" };

static int one_int(void *arg, const struct mj_result_row *row)
{
    *(int64_t *)arg = mj_col_int(row, 0);
    return 0;
}

static void a_placement_keeps_its_id_over_updates_and_kills(void **state)
{
    struct made hours = made_event("M-1", PL_HOURS, "2026-W47", NULL);
    uint8_t name[MJ_TAG];
    int64_t names = 0;
    mj_error err = { 0 };
    (void)state;
    mj_tag(name, yard.part->key, yard.agency, MJ_SIRET_LEN, "M-1", 3);
    send_range(1, 2);
    uint64_t born = born_of(yard_flush(&yard), name);
    assert_int_equal(born, answer.position - 1);
    yard_close(&yard, false);
    yard_open(&yard, false);
    yard_send(&yard, &answer, 3, &hours, 1);
    const struct mj_readers *r = yard_flush(&yard);
    assert_int_equal(born_of(r, name), born);
    assert_int_equal(mj_tables_query(r->tables, &count_names, NULL, 0, one_int, &names, &err), 0);
    assert_int_equal(names, 2);
}

/* Numbers 256, 257 and 512 end, begin and end runs. */
static void every_number_of_a_stream_is_found_in_the_log(void **state)
{
    struct mj_arena *a = mj_arena_create(0);
    mj_error err = { 0 };
    (void)state;
    send_range(1, 250);
    (void)yard_flush(&yard);
    send_range(251, 262);
    const struct mj_readers *r = yard_flush(&yard);
    for (uint64_t n = 1, before = 0; n <= 512; n++) {
        GetEventResponse event = MISSIONJEUNES__PLACEMENTS__V1__GET_EVENT_RESPONSE__INIT;
        assert_int_equal(pl_query_event(r, yard.agency, n, a, &event, &err), 0);
        assert_true(event.position > before);
        before = event.position;
    }
    GetEventResponse event = MISSIONJEUNES__PLACEMENTS__V1__GET_EVENT_RESPONSE__INIT;
    assert_int_equal(pl_query_event(r, yard.agency, 513, a, &event, &err), -1);
    assert_string_equal(err.reason, "EVENT");
    mj_arena_destroy(a);
}

static void names_of_every_age_are_found(void **state)
{
    static const uint64_t born[] = { 1u << 19, (1u << 20) - 1, 1u << 20, (UINT64_C(7) << 20) + 5, UINT64_C(1) << 40 };
    enum { COUNT = sizeof born / sizeof born[0] - 1 };   /* the last one is of an age that nobody has */
    uint8_t name[MJ_TAG] = { 0xfe };
    (void)state;
    send_range(1, 1);
    for (size_t i = 0; i < COUNT; i++) {
        name[1] = (uint8_t)i;
        put_placement(name, born[i]);
    }
    const struct mj_readers *r = yard_flush(&yard);
    for (size_t i = 0; i <= COUNT; i++) {
        name[1] = (uint8_t)i;
        assert_int_equal(born_of(r, name), i < COUNT ? born[i] : 0);
    }
}

/* Events that tell of one placement for longer than a page looks. */
static void a_page_ends_early_where_nothing_new_is_told(void **state)
{
    enum { BATCHES = 10 };
    static struct made batch[PL_BATCH_EVENTS];
    struct mj_arena *a = mj_arena_create(0);
    mj_error err = { 0 };
    uint64_t after = 0, pages = 0, seen = 0;
    (void)state;
    for (size_t i = 0; i < PL_BATCH_EVENTS; i++) {
        batch[i] = made_event("M-1", PL_STARTED, "2026-11-16", NULL);
    }
    for (uint64_t i = 0; i < BATCHES; i++) {
        yard_send(&yard, &answer, i * PL_BATCH_EVENTS + 1, batch, PL_BATCH_EVENTS);
    }
    batch[0] = made_event("M-2", PL_STARTED, "2026-11-16", NULL);
    yard_send(&yard, &answer, BATCHES * PL_BATCH_EVENTS + 1, batch, 1);
    const struct mj_readers *r = yard_flush(&yard);
    do {
        ListPlacementsResponse page = MISSIONJEUNES__PLACEMENTS__V1__LIST_PLACEMENTS_RESPONSE__INIT;
        assert_int_equal(pl_query_placements(r, yard.agency, after, 3, a, &page, &err), 0);
        assert_int_equal(page.n_placements, 1);
        seen += page.n_placements;
        pages++;
        assert_int_equal(pl_token_number(&page.page->next_token, &after, &err), 0);
    } while (after != 0);
    assert_int_equal(pages, 2);
    assert_int_equal(seen, 2);
    mj_arena_destroy(a);
}

static void a_page_after_the_last_number_is_empty(void **state)
{
    static const uint64_t after[] = { 7, 8, 256, UINT64_C(256) << 32, INT64_MAX };
    struct mj_arena *a = mj_arena_create(0);
    mj_error err = { 0 };
    (void)state;
    send_range(1, 7);
    const struct mj_readers *r = yard_flush(&yard);
    for (size_t i = 0; i < sizeof after / sizeof after[0]; i++) {
        ListPlacementsResponse page = MISSIONJEUNES__PLACEMENTS__V1__LIST_PLACEMENTS_RESPONSE__INIT;
        assert_int_equal(pl_query_placements(r, yard.agency, after[i], 3, a, &page, &err), 0);
        assert_int_equal(page.n_placements, 0);
        assert_int_equal(page.page->next_token.len, 0);
    }
    mj_arena_destroy(a);
}

static void placements_are_listed_in_the_order_of_their_first_telling(void **state)
{
    struct mj_arena *a = mj_arena_create(0);
    mj_error err = { 0 };
    uint64_t after = 0;
    int seen = 0;
    (void)state;
    send_range(1, 7);
    const struct mj_readers *r = yard_flush(&yard);
    do {
        ListPlacementsResponse page = MISSIONJEUNES__PLACEMENTS__V1__LIST_PLACEMENTS_RESPONSE__INIT;
        assert_int_equal(pl_query_placements(r, yard.agency, after, 3, a, &page, &err), 0);
        for (size_t i = 0; i < page.n_placements; i++) {
            uint8_t name[MJ_TAG];
            char ref[16];
            (void)snprintf(ref, sizeof ref, "M-%d", ++seen);
            mj_tag(name, yard.part->key, yard.agency, MJ_SIRET_LEN, ref, strlen(ref));
            assert_memory_equal(page.placements[i]->name.data, name, MJ_TAG);
        }
        assert_int_equal(pl_token_number(&page.page->next_token, &after, &err), 0);
    } while (after != 0);
    assert_int_equal(seen, 7);
    mj_arena_destroy(a);
}

static void a_page_token_is_eight_bytes(void **state)
{
    uint8_t bytes[16] = { 0 };
    ProtobufCBinaryData token = { 16, bytes };
    uint64_t after = 1;
    mj_error err = { 0 };
    (void)state;
    assert_int_equal(pl_token_number(&token, &after, &err), -1);
    assert_string_equal(err.reason, "PAGE_TOKEN");
    token.len = 8;
    bytes[7] = 9;
    assert_int_equal(pl_token_number(&token, &after, &err), 0);
    assert_int_equal(after, 9);
}

/* Enrolments that the tables hold are known at the next start; those they do not are followed again. */
static void who_is_known_is_known_after_a_restart(void **state)
{
    char person[MJ_PERSON_TEXT];
    uint64_t position = 0;
    (void)state;
    for (unsigned n = 1; n <= 3; n++) {
        events_person(person, n);
        yard_enrol(&yard, person);
        assert_true(pl_person_known(yard.app, person));
    }
    yard_close(&yard, true);
    yard_open(&yard, false);
    assert_true(pl_people_find(yard.app->known, person, &position));
    assert_int_equal(position, 3);
    assert_int_equal(pl_people_count(yard.app->known), 3);
    events_person(person, 4);
    assert_false(pl_person_known(yard.app, person));
}

#define ON_A_YARD(name) cmocka_unit_test_setup_teardown(name, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_A_YARD(names_that_share_their_first_bytes_are_told_apart),
        ON_A_YARD(names_of_every_age_are_found),
        ON_A_YARD(a_placement_keeps_its_id_over_updates_and_kills),
        ON_A_YARD(every_number_of_a_stream_is_found_in_the_log),
        ON_A_YARD(placements_are_listed_in_the_order_of_their_first_telling),
        ON_A_YARD(a_page_ends_early_where_nothing_new_is_told),
        ON_A_YARD(a_page_after_the_last_number_is_empty),
        cmocka_unit_test(a_page_token_is_eight_bytes),
        ON_A_YARD(who_is_known_is_known_after_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
