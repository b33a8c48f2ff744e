/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Rows of the tables as they come back from disk, which may have rotted: a placement, a run of a stream, a young person
 * of reporting. The first byte says which. What is read is written and read again the same, and adds up without
 * fault. */
#include "fuzz.h"
#include "placements/placement.h"
#include "placements/stream.h"
#include "reporting/person.h"

static void try_placement(const uint8_t *data, size_t size)
{
    struct pl_placement *p = NULL, *again = NULL;
    struct mj_buf first = MJ_BUF_INIT, second = MJ_BUF_INIT;
    struct pl_summary sum;
    mj_error err = { 0 };
    if (pl_placement_decode(&p, data, size, &err) < 0) {
        HOLD(err.code == MJ_DATA_LOSS && p == NULL);
        return;
    }
    HOLD(p->count <= PL_HELD_MAX && p->count <= p->room);
    pl_placement_sum(p, &sum);
    pl_placement_encode(p, &first);
    HOLD(pl_placement_decode(&again, first.data, first.len, NULL) == 0);
    pl_placement_encode(again, &second);
    HOLD(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
    pl_placement_free(p);
    pl_placement_free(again);
    mj_buf_free(&first);
    mj_buf_free(&second);
}

static void try_run(const uint8_t *data, size_t size)
{
    struct pl_run run = { 0 };
    uint64_t positions[PL_RUN];
    mj_error err = { 0 };
    if (pl_run_decode(&run, data, size, &err) < 0) {
        HOLD(err.code == MJ_DATA_LOSS);
    } else {
        const struct pl_fate fate = { .outcome = PL_ACCEPTED, .reason = "", .field = "" };
        uint16_t count = run.count;
        HOLD(count <= PL_RUN);
        pl_run_positions(&run, positions);
        HOLD(count == 0 || positions[count - 1] == run.last);
        pl_run_add(&run, run.last + 1, &fate);
        HOLD(run.count == (count < PL_RUN ? count + 1 : PL_RUN));
    }
    pl_run_clear(&run);
}

static void on_change(void *arg, const struct mj_rep_cell *change)
{
    (void)arg;
    HOLD(change->region >= 0 && change->region < MJ_REP_REGIONS);
    HOLD(change->row.kind <= MJ_REP_ETT && strnlen(change->row.id, sizeof change->row.id) < sizeof change->row.id);
}

static void try_person(const uint8_t *data, size_t size)
{
    struct mj_rep_person *p = mj_rep_person_create();
    struct mj_buf again = MJ_BUF_INIT;
    mj_error err = { 0 };
    if (mj_rep_person_unpack(p, data, size, &err) < 0) {
        HOLD(err.code == MJ_DATA_LOSS);
    } else {
        mj_rep_person_pack(p, &again);
        HOLD(again.len == size && memcmp(again.data, data, size) == 0);
        mj_rep_person_add(p, "41234567000019", 2026, 1, on_change, NULL);
        mj_rep_person_enrol(p, "35600000000048", "75", on_change, NULL);
    }
    mj_rep_person_free(p);
    mj_buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    switch (data[0] % 3) {
    case 0: try_placement(data + 1, size - 1); break;
    case 1: try_run(size > 1 ? data + 1 : NULL, size - 1); break;
    default: try_person(data + 1, size - 1);
    }
    return 0;
}
