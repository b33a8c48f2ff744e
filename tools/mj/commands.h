/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* commands: every command of mj, each in the file that its name tells; main.c lists them in the order of the help. */
#ifndef MJ_TOOLS_COMMANDS_H
#define MJ_TOOLS_COMMANDS_H

#include "cli.h"

extern const struct command command_status;                                              /* status.c */
extern const struct command command_watch;                                               /* watch.c */
extern const struct command command_counters;                                            /* counters.c */
extern const struct command command_keys_init, command_keys_new;                         /* keys.c */
extern const struct command command_keys_add, command_keys_revoke;                       /* keys_declared.c */
extern const struct command command_send;                                                /* send.c */
extern const struct command command_check;                                               /* check.c */
extern const struct command command_trace;                                               /* trace.c */
extern const struct command command_exceptions, command_placements;                      /* lists.c */
extern const struct command command_log_verify, command_log_dump;                        /* log.c */
extern const struct command command_refold;                                              /* refold.c */
extern const struct command command_organisation_add, command_organisation_list;         /* organisation.c */
extern const struct command command_principal_add;                                       /* principal.c */
extern const struct command command_rule_add;                                            /* rule.c */
extern const struct command command_enrol;                                               /* enrol.c */

#endif
