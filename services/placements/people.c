/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Open addressing with linear probing, in 256 parts by the hash, so that growing moves a few thousand at a time and
 * never needs twice the memory. A slot is an id's 10 random bytes, its region and a position: 16 bytes. */
#include "placements/people.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/hash.h"
#include "common/base/ids.h"

#define PARTS 256
#define FIRST_ROOM 4u

struct slot {
    uint64_t high;                       /* 8 of the random bytes */
    uint64_t low;                        /* position, 11 bits of region, the other two bytes; 0: free */
};
#define ID_BITS 27                       /* of low */
#define OF_ID ((UINT64_C(1) << ID_BITS) - 1)

struct part { struct slot *slots; uint32_t count, room; };
struct pl_people { size_t count; struct part parts[PARTS]; };

struct pl_people *pl_people_create(void)
{
    return mj_calloc(1, sizeof(struct pl_people));
}

void pl_people_clear(struct pl_people *p)
{
    for (unsigned i = 0; i < PARTS; i++)
        free(p->parts[i].slots);
    memset(p, 0, sizeof *p);
}

void pl_people_destroy(struct pl_people *p)
{
    if (p == NULL)
        return;
    pl_people_clear(p);
    free(p);
}

/* A region's character; no region is 00, so that no id gives 0. */
static unsigned value36(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'A') + 10;
}

static struct slot slot_of(const char *id)
{
    uint8_t random[MJ_PERSON_RANDOM];
    char region[3];
    struct slot s;
    mj_person_random(id, random);
    mj_person_region(id, region);
    memcpy(&s.high, random, sizeof s.high);
    s.low = (uint64_t)(value36(region[0]) * 36 + value36(region[1])) << 16 | (uint64_t)random[8] << 8 | random[9];
    return s;
}

/* Part by the low byte, place by the rest. */
static uint32_t hash_of(const struct slot *s)
{
    uint64_t id[2] = { s->high, s->low & OF_ID };
    return mj_hash_of(id, sizeof id);
}

static uint32_t home_of(const struct part *part, uint32_t hash)
{
    return (uint32_t)((uint64_t)(hash >> 8) * part->room >> 24);
}

static uint32_t after(const struct part *part, uint32_t at)
{
    return at + 1 == part->room ? 0 : at + 1;
}

/* Where the id stands, or the free slot where it would. */
static struct slot *place(const struct part *part, const struct slot *s, uint32_t hash)
{
    uint32_t at = home_of(part, hash);
    while (part->slots[at].low != 0 &&
           (part->slots[at].high != s->high || ((part->slots[at].low ^ s->low) & OF_ID) != 0))
        at = after(part, at);
    return &part->slots[at];
}

static void grow(struct part *part)
{
    struct part larger = { NULL, part->count, part->room < FIRST_ROOM ? FIRST_ROOM : part->room + part->room / 4 };
    larger.slots = mj_calloc(larger.room, sizeof *larger.slots);
    for (uint32_t i = 0; i < part->room; i++)
        if (part->slots[i].low != 0)
            *place(&larger, &part->slots[i], hash_of(&part->slots[i])) = part->slots[i];
    free(part->slots);
    *part = larger;
}

bool pl_people_add(struct pl_people *p, const char *id, uint64_t position)
{
    struct slot s = slot_of(id);
    uint32_t hash = hash_of(&s);
    struct part *part = &p->parts[hash % PARTS];
    if ((part->count + 1) * 5 > part->room * 4)
        grow(part);
    struct slot *at = place(part, &s, hash);
    if (at->low != 0)
        return false;
    s.low |= (position <= PL_PEOPLE_POSITION_MAX ? position : PL_PEOPLE_POSITION_MAX) << ID_BITS;
    *at = s;
    part->count++;
    p->count++;
    return true;
}

bool pl_people_find(const struct pl_people *p, const char *id, uint64_t *position)
{
    struct slot s = slot_of(id);
    uint32_t hash = hash_of(&s);
    const struct part *part = &p->parts[hash % PARTS];
    const struct slot *at = part->room > 0 ? place(part, &s, hash) : NULL;
    if (at == NULL || at->low == 0)
        return false;
    if (position != NULL)
        *position = at->low >> ID_BITS;
    return true;
}

/* What stands behind the freed slot moves up, unless its home lies between. */
static void close_hole(struct part *part, uint32_t hole)
{
    for (uint32_t at = after(part, hole); part->slots[at].low != 0; at = after(part, at)) {
        uint32_t home = home_of(part, hash_of(&part->slots[at]));
        bool between = hole <= at ? hole < home && home <= at : hole < home || home <= at;
        if (between)
            continue;
        part->slots[hole] = part->slots[at];
        hole = at;
    }
    part->slots[hole].low = 0;
}

void pl_people_drop(struct pl_people *p, const char *id)
{
    struct slot s = slot_of(id);
    uint32_t hash = hash_of(&s);
    struct part *part = &p->parts[hash % PARTS];
    struct slot *at = part->room > 0 ? place(part, &s, hash) : NULL;
    if (at == NULL || at->low == 0)
        return;
    close_hole(part, (uint32_t)(at - part->slots));
    part->count--;
    p->count--;
}

size_t pl_people_count(const struct pl_people *p)
{
    return p->count;
}

size_t pl_people_bytes(const struct pl_people *p)
{
    size_t bytes = sizeof *p;
    for (unsigned i = 0; i < PARTS; i++)
        bytes += p->parts[i].room * sizeof(struct slot);
    return bytes;
}
