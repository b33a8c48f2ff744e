/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* The profile: "name=value" lines, '#' and ';' start a comment. A key file that is no absolute path lies beside it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "common/base/nearest.h"

static int bad_line(mj_error *err, const char *path, unsigned line, const char *name)
{
    static const char *const known[] = { "registry", "key-file", "siret", "commune", "demo" };
    struct mj_nearest n = mj_nearest_to(name);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        mj_nearest_try(&n, known[i]);
    return mj_fail(err, MJ_INVALID_ARGUMENT, "PROFILE", NULL,
                   "%s, line %u: expected registry=, key-file=, siret=, commune= or demo= with a value that fits, got "
                   "\"%.40s\"%s%s%s", path, line, name, n.name ? "; did you mean " : "", n.name ? n.name : "",
                   n.name ? "=?" : "");
}

static bool set_text(char *field, size_t size, const char *value)
{
    return (size_t)snprintf(field, size, "%s", value) < size;
}

static bool set_key_file(struct profile *p, const char *path, const char *value)
{
    const char *slash = strrchr(path, '/');
    int folder = slash && value[0] != '/' ? (int)(slash - path) + 1 : 0;
    int n = snprintf(p->key_file, sizeof p->key_file, "%.*s%s", folder, path, value);
    return n > 0 && (size_t)n < sizeof p->key_file;
}

static bool set(struct profile *p, const char *path, const char *name, const char *value)
{
    if (strcmp(name, "registry") == 0)
        return set_text(p->registry, sizeof p->registry, value);
    if (strcmp(name, "key-file") == 0)
        return set_key_file(p, path, value);
    if (strcmp(name, "siret") == 0)
        return set_text(p->siret, sizeof p->siret, value);
    if (strcmp(name, "commune") == 0)
        return set_text(p->commune, sizeof p->commune, value);
    p->demo = strcmp(value, "1") == 0;
    return strcmp(name, "demo") == 0 && (p->demo || strcmp(value, "0") == 0);
}

static char *trimmed(char *text)
{
    text += strspn(text, " \t");
    size_t n = strlen(text);
    while (n && strchr(" \t\r\n", text[n - 1]))
        text[--n] = '\0';
    return text;
}

static int read_line(struct profile *p, const char *path, unsigned line, char *text, mj_error *err)
{
    char *name = trimmed(text), *equals = strchr(name, '=');
    if (name[0] == '\0' || name[0] == '#' || name[0] == ';')
        return 0;
    if (!equals)
        return bad_line(err, path, line, name);
    *equals = '\0';
    return set(p, path, trimmed(name), trimmed(equals + 1)) ? 0 : bad_line(err, path, line, name);
}

int profile_read(struct profile *p, const char *path, const char *data, mj_error *err)
{
    char usual[512], text[1024];
    const char *variable = getenv("MJ_PROFILE");
    int rc = 0;

    snprintf(usual, sizeof usual, "%s/mj.profile", data);
    if (!path && variable && variable[0])
        path = variable;
    FILE *file = fopen(path ? path : usual, "re");
    if (!file && !path && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    if (!file)
        return mj_fail(err, MJ_FAILED_PRECONDITION, "PROFILE", NULL, "cannot read profile %s: %s", path ? path : usual,
                       strerror(errno));
    for (unsigned line = 1; rc == 0 && fgets(text, sizeof text, file); line++)
        rc = read_line(p, path ? path : usual, line, text, err);
    fclose(file);
    return rc;
}
