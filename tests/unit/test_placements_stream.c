/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Numbered streams, runs of positions, and credit. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "placements/credit.h"
#include "placements/messages.h"
#include "placements/stream.h"

static void a_batch_is_resent_new_or_both(void **state)
{
    size_t resends;
    mj_error err;
    (void)state;
    assert_int_equal(pl_batch_place(0, 1, 10, &resends, &err), 0);
    assert_int_equal(resends, 0);
    assert_int_equal(pl_batch_place(10, 1, 10, &resends, &err), 0);
    assert_int_equal(resends, 10);
    assert_int_equal(pl_batch_place(10, 6, 10, &resends, &err), 0);
    assert_int_equal(resends, 5);
    assert_int_equal(pl_batch_place(10, 11, 10, &resends, &err), 0);
    assert_int_equal(resends, 0);
}

static void a_gap_says_which_number_is_expected(void **state)
{
    size_t resends;
    mj_error err;
    (void)state;
    assert_int_equal(pl_batch_place(10, 12, 1, &resends, &err), -1);
    assert_int_equal(err.code, MJ_FAILED_PRECONDITION);
    assert_string_equal(err.reason, "GAP");
    assert_non_null(strstr(err.text, "expected 11"));
}

static void a_batch_has_limits(void **state)
{
    mj_error err;
    (void)state;
    assert_int_equal(pl_batch_check(1, 0, 0, &err), -1);
    assert_string_equal(err.reason, "BATCH_EMPTY");
    assert_int_equal(pl_batch_check(1, 1000, 512 * 1024, &err), 0);
    assert_int_equal(pl_batch_check(1, 1001, 2000, &err), -1);
    assert_string_equal(err.reason, "BATCH_SIZE");
    assert_int_equal(pl_batch_check(1, 10, 512 * 1024 + 1, &err), -1);
    assert_string_equal(err.reason, "BATCH_SIZE");
    assert_int_equal(pl_batch_check(0, 1, 10, &err), -1);
    assert_string_equal(err.reason, "SEQUENCE");
    assert_int_equal(pl_batch_check(UINT64_MAX, 1, 10, &err), -1);
}

static struct pl_fate fate_number(uint64_t i)
{
    struct pl_fate f = { .outcome = i % 5 == 4 ? PL_REJECTED : i % 5 == 3 ? PL_DUPLICATE : PL_ACCEPTED, .same_as = i,
                         .reason = "SIRET_CHECKSUM", .field = "started.host_siret" };
    memset(f.tag, (int)i, sizeof f.tag);
    return f;
}

/* A full run; positions lie far apart, as those of an agency that sends little. */
static void fill(struct pl_run *run, uint64_t positions[PL_RUN])
{
    uint64_t position = UINT64_C(1) << 40;
    for (uint64_t i = 0; i < PL_RUN; i++) {
        struct pl_fate fate = fate_number(i);
        positions[i] = position += 1 + i * i * i * i * i;
        pl_run_add(run, position, &fate);
    }
}

static void a_run_gives_back_its_positions(void **state)
{
    struct pl_run run = { 0 }, again = { 0 };
    uint64_t positions[PL_RUN], found[PL_RUN];
    mj_error err;
    (void)state;
    fill(&run, positions);
    assert_true(positions[PL_RUN - 1] - positions[0] > UINT32_MAX);
    assert_int_equal(pl_run_decode(&again, run.packed, run.packed_len, &err), 0);
    assert_int_equal(again.count, PL_RUN);
    assert_int_equal(again.remembered, PL_RUN);
    assert_int_equal(again.last, positions[PL_RUN - 1]);
    pl_run_positions(&again, found);
    assert_memory_equal(found, positions, sizeof found);
    pl_run_clear(&again);
    pl_run_clear(&run);
}

static void bytes_that_are_no_run_are_refused(void **state)
{
    struct pl_run run = { 0 }, again = { 0 };
    struct mj_buf packed = MJ_BUF_INIT;
    uint64_t positions[PL_RUN];
    mj_error err;
    (void)state;
    fill(&run, positions);
    mj_buf_put(&packed, run.packed, run.packed_len);
    assert_int_equal(pl_run_decode(&again, packed.data, packed.len - 1, &err), -1);
    assert_int_equal(err.code, MJ_DATA_LOSS);
    mj_buf_put(&packed, "\x01", 1);      /* a 257th */
    assert_int_equal(pl_run_decode(&again, packed.data, packed.len, &err), -1);
    assert_int_equal(again.count, 0);
    mj_buf_free(&packed);
    pl_run_clear(&run);
}

static void a_run_remembers_what_was_added_since_it_came_to_memory(void **state)
{
    struct pl_run run = { 0 }, later = { 0 };
    struct pl_fate fate;
    mj_error err;
    (void)state;
    for (uint64_t i = 0; i < 3; i++) {
        fate = fate_number(i);
        pl_run_add(&run, 10 + i, &fate);
    }
    assert_int_equal(pl_run_decode(&later, run.packed, run.packed_len, &err), 0);
    for (uint64_t i = 3; i < 6; i++) {
        fate = fate_number(i);
        pl_run_add(&later, 10 + i, &fate);
    }
    assert_null(pl_run_tag(&later, 2));
    assert_int_equal(pl_run_tag(&later, 3)[0], 3);
    assert_int_equal(pl_run_tag(&later, 5)[15], 5);
    assert_null(pl_run_tag(&later, 6));
    assert_int_equal(pl_run_odd(&later, 3)->outcome, PL_DUPLICATE);
    assert_int_equal(pl_run_odd(&later, 4)->same_as, 4);
    assert_string_equal(pl_run_odd(&later, 4)->field, "started.host_siret");
    assert_null(pl_run_odd(&later, 5));
    pl_run_clear(&later);
    pl_run_clear(&run);
}

static void a_run_costs_little(void **state)
{
    struct pl_run run = { 0 };
    (void)state;
    for (uint64_t i = 0; i < PL_RUN; i++) {
        struct pl_fate fate = fate_number(0);
        pl_run_add(&run, 1000 + 4 * i, &fate);
    }
    assert_true(sizeof run + pl_run_bytes(&run) <= 20 * PL_RUN);
    pl_run_clear(&run);
}

static void a_stream_holds_the_run_of_its_last_number(void **state)
{
    struct pl_stream s = { .last = PL_RUN };
    (void)state;
    assert_ptr_equal(pl_stream_run(&s, 0), &s.run);
    assert_null(pl_stream_run(&s, 1));
    s.last = PL_RUN + 1;
    assert_null(pl_stream_run(&s, 0));
    assert_ptr_equal(pl_stream_run(&s, 1), &s.run);
    s.last = 0;
    assert_null(pl_stream_run(&s, 0));
    assert_null(pl_stream_run(NULL, 0));
}

static void credit_is_a_window_of_each_connection(void **state)
{
    struct pl_credit_limits limits = { 100, 1000, 1500 };
    struct pl_credit *c = pl_credit_create(&limits);
    struct mj_outstanding peers[3] = { 0 };
    uint32_t events, bytes;
    mj_error err;
    (void)state;
    assert_int_equal(pl_credit_take(c, &peers[1], true, 60, 600, &err), 0);
    assert_int_equal(pl_credit_take(c, &peers[1], true, 41, 10, &err), -1);
    assert_string_equal(err.reason, "CREDIT");
    assert_int_equal(err.code, MJ_RESOURCE_EXHAUSTED);
    assert_true(err.retry_after_ms > 0);
    assert_int_equal(pl_credit_take(c, &peers[1], true, 40, 401, &err), -1);
    assert_int_equal(pl_credit_take(c, &peers[1], true, 40, 400, &err), 0);
    assert_int_equal(pl_credit_take(c, &peers[2], true, 10, 501, &err), -1);     /* all together: 1,500 bytes */
    assert_int_equal(pl_credit_take(c, &peers[2], true, 10, 500, &err), 0);
    pl_credit_window(c, &peers[2], true, &events, &bytes);
    assert_int_equal(events, 100);
    assert_int_equal(bytes, 500);
    pl_credit_give(c, &peers[1], 40, 400);
    pl_credit_give(c, &peers[1], 60, 600);
    pl_credit_window(c, &peers[2], true, &events, &bytes);
    assert_int_equal(bytes, 1000);
    pl_credit_destroy(c);
}

static void credit_is_nothing_while_the_service_is_full(void **state)
{
    struct pl_credit_limits limits = { 100, 1000, 1500 };
    struct pl_credit *c = pl_credit_create(&limits);
    struct mj_outstanding peers[3] = { 0 };
    uint32_t events = 1, bytes = 1;
    mj_error err;
    (void)state;
    pl_credit_window(c, &peers[1], false, &events, &bytes);
    assert_int_equal(events, 0);
    assert_int_equal(bytes, 0);
    assert_int_equal(pl_credit_take(c, &peers[1], false, 1, 1, &err), -1);
    pl_credit_destroy(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_is_resent_new_or_both),
        cmocka_unit_test(a_gap_says_which_number_is_expected),
        cmocka_unit_test(a_batch_has_limits),
        cmocka_unit_test(a_run_gives_back_its_positions),
        cmocka_unit_test(bytes_that_are_no_run_are_refused),
        cmocka_unit_test(a_run_remembers_what_was_added_since_it_came_to_memory),
        cmocka_unit_test(a_run_costs_little),
        cmocka_unit_test(a_stream_holds_the_run_of_its_last_number),
        cmocka_unit_test(credit_is_a_window_of_each_connection),
        cmocka_unit_test(credit_is_nothing_while_the_service_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
