/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "replay.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTOR 512u

struct bytes { uint8_t *data; size_t len, cap; };

struct change { size_t when; const struct record *record; };

struct file {
    uint64_t inode;
    struct bytes safe;
    struct change *open;                 /* not synced, in order */
    size_t count, cap;
    struct file *next;                   /* of all */
};

struct name { char *path; struct file *file; };
struct names { struct name *all; size_t count; };

/* A change of a directory that is not synced. */
struct naming { size_t when; uint32_t kind; const char *path, *to; struct file *file; };

struct begun { uint64_t number; size_t when; };

struct disk {
    const struct trace *trace;
    size_t at;
    struct file *files;
    struct file **by_inode;              /* the newest of each inode */
    size_t inodes;
    struct names safe, now;              /* what is on disk; what the process sees */
    struct naming *namings;
    size_t naming_count;
    struct { uint64_t inode; const char *path; } *directories;
    size_t directory_count;
    struct begun *syncs;
    size_t sync_count;
};

_Noreturn void give_up(const char *what, const char *which)
{
    fprintf(stderr, "mj-fault-images: %s %s: %s\n", what, which, strerror(errno));
    exit(2);
}

/* Room for one more element of an array that grows. */
static void *grown(void *all, size_t count, size_t size)
{
    if ((count & (count - 1)) != 0)              /* room is made at every power of two */
        return all;
    all = realloc(all, (count > 0 ? 2 * count : 1) * size);
    if (all == NULL)
        give_up("out of", "memory");
    return all;
}

static char *copy_of(const char *text)
{
    char *copy = strdup(text);
    if (copy == NULL)
        give_up("out of", "memory");
    return copy;
}

uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* ---- the trace ---- */

void trace_load(struct trace *t, const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0 || st.st_size == 0)
        give_up("cannot read", path);
    void *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        give_up("cannot map", path);
    close(fd);
    *t = (struct trace){ .bytes = bytes, .len = (size_t)st.st_size };
    for (size_t at = 0; at + sizeof(struct record) <= t->len;) {
        const struct record *r = (const void *)(t->bytes + at);
        at += sizeof *r + r->len;
        if (at > t->len)
            break;
        t->records = grown(t->records, t->count, sizeof *t->records);
        t->records[t->count++] = r;
    }
}

/* ---- bytes ---- */

static void make_len(struct bytes *b, size_t len)
{
    if (len > b->cap) {
        b->cap = len + len / 2;
        b->data = realloc(b->data, b->cap);
        if (b->data == NULL)
            give_up("out of", "memory");
    }
    if (len > b->len)
        memset(b->data + b->len, 0, len - b->len);
    b->len = len;
}

static void put(struct bytes *b, size_t at, const uint8_t *data, size_t n)
{
    if (at + n > b->len)
        make_len(b, at + n);
    memcpy(b->data + at, data, n);
}

static void apply(struct bytes *b, const struct record *r)
{
    if (r->kind == REC_TRUNCATE)
        make_len(b, (size_t)r->at);
    else
        put(b, (size_t)r->at, record_payload(r), r->len);
}

/* Each sector by itself, as the disk's own sectors lie. */
static void apply_torn(struct bytes *b, const struct record *r, uint64_t *chance)
{
    for (size_t done = 0; done < r->len;) {
        size_t at = (size_t)r->at + done, n = SECTOR - at % SECTOR;
        if (n > r->len - done)
            n = r->len - done;
        if (draw(chance) & 1)
            put(b, at, record_payload(r) + done, n);
        done += n;
    }
}

/* ---- files and names ---- */

static struct file *new_file(struct disk *d, uint64_t inode)
{
    struct file *f = calloc(1, sizeof *f);
    if (f == NULL)
        give_up("out of", "memory");
    f->inode = inode;
    f->next = d->files;
    d->files = f;
    for (size_t i = 0; i < d->inodes; i++)
        if (d->by_inode[i]->inode == inode) {    /* the number of a file that was unlinked is used again */
            d->by_inode[i] = f;
            return f;
        }
    d->by_inode = grown(d->by_inode, d->inodes, sizeof *d->by_inode);
    d->by_inode[d->inodes++] = f;
    return f;
}

static struct file *find_file(const struct disk *d, uint64_t inode)
{
    for (size_t i = 0; i < d->inodes; i++)
        if (d->by_inode[i]->inode == inode)
            return d->by_inode[i];
    return NULL;
}

static struct name *find_name(const struct names *n, const char *path)
{
    for (size_t i = 0; i < n->count; i++)
        if (strcmp(n->all[i].path, path) == 0)
            return &n->all[i];
    return NULL;
}

static void drop_name(struct names *n, const char *path)
{
    struct name *found = find_name(n, path);
    if (found != NULL) {
        free(found->path);
        *found = n->all[--n->count];
    }
}

static void set_name(struct names *n, const char *path, struct file *f)
{
    drop_name(n, path);
    n->all = grown(n->all, n->count, sizeof *n->all);
    n->all[n->count++] = (struct name){ copy_of(path), f };
}

static void apply_naming(struct names *n, const struct naming *x)
{
    if (x->kind == REC_CREATE)
        set_name(n, x->path, x->file);
    else
        drop_name(n, x->path);
    if (x->kind == REC_RENAME && x->file != NULL)
        set_name(n, x->to, x->file);
}

static void free_names(struct names *n)
{
    for (size_t i = 0; i < n->count; i++)
        free(n->all[i].path);
    free(n->all);
}

/* Are both in one directory? Our renames never leave theirs. */
static bool same_directory(const char *a, const char *b)
{
    const char *end_a = strrchr(a, '/'), *end_b = strrchr(b, '/');
    size_t n = end_a != NULL ? (size_t)(end_a - a) : 0;
    return n == (end_b != NULL ? (size_t)(end_b - b) : 0) && memcmp(a, b, n) == 0;
}

static bool is_in(const char *path, const char *directory)
{
    const char *end = strrchr(path, '/');
    size_t n = end != NULL ? (size_t)(end - path) : 0;
    return n == strlen(directory) && memcmp(path, directory, n) == 0;
}

/* ---- time goes on ---- */

static void add_naming(struct disk *d, const struct record *r, struct file *f)
{
    const char *path = (const char *)record_payload(r);
    d->namings = grown(d->namings, d->naming_count, sizeof *d->namings);
    uint32_t kind = r->kind == REC_OPEN ? REC_CREATE : r->kind;
    d->namings[d->naming_count] = (struct naming){ d->at, kind, path, path + strlen(path) + 1, f };
    apply_naming(&d->now, &d->namings[d->naming_count++]);
}

static void take_open(struct disk *d, const struct record *r)
{
    const char *path = (const char *)record_payload(r);
    struct name *known = find_name(&d->now, path);
    if (r->at == 1) {
        d->directories = grown(d->directories, d->directory_count, sizeof *d->directories);
        d->directories[d->directory_count].inode = r->file;
        d->directories[d->directory_count++].path = path;
    } else if (r->kind == REC_CREATE || known == NULL) {
        add_naming(d, r, new_file(d, r->file));
    } else if (find_file(d, r->file) != known->file) {
        struct file *old = find_file(d, r->file);
        if (old != NULL)
            old->inode = 0;                      /* it was unlinked, and its number is used again */
        known->file->inode = r->file;            /* a file of the base: now its number is known */
    }
}

static void take_change(struct disk *d, const struct record *r)
{
    struct file *f = find_file(d, r->file);
    if (f == NULL)
        give_up("a write without an open in", "the trace");
    f->open = grown(f->open, f->count, sizeof *f->open);
    f->open[f->count++] = (struct change){ d->at, r };
}

static void take_sync(struct disk *d, const struct record *r)
{
    d->syncs = grown(d->syncs, d->sync_count, sizeof *d->syncs);
    d->syncs[d->sync_count++] = (struct begun){ r->at, d->at };
}

/* The names of a directory up to a moment are safe. */
static void save_names(struct disk *d, const char *like, bool is_directory, size_t when)
{
    size_t kept = 0;
    for (size_t i = 0; i < d->naming_count; i++) {
        struct naming *x = &d->namings[i];
        bool here = is_directory ? is_in(x->path, like) : same_directory(x->path, like);
        if (here && x->when < when)
            apply_naming(&d->safe, x);
        else
            d->namings[kept++] = *x;
    }
    d->naming_count = kept;
}

static void save_file(struct disk *d, struct file *f, size_t when)
{
    size_t done = 0;
    for (; done < f->count && f->open[done].when < when; done++)
        apply(&f->safe, f->open[done].record);
    memmove(f->open, f->open + done, (f->count - done) * sizeof *f->open);
    f->count -= done;
    for (size_t i = 0; i < d->naming_count; i++)
        if (d->namings[i].kind == REC_CREATE && d->namings[i].file == f && d->namings[i].when < when) {
            save_names(d, d->namings[i].path, false, d->namings[i].when + 1);
            return;
        }
}

static void end_sync(struct disk *d, const struct record *r)
{
    size_t when = 0;
    for (size_t i = 0; i < d->sync_count; i++)
        if (d->syncs[i].number == r->at) {
            when = d->syncs[i].when;
            d->syncs[i] = d->syncs[--d->sync_count];
            break;
        }
    for (size_t i = 0; i < d->directory_count; i++)
        if (d->directories[i].inode == r->file) {
            save_names(d, d->directories[i].path, true, when);
            return;
        }
    struct file *f = find_file(d, r->file);
    if (f != NULL)
        save_file(d, f, when);
}

static void take_rename(struct disk *d, const struct record *r)
{
    struct name *moved = find_name(&d->now, (const char *)record_payload(r));
    add_naming(d, r, moved != NULL ? moved->file : NULL);
}

void disk_go_to(struct disk *d, size_t records)
{
    for (; d->at < records && d->at < d->trace->count; d->at++) {
        const struct record *r = d->trace->records[d->at];
        switch ((enum record_kind)r->kind) {
        case REC_OPEN:
        case REC_CREATE: take_open(d, r); break;
        case REC_WRITE:
        case REC_TRUNCATE: take_change(d, r); break;
        case REC_RENAME: take_rename(d, r); break;
        case REC_UNLINK: add_naming(d, r, NULL); break;
        case REC_SYNC_BEGIN: take_sync(d, r); break;
        case REC_SYNC_END: end_sync(d, r); break;
        }
    }
}

/* ---- the beginning ---- */

static struct disk *being_read;          /* nftw has no argument to pass on */
static size_t base_len;

static int read_base_file(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)where;
    if (kind != FTW_F)
        return 0;
    struct file *f = new_file(being_read, UINT64_MAX - being_read->inodes);      /* its own number is not known yet */
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    make_len(&f->safe, (size_t)st->st_size);
    if (fd < 0 || read(fd, f->safe.data, f->safe.len) != (ssize_t)f->safe.len)
        give_up("cannot read", path);
    close(fd);
    set_name(&being_read->safe, path + base_len, f);
    set_name(&being_read->now, path + base_len, f);
    return 0;
}

struct disk *disk_begin(const struct trace *t, const char *base)
{
    struct disk *d = calloc(1, sizeof *d);
    if (d == NULL)
        give_up("out of", "memory");
    d->trace = t;
    being_read = d;
    base_len = base != NULL ? strlen(base) + 1 : 0;
    if (base != NULL && nftw(base, read_base_file, 16, FTW_PHYS) != 0)
        give_up("cannot read", base);
    return d;
}

void disk_end(struct disk *d)
{
    for (struct file *f; (f = d->files) != NULL;) {
        d->files = f->next;
        free(f->safe.data);
        free(f->open);
        free(f);
    }
    free_names(&d->safe);
    free_names(&d->now);
    free(d->by_inode);
    free(d->namings);
    free(d->directories);
    free(d->syncs);
    free(d);
}

/* ---- a disk after a power cut ---- */

enum luck { LOSES_ALL, KEEPS_ALL, MIXED };

static enum luck luck_of(uint64_t *chance)
{
    uint64_t one_of_ten = draw(chance) % 10;
    return one_of_ten == 0 ? LOSES_ALL : one_of_ten == 1 ? KEEPS_ALL : MIXED;
}

static void compose(struct bytes *b, const struct file *f, enum luck luck, uint64_t *chance)
{
    make_len(b, 0);
    put(b, 0, f->safe.data != NULL ? f->safe.data : (const uint8_t *)"", f->safe.len);
    for (size_t i = 0; i < f->count && luck != LOSES_ALL; i++) {
        const struct record *r = f->open[i].record;
        uint64_t fate = luck == KEEPS_ALL ? 0 : draw(chance) % 3;
        if (fate == 0)
            apply(b, r);
        else if (fate == 1 && r->kind == REC_WRITE)
            apply_torn(b, r, chance);
    }
}

/* Names as they survive: of each directory the first so many changes. */
static void surviving_names(struct names *n, const struct disk *d, enum luck luck, uint64_t *chance)
{
    const char **stopped = calloc(d->naming_count + 1, sizeof *stopped);
    size_t stops = 0;
    if (stopped == NULL)
        give_up("out of", "memory");
    for (size_t i = 0; i < d->safe.count; i++)
        set_name(n, d->safe.all[i].path, d->safe.all[i].file);
    for (size_t i = 0; i < d->naming_count && luck != LOSES_ALL; i++) {
        const struct naming *x = &d->namings[i];
        bool lost = luck == MIXED && draw(chance) % 4 == 0;
        for (size_t k = 0; k < stops; k++)
            lost |= same_directory(stopped[k], x->path);
        if (lost)
            stopped[stops++] = x->path;
        else
            apply_naming(n, x);
    }
    free(stopped);
}

static void make_parents(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            give_up("cannot make", path);
        *slash = '/';
    }
}

/* Zeros at the end are not written: the file is made that long. */
static void write_file(const char *directory, const char *path, const struct bytes *b)
{
    char whole[1200];
    size_t n = b->len;
    snprintf(whole, sizeof whole, "%s/%s", directory, path);
    int fd = open(whole, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        make_parents(whole);
        fd = open(whole, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    }
    while (n > 0 && b->data[n - 1] == 0)
        n--;
    if (fd < 0 || write(fd, b->data, n) != (ssize_t)n || ftruncate(fd, (off_t)b->len) != 0)
        give_up("cannot write", whole);
    close(fd);
}

static bool ends_in(const char *path, const char *end)
{
    size_t n = strlen(path), m = strlen(end);
    return n >= m && strcmp(path + n - m, end) == 0;
}

void disk_write(const struct disk *d, const char *directory, uint64_t seed, bool keep_nothing)
{
    static struct bytes content;
    uint64_t chance = seed;
    enum luck luck = keep_nothing ? LOSES_ALL : luck_of(&chance);
    struct names names = { NULL, 0 };
    surviving_names(&names, d, luck, &chance);
    if (mkdir(directory, 0700) != 0 && errno != EEXIST)
        give_up("cannot make", directory);
    for (size_t i = 0; i < names.count; i++) {
        const char *path = names.all[i].path;
        compose(&content, names.all[i].file, luck, &chance);
        if (!ends_in(path, "-shm") && !ends_in(path, "LOCK"))
            write_file(directory, path, &content);
    }
    free_names(&names);
}
