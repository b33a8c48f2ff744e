/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* handlers: reporting as a table: settings, methods, model, metrics. main.c runs it. */
#ifndef MJ_REPORTING_HANDLERS_H
#define MJ_REPORTING_HANDLERS_H

#include "common/service/daemon.h"

extern const struct mj_service mj_reporting_service;

#endif
