/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "common/service/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/ids.h"

#define FILE_MAX 512

static int not_a_key_file(const char *path, mj_error *err)
{
    return mj_fail(err, MJ_FAILED_PRECONDITION, "KEY_FILE", NULL,
                   "expected two lines \"public HEX\" and \"secret HEX\" in %s; make one with: mj keys new FILE", path);
}

static int parse(struct mj_curve *ret, char *text, const char *path, mj_error *err)
{
    char public_hex[65], secret_hex[65];
    struct mj_curve k;

    if (sscanf(text, "public %64s secret %64s", public_hex, secret_hex) != 2 ||
        mj_unhex(k.public_key, MJ_CURVE_KEY, public_hex, "public", NULL) < 0 ||
        mj_unhex(k.secret_key, MJ_CURVE_KEY, secret_hex, "secret", NULL) < 0)
        return not_a_key_file(path, err);
    *ret = k;
    sodium_memzero(secret_hex, sizeof secret_hex);
    sodium_memzero(&k, sizeof k);
    return 0;
}

int mj_keyfile_read(struct mj_curve *ret, const char *path, mj_error *err)
{
    char text[FILE_MAX];
    struct stat st;
    ssize_t n;
    int fd = open(path, O_RDONLY | O_CLOEXEC), rc;

    if (fd < 0 || fstat(fd, &st) < 0) {
        rc = mj_fail(err, MJ_FAILED_PRECONDITION, "KEY_FILE", NULL, "cannot read key file %s: %s", path,
                     strerror(errno));
        if (fd >= 0)
            close(fd);
        return rc;
    }
    /* A credential of systemd's is root's, and an access list lets us read it: stat shows that as group read. */
    if (st.st_mode & (st.st_uid == geteuid() ? 077u : 037u)) {
        close(fd);
        return mj_fail(err, MJ_FAILED_PRECONDITION, "KEY_FILE", NULL,
                       "key file %s may be read by others (mode %03o); do: chmod 600 %s", path,
                       (unsigned)st.st_mode & 0777u, path);
    }
    n = read(fd, text, sizeof text - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    rc = parse(ret, text, path, err);
    sodium_memzero(text, sizeof text);
    return rc;
}

int mj_keyfile_write(const struct mj_curve *keys, const char *path, mj_error *err)
{
    char text[FILE_MAX], public_hex[65], secret_hex[65];
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), n;
    bool written;

    if (fd < 0)
        return mj_fail(err, errno == EEXIST ? MJ_ALREADY_EXISTS : MJ_FAILED_PRECONDITION, "KEY_FILE", NULL,
                       "cannot make key file %s: %s", path, strerror(errno));
    n = snprintf(text, sizeof text, "public %s\nsecret %s\n", mj_hex(public_hex, keys->public_key, MJ_CURVE_KEY),
                 mj_hex(secret_hex, keys->secret_key, MJ_CURVE_KEY));
    written = write(fd, text, (size_t)n) == n && fsync(fd) == 0;
    close(fd);
    sodium_memzero(text, sizeof text);
    sodium_memzero(secret_hex, sizeof secret_hex);
    if (!written)
        return mj_fail(err, MJ_FAILED_PRECONDITION, "KEY_FILE", NULL, "cannot write key file %s: %s", path,
                       strerror(errno));
    return 0;
}
