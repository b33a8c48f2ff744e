/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* commands: registry's commands, from a checked request to entries and an answer; no wire here.
 *
 * A command is prepared (checked alone, its random parts drawn), submitted to its partition, decided there with the
 * rows it needs, and finished once everything is on disk. */
#ifndef MJ_REGISTRY_COMMANDS_H
#define MJ_REGISTRY_COMMANDS_H

#include "registry/enrolment.h"
#include "registry/key.h"
#include "registry/registry.h"
#include "registry/rule.h"
#include "registry/tables.h"
#include "common/base/ids.h"

struct mj_registry_command;
struct mj_verb {
    const char *method;                  /* "registry.v1.Enrol" */
    const ProtobufCMessageDescriptor *answer;
    /* Checks the request by itself and fills checked. */
    int (*check)(struct mj_registry_command *c, mj_error *err);
    bool (*needs)(struct mj_registry_command *c, struct mj_rows *rows, struct mj_row_waiter *w);
    int (*decide)(struct mj_registry_command *c, struct mj_partition *p, mj_error *err);
};
extern const struct mj_verb mj_declare_organisation, mj_declare_agency, mj_declare_principal, mj_add_key, mj_revoke_key,
    mj_set_rule, mj_enrol;

/* answer: packed by verb->answer; NULL with err. Both are valid during the call. */
typedef void mj_finished_fn(void *arg, const struct mj_verb *verb, const struct mj_buf *answer, const mj_error *err);

struct mj_registry_command {
    struct mj_command base;
    const struct mj_verb *verb;
    const struct mj_registry *registry;
    const struct mj_principal *caller;
    const void *body;                    /* unpacked request */
    char region[3];
    union {
        struct mj_organisation organisation;
        struct mj_principal principal;
        struct mj_age_rule rule;
        struct mj_enrolment enrolment;
    } checked;
    char person[MJ_PERSON_TEXT];         /* Enrol: the id, key and nonce it will use */
    uint8_t person_key[MJ_KEY], nonce[MJ_NONCE];
    uint8_t tag[MJ_TAG];
    mj_finished_fn *finished;
    void *arg;
};

/* Prepares c for the partition. caller, body, bytes (the body as received) and key (16 bytes, or NULL) are valid until
 * it is finished. -1: refused by itself; finished is not called. */
int mj_registry_command_prepare(struct mj_registry_command *c, const struct mj_registry *registry,
                                const struct mj_verb *verb, struct mj_partition *p, const struct mj_principal *caller,
                                const void *body, const struct mj_frame *bytes, const uint8_t *key, mj_error *err);
/* finished is called once, never before this returns to the loop for a command that is decided; c is the caller's again
 * when it is called. */
void mj_registry_command_submit(struct mj_registry_command *c, struct mj_partition *p, mj_finished_fn *finished,
                                void *arg);

/* For verbs: packs the answer, then emits the one entry of the decision (type 0: none, nothing changed). */
void mj_registry_conclude(struct mj_registry_command *c, struct mj_partition *p, uint32_t type,
                          const ProtobufCMessage *entry, const ProtobufCMessage *answer);

/* Appends the default age rules where a programme has none; once "FR" is open. seed is the caller's until done. */
struct mj_seed { struct mj_command base; };
void mj_registry_seed(struct mj_seed *seed, struct mj_partition *fr,
                      void (*done)(struct mj_command *c, struct mj_partition *p, const mj_error *err));

#endif
