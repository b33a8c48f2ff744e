/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* service: placements' hooks for the daemon (common/service/daemon.h says when each is called). */
#ifndef PLACEMENTS_SERVICE_H
#define PLACEMENTS_SERVICE_H

#include "placements/app.h"

int placements_create(void **app, struct mj_daemon *d, mj_error *err);
int placements_started(void *app, mj_error *err);
const char *placements_not_ready(void *app);
void placements_metrics(void *app, struct mj_metrics *m);
void placements_stopping(void *app);
void placements_destroy(void *app);

extern const struct mj_service pl_service;         /* the service as a table, for main */

#endif
