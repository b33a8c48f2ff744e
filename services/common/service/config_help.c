/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "common/base/nearest.h"
#include "common/service/config_private.h"

#define MAX_NAME 40

int config_unknown(const struct mj_config *c, const char *origin, const char *name, mj_error *err)
{
    static const char *const always[] = { "config", "check-config", "help", "version" };
    struct mj_nearest n = mj_nearest_to(name);
    for (size_t i = 0; i < c->count + 4; i++)
        mj_nearest_try(&n, i < c->count ? c->settings[i].item.name : always[i - c->count]);
    return mj_fail(err, MJ_INVALID_ARGUMENT, "CONFIG_UNKNOWN", name,
                   "expected a setting that %s has, got \"%.40s\" (%.60s); %s%s%s", c->program, name, origin,
                   n.name ? "did you mean " : "see --help", n.name ? n.name : "", n.name ? "?" : "");
}

static const char *value_word(enum mj_config_kind kind)
{
    switch (kind) {
    case MJ_CFG_TEXT: return "TEXT";
    case MJ_CFG_UINT: return "NUMBER";
    case MJ_CFG_SIZE: return "SIZE";
    case MJ_CFG_PATH: return "PATH";
    case MJ_CFG_ADDRESS: return "HOST:PORT";
    case MJ_CFG_REGIONS: return "REGIONS";
    case MJ_CFG_FLAG: return "";
    }
    return "";
}

static void print_item(const struct mj_config_item *item, FILE *out)
{
    char name[96], flag[MAX_NAME + 32];
    config_environment_name(name, "MJ_", item->name);
    snprintf(flag, sizeof flag, "--%.40s %s", item->name, value_word(item->kind));
    fprintf(out, "  %-28s %s\n  %-28s %s; ", flag, item->help, "", name);
    if (!item->def)
        fprintf(out, "must be given");
    else
        fprintf(out, *item->def ? "default %s" : "default: none", item->def);
    if ((item->kind == MJ_CFG_UINT || item->kind == MJ_CFG_SIZE) && item->max)
        fprintf(out, "; from %llu to %llu", (unsigned long long)item->min, (unsigned long long)item->max);
    fprintf(out, "\n");
}

void config_print_help(const struct mj_config *c, const char *summary, FILE *out)
{
    fprintf(out, "%s: %s\n\nUsage: %s [--NAME VALUE]...\n\n", c->program, summary, c->program);
    fprintf(out, "A setting is a flag (--name value or --name=value), a variable of the environment, or a line\n"
                 "\"name = value\" of one INI file. Flags win over the environment, which wins over the file, which\n"
                 "wins over defaults. ");
    if (*c->prefix)
        fprintf(out, "For this program alone a variable is named %sNAME instead of MJ_NAME.\n", c->prefix);
    fprintf(out, "Sizes take K, M or G (32M). Regions are INSEE codes, repeated or with commas, or \"all\".\n\n"
                 "Settings:\n");
    for (size_t i = 0; i < c->count; i++)
        print_item(&c->settings[i].item, out);
    static const char *const always[][2] = {
        { "--config FILE", "reads settings from FILE; MJ_CONFIG" },
        { "", "(lines of 199 bytes at most; # or ; begins a comment)" },
        { "--check-config", "checks the settings, prints them with where they come from, and ends" },
        { "--help, --version", "print this, or the version, and end" },
    };
    fprintf(out, "\n");
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        fprintf(out, "  %-28s %s\n", always[i][0], always[i][1]);
}

void config_print_values(const struct mj_config *c, FILE *out)
{
    for (size_t i = 0; i < c->count; i++) {
        const struct config_setting *s = &c->settings[i];
        fprintf(out, "%s = %s    (%s)\n", s->item.name, s->text, s->origin);
    }
    fprintf(out, "%s: the settings are good\n", c->program);
}
