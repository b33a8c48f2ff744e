/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* quiet: three modules of the product that speak to the real system and matter to no promise: the log lines of a
 * service (shown where the run is verbose), key files (a key follows from its file's name), locks on directories. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/base/crypto.h"
#include "common/service/keyfile.h"
#include "common/service/logging.h"
#include "common/store/lock.h"
#include "sim.h"

void mj_logging_init(const char *service, const struct mj_env *env, enum mj_level least)
{
    (void)service, (void)env, (void)least;
}

void mj_log(enum mj_level level, const char *event, const char *fmt, ...)
{
    char text[400] = "";
    va_list args;

    if (!sim_verbose() || level == MJ_DEBUG)
        return;
    va_start(args, fmt);
    if (fmt)
        vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    fprintf(stderr, "%11.6f %-10s  . %s %s\n", (double)sim_now() / 1e9,
            sim_current() ? sim_current()->machine->name : "-", event, text);
}

void mj_log_failure(enum mj_level level, const char *event, const mj_error *err)
{
    mj_log(level, event, "reason=%s text=%s", err->reason, err->text);
}

int mj_log_sampled(const char *event)
{
    (void)event;
    return 1;
}

/* ---- keys ---- */

int mj_keyfile_read(struct mj_curve *ret, const char *path, mj_error *err)
{
    static const uint8_t plain[MJ_KEY];

    (void)err;
    mj_tag(ret->public_key, plain, "public", 6, path, strlen(path));
    mj_tag(ret->public_key + MJ_TAG, plain, "public2", 7, path, strlen(path));
    memset(ret->secret_key, 1, sizeof ret->secret_key);
    return 0;
}

int mj_keyfile_write(const struct mj_curve *keys, const char *path, mj_error *err)
{
    (void)keys, (void)path, (void)err;
    return 0;
}

/* ---- locks: a machine runs one process at a time ---- */

int mj_lock_take(int *fd, const char *directory, mj_error *err)
{
    (void)directory, (void)err;
    *fd = -1;
    return 0;
}

void mj_lock_drop(int fd) { (void)fd; }

int mj_directory_make(const char *directory, mj_error *err)
{
    (void)directory, (void)err;
    return 0;
}
