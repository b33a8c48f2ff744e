/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* messages: short names for what protoc-c makes of missionjeunes.registry.v1 and directory.v1. Nothing else. */
#ifndef MJ_REGISTRY_MESSAGES_H
#define MJ_REGISTRY_MESSAGES_H

#include "missionjeunes/directory/v1/directory.pb-c.h"
#include "missionjeunes/registry/v1/entries.pb-c.h"
#include "missionjeunes/registry/v1/registry.pb-c.h"

typedef Missionjeunes__Registry__V1__Organisation pb_organisation;
typedef Missionjeunes__Registry__V1__Principal pb_principal;
typedef Missionjeunes__Registry__V1__ProgrammeRule pb_rule;
typedef Missionjeunes__Registry__V1__Enrolment pb_enrolment;

typedef Missionjeunes__Registry__V1__DeclareOrganisationRequest pb_declare_organisation;
typedef Missionjeunes__Registry__V1__DeclareAgencyRequest pb_declare_agency;
typedef Missionjeunes__Registry__V1__DeclarePrincipalRequest pb_declare_principal;
typedef Missionjeunes__Registry__V1__AddKeyRequest pb_add_key;
typedef Missionjeunes__Registry__V1__RevokeKeyRequest pb_revoke_key;
typedef Missionjeunes__Registry__V1__SetRuleRequest pb_set_rule;
typedef Missionjeunes__Registry__V1__EnrolRequest pb_enrol;

typedef Missionjeunes__Registry__V1__OrganisationDeclared pb_organisation_declared;
typedef Missionjeunes__Registry__V1__PrincipalDeclared pb_principal_declared;
typedef Missionjeunes__Registry__V1__KeyAdded pb_key_added;
typedef Missionjeunes__Registry__V1__KeyRevoked pb_key_revoked;
typedef Missionjeunes__Registry__V1__RuleSet pb_rule_set;
typedef Missionjeunes__Registry__V1__PersonEnrolled pb_person_enrolled;
typedef Missionjeunes__Registry__V1__PersonAttributes pb_person_attributes;

typedef Missionjeunes__Directory__V1__Instance pb_instance;

enum mj_programme { MJ_PROGRAMME_NONE, MJ_PACEA, MJ_CEJ, MJ_PROGRAMME_COUNT };      /* registry.v1 Programme */
enum mj_registry_entry {                 /* registry.v1 EntryType */
    MJ_ENTRY_ORGANISATION_DECLARED = 16, MJ_ENTRY_PRINCIPAL_DECLARED, MJ_ENTRY_KEY_ADDED, MJ_ENTRY_KEY_REVOKED,
    MJ_ENTRY_RULE_SET, MJ_ENTRY_PERSON_ENROLLED
};

#endif
