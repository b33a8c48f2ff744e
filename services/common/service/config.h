/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* config: a table of settings, taken whole or not at all. Flags win over the environment (MJ_*), which wins over one
 * INI file (--config FILE or MJ_CONFIG), which wins over defaults. --help, the README's list and --check-config come from the same
 * rows. Unknown keys are errors that name the nearest known one. */
#ifndef MJ_SERVICE_CONFIG_H
#define MJ_SERVICE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"

enum mj_config_kind { MJ_CFG_TEXT, MJ_CFG_UINT, MJ_CFG_SIZE /* "32M" */, MJ_CFG_PATH, MJ_CFG_ADDRESS /* host:port */,
                      MJ_CFG_REGIONS /* repeated or comma-separated INSEE codes, FR, or "all" */, MJ_CFG_FLAG };

struct mj_config_item {
    const char *name;                    /* "listen": flag --listen, environment MJ_<SERVICE>_LISTEN then MJ_LISTEN, INI key listen */
    enum mj_config_kind kind;
    const char *def;                     /* NULL: must be given */
    uint64_t min, max;                   /* UINT and SIZE */
    const char *help;                    /* one line: what it is, its unit */
};
#define MJ_CONFIG_END { NULL, 0, NULL, 0, 0, NULL }

struct mj_config;
/* tables: NULL-ended array of item tables. On --help or --version prints and sets *done. INVALID_ARGUMENT: CONFIG_*. */
int mj_config_load(struct mj_config **ret, const char *program, const char *summary,
                   const struct mj_config_item *const *tables, int argc, char **argv, bool *done, mj_error *err);
void mj_config_destroy(struct mj_config *c);
const char *mj_config_text(const struct mj_config *c, const char *name);
uint64_t mj_config_uint(const struct mj_config *c, const char *name);
bool mj_config_flag(const struct mj_config *c, const char *name);
/* "127.0.0.1:5511" in two. */
void mj_config_address(const struct mj_config *c, const char *name, char host[64], int *port);
/* Bit i: mj_regions[i]; bit 63: "FR". */
uint64_t mj_config_regions(const struct mj_config *c, const char *name);

#endif
