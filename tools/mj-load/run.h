/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* run: streams a year's missions as all agencies at once, one connection an ETT, and says what came of it. */
#ifndef MJ_LOAD_RUN_H
#define MJ_LOAD_RUN_H

#include "options.h"

/* 0 only where all was acknowledged and every outcome was what was expected. */
int load_run(const struct load_options *o);

#endif
