/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* sock_watch: tells when a DEALER's connection went; private to sock.c.
 *
 * ZeroMQ reconnects in silence: whoever waits for an answer over the old connection would wait until its deadline.
 * libzmq tells over a socket of its own (zmq_socket_monitor), which is pumped like any other. */
#ifndef MJ_WIRE_SOCK_WATCH_H
#define MJ_WIRE_SOCK_WATCH_H

#include "common/wire/pump.h"

struct mj_sock_watch;
/* fn is called in a turn of the loop after the connection of the watched socket went. */
int mj_sock_watch_open(struct mj_sock_watch **ret, struct mj_loop *l, void *watched, void (*fn)(void *arg), void *arg,
                       mj_error *err);
/* Before the watched socket is closed; fn is not called afterwards. NULL is allowed. */
void mj_sock_watch_close(struct mj_sock_watch *w);

#endif
