/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* server: a peer's server as our own child process, on a directory of ours. It ends with us, however we end; a server
 * that the distribution may have started is never touched. */
#ifndef MJ_BENCH_SERVER_H
#define MJ_BENCH_SERVER_H

#include <sys/types.h>

/* Runs a program to its end, as user where we are root (servers refuse to run as root); dies where it fails. Its
 * output goes to DIR/server.log. */
void bench_server_run(const char *user, const char *dir, char *const argv[]);
/* Starts one and returns its pid. Stopped by SIGTERM when this program ends, whatever the way. */
pid_t bench_server_start(const char *user, const char *dir, char *const argv[]);
void bench_server_stop(pid_t pid, int signal);
/* CPU seconds of the process, its living descendants and their ended children; 0 for pid 0. */
double bench_server_cpu(pid_t pid);

/* Makes dir where it is absent, refuses one that is not empty, gives it to user. */
void bench_server_dir(const char *dir, const char *user);
int bench_free_port(void);               /* on 127.0.0.1 */

#endif
