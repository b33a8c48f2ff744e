/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* sock_options: every ZeroMQ option of every socket, in one table a kind. Private to sock.c. */
#ifndef MJ_WIRE_SOCK_OPTIONS_H
#define MJ_WIRE_SOCK_OPTIONS_H

#include "common/wire/sock.h"

#define MJ_ZAP_DOMAIN "mj"
#define MJ_ZMQ_ZAP_ENFORCE_DOMAIN 93             /* in zmq.h only under its draft API, yet in every build (C2) */

/* Before bind or connect. SOCKET_OPTION names the one that libzmq refused; the socket must then be closed. */
int mj_sock_options_set(void *zmq, enum mj_sock_kind kind, const struct mj_curve *keys, mj_error *err);
/* IPv6 only for an IPv6 address: with it on, libzmq writes IPv4 addresses as [::ffff:127.0.0.1]. */
int mj_sock_options_ipv6(void *zmq, bool on, mj_error *err);
/* The value of an integer option; -1 where libzmq gives none back. */
int mj_sock_options_get(void *zmq, int name);

#endif
