/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* callers: who calls, in the targets that need somebody: a bootstrap file with one principal of every role, in memory.
 * The key of the caller of a role is 32 times the letter 'A' + role. */
#ifndef MJ_FUZZ_CALLERS_H
#define MJ_FUZZ_CALLERS_H

#include <sys/mman.h>
#include <unistd.h>

#include "common/auth/who.h"
#include "common/base/ids.h"
#include "fuzz.h"

#define CALLER_KEY 32

static inline void caller_key(uint8_t key[CALLER_KEY], unsigned role)
{
    memset(key, 'A' + (int)role, CALLER_KEY);
}

static inline void caller_lines(FILE *f)
{
    for (unsigned role = MJ_ROLE_AGENCY; role < MJ_ROLE_COUNT; role++) {
        uint8_t key[CALLER_KEY];
        char hex[2 * CALLER_KEY + 1];
        caller_key(key, role);
        fprintf(f, "caller-%u %s %s%s%s\n", role, mj_role_name((enum mj_role)role), mj_hex(hex, key, sizeof key),
                role == MJ_ROLE_SERVICE ? " follows=registry,placements" : "",
                role == MJ_ROLE_AGENCY || role == MJ_ROLE_MISSION_LOCALE ? " regions=52,75" : "");
    }
}

static inline struct mj_who *callers_make(void)
{
    char path[64];
    int fd = memfd_create("bootstrap", 0);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    HOLD(f != NULL);
    caller_lines(f);
    HOLD(fflush(f) == 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct mj_who *who = mj_who_create();
    mj_error err;
    if (mj_who_bootstrap(who, path, &err) < 0) {
        fprintf(stderr, "%s: %s\n", err.reason, err.text);
        abort();
    }
    fclose(f);
    return who;
}

#endif
