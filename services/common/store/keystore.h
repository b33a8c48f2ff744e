/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* keystore: the deletable keys of one partition, beside its log and never in it: name keys (placements), person
 * keys (registry). On the same kind of engine, synchronous=FULL: a key is on disk before the first entry that uses it.
 * Without its file a service whose log is not empty refuses to start. Called blocking on the log thread, or at
 * start. An error of code MJ_UNKNOWN (stored or not) ends the process, as an append's. */
#ifndef MJ_STORE_KEYSTORE_H
#define MJ_STORE_KEYSTORE_H

#include <stdbool.h>

#include "common/base/crypto.h"
#include "common/base/error.h"

struct mj_keystore;
/* must_exist: FAILED_PRECONDITION KEYS_MISSING where the file is not there. */
int mj_keystore_open(struct mj_keystore **ret, const char *url, bool must_exist, mj_error *err);
void mj_keystore_close(struct mj_keystore *k);
/* Stores count keys in one durable transaction; a name that exists keeps its key (0 all the same).
 * RESOURCE_EXHAUSTED where the disk is full. */
struct mj_named_key { char name[40]; uint8_t key[MJ_KEY]; };
int mj_keystore_put(struct mj_keystore *k, const struct mj_named_key *keys, size_t count, mj_error *err);
int mj_keystore_get(struct mj_keystore *k, const char *name, uint8_t key[MJ_KEY], bool *found, mj_error *err);
/* Name keys are numbered from 1: the highest number, 0 for none ("name/1"). */
int mj_keystore_last(struct mj_keystore *k, unsigned *number, uint8_t key[MJ_KEY], mj_error *err);
/* Gone from the files too, once this gives 0; a name that is not there is no error. */
int mj_keystore_delete(struct mj_keystore *k, const char *name, mj_error *err);

#endif
