/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* What a run says: a line a second while it goes, and a summary at its end. */
#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#include "run_state.h"

static uint64_t not_acknowledged(const struct load_run *run)
{
    return run->counts.events - run->counts.acknowledged;
}

/* The four levels for people: taken; taken with a warning, or unmatched; try again; rejected or conflict. */
static void count_levels(const struct load_counts *c, uint64_t levels[4])
{
    levels[0] = c->accepted - c->warned + c->duplicates;
    levels[1] = c->warned + c->unmatched;
    levels[2] = c->unknown + c->put_off;
    levels[3] = c->rejected + c->conflicts;
}

static double seconds(const struct load_run *run)
{
    return (double)(mj_mono_ns(&mj_env_real) - run->began_ns) / 1e9;
}

void load_report_progress(struct load_run *run)
{
    static uint64_t before;
    const struct load_counts *c = &run->counts;
    uint64_t levels[4];
    bool terminal = isatty(STDERR_FILENO);

    count_levels(c, levels);
    fprintf(stderr, "%s%llu sent, %llu acknowledged, %llu/s, %llu outstanding; level 0: %llu, 1: %llu, 2: %llu, "
            "3: %llu%s",
            terminal ? "\r\033[K" : "", (unsigned long long)c->events, (unsigned long long)c->acknowledged,
            (unsigned long long)(c->acknowledged - before), (unsigned long long)not_acknowledged(run),
            (unsigned long long)levels[0], (unsigned long long)levels[1], (unsigned long long)levels[2],
            (unsigned long long)levels[3], terminal ? "" : "\n");
    before = c->acknowledged;
}

static json_t *summary(const struct load_run *run, double wall)
{
    const struct load_counts *c = &run->counts;
    const struct { const char *name; uint64_t value; } rows[] = {
        { "agencies", run->count }, { "events", c->events }, { "acknowledged", c->acknowledged },
        { "missions_started", c->starts }, { "accepted", c->accepted }, { "warned", c->warned },
        { "duplicates", c->duplicates }, { "unmatched", c->unmatched }, { "unmatched_early", c->early },
        { "rejected", c->rejected }, { "conflicts", c->conflicts },
        { "unexpected", c->unexpected }, { "resends", c->resends }, { "conflict_probes", c->conflict_probes },
        { "gaps", c->gaps }, { "probes_put_off", c->put_off }, { "probes_unknown", c->unknown },
        { "troubles", c->troubles },
    };
    json_t *o = json_object();

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        json_object_set_new(o, rows[i].name, json_integer((json_int_t)rows[i].value));
    json_object_set_new(o, "wall_s", json_real(wall));
    json_object_set_new(o, "events_per_s", json_real((double)c->acknowledged / wall));
    json_object_set_new(o, "ack_p50_ms", json_real((double)load_hist_quantile(&run->latency, 0.50) / 1e6));
    json_object_set_new(o, "ack_p99_ms", json_real((double)load_hist_quantile(&run->latency, 0.99) / 1e6));
    json_object_set_new(o, "ack_max_ms", json_real((double)run->latency.max / 1e6));
    json_object_set_new(o, "fictive", json_true());
    return o;
}

static void print_for_people(const json_t *o)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)o, name, value)
        if (json_is_integer(value))
            printf("%-20s %12lld\n", name, (long long)json_integer_value(value));
        else if (json_is_real(value))
            printf("%-20s %14.1f\n", name, json_real_value(value));
}

int load_report_end(struct load_run *run)
{
    bool failed = run->err.code != MJ_OK || run->counts.unexpected || not_acknowledged(run) || run->interrupts;
    json_t *o = summary(run, seconds(run));

    for (unsigned i = 0; i < run->count; i++)
        failed = failed || run->agencies[i].failed;
    if (isatty(STDERR_FILENO))
        fputc('\n', stderr);
    json_object_set_new(o, "as_expected", json_boolean(!failed));
    if (run->o->json) {
        json_dumpf(o, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
        putchar('\n');
    } else {
        print_for_people(o);
        printf("%s\n", failed ? "NOT all was acknowledged as expected" : "all acknowledged, each as expected");
    }
    json_decref(o);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
