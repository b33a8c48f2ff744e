/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* events: a file of placement events in JSON, read, encoded and checked before anything is sent. The file holds
 * objects one after another (a line each, or laid out over several), or arrays of them. What cannot be read costs
 * itself alone: reading goes on at the next line that starts with "{" or "[". */
#ifndef MJ_TOOLS_EVENTS_H
#define MJ_TOOLS_EVENTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"
#include "placements/event.h"

struct event_item {
    unsigned line;                       /* where it starts, from 1 */
    uint8_t *bytes;                      /* packed; NULL where it could not be */
    size_t len;
    mj_error *wrong;                     /* NULL where nothing is */
    struct pl_warning warning;           /* name "" where there is none */
    unsigned same_line;                  /* the file's line that tells the same fact; 0: none */
    uint64_t sequence;                   /* its number in the stream; 0: not sent */
};

struct events {
    struct event_item *items;
    size_t count, room;
};

/* path "-": standard input. person: put in place of every young_person the file names; NULL: as they are.
 * -1: the file itself cannot be read. */
int events_read(struct events *e, const char *path, const char *person, mj_error *err);
void events_free(struct events *e);
/* Sets wrong, warning and same_line as placements would, for a stream that has only this file's events. A correction
 * of a fact that the file does not tell is taken: it may have been sent before. */
void events_check(struct events *e, const char *siret, int64_t now_ms);

/* A receipt line for an item; level 0 to 3, outcome as in the protocol or "not sent", "ok". event: "SIRET/n" or "". */
struct receipt {
    const char *event;
    unsigned line;                       /* 0: none */
    int level;
    const char *outcome, *reason, *field, *message, *same_as;    /* NULL or "": none */
};
void receipt_print(const struct receipt *r, bool json);

#endif
