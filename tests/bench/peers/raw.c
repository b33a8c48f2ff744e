/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* bench-raw: the limits that no design on this machine can pass: the wire, the decoder, the disk; and the logs we could
 * stand on, side by side. */
#include "raw.h"

#include <getopt.h>
#include <protobuf-c/protobuf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "common/base/crypto.h"
#include "server.h"
#include "tree.h"

static const char usage[] =
    "usage: bench-raw --events FILE --dir DIR [--max N] [--seconds N] [--rounds N] [log] [wire] [unpack] [sync]";

struct options {
    struct raw_options raw;
    const char *events;
    size_t max;
    char **what;                         /* NULL-terminated; empty: all */
};

static void read_options(struct options *o, int argc, char **argv)
{
    static const struct option names[] = {
        { "events", required_argument, NULL, 'e' }, { "dir", required_argument, NULL, 'd' },
        { "max", required_argument, NULL, 'm' },    { "seconds", required_argument, NULL, 's' },
        { "rounds", required_argument, NULL, 'r' }, { NULL, 0, NULL, 0 },
    };
    int name;
    *o = (struct options){ .raw = { NULL, 2, 3 } };
    while ((name = getopt_long(argc, argv, "", names, NULL)) != -1) {
        switch (name) {
        case 'e': o->events = optarg; break;
        case 'd': o->raw.dir = optarg; break;
        case 'm': o->max = strtoull(optarg, NULL, 10); break;
        case 's': o->raw.seconds = atof(optarg); break;
        case 'r': o->raw.rounds = atoi(optarg); break;
        default: bench_die("%s", usage);
        }
    }
    o->what = argv + optind;
    if (o->events == NULL || o->raw.dir == NULL || o->raw.seconds <= 0 || o->raw.rounds < 1) {
        bench_die("%s", usage);
    }
}

static bool wanted(const struct options *o, const char *what)
{
    bool found = o->what[0] == NULL;
    for (char **w = o->what; *w != NULL; w++) {
        found = found || strcmp(*w, what) == 0;
    }
    return found;
}

static uint64_t payload_bytes(const struct bench_events *e)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < e->count; i++) {
        bytes += e->events[i].len;
    }
    return bytes;
}

int main(int argc, char **argv)
{
    struct options o;
    struct bench_events e;
    mj_error err;
    char version[64];
    int z[3];
    read_options(&o, argc, argv);
    if (mj_crypto_init(&err) != 0) {
        bench_die("%s", err.text);
    }
    bench_events_read(&e, o.events, o.max);
    bench_server_dir(o.raw.dir, NULL);
    zmq_version(&z[0], &z[1], &z[2]);
    snprintf(version, sizeof version, "libzmq %d.%d.%d, protobuf-c %s", z[0], z[1], z[2], protobuf_c_version());
    json_t *r = json_object();
    bench_set(r, "name", json_string("raw"));
    bench_set(r, "version", json_string(version));
    bench_set(r, "events", json_integer((json_int_t)e.count));
    bench_set(r, "bytes_an_event", bench_round((double)payload_bytes(&e) / (double)e.count, 1));
    bench_set(r, "seconds", json_real(o.raw.seconds));
    bench_set(r, "rounds", json_integer(o.raw.rounds));
    if (wanted(&o, "wire")) {
        bench_set(r, "wire", raw_wire(&o.raw, &e));
    }
    if (wanted(&o, "unpack")) {
        bench_set(r, "unpack", raw_unpack(&o.raw, &e));
    }
    if (wanted(&o, "sync")) {
        bench_set(r, "sync", raw_sync(&o.raw, &e));
    }
    if (wanted(&o, "log")) {
        bench_set(r, "log", raw_log(&o.raw));
    }
    bench_print(r);
    bench_tree_empty(o.raw.dir);
    bench_events_free(&e);
    return 0;
}
