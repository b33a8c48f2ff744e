/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* mj-fault-images: power cuts of a process that the recorder watched. replay.h says what a cut may leave.
 *
 *   check  --service placements|registry --trace T --base B --truth LOG --acks A --images N --seed S --workers W
 *          --scratch DIR
 *          N disks, each opened by the product's own code for writing: the log must open and verify, hold all that was
 *          acknowledged by then, be a prefix of what the process wrote, with its keys, and with sound tables that are
 *          not ahead of it. Every fourth disk is cut right at an acknowledgement and keeps nothing that was not synced.
 *   make   --trace T --base B --seed S --image I --out DIR
 *          the disk number I of that seed; prints the moment of its cut (CLOCK_MONOTONIC, ns)
 *   order  --trace T --acks A
 *          I12: every acknowledgement came after the sync that covers its commit
 *
 * T was recorded below the service's own folder; B is a copy of it from before, which may be empty; LOG is the whole log
 * afterwards. A has a line for each acknowledgement, in order of time: "ns position". What is wrong goes to standard
 * output, a line each; then one line of JSON counts. Exit status 1 where something is wrong. */
#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/crypto.h"
#include "common/service/logging.h"
#include "common/store/keystore.h"
#include "common/store/log.h"
#include "acks.h"
#include "missionjeunes/registry/v1/entries.pb-c.h"
#include "replay.h"

#define PARTITION "52"
#define AT_ACK 4                         /* every so many-th disk */

struct options {
    const char *service, *trace, *base, *truth, *acks, *scratch, *out;
    unsigned long images, workers, image;
    uint64_t seed;
};

struct boundary { uint64_t end; uint8_t hash[MJ_HASH]; };
/* A key that must be there with the entry of that position, and all behind it. */
struct need { uint64_t position; char key[40]; };
struct truth { bool registry; struct boundary *ends; size_t count; struct need *needs; size_t need_count; };

/* What is counted over all disks. */
struct counts { uint64_t images, wrong, with_log, beyond_acked, tables, acked_entries; };

/* ---- what is known ---- */

static void *grow(void *all, size_t count, size_t size)
{
    if ((count & (count - 1)) == 0)
        all = realloc(all, (count > 0 ? 2 * count : 1) * size);
    if (all == NULL)
        give_up("out of", "memory");
    return all;
}

struct reading { struct truth *truth; struct mj_arena *arena; };

static void add_need(struct truth *t, uint64_t position, const char *key)
{
    t->needs = grow(t->needs, t->need_count, sizeof *t->needs);
    t->needs[t->need_count].position = position;
    snprintf(t->needs[t->need_count++].key, sizeof t->needs->key, "%s", key);
}

/* placements names every placement by one key; registry seals each young person's attributes with a key of that id. */
static int note_needs(void *arg, const struct mj_entry *e)
{
    struct truth *t = arg;
    char key[40];
    if (e->type >= MJ_ENTRY_FIRST_OWN && t->need_count == 0)
        add_need(t, e->position, t->registry ? "command" : "name/1");
    if (!t->registry || e->type != MISSIONJEUNES__REGISTRY__V1__ENTRY_TYPE__ENTRY_TYPE_PERSON_ENROLLED)
        return 0;
    Missionjeunes__Registry__V1__PersonEnrolled *m =
        missionjeunes__registry__v1__person_enrolled__unpack(NULL, e->payload_len, e->payload);
    if (m == NULL)
        give_up("cannot read an entry of", "the log");
    snprintf(key, sizeof key, "person/%s", m->young_person);
    add_need(t, e->position, key);
    missionjeunes__registry__v1__person_enrolled__free_unpacked(m, NULL);
    return 0;
}

static int note_commit(void *arg, const struct mj_commit *c)
{
    struct reading *r = arg;
    struct truth *t = r->truth;
    mj_error err;
    t->ends = grow(t->ends, t->count, sizeof *t->ends);
    t->ends[t->count].end = c->first + c->count;
    memcpy(t->ends[t->count++].hash, c->hash, MJ_HASH);
    if (mj_block_each(c, r->arena, note_needs, t, &err) != 0)
        give_up(err.text, "");
    mj_arena_reset(r->arena, 0);
    return 0;
}

static void load_truth(struct truth *t, const char *directory)
{
    char url[1024];
    struct mj_log_reader *reader;
    struct reading r = { t, mj_arena_create(0) };
    mj_error err;
    uint64_t next = 1, before;
    snprintf(url, sizeof url, "file:%s", directory);
    if (mj_log_reader_open(&reader, url, &err) != 0)
        give_up(err.text, url);
    do {
        before = next;
        if (mj_log_read(reader, next, 1 << 20, note_commit, &r, &err) != 0)
            give_up(err.text, url);
        next = t->count > 0 ? t->ends[t->count - 1].end : 1;
    } while (next > before);
    mj_log_reader_close(reader);
    mj_arena_destroy(r.arena);
}

static const uint8_t *true_hash(const struct truth *t, uint64_t end)
{
    size_t low = 0, high = t->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (t->ends[middle].end < end)
            low = middle + 1;
        else
            high = middle;
    }
    return low < t->count && t->ends[low].end == end ? t->ends[low].hash : NULL;
}

/* ---- cuts ---- */

struct cut { unsigned long image; size_t at; uint64_t time_ns, seed; bool keep_nothing; };

/* Where the power goes for this disk of that seed: after so many records. */
static struct cut cut_of(const struct options *o, const struct trace *t, const struct acks *a, unsigned long image)
{
    uint64_t chance = o->seed * 1000003 + image;
    struct cut c = { .image = image };
    c.keep_nothing = a->count > 0 && image % AT_ACK == 0;
    if (c.keep_nothing) {
        c.time_ns = a->all[draw(&chance) % a->count].time_ns;
        while (c.at < t->count && t->records[c.at]->time_ns <= c.time_ns)
            c.at++;
    } else {
        c.at = draw(&chance) % t->count + 1;
        c.time_ns = t->records[c.at - 1]->time_ns;
    }
    c.seed = draw(&chance);
    return c;
}

static int earlier(const void *a, const void *b)
{
    const struct cut *x = a, *y = b;
    return (x->at > y->at) - (x->at < y->at);
}

/* ---- one disk ---- */

struct disk_case { const struct cut *cut; const char *directory; const struct truth *truth; uint64_t acked;
                   struct counts *counts; };

static void wrong(const struct disk_case *x, const char *what, const char *detail)
{
    x->counts->wrong++;
    printf("image %lu, cut after %zu records, %llu acknowledged: %s %s\n", x->cut->image, x->cut->at,
           (unsigned long long)x->acked, what, detail);
}

/* The log opens for writing, is whole, holds what was acknowledged, and is what the process wrote. Its end before the
 * OPENED that this wrote; 0 where something is wrong. */
static uint64_t check_log(const struct disk_case *x, const char *url)
{
    struct mj_log *log;
    struct mj_log_reader *reader = NULL;
    mj_error err;
    uint8_t hash[MJ_HASH];
    bool found = false;
    if (mj_log_open(&log, url, &mj_env_real, "images", &err) != 0) {
        wrong(x, "the log does not open:", err.text);
        return 0;
    }
    uint64_t end = mj_log_end(log) - 1, commits, entries;
    mj_log_close(log);
    const uint8_t *expected = true_hash(x->truth, end);
    if (mj_log_verify(url, &commits, &entries, &err) != 0)
        wrong(x, "the log does not verify:", err.text);
    else if (end - 1 < x->acked)
        wrong(x, "acknowledged entries are lost", "");
    else if (end > 1 && (mj_log_reader_open(&reader, url, &err) != 0 ||
                         mj_log_hash_before(reader, end, hash, &found, &err) != 0 || !found || expected == NULL ||
                         memcmp(hash, expected, MJ_HASH) != 0))
        wrong(x, "the log is no prefix of what was written", "");
    mj_log_reader_close(reader);
    x->counts->beyond_acked += end - 1 > x->acked;
    return end;
}

static void check_keys(const struct disk_case *x, uint64_t end, bool log_exists)
{
    char url[1200];
    struct mj_keystore *keys;
    mj_error err;
    uint8_t key[MJ_KEY];
    bool found = true;
    snprintf(url, sizeof url, "sqlite:%s/" PARTITION "/keys.db", x->directory);
    if (mj_keystore_open(&keys, url, log_exists, &err) != 0) {
        wrong(x, "the keys do not open:", err.text);
        return;
    }
    for (size_t i = 0; i < x->truth->need_count && found && x->truth->needs[i].position < end; i++)
        if (mj_keystore_get(keys, x->truth->needs[i].key, key, &found, &err) != 0 || !found)
            wrong(x, "an entry is there whose key is not:", x->truth->needs[i].key);
    mj_keystore_close(keys);
}

static int first_text(void *arg, int columns, char **values, char **names)
{
    char *ret = arg;
    (void)columns;
    (void)names;
    snprintf(ret, 64, "%s", values[0] != NULL ? values[0] : "");
    return 0;
}

/* Tables are folded again where they are lost; where they are there, they must be right. */
static void check_tables(const struct disk_case *x, uint64_t end)
{
    char path[1200], sound[64] = "", position[64] = "0", tables[64] = "0";
    sqlite3 *db = NULL;
    snprintf(path, sizeof path, "%s/" PARTITION "/tables.db", x->directory);
    if (access(path, F_OK) != 0)
        return;
    int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL);
    if (rc == SQLITE_OK)                         /* the write-ahead log is read, and not moved for nothing */
        rc = sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, "SELECT count(*) FROM sqlite_master WHERE name = 'mj_positions'", first_text, tables,
                          NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, "PRAGMA integrity_check", first_text, sound, NULL);
    if (rc == SQLITE_OK && strcmp(tables, "1") == 0)
        rc = sqlite3_exec(db, "SELECT position FROM mj_positions WHERE source = 'own'", first_text, position, NULL);
    if (rc != SQLITE_OK || strcmp(sound, "ok") != 0)
        wrong(x, "the tables are damaged:", rc != SQLITE_OK ? sqlite3_errmsg(db) : sound);
    else if (strtoull(position, NULL, 10) >= end)
        wrong(x, "the tables are ahead of the log, at", position);
    sqlite3_close(db);
    x->counts->tables += strcmp(tables, "1") == 0;
}

static void check_disk(const struct disk_case *x)
{
    char path[1200], url[1216];
    uint64_t end = 1;
    snprintf(path, sizeof path, "%s/" PARTITION, x->directory);
    if (mkdir(path, 0700) != 0 && errno != EEXIST)               /* as a start does where nothing is left */
        give_up("cannot make", path);
    snprintf(path, sizeof path, "%s/" PARTITION "/log", x->directory);
    snprintf(url, sizeof url, "file:%s", path);
    bool log_exists = access(path, F_OK) == 0;
    if (log_exists) {
        x->counts->with_log++;
        end = check_log(x, url);
    } else if (x->acked > 0) {
        wrong(x, "the log is gone", "");
    }
    if (end == 0)
        return;
    check_keys(x, end, log_exists);
    check_tables(x, end);
    x->counts->acked_entries += x->acked;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st;
    (void)kind;
    (void)where;
    return remove(path);
}

static void remove_all(const char *directory)
{
    if (nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
        give_up("cannot remove", directory);
}

/* ---- many disks ---- */

struct job { const struct options *o; struct trace trace; struct acks acks; struct truth truth; };

/* Every W-th disk, in the order of their cuts, so that the trace is walked once. */
static struct counts work(const struct job *j, unsigned long worker)
{
    char directory[1024];
    struct counts counts = { 0 };
    size_t n = 0;
    struct cut *cuts = calloc(j->o->images + 1, sizeof *cuts);
    struct disk *d = disk_begin(&j->trace, j->o->base);
    if (cuts == NULL)
        give_up("out of", "memory");
    snprintf(directory, sizeof directory, "%s/disk%lu", j->o->scratch, worker);
    for (unsigned long i = worker; i < j->o->images; i += j->o->workers)
        cuts[n++] = cut_of(j->o, &j->trace, &j->acks, i);
    qsort(cuts, n, sizeof *cuts, earlier);
    for (size_t i = 0; i < n; i++) {
        const struct disk_case x = { &cuts[i], directory, &j->truth, acks_by(&j->acks, cuts[i].time_ns), &counts };
        disk_go_to(d, cuts[i].at);
        disk_write(d, directory, cuts[i].seed, cuts[i].keep_nothing);
        check_disk(&x);
        remove_all(directory);
        counts.images++;
    }
    disk_end(d);
    free(cuts);
    fflush(stdout);
    return counts;
}

static void start_worker(const struct job *j, unsigned long worker, int result)
{
    fflush(stdout);
    pid_t child = fork();
    if (child < 0)
        give_up("cannot start", "a worker");
    if (child > 0)
        return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);            /* nobody works on for a parent that was killed */
    struct counts counts = work(j, worker);
    _exit(write(result, &counts, sizeof counts) == (ssize_t)sizeof counts ? 0 : 2);
}

static struct counts work_all(const struct job *j)
{
    struct counts all = { 0 }, one;
    int ends[2];
    if (pipe(ends) != 0)
        give_up("cannot make", "a pipe");
    for (unsigned long i = 0; i < j->o->workers; i++)
        start_worker(j, i, ends[1]);
    close(ends[1]);
    for (int status; wait(&status) > 0;)
        if (status != 0)
            all.wrong++;                         /* a worker that died is an answer too */
    while (read(ends[0], &one, sizeof one) == (ssize_t)sizeof one) {
        all.images += one.images;
        all.wrong += one.wrong;
        all.with_log += one.with_log;
        all.beyond_acked += one.beyond_acked;
        all.tables += one.tables;
        all.acked_entries += one.acked_entries;
    }
    close(ends[0]);
    return all;
}

static int check(const struct options *o)
{
    struct job j = { .o = o };
    trace_load(&j.trace, o->trace);
    acks_load(&j.acks, o->acks);
    j.truth.registry = strcmp(o->service, "registry") == 0;
    load_truth(&j.truth, o->truth);
    struct counts c = work_all(&j);
    if (c.images != o->images)
        c.wrong++;
    printf("{\"images\": %llu, \"wrong\": %llu, \"with_log\": %llu, \"with_tables\": %llu, "
           "\"beyond_acknowledged\": %llu, \"acknowledged_entries_held\": %llu, \"records\": %zu, \"acks\": %zu}\n",
           (unsigned long long)c.images, (unsigned long long)c.wrong, (unsigned long long)c.with_log,
           (unsigned long long)c.tables, (unsigned long long)c.beyond_acked, (unsigned long long)c.acked_entries,
           j.trace.count, j.acks.count);
    return c.wrong != 0;
}

static int make(const struct options *o)
{
    struct trace t;
    struct acks a = { NULL, 0 };
    trace_load(&t, o->trace);
    if (o->acks != NULL)
        acks_load(&a, o->acks);
    struct disk *d = disk_begin(&t, o->base);
    struct cut c = cut_of(o, &t, &a, o->image);
    disk_go_to(d, c.at);
    disk_write(d, o->out, c.seed, c.keep_nothing);
    disk_end(d);
    printf("%llu\n", (unsigned long long)c.time_ns);
    return 0;
}

/* ---- main ---- */

static bool take_option(struct options *o, const char *name, const char *value)
{
    const struct { const char *name; const char **to; } texts[] = {
        { "service", &o->service }, { "trace", &o->trace }, { "base", &o->base }, { "truth", &o->truth }, { "acks", &o->acks },
        { "scratch", &o->scratch }, { "out", &o->out },
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(texts[i].name, name) == 0) {
            *texts[i].to = value;
            return true;
        }
    unsigned long number = strtoul(value, NULL, 10);
    if (strcmp(name, "images") == 0)
        o->images = number;
    else if (strcmp(name, "workers") == 0)
        o->workers = number;
    else if (strcmp(name, "image") == 0)
        o->image = number;
    else if (strcmp(name, "seed") == 0)
        o->seed = number;
    else
        return false;
    return true;
}

static int usage(void)
{
    fprintf(stderr, "usage: mj-fault-images check|make|order --OPTION VALUE ...; see tests/fault/images.c\n");
    return 2;
}

int main(int argc, char **argv)
{
    struct options o = { .service = "placements", .images = 1, .workers = 1, .seed = 1 };
    mj_error err;
    if (argc < 2 || argc % 2 != 0)
        return usage();
    for (int i = 2; i + 1 < argc; i += 2)
        if (strncmp(argv[i], "--", 2) != 0 || !take_option(&o, argv[i] + 2, argv[i + 1]))
            return usage();
    mj_logging_init("images", &mj_env_real, MJ_ERR);     /* a torn end is no news here */
    if (mj_crypto_init(&err) != 0)
        give_up(err.text, "");
    if (strcmp(argv[1], "check") == 0 && o.trace && o.truth && o.acks && o.scratch && o.workers > 0)
        return check(&o);
    if (strcmp(argv[1], "make") == 0 && o.trace && o.out)
        return make(&o);
    if (strcmp(argv[1], "order") == 0 && o.trace && o.acks)
        return check_order(o.trace, o.acks);
    return usage();
}
