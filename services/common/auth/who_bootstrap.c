/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* The bootstrap file: principals outside the log. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/auth/who_state.h"
#include "common/base/ids.h"

#define SEPARATORS " \t\r\n"
#define PRINCIPALS_MAX 1024              /* lines that hold a key; more is somebody else's file */

static int bad(mj_error *err, unsigned line, const char *expected)
{
    return mj_fail(err, MJ_INVALID_ARGUMENT, "BOOTSTRAP", NULL, "line %u: expected %s; correct the file that mj keys "
                   "made", line, expected);
}

static bool is_id(const char *text)
{
    size_t len = strlen(text);
    return len >= 1 && len < MJ_PRINCIPAL_ID && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

/* "52,75" to bits; false where one is no partition. Cuts the text up. */
static bool read_regions(char *text, uint64_t *bits)
{
    char *rest = NULL;
    *bits = 0;
    for (char *code = strtok_r(text, ",", &rest); code; code = strtok_r(NULL, ",", &rest)) {
        uint64_t bit = mj_who_region_bit(code);
        if (bit == 0)
            return false;
        *bits |= bit;
    }
    return *bits != 0;
}

static int read_organisation(struct mj_principal *p, const char *text, unsigned line, mj_error *err)
{
    mj_error why;
    int rc = strlen(text) == MJ_SIREN_LEN ? mj_siren_check(text, "organisation", &why)
                                          : mj_siret_check(text, "organisation", &why);
    if (rc != 0)
        return bad(err, line, "organisation= with a valid SIREN or SIRET");
    strcpy(p->organisation, text);
    return 0;
}

static int read_follows(struct mj_principal *p, const char *text, unsigned line, mj_error *err)
{
    size_t len = strlen(text);
    if (p->role != MJ_ROLE_SERVICE || len == 0 || len >= sizeof p->follows)
        return bad(err, line, "follows= for a service only, with names of services, at most 63 bytes");
    for (size_t i = 0; i <= len; i++)
        p->follows[i] = text[i] == ',' ? ' ' : text[i];
    return 0;
}

static int read_option(struct mj_principal *p, char *word, unsigned line, mj_error *err)
{
    if (strncmp(word, "follows=", 8) == 0)
        return read_follows(p, word + 8, line, err);
    if (strncmp(word, "organisation=", 13) == 0)
        return read_organisation(p, word + 13, line, err);
    if (strncmp(word, "regions=", 8) == 0)
        return read_regions(word + 8, &p->regions) ? 0 : bad(err, line, "regions= with known codes, such as 52,75");
    return bad(err, line, "follows=, organisation= or regions= after the key");
}

static bool same_principal(const struct mj_principal *a, const struct mj_principal *b)
{
    return a->role == b->role && a->regions == b->regions && strcmp(a->organisation, b->organisation) == 0 &&
           strcmp(a->follows, b->follows) == 0;
}

static int add(struct mj_who *w, const struct mj_principal *p, const uint8_t key[WHO_KEY], unsigned line, mj_error *err)
{
    if (mj_who_key_row(w, key))
        return bad(err, line, "a key that no line before it has");
    struct principal_row *principal = mj_who_principal_make(w, p->id);
    if (principal->bootstrap && !same_principal(&principal->principal, p))
        return bad(err, line, "the same role and limits as on the principal's first line");
    principal->principal = *p;
    principal->bootstrap = true;
    struct key_row *row = mj_who_key_make(w, key);
    strcpy(row->principal, p->id);
    row->bootstrap = true;
    return 0;
}

static int read_line(struct mj_who *w, char *text, unsigned line, mj_error *err)
{
    struct mj_principal p = { .regions = UINT64_MAX };
    uint8_t key[WHO_KEY];
    char *rest = NULL;

    text[strcspn(text, "#")] = '\0';
    char *id = strtok_r(text, SEPARATORS, &rest);
    if (!id)
        return 0;
    if (!is_id(id))
        return bad(err, line, "an id of 1 to 32 characters of a-z, 0-9 and '-'");
    strcpy(p.id, id);
    char *role = strtok_r(NULL, SEPARATORS, &rest);
    p.role = role ? mj_role_of(role) : MJ_ROLE_NONE;
    if (p.role == MJ_ROLE_NONE)
        return bad(err, line, "a role such as service or operator after the id");
    char *hex = strtok_r(NULL, SEPARATORS, &rest);
    mj_error why;
    if (!hex || mj_unhex(key, sizeof key, hex, "key", &why) != 0)
        return bad(err, line, "a public key of 64 hexadecimal digits after the role");
    for (char *word = strtok_r(NULL, SEPARATORS, &rest); word; word = strtok_r(NULL, SEPARATORS, &rest))
        if (read_option(&p, word, line, err) != 0)
            return -1;
    return add(w, &p, key, line, err);
}

static int read_lines(struct mj_who *w, FILE *file, mj_error *err)
{
    char text[1024];
    for (unsigned line = 1; fgets(text, sizeof text, file); line++) {
        if (!strchr(text, '\n') && !feof(file))
            return bad(err, line, "at most 1,022 bytes");
        if (HASH_COUNT(w->keys) > PRINCIPALS_MAX)
            return bad(err, line, "at most 1,024 keys");
        if (read_line(w, text, line, err) != 0)
            return -1;
    }
    if (ferror(file))
        return mj_fail(err, MJ_UNAVAILABLE, "BOOTSTRAP", NULL, "the file cannot be read: %s", strerror(errno));
    return 0;
}

int mj_who_bootstrap(struct mj_who *w, const char *path, mj_error *err)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return mj_fail(err, MJ_FAILED_PRECONDITION, "BOOTSTRAP", NULL, "%s cannot be opened: %s; make it with mj keys",
                       path, strerror(errno));
    int rc = read_lines(w, file, err);
    fclose(file);
    return rc;
}
