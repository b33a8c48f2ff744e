/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* seed: declares a world's organisations, principals and keys as the operator, its agencies as their ETTs, and enrols
 * its young people as their Missions Locales. Every command has a key that follows from the seed: what was done is
 * not done again. */
#ifndef MJ_LOAD_SEED_H
#define MJ_LOAD_SEED_H

#include "options.h"

/* An exit status; errors were said on stderr. */
int load_seed(const struct load_options *o);

#endif
