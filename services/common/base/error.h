/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* error: the one error type of the platform.
 *
 * A function that can fail returns 0 or -1 and fills an mj_error; it never logs. Whoever stops the error (the
 * dispatcher, main, a callback's last owner) logs or answers it. Success outputs are untouched on failure.
 * Texts say what was expected, what came, and what to do; they never hold a value that could name a person. */
#ifndef MJ_BASE_ERROR_H
#define MJ_BASE_ERROR_H

/* Numbered as missionjeunes.common.v1.Code (AIP-193, google.rpc.Code). */
typedef enum mj_code {
    MJ_OK = 0,
    MJ_UNKNOWN = 2,             /* stored or not: nobody knows; ask, or send again */
    MJ_INVALID_ARGUMENT = 3,    /* the caller must change the request */
    MJ_DEADLINE_EXCEEDED = 4,
    MJ_NOT_FOUND = 5,           /* or not for this caller to see */
    MJ_ALREADY_EXISTS = 6,
    MJ_PERMISSION_DENIED = 7,
    MJ_RESOURCE_EXHAUSTED = 8,  /* a limit; nothing was written; later */
    MJ_FAILED_PRECONDITION = 9,
    MJ_ABORTED = 10,
    MJ_OUT_OF_RANGE = 11,
    MJ_UNIMPLEMENTED = 12,
    MJ_INTERNAL = 13,
    MJ_UNAVAILABLE = 14,        /* not now; nothing was written; later */
    MJ_DATA_LOSS = 15,
    MJ_UNAUTHENTICATED = 16,
} mj_code;

typedef struct mj_error {
    mj_code code;
    unsigned retry_after_ms;    /* 0: no delay known */
    char reason[40];            /* stable, upper case: "SIRET_CHECKSUM" */
    char field[64];             /* path in the request: "events[3].started.on"; "" where none */
    char text[256];             /* one English sentence */
} mj_error;

/* Fills *err and returns -1, so that a caller can write: return mj_fail(err, ...). err may be NULL.
 * field may be NULL. Longer texts are cut. */
int mj_fail(mj_error *err, mj_code code, const char *reason, const char *field, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* Puts prefix before the field of an error that is already filled ("events[3]" + "started.on"). Returns -1. */
int mj_fail_in(mj_error *err, const char *prefix);

/* "INVALID_ARGUMENT" ...; "CODE_99" is never returned: unknown codes give "INTERNAL". */
const char *mj_code_name(mj_code code);

#endif
