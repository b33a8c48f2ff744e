/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* event_read: an event's bytes, field by field, without unpacking them. Holds their form and nothing of their meaning.
 * Private to event.c and its tests. */
#ifndef PLACEMENTS_EVENT_READ_H
#define PLACEMENTS_EVENT_READ_H

#include "placements/event.h"

#define PL_SHORT_TEXT 24                 /* no right text is longer */

/* What a field of a fact says. Texts come first. */
enum pl_says { PL_SAYS_HOST, PL_SAYS_ROME, PL_SAYS_ON, PL_SAYS_UNTIL, PL_SAYS_PERSON, PL_TEXTS, PL_SAYS_CODE = PL_TEXTS,
               PL_SAYS_FIGURE };

struct pl_member { const char *name; enum pl_says says; uint8_t last /* of an enum */; };
struct pl_shape {                        /* the message of a kind of fact: member i has field number i + 1 */
    const char *name;
    uint8_t count;
    struct pl_member members[6];
};
extern const struct pl_shape pl_shapes[PL_CANCELLED + 1];

struct pl_reading {
    struct pl_event event;               /* but for young_person, and of the fact only kind, code and tag */
    const char *texts[PL_TEXTS];         /* "" where it has none; within short_texts or the arena */
    uint32_t figure;                     /* minutes, number of a renewal */
    char short_texts[PL_TEXTS][PL_SHORT_TEXT];
};

/* True: the bytes are canonical: fields known, ascending, of their wire type, once each, no default written out,
 * varints as short as can be, texts UTF-8 without NUL, enum numbers known. False also where a text is longer than any
 * right one and the arena is NULL or full. The reference may be missing, and so may the fact (kind PL_NONE). */
bool pl_reading_take(struct pl_reading *r, const uint8_t *bytes, size_t len, struct mj_arena *a);

#endif
