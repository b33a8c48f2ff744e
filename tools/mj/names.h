/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* names: a protocol's value by the word that people type: "mission-locale" is ORGANISATION_KIND_MISSION_LOCALE. */
#ifndef MJ_TOOLS_NAMES_H
#define MJ_TOOLS_NAMES_H

#include <protobuf-c/protobuf-c.h>

#include "cli.h"
#include "missionjeunes/placements/v1/placements.pb-c.h"

/* The option's value as a number; EXIT_USAGE, said with the words there are, where it is none of them. */
int name_value(struct cli *cli, const char *option, const ProtobufCEnumDescriptor *d, int *ret);
/* The word for a value, "mission-locale"; valid until the next call. */
const char *name_word(const ProtobufCEnumDescriptor *d, int value);
/* trace.c. Two lines: the event's fate, and why. */
void print_exception(const char *siret, const Missionjeunes__Placements__V1__Exception *x);
/* One JSON line: the answer, as it is on the wire. */
void print_message(const ProtobufCMessage *m);

#endif
