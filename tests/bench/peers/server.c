/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "server.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define STOP_S 60
#define PIDS_MAX 4096

static pid_t running;                    /* the server that goes with us */

/* ---- starting ---- */

/* In the child. What fails here is read in server.log. */
static void become(const char *user, const char *dir)
{
    char log[512];
    snprintf(log, sizeof log, "%s/server.log", dir);
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0644);
    if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0 || chdir(dir) != 0) {
        _exit(126);
    }
    if (user != NULL && geteuid() == 0) {
        const struct passwd *p = getpwnam(user);
        if (p == NULL || initgroups(user, p->pw_gid) != 0 || setgid(p->pw_gid) != 0 || setuid(p->pw_uid) != 0) {
            perror(user);
            _exit(126);
        }
    }
    /* After setuid, which would take it back. */
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
}

static pid_t spawn(const char *user, const char *dir, char *const argv[])
{
    pid_t pid = fork();
    if (pid < 0) {
        bench_die("cannot start %s: %s", argv[0], strerror(errno));
    }
    if (pid == 0) {
        become(user, dir);
        execvp(argv[0], argv);
        perror(argv[0]);
        _exit(127);
    }
    return pid;
}

void bench_server_run(const char *user, const char *dir, char *const argv[])
{
    int status;
    pid_t pid = spawn(user, dir, argv);
    if (waitpid(pid, &status, 0) != pid || status != 0) {
        bench_die("%s failed; see %s/server.log", argv[0], dir);
    }
}

static void stop_running(void)
{
    bench_server_stop(running, SIGTERM);
}

pid_t bench_server_start(const char *user, const char *dir, char *const argv[])
{
    if (running != 0) {
        bench_die("one server at a time");
    }
    running = spawn(user, dir, argv);
    if (atexit(stop_running) != 0) {
        bench_die("atexit failed");
    }
    return running;
}

void bench_server_stop(pid_t pid, int signal)
{
    if (pid == 0 || pid != running) {
        return;
    }
    running = 0;
    (void)kill(pid, signal);
    for (int i = 0; i < STOP_S * 100; i++) {
        if (waitpid(pid, NULL, WNOHANG) != 0) {
            return;
        }
        bench_sleep_until(bench_now_ns() + 10000000);
    }
    (void)fprintf(stderr, "the server did not stop in %d s: killed\n", STOP_S);
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
}

/* ---- its CPU time ---- */

struct process { pid_t pid, parent; double cpu_s; };

/* Of /proc/PID/stat, behind the name, which may hold anything: state ppid ... utime stime cutime cstime. */
static int read_process(struct process *ret, pid_t pid)
{
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "r");
    const char *rest = f != NULL && fgets(line, sizeof line, f) != NULL ? strrchr(line, ')') : NULL;
    int parent;
    unsigned long user, system, their_user, their_system;
    int got = 0;
    if (rest != NULL) {
        got = sscanf(rest + 1, " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %lu %lu", &parent, &user, &system,
                     &their_user, &their_system);
    }
    if (f != NULL) {
        (void)fclose(f);
    }
    if (got != 5) {
        return -1;
    }
    double ticks = (double)(user + system + their_user + their_system);
    *ret = (struct process){ pid, (pid_t)parent, ticks / (double)sysconf(_SC_CLK_TCK) };
    return 0;
}

static size_t read_processes(struct process *all)
{
    DIR *proc = opendir("/proc");
    const struct dirent *d;
    size_t count = 0;
    while (proc != NULL && count < PIDS_MAX && (d = readdir(proc)) != NULL) {
        if (isdigit((unsigned char)d->d_name[0]) && read_process(&all[count], (pid_t)atoi(d->d_name)) == 0) {
            count++;
        }
    }
    if (proc != NULL) {
        (void)closedir(proc);
    }
    return count;
}

static double cpu_below(const struct process *all, size_t count, pid_t pid)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        if (all[i].pid == pid) {
            sum += all[i].cpu_s;
        } else if (all[i].parent == pid) {
            sum += cpu_below(all, count, all[i].pid);
        }
    }
    return sum;
}

double bench_server_cpu(pid_t pid)
{
    if (pid == 0) {
        return 0;
    }
    struct process *all = bench_alloc(PIDS_MAX, sizeof *all);
    double sum = cpu_below(all, read_processes(all), pid);
    free(all);
    return sum;
}

/* ---- where it lives ---- */

static int is_empty(const char *dir)
{
    DIR *d = opendir(dir);
    int entries = 0;
    while (d != NULL && readdir(d) != NULL) {
        entries++;
    }
    if (d != NULL) {
        (void)closedir(d);
    }
    return entries == 2;
}

void bench_server_dir(const char *dir, const char *user)
{
    if (dir[0] != '/') {
        bench_die("expected a directory named from the root on, got %s", dir);
    }
    if (mkdir(dir, 0755) != 0 && errno != EEXIST) {
        bench_die("cannot make %s: %s", dir, strerror(errno));
    }
    if (!is_empty(dir)) {
        bench_die("%s is not an empty directory", dir);
    }
    if (user != NULL && geteuid() == 0) {
        const struct passwd *p = getpwnam(user);
        if (p == NULL || chown(dir, p->pw_uid, p->pw_gid) != 0) {
            bench_die("cannot give %s to the user %s", dir, user);
        }
    }
}

int bench_free_port(void)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || getsockname(fd, (struct sockaddr *)&a, &len) != 0) {
        bench_die("no free port: %s", strerror(errno));
    }
    (void)close(fd);
    return ntohs(a.sin_port);
}
