/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* endpoint: the only texts that ever reach zmq_bind and zmq_connect (pitfalls C11). Pure; private to wire. */
#ifndef MJ_WIRE_ENDPOINT_H
#define MJ_WIRE_ENDPOINT_H

#include <stdbool.h>

#include "common/wire/sock.h"

/* From a literal IPv4 or IPv6 address (without brackets) and a port, 0 for a free one. BAD_ENDPOINT. */
int mj_endpoint_make(char out[MJ_ENDPOINT_MAX], const char *host, int port, bool *ipv6, mj_error *err);
/* "tcp://HOST:PORT", where HOST is an IPv4 address, an IPv6 address in brackets or a DNS name. BAD_ENDPOINT. */
int mj_endpoint_check(const char *endpoint, bool *ipv6, mj_error *err);

#endif
