/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* Serving log.v1.Follow. A poll whose commits are among the last is answered at once, from memory; another is either
 * waiting for the next commit, on the loop, or being read, by the read thread. What is read never goes beyond the
 * position that was on disk when the reading began. */
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/service/logging.h"
#include "common/wire/follow.h"
#include "common/wire/follow_kept.h"
#include "missionjeunes/log/v1/log.pb-c.h"

#define WAIT_MAX_MS 10000u
#define BYTES_DEFAULT (1024u * 1024u)
#define BYTES_MAX (2048u * 1024u)
#define COMMITS_MAX 4096                 /* of one answer, however small they are */
#define KEPT_MAX (2048u * 1024u)         /* bytes of a partition's last commits in memory */
#define KEPT_MAX_ALL (16u * 1024u * 1024u)

typedef Missionjeunes__Log__V1__FollowRequest follow_request;
typedef Missionjeunes__Log__V1__FollowResponse follow_response;
typedef Missionjeunes__Log__V1__LogCommit log_commit;

struct slot {                            /* one partition that is served */
    struct mj_commit_listener listener;
    struct mj_follow_server *server;
    struct mj_partition *partition;
    struct mj_log_reader *reader;        /* used by the read thread alone */
    struct mj_kept kept;
    bool followed;                       /* somebody asked: only then commits are kept */
    struct slot *next;
};

struct found { struct mj_commit commit; size_t at; };            /* its block stands there in the poll's blocks */

struct poll {
    struct mj_job job;
    struct slot *slot;
    struct mj_request *rq;               /* NULL: answered already, the result is for nobody */
    uint64_t from, durable, deadline;
    uint8_t hash[MJ_HASH];               /* of the commit before from; zeroes where from is 1 */
    size_t max_bytes;
    /* filled by the read thread */
    int rc;
    mj_error err;
    struct mj_buf blocks;
    struct found *found;
    size_t count, cap;
    struct poll *next;                   /* in the server's waiting or reading */
};

struct mj_follow_server {
    const struct mj_threads *threads;
    char service[16];
    struct slot *slots;
    struct poll *waiting, *reading;
    size_t kept_bytes;                   /* of all slots */
    struct mj_timer *timer;              /* the earliest end of a wait */
    bool destroyed;                      /* memory goes once nothing is being read */
};

static uint64_t end_of(const struct slot *slot)
{
    return mj_partition_durable(slot->partition) + 1;
}

static void free_poll(struct poll *poll)
{
    mj_buf_free(&poll->blocks);
    free(poll->found);
    free(poll);
}

static void push(struct poll **list, struct poll *poll)
{
    poll->next = *list;
    *list = poll;
}

static void take_out(struct poll **list, const struct poll *poll)
{
    while (*list != poll)
        list = &(*list)->next;
    *list = poll->next;
}

static void free_server(struct mj_follow_server *s)
{
    struct slot *slot;
    while ((slot = s->slots) != NULL) {
        s->slots = slot->next;
        mj_log_reader_close(slot->reader);
        while (slot->kept.oldest)
            mj_kept_drop(&slot->kept);
        free(slot);
    }
    free(s);
}

static int diverged(mj_error *err, const char *what)
{
    return mj_fail(err, MJ_DATA_LOSS, "DIVERGED", "hash", "%s; the log was restored or is another one: set the tables "
                   "aside and follow it from 1", what);
}

/* ---- answers ---- */

static log_commit row_of(const struct mj_commit *c)
{
    log_commit row = MISSIONJEUNES__LOG__V1__LOG_COMMIT__INIT;
    row.first = c->first;
    row.count = c->count;
    row.hash = (ProtobufCBinaryData){ MJ_HASH, (uint8_t *)(uintptr_t)c->hash };
    row.block = (ProtobufCBinaryData){ c->block_len, (uint8_t *)(uintptr_t)c->block };
    return row;
}

static void reply(const struct slot *slot, struct mj_request *rq, log_commit *rows, size_t count)
{
    follow_response m = MISSIONJEUNES__LOG__V1__FOLLOW_RESPONSE__INIT;
    log_commit **list = mj_calloc(count + 1, sizeof *list);
    for (size_t i = 0; i < count; i++)
        list[i] = &rows[i];
    m.commits = list;
    m.n_commits = count;
    m.end = end_of(slot);
    m.now_ms = (uint64_t)mj_wall_ms(mj_loop_env(slot->server->threads->loop));
    mj_reply(rq, &m.base);
    free(list);
}

/* What was read; nothing, for a poll that waited for nothing. */
static void answer(struct poll *poll)
{
    log_commit *rows = mj_calloc(poll->count + 1, sizeof *rows);
    for (size_t i = 0; i < poll->count; i++) {
        poll->found[i].commit.block = poll->blocks.data + poll->found[i].at;
        rows[i] = row_of(&poll->found[i].commit);
    }
    reply(poll->slot, poll->rq, rows, poll->count);
    poll->rq = NULL;
    free(rows);
}

/* ---- the last commits, in memory ---- */

/* How many commits from c on go into one answer. */
static size_t page_of(const struct mj_kept_commit *c, size_t max_bytes)
{
    size_t count = 0, bytes = 0;
    for (; c && count < COMMITS_MAX; c = c->newer) {
        bytes += c->commit.block_len;
        if (count > 0 && bytes > max_bytes)
            break;
        count++;
    }
    return count;
}

/* False where the poll's commits are not there: the log is read then, and says why. */
static bool answer_kept(struct poll *poll)
{
    const struct mj_kept_commit *c = mj_kept_find(&poll->slot->kept, poll->from, poll->hash);
    size_t count = page_of(c, poll->max_bytes);
    if (count == 0)
        return false;
    log_commit *rows = mj_calloc(count, sizeof *rows);
    for (size_t i = 0; i < count; i++, c = c->newer)
        rows[i] = row_of(&c->commit);
    reply(poll->slot, poll->rq, rows, count);
    free(rows);
    return true;
}

static void drop_oldest(struct mj_follow_server *s, struct slot *slot)
{
    size_t before = slot->kept.bytes;
    mj_kept_drop(&slot->kept);
    s->kept_bytes -= before - slot->kept.bytes;
}

static struct slot *fullest(const struct mj_follow_server *s)
{
    struct slot *most = s->slots;
    for (struct slot *slot = s->slots; slot; slot = slot->next)
        if (slot->kept.bytes > most->kept.bytes)
            most = slot;
    return most;
}

static void keep(struct slot *slot, const struct mj_commit *c)
{
    struct mj_follow_server *s = slot->server;
    size_t before = slot->kept.bytes;
    if (!slot->followed) {
        mj_kept_pass(&slot->kept, c);
        return;
    }
    mj_kept_add(&slot->kept, c);
    s->kept_bytes += slot->kept.bytes - before;
    while (slot->kept.bytes > KEPT_MAX)
        drop_oldest(s, slot);
    while (s->kept_bytes > KEPT_MAX_ALL)
        drop_oldest(s, fullest(s));
}

/* ---- reading ---- */

static int keep_commit(void *arg, const struct mj_commit *c)
{
    struct poll *poll = arg;
    bool full = poll->count > 0 && poll->blocks.len + c->block_len > poll->max_bytes;
    if (c->first + c->count - 1 > poll->durable || full || poll->count == COMMITS_MAX)
        return 1;
    if (poll->count == poll->cap) {
        size_t cap = poll->cap ? 2 * poll->cap : 16;
        struct found *grown = mj_calloc(cap, sizeof *grown);
        if (poll->count > 0)
            memcpy(grown, poll->found, poll->count * sizeof *grown);
        free(poll->found);
        poll->found = grown;
        poll->cap = cap;
    }
    poll->found[poll->count++] = (struct found){ *c, poll->blocks.len };
    mj_buf_put(&poll->blocks, c->block, c->block_len);
    return 0;
}

/* The commit before from must be the one that the follower holds. */
static int check_hash(struct poll *poll)
{
    uint8_t hash[MJ_HASH];
    bool found = false;
    if (poll->from == 1)
        return 0;
    if (mj_log_hash_before(poll->slot->reader, poll->from, hash, &found, &poll->err) != 0)
        return -1;
    if (!found || memcmp(hash, poll->hash, MJ_HASH) != 0)
        return diverged(&poll->err, "the commit before this position is not the one the follower holds");
    return 0;
}

static void read_run(struct mj_job *job)
{
    struct poll *poll = (struct poll *)job;
    poll->rc = check_hash(poll);
    if (poll->rc == 0)
        poll->rc = mj_log_read(poll->slot->reader, poll->from, poll->max_bytes, keep_commit, poll, &poll->err);
    if (poll->rc == 0 && (poll->count == 0 || poll->found[0].commit.first != poll->from))
        poll->rc = mj_fail(&poll->err, MJ_DATA_LOSS, "COMMIT_MISSING", NULL, "no commit starts at position %llu; run "
                           "mj log verify", (unsigned long long)poll->from);
}

static void read_done(struct mj_job *job)
{
    struct poll *poll = (struct poll *)job;
    struct mj_follow_server *s = poll->slot->server;

    take_out(&s->reading, poll);
    if (poll->rq && poll->rc == 0)
        answer(poll);
    else if (poll->rq)
        mj_reply_error(poll->rq, &poll->err);
    free_poll(poll);
    if (s->destroyed && !s->reading)
        free_server(s);
}

static void start_reading(struct poll *poll)
{
    struct mj_follow_server *s = poll->slot->server;
    poll->durable = mj_partition_durable(poll->slot->partition);
    poll->job = (struct mj_job){ .run = read_run, .done = read_done };
    push(&s->reading, poll);
    mj_worker_submit(s->threads->read, &poll->job);
}

/* ---- waiting ---- */

/* What is on disk by now: at once where it is kept. */
static void serve(struct poll *poll)
{
    if (answer_kept(poll))
        free_poll(poll);
    else
        start_reading(poll);
}

static void on_commit(struct mj_commit_listener *l, struct mj_partition *p, const struct mj_commit *c)
{
    struct slot *slot = (struct slot *)l;
    struct poll **at = &slot->server->waiting, *poll;
    (void)p;
    keep(slot, c);
    while ((poll = *at) != NULL) {
        if (poll->slot != slot || poll->from >= end_of(slot)) {
            at = &poll->next;
            continue;
        }
        *at = poll->next;
        serve(poll);
    }
}

/* Answers what has waited long enough, and sets the timer to the next. */
static void on_timer(void *arg)
{
    struct mj_follow_server *s = arg;
    uint64_t now = mj_loop_now_ms(s->threads->loop), earliest = UINT64_MAX;
    struct poll **at = &s->waiting, *poll;
    while ((poll = *at) != NULL) {
        if (poll->deadline > now) {
            if (poll->deadline < earliest)
                earliest = poll->deadline;
            at = &poll->next;
            continue;
        }
        *at = poll->next;
        answer(poll);
        free_poll(poll);
    }
    if (earliest != UINT64_MAX)
        mj_timer_start(s->timer, earliest - now, 0);
}

/* ---- the handler ---- */

/* Is the word in the list "registry placements"? */
static bool lists(const char *words, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = words; *at != '\0'; at += strspn(at, " ")) {
        size_t n = strcspn(at, " ");
        if (n == len && strncmp(at, word, n) == 0)
            return true;
        at += n;
    }
    return false;
}

static int check_right(const struct mj_follow_server *s, const struct mj_principal *p, const char *region,
                       mj_error *err)
{
    if (p->role == MJ_ROLE_SERVICE && lists(p->follows, s->service) && mj_principal_in(p, region))
        return 0;
    if (mj_log_sampled("follow_refused"))
        mj_log(MJ_WARN, "follow_refused", "role=%s region=%s", mj_role_name(p->role), region);
    return mj_fail(err, MJ_PERMISSION_DENIED, "FOLLOW", NULL, "this principal may not follow the logs of %s for this "
                   "region; the bootstrap file says who may", s->service);
}

static int check_request(const follow_request *m, mj_error *err)
{
    size_t expected = m->from > 1 ? MJ_HASH : 0;
    if (m->from == 0)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "POSITION", "from", "expected 1 or more, got 0; a log starts at 1");
    if (m->hash.len != expected)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "HASH_LENGTH", "hash", "expected %zu bytes for this position, got %zu",
                       expected, m->hash.len);
    return 0;
}

static struct slot *find_slot(const struct mj_follow_server *s, const char *region)
{
    struct slot *slot = s->slots;
    while (slot && strcmp(mj_partition_region(slot->partition), region) != 0)
        slot = slot->next;
    return slot;
}

static struct poll *make_poll(struct slot *slot, struct mj_request *rq, const follow_request *m)
{
    uint32_t wait_ms = m->wait_ms < WAIT_MAX_MS ? m->wait_ms : WAIT_MAX_MS;
    uint32_t max_bytes = m->max_bytes != 0 ? m->max_bytes : BYTES_DEFAULT;
    struct poll *poll = mj_calloc(1, sizeof *poll);
    poll->slot = slot;
    poll->rq = rq;
    poll->from = m->from;
    if (m->hash.len == MJ_HASH)
        memcpy(poll->hash, m->hash.data, MJ_HASH);
    poll->max_bytes = max_bytes < BYTES_MAX ? max_bytes : BYTES_MAX;
    poll->deadline = mj_loop_now_ms(slot->server->threads->loop) + wait_ms;
    return poll;
}

int mj_follow_handle(struct mj_follow_server *s, struct mj_request *rq, mj_error *err)
{
    const follow_request *m = mj_request_body(rq);
    if (check_right(s, mj_request_who(rq), m->region, err) != 0 || check_request(m, err) != 0)
        return -1;
    struct slot *slot = find_slot(s, m->region);
    if (!slot) {
        mj_reply_moved(rq, "");
        return 0;
    }
    uint64_t end = end_of(slot);
    if (m->from > end)
        return diverged(err, "the position is beyond this log's end");
    if (m->from == end && m->from > 1 && memcmp(m->hash.data, mj_partition_head(slot->partition), MJ_HASH) != 0)
        return diverged(err, "the log's last commit is not the one the follower holds");
    struct poll *poll = make_poll(slot, rq, m);
    slot->followed = true;
    if (m->from < end) {
        serve(poll);
        return 0;
    }
    push(&s->waiting, poll);
    on_timer(s);
    return 0;
}

/* ---- life ---- */

int mj_follow_server_create(struct mj_follow_server **ret, const struct mj_threads *threads, const char *service,
                            mj_error *err)
{
    struct mj_follow_server *s = mj_calloc(1, sizeof *s);
    s->threads = threads;
    strncpy(s->service, service, sizeof s->service - 1);
    if (mj_timer_create(&s->timer, threads->loop, on_timer, s, err) != 0) {
        free(s);
        return -1;
    }
    *ret = s;
    return 0;
}

int mj_follow_server_add(struct mj_follow_server *s, struct mj_partition *p, mj_error *err)
{
    struct slot *slot = mj_calloc(1, sizeof *slot);
    if (mj_log_reader_open(&slot->reader, mj_partition_log_url(p), err) != 0) {
        free(slot);
        return -1;
    }
    slot->server = s;
    slot->partition = p;
    slot->listener.fn = on_commit;
    mj_kept_begin(&slot->kept, mj_partition_head(p));
    slot->next = s->slots;
    s->slots = slot;
    mj_partition_listen(p, &slot->listener);
    return 0;
}

void mj_follow_server_destroy(struct mj_follow_server *s)
{
    struct poll *poll;
    if (!s)
        return;
    for (poll = s->reading; poll; poll = poll->next)
        if (poll->rq) {                  /* an empty answer now; what is read is for nobody */
            struct poll empty = { .slot = poll->slot, .rq = poll->rq };
            answer(&empty);
            poll->rq = NULL;
        }
    while ((poll = s->waiting) != NULL) {
        s->waiting = poll->next;
        answer(poll);
        free_poll(poll);
    }
    for (struct slot *slot = s->slots; slot; slot = slot->next)
        mj_partition_unlisten(slot->partition, &slot->listener);
    mj_timer_destroy(s->timer);
    s->timer = NULL;
    s->destroyed = true;
    if (!s->reading)
        free_server(s);
}
