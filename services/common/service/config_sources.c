/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/utf8.h"
#include "common/service/config_private.h"

#define MAX_FILE (64u * 1024)
#define MAX_LINE 199                     /* inih cuts a line of 200 bytes in two without a word */

void config_environment_name(char out[96], const char *prefix, const char *name)
{
    int n = snprintf(out, 96, "%s", prefix);
    for (const char *p = name; *p && n < 95; p++)
        out[n++] = *p == '-' ? '_' : (char)toupper((unsigned char)*p);
    out[n] = '\0';
}

static int fail_argument(const char *name, const char *text, mj_error *err)
{
    return mj_fail(err, MJ_INVALID_ARGUMENT, "CONFIG_ARGUMENT", name, "expected %s; see --help", text);
}

/* One flag at argv[*i], "--name value" or "--name=value"; moves *i to its last word. */
static int take_flag(struct mj_config *c, int argc, char **argv, int *i, mj_error *err)
{
    char name[64], origin[96];
    const char *word = argv[*i] + 2, *equals = strchr(word, '=');
    size_t n = equals ? (size_t)(equals - word) : strlen(word);
    snprintf(name, sizeof name, "%.*s", (int)n, word);
    snprintf(origin, sizeof origin, "flag --%s", name);
    struct config_setting *s = config_find(c, name);
    bool file = strcmp(name, "config") == 0;
    if (!s && strcmp(word, "check-config") == 0) {
        c->check = true;
        return 0;
    }
    if (!s && !file)
        return config_unknown(c, "flag", name, err);
    const char *value = equals ? equals + 1 : NULL;
    if (!value && s && s->item.kind == MJ_CFG_FLAG)
        value = "true";
    if (!value && *i + 1 < argc && strncmp(argv[*i + 1], "--", 2) != 0)
        value = argv[++*i];
    if (!value)
        return fail_argument(name, "a value after the flag (or --name=value where it begins with --), got none", err);
    if (file)
        c->file = value;
    return file ? 0 : config_give(s, FROM_FLAG, origin, value, err);
}

int config_take_flags(struct mj_config *c, int argc, char **argv, mj_error *err)
{
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) != 0)
            return fail_argument(NULL, "flags alone (--name value), got a word that is none", err);
        if (take_flag(c, argc, argv, &i, err) < 0)
            return -1;
    }
    return 0;
}

/* The value of name for this program, or for all of ours; an empty variable is none. out gets the variable's name. */
static const char *read_environment(const struct mj_config *c, const char *name, char out[96])
{
    const char *prefixes[] = { c->prefix, "MJ_" };
    for (size_t i = 0; i < 2; i++) {
        config_environment_name(out, prefixes[i], name);
        const char *value = *prefixes[i] ? getenv(out) : NULL;
        if (value && *value)
            return value;
    }
    return NULL;
}

/* Variables that name no setting are left alone: MJ_REGISTRY_KEY may be another program's setting registry-key, and
 * container platforms make up names of their own (MJ_REGISTRY_PORT). */
int config_take_environment(struct mj_config *c, mj_error *err)
{
    for (size_t i = 0; i < c->count; i++) {
        struct config_setting *s = &c->settings[i];
        char name[96], origin[128];
        const char *value = read_environment(c, s->item.name, name);
        if (!value || s->source > FROM_ENVIRONMENT)
            continue;
        snprintf(origin, sizeof origin, "environment %s", name);
        if (config_give(s, FROM_ENVIRONMENT, origin, value, err) < 0)
            return -1;
    }
    return 0;
}

static int fail_file(const char *file, const char *text, mj_error *err)
{
    return mj_fail(err, MJ_INVALID_ARGUMENT, "CONFIG_FILE", "config", "expected %s in %.120s", text, file);
}

static int read_file(struct mj_buf *out, const char *file, mj_error *err)
{
    FILE *f = fopen(file, "re");
    if (!f)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "CONFIG_FILE", "config", "expected a readable file %.120s, got: %s",
                       file, strerror(errno));
    uint8_t *at = mj_buf_grow(out, MAX_FILE + 1);
    out->len = fread(at, 1, MAX_FILE + 1, f);
    bool failed = ferror(f) != 0;
    at[out->len < MAX_FILE ? out->len : MAX_FILE] = '\0';
    fclose(f);
    if (failed)
        return fail_file(file, "bytes that can be read", err);
    if (out->len > MAX_FILE)
        return fail_file(file, "64 KiB of settings at most", err);
    if (!mj_utf8_text(out->data, out->len))
        return fail_file(file, "UTF-8 text", err);
    for (const char *p = (const char *)out->data; *p; p += strcspn(p, "\n"), p += *p == '\n')
        if (strcspn(p, "\n") > MAX_LINE)
            return fail_file(file, "lines of 199 bytes at most", err);
    return 0;
}

struct reading {
    struct mj_config *c;
    const char *file;
    mj_error *err;
    bool failed;                         /* err is filled; the rest of the file is not looked at */
};

static int take_line(void *user, const char *section, const char *name, const char *value)
{
    struct reading *r = user;
    struct mj_config *c = r->c;
    char origin[128];
    if (r->failed)
        return 1;
    const char *own = strncmp(c->program, "mj-", 3) == 0 ? c->program + 3 : c->program;
    snprintf(origin, sizeof origin, "file %.120s", r->file);
    struct config_setting *s = config_find(c, name);
    if (*section && strcmp(section, own) != 0)
        r->failed = mj_fail(r->err, MJ_INVALID_ARGUMENT, "CONFIG_SECTION", name,
                            "expected no section or [%s] in %.80s, got [%.40s]; give each program its own file", own,
                            r->file, section) < 0;
    else if (!s)
        r->failed = config_unknown(c, origin, name, r->err) < 0;
    else if (s->source <= FROM_FILE)                         /* flags were read before and win */
        r->failed = config_give(s, FROM_FILE, origin, value, r->err) < 0;
    return 1;
}

int config_take_file(struct mj_config *c, mj_error *err)
{
    char name[96];
    const char *file = c->file ? c->file : read_environment(c, "config", name);
    if (!file || !*file)
        return 0;
    struct mj_buf text = MJ_BUF_INIT;
    struct reading r = { c, file, err, false };
    int rc = read_file(&text, file, err);
    if (rc == 0) {
        int line = ini_parse_string((const char *)text.data, take_line, &r);
        if (r.failed)
            rc = -1;
        else if (line != 0)
            rc = mj_fail(err, MJ_INVALID_ARGUMENT, "CONFIG_FILE", "config",
                         "expected \"name = value\" in line %d of %.120s, got something else", line, file);
    }
    mj_buf_free(&text);
    return rc;
}
