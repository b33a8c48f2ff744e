/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* handlers: registry.v1 and directory.v1 on the wire. The app is a struct mj_registry. */
#ifndef MJ_REGISTRY_HANDLERS_H
#define MJ_REGISTRY_HANDLERS_H

#include "common/wire/server.h"

extern const struct mj_method mj_registry_methods[];

/* handlers_query.c, handlers_directory.c */
int mj_get_organisation(void *app, struct mj_request *rq, mj_error *err);
int mj_list_organisations(void *app, struct mj_request *rq, mj_error *err);
int mj_list_enrolments(void *app, struct mj_request *rq, mj_error *err);
int mj_announce(void *app, struct mj_request *rq, mj_error *err);
int mj_resolve(void *app, struct mj_request *rq, mj_error *err);

#endif
