/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "common/service/daemon.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/crypto.h"
#include "common/service/daemon_private.h"
#include "common/service/keyfile.h"
#include "common/service/logging.h"

#define STOP_MS 5000                     /* answers under way at SIGTERM have so long */
#define FR_BIT (UINT64_C(1) << 63)

/* ---- settings ---- */

/* The settings every service has; the two addresses have the service's own defaults. */
static void common_items(const struct mj_service *s, struct mj_config_item out[16])
{
    const struct mj_config_item items[] = {
        { "listen", MJ_CFG_ADDRESS, s->listen, 0, 0, "host:port of the door for clients; port 0 takes a free one" },
        { "http", MJ_CFG_ADDRESS, s->http, 0, 0, "host:port of /livez, /readyz and /metrics" },
        { "advertise", MJ_CFG_TEXT, "", 0, 0, "endpoint told to the directory, tcp://host:port; empty: as bound" },
        { "data", MJ_CFG_PATH, "data", 0, 0, "directory of all data; each service keeps its own below it" },
        { "region", MJ_CFG_REGIONS, "all", 0, 0, "INSEE codes of the regions served, repeated or with commas, or all" },
        { "registry", MJ_CFG_TEXT, "", 0, 0, "tcp://host:port/server-key-in-hex of each registry; registry: itself" },
        { "key-file", MJ_CFG_PATH, NULL, 0, 0, "this service's key pair, made by: mj keys" },
        { "bootstrap", MJ_CFG_PATH, NULL, 0, 0, "principals that exist outside the log, made by: mj keys" },
        { "rows-cache", MJ_CFG_SIZE, "20M", 1u << 20, UINT64_C(1) << 40, "bytes of rows kept in memory, in all" },
        { "rows-unflushed", MJ_CFG_SIZE, "24M", 1u << 20, UINT64_C(1) << 31,
          "bytes of rows not yet in tables at which credit falls to 0, in all" },
        { "waiting", MJ_CFG_SIZE, "64M", 1u << 20, UINT64_C(1) << 36, "bytes of commands in work, a partition" },
        { "log-level", MJ_CFG_TEXT, "info", 0, 0, "least level of log lines: debug, info, warn or error" },
        MJ_CONFIG_END
    };

    memcpy(out, items, sizeof items);
}

static enum mj_level level_of(const char *name)
{
    return strcmp(name, "debug") == 0 ? MJ_DEBUG : strcmp(name, "warn") == 0 ? MJ_WARN :
           strcmp(name, "error") == 0 ? MJ_ERR : MJ_INFO;
}

int daemon_load_config(struct mj_daemon *d, int argc, char **argv, bool *done, mj_error *err)
{
    struct mj_config_item items[16];
    const struct mj_config_item *tables[3] = { items, d->service->config, NULL };
    char program[32];

    common_items(d->service, items);
    snprintf(program, sizeof program, "mj-%s", d->service->name);
    return mj_config_load(&d->config, program, d->service->summary, tables, argc, argv, done, err);
}

/* Each partition has a dozen files open; the soft limit is often 1,024. */
static void raise_file_limit(void)
{
    struct rlimit l;

    if (getrlimit(RLIMIT_NOFILE, &l) == 0 && l.rlim_cur < l.rlim_max) {
        l.rlim_cur = l.rlim_max;
        setrlimit(RLIMIT_NOFILE, &l);
    }
}

/* Batches and blocks come and go by the mebibyte: what is freed of them goes back to the system at once, and does not
 * teach the allocator to keep ever larger blocks. Threads share a second arena: one each would hold five peaks. */
static void bound_allocator(void)
{
    mallopt(M_MMAP_THRESHOLD, 256 * 1024);
    mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
    mallopt(M_ARENA_MAX, 2);
}

/* ---- start, in order ---- */

static int open_threads(struct mj_daemon *d, mj_error *err)
{
    const struct mj_rows_limits limits = { (size_t)mj_config_uint(d->config, "rows-cache"),
                                           (size_t)mj_config_uint(d->config, "rows-unflushed") };

    if (mj_loop_create(&d->loop, d->env, err) < 0 ||
        mj_cache_create(&d->threads.cache, d->loop, &limits, err) < 0)
        return -1;
    d->threads.loop = d->loop;
    if (mj_worker_create(&d->threads.log, d->loop, "mj-log", MJ_WORKER_THREAD, err) < 0 ||
        mj_worker_create(&d->threads.tables, d->loop, "mj-tables", MJ_WORKER_THREAD, err) < 0)
        return -1;
    return mj_worker_create(&d->threads.read, d->loop, "mj-read", MJ_WORKER_THREAD, err);
}

static int open_identity(struct mj_daemon *d, mj_error *err)
{
    char host[64] = "localhost";

    gethostname(host, sizeof host - 1);
    snprintf(d->instance, sizeof d->instance, "%s/%ld", host, (long)getpid());
    snprintf(d->data, sizeof d->data, "%.200s/%s", mj_config_text(d->config, "data"), d->service->name);
    if (mj_keyfile_read(&d->keys, mj_config_text(d->config, "key-file"), err) < 0)
        return -1;
    d->who = mj_who_create();
    return mj_who_bootstrap(d->who, mj_config_text(d->config, "bootstrap"), err);
}

static int open_partition(struct mj_daemon *d, const char *region, mj_error *err)
{
    char directory[320];
    struct mj_partition_options o = { &d->threads, directory, region, d->instance,
                                      (size_t)mj_config_uint(d->config, "waiting") };
    struct mj_partition *p;

    snprintf(directory, sizeof directory, "%s/%s", d->data, region);
    if (mj_partition_open(&p, &d->domain, &o, err) < 0)
        return -1;
    d->partitions[d->partition_count++] = p;
    mj_log(MJ_INFO, "partition_open", "region=%s epoch=%llu position=%llu", region,
           (unsigned long long)mj_partition_epoch(p), (unsigned long long)mj_partition_durable(p));
    return 0;
}

uint64_t mj_daemon_regions(const struct mj_daemon *d)
{
    uint64_t regions = mj_config_regions(d->config, "region");

    return strcmp(mj_config_text(d->config, "region"), "all") == 0 ? regions | FR_BIT : regions;
}

static int open_partitions(struct mj_daemon *d, mj_error *err)
{
    uint64_t regions = mj_daemon_regions(d);

    if (!d->service->domain)
        return 0;
    d->domain = *d->service->domain;
    d->domain.app = d->app;
    if (d->service->national && regions & FR_BIT && open_partition(d, "FR", err) < 0)
        return -1;
    for (size_t i = 0; i < mj_region_count; i++)
        if (regions & (UINT64_C(1) << i) && open_partition(d, mj_regions[i].code, err) < 0)
            return -1;
    return 0;
}

static int open_model(struct mj_daemon *d, mj_error *err)
{
    char directory[300];

    if (!d->service->model)
        return 0;
    d->model_domain = *d->service->model;
    d->model_domain.app = d->app;
    snprintf(directory, sizeof directory, "%s/model", d->data);
    return mj_model_open(&d->model, &d->threads, directory, &d->model_domain, err);
}

static bool may_connect(void *arg, const uint8_t key[MJ_CURVE_KEY])
{
    struct mj_daemon *d = arg;

    return mj_who_by_key(d->who, key) != NULL;
}

static int open_door(struct mj_daemon *d, mj_error *err)
{
    const struct mj_server_tables tables[] = {{d->service->methods, d->app}, {daemon_log_methods, d}, {NULL, NULL}};
    const char *advertise = mj_config_text(d->config, "advertise");
    char host[64], bound[MJ_ENDPOINT_MAX];
    int port;

    mj_config_address(d->config, "listen", host, &port);
    if (mj_zap_create(&d->zap, d->loop, may_connect, d, err) < 0 ||
        mj_server_create(&d->server, d->loop, d->who, &d->keys, tables, NULL, err) < 0 ||
        mj_server_bind(d->server, host, port, bound, err) < 0)
        return -1;
    snprintf(d->endpoint, sizeof d->endpoint, "%s", *advertise ? advertise : bound);
    return 0;
}

/* ---- directory and followers ---- */

static int registry_addresses(struct mj_daemon *d, struct mj_registry_address out[MJ_REGISTRIES_MAX], size_t *count,
                              mj_error *err)
{
    const char *text = mj_config_text(d->config, "registry");

    if (*text)
        return mj_registry_parse(out, count, text, err);
    if (strcmp(d->service->name, "registry") != 0)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "CONFIG_MISSING", "registry",
                       "expected --registry tcp://host:port/key; \"mj keys\" prints registry's key");
    snprintf(out[0].endpoint, sizeof out[0].endpoint, "%s", d->endpoint);
    memcpy(out[0].server_key, d->keys.public_key, MJ_CURVE_KEY);
    *count = 1;
    return 0;
}

static void fill_instance(struct mj_daemon *d, struct mj_instance *out, const char *region, struct mj_partition *p)
{
    memset(out, 0, sizeof *out);
    snprintf(out->service, sizeof out->service, "%s", d->service->name);
    snprintf(out->region, sizeof out->region, "%s", region);
    memcpy(out->endpoint, d->endpoint, sizeof out->endpoint);
    memcpy(out->server_key, d->keys.public_key, MJ_CURVE_KEY);
    if (p) {
        memcpy(out->lineage, mj_partition_lineage(p), sizeof out->lineage);
        out->epoch = mj_partition_epoch(p);
    }
}

static void announce(struct mj_daemon *d)
{
    struct mj_instance mine[PARTITIONS_MAX];
    uint64_t regions = mj_daemon_regions(d);
    size_t n = 0;

    for (; n < d->partition_count; n++)
        fill_instance(d, &mine[n], mj_partition_region(d->partitions[n]), d->partitions[n]);
    if (!d->service->domain) {
        if (regions & FR_BIT)
            fill_instance(d, &mine[n++], "FR", NULL);
        for (size_t i = 0; i < mj_region_count; i++)
            if (regions & (UINT64_C(1) << i))
                fill_instance(d, &mine[n++], mj_regions[i].code, NULL);
    }
    mj_resolver_announce(d->resolver, mine, n);
}

static int follow(struct mj_daemon *d, const char *service, const char *region, struct mj_model *m,
                  struct mj_follower **ret, mj_error *err)
{
    if (mj_follower_create(ret, d->loop, d->resolver, m, service, region, err) < 0)
        return -1;
    mj_follower_start(*ret);
    return 0;
}

static int follow_regions(struct mj_daemon *d, const char *service, mj_error *err)
{
    for (size_t i = 0; i < mj_region_count; i++) {
        if (follow(d, service, mj_regions[i].code, d->model, &d->followers[d->follower_count], err) < 0)
            return -1;
        d->follower_count++;
    }
    return 0;
}

static int open_followers(struct mj_daemon *d, mj_error *err)
{
    char list[64], *word, *rest = NULL;

    if (follow(d, "registry", "FR", d->who_model, &d->who_follower, err) < 0)
        return -1;
    snprintf(list, sizeof list, "%s", d->model && d->service->follows ? d->service->follows : "");
    for (word = strtok_r(list, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        if (follow_regions(d, word, err) < 0)
            return -1;
    return 0;
}

static void on_directory_changed(void *arg)
{
    struct mj_daemon *d = arg;

    if (d->who_follower)
        mj_follower_look(d->who_follower);
    for (size_t i = 0; i < d->follower_count; i++)
        mj_follower_look(d->followers[i]);
}

static const char *where_is(void *arg, const char *region)
{
    struct mj_daemon *d = arg;
    const struct mj_instance *all;
    size_t n = mj_resolver_list(d->resolver, &all);

    for (size_t i = 0; i < n; i++)
        if (strcmp(all[i].service, d->service->name) == 0 && strcmp(all[i].region, region) == 0 &&
            strcmp(all[i].endpoint, d->endpoint) != 0)
            return all[i].endpoint;
    return "";
}

static int open_network(struct mj_daemon *d, mj_error *err)
{
    struct mj_registry_address registries[MJ_REGISTRIES_MAX];
    size_t count = 0;

    if (open_door(d, err) < 0 || registry_addresses(d, registries, &count, err) < 0 ||
        mj_resolver_create(&d->resolver, d->loop, registries, count, &d->keys, err) < 0)
        return -1;
    if (d->partition_count) {
        if (mj_follow_server_create(&d->follow_server, &d->threads, d->service->name, err) < 0)
            return -1;
        for (size_t i = 0; i < d->partition_count; i++)
            if (mj_follow_server_add(d->follow_server, d->partitions[i], err) < 0)
                return -1;
    }
    mj_server_on_moved(d->server, where_is, d);
    mj_resolver_start(d->resolver, on_directory_changed, d);
    announce(d);
    return open_followers(d, err);
}

/* ---- stop, in order ---- */

static void on_part_drained(void *arg)
{
    struct mj_daemon *d = arg;

    d->draining--;
}

static void drain_parts(struct mj_daemon *d)
{
    d->draining = (unsigned)d->partition_count + 1 + (d->model ? 1 : 0);
    for (size_t i = 0; i < d->partition_count; i++)
        mj_partition_drain(d->partitions[i], on_part_drained, d);
    if (d->model)
        mj_model_drain(d->model, on_part_drained, d);
    mj_model_drain(d->who_model, on_part_drained, d);
}

/* Long polls and answers under way end by themselves or at the deadline; what is decided is on disk in any case. */
static void on_stop_tick(void *arg)
{
    struct mj_daemon *d = arg;

    if (d->draining == 0 || mj_loop_now_ms(d->loop) >= d->stop_deadline_ms)
        mj_loop_stop(d->loop);
}

static void on_signal(void *arg)
{
    struct mj_daemon *d = arg;

    if (d->stopping) {                           /* a second signal: at once */
        mj_loop_stop(d->loop);
        return;
    }
    d->stopping = true;
    mj_log(MJ_INFO, "stopping", "requests=%u", mj_server_in_work(d->server));
    sd_notify(0, "STOPPING=1");
    d->stop_deadline_ms = mj_loop_now_ms(d->loop) + STOP_MS;
    mj_server_drain(d->server);
    mj_resolver_leave(d->resolver);
    for (size_t i = 0; i < d->follower_count; i++)
        mj_follower_stop(d->followers[i]);
    mj_follower_stop(d->who_follower);
    if (d->service->stopping)
        d->service->stopping(d->app);
    drain_parts(d);
    mj_timer_start(d->stop_timer, 10, 10);
}

/* The loop's handlers go with it. A signal that comes after them is held until the process is gone: it must not end a
 * stop that went well with another status. Our other threads take no signals. */
static void hold_signals(void)
{
    sigset_t stop;

    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    pthread_sigmask(SIG_BLOCK, &stop, NULL);
}

/* The loop turns while partitions and models close: what is in work is answered, so the door outlives them. */
void daemon_close(struct mj_daemon *d)
{
    if (d->server)
        mj_server_drain(d->server);              /* a start that failed has not said so */
    daemon_watchdog_stop(d);
    mj_http_destroy(d->http);
    for (size_t i = 0; i < d->follower_count; i++)
        mj_follower_destroy(d->followers[i]);
    mj_follower_destroy(d->who_follower);
    mj_follow_server_destroy(d->follow_server);
    mj_resolver_destroy(d->resolver);
    for (size_t i = 0; i < d->partition_count; i++)
        mj_partition_close(d->partitions[i]);
    mj_model_close(d->model);
    mj_model_close(d->who_model);
    mj_server_destroy(d->server);
    if (d->app && d->service->destroy)           /* last: a row that came while these closed was still folded by it */
        d->service->destroy(d->app);
    mj_zap_destroy(d->zap);
    mj_timer_destroy(d->stop_timer);
    mj_worker_destroy(d->threads.log);
    mj_worker_destroy(d->threads.tables);
    mj_worker_destroy(d->threads.read);
    mj_cache_destroy(d->threads.cache);
    daemon_watchdog_free(d);
    hold_signals();
    mj_loop_destroy(d->loop);
    mj_who_destroy(d->who);
    mj_metrics_destroy(d->metrics);
    mj_config_destroy(d->config);
}

/* ---- main ---- */

int daemon_start(struct mj_daemon *d, mj_error *err)
{
    if (mj_crypto_init(err) < 0 || open_threads(d, err) < 0 || open_identity(d, err) < 0)
        return -1;
    d->started_ms = mj_mono_ms(d->env);
    d->metrics = mj_metrics_create();
    if (daemon_who_open(d, err) < 0 || d->service->create(&d->app, d, err) < 0 ||
        open_model(d, err) < 0 || open_partitions(d, err) < 0 || open_network(d, err) < 0 ||
        daemon_probes_open(d, err) < 0 || mj_timer_create(&d->stop_timer, d->loop, on_stop_tick, d, err) < 0 ||
        mj_loop_on_signal(d->loop, SIGTERM, on_signal, d, err) < 0 ||
        mj_loop_on_signal(d->loop, SIGINT, on_signal, d, err) < 0 || daemon_watchdog_open(d, err) < 0)
        return -1;
    return d->service->started ? d->service->started(d->app, err) : 0;
}

int mj_daemon_main(const struct mj_service *s, int argc, char **argv)
{
    struct mj_daemon d = { .service = s, .env = &mj_env_real };
    mj_error err = { 0 };
    bool done = false;
    int status = EXIT_FAILURE;

    raise_file_limit();
    bound_allocator();
    if (daemon_load_config(&d, argc, argv, &done, &err) < 0) {
        fprintf(stderr, "mj-%s: %s%s%s\n", s->name, err.field, err.field[0] ? ": " : "", err.text);
        return 2;
    }
    if (done) {
        mj_config_destroy(d.config);
        return EXIT_SUCCESS;
    }
    mj_logging_init(s->name, d.env, level_of(mj_config_text(d.config, "log-level")));
    if (daemon_start(&d, &err) == 0) {
        mj_log(MJ_INFO, "started", "endpoint=%s http_port=%d partitions=%zu", d.endpoint, d.http_port,
               d.partition_count);
        sd_notify(0, "READY=1");
        mj_loop_run(d.loop);
        mj_log(MJ_INFO, "stopped", "clean=%d", d.draining == 0);
        status = EXIT_SUCCESS;
    } else {
        mj_log_failure(MJ_ERR, "not_started", &err);
    }
    daemon_close(&d);
    return status;
}

/* ---- what an app may ask for ---- */

const struct mj_config *mj_daemon_config(const struct mj_daemon *d) { return d->config; }
const struct mj_threads *mj_daemon_threads(const struct mj_daemon *d) { return &d->threads; }
const struct mj_env *mj_daemon_env(const struct mj_daemon *d) { return d->env; }
struct mj_who *mj_daemon_who(struct mj_daemon *d) { return d->who; }
struct mj_model *mj_daemon_model(struct mj_daemon *d) { return d->model; }
struct mj_metrics *mj_daemon_metrics(struct mj_daemon *d) { return d->metrics; }

struct mj_partition *mj_daemon_partition(struct mj_daemon *d, const char *region)
{
    for (size_t i = 0; i < d->partition_count; i++)
        if (strcmp(mj_partition_region(d->partitions[i]), region) == 0)
            return d->partitions[i];
    return NULL;
}

int mj_daemon_partition_for(struct mj_daemon *d, const char *region, struct mj_partition **ret, mj_error *err)
{
    struct mj_partition *p = mj_daemon_partition(d, region);

    if (!mj_partition_is(region))
        return mj_fail(err, MJ_INVALID_ARGUMENT, "REGION_UNKNOWN", "region",
                       "expected an INSEE region code or FR in the header, got \"%s\"", region);
    if (!p)
        return mj_fail(err, MJ_UNAVAILABLE, "MOVED", "header.region",
                       "this instance does not serve %s/%s; ask the directory who does", d->service->name, region);
    *ret = p;
    return 0;
}

size_t mj_daemon_partitions(struct mj_daemon *d, struct mj_partition *const **ret)
{
    *ret = d->partitions;
    return d->partition_count;
}

size_t mj_daemon_followers(struct mj_daemon *d, struct mj_follower *const **ret)
{
    *ret = d->followers;
    return d->follower_count;
}
