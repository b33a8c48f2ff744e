/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* JSON as `mj send` and the other commands read it. With an odd first byte the rest is a file of events, read as
 * mj send does; else it is one message of the kind that the byte picks. What is read as a message is written as JSON
 * that reads as the same message. */
#include "../../tools/mj/events.h"
#include "client/json.h"
#include "common/base/buf.h"
#include "memfile.h"
#include "methods.h"

static struct mj_method methods[METHODS_MAX];
static size_t method_count;
static struct mj_arena *arena;

static int read_message(ProtobufCMessage **m, const ProtobufCMessageDescriptor *d, const char *text, size_t len)
{
    json_t *value;
    size_t used;
    unsigned line;
    mj_error err = { 0 };
    if (mj_json_parse(&value, text, len, &used, &line, &err) < 0) {
        HOLD(line >= 1 && strncmp(err.reason, "JSON_", 5) == 0);
        return -1;
    }
    HOLD(used >= 1 && used <= len);
    int rc = mj_json_to_message(m, d, value, arena, &err);
    HOLD(rc == 0 || err.reason[0] != '\0');
    json_decref(value);
    return rc;
}

static void hold_same_again(const ProtobufCMessageDescriptor *d, const ProtobufCMessage *m)
{
    struct mj_buf first = MJ_BUF_INIT, second = MJ_BUF_INIT;
    ProtobufCMessage *again;
    json_t *value = mj_json_of_message(m);
    char *text = json_dumps(value, JSON_COMPACT);
    HOLD(text != NULL && read_message(&again, d, text, strlen(text)) == 0);
    mj_buf_pack(&first, m);
    mj_buf_pack(&second, again);
    HOLD(first.len == second.len && (first.len == 0 || memcmp(first.data, second.data, first.len) == 0));
    mj_buf_free(&first);
    mj_buf_free(&second);
    free(text);
    json_decref(value);
}

static void try_events(const uint8_t *data, size_t size)
{
    struct events e;
    mj_error err;
    HOLD(events_read(&e, memfile_fill(data, size), size % 2 ? "R52-041061050R3GG28A0" : NULL, &err) == 0);
    for (size_t i = 0; i < e.count; i++)
        HOLD((e.items[i].bytes == NULL) == (e.items[i].wrong != NULL));
    events_free(&e);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    method_count = methods_copy(methods);
    arena = mj_arena_create(0);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ProtobufCMessage *m;
    if (size == 0)
        return 0;
    if (data[0] % 2) {
        try_events(data + 1, size - 1);
        return 0;
    }
    size_t kind = data[0] / 2 % (method_count + 1);
    const ProtobufCMessageDescriptor *d = kind == method_count
                                              ? &missionjeunes__placements__v1__placement_event__descriptor
                                              : methods_request(&methods[kind]);
    mj_arena_reset(arena, 0);
    if (read_message(&m, d, (const char *)data + 1, size - 1) == 0)
        hold_same_again(d, m);
    return 0;
}
