/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* An entry's payload, as a follower meets it in another service's log: placements reads its own, reporting reads
 * placements' and registry's, and every service folds registry's national log into "who". The first byte is the
 * entry's type, the second says which of them reads. What placements reads and puts again reads the same. */
#include "callers.h"
#include "common/base/crypto.h"
#include "placements/entry.h"
#include "reporting/entry.h"
#include "reporting/positions.h"

static struct mj_arena *arena;
static struct mj_who *who;

static void put_again(const struct mj_entry *e, struct mj_buf *out)
{
    switch (e->type) {
    case PL_ENTRY_MATCHED: pl_matched_put(out, e->value); break;
    case PL_ENTRY_QUALITY: pl_quality_put(out, e->value); break;
    default: pl_numbered_put(out, e->type, e->value);
    }
}

static void try_placements(struct mj_entry *e)
{
    struct mj_buf first = MJ_BUF_INIT, second = MJ_BUF_INIT;
    mj_error err;
    if (pl_entry_read(e, arena, &err) == 0 && e->value != NULL) {
        put_again(e, &first);
        struct mj_entry stored = { .type = e->type, .payload = first.data, .payload_len = first.len, .principal = "" };
        HOLD(pl_entry_read(&stored, arena, &err) == 0 && stored.value != NULL);
        put_again(&stored, &second);
        HOLD(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
    }
    mj_buf_free(&first);
    mj_buf_free(&second);
}

static void try_reporting(const struct mj_entry *e, bool registry)
{
    struct mj_rep_told told;
    mj_error err = { 0 };
    int rc = mj_rep_entry_read(&told, mj_rep_log(registry ? "registry" : "placements", "52"), e, &err);
    HOLD(rc >= 0 || err.code == MJ_DATA_LOSS || err.code == MJ_UNIMPLEMENTED);
    if (rc == 1)
        HOLD(strnlen(told.siret, sizeof told.siret) == MJ_SIRET_LEN &&
             strnlen(told.person, sizeof told.person) < sizeof told.person);
}

/* "who" is made anew now and then, so that no input hangs on too many before it. */
static void try_who(const struct mj_entry *e)
{
    static uint64_t position;
    mj_error err = { 0 };
    uint8_t key[CALLER_KEY];
    if (position % 1000 == 0) {
        mj_who_destroy(who);
        who = callers_make();
        position = 0;
    }
    if (mj_who_fold(who, ++position, e->type, e->payload, e->payload_len, &err) < 0)
        HOLD(err.code == MJ_DATA_LOSS || err.code == MJ_UNIMPLEMENTED);
    caller_key(key, MJ_ROLE_OPERATOR);
    const struct mj_principal *operator_ = mj_who_by_key(who, key);
    HOLD(operator_ != NULL && operator_->role == MJ_ROLE_OPERATOR);  /* the file's: no entry touches it */
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    HOLD(mj_crypto_init(NULL) == 0);
    arena = mj_arena_create(0);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct mj_entry e = { .position = 5, .recorded_at_ms = 1795000000000, .type = data[0] % 32, .principal = "service",
                          .payload = data + 2, .payload_len = size - 2 };
    mj_arena_reset(arena, 0);
    switch (data[1] % 4) {
    case 0: try_placements(&e); break;
    case 1: try_reporting(&e, false); break;
    case 2: try_reporting(&e, true); break;
    default: try_who(&e);
    }
    return 0;
}
