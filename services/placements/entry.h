/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* entry: the entries of placements' log as values, to and from their bytes (placements.v1, entries.proto). Pure. What a
 * command emits and what a start reads are the same value, so that both fold alike: reading what was put gives what was
 * put (a property test). Texts are "" and figures 0 where an entry has none. */
#ifndef PLACEMENTS_ENTRY_H
#define PLACEMENTS_ENTRY_H

#include "common/base/arena.h"
#include "common/base/codes.h"
#include "common/store/log.h"
#include "placements/event.h"

struct mj_row;

/* ACCEPTED, KNOWN, REJECTED: an event took its number. */
struct pl_numbered {
    char stream[MJ_SIRET_LEN + 1];
    uint64_t number;
    uint8_t tag[MJ_TAG];                 /* keyed hash of all received bytes */
    uint32_t key;                        /* number of the key of tag and name */
    const char *reason, *field;          /* rejected: the cause; accepted: the warning */
    uint64_t same_as;                    /* known, rejected */
    /* accepted only: */
    uint8_t name[MJ_TAG];                /* of the placement */
    bool unmatched, implied_start;
    uint64_t registry_position;
    uint32_t late_days;
    struct pl_event event;               /* put: event.rest is stored */
    /* Not of the entry: the rows of stream and placement, where who emits it holds them; NULL: found by their keys. */
    struct mj_row *stream_row, *placement_row;
};
struct pl_matched {
    uint8_t name[MJ_TAG];
    char stream[MJ_SIRET_LEN + 1], young_person[MJ_PERSON_TEXT];
    uint64_t registry_position;
};
struct pl_quality { char stream[MJ_SIRET_LEN + 1]; uint64_t resends, conflicts; };

/* Appends the packed payload; type: PL_ENTRY_ACCEPTED, KNOWN or REJECTED. The bytes are protobuf-c's. */
void pl_numbered_put(struct mj_buf *out, uint32_t type, const struct pl_numbered *n);
void pl_matched_put(struct mj_buf *out, const struct pl_matched *m);
void pl_quality_put(struct mj_buf *out, const struct pl_quality *q);

/* Reads e->payload into e->value, in the arena: a struct pl_numbered, pl_matched or pl_quality by e->type; NULL for a
 * type that has nothing to fold. Fields that a newer writer added are passed over. DATA_LOSS ENTRY_BROKEN. Its texts
 * and its event live as long as payload and arena. */
int pl_entry_read(struct mj_entry *e, struct mj_arena *a, mj_error *err);

#endif
