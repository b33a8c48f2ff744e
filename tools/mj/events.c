/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Reading a file of events. */
#include "events.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/json.h"
#include "common/base/buf.h"

static struct event_item *new_item(struct events *e, unsigned line)
{
    if (e->count == e->room) {
        struct event_item *old = e->items;
        e->room = e->room ? 2 * e->room : 64;
        e->items = mj_calloc(e->room, sizeof *e->items);
        if (old)
            memcpy(e->items, old, e->count * sizeof *old);
        free(old);
    }
    e->items[e->count].line = line;
    return &e->items[e->count++];
}

static void is_wrong(struct event_item *item, const mj_error *err)
{
    item->wrong = mj_memdup(err, sizeof *err);
}

static void add_event(struct events *e, const json_t *object, unsigned line, struct mj_arena *a)
{
    struct event_item *item = new_item(e, line);
    struct mj_buf bytes = MJ_BUF_INIT;
    ProtobufCMessage *m;
    mj_error err;

    if (mj_json_to_message(&m, &missionjeunes__placements__v1__placement_event__descriptor, object, a, &err) < 0) {
        is_wrong(item, &err);
    } else {
        mj_buf_pack(&bytes, m);
        item->bytes = bytes.data ? bytes.data : mj_calloc(1, 1);
        item->len = bytes.len;
    }
    mj_arena_reset(a, 0);
}

static void set_person(json_t *object, const char *person)
{
    if (json_object_get(object, "youngPerson"))
        json_object_set_new(object, "youngPerson", json_string(person));
    if (json_object_get(object, "young_person"))
        json_object_set_new(object, "young_person", json_string(person));
}

static void add_value(struct events *e, json_t *value, const char *person, unsigned line, struct mj_arena *a)
{
    size_t n = json_is_array(value) ? json_array_size(value) : 1;
    for (size_t i = 0; i < n; i++) {
        json_t *object = json_is_array(value) ? json_array_get(value, i) : value;
        if (person && json_is_object(object))
            set_person(object, person);
        add_event(e, object, line, a);
    }
}

static unsigned lines_in(const char *text, size_t len)
{
    unsigned n = 0;
    for (size_t i = 0; i < len; i++)
        n += text[i] == '\n';
    return n;
}

/* Bytes to the next line that starts a value. */
static size_t next_start(const char *text, size_t len)
{
    for (size_t i = 0; i + 1 < len; i++)
        if (text[i] == '\n' && (text[i + 1] == '{' || text[i + 1] == '['))
            return i + 1;
    return len;
}

static void read_text(struct events *e, const char *text, size_t len, const char *person)
{
    struct mj_arena *a = mj_arena_create(0);
    unsigned line = 1, at;
    size_t used = 0;
    json_t *value;
    mj_error err;

    for (size_t pos = 0; pos < len; pos += used) {
        size_t blank = 0;
        while (pos + blank < len && strchr(" \t\r\n", text[pos + blank]))
            blank++;
        line += lines_in(text + pos, blank);
        pos += blank;
        if (pos == len)
            break;
        if (mj_json_parse(&value, text + pos, len - pos, &used, &at, &err) == 0) {
            add_value(e, value, person, line, a);
            json_decref(value);
        } else {
            is_wrong(new_item(e, line), &err);
            used = next_start(text + pos, len - pos);
        }
        line += lines_in(text + pos, used);
    }
    mj_arena_destroy(a);
}

int events_read(struct events *e, const char *path, const char *person, mj_error *err)
{
    struct mj_buf text = MJ_BUF_INIT;
    char block[65536];
    size_t n;
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");

    *e = (struct events){ 0 };
    if (!file)
        return mj_fail(err, MJ_NOT_FOUND, "FILE", NULL, "cannot read %s: %s", path, strerror(errno));
    while ((n = fread(block, 1, sizeof block, file)) > 0)
        mj_buf_put(&text, block, n);
    int rc = ferror(file) ? mj_fail(err, MJ_NOT_FOUND, "FILE", NULL, "cannot read %s: %s", path, strerror(errno)) : 0;
    if (file != stdin)
        fclose(file);
    if (rc == 0 && text.len)
        read_text(e, (const char *)text.data, text.len, person);
    mj_buf_free(&text);
    return rc;
}

void events_free(struct events *e)
{
    for (size_t i = 0; i < e->count; i++) {
        free(e->items[i].bytes);
        free(e->items[i].wrong);
    }
    free(e->items);
}
