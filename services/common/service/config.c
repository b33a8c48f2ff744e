/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/service/config_private.h"

struct config_setting *config_find(const struct mj_config *c, const char *name)
{
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->settings[i].item.name, name) == 0)
            return &c->settings[i];
    return NULL;
}

static void append_region(struct config_setting *s, const char *text)
{
    size_t n = strlen(s->text) + 1 + strlen(text) + 1;
    char *joined = mj_alloc(n);
    snprintf(joined, n, "%s,%s", s->text, text);
    free(s->text);
    s->text = joined;
}

int config_give(struct config_setting *s, enum config_source source, const char *origin, const char *text,
                mj_error *err)
{
    if (s->source == source && s->item.kind == MJ_CFG_REGIONS) {
        append_region(s, text);
        return 0;
    }
    if (s->source == source && source == FROM_FILE)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "CONFIG_REPEATED", s->item.name,
                       "expected %s once in %s, got it twice; keep one of the lines", s->item.name, origin);
    free(s->text);
    s->text = mj_strdup(text);
    s->source = source;
    snprintf(s->origin, sizeof s->origin, "%s", origin);
    return 0;
}

static void add_setting(struct mj_config *c, const struct mj_config_item *item)
{
    if (config_find(c, item->name)) {
        fprintf(stderr, "%s: setting %s stands in two tables; rename one of them\n", c->program, item->name);
        abort();
    }
    struct config_setting *s = &c->settings[c->count++];
    s->item = *item;
    if (item->def)
        config_give(s, FROM_DEFAULT, "default", item->def, NULL);
}

static struct mj_config *make(const char *program, const struct mj_config_item *const *tables)
{
    struct mj_config *c = mj_calloc(1, sizeof *c);
    size_t n = 0;
    for (size_t t = 0; tables[t]; t++)
        for (const struct mj_config_item *item = tables[t]; item->name; item++)
            n++;
    c->settings = mj_calloc(n, sizeof *c->settings);
    snprintf(c->program, sizeof c->program, "%s", program);
    const char *own = strncmp(program, "mj-", 3) == 0 ? program + 3 : program;
    char prefix[96] = "";
    if (strcmp(own, "mj") != 0)
        config_environment_name(prefix, "MJ_", own);
    snprintf(c->prefix, sizeof c->prefix, "%.30s%s", prefix, *prefix ? "_" : "");
    for (size_t t = 0; tables[t]; t++)
        for (const struct mj_config_item *item = tables[t]; item->name; item++)
            add_setting(c, item);
    return c;
}

/* Help and version are answered whatever else is wrong. */
static bool answer_at_once(const struct mj_config *c, const char *summary, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        bool help = strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0;
        if (help)
            config_print_help(c, summary, stdout);
        else if (strcmp(argv[i], "--version") == 0)
            printf("%s %s\n", c->program, MJ_VERSION);
        else
            continue;
        return true;
    }
    return false;
}

static int take_all(struct mj_config *c, int argc, char **argv, mj_error *err)
{
    if (config_take_flags(c, argc, argv, err) < 0 || config_take_file(c, err) < 0 ||
        config_take_environment(c, err) < 0)
        return -1;
    for (size_t i = 0; i < c->count; i++)
        if (config_check_value(&c->settings[i], err) < 0)
            return -1;
    return 0;
}

int mj_config_load(struct mj_config **ret, const char *program, const char *summary,
                   const struct mj_config_item *const *tables, int argc, char **argv, bool *done, mj_error *err)
{
    struct mj_config *c = make(program, tables);
    *done = answer_at_once(c, summary, argc, argv);
    int rc = *done ? 0 : take_all(c, argc, argv, err);
    if (rc == 0 && c->check) {
        config_print_values(c, stdout);
        *done = true;
    }
    if (rc == 0 && !*done)
        *ret = c;
    else
        mj_config_destroy(c);
    return rc;
}

void mj_config_destroy(struct mj_config *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->count; i++)
        free(c->settings[i].text);
    free(c->settings);
    free(c);
}

/* A setting that no table holds is a defect of ours, found by the first test that starts the program. */
static const struct config_setting *must_find(const struct mj_config *c, const char *name)
{
    const struct config_setting *s = config_find(c, name);
    if (!s) {
        fprintf(stderr, "%s: asks for setting %s, which is in no table\n", c->program, name);
        abort();
    }
    return s;
}

const char *mj_config_text(const struct mj_config *c, const char *name)
{
    return must_find(c, name)->text;
}

uint64_t mj_config_uint(const struct mj_config *c, const char *name)
{
    return must_find(c, name)->number;
}

bool mj_config_flag(const struct mj_config *c, const char *name)
{
    return must_find(c, name)->number != 0;
}

void mj_config_address(const struct mj_config *c, const char *name, char host[64], int *port)
{
    const struct config_setting *s = must_find(c, name);
    memcpy(host, s->host, sizeof s->host);
    *port = s->port;
}

uint64_t mj_config_regions(const struct mj_config *c, const char *name)
{
    return must_find(c, name)->number;
}
