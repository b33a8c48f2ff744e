/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* config: a table of settings, taken whole or not at all. Flags win over the environment (MJ_*), which wins over one
 * INI file (--config FILE or MJ_CONFIG), which wins over defaults. --help, the README's list and --check-config come
 * from the same rows. Unknown flags and keys are errors that name the nearest known one; an empty variable of the
 * environment counts as not set. The file has lines of 199 bytes at most and no section but [<service>]. */
#ifndef MJ_SERVICE_CONFIG_H
#define MJ_SERVICE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"

enum mj_config_kind {
    MJ_CFG_TEXT,
    MJ_CFG_UINT,
    MJ_CFG_SIZE,                         /* bytes: "32M", powers of 1024 */
    MJ_CFG_PATH,
    MJ_CFG_ADDRESS,                      /* host:port, [::1]:port */
    MJ_CFG_REGIONS,                      /* repeated or with commas: INSEE codes, PM, BL, MF, FR; "all" is all but FR */
    MJ_CFG_FLAG,                         /* true or false; the bare flag is true */
};

struct mj_config_item {
    const char *name;                    /* "listen": flag --listen, INI key listen, environment MJ_LISTEN; before
                                            it MJ_PLACEMENTS_LISTEN, the program without "mj-", - being _ */
    enum mj_config_kind kind;
    const char *def;                     /* NULL: must be given; "": may be left empty, then 0 or no regions */
    uint64_t min, max;                   /* UINT and SIZE; max 0: none */
    const char *help;                    /* one line: what it is, its unit */
};
#define MJ_CONFIG_END { NULL, 0, NULL, 0, 0, NULL }

struct mj_config;
/* tables: NULL-ended array of item tables, which are copied but for their texts. On --help, --version or
 * --check-config prints to stdout and sets *done; *ret is then untouched. INVALID_ARGUMENT: CONFIG_UNKNOWN,
 * CONFIG_ARGUMENT, CONFIG_VALUE, CONFIG_MISSING, CONFIG_FILE, CONFIG_SECTION, CONFIG_REPEATED. */
int mj_config_load(struct mj_config **ret, const char *program, const char *summary,
                   const struct mj_config_item *const *tables, int argc, char **argv, bool *done, mj_error *err);
void mj_config_destroy(struct mj_config *c);                     /* NULL is allowed */
/* A name that no table holds aborts. */
const char *mj_config_text(const struct mj_config *c, const char *name);
uint64_t mj_config_uint(const struct mj_config *c, const char *name);
bool mj_config_flag(const struct mj_config *c, const char *name);
/* "127.0.0.1:5511" in two; the host without brackets. Port 0: a free one. "" and 0 where left empty. */
void mj_config_address(const struct mj_config *c, const char *name, char host[64], int *port);
/* Bit i: mj_regions[i]; bit 63: "FR". */
uint64_t mj_config_regions(const struct mj_config *c, const char *name);

#endif
