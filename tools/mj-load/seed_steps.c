/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "seed_steps.h"

#include <string.h>

#include "keys.h"

static struct load_seeding *seeding_of(void *arg)
{
    return ((struct load_speaker *)arg)->seeding;
}

static void call_registry(struct mj_call *call, const char *method, const char *region, const ProtobufCMessage *body,
                          const ProtobufCMessageDescriptor *answer)
{
    call->method = method;
    call->region = region;
    call->body = body;
    call->answer = answer;
}

static int nothing_to_note(void *arg, unsigned i, const void *answer, mj_error *err)
{
    (void)arg, (void)i, (void)answer, (void)err;
    return 0;
}

/* Missions Locales first, then ETTs. */
static unsigned count_all(const struct load_speaker *s)
{
    return s->seeding->world->locales + s->seeding->world->etts;
}

static bool is_locale(const struct load_seeding *s, unsigned i)
{
    return i < s->world->locales;
}

static void take(struct load_seeding *s, unsigned i)
{
    if (is_locale(s, i))
        load_world_locale(s->world, i, &s->who);
    else
        load_world_ett(s->world, i - s->world->locales, &s->who);
}

/* ---- organisations ---- */

static bool make_organisation(void *arg, unsigned i, struct mj_call *call)
{
    struct load_seeding *s = seeding_of(arg);
    Missionjeunes__Registry__V1__Organisation *o = &s->organisation;

    take(s, i);
    missionjeunes__registry__v1__declare_organisation_request__init(&s->body.organisation);
    missionjeunes__registry__v1__organisation__init(o);
    o->kind = is_locale(s, i) ? MISSIONJEUNES__REGISTRY__V1__ORGANISATION_KIND__ORGANISATION_KIND_MISSION_LOCALE
                              : MISSIONJEUNES__REGISTRY__V1__ORGANISATION_KIND__ORGANISATION_KIND_ETT;
    o->id = s->who.id;
    o->name = s->who.name;
    o->commune = s->who.commune;
    s->body.organisation.organisation = o;
    call_registry(call, "registry.v1.DeclareOrganisation", "FR", &s->body.organisation.base,
                  &missionjeunes__registry__v1__declare_organisation_response__descriptor);
    return true;
}

const struct load_step load_step_organisations = {
    "organisations", count_all, make_organisation, nothing_to_note, NULL,
};

/* ---- principals and keys ---- */

static bool make_principal(void *arg, unsigned i, struct mj_call *call)
{
    struct load_seeding *s = seeding_of(arg);
    Missionjeunes__Registry__V1__Principal *p = &s->principal;

    take(s, i);
    missionjeunes__registry__v1__declare_principal_request__init(&s->body.principal);
    missionjeunes__registry__v1__principal__init(p);
    p->id = s->who.principal;
    p->organisation = s->who.id;
    p->role = is_locale(s, i) ? MISSIONJEUNES__REGISTRY__V1__ROLE__ROLE_MISSION_LOCALE
                              : MISSIONJEUNES__REGISTRY__V1__ROLE__ROLE_AGENCY;
    s->region = (char *)mj_regions[s->who.region].code;
    p->regions = &s->region;
    p->n_regions = is_locale(s, i) ? 1 : 0;
    s->body.principal.principal = p;
    call_registry(call, "registry.v1.DeclarePrincipal", "FR", &s->body.principal.base,
                  &missionjeunes__registry__v1__declare_principal_response__descriptor);
    return true;
}

const struct load_step load_step_principals = { "principals", count_all, make_principal, nothing_to_note, NULL };

static bool make_add_key(void *arg, unsigned i, struct mj_call *call)
{
    struct load_seeding *s = seeding_of(arg);

    take(s, i);
    if (load_key_make(&s->keys, s->options->dir, s->who.principal, &s->err) < 0) {
        s->failed = true;
        return false;
    }
    missionjeunes__registry__v1__add_key_request__init(&s->body.key);
    s->body.key.principal = s->who.principal;
    s->body.key.public_key = (ProtobufCBinaryData){ MJ_CURVE_KEY, s->keys.public_key };
    call_registry(call, "registry.v1.AddKey", "FR", &s->body.key.base,
                  &missionjeunes__registry__v1__add_key_response__descriptor);
    return true;
}

/* It was added before this folder's world was made from the same seed again. */
static bool key_was_added(void *arg, unsigned i, const mj_error *err)
{
    (void)arg, (void)i;
    return strcmp(err->reason, "KEY_USED") == 0;
}

const struct load_step load_step_keys = { "keys", count_all, make_add_key, nothing_to_note, key_was_added };

/* ---- an ETT's agencies: every etts-th one ---- */

static unsigned count_agencies(const struct load_speaker *s)
{
    const struct load_world *w = s->seeding->world;

    return (w->agencies - s->number + w->etts - 1) / w->etts;
}

static bool make_agency(void *arg, unsigned i, struct mj_call *call)
{
    struct load_seeding *s = seeding_of(arg);

    load_world_agency(s->world, ((struct load_speaker *)arg)->number + i * s->world->etts, &s->who);
    missionjeunes__registry__v1__declare_agency_request__init(&s->body.agency);
    s->body.agency.siret = s->who.id;
    s->body.agency.commune = s->who.commune;
    s->body.agency.name = s->who.name;
    call_registry(call, "registry.v1.DeclareAgency", "FR", &s->body.agency.base,
                  &missionjeunes__registry__v1__declare_agency_response__descriptor);
    return true;
}

const struct load_step load_step_agencies = { "agencies", count_agencies, make_agency, nothing_to_note, NULL };

/* ---- a Mission Locale's young people: every n-th of its region ---- */

static const struct load_part *part_of(const struct load_speaker *s, unsigned *place)
{
    const struct load_world *w = s->seeding->world;
    struct load_organisation o;

    load_world_locale(w, s->number, &o);
    *place = s->number - w->parts[o.region].locales.first;
    return &w->parts[o.region];
}

static unsigned count_people(const struct load_speaker *s)
{
    unsigned place;
    const struct load_part *p = part_of(s, &place);

    return place < p->people.count ? (p->people.count - place + p->locales.count - 1) / p->locales.count : 0;
}

static unsigned person_of(const struct load_speaker *s, unsigned i)
{
    unsigned place;
    const struct load_part *p = part_of(s, &place);

    return p->people.first + place + i * p->locales.count;
}

static bool make_enrol(void *arg, unsigned i, struct mj_call *call)
{
    struct load_seeding *s = seeding_of(arg);
    unsigned person = person_of(arg, i);
    struct load_person who;

    if (s->world->ids[person][0])
        return false;                    /* a run before this one enrolled them */
    load_person_draw(&who, s->world->figures.seed, person, s->world->figures.today);
    missionjeunes__registry__v1__enrol_request__init(&s->body.enrol);
    s->body.enrol.birth_date = mj_date_format(who.birth, s->birth);
    s->body.enrol.entry_on = mj_date_format(who.entry_on, s->entry);
    s->body.enrol.sex = (Missionjeunes__Registry__V1__Sex)who.sex;
    s->body.enrol.rqth = who.rqth;
    s->body.enrol.programme = (Missionjeunes__Registry__V1__Programme)who.programme;
    call_registry(call, "registry.v1.Enrol", mj_regions[load_world_region_of(s->world, person)].code,
                  &s->body.enrol.base, &missionjeunes__registry__v1__enrol_response__descriptor);
    return true;
}

static int enrolled(void *arg, unsigned i, const void *answer, mj_error *err)
{
    struct load_seeding *s = seeding_of(arg);
    const Missionjeunes__Registry__V1__EnrolResponse *a = answer;

    return load_world_enrolled(s->world, s->file, person_of(arg, i), a->young_person, err);
}

const struct load_step load_step_people = { "young people", count_people, make_enrol, enrolled, NULL };
