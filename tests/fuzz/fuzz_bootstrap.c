/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* The bootstrap file of principals and keys, as every service reads it at its start: whatever it holds, it is taken, or
 * refused with the line. */
#include "common/auth/who.h"
#include "common/base/crypto.h"
#include "memfile.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    HOLD(mj_crypto_init(NULL) == 0);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t key[32] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    struct mj_who *who = mj_who_create();
    mj_error err = { 0 };
    if (mj_who_bootstrap(who, memfile_fill(data, size), &err) < 0)
        HOLD(strcmp(err.reason, "BOOTSTRAP") == 0 && strncmp(err.text, "line ", 5) == 0);
    const struct mj_principal *p = mj_who_by_key(who, key);
    HOLD(p == NULL || (p->role > MJ_ROLE_NONE && p->role < MJ_ROLE_COUNT && mj_who_in_bootstrap(who, p->id)));
    mj_who_destroy(who);
    return 0;
}
