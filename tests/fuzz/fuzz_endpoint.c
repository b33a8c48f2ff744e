/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* The only texts that reach zmq_bind and zmq_connect. The first two bytes are a port; the rest is an endpoint, a
 * host, and a list of registries. What passes is tcp, fits, and holds nothing by which ZeroMQ means more (';' names a
 * source address, '*' and an empty host all interfaces). What is made from a host and a port passes. */
#include "common/wire/endpoint.h"
#include "common/wire/resolver.h"
#include "fuzz.h"

#define ALLOWED "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]"

static void hold_checked(const char *text)
{
    bool ipv6;
    mj_error err = { 0 };
    if (mj_endpoint_check(text, &ipv6, &err) < 0) {
        HOLD(strcmp(err.reason, "BAD_ENDPOINT") == 0);
        return;
    }
    HOLD(strlen(text) < MJ_ENDPOINT_MAX && strncmp(text, "tcp://", 6) == 0);
    HOLD(strspn(text + 6, ALLOWED) == strlen(text + 6));
    HOLD(ipv6 == (text[6] == '['));
    HOLD(ipv6 || strchr(text + 6, ':') == strrchr(text + 6, ':'));
}

static void hold_made(const char *host, int port)
{
    char out[MJ_ENDPOINT_MAX];
    bool ipv6, checked;
    mj_error err = { 0 };
    if (mj_endpoint_make(out, host, port, &ipv6, &err) < 0) {
        HOLD(strcmp(err.reason, "BAD_ENDPOINT") == 0);
        return;
    }
    HOLD(strlen(out) < sizeof out);
    HOLD(port == 0 || (mj_endpoint_check(out, &checked, NULL) == 0 && checked == ipv6));
}

/* "tcp://host:port/key-in-hex", several. */
static void hold_registries(const char *text)
{
    struct mj_registry_address found[16];
    size_t count = 0;
    bool ipv6;
    mj_error err = { 0 };
    if (mj_registry_parse(found, &count, text, &err) < 0) {
        HOLD(strcmp(err.reason, "BAD_REGISTRY_ADDRESS") == 0);
        return;
    }
    HOLD(count >= 1 && count <= 16);
    for (size_t i = 0; i < count; i++)
        HOLD(mj_endpoint_check(found[i].endpoint, &ipv6, NULL) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[512];
    if (size < 2 || size - 2 >= sizeof text)
        return 0;
    memcpy(text, data + 2, size - 2);
    text[size - 2] = '\0';
    hold_checked(text);
    hold_registries(text);
    hold_made(text, (data[0] << 8 | data[1]) - 8);
    return 0;
}
