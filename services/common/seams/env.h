/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* env: clock and randomness, handed in from outside. The other two seams, network and disk, are the opaque
 * modules loop/, wire/sock.h (network) and the engines of store/ (disk): a simulator links its own of them. */
#ifndef MJ_SEAMS_ENV_H
#define MJ_SEAMS_ENV_H

#include <stddef.h>
#include <stdint.h>

struct mj_env {
    int64_t (*wall_ms)(void *ctx);      /* UTC, ms since 1970: for business dates and recorded_at only */
    uint64_t (*mono_ns)(void *ctx);     /* never goes back: for time-outs and latency */
    void (*random)(void *ctx, void *buf, size_t n);
    void *ctx;
};

extern const struct mj_env mj_env_real; /* clock_gettime and libsodium's randombytes_buf */

static inline int64_t mj_wall_ms(const struct mj_env *e) { return e->wall_ms(e->ctx); }
static inline uint64_t mj_mono_ns(const struct mj_env *e) { return e->mono_ns(e->ctx); }
static inline uint64_t mj_mono_ms(const struct mj_env *e) { return e->mono_ns(e->ctx) / 1000000u; }
static inline void mj_random(const struct mj_env *e, void *buf, size_t n) { e->random(e->ctx, buf, n); }

#endif
