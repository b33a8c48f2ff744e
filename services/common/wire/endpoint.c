/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "common/wire/endpoint.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define PORT_MAX 65535
#define SCHEME "tcp://"
#define DNS_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-"

static bool is_ip(int family, const char *host)
{
    struct in6_addr address;                     /* large enough for both */

    return inet_pton(family, host, &address) == 1;
}

int mj_endpoint_make(char out[MJ_ENDPOINT_MAX], const char *host, int port, bool *ipv6, mj_error *err)
{
    char port_text[8];

    if (port < 0 || port > PORT_MAX)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "BAD_ENDPOINT", "port", "expected a port of 0 to 65535, got %d", port);
    *ipv6 = is_ip(AF_INET6, host);
    if (!*ipv6 && !is_ip(AF_INET, host))
        return mj_fail(err, MJ_INVALID_ARGUMENT, "BAD_ENDPOINT", "host", "expected an IP address to listen on, such as "
                       "127.0.0.1, 0.0.0.0 or ::1, got something else; write the address in digits");
    snprintf(port_text, sizeof(port_text), port == 0 ? "*" : "%d", port);
    snprintf(out, MJ_ENDPOINT_MAX, *ipv6 ? SCHEME "[%s]:%s" : SCHEME "%s:%s", host, port_text);
    return 0;
}

static bool port_ok(const char *text)
{
    unsigned port = 0;

    if (text[0] < '1' || text[0] > '9')
        return false;
    for (; *text >= '0' && *text <= '9' && port <= PORT_MAX; text++)
        port = port * 10 + (unsigned)(*text - '0');
    return *text == '\0' && port <= PORT_MAX;
}

static bool host_ok(char *host, bool *ipv6)
{
    size_t len = strlen(host);

    *ipv6 = len > 2 && host[0] == '[' && host[len - 1] == ']';
    if (*ipv6) {
        host[len - 1] = '\0';
        return is_ip(AF_INET6, host + 1);
    }
    return len > 0 && host[0] != '-' && host[0] != '.' && strspn(host, DNS_CHARS) == len;
}

int mj_endpoint_check(const char *endpoint, bool *ipv6, mj_error *err)
{
    char host[MJ_ENDPOINT_MAX];
    const size_t scheme = sizeof(SCHEME) - 1;
    const char *colon = strrchr(endpoint, ':');

    if (strlen(endpoint) < MJ_ENDPOINT_MAX && strncmp(endpoint, SCHEME, scheme) == 0 && colon != NULL
        && colon >= endpoint + scheme && port_ok(colon + 1)) {
        size_t len = (size_t)(colon - endpoint) - scheme;

        memcpy(host, endpoint + scheme, len);
        host[len] = '\0';
        if (host_ok(host, ipv6))
            return 0;
    }
    return mj_fail(err, MJ_INVALID_ARGUMENT, "BAD_ENDPOINT", "endpoint", "expected tcp://HOST:PORT with a name or "
                   "address and a port of 1 to 65535, got something else; correct the address");
}
