/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* http: fixed GET answers for people and probes (/livez, /readyz, /metrics), nothing more: no keep-alive, no
 * bodies, header at most 8 KiB within 10 s, at most 64 connections. */
#ifndef MJ_LOOP_HTTP_H
#define MJ_LOOP_HTTP_H

#include "common/loop/loop.h"

struct mj_http;
struct mj_buf;                                   /* common/base/buf.h: growing text */

/* Fills body and content type for a path; returns the status (200, 404, 503 ...). */
typedef int mj_http_fn(void *arg, const char *path, struct mj_buf *body, const char **content_type);

/* Binds host:port; port 0 takes a free one, written back to *port. ADDRESS_IN_USE names the address. */
int mj_http_create(struct mj_http **ret, struct mj_loop *l, const char *host, int *port, mj_http_fn *fn, void *arg,
                   mj_error *err);
void mj_http_destroy(struct mj_http *h);

#endif
