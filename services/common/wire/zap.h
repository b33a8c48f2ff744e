/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* zap: who may connect (ZeroMQ RFC 27), answered from memory on the loop's thread, failing closed.
 *
 * The handler is bound in the loop's own context before any ROUTER (C2); where it cannot go on, the process
 * aborts. What it proves reaches every message as mj_message.user. The check at the door is not the last one:
 * the server looks the key up again on every message (C3, C4). */
#ifndef MJ_WIRE_ZAP_H
#define MJ_WIRE_ZAP_H

#include <stdbool.h>

#include "common/wire/sock.h"

struct mj_zap;
/* May this CURVE public key connect now? */
typedef bool mj_zap_fn(void *arg, const uint8_t public_key[MJ_CURVE_KEY]);

/* At most one a loop. Who is refused is counted (mj_zap_refused), and logged by address, with sampling. There is no
 * bound for each address here: libzmq asks after the handshake's costly part, so that is the firewall's to set
 * (deploy/README.md). */
int mj_zap_create(struct mj_zap **ret, struct mj_loop *l, mj_zap_fn *fn, void *arg, mj_error *err);
uint64_t mj_zap_refused(const struct mj_zap *z);
void mj_zap_destroy(struct mj_zap *z);           /* after the sockets */

#endif
